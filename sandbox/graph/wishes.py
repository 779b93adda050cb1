"""Reading what is asked of a subscription: every member with its rule."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sandbox import members, rich
from sandbox.directory import Person, is_guid
from sandbox.drafts import read_instant
from sandbox.graph import filters
from sandbox.graph.call import Call
from sandbox.refusals import Refusal, access_denied, nobody_is_me, unreadable
from sandbox.resources import Resource, Unwatchable, read_resource
from sandbox.rich import Certificate
from sandbox.subscriptions import Subscription
from sandbox.tokens import service_principal_id

SHORTEST = timedelta(minutes=45)
LONGEST = timedelta(minutes=10_070)
LONGEST_WITH_DATA = timedelta(minutes=1_440)
LONGEST_CLIENT_STATE = 128
LONGEST_CERTIFICATE_ID = 128
KINDS = frozenset({"created", "updated", "deleted"})
REQUIRED = ("changeType", "notificationUrl", "resource", "expirationDateTime")
WEB_PUSH = ("vapidPublicKey", "webPushEncryptionP256dhPublicKey", "webPushEncryptionSecret")
# The sandbox never speaks to another machine. Here, and only here, an address may be plain http: what is
# tested on this machine seldom has a certificate.
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_KNOWN = (
    *REQUIRED, *WEB_PUSH, "lifecycleNotificationUrl", "clientState", "latestSupportedTlsVersion",
    "includeResourceData", "encryptionCertificate", "encryptionCertificateId", "notificationQueryOptions",
    "notificationUrlAppId",
)  # fmt: skip
_NAMES = {name.lower(): name for name in _KNOWN}
_TLS = frozenset({"v1_0", "v1_1", "v1_2", "v1_3"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)

Sent = Mapping[str, Any]


def refused(sentence: str) -> Refusal:
    """The code that is reported for most of what is wrong with a subscription; for the rest none is known."""
    return Refusal(400, "InvalidRequest", sentence)


def folded(body: Sent) -> dict[str, Any]:
    """The known members in Graph's spelling; a member that is null is absent."""
    named = ((_NAMES.get(str(name).lower()), value) for name, value in body.items())
    return {name: value for name, value in named if name is not None and value is not None}


def read_wish(call: Call, sent: Sent) -> Subscription:
    """
    The subscription that is asked for, checked, but not yet with anybody's consent.

    Raises:
        Refusal: a rule is broken, or the mailbox is not one that this caller may watch.
    """
    for name in REQUIRED:
        if not text(sent, name):
            raise refused(f"The {name} of a subscription is required.")
    for name in WEB_PUSH:
        if name in sent:
            raise refused(f"{name} is for addresses of browsers' push services only.")
    with_data = members.boolean(sent["includeResourceData"]) if "includeResourceData" in sent else None
    resource = _resource(sent["resource"])
    _check_options(resource, with_data=bool(with_data))
    person = _watched(call, resource)
    creator = call.access.person
    url_app_id = text(sent, "notificationUrlAppId")
    if url_app_id and not is_guid(url_app_id):
        raise refused("notificationUrlAppId must be the id of an app.")
    return Subscription(
        id=str(uuid4()),
        app_id=call.access.app_id,
        person=person,
        creator=creator,
        creator_id=creator.oid if creator else service_principal_id(call.access.tenant_id, call.access.app_id),
        resource=sent["resource"],
        wish=resource.wish,
        kinds=_kinds(sent["changeType"]),
        change_type=sent["changeType"],
        notification_url=address(sent, "notificationUrl") or "",
        lifecycle_url=address(sent, "lifecycleNotificationUrl"),
        client_state=_short_text(sent, "clientState", LONGEST_CLIENT_STATE),
        expires_at=expiry(sent["expirationDateTime"], now=call.sandbox.clock.now(), with_data=bool(with_data)),
        immutable=call.prefer.form.immutable,
        tls=_tls(sent),
        with_data=with_data,
        certificate=certificate(sent) if with_data else None,
        query_options=text(sent, "notificationQueryOptions"),
        url_app_id=url_app_id,
        admits=_admits(resource),
    )


def text(sent: Sent, name: str) -> str | None:
    return members.text(sent[name]) if name in sent else None


def address(sent: Sent, name: str) -> str | None:
    """
    Raises:
        Refusal: it is no address, not https, or of another machine.
    """
    url = text(sent, name)
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise refused(f"The {name} is not an address.") from error
    if host in LOCAL_HOSTS and parts.scheme in {"http", "https"}:
        return url
    if parts.scheme != "https":
        raise refused(f"The {name} must begin with https.")
    raise refused(f"The {name} must be an address of this machine: the sandbox calls no other.")


def expiry(value: Any, *, now: datetime, with_data: bool) -> datetime:
    """
    When the subscription is to end. Lives that are too short are raised; those that are too long are not cut.

    Raises:
        Refusal: it is no date-time with a zone, or too far ahead.
    """
    if not isinstance(value, str) or not _INSTANT.fullmatch(value.strip()):
        raise _no_instant(value)
    try:
        ends = read_instant(value.strip().upper())
    except ValueError as error:
        raise _no_instant(value) from error
    longest = LONGEST_WITH_DATA if with_data else LONGEST
    if ends > now + longest:
        raise Refusal(
            400,
            "ExtensionError",
            f"Subscription expiration can only be {longest // timedelta(minutes=1)} minutes in the future.",
        )
    return max(ends, now + SHORTEST)


def certificate(sent: Sent) -> Certificate:
    """
    Raises:
        Refusal: the certificate or its id is missing or unusable.
    """
    given = text(sent, "encryptionCertificate")
    id_ = _short_text(sent, "encryptionCertificateId", LONGEST_CERTIFICATE_ID)
    if not given or not id_:
        raise refused("Resource data needs both encryptionCertificate and encryptionCertificateId.")
    try:
        return rich.read_certificate(given, id_)
    except rich.UnusableCertificate as error:
        raise refused(str(error)) from error


def _no_instant(value: object) -> Refusal:
    return unreadable(f"Cannot convert the literal '{value}' to the expected type 'Edm.DateTimeOffset'.")


def _short_text(sent: Sent, name: str, longest: int) -> str | None:
    value = text(sent, name)
    if value is not None and len(value) > longest:
        raise refused(f"{name} must have no more than {longest} characters.")
    return value


def _tls(sent: Sent) -> str:
    version = (text(sent, "latestSupportedTlsVersion") or "v1_2").lower()
    if version not in _TLS:
        raise refused(f"The latestSupportedTlsVersion '{version}' is not supported.")
    return version


def _kinds(change_type: str) -> frozenset[str]:
    kinds = frozenset(word.strip().lower() for word in change_type.split(","))
    if not kinds <= KINDS:
        raise refused(f"The changeType '{change_type}' is not supported.")
    return kinds


def _resource(given: str) -> Resource:
    try:
        return read_resource(given)
    except Unwatchable as error:
        raise refused(str(error)) from error


def _check_options(resource: Resource, *, with_data: bool) -> None:
    """What only lists understand is refused; `$select` is needed for resource data, and means nothing without."""
    for name in ("top", "skip", "orderby"):
        if name in resource.options:
            raise refused(f"The query option '${name}' is not supported by subscriptions.")
    if "expand" in resource.options:
        if "extendedproperties" not in resource.options["expand"].lower():
            raise refused("Subscriptions expand extended properties only.")
        raise Refusal(501, "notImplemented", "The sandbox does not imitate $expand in the resource of a subscription.")
    if not with_data:
        return
    if not resource.select:
        raise refused("A subscription with resource data needs $select in its resource.")
    for name in resource.select:
        if name in rich.BODIES:
            raise refused(f"'{name}' cannot be selected for resource data.")
        if name not in rich.SELECTABLE:
            raise refused(f"Could not find a property named '{name}' on type 'Microsoft.OutlookServices.Event'.")


def _watched(call: Call, resource: Resource) -> Person:
    """
    Whose mailbox it is. A person's token reaches that person's alone, whoever else has shared something; the app's
    own reaches all of its tenant.
    """
    caller = call.access.person
    if resource.person is None:
        if caller is None:
            raise nobody_is_me()
        found: Person | None = caller
    else:
        found = call.sandbox.directory.find_person(resource.person)
    if found is None or found.tenant_id != call.access.tenant_id or not call.sandbox.world.has_mailbox(found):
        raise access_denied()
    if caller is not None and found.oid != caller.oid:
        raise access_denied()
    return found


def _admits(resource: Resource) -> Callable[[dict[str, Any]], bool] | None:
    if not resource.options.get("filter", "").strip():
        return None
    return filters.parse(resource.options["filter"]).fits
