"""
An administrator's yes, from claim to proof.

Microsoft's redirect after an approval is a query that anybody can type: it is a claim, needs our own state, and says no
more than "try now". Proven it is by a sign-in that follows at once: a verified token of the directory that was asked,
for somebody who holds a directory role by which apps are approved, with the permissions that were asked for. The tokens
of that sign-in are dropped.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare

from connections import doors, identity
from connections.identity import SignedIn
from connections.identity.permissions import asked_of_administrators, lacking
from connections.models import ApprovalRequest, ApprovalState, Purpose, SignInFlow
from connections.reasons import Kind, Refusal
from connections.services import approvals, consent
from connections.services.approvals import Letter, LinkDead
from connections.services.outcomes import ConnectRefused
from connections.services.sign_in import FLOW_LASTS, MOST_FLOWS, place_of_flow, take_trip
from tenants.acts import Act
from tenants.crypto import digest, seal
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, record

log = structlog.get_logger(__name__)

STATE_LASTS: Final = timedelta(hours=1)
_SALT: Final = "connections.approval"
LONGEST_STATE: Final = 512


class NotAClaim(Exception):
    """What came back does not belong to an open request of ours, or was used before. Nothing was changed."""


class Doubt(StrEnum):
    """Why an approval is not proven. Each has its words on the page."""

    SIGN_IN = "sign_in"
    OTHER_DIRECTORY = "other_directory"
    NOT_ADMINISTRATOR = "not_administrator"
    NOT_GRANTED = "not_granted"
    BUSY = "busy"
    OUR_SETUP = "our_setup"
    UNREADABLE = "unreadable"
    OTHER_BROWSER = "other_browser"
    EXPIRED = "expired"


class NotProven(Exception):
    """The approval is not proven: nobody was told, and the claim stays a claim. `domain` once it is known."""

    def __init__(self, doubt: Doubt, *, domain: str = "", refusal: Refusal | None = None) -> None:
        super().__init__(doubt)
        self.doubt = doubt
        self.domain = domain
        self.refusal = refusal


class AnsweredBefore(Exception):
    """It was proven, but somebody else ended the request a moment before: `state` is how."""

    def __init__(self, state: ApprovalState, *, domain: str) -> None:
        super().__init__(state)
        self.state = state
        self.domain = domain


@dataclass(frozen=True)
class Proven:
    """The tenant is approved, and so many people have been told."""

    domain: str
    told: int


def is_proof(key: str) -> bool:
    """Whether a one-time key belongs to an administrator's trip, and not to a member's. Opens its own scope."""
    return doors.is_proof(digest(key))


# --- to Microsoft and back: a claim ---------------------------------------------------------------------------------


def address_at_microsoft(*, letter: Letter, redirect_uri: str, now: datetime) -> str:
    """Where an administrator approves what the letter asks for, for the whole directory."""
    query = {
        "client_id": settings.MICROSOFT_CLIENT_ID,
        "scope": " ".join(asked_of_administrators(letter.scopes)),
        "redirect_uri": redirect_uri,
        "state": _state(letter.link_digest, now),
    }
    return f"{settings.LOGIN_ORIGINS_FOR_BROWSERS[0]}/{letter.tid}/v2.0/adminconsent?{urlencode(query)}"


def read_state(*, state: str, now: datetime) -> Letter:
    """
    The open request that a state of ours belongs to, if it is younger than an hour and was not used.

    Opens its own scopes.

    Raises:
        NotAClaim: see there.
    """
    return _read_state(state, now)[0]


def claim(*, state: str, tenant: str, admin_consent: str, ip: str | None, now: datetime) -> Letter:
    """
    Microsoft sent somebody back who said yes. From now on those who wait read "try now"; nobody is mailed.

    Opens its own scopes. A state is good for one claim.

    Raises:
        NotAClaim: see there.
    """
    letter, issued_at = _read_state(state, now)
    if admin_consent.lower() != "true" or not _names(tenant, letter.tid):
        raise NotAClaim
    with organization_scope(letter.organization_id):
        request = approvals.hold(organization_id=letter.organization_id, request_id=letter.request_id, now=now)
        if request is None or request.link_digest != letter.link_digest or _is_used(request, issued_at):
            raise NotAClaim
        request.claimed_at = now
        request.save(update_fields=["claimed_at"])
        record(
            organization_id=letter.organization_id,
            act=Act.APPROVAL_CLAIMED,
            by=Actor.administrator(f"Somebody with the link for {letter.domain}", ip=ip),
            now=now,
            on=consent.target(request.tenant),
        )
    return letter


def _state(link_digest: str, now: datetime) -> str:
    # The digest of the link, so that a state dies with its link. It opens nothing without our signature.
    return Signer(salt=_SALT).sign_object([link_digest, int(now.timestamp() * 1_000_000)])


def _read_state(state: str, now: datetime) -> tuple[Letter, datetime]:
    try:
        link_digest, issued = Signer(salt=_SALT).unsign_object(state[:LONGEST_STATE])
    except (BadSignature, ValueError):
        raise NotAClaim from None
    issued_at = datetime.fromtimestamp(issued / 1_000_000, tz=UTC)
    if now >= issued_at + STATE_LASTS:
        raise NotAClaim
    try:
        letter = approvals.read_link(link_digest=link_digest, now=now)
    except LinkDead:
        raise NotAClaim from None
    with organization_scope(letter.organization_id):
        request = ApprovalRequest.objects.of(letter.organization_id).get(pk=letter.request_id)
    if _is_used(request, issued_at):
        raise NotAClaim
    return letter, issued_at


def _is_used(request: ApprovalRequest, issued_at: datetime) -> bool:
    return request.claimed_at is not None and issued_at <= request.claimed_at


def _names(tenant: str, tid: uuid.UUID) -> bool:
    try:
        return uuid.UUID(tenant) == tid
    except ValueError:
        return False


# --- a sign-in: the proof --------------------------------------------------------------------------------------------


def begin_proof(*, link_digest: str, session_key: str, redirect_uri: str, prompt: str, now: datetime) -> str:
    """
    Prepare the sign-in that shows whether the approval worked; the address to send this browser to.

    Opens its own scopes around a call to Microsoft. `prompt` is `none` (no page is shown) or `select_account`.

    Raises:
        LinkDead: the request is not open any more, or nobody has claimed anything.
        identity.TryLater: Microsoft cannot be reached.
    """
    letter = approvals.read_link(link_digest=link_digest, now=now)
    if not letter.is_claimed:
        raise LinkDead
    begun = identity.begin_sign_in(redirect_uri=redirect_uri, scopes=letter.scopes, prompt=prompt, tenant=letter.tid)
    key = uuid.uuid4()
    with organization_scope(letter.organization_id):
        under_way = SignInFlow.objects.of(letter.organization_id).filter(approval_id=letter.request_id)
        newest = under_way.order_by("-expires_at", "-pk").values_list("pk", flat=True)[: MOST_FLOWS - 1]
        under_way.exclude(pk__in=list(newest)).delete()
        SignInFlow.objects.create(
            key=key,
            state_digest=digest(begun.state),
            purpose=Purpose.APPROVE,
            organization_id=letter.organization_id,
            approval_id=letter.request_id,
            session_digest=digest(session_key),
            expected_tid=letter.tid,
            sealed_flow=seal(begun.flow, place=place_of_flow(key)),
            expires_at=now + FLOW_LASTS,
        )
    return begun.url


def finish_proof(*, key: str, session_key: str, ip: str | None, now: datetime) -> Proven:
    """
    Take the trip, verify who signed in, and if it proves the approval: the tenant is approved, everybody is told.

    Opens its own scopes around its calls to Microsoft. Whatever happens, the trip is used up, and its tokens dropped.

    Raises:
        NotProven: see there.
        LinkDead: the request had ended before they came back.
        AnsweredBefore: see there.
    """
    try:
        trip = take_trip(key, now)
    except ConnectRefused:
        raise NotProven(Doubt.EXPIRED) from None
    flow = trip.flow
    is_same_session = bool(session_key) and constant_time_compare(flow.session_digest, digest(session_key))
    if not is_same_session or flow.purpose != Purpose.APPROVE or flow.approval_id is None:
        log.warning("approval_in_another_browser", organization=flow.organization_id)
        raise NotProven(Doubt.OTHER_BROWSER)
    with organization_scope(flow.organization_id):
        requests = ApprovalRequest.objects.of(flow.organization_id).select_related("tenant")
        request = requests.filter(pk=flow.approval_id).first()
        if request is None or not request.is_live(now):
            raise LinkDead
        domain = request.tenant.label
    try:
        signed_in = _signed_in(trip.secret, trip.fields, now)
        _check(signed_in, request)
    except NotProven as doubted:
        doubted.domain = domain
        log.info("approval_not_proven", organization=flow.organization_id, reason=doubted.doubt.value)
        raise
    return _approve(request, signed_in, ip, now)


def _signed_in(secret: bytes, fields: Mapping[str, str], now: datetime) -> SignedIn:
    try:
        return identity.finish_sign_in(flow=secret, answer=fields, now=now)
    except identity.SignInRefused as error:
        doubt = {Kind.RETRY: Doubt.BUSY, Kind.OPERATOR_CONFIG: Doubt.OUR_SETUP}.get(error.refusal.kind, Doubt.SIGN_IN)
        raise NotProven(doubt, refusal=error.refusal) from None
    except identity.UnreadableAnswer as error:
        log.warning("sign_in_unreadable", reason=str(error))
        raise NotProven(Doubt.UNREADABLE) from None
    except identity.TryLater:
        raise NotProven(Doubt.BUSY) from None


def _check(signed_in: SignedIn, request: ApprovalRequest) -> None:
    if signed_in.claims.tid != request.tenant.tid:
        raise NotProven(Doubt.OTHER_DIRECTORY)
    if not signed_in.claims.may_approve_apps:
        # Their own consent says nothing about everybody's.
        raise NotProven(Doubt.NOT_ADMINISTRATOR)
    if lacking(request.scopes, signed_in.scopes):
        raise NotProven(Doubt.NOT_GRANTED)


def _approve(request: ApprovalRequest, signed_in: SignedIn, ip: str | None, now: datetime) -> Proven:
    claims = signed_in.claims
    who = " ".join(filter(None, [claims.name, f"({claims.address})" if claims.address else ""])) or str(claims.oid)
    with organization_scope(request.organization_id):
        held = approvals.hold(organization_id=request.organization_id, request_id=request.pk, now=now)
        if held is None:
            now_is = ApprovalRequest.objects.of(request.organization_id).get(pk=request.pk).state
            raise AnsweredBefore(ApprovalState(now_is), domain=request.tenant.label)
        consent.mark_approved(
            organization_id=held.organization_id,
            tenant=held.tenant,
            by_label=who,
            scopes=list(held.scopes),
            by=Actor.administrator(who, ip=ip),
            now=now,
        )
        told = approvals.end(request=held, state=ApprovalState.APPROVED, act=None, by=Actor.system(), now=now)
        return Proven(held.tenant.label, told)
