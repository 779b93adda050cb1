"""`calendarPermissions`: to whom a calendar is shared, and as what. Only its owner sees and changes it."""

from typing import Any

from flask import Response

from sandbox import sharing
from sandbox.drafts import fold
from sandbox.graph import expand, query
from sandbox.graph.call import READ, WRITE, Call
from sandbox.graph.envelope import answer, context, empty
from sandbox.graph.listing import listing
from sandbox.graph.routing import container
from sandbox.items import Permission
from sandbox.members import one_of
from sandbox.refusals import access_denied, invalid_request, item_not_found
from sandbox.roles import Role

_ROLE = one_of(*Role)


@container.route("GET", "allowedCalendarSharingRoles(User)")
def list_allowed_roles(call: Call) -> Response:
    """What somebody could be given here; nothing to those who may not give anything."""
    call.need(READ)
    address = call.parameters.get("user")
    if address is None:
        raise invalid_request("Your request can't be completed. The address of a user is required.")
    if call.reach.role is not None:
        raise access_denied()
    entry = sharing.candidate(call.sandbox.world, call.mailbox, address)
    return answer(
        {
            "@odata.context": context("Collection(microsoft.graph.calendarRoleType)"),
            "value": list(sharing.allowed_roles(call.calendar, entry)),
        }
    )


@container.route("GET", "calendarPermissions")
def list_permissions(call: Call) -> Response:
    call.need(READ)
    return listing(call, [_show(call, entry) for entry in _seen(call).values()], f"{_place(call)}/calendarPermissions")


@container.route("POST", "calendarPermissions")
def create_permission(call: Call) -> Response:
    """Share the calendar with somebody. Answered with 200, although something new comes of it."""
    _need_to_give(call)
    sent = fold(call.body())
    whom = sent.get("emailAddress")
    if not isinstance(whom, dict) or not isinstance(whom.get("address"), str):
        raise invalid_request("Your request can't be completed. The emailAddress of a permission is required.")
    name = whom.get("name") if isinstance(whom.get("name"), str) else ""
    role = Role(_ROLE(sent.get("role")))
    world, mailbox = call.sandbox.world, call.mailbox
    entry = sharing.candidate(world, mailbox, whom["address"], name or "")
    return answer(_entity(call, sharing.share(world, mailbox, call.calendar, entry, role)))


@container.route("GET", "calendarPermissions/*")
def show_permission(call: Call) -> Response:
    call.need(READ)
    expand.read(())
    return answer(query.narrow(_entity(call, _named(call)), query.selected()))


@container.route("PATCH", "calendarPermissions/*")
def update_permission(call: Call) -> Response:
    """Only the role can be another one; the rest of what is sent is ignored."""
    _need_to_give(call)
    entry, sent = _named(call), fold(call.body())
    if "role" in sent:
        sharing.change_role(call.calendar, entry, Role(_ROLE(sent["role"])))
    return answer(_entity(call, entry))


@container.route("DELETE", "calendarPermissions/*")
def delete_permission(call: Call) -> Response:
    _need_to_give(call)
    sharing.unshare(call.sandbox.world, call.calendar, _named(call))
    return empty(204)


def _need_to_give(call: Call) -> None:
    call.need(WRITE)
    if call.reach.role is not None:
        raise access_denied()


def _seen(call: Call) -> dict[str, Permission]:
    """The entries, that of everybody last, for their owner; others are shown an empty list."""
    if call.reach.role is not None:
        return {}
    return dict(sorted(call.calendar.permissions.items(), key=lambda item: item[1].address is None))


def _named(call: Call) -> Permission:
    found = _seen(call).get(call.ids[0])
    if found is None:
        raise item_not_found()
    return found


def _show(call: Call, entry: Permission) -> dict[str, Any]:
    address = {"name": entry.name}
    if entry.address is not None:
        address["address"] = entry.address
    return {
        "id": entry.id,
        "isRemovable": entry.address is not None,
        "isInsideOrganization": entry.inside,
        "role": entry.role,
        "allowedRoles": list(sharing.allowed_roles(call.calendar, entry)),
        "emailAddress": address,
    }


def _entity(call: Call, entry: Permission) -> dict[str, Any]:
    return {
        "@odata.context": context(f"{call.root}/{_place(call)}/calendarPermissions/$entity"),
        **_show(call, entry),
    }


def _place(call: Call) -> str:
    return "calendar" if call.calendar_id is None else f"calendars('{call.calendar_id}')"
