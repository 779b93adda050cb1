"""`/subscriptions`: lifecycle events, and what notifications meet on their way."""

from datetime import timedelta
from typing import Any, Literal

from flask import Response
from pydantic import Field

from sandbox.control.door import Door, blueprint, iso, owner, read
from sandbox.graph.envelope import answer
from sandbox.state import Sandbox, current
from sandbox.subscriptions import LIFECYCLE


class SubscriptionsRequest(Door):
    mailbox: str
    do: Literal["missed", "removed", "reauthorize", "drop-next", "duplicate-next", "delay"]
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=0, ge=0)


@blueprint.post("/subscriptions")
def subscriptions() -> Response:
    wish, sandbox = read(SubscriptionsRequest), current()
    with sandbox.lock:
        person = owner(sandbox, wish.mailbox)
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
        return answer({"told": told, "subscriptions": shown_subscriptions(sandbox)})


@blueprint.get("/subscriptions")
def list_subscriptions() -> Response:
    return answer({"subscriptions": shown_subscriptions(current())})


def shown_subscriptions(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Who is told, without the secret that they are told with."""
    return [
        {
            "id": one.id,
            "mailbox": one.person.upn,
            "resource": one.resource,
            "changeType": one.change_type,
            "expirationDateTime": iso(one.expires_at),
            "immutable": one.immutable,
            "lifecycle": one.lifecycle_url is not None,
        }
        for one in sandbox.subscriptions.alive()
    ]
