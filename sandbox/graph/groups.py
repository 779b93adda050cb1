"""
Microsoft 365 groups: what they are, and the way to their calendar. It is one calendar, whose events are
answered by the same functions as everybody's, as far as there is anything to answer.
"""

from typing import Any

from flask import Response

from sandbox.directory import Group
from sandbox.graph import expand, query
from sandbox.graph.call import Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.listing import listing
from sandbox.graph.rights import GROUPS
from sandbox.graph.routing import IN_DEFAULT_CALENDAR, service
from sandbox.refusals import Refusal, invalid_request, privileges_missing, unknown_object, unknown_segment

_OF_AN_EVENT = frozenset({"instances", "calendar", "extensions"})


@service.route("GET", "groups")
def list_groups(call: Call) -> Response:
    _need(call)
    shown = [_show(group) for group in call.sandbox.directory.groups if group.tenant_id == call.access.tenant_id]
    return listing(call, shown, "groups")


@service.route("GET", "groups/*")
def show_group(call: Call) -> Response:
    _need(call)
    expand.read(())
    shown = {"@odata.context": context("groups/$entity"), **_show(find(call, call.path_ids[0]))}
    return answer(query.narrow(shown, query.selected()))


def find(call: Call, id_: str) -> Group:
    """
    The group of the caller's tenant with that id; an address is no id.

    Raises:
        Refusal: there is none.
    """
    found = call.sandbox.directory.find_group(id_)
    if found is None or found.id != id_.lower() or found.tenant_id != call.access.tenant_id:
        raise unknown_object(id_)
    return found


def below_calendar(words: tuple[str, ...]) -> tuple[str, ...]:
    """
    What remains of a path below `/groups/{id}` when the way to the calendar is taken off.

    Raises:
        Refusal: it leads to what groups do not have: more calendars, reminders, answers, attachments.
    """
    lower = [word.lower().removesuffix("()") for word in words]
    if lower[0] == "calendar":
        words, lower = words[1:], lower[1:]
        if not lower:
            return words
    if lower[0] not in IN_DEFAULT_CALENDAR:
        raise unknown_segment(words[0])
    if lower[0] == "events" and len(lower) > 2 and lower[2] not in _OF_AN_EVENT:
        raise not_supported(words[2])
    return words


def not_supported(name: str) -> Refusal:
    return invalid_request(f"Your request can't be completed. Calendars of groups do not support '{name}'.")


def _need(call: Call) -> None:
    if call.access.scopes.isdisjoint(GROUPS):
        raise privileges_missing()


def _show(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "displayName": group.name,
        "description": group.description,
        "groupTypes": ["Unified"],
        "mail": group.mail,
        "mailEnabled": True,
        "mailNickname": group.mail.partition("@")[0],
        "securityEnabled": False,
        "visibility": "Private",
    }
