"""`/subscriptions`: lifecycle events, what notifications meet on their way, how endpoints stand, and the rules."""

from datetime import timedelta
from typing import Any, Literal

from flask import Response
from pydantic import Field

from sandbox import notices
from sandbox.clock import iso
from sandbox.control.door import Door, Seconds, WrongRequest, blueprint, owner, read
from sandbox.endpoints import State
from sandbox.graph.envelope import answer
from sandbox.state import Sandbox, current
from sandbox.subscriptions import CALL_LIMITS
from sandbox.whims import PathStyle, Whims
from sandbox.windows import Limit

LIFECYCLE = {"missed": notices.MISSED, "removed": notices.REMOVED, "reauthorize": notices.REAUTHORIZE}
_BEHAVIOUR = ("updates", "created_then_updated", "path", "item_id", "validation_tokens")
_FORGERIES = {"wrong-state-next": "wrong_state", "unknown-next": "unknown", "foreign-next": "foreign"}


class SubscriptionsRequest(Door):
    """
    For a `mailbox`: lifecycle events (of one subscription with `id`), `...-next` for the next `times` notifications,
    `delay` for all, `behave` for how they look. For the `url` of an endpoint: `answers` (it took `seconds`, `times`
    over) and `endpoint` (its `state`). For all: `rules`, and `limit` (`count` of the `calls` of a kind in `seconds`).
    """

    do: Literal[
        "missed", "removed", "reauthorize", "drop-next", "duplicate-next", "delay-next", "reorder-next",
        "wrong-state-next", "unknown-next", "foreign-next", "delay", "behave", "answers", "endpoint", "rules", "limit",
    ]  # fmt: skip
    mailbox: str | None = None
    id: str | None = None
    times: int = Field(default=1, ge=0, le=10_000)
    seconds: Seconds = 0
    # For `behave`.
    updates: int | None = Field(default=None, ge=1, le=20)
    created_then_updated: bool | None = None
    path: PathStyle | None = None
    item_id: bool | None = None
    validation_tokens: bool | None = None
    # For `answers` and `endpoint`.
    url: str | None = None
    state: State | None = None
    # For `rules`.
    most: int | None = Field(default=None, ge=0)
    fewest_answers: int | None = Field(default=None, ge=1)
    hold_expired: bool | None = None
    automatic: bool | None = None
    follow_rights: bool | None = None
    strict_scopes: bool | None = None
    # For `limit`.
    calls: str | None = None
    count: int | None = Field(default=None, ge=0, le=100_000)


@blueprint.post("/subscriptions")
def subscriptions() -> Response:
    wish, sandbox = read(SubscriptionsRequest), current()
    with sandbox.lock:
        told = 0
        match wish.do:
            case "missed" | "removed" | "reauthorize":
                told = _tell(sandbox, wish)
            case "answers" | "endpoint":
                _judge(sandbox, wish)
            case "rules":
                _rule(sandbox, wish)
            case "limit":
                _limit(sandbox, wish)
            case _:
                _disturb(_whims(sandbox, wish), wish)
        return answer({"told": told, **_state(sandbox)})


@blueprint.get("/subscriptions")
def list_subscriptions() -> Response:
    return answer(_state(current()))


def shown_subscriptions(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Who is told, without the secret that they are told with."""
    return [
        {
            "id": one.id,
            "mailbox": one.person.upn,
            "app": one.app_id,
            "resource": one.resource,
            "changeType": one.change_type,
            "expirationDateTime": iso(one.expires_at),
            "immutable": one.immutable,
            "lifecycle": one.lifecycle_url is not None,
            "withData": bool(one.with_data),
        }
        for one in sandbox.subscriptions.alive()
    ]


def _state(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "subscriptions": shown_subscriptions(sandbox),
        "endpoints": [
            {
                "url": one.endpoint,
                "state": one.state,
                "until": iso(one.until) if one.until is not None else None,
                "answers": one.answers,
                "over3": one.slow,
                "over10": one.hopeless,
            }
            for one in sandbox.sender.endpoints.standings()
        ],
        "rules": {
            "most": sandbox.subscriptions.most,
            "fewest_answers": sandbox.sender.endpoints.fewest,
            "hold_expired": sandbox.announcer.hold_expired,
            "automatic": sandbox.lifecycle.automatic,
            "follow_rights": sandbox.lifecycle.follow_rights,
            "strict_scopes": sandbox.subscriptions.strict_scopes,
        },
    }


def _mailbox(wish: SubscriptionsRequest) -> str:
    if wish.mailbox is None:
        raise WrongRequest(f"{wish.do} needs a mailbox.")
    return wish.mailbox


def _tell(sandbox: Sandbox, wish: SubscriptionsRequest) -> int:
    found = sandbox.subscriptions.of(owner(sandbox, _mailbox(wish)))
    if wish.id is not None:
        found = [one for one in found if one.id == wish.id.lower()]
        if not found:
            raise WrongRequest(f"{wish.mailbox} has no subscription {wish.id!r}.")
    return sandbox.lifecycle.tell_all(found, LIFECYCLE[wish.do])


def _whims(sandbox: Sandbox, wish: SubscriptionsRequest) -> Whims:
    return sandbox.announcer.whims(owner(sandbox, _mailbox(wish)))


def _disturb(whims: Whims, wish: SubscriptionsRequest) -> None:
    match wish.do:
        case "drop-next":
            whims.drop += wish.times
        case "duplicate-next":
            whims.duplicate += wish.times
        case "delay-next":
            whims.late += wish.times
            whims.late_by = timedelta(seconds=wish.seconds)
        case "reorder-next":
            whims.reorder = wish.times
        case "delay":
            whims.delay = timedelta(seconds=wish.seconds)
        case "behave":
            for name in _BEHAVIOUR:
                # Null takes a path style back, and is no value of the others.
                if name in wish.model_fields_set and (name == "path" or getattr(wish, name) is not None):
                    setattr(whims, name, getattr(wish, name))
        case forgery:
            name = _FORGERIES[forgery]
            setattr(whims, name, getattr(whims, name) + wish.times)


def _judge(sandbox: Sandbox, wish: SubscriptionsRequest) -> None:
    endpoints = sandbox.sender.endpoints
    if not wish.url:
        raise WrongRequest(f"{wish.do} needs the url of an endpoint.")
    if wish.do == "answers":
        endpoints.note(wish.url, wish.seconds, times=wish.times)
    elif wish.state is None:
        raise WrongRequest("endpoint needs a state: well, slow or drop.")
    else:
        endpoints.put(wish.url, wish.state)


def _rule(sandbox: Sandbox, wish: SubscriptionsRequest) -> None:
    """Only what is named changes."""
    if wish.most is not None:
        sandbox.subscriptions.most = wish.most
    if wish.strict_scopes is not None:
        sandbox.subscriptions.strict_scopes = wish.strict_scopes
    if wish.fewest_answers is not None:
        sandbox.sender.endpoints.fewest = wish.fewest_answers
    if wish.hold_expired is not None:
        sandbox.announcer.hold_expired = wish.hold_expired
    if wish.follow_rights is not None:
        sandbox.lifecycle.follow_rights = wish.follow_rights
    if wish.automatic is not None:
        sandbox.lifecycle.remind_all(on=wish.automatic)


def _limit(sandbox: Sandbox, wish: SubscriptionsRequest) -> None:
    limits = sandbox.subscription_calls.limits
    if wish.calls not in CALL_LIMITS or wish.count is None:
        raise WrongRequest(f"limit needs a count, and calls: one of {', '.join(CALL_LIMITS)}.")
    span = timedelta(seconds=wish.seconds) if wish.seconds else limits[wish.calls].span
    limits[wish.calls] = Limit(wish.count, span)
