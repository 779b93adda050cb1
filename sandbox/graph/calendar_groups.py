"""Calendar groups: the headings under which a person's calendars stand, and what stands under each."""

from typing import Any

from flask import Response

from sandbox.drafts import fold
from sandbox.graph import calendars, expand, query
from sandbox.graph.call import READ, WRITE, Call
from sandbox.graph.envelope import answer, context, empty
from sandbox.graph.listing import listing
from sandbox.graph.routing import mailbox
from sandbox.items import CalendarGroup
from sandbox.refusals import invalid_request


@mailbox.route("GET", "calendarGroups")
def list_groups(call: Call) -> Response:
    call.need_own(READ)
    return listing(call, [_show(call, group) for group in call.home.groups.values()], "calendarGroups")


@mailbox.route("POST", "calendarGroups")
def create_group(call: Call) -> Response:
    call.need_own(WRITE)
    name = calendars.read_name(fold(call.body()).get("name"))
    _refuse_taken(call, name)
    return answer(_entity(call, call.home.add_group(name)), 201)


@mailbox.route("GET", "calendarGroups/*")
def show_group(call: Call) -> Response:
    call.need_own(READ)
    expand.read(())
    return answer(query.narrow(_entity(call, _named(call)), query.selected()))


@mailbox.route("PATCH", "calendarGroups/*")
def rename_group(call: Call) -> Response:
    call.need_own(WRITE)
    group = _own(call)
    name = calendars.read_name(fold(call.body()).get("name", group.name))
    if name.lower() != group.name.lower():
        _refuse_taken(call, name)
    group.name, group.changed = name, call.home.next_sequence()
    return answer(_entity(call, group))


@mailbox.route("DELETE", "calendarGroups/*")
def delete_group(call: Call) -> Response:
    """Only an empty one: what becomes of calendars in it, nobody says."""
    call.need_own(WRITE)
    group = _own(call)
    if any(one.group == group.number for one in calendars.visible(call)):
        raise invalid_request("Your request can't be completed. The calendar group still holds calendars.")
    del call.home.groups[group.number]
    return empty(204)


@mailbox.route("GET", "calendarGroups/*/calendars")
def list_calendars_of_group(call: Call) -> Response:
    call.need_own(READ)
    group = _named(call)
    inside = [one for one in calendars.visible(call) if one.group == group.number]
    return listing(call, inside, f"calendarGroups('{group.id}')/calendars", calendars.kind_of(call))


@mailbox.route("POST", "calendarGroups/*/calendars")
def create_calendar_in_group(call: Call) -> Response:
    call.need_own(WRITE)
    return calendars.create_in(call, _named(call).number)


def _named(call: Call) -> CalendarGroup:
    return call.home.group(call.ids[0])


def _own(call: Call) -> CalendarGroup:
    """
    Raises:
        Refusal: it is one that every mailbox has.
    """
    group = _named(call)
    if group.built_in:
        raise invalid_request("Your request can't be completed. This calendar group cannot be changed or deleted.")
    return group


def _refuse_taken(call: Call, name: str) -> None:
    if any(other.name.lower() == name.lower() for other in call.home.groups.values()):
        raise calendars.name_taken()


def _show(call: Call, group: CalendarGroup) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "classId": group.class_id,
        "changeKey": call.home.ids.change_key(group.changed),
    }


def _entity(call: Call, group: CalendarGroup) -> dict[str, Any]:
    return {"@odata.context": context(f"{call.root}/calendarGroups/$entity"), **_show(call, group)}
