"""`/tokens`, `/consent` and `/identity`: the switches of the sign-in."""

from collections.abc import Callable
from typing import Literal

from flask import Response
from pydantic import Field

from sandbox.control.door import Door, WrongRequest, blueprint, read
from sandbox.graph.envelope import answer
from sandbox.state import current


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
    done = _switched(lambda: sandbox.identity.set_consent(wish.tenant, wish.do))
    if wish.do == "withdraw":
        sandbox.lifecycle.rights_lost(tenant=sandbox.identity.tenant(wish.tenant))
    return done


@blueprint.post("/identity")
def disturb_identity() -> Response:
    wish, identity = read(IdentityRequest), current().identity
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
