"""What tests of subscriptions share: wishes, receivers of resource data, and other ways to call Graph."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.registration import App
from tests.sandbox.graph_side import ALICE, JSON, Graph, Listener, StandIn

OTHER_APP = App("0a7a0000-1111-4222-8333-444455556666", "Other")


def wish(stand_in: StandIn, listener: Listener, **changes: Any) -> JSON:
    """The body of a subscription to one's own events; `minutes` is how long it is to live."""
    ends = stand_in.sandbox.clock.now() + timedelta(minutes=changes.pop("minutes", 10_000))
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": listener.url,
        "resource": "me/events",
        "expirationDateTime": ends.isoformat(),
        "clientState": "a secret",
        **changes,
    }


def ends_in(subscription: JSON, stand_in: StandIn) -> timedelta:
    return datetime.fromisoformat(subscription["expirationDateTime"]) - stand_in.sandbox.clock.now()


def offset(zulu: str) -> str:
    """The same moment as notifications write it."""
    return zulu.removesuffix("Z") + "+00:00"


def graph_of_other_app(stand_in: StandIn, address: str = ALICE) -> Graph:
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(address), app=OTHER_APP)
    return Graph(stand_in, token)


def kinds(items: list[JSON]) -> list[str]:
    return [item["changeType"] for item in items]


def ids(items: list[JSON]) -> list[str]:
    return [item["resourceData"]["id"] for item in items]
