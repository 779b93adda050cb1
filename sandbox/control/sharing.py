"""`/sharing`, `/calendars` and `/access`: who shares what, calendars of odd kinds, and what apps may reach."""

from typing import Any, Literal

from flask import Response

from sandbox import sharing
from sandbox.app_access import ROLES, Assignment, Policy
from sandbox.control.door import Door, WrongRequest, blueprint, calendar_named, mailbox_of, owner, read
from sandbox.graph.envelope import answer
from sandbox.items import Calendar
from sandbox.roles import Role
from sandbox.state import Sandbox, current
from sandbox.world import OTHER_CALENDARS, Mailbox


class SharingRequest(Door):
    """
    `share` gives `person` a role in a calendar of `mailbox`, `unshare` takes it; `old-mechanism` makes what
    is shared answer with errors until it is shared anew. `unshared` sets how calendars are refused that
    are not shared: `status` 403 or 404.
    """

    do: Literal["share", "unshare", "old-mechanism", "unshared"]
    mailbox: str = ""
    calendar: str | None = None
    person: str = ""
    role: Role = Role.READ
    on: bool = True
    status: Literal[403, 404] = 403


class CalendarRequest(Door):
    """A calendar by `calendar` (id or name), or a new one (`add`, its name), and what can be done with it."""

    mailbox: str
    calendar: str | None = None
    add: str | None = None
    editable: bool | None = None
    removable: bool | None = None


class AccessRequest(Door):
    """
    Without `roles`, a policy: the app, or every app, of the tenant reaches only `mailboxes` (with `right`
    deny: only the others); null takes the policy away. With `roles`, an assignment: those roles of
    Exchange, in `mailboxes` or (null) in all, come to what the token says; an empty list takes it away.
    """

    tenant: str
    app: str | None = None
    mailboxes: list[str] | None
    right: Literal["restrict", "deny"] = "restrict"
    roles: list[str] | None = None


@blueprint.post("/sharing")
def share_calendar() -> Response:
    wish, sandbox = read(SharingRequest), current()
    with sandbox.lock:
        if wish.do == "unshared":
            sandbox.sharing.unshared_status = wish.status
            return answer({"status": wish.status})
        mailbox = mailbox_of(sandbox, wish.mailbox)
        calendar = calendar_named(mailbox, wish.calendar)
        entry = sharing.candidate(sandbox.world, mailbox, wish.person)
        if wish.do == "share":
            sharing.share(sandbox.world, mailbox, calendar, entry, wish.role)
        else:
            known = calendar.permissions.get(entry.id)
            if known is None:
                raise WrongRequest(f"{calendar.name} is not shared with {wish.person}.")
            if wish.do == "unshare":
                sharing.unshare(sandbox.world, calendar, known)
            else:
                known.old_mechanism = wish.on
        return answer(_shared(sandbox, mailbox, calendar))


def _shared(sandbox: Sandbox, mailbox: Mailbox, calendar: Calendar) -> dict[str, Any]:
    entries = []
    for entry in calendar.permissions.values():
        person = sandbox.directory.find_person(entry.oid) if entry.oid is not None else None
        sharee = sandbox.world.mailbox(person) if person is not None else None
        copies = [copy.id for copy in sharee.copies.values() if copy.calendar is calendar] if sharee is not None else []
        entries.append(
            {
                "id": entry.id,
                "address": entry.address,
                "role": entry.role,
                "oldMechanism": entry.old_mechanism,
                # The id that the calendar has in the mailbox of whom it is shared with.
                "copy": copies[0] if copies else None,
            }
        )
    return {"mailbox": mailbox.person.upn, "calendar": calendar.id, "permissions": entries}


@blueprint.post("/calendars")
def set_calendar() -> Response:
    wish, sandbox = read(CalendarRequest), current()
    with sandbox.lock:
        mailbox = mailbox_of(sandbox, wish.mailbox)
        if wish.add is not None:
            calendar = mailbox.add_calendar(wish.add, group=OTHER_CALENDARS)
        else:
            calendar = calendar_named(mailbox, wish.calendar)
        if wish.editable is not None:
            calendar.can_edit = wish.editable
        if wish.removable is not None:
            calendar.removable = wish.removable
        calendar.changed = mailbox.next_sequence()
        return answer(
            {
                "id": calendar.id,
                "name": calendar.name,
                "editable": calendar.can_edit,
                "removable": calendar.removable and not calendar.is_default,
            }
        )


@blueprint.post("/access")
def set_access() -> Response:
    wish, sandbox = read(AccessRequest), current()
    with sandbox.lock:
        tenant = sandbox.identity.tenant(wish.tenant)
        app_id = sandbox.identity.app(wish.app).client_id if wish.app is not None else None
        people = None
        if wish.mailboxes is not None:
            people = frozenset(owner(sandbox, address).oid for address in wish.mailboxes)
        key = (tenant.id, app_id)
        access = sandbox.app_access
        if wish.roles is not None:
            unknown = [role for role in wish.roles if role not in ROLES]
            if unknown:
                raise WrongRequest(f"{unknown[0]!r} is none of {', '.join(ROLES)}.")
            access.assignments[key] = Assignment(frozenset(ROLES[role] for role in wish.roles), people)
        elif people is None:
            access.policies.pop(key, None)
        else:
            access.policies[key] = Policy(people, denies=wish.right == "deny")
        return answer({"tenant": tenant.id, "app": app_id, "mailboxes": wish.mailboxes, "roles": wish.roles})
