"""`/world`, `/reset` and `/clock`: what there is, beginning again, and the time."""

from datetime import timedelta
from typing import Any, Self

from flask import Response
from pydantic import model_validator

from sandbox import seed as seeds
from sandbox import series
from sandbox.clock import iso
from sandbox.control.door import Door, Seconds, WrongRequest, blueprint, read
from sandbox.control.subscriptions import shown_subscriptions
from sandbox.directory import Group, Person
from sandbox.graph.envelope import answer
from sandbox.items import Calendar
from sandbox.state import Sandbox, current
from sandbox.world import Mailbox
from sandbox.world_file import WorldFile
from sandbox.zones import LAST_DAY


class ResetRequest(Door):
    """Either a seeded world, of which the numbers say how large it is, or a `world` that was written down."""

    seed: int = seeds.DEFAULT_SEED
    mailboxes: int | None = None
    events: int = seeds.DEFAULT_EVENTS
    world: WorldFile | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if self.world is not None and self.model_fields_set & {"mailboxes", "events"}:
            raise ValueError("a world that was written down has the mailboxes and events that it names")
        return self


class ClockRequest(Door):
    advance: Seconds


@blueprint.get("/world")
def world() -> Response:
    sandbox = current()
    with sandbox.lock:
        return answer(
            {
                "now": iso(sandbox.clock.now()),
                "seed": sandbox.seed,
                "began": sandbox.world.began.isoformat(),
                "tenants": [
                    {"id": each.id, "name": each.name, "domain": each.domain} for each in sandbox.directory.tenants
                ],
                "people": [_person(sandbox, person) for person in sandbox.directory.people],
                "resources": [
                    {**_person(sandbox, each), "purpose": each.purpose} for each in sandbox.directory.resources
                ],
                "groups": [_group(sandbox, group) for group in sandbox.directory.groups],
                "subscriptions": shown_subscriptions(sandbox),
                "faults": sandbox.faults.as_json(),
                "quiet": sandbox.sender.idle,
            }
        )


def _person(sandbox: Sandbox, person: Person) -> dict[str, Any]:
    mailbox = sandbox.world.mailbox(person)
    return {
        "id": person.oid,
        "tenant": person.tenant_id,
        "name": person.name,
        "userPrincipalName": person.upn,
        "mail": person.mail,
        "admin": person.is_admin,
        "mailbox": mailbox is not None,
        "timeZone": mailbox.settings.time_zone if mailbox is not None else None,
        "calendars": [_calendar(sandbox, mailbox, each) for each in mailbox.calendars.values()] if mailbox else [],
    }


def _group(sandbox: Sandbox, group: Group) -> dict[str, Any]:
    mailbox = sandbox.world.mailbox(group.as_owner())
    return {
        "id": group.id,
        "tenant": group.tenant_id,
        "name": group.name,
        "mail": group.mail,
        "members": list(group.members),
        "calendars": [_calendar(sandbox, mailbox, each) for each in mailbox.calendars.values()] if mailbox else [],
    }


def _calendar(sandbox: Sandbox, mailbox: Mailbox, calendar: Calendar) -> dict[str, Any]:
    start, end = seeds.window(sandbox.world.began)
    events = list(mailbox.in_calendar(calendar))
    return {
        "id": calendar.id,
        "name": calendar.name,
        "default": calendar.is_default,
        "items": len(events),
        "series": sum(event.rule is not None for event in events),
        "in_view": len(series.expanded(events, start, end)),
    }


@blueprint.post("/reset")
def reset() -> Response:
    wish = read(ResetRequest)
    try:
        current().reset(wish.seed, wish.mailboxes, wish.events, wish.world)
    except ValueError as error:
        raise WrongRequest(str(error)) from error
    made = {"seed": wish.seed, "mailboxes": len(current().world.owners())}
    return answer(made | ({"world": wish.world.name} if wish.world is not None else {"events": wish.events}))


@blueprint.post("/clock")
def advance_clock() -> Response:
    sandbox, by = current(), timedelta(seconds=read(ClockRequest).advance)
    if (sandbox.clock.now() + by).date() > LAST_DAY:
        raise WrongRequest(f"No calendar goes on after {LAST_DAY}. A reset brings the right time back.")
    sandbox.advance(by)
    return answer({"now": iso(sandbox.clock.now())})
