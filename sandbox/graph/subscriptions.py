"""Subscriptions: asking to be told, for how long, and no longer."""

from dataclasses import replace
from math import ceil
from typing import Any

from flask import Response

from sandbox.graph import query, wishes
from sandbox.graph.call import Call
from sandbox.graph.envelope import answer, context, empty
from sandbox.graph.routing import service
from sandbox.handshake import shake_hands
from sandbox.refusals import Refusal, too_many_requests
from sandbox.render import Form, Renderer, instant
from sandbox.subscriptions import Subscription

# Rights to one's own mailbox; those to what others share are no good here. Reading is enough, and whether the right
# to write alone would do is not known: it does here, unless `strict_scopes` says otherwise.
READ = frozenset({"Calendars.Read"})
READ_OR_WRITE = READ | {"Calendars.ReadWrite"}
PAGE = 100

# Keys of browsers' push services, which are not called here.
service.absent("GET subscriptions/getVapidPublicKey")


@service.route("POST", "subscriptions", locked=False)
def create_subscription(call: Call) -> Response:
    _admit(call, "write")
    sandbox = call.sandbox
    with sandbox.lock:
        wish = wishes.read_wish(call, wishes.folded(call.body()))
        _need_in_mailbox(call, wish)
        _refuse_excess(call, wish)
    # The lock is free meanwhile: whoever answers the handshake may ask us something first.
    for url in (wish.notification_url, wish.lifecycle_url):
        if url is not None:
            shake_hands(sandbox.sender.session, url)
    with sandbox.lock:
        _refuse_excess(call, wish)
        _look_inside(call, wish)
        sandbox.subscriptions.add(wish)
        sandbox.lifecycle.confirmed(wish)
    return answer(_entity(wish), 201)


@service.route("GET", "subscriptions")
def list_subscriptions(call: Call) -> Response:
    _admit(call, "list")
    mine = [_show(one) for one in call.sandbox.subscriptions.alive() if _is_mine(call, one)]
    size = query.count_option("top", lowest=1) or call.prefer.page_size or PAGE
    part, next_link = query.page(mine, min(size, query.LARGEST_PAGE))
    body: dict[str, Any] = {"@odata.context": context("subscriptions"), "value": part}
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    return answer(body)


@service.route("GET", "subscriptions/*")
def show_subscription(call: Call) -> Response:
    _admit(call, "get")
    return answer(_entity(_mine(call)))


@service.route("PATCH", "subscriptions/*", locked=False)
def renew_subscription(call: Call) -> Response:
    """A new end, a new address, or the next certificate; whatever else is sent beside them is not looked at."""
    _admit(call, "write")
    sandbox, subscription, sent = call.sandbox, _mine(call), wishes.folded(call.body())
    _need_in_mailbox(call, subscription)
    if not sent.keys() & {"expirationDateTime", "notificationUrl", "encryptionCertificate", "encryptionCertificateId"}:
        raise wishes.refused("expirationDateTime or notificationUrl is required.")
    ends, url, certificate = subscription.expires_at, subscription.notification_url, subscription.certificate
    if "expirationDateTime" in sent:
        with_data = bool(subscription.with_data)
        ends = wishes.expiry(sent["expirationDateTime"], now=sandbox.clock.now(), with_data=with_data)
    if sent.keys() & {"encryptionCertificate", "encryptionCertificateId"}:
        if certificate is None:
            raise wishes.refused("Only a subscription with resource data has a certificate.")
        certificate = wishes.certificate(sent)
    asked_for = wishes.address(sent, "notificationUrl")
    if asked_for is not None and asked_for != url:
        url = asked_for
        shake_hands(sandbox.sender.session, url)
    with sandbox.lock:
        # It may have ended while the new address was asked.
        subscription = _mine(call)
        subscription.expires_at, subscription.notification_url, subscription.certificate = ends, url, certificate
        sandbox.lifecycle.confirmed(subscription)
    return answer(_entity(subscription))


@service.route("DELETE", "subscriptions/*")
def delete_subscription(call: Call) -> Response:
    _admit(call, "write")
    call.sandbox.subscriptions.remove(_mine(call))
    return empty(204)


@service.route("POST", "subscriptions/*/reauthorize")
def reauthorize_subscription(call: Call) -> Response:
    """Says that the app may still; the end stays where it was."""
    _admit(call, "reauthorize")
    subscription = _mine(call)
    _need_in_mailbox(call, subscription)
    call.sandbox.lifecycle.confirmed(subscription)
    return empty(204)


def _admit(call: Call, kind: str) -> None:
    """
    Raises:
        Refusal: the token has no right to it, or the app has asked too often.
    """
    call.need(_rights(call))
    app_id, tenant_id, windows = call.access.app_id, call.access.tenant_id, call.sandbox.subscription_calls
    waits = (windows.take(f"{kind}/app", app_id), windows.take(f"{kind}/tenant", (app_id, tenant_id)))
    longest = max((wait for wait in waits if wait is not None), default=None)
    if longest is not None:
        seconds = max(1, ceil(longest.total_seconds()))
        raise too_many_requests({"Retry-After": str(seconds)})


def _rights(call: Call) -> frozenset[str]:
    return READ if call.sandbox.subscriptions.strict_scopes else READ_OR_WRITE


def _need_in_mailbox(call: Call, subscription: Subscription) -> None:
    """
    What a token says need not hold for every mailbox: administrators limit apps to some of them.

    Raises:
        Refusal: it does not hold for this one.
    """
    replace(call, owner=subscription.person).need(_rights(call))


def _refuse_excess(call: Call, wish: Subscription) -> None:
    subscriptions = call.sandbox.subscriptions
    twin = subscriptions.twin_of(wish)
    if twin is not None:
        raise Refusal(409, "InvalidRequest", f"Subscription Id {twin.id} already exists for the requested combination")
    if not subscriptions.has_room_for(wish.person):
        raise Refusal(
            403,
            "Forbidden",
            f"The limit of {subscriptions.most} active subscriptions for a mailbox over all applications is reached.",
        )


def _look_inside(call: Call, wish: Subscription) -> None:
    """Note which events pass the filter now: only those can leave it."""
    mailbox = call.sandbox.world.mailbox(wish.person)
    if wish.admits is None or mailbox is None:
        return
    renderer = Renderer(mailbox.ids, Form(immutable=wish.immutable))
    wish.inside = {number for number, event in mailbox.events.items() if wish.admits(renderer.single(event))}


def _is_mine(call: Call, one: Subscription) -> bool:
    """An app sees all that it has made in the tenant; for a person it sees that person's."""
    if (one.app_id, one.tenant_id) != (call.access.app_id, call.access.tenant_id):
        return False
    return call.access.person is None or call.access.person == one.creator


def _mine(call: Call) -> Subscription:
    found = call.sandbox.subscriptions.find(call.ids[0])
    if found is None or not _is_mine(call, found):
        raise Refusal(404, "ResourceNotFound", "The object was not found.")
    return found


def _entity(subscription: Subscription) -> dict[str, Any]:
    return {"@odata.context": context("subscriptions/$entity"), **_show(subscription)}


def _show(subscription: Subscription) -> dict[str, Any]:
    certificate = subscription.certificate
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.app_id,
        "changeType": subscription.change_type,
        "clientState": subscription.client_state,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": subscription.query_options,
        "notificationContentType": None,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": instant(subscription.expires_at),
        "creatorId": subscription.creator_id,
        "includeResourceData": subscription.with_data,
        "latestSupportedTlsVersion": subscription.tls,
        "encryptionCertificate": certificate.text if certificate is not None else None,
        "encryptionCertificateId": certificate.id if certificate is not None else None,
        "notificationUrlAppId": subscription.url_app_id,
    }
