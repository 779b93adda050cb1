"""Subscriptions, and what is told to those who listen."""

from datetime import timedelta
from typing import Any

import jwt

from tests.contract.examples import Stage, plays, sample
from tests.sandbox.graph_side import ALICE, Graph, timed
from tests.sandbox.receiving import receiver

# What in the published requests cannot be: they are about mail, long past, and for an address on the internet.
SELECTION = "subject,bodyPreview,importance,createdDateTime,organizer"


def ends(stage: Stage, **ahead: int) -> str:
    return (stage.stand_in.sandbox.clock.now() + timedelta(**(ahead or {"hours": 2}))).isoformat()


def wish(stage: Stage, body: Any, **more: Any) -> Any:
    changed = {"notificationUrl": stage.listener.url, "resource": "me/events", "expirationDateTime": ends(stage)}
    if "lifecycleNotificationUrl" in body:
        changed["lifecycleNotificationUrl"] = stage.listener.url
    return {**body, **changed, **more}


def subscribe(stage: Stage, graph: Graph | None = None, **more: Any) -> Any:
    body = {"changeType": "created,updated,deleted", "clientState": "secret", "lifecycleNotificationUrl": ""}
    return (graph or stage.graph).post("/subscriptions", wish(stage, body, **more))


@plays("subscription-create", status=201)
def create(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", "/subscriptions", wish(stage, body))


@plays("subscription-create-outlook", status=201)
def create_for_outlook(stage: Stage, _: Any) -> Any:
    body = {"changeType": "created", "clientState": "secretClientValue", "latestSupportedTlsVersion": "v1_2"}
    return stage.graph.call("POST", "/subscriptions", wish(stage, body))


@plays("subscription-create-lifecycle", status=201)
def create_with_lifecycle(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", "/subscriptions", wish(stage, body))


@plays("subscription-create-rich", status=201)
def create_rich(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", "/subscriptions", rich(stage, body))


def rich(stage: Stage, body: Any) -> Any:
    resource = f"me/events?$select={SELECTION}"
    return wish(stage, body, resource=resource, encryptionCertificate=receiver().certificate)


@plays("subscription-get")
def get(stage: Stage, _: Any) -> Any:
    return stage.graph.call("GET", f"/subscriptions/{subscribe(stage)['id']}")


@plays("subscription-list")
def list_all(stage: Stage, _: Any) -> Any:
    subscribe(stage)
    return stage.graph.call("GET", "/subscriptions")


@plays("subscription-renew")
def renew(stage: Stage, body: Any) -> Any:
    made = subscribe(stage)
    body = {**body, "expirationDateTime": ends(stage, days=2)}
    return stage.graph.call("PATCH", f"/subscriptions/{made['id']}", body)


def told(stage: Stage, kind: str) -> Any:
    """The first POST about a change of that kind."""
    subscribe(stage, changeType=kind)
    made = stage.event()
    if kind == "updated":
        stage.graph.patch(f"/me/events/{made['id']}", {"subject": "Later"})
    elif kind == "deleted":
        stage.graph.delete(f"/me/events/{made['id']}")
    [item] = stage.listener.items(1)
    assert item["changeType"] == kind
    return {"value": [item]}


@plays("notification-created")
def created(stage: Stage, _: Any) -> Any:
    return told(stage, "created")


@plays("notification-updated")
def updated(stage: Stage, _: Any) -> Any:
    return told(stage, "updated")


@plays("notification-deleted")
def deleted(stage: Stage, _: Any) -> Any:
    return told(stage, "deleted")


@plays("notification-batch-two-tenants")
def two_tenants(stage: Stage, _: Any) -> Any:
    farid = stage.of("farid.nasser@fabrikam.example")
    subscribe(stage)
    subscribe(stage, farid)
    stage.event()
    farid.post("/me/events", timed("Tea", "2027-03-02T09:00:00", "2027-03-02T10:00:00"))
    items = stage.listener.items(2)
    assert len({item["tenantId"] for item in items}) == 2
    return {"value": items}


@plays("lifecycle-missed")
def missed(stage: Stage, _: Any) -> Any:
    return lifecycle(stage, "missed", "missed")


@plays("lifecycle-subscriptionremoved")
def removed(stage: Stage, _: Any) -> Any:
    return lifecycle(stage, "removed", "subscriptionRemoved")


@plays("lifecycle-reauthorizationrequired")
def reauthorize(stage: Stage, _: Any) -> Any:
    return lifecycle(stage, "reauthorize", "reauthorizationRequired")


def lifecycle(stage: Stage, do: str, name: str) -> Any:
    subscribe(stage)
    stage.stand_in.door("subscriptions", mailbox=ALICE, do=do)
    [item] = stage.listener.items(1)
    assert item["lifecycleEvent"] == name
    return {"value": [item]}


def told_with_data(stage: Stage) -> Any:
    """A POST with resource data."""
    stage.graph.post("/subscriptions", rich(stage, sample("subscription-create-rich-request")))
    stage.event()
    stage.listener.items(1)
    return stage.listener.bodies[-1]


@plays("notification-rich-message-created")
def with_resource_data(stage: Stage, _: Any) -> Any:
    """The page shows mail; of an event it is the same."""
    return told_with_data(stage)


@plays(
    "notification-rich-decrypted-payload",
    without={
        "/receivedDateTime@odata.type": "of mail; an event has createdDateTime, annotated alike",
        "/receivedDateTime": "of mail; an event has createdDateTime",
        "/from": "of mail; an event has an organizer",
    },
)
def decrypted(stage: Stage, _: Any) -> Any:
    shown = receiver().read(told_with_data(stage)["value"][0])
    assert shown["createdDateTime@odata.type"] == "#DateTimeOffset"
    assert shown["organizer"]["@odata.type"] == "#microsoft.graph.recipient"
    return shown


@plays("notification-validationtoken-claims")
def validation_token(stage: Stage, _: Any) -> Any:
    [token] = told_with_data(stage)["validationTokens"]
    keys = stage.stand_in.sandbox.identity.keys.document()["keys"]
    kid = jwt.get_unverified_header(token)["kid"]
    [key] = [jwt.PyJWK(each) for each in keys if each["kid"] == kid]
    claims = jwt.decode(token, key.key, algorithms=["RS256"], options={"verify_aud": False})
    assert claims["appid"] == sample("notification-validationtoken-claims")["appid"]
    return claims
