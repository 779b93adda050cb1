"""Subscriptions: asking to be told, with the handshake that proves who is listening."""

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import requests
from flask import Response

from sandbox.drafts import read_instant
from sandbox.graph.call import READ, Call
from sandbox.graph.envelope import answer, context, empty
from sandbox.graph.routing import service
from sandbox.refusals import Refusal, access_denied
from sandbox.render import instant
from sandbox.subscriptions import Subscription

SHORTEST = timedelta(minutes=45)
LONGEST = timedelta(minutes=10_070)
HANDSHAKE_TIMEOUT = 10
LONGEST_CLIENT_STATE = 128
KINDS = frozenset({"created", "updated", "deleted"})
# The sandbox never speaks to another machine.
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_RESOURCE = re.compile(r"/?(?:me|users/(?P<quoted>[^/]+))/events", re.IGNORECASE)


@service.route("POST", "subscriptions", locked=False)
def create_subscription(call: Call) -> Response:
    call.need(READ)
    with call.sandbox.lock:
        wish = _wish(call, call.body())
        _refuse_twin(call, wish)
    # The lock is free meanwhile: whoever answers the handshake may ask us something first.
    for url in (wish.notification_url, wish.lifecycle_url):
        if url is not None:
            _shake_hands(call, url)
    with call.sandbox.lock:
        _refuse_twin(call, wish)
        call.sandbox.subscriptions.add(wish)
    return answer(_entity(wish), 201)


@service.route("GET", "subscriptions")
def list_subscriptions(call: Call) -> Response:
    call.need(READ)
    mine = [_show(one) for one in call.sandbox.subscriptions.alive() if _is_mine(call, one)]
    return answer({"@odata.context": context("subscriptions"), "value": mine})


@service.route("GET", "subscriptions/*")
def show_subscription(call: Call) -> Response:
    call.need(READ)
    return answer(_entity(_mine(call)))


@service.route("PATCH", "subscriptions/*", locked=False)
def renew_subscription(call: Call) -> Response:
    call.need(READ)
    subscription, sent = _mine(call), call.body()
    if "expirationDateTime" not in sent and "notificationUrl" not in sent:
        raise Refusal(400, "InvalidRequest", "expirationDateTime or notificationUrl is required.")
    ends = _expiry(call, sent["expirationDateTime"]) if "expirationDateTime" in sent else subscription.expires_at
    url = _address(sent, "notificationUrl") or subscription.notification_url
    if url != subscription.notification_url:
        _shake_hands(call, url)
    with call.sandbox.lock:
        subscription.expires_at, subscription.notification_url = ends, url
    return answer(_entity(subscription))


@service.route("DELETE", "subscriptions/*")
def delete_subscription(call: Call) -> Response:
    call.need(READ)
    call.sandbox.subscriptions.remove(_mine(call))
    return empty(204)


@service.route("POST", "subscriptions/*/reauthorize")
def reauthorize_subscription(call: Call) -> Response:
    """Says that the app may still; the end stays where it was."""
    call.need(READ)
    _mine(call)
    return empty(204)


def _wish(call: Call, sent: dict[str, Any]) -> Subscription:
    for name in ("changeType", "notificationUrl", "resource", "expirationDateTime"):
        if not isinstance(sent.get(name), str) or not sent[name]:
            raise Refusal(400, "InvalidRequest", f"The {name} of a subscription is required.")
    if sent.get("includeResourceData"):
        raise Refusal(501, "notImplemented", "The sandbox does not imitate notifications with resource data yet.")
    kinds = frozenset(word.strip().lower() for word in sent["changeType"].split(","))
    if not kinds <= KINDS:
        raise Refusal(400, "InvalidRequest", f"The changeType '{sent['changeType']}' is not supported.")
    state = sent.get("clientState")
    if state is not None and (not isinstance(state, str) or len(state) > LONGEST_CLIENT_STATE):
        raise Refusal(400, "InvalidRequest", "clientState must be a text of at most 128 characters.")
    _require_own_events(call, sent["resource"])
    notification_url = _address(sent, "notificationUrl")
    return Subscription(
        id=str(uuid4()),
        app_id=call.access.app_id,
        person=call.mailbox.person,
        resource=sent["resource"],
        kinds=kinds,
        change_type=sent["changeType"],
        notification_url=notification_url or "",
        lifecycle_url=_address(sent, "lifecycleNotificationUrl"),
        client_state=state,
        expires_at=_expiry(call, sent["expirationDateTime"]),
        immutable=call.prefer.form.immutable,
        tls=str(sent.get("latestSupportedTlsVersion") or "v1_2"),
    )


def _require_own_events(call: Call, resource: str) -> None:
    """Only the whole mailbox can be watched, and with delegated permission only one's own."""
    match = _RESOURCE.fullmatch(resource)
    if match is None:
        raise Refusal(400, "InvalidRequest", f"The resource '{resource}' cannot be watched in the sandbox.")
    if match["quoted"] is not None:
        named = call.sandbox.directory.find_person(match["quoted"].strip("'"))
        if call.owner is None:
            call.owner = named
        elif named is None or named.oid != call.owner.oid:
            raise access_denied()


def _address(sent: dict[str, Any], name: str) -> str | None:
    url = sent.get(name)
    if url is None or url == "":
        return None
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and parts.hostname in LOCAL_HOSTS
    except (ValueError, AttributeError):
        fits = False
    if not fits:
        raise Refusal(
            400, "InvalidRequest", f"The {name} must be an address of this machine: the sandbox calls no other."
        )
    return str(url)


def _expiry(call: Call, value: Any) -> datetime:
    try:
        ends = read_instant(str(value))
    except ValueError as error:
        raise Refusal(400, "InvalidRequest", "The expirationDateTime cannot be read.") from error
    now = call.sandbox.clock.now()
    if ends > now + LONGEST:
        raise Refusal(
            400,
            "ExtensionError",
            f"Subscription expiration can only be {LONGEST // timedelta(minutes=1)} minutes in the future.",
        )
    return max(ends, now + SHORTEST)


def _refuse_twin(call: Call, wish: Subscription) -> None:
    twin = call.sandbox.subscriptions.twin_of(wish)
    if twin is not None:
        raise Refusal(409, "InvalidRequest", f"Subscription Id {twin.id} already exists for the requested combination")


def _shake_hands(call: Call, url: str) -> None:
    """The listener must give back, decoded, what the query of an empty POST holds."""
    token = f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()}"
    joined = f"{url}{'&' if urlsplit(url).query else '?'}validationToken={quote(token, safe='')}"
    try:
        echo = call.sandbox.sender.session.post(
            joined,
            headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout=HANDSHAKE_TIMEOUT,
            allow_redirects=False,
        )
    except requests.Timeout as error:
        raise Refusal(400, "ValidationError", "Subscription validation request timed out.") from error
    except requests.RequestException as error:
        raise _failed("no connection") from error
    if echo.status_code != 200:
        raise _failed(f"HTTP {echo.status_code}")
    if echo.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "text/plain":
        raise _failed("the answer is not text/plain")
    if echo.content.decode("utf-8", "replace") != token:
        raise _failed("the answer is not the decoded token")


def _failed(why: str) -> Refusal:
    return Refusal(
        400,
        "ValidationError",
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to "
        f"validation request: {why}.",
    )


def _is_mine(call: Call, one: Subscription) -> bool:
    person = call.access.person
    return one.app_id == call.access.app_id and (person is None or person.oid == one.person.oid)


def _mine(call: Call) -> Subscription:
    found = call.sandbox.subscriptions.find(call.ids[0])
    if found is None or not _is_mine(call, found):
        raise Refusal(404, "ResourceNotFound", "The object was not found.")
    return found


def _entity(subscription: Subscription) -> dict[str, Any]:
    return {"@odata.context": context("subscriptions/$entity"), **_show(subscription)}


def _show(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.app_id,
        "changeType": subscription.change_type,
        "clientState": subscription.client_state,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": None,
        "notificationContentType": None,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": instant(subscription.expires_at),
        "creatorId": subscription.person.oid,
        "includeResourceData": None,
        "latestSupportedTlsVersion": subscription.tls,
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }
