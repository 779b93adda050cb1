"""Calendars: listing, showing, making, changing and deleting them, one's own and those that others share."""

from functools import partial
from typing import Any

from flask import Response

from sandbox import edits, extended, sharing
from sandbox.drafts import fold, read_properties, read_provider
from sandbox.graph import expand
from sandbox.graph.addressing import addressed
from sandbox.graph.call import READ, WRITE, Call
from sandbox.graph.envelope import GRAPH, answer, context, empty
from sandbox.graph.extending import MULTI, SINGLE, expanded_properties, searched_properties
from sandbox.graph.listing import Kind, listing
from sandbox.graph.routing import container, mailbox
from sandbox.items import COLORS, Calendar
from sandbox.members import one_of
from sandbox.refusals import Refusal, invalid_request, unreadable
from sandbox.roles import Role
from sandbox.world import MY_CALENDARS, Copy, Mailbox

# Each with what Outlook paints it in; empty where Outlook chooses.

_COLOR = one_of(*COLORS)


@mailbox.route("GET", "calendars")
def list_calendars(call: Call) -> Response:
    call.need_scope(READ)
    return listing(call, visible(call), "calendars", kind_of(call))


@mailbox.route("POST", "calendars")
def create_calendar(call: Call) -> Response:
    call.need(WRITE)
    return create_in(call, MY_CALENDARS)


def create_in(call: Call, group: int) -> Response:
    """A new calendar of the mailbox under one of its calendar groups."""
    sent = fold(call.body())
    name = read_name(sent.get("name"))
    refuse_taken_name(call.home, name)
    color, properties = _COLOR(sent.get("color") or "auto"), extended.merged({}, read_properties(sent))
    calendar = call.home.add_calendar(name, color=color, group=group)
    calendar.properties = properties
    return answer(_entity(call, calendar), 201)


@container.route("GET", "")
def show_calendar(call: Call) -> Response:
    call.need(READ)
    return _shown(call)


@container.route("GET", "events/*/calendar")
def show_calendar_of_event(call: Call) -> Response:
    call.need(READ)
    addressed(call)
    return _shown(call)


@container.route("PATCH", "")
def update_calendar(call: Call) -> Response:
    call.need(WRITE)
    named, sent = _named(call), fold(call.body())
    name = read_name(sent.get("name", named.name))
    color = _COLOR(sent.get("color") or named.color)
    properties = read_properties(sent)
    if isinstance(named, Calendar):
        if name.lower() != named.name.lower():
            refuse_taken_name(call.home, name)
        provider = _provider(call, sent)
        if sent.get("isDefaultCalendar") is True:
            for other in call.home.calendars.values():
                other.is_default = other is named
        named.provider = provider or named.provider
        named.properties = extended.merged(named.properties, properties)
    elif sent.get("isDefaultCalendar") is True:
        raise invalid_request("Your request can't be completed. A calendar of others cannot be the default one.")
    named.name, named.color = name, color
    named.changed = call.home.next_sequence()
    return answer(_entity(call, named))


@container.route("DELETE", "")
def delete_calendar(call: Call) -> Response:
    call.need(WRITE)
    return _delete(call)


@container.route("POST", "permanentDelete")
def delete_calendar_for_good(call: Call) -> Response:
    """As there is no way back from a plain deletion either, the two do the same."""
    call.need(WRITE)
    return _delete(call)


def _delete(call: Call) -> Response:
    named = _named(call)
    if isinstance(named, Copy):
        # Only the sharee's view of it goes; the sharing stays as the owner made it.
        del call.home.copies[named.number]
        return empty(204)
    if named.is_default:
        raise invalid_request("Your request can't be completed. The default calendar cannot be deleted.")
    if not named.removable:
        raise invalid_request("Your request can't be completed. This calendar cannot be deleted.")
    for event in list(call.home.in_calendar(named)):
        edits.delete(call.home, event)
    sharing.end(call.sandbox.world, named)
    del call.home.calendars[named.number]
    return empty(204)


def _shown(call: Call) -> Response:
    kind, one = kind_of(call), _named(call)
    return answer(kind.finished(one, _entity(call, one), expand.read(kind.related)))


def kind_of(call: Call) -> Kind[Calendar | Copy]:
    """How calendars are listed, and what can be asked of them. What a calendar keeps is its owner's to see."""
    return Kind(
        partial(show, call),
        searched={SINGLE: lambda one: searched_properties(_properties(call, one))},
        related={
            SINGLE: lambda one, wish: expanded_properties(_properties(call, one), wish, several=False),
            MULTI: lambda one, wish: expanded_properties(_properties(call, one), wish, several=True),
        },
    )


def _properties(call: Call, one: Calendar | Copy) -> extended.Properties:
    return one.properties if isinstance(one, Calendar) and call.stranger is None else {}


def visible(call: Call) -> list[Calendar | Copy]:
    """
    The calendars of the path's mailbox that the caller may know of: all, or what is shared with a stranger.

    Raises:
        Refusal: nothing is.
    """
    home, stranger = call.home, call.stranger
    if stranger is None:
        return [*home.calendars.values(), *home.copies.values()]
    found = [one for one in home.calendars.values() if sharing.role_of(home, one, stranger).reads]
    if not found:
        raise sharing.not_shared(call.sandbox.sharing)
    return list(found)


def show(call: Call, one: Calendar | Copy) -> dict[str, Any]:
    """A calendar as the caller has it: what may be done in it depends on who asks."""
    if isinstance(one, Copy):
        owner, calendar = one.mailbox, one.calendar
        role: Role | None = sharing.role_of(owner, calendar, call.home.person)
    else:
        owner, calendar = call.home, one
        role = sharing.role_of(owner, calendar, call.stranger) if call.stranger is not None else None
    providers = [] if owner.person.is_personal else ["teamsForBusiness"]
    is_own = not isinstance(one, Copy)
    shown = {
        "id": one.id,
        "name": one.name,
        "color": one.color,
        "hexColor": COLORS[one.color],
        "isDefaultCalendar": is_own and calendar.is_default,
        "changeKey": call.home.ids.change_key(one.changed),
        "canShare": role is None,
        "canViewPrivateItems": role is None or role.sees_private,
        "canEdit": calendar.can_edit and (role is None or role.writes),
        "allowedOnlineMeetingProviders": providers,
        "defaultOnlineMeetingProvider": calendar.provider or (providers[0] if providers else "unknown"),
        "isTallyingResponses": is_own and calendar.is_default,
        "isRemovable": not is_own or (calendar.removable and not calendar.is_default),
        "owner": {"name": calendar.owner_name, "address": calendar.owner_address},
    }
    if call.group is not None:
        return shown
    person = call.home.person
    return {
        "@odata.id": f"{GRAPH}/v1.0/users('{person.oid}@{person.tenant_id}')/calendars('{one.id}')",
        **shown,
    }


def read_name(value: Any) -> str:
    """
    Raises:
        Refusal: it is no name.
    """
    if value is not None and not isinstance(value, str):
        raise unreadable("A name is a text.")
    if value is None or not value.strip():
        raise invalid_request("Your request can't be completed. A name is required.")
    return value.strip()


def refuse_taken_name(home: Mailbox, name: str) -> None:
    """
    Raises:
        Refusal: a calendar of this person's own is called so, in whatever letter case.
    """
    if any(other.name.lower() == name.lower() for other in home.calendars.values()):
        raise name_taken()


def name_taken() -> Refusal:
    return Refusal(409, "ErrorFolderExists", "A folder with the specified name already exists.")


def _named(call: Call) -> Calendar | Copy:
    return call.reach.copy or call.reach.calendar


def _entity(call: Call, one: Calendar | Copy) -> dict[str, Any]:
    kind = "calendar" if call.group is not None else "calendars"
    return {"@odata.context": context(f"{call.root}/{kind}/$entity"), **show(call, one)}


def _provider(call: Call, sent: dict[str, Any]) -> str | None:
    """The provider that online meetings are to have; null if the request is silent about it."""
    value = sent.get("defaultOnlineMeetingProvider")
    if value is None:
        return None
    found = read_provider(value)
    if found != "unknown" and (found != "teamsForBusiness" or call.home.person.is_personal):
        raise invalid_request("Your request can't be completed. The calendar does not allow that provider.")
    return found
