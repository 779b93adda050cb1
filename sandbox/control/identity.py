"""`/tokens`, `/consent`, `/approvals` and `/identity`: the switches of the sign-in."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from flask import Response, request
from pydantic import Field, RootModel

from sandbox.clock import iso
from sandbox.control.door import Door, Seconds, WrongRequest, blueprint, read
from sandbox.directory import ALMANAC_ID
from sandbox.faults import HeaderText
from sandbox.graph.envelope import answer
from sandbox.identity import Identity
from sandbox.identity.throttle import Limits
from sandbox.identity.whims import EVERYBODY, Body, OddAnswer, Place, Spelling, Style
from sandbox.identity.workflow import ConsentRequest as Approval
from sandbox.state import current

Who = Annotated[str, Field(min_length=1)]


class TokensRequest(Door):
    mailbox: str
    do: str


class ConsentRequest(Door):
    """The words are those of `Identity.set_consent`; `low` are the permissions that the tenant calls so."""

    tenant: str
    do: str
    client_id: str = ALMANAC_ID
    low: list[str] | None = None


class ApprovalRequest(Door):
    id: str
    do: Literal["approve", "deny"]


class ScriptRequest(Door):
    """A person, tenant or app meets a refusal, `times` times or until `unscript`."""

    do: Literal["script"]
    who: Who
    number: int
    times: int | None = Field(default=None, ge=1)
    where: str | None = None
    error: str | None = None
    suberror: str | None = None


class UnscriptRequest(Door):
    do: Literal["unscript"]
    who: Who


class RotateRequest(Door):
    """`forget` takes the former keys out of the key document at once."""

    do: Literal["rotate-keys"]
    forget: bool = False


class StrictRequest(Door):
    """While `on`, a refresh token is good for one use."""

    do: Literal["strict-refresh"]
    on: bool = True


class FactorRequest(Door):
    do: Literal["second-factor"]
    who: Who
    on: bool = True


class OddRequest(Door):
    """Something that is no answer (`body`), or one that is late; without `who`, for everybody."""

    do: Literal["odd-answer"]
    who: str = EVERYBODY
    at: Place = Place.TOKEN
    body: Body | None = None
    status: int = Field(default=503, ge=200, le=599)
    seconds: float = Field(default=0, ge=0, le=120)
    retry_after: HeaderText | int | None = None
    times: int | None = Field(default=None, ge=1)


class NormalRequest(Door):
    do: Literal["normal-answers"]


class StyleRequest(Door):
    """How tokens are answered from now on; what is left out is as usual again."""

    do: Literal["answer-style"]
    who: str = EVERYBODY
    more: list[str] = []
    fewer: list[str] = []
    spelling: Spelling = Spelling.SHORT
    refresh_in: bool | None = None


class LimitsRequest(Door):
    """Requests in `window` seconds for a tenant or person, and for one token in `loop_window` seconds."""

    do: Literal["limits"]
    tenant: int | None = Field(default=None, ge=0)
    person: int | None = Field(default=None, ge=0)
    window: Seconds | None = Field(default=None, gt=0)
    token: int | None = Field(default=None, ge=0)
    loop_window: Seconds | None = Field(default=None, gt=0)


Wish = (
    ScriptRequest
    | UnscriptRequest
    | RotateRequest
    | StrictRequest
    | FactorRequest
    | OddRequest
    | NormalRequest
    | StyleRequest
    | LimitsRequest
)


class IdentityRequest(RootModel[Annotated[Wish, Field(discriminator="do")]]):
    pass


@blueprint.post("/tokens")
def spoil_tokens() -> Response:
    wish, sandbox = read(TokensRequest), current()
    done = _switched(lambda: sandbox.identity.set_tokens(wish.mailbox, wish.do))
    if wish.do == "revoke":
        sandbox.lifecycle.rights_lost(person=sandbox.identity.person(wish.mailbox))
    return done


@blueprint.post("/consent")
def change_consent() -> Response:
    wish, sandbox = read(ConsentRequest), current()
    identity = sandbox.identity
    done = _switched(lambda: identity.set_consent(wish.tenant, wish.do, client_id=wish.client_id, low=wish.low))
    if wish.do in {"withdraw", "forget"}:
        sandbox.lifecycle.rights_lost(tenant=identity.tenant(wish.tenant))
    return done


@blueprint.get("/approvals")
def list_approvals() -> Response:
    """Requests for admin consent, of one `tenant` or of all."""
    identity, named = current().identity, request.args.get("tenant")
    with identity.lock:
        tenants = identity.directory.tenants if named is None else (identity.tenant(named),)
        requests = [one for tenant in tenants for one in identity.workflow.of_tenant(tenant.id)]
        return answer({"approvals": [_shown(identity, one) for one in requests]})


@blueprint.post("/approvals")
def decide_approval() -> Response:
    """What a reviewer says to one of them."""
    wish, identity = read(ApprovalRequest), current().identity
    with identity.lock:
        asked = identity.workflow.find(wish.id)
        if asked is None:
            raise WrongRequest(f"There is no request {wish.id!r}.")
        try:
            identity.workflow.decide(
                asked, approve=wish.do == "approve", consents=identity.consents, now=identity.clock.now()
            )
        except ValueError as error:
            raise WrongRequest(str(error)) from error
        return answer(_shown(identity, asked))


def _shown(identity: Identity, asked: Approval) -> dict[str, Any]:
    return {
        "id": asked.id,
        "tenant": asked.person.tenant_id,
        "client_id": asked.app.client_id,
        "person": asked.person.upn,
        "reason": asked.reason,
        "permissions": sorted(p.uri for p in asked.permissions),
        "asked_at": iso(asked.asked_at),
        "ends_at": iso(asked.ends_at),
        "state": asked.state(identity.clock.now()),
    }


@blueprint.post("/identity")
def disturb_identity() -> Response:
    wish, identity = read(IdentityRequest).root, current().identity
    return _switched(lambda: _turn(identity, wish))


def _turn(identity: Identity, wish: Wish) -> None:
    with identity.lock:
        match wish:
            case ScriptRequest():
                options = {"where": wish.where, "error": wish.error, "suberror": wish.suberror}
                identity.script(wish.who, wish.number, wish.times, **options)
            case UnscriptRequest():
                identity.unscript(wish.who)
            case RotateRequest():
                identity.rotate_keys(forget_former=wish.forget)
            case StrictRequest():
                identity.strict_refresh = wish.on
            case FactorRequest():
                identity.require_second_factor(wish.who, on=wish.on)
            case OddRequest():
                if wish.body is None and not wish.seconds:
                    raise ValueError("odd-answer needs one of body and seconds.")
                after = None if wish.retry_after is None else str(wish.retry_after)
                odd = OddAnswer(wish.at, wish.body, wish.status, wish.seconds, after, wish.times)
                identity.whims.disturb(_concerned(identity, wish.who), odd)
            case NormalRequest():
                identity.whims.calm()
            case StyleRequest():
                style = Style(tuple(wish.more), frozenset(wish.fewer), wish.spelling, wish.refresh_in)
                identity.whims.styles[_concerned(identity, wish.who)] = style
            case LimitsRequest():
                _set_limits(identity.throttle.limits, wish)


def _concerned(identity: Identity, who: str) -> str:
    return identity.key_of(who) if who else EVERYBODY


def _set_limits(limits: Limits, wish: LimitsRequest) -> None:
    for name, value in wish.model_dump(exclude={"do"}, exclude_none=True).items():
        setattr(limits, name, value)


def _switched(switch: Callable[[], None]) -> Response:
    try:
        switch()
    except ValueError as error:
        raise WrongRequest(str(error)) from error
    return answer({"done": True})
