"""The control doors under `/_sandbox`: JSON in, JSON out, for tests, demos and measurements."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox import edit_door, series
from sandbox import seed as seeds
from sandbox.directory import Person
from sandbox.drafts import read_instant
from sandbox.edit_door import EditRequest
from sandbox.faults import Rule
from sandbox.graph.envelope import answer
from sandbox.items import Calendar
from sandbox.refusals import Refusal
from sandbox.render import Form, Renderer
from sandbox.state import Sandbox, current
from sandbox.subscriptions import LIFECYCLE
from sandbox.tracking import SeriesStyle
from sandbox.world import Mailbox

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")

Model = TypeVar("Model", bound=BaseModel)


class WrongRequest(ValueError):
    """What was asked of a door makes no sense; the sentence says why."""


class Door(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ResetRequest(Door):
    seed: int = seeds.DEFAULT_SEED
    mailboxes: int | None = None
    events: int = seeds.DEFAULT_EVENTS


class ClockRequest(Door):
    advance: float = Field(ge=0, le=10 * 366 * 86_400)


class TokensRequest(Door):
    mailbox: str
    do: str


class ConsentRequest(Door):
    tenant: str
    do: str


class IdentityRequest(Door):
    """
    `script` lets a person or tenant meet a refusal of sign-in (`number`, of `times` meetings) until
    `unscript`; `strict-refresh` makes refresh tokens good for one use while `on`.
    """

    do: Literal["script", "unscript", "rotate-keys", "strict-refresh"]
    who: str = ""
    number: int = 0
    times: int | None = Field(default=None, ge=1)
    on: bool = True


class DeltaRequest(Door):
    """`expire` forgets the tokens of a mailbox; `behave` sets how delta behaves for it from now on."""

    mailbox: str
    do: Literal["expire", "behave"]
    series: SeriesStyle | None = None
    empty_page: bool | None = None
    duplicate: bool | None = None
    unknown_removal: bool | None = None
    page_limit: int | None = Field(default=None, ge=1)
    lag: float | None = Field(default=None, ge=0)
    expired_status: int | None = Field(default=None, ge=400, le=499)
    expired_location: bool | None = None


class SubscriptionsRequest(Door):
    mailbox: str
    do: Literal["missed", "removed", "reauthorize", "drop-next", "duplicate-next", "delay"]
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=0, ge=0)


@blueprint.before_request
def _json_only() -> Response | None:
    # A page of a stranger can post a form here without asking; JSON it cannot.
    if request.method == "POST" and request.mimetype != "application/json":
        return _wrong("The control doors take application/json.", 415)
    if request.headers.get("Origin"):
        return _wrong("The control doors are not for web pages.", 403)
    return None


@blueprint.errorhandler(WrongRequest)
def _say_why(error: WrongRequest) -> Response:
    return _wrong(str(error))


@blueprint.errorhandler(Refusal)
def _say_why_not(refusal: Refusal) -> Response:
    return _wrong(f"{refusal.code}: {refusal.message}")


@blueprint.errorhandler(404)
def _no_door(_: Exception) -> Response:
    return _wrong("There is no such door. sandbox/README.md lists them.", 404)


def _wrong(sentence: str, status: int = 400) -> Response:
    return answer({"error": sentence}, status)


@blueprint.get("/world")
def world() -> Response:
    sandbox = current()
    with sandbox.lock:
        return answer(
            {
                "now": _iso(sandbox.clock.now()),
                "seed": sandbox.seed,
                "began": sandbox.world.began.isoformat(),
                "tenants": [
                    {"id": each.id, "name": each.name, "domain": each.domain} for each in sandbox.directory.tenants
                ],
                "people": [_person(sandbox, person) for person in sandbox.directory.people],
                "subscriptions": _subscriptions(sandbox),
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
    wish = _read(ResetRequest)
    try:
        current().reset(wish.seed, wish.mailboxes, wish.events)
    except ValueError as error:
        raise WrongRequest(str(error)) from error
    return answer({"seed": wish.seed, "mailboxes": len(current().world.owners()), "events": wish.events})


@blueprint.post("/edit")
def edit() -> Response:
    wish, sandbox = _read(EditRequest), current()
    with sandbox.lock:
        mailbox = _mailbox(sandbox, wish.mailbox)
        return answer(edit_door.perform(mailbox, wish, calendar=_calendar_named(mailbox, wish.calendar)))


@blueprint.post("/faults")
def add_fault() -> Response:
    rule = _read(Rule)
    current().faults.add(rule)
    return answer({"faults": current().faults.as_json()})


@blueprint.delete("/faults")
def clear_faults() -> Response:
    return answer({"cleared": current().faults.clear()})


@blueprint.post("/clock")
def advance_clock() -> Response:
    sandbox = current()
    sandbox.advance(timedelta(seconds=_read(ClockRequest).advance))
    return answer({"now": _iso(sandbox.clock.now())})


@blueprint.post("/tokens")
def spoil_tokens() -> Response:
    wish = _read(TokensRequest)
    return _switched(lambda: current().identity.set_tokens(wish.mailbox, wish.do))


@blueprint.post("/consent")
def change_consent() -> Response:
    wish = _read(ConsentRequest)
    return _switched(lambda: current().identity.set_consent(wish.tenant, wish.do))


@blueprint.post("/identity")
def disturb_identity() -> Response:
    wish, identity = _read(IdentityRequest), current().identity
    match wish.do:
        case "script":
            return _switched(lambda: identity.script(wish.who, wish.number, wish.times))
        case "unscript":
            return _switched(lambda: identity.unscript(wish.who))
        case "rotate-keys":
            return _switched(identity.rotate_keys)
        case "strict-refresh":
            identity.strict_refresh = wish.on
    return answer({"done": True})


def _switched(switch: Callable[[], None]) -> Response:
    try:
        switch()
    except (LookupError, ValueError) as error:
        raise WrongRequest(str(error.args[0]) if error.args else str(error)) from error
    return answer({"done": True})


@blueprint.post("/delta")
def delta() -> Response:
    wish, sandbox = _read(DeltaRequest), current()
    person = _owner(sandbox, wish.mailbox)
    odd = sandbox.delta.oddities(person.oid)
    for name, value in wish.model_dump(exclude={"mailbox", "do"}, exclude_unset=True).items():
        setattr(odd, name, value)
    expired = sandbox.delta.expire(person.oid) if wish.do == "expire" else 0
    return answer({"expired": expired})


@blueprint.post("/subscriptions")
def subscriptions() -> Response:
    wish, sandbox = _read(SubscriptionsRequest), current()
    with sandbox.lock:
        person = _owner(sandbox, wish.mailbox)
        whims, told = sandbox.subscriptions.whims(person), 0
        match wish.do:
            case "drop-next":
                whims.drop += wish.times
            case "duplicate-next":
                whims.duplicate += wish.times
            case "delay":
                whims.delay = timedelta(seconds=wish.seconds)
            case "missed" | "removed" | "reauthorize":
                told = sandbox.subscriptions.lifecycle(person, LIFECYCLE[wish.do])
        return answer({"told": told, "subscriptions": _subscriptions(sandbox)})


@blueprint.get("/subscriptions")
def list_subscriptions() -> Response:
    return answer({"subscriptions": _subscriptions(current())})


def _subscriptions(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Who is told, without the secret that they are told with."""
    return [
        {
            "id": one.id,
            "mailbox": one.person.upn,
            "resource": one.resource,
            "changeType": one.change_type,
            "expirationDateTime": _iso(one.expires_at),
            "immutable": one.immutable,
            "lifecycle": one.lifecycle_url is not None,
        }
        for one in sandbox.subscriptions.alive()
    ]


@blueprint.get("/requests")
def requests_since() -> Response:
    since = request.args.get("since", "0")
    if not since.isdecimal():
        raise WrongRequest("since is the number of the last request that you know.")
    return answer({"requests": [entry.as_json() for entry in current().log.since(int(since))]})


@blueprint.get("/truth")
def truth() -> Response:
    """The expanded view as it really is: full events in UTC, with immutable ids."""
    sandbox = current()
    with sandbox.lock:
        mailbox = _mailbox(sandbox, request.args.get("mailbox", ""))
        calendar = _calendar_named(mailbox, request.args.get("calendar"))
        usual = seeds.window(sandbox.world.began)
        start, end = _instant("start", usual[0]), _instant("end", usual[1])
        renderer = Renderer(mailbox.ids, Form(immutable=True))
        instances = series.expanded(mailbox.in_calendar(calendar), start, end)
        return answer({"calendar": calendar.id, "value": [renderer.instance(one) for one in instances]})


def _instant(name: str, usual: datetime) -> datetime:
    text = request.args.get(name)
    if text is None:
        return usual
    try:
        return read_instant(text.replace(" ", "+"))
    except ValueError as error:
        raise WrongRequest(f"{name} is no date-time: {text!r}.") from error


def _read(model: type[Model]) -> Model:
    try:
        # The tolerant reader: what is shown verbatim may hold half a surrogate pair.
        return model.model_validate(json.loads(request.get_data() or b"{}"))
    except json.JSONDecodeError as error:
        raise WrongRequest(f"The body is no JSON: {error}.") from error
    except ValidationError as error:
        raise WrongRequest(_sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    parts = [f"{'.'.join(map(str, each['loc'])) or 'the body'}: {each['msg']}" for each in error.errors()]
    return "; ".join(parts) + "."


def _owner(sandbox: Sandbox, address: str) -> Person:
    person = sandbox.directory.find_person(address)
    if person is None:
        raise WrongRequest(f"Nobody here is {address!r}.")
    return person


def _mailbox(sandbox: Sandbox, address: str) -> Mailbox:
    found = sandbox.world.mailbox(_owner(sandbox, address))
    if found is None:
        raise WrongRequest(f"{address} has no mailbox.")
    return found


def _calendar_named(mailbox: Mailbox, name: str | None) -> Calendar:
    """By id or by name; the default calendar if none is named."""
    if not name:
        return mailbox.default_calendar
    for calendar in mailbox.calendars.values():
        if name in {calendar.id, calendar.name}:
            return calendar
    raise WrongRequest(f"{mailbox.person.mail} has no calendar {name!r}.")


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
