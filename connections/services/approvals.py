"""
Requests for an administrator's approval: what their links show, and how they end.

A request ends once: whoever ends it holds the tenant's row and then the request's, in this order everywhere. Everybody
who waits is told in the same transaction, so that the end and the mails are stored together or not at all.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.urls import reverse

from connections import doors, emails
from connections.models import ApprovalRequest, ApprovalState, ApprovalWaiter, ApprovalWaiterQuerySet, Connection
from connections.services import consent
from tenants.acts import Act
from tenants.crypto import SealError, digest, unseal
from tenants.emails import Mail, queue
from tenants.models import ConsentState, MicrosoftTenant
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, record

log = structlog.get_logger(__name__)

REQUEST_LASTS: Final = timedelta(days=30)
# How long pages tell those who waited how it ended.
NEWS_LASTS: Final = timedelta(days=14)


class LinkDead(Exception):
    """The link is made up, used, taken back or too old. Which, its holder is not told."""


@dataclass(frozen=True)
class Letter:
    """What the holder of a link may see, and nothing more; the ids are for us."""

    organization_id: int
    request_id: int
    link_digest: str
    organization: str
    person: str
    address: str
    domain: str
    tid: UUID
    scopes: tuple[str, ...]
    asked_at: datetime
    expires_at: datetime
    is_claimed: bool


def open_request_for(*, organization_id: int, tenant_id: int) -> ApprovalRequest | None:
    """The one request of this tenant that still waits. Expects the organization's scope."""
    return ApprovalRequest.objects.of(organization_id).open().filter(tenant_id=tenant_id).first()


def link_of(request: ApprovalRequest) -> str | None:
    """The path of a request's link; None if it was sealed with a key that is gone: then a new link is made."""
    try:
        token = unseal(request.sealed_link, place=request.place_of_link).decode()
    except SealError:
        log.warning("approval_link_not_opened", organization=request.organization_id)
        return None
    return reverse("approvals:approve", args=[token])


def digest_of_link(token: str) -> str:
    """How a link is found, and how a browser's session remembers it."""
    return digest(token)


def read_link(*, link_digest: str, now: datetime) -> Letter:
    """
    What a link asks for. Changes nothing; opens its own scopes.

    Raises:
        LinkDead: see there.
    """
    card = doors.request_by_link(link_digest)
    if card is None:
        raise LinkDead
    with organization_scope(card.organization_id):
        requests = ApprovalRequest.objects.of(card.organization_id).select_related(
            "tenant", "organization", "asked_by__user"
        )
        request = requests.filter(pk=card.id, link_digest=link_digest).first()
        if request is None or not request.is_live(now) or request.organization.deletion_asked_at is not None:
            raise LinkDead
        return letter_of(request)


def letter_of(request: ApprovalRequest) -> Letter:
    """What a request shows to the holder of its link. Expects the organization's scope."""
    asker = request.asked_by if request.asked_by and request.asked_by.is_present else None
    if asker is None:
        # Whoever asked has left; somebody else still waits, or nobody does.
        first = waiters_of(request).first()
        asker = first.member if first else None
    return Letter(
        organization_id=request.organization_id,
        request_id=request.pk,
        link_digest=request.link_digest,
        organization=request.organization.name,
        person=asker.user.name if asker else "",
        address=asker.user.email if asker else "",
        domain=request.tenant.domain or str(request.tenant.tid),
        tid=request.tenant.tid,
        scopes=tuple(request.scopes),
        asked_at=request.asked_at,
        expires_at=request.expires_at,
        is_claimed=request.claimed_at is not None,
    )


def waiters_of(request: ApprovalRequest) -> ApprovalWaiterQuerySet:
    """Who is told how it ends. Expects the organization's scope."""
    return ApprovalWaiter.objects.of(request.organization_id).filter(request=request).present()


# --- how a request ends -------------------------------------------------------------------------------------------


def decline(*, link_digest: str, ip: str | None, now: datetime) -> int:
    """
    The holder of the link says no; everybody who waits is told; how many. Opens its own scopes.

    Raises:
        LinkDead: somebody ended the request before.
    """
    letter = read_link(link_digest=link_digest, now=now)
    with organization_scope(letter.organization_id):
        request = hold(organization_id=letter.organization_id, request_id=letter.request_id, now=now)
        if request is None or request.link_digest != link_digest:
            raise LinkDead
        by = Actor.administrator(f"An administrator of {letter.domain}", ip=ip)
        return end(request=request, state=ApprovalState.DECLINED, act=Act.APPROVAL_DECLINED, by=by, now=now)


def close(*, organization_id: int, request_id: int, now: datetime) -> None:
    """
    End a request whose time is over, or whose tenant turned out to be approved: somebody could connect, say.

    Expects the organization's scope. Twice is harmless.
    """
    request = _hold_open(organization_id, request_id)
    if request is None:
        return
    if request.tenant.state == ConsentState.APPROVED:
        end(request=request, state=ApprovalState.APPROVED, act=None, by=Actor.system(), now=now)
    elif not request.is_live(now):
        end(request=request, state=ApprovalState.EXPIRED, act=Act.APPROVAL_EXPIRED, by=Actor.system(), now=now)


def hold(*, organization_id: int, request_id: int, now: datetime) -> ApprovalRequest | None:
    """The request, locked until the scope ends, if it is still to be answered. Expects the organization's scope."""
    request = _hold_open(organization_id, request_id)
    return request if request is not None and request.is_live(now) else None


def _hold_open(organization_id: int, request_id: int) -> ApprovalRequest | None:
    requests = ApprovalRequest.objects.of(organization_id)
    seen = requests.filter(pk=request_id).first()
    if seen is None:
        return None
    # The tenant first: `consent` holds it, too, before it looks at requests.
    tenants = MicrosoftTenant.objects.of(organization_id).select_for_update(no_key=True)
    tenant = tenants.get(pk=seen.tenant_id)
    request = requests.open().select_for_update(no_key=True).filter(pk=request_id).first()
    if request is not None:
        request.tenant = tenant
    return request


def end(*, request: ApprovalRequest, state: ApprovalState, act: Act | None, by: Actor, now: datetime) -> int:
    """
    End a request that is held, tell everybody who waits, once, and say what it means for the tenant; how many are told.

    Expects the organization's scope. `act` is None where another entry of the log says it.
    """
    request.state, request.answered_at = state, now
    request.save(update_fields=["state", "answered_at"])
    organization_id, tenant = request.organization_id, request.tenant
    if act is not None:
        record(organization_id=organization_id, act=act, by=by, now=now, on=consent.target(tenant))
    if state != ApprovalState.APPROVED:
        consent.mark_unanswered(organization_id=organization_id, tenant=tenant, now=now)
    told = 0 if state == ApprovalState.REVOKED else _tell(request, _mail_about(request, state), now)
    log.info("approval_ended", organization=organization_id, reason=state.value, count=told)
    return told


def _mail_about(request: ApprovalRequest, state: ApprovalState) -> Mail:
    slug = request.organization.slug
    compose: Callable[..., Mail] = {
        ApprovalState.APPROVED: emails.approved,
        ApprovalState.DECLINED: emails.declined,
        ApprovalState.EXPIRED: emails.expired,
    }[state]
    path = {
        ApprovalState.APPROVED: reverse("connections:connect", args=[slug]),
        ApprovalState.DECLINED: reverse("connections:asked", args=[slug, request.pk]),
        ApprovalState.EXPIRED: reverse("connections:ask", args=[slug]),
    }[state]
    return compose(domain=request.tenant.label, path=path)


def _tell(request: ApprovalRequest, mail: Mail, now: datetime) -> int:
    waiters = list(waiters_of(request).filter(told_at__isnull=True))
    for waiter in waiters:
        waiter.told_at = now
        waiter.save(update_fields=["told_at"])
        queue(
            mail,
            to=waiter.member.user.email,
            key=f"approval:{request.pk}:{request.state}:{waiter.member_id}",
            now=now,
            organization_id=request.organization_id,
        )
    return len(waiters)


# --- what pages of members say -------------------------------------------------------------------------------------


def news_for(*, organization_id: int, member_id: int, now: datetime) -> list[ApprovalRequest]:
    """
    What this member waits for and may go on with, and what ended lately, the newest first.

    Expects the organization's scope. An end is no news once they have asked again or connected.
    """
    waits = ApprovalWaiter.objects.of(organization_id).filter(member_id=member_id)
    requests = ApprovalRequest.objects.of(organization_id).select_related("tenant")
    mine = list(requests.filter(pk__in=waits.values("request_id")).order_by("-asked_at", "-pk")[:20])
    latest: dict[int, ApprovalRequest] = {}
    for request in mine:
        latest.setdefault(request.tenant_id, request)
    connected = _connected_since(organization_id, member_id)
    return [
        request
        for request in latest.values()
        if request.state != ApprovalState.REVOKED
        and not (request.answered_at and request.answered_at < now - NEWS_LASTS)
        and not any(tid == request.tenant.tid and at >= request.asked_at for tid, at in connected)
    ]


def _connected_since(organization_id: int, member_id: int) -> Iterable[tuple[UUID, datetime]]:
    connections = Connection.objects.of(organization_id).belonging_to(member_id)
    return list(connections.values_list("tid", "connected_at"))
