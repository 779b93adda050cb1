"""What notifications say: one item for a change, or for news of the subscription itself."""

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox import rich
from sandbox.ids import Kind
from sandbox.render import Form, Renderer, instant
from sandbox.subscriptions import Subscription
from sandbox.whims import PathStyle, Whims
from sandbox.world import Change

MISSED = "missed"
REMOVED = "subscriptionRemoved"
REAUTHORIZE = "reauthorizationRequired"

Item = dict[str, Any]


def of_change(subscription: Subscription, change: Change, kind: str, plain: int, whims: Whims) -> Item:
    """`plain` is the plain number that the event has, or had, for those who are told."""
    id_ = _id_of(subscription, change, plain)
    # Samples with resource data quote the ids, those without do not.
    style = whims.path or ("quoted" if subscription.with_data else "usual")
    resource, odata_id, odata_type = _names(subscription, style, id_)
    item: Item = {"id": secrets.token_urlsafe(9)} if whims.item_id else {}
    item |= {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": _offset(subscription.expires_at),
        "changeType": kind,
        "resource": resource,
        "resourceData": {
            "@odata.type": odata_type,
            "@odata.id": odata_id,
            "id": id_,
            "@odata.etag": change.mailbox.ids.long_etag(change.event.changed),
        },
        "clientState": subscription.client_state,
        "tenantId": subscription.tenant_id,
    }
    if subscription.client_state is None:
        del item["clientState"]
    # Of what is gone nothing can be read any more.
    if subscription.certificate is not None and kind != "deleted":
        renderer = Renderer(change.mailbox.ids, Form(immutable=subscription.immutable))
        members = rich.content(renderer.single(change.event), subscription.select)
        item["encryptedContent"] = rich.encrypt(members, subscription.certificate)
    return item


def of_lifecycle(subscription: Subscription, event: str) -> Item:
    ends = _offset(subscription.expires_at) if event == REAUTHORIZE else instant(subscription.expires_at)
    item: Item = {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": ends,
        "tenantId": subscription.tenant_id,
        "clientState": subscription.client_state,
        "lifecycleEvent": event,
    }
    if subscription.client_state is None:
        del item["clientState"]
    return item


def forgeries(item: Item, whims: Whims, tenants: list[str]) -> Iterator[Item]:
    """Copies that no receiver may believe, as many as `whims` still asks for. `tenants` are those there are."""
    if whims.wrong_state:
        whims.wrong_state -= 1
        yield item | {"clientState": secrets.token_urlsafe(24)}
    if whims.unknown:
        whims.unknown -= 1
        yield item | {"subscriptionId": str(uuid4())}
    if whims.foreign:
        whims.foreign -= 1
        others = (tenant for tenant in tenants if tenant != item["tenantId"])
        yield item | {"tenantId": next(others, None) or str(uuid4())}


def _id_of(subscription: Subscription, change: Change, plain: int) -> str:
    event, ids = change.event, change.mailbox.ids
    if event.raw is not None and "id" in event.raw:
        return str(event.raw["id"])
    return ids.immutable(event.number) if subscription.immutable else ids.plain(Kind.EVENT, plain)


def _names(subscription: Subscription, style: PathStyle, id_: str) -> tuple[str, str, str]:
    """`resource`, `@odata.id` and `@odata.type`."""
    oid = subscription.person.oid
    match style:
        case "usual":
            path = f"Users/{oid}/Events/{id_}"
            return path, path, "#Microsoft.Graph.Event"
        case "lower":
            path = f"users/{oid}/events/{id_}"
            return path, path, "#microsoft.graph.event"
        case "tenant":
            owner = f"{oid}@{subscription.tenant_id}"
            return f"users/{owner}/events/{id_}", f"Users/{owner}/Events/{id_}", "#Microsoft.Graph.Event"
        case "quoted":
            path = f"Users('{oid}')/Events('{id_}')"
            return path, path, "#microsoft.graph.event"


def _offset(moment: datetime) -> str:
    """With seven decimals, and `+00:00` where other answers have `Z`."""
    return instant(moment).removesuffix("Z") + "+00:00"
