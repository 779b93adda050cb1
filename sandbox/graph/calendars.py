"""Calendars: listing, showing, making, renaming and deleting them."""

from functools import partial
from typing import Any

from flask import Response

from sandbox import edits, extended
from sandbox.drafts import fold, read_properties
from sandbox.graph import expand
from sandbox.graph.addressing import addressed
from sandbox.graph.call import READ, WRITE, Call
from sandbox.graph.envelope import GRAPH, answer, context, empty
from sandbox.graph.extending import MULTI, SINGLE, expanded_properties, searched_properties
from sandbox.graph.listing import Kind, listing
from sandbox.graph.routing import container, mailbox
from sandbox.items import Calendar
from sandbox.refusals import invalid_request, unreadable

COLORS = (
    "auto", "lightBlue", "lightGreen", "lightOrange", "lightGray", "lightYellow", "lightTeal", "lightPink",
    "lightBrown", "lightRed", "maxColor",
)  # fmt: skip


@mailbox.route("GET", "calendars")
def list_calendars(call: Call) -> Response:
    call.need(READ)
    return listing(call, list(call.mailbox.calendars.values()), "calendars", _kind(call))


@mailbox.route("POST", "calendars")
def create_calendar(call: Call) -> Response:
    call.need(WRITE)
    sent = fold(call.body())
    name = sent.get("name")
    if not isinstance(name, str) or not name.strip():
        raise invalid_request("Your request can't be completed. A calendar needs a name.")
    color, properties = _color(sent.get("color") or "auto"), extended.merged({}, read_properties(sent))
    calendar = call.mailbox.add_calendar(name, color=color)
    calendar.properties = properties
    return answer(_entity(call, calendar), 201)


@container.route("GET", "")
def show_calendar(call: Call) -> Response:
    call.need(READ)
    return _shown(call, call.calendar)


@container.route("PATCH", "")
def update_calendar(call: Call) -> Response:
    call.need(WRITE)
    calendar, sent = call.calendar, fold(call.body())
    name, color = sent.get("name", calendar.name), _color(sent.get("color") or calendar.color)
    if not isinstance(name, str) or not name.strip():
        raise unreadable("The name of a calendar is a text.")
    calendar.properties = extended.merged(calendar.properties, read_properties(sent))
    calendar.name, calendar.color = name, color
    if sent.get("isDefaultCalendar") is True:
        for other in call.mailbox.calendars.values():
            other.is_default = other is calendar
    calendar.changed = call.mailbox.next_sequence()
    return answer(_entity(call, calendar))


@container.route("POST", "permanentDelete")
def delete_calendar_for_good(call: Call) -> Response:
    """As if it had been deleted: nobody sees that it skips Deleted Items."""
    return delete_calendar(call)


@container.route("GET", "events/*/calendar")
def show_calendar_of_event(call: Call) -> Response:
    call.need(READ)
    event, _ = addressed(call)
    return _shown(call, call.mailbox.calendars[event.calendar])


@container.route("DELETE", "")
def delete_calendar(call: Call) -> Response:
    call.need(WRITE)
    calendar = call.calendar
    if calendar.is_default:
        raise invalid_request("Your request can't be completed. The default calendar cannot be deleted.")
    for event in list(call.mailbox.in_calendar(calendar)):
        edits.delete(call.mailbox, event)
    del call.mailbox.calendars[calendar.number]
    return empty(204)


def _shown(call: Call, calendar: Calendar) -> Response:
    kind = _kind(call)
    return answer(kind.finished(calendar, _entity(call, calendar), expand.read(kind.related)))


def _kind(call: Call) -> Kind[Calendar]:
    return Kind(
        partial(show, call),
        searched={SINGLE: lambda calendar: searched_properties(calendar.properties)},
        related={
            SINGLE: lambda calendar, wish: expanded_properties(calendar.properties, wish, several=False),
            MULTI: lambda calendar, wish: expanded_properties(calendar.properties, wish, several=True),
        },
    )


def show(call: Call, calendar: Calendar) -> dict[str, Any]:
    person = call.mailbox.person
    providers = [] if person.is_personal else ["teamsForBusiness"]
    return {
        "@odata.id": f"{GRAPH}/v1.0/users('{person.oid}@{person.tenant_id}')/calendars('{calendar.id}')",
        "id": calendar.id,
        "name": calendar.name,
        "color": calendar.color,
        "hexColor": "",
        "isDefaultCalendar": calendar.is_default,
        "changeKey": call.mailbox.ids.change_key(calendar.changed),
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": calendar.can_edit,
        "allowedOnlineMeetingProviders": providers,
        "defaultOnlineMeetingProvider": providers[0] if providers else "unknown",
        "isTallyingResponses": calendar.is_default,
        "isRemovable": not calendar.is_default,
        "owner": {"name": calendar.owner_name, "address": calendar.owner_address},
    }


def _entity(call: Call, calendar: Calendar) -> dict[str, Any]:
    return {"@odata.context": context(f"users('{call.person.oid}')/calendars/$entity"), **show(call, calendar)}


def _color(value: Any) -> str:
    found = {name.lower(): name for name in COLORS}.get(value.lower()) if isinstance(value, str) else None
    if found is None:
        raise unreadable(f"The value '{value}' is not the name of a color.")
    return found
