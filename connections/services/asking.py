"""Asking an administrator: what a member can do with a request, until it is answered."""

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog

from connections import emails, identity
from connections.identity.permissions import asked_of_administrators, lacking
from connections.models import ApprovalRequest, ApprovalState, ApprovalWaiter
from connections.services import approvals, consent, unanswered
from connections.services.policy import refusal_of_newcomer
from tenants.acts import Act
from tenants.crypto import digest, seal
from tenants.doors import mails_lately
from tenants.emails import queue
from tenants.models import ConsentState, Membership, MicrosoftTenant, Organization
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, record

log = structlog.get_logger(__name__)

DAY: Final = timedelta(days=1)
# Mail to strangers, in one day: from one organization, and to one address from all of them.
MAILS_OF_ORGANIZATION: Final = 20
MAILS_TO_ADDRESS: Final = 3
# New requests of one organization in one day; companies have one tenant or two.
REQUESTS_OF_ORGANIZATION: Final = 20
MOST_REMINDERS: Final = 2
# When beat reminds, counted from the mail, and how long it stays quiet after somebody did.
REMIND_AFTER: Final = (timedelta(days=3), timedelta(days=10))
REMIND_APART: Final = timedelta(days=2)
OCCASION: Final = "approval-wanted:"


class NotAllowedHere(Exception):
    """The organization lets nobody of this directory connect, so an approval would help nobody."""


class AlreadyApproved(Exception):
    """An administrator has approved this tenant already: connecting works, as far as we know."""

    def __init__(self, tenant: MicrosoftTenant) -> None:
        super().__init__(tenant.pk)
        self.tenant = tenant


class Closed(Exception):
    """The request is not open any more: answered, taken back or too old. Nothing was done."""


class TooMany(Exception):
    """A limit of the day is reached; `limit` names it: requests, organization or address. Nothing was done."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class MailedAlready(Exception):
    """This address has had the mail with this link: another one would be a reminder."""


class NothingToRemind(Exception):
    """Nobody was written to, or they were reminded twice."""


def wanted_scopes(organization_id: int) -> list[str]:
    """The permissions of Graph that an administrator is asked for: those that sign-ins here ask for. In its scope."""
    return list(identity.scopes_for(Organization.objects.of(organization_id).only("access").get().access))


def ask(
    *, organization_id: int, member: Membership, directory: consent.Directory, by: Actor, now: datetime, anyway: bool
) -> int:
    """
    Ask for an administrator's approval in this directory: a new request, or the one that is open; its id.

    Opens its own scope. `anyway` asks although we know of an approval: Microsoft may know better.

    Raises:
        AlreadyApproved, NotAllowedHere, TooMany: see there.
    """
    with organization_scope(organization_id):
        organization = Organization.objects.of(organization_id).get()
        if refusal_of_newcomer(organization=organization, tid=directory.tid) is not None:
            raise NotAllowedHere
        tenant = consent.ensure_tenant(
            organization_id=organization_id, tid=directory.tid, domain=directory.domain, now=now
        )
        # Held, so that two who ask at once ask the same.
        tenants = MicrosoftTenant.objects.of(organization_id).select_for_update(no_key=True)
        tenant = tenants.get(pk=tenant.pk)
        scopes = wanted_scopes(organization_id)
        covered = not lacking(scopes, tenant.approved_scopes)
        if tenant.state == ConsentState.APPROVED and covered and not anyway:
            raise AlreadyApproved(tenant)
        request = _open_request(tenant, now)
        if request is None:
            request = _make(tenant, member=member, scopes=scopes, by=by, now=now)
        elif lacking(scopes, request.scopes):
            # A policy was widened meanwhile; the page and Microsoft are asked for the same.
            request.scopes = scopes
            request.save(update_fields=["scopes"])
        ApprovalWaiter.objects.of(organization_id).get_or_create(
            request=request, member=member, defaults={"organization_id": organization_id, "since": now}
        )
        unanswered.dismiss(organization_id=organization_id, member_id=member.pk, now=now)
        return request.pk


def _open_request(tenant: MicrosoftTenant, now: datetime) -> ApprovalRequest | None:
    open_one = approvals.open_request_for(organization_id=tenant.organization_id, tenant_id=tenant.pk)
    if open_one is None or open_one.is_live(now):
        return open_one
    approvals.close(organization_id=tenant.organization_id, request_id=open_one.pk, now=now)
    return None


def _make(
    tenant: MicrosoftTenant, *, member: Membership, scopes: list[str], by: Actor, now: datetime
) -> ApprovalRequest:
    organization_id = tenant.organization_id
    lately = ApprovalRequest.objects.of(organization_id).filter(asked_at__gt=now - DAY)
    if lately.count() >= REQUESTS_OF_ORGANIZATION:
        raise TooMany("requests")
    request = ApprovalRequest(
        organization_id=organization_id,
        tenant=tenant,
        asked_by=member,
        scopes=scopes,
        key=uuid.uuid4(),
        asked_at=now,
        expires_at=now + approvals.REQUEST_LASTS,
    )
    _give_link(request)
    request.save()
    consent.mark_waiting(organization_id=organization_id, tenant=tenant, now=now)
    record(
        organization_id=organization_id,
        act=Act.APPROVAL_ASKED,
        by=by,
        now=now,
        on=consent.target(tenant),
        permissions=asked_of_administrators(scopes),
    )
    return request


def _give_link(request: ApprovalRequest) -> None:
    token = secrets.token_urlsafe(32)
    request.link_digest = digest(token)
    request.sealed_link = seal(token.encode(), place=request.place_of_link)


# --- writing to the administrator ----------------------------------------------------------------------------------


def mail(*, organization_id: int, request_id: int, address: str, by: Actor, now: datetime) -> None:
    """
    Write to an administrator: fixed words and the link. Opens its own scopes.

    Raises:
        Closed, MailedAlready, TooMany: see there.
    """
    _check_limits(organization_id, address, now)
    with organization_scope(organization_id):
        request = _held(organization_id, request_id, now)
        if request.mailed_at is not None and request.administrator_address.lower() == address.lower():
            raise MailedAlready
        request.administrator_address, request.mailed_at = address, now
        request.save(update_fields=["administrator_address", "mailed_at"])
        # By link and address: pressing twice is one mail.
        _write(request, key=f"{digest(address.lower())[:16]}:{request.link_digest[:16]}", reminder=0, now=now)
        _record(request, Act.APPROVAL_MAILED, by, now, to=address)


def remind(*, organization_id: int, request_id: int, by: Actor, now: datetime, seen: int | None = None) -> None:
    """
    Write once more to the administrator who was written to; twice at most, whoever asks for it. Opens its own scopes.

    `seen` is how many reminders the person saw: pressing the button twice is one reminder.

    Raises:
        Closed, NothingToRemind, TooMany: see there.
    """
    with organization_scope(organization_id):
        address = _to_be_reminded(organization_id, request_id, now).administrator_address
    _check_limits(organization_id, address, now)
    with organization_scope(organization_id):
        request = _to_be_reminded(organization_id, request_id, now)
        if seen is not None and seen != request.reminders:
            return
        request.reminders += 1
        request.reminded_at = now
        request.save(update_fields=["reminders", "reminded_at"])
        _write(request, key=f"reminder-{request.reminders}", reminder=request.reminders, now=now)
        _record(request, Act.APPROVAL_REMINDED, by, now, to=request.administrator_address, count=request.reminders)


def _to_be_reminded(organization_id: int, request_id: int, now: datetime) -> ApprovalRequest:
    request = _held(organization_id, request_id, now)
    if request.mailed_at is None or request.reminders >= MOST_REMINDERS:
        raise NothingToRemind
    return request


def remind_if_due(*, organization_id: int, request_id: int, now: datetime) -> None:
    """
    What beat does for a request that it found a moment ago: remind, if nobody has meanwhile. Opens its own scopes.

    Raises:
        Closed, NothingToRemind, TooMany: see there.
    """
    with organization_scope(organization_id):
        request = _held(organization_id, request_id, now)
        count, mailed_at, reminded_at = request.reminders, request.mailed_at, request.reminded_at
    is_quiet = reminded_at is None or reminded_at <= now - REMIND_APART
    if count < MOST_REMINDERS and mailed_at is not None and mailed_at <= now - REMIND_AFTER[count] and is_quiet:
        remind(organization_id=organization_id, request_id=request_id, by=Actor.system(), now=now, seen=count)


def _check_limits(organization_id: int, address: str, now: datetime) -> None:
    to_address, by_organization = mails_lately(
        address=address, organization_id=organization_id, occasion=OCCASION, since=now - DAY
    )
    if by_organization >= MAILS_OF_ORGANIZATION:
        raise TooMany("organization")
    if to_address >= MAILS_TO_ADDRESS:
        raise TooMany("address")


def _write(request: ApprovalRequest, *, key: str, reminder: int, now: datetime) -> None:
    path = approvals.link_of(request)
    if path is None:
        raise Closed
    letter = approvals.letter_of(request)
    contents = emails.approval_wanted(
        organization=letter.organization,
        person=letter.person,
        address=letter.address,
        domain=letter.domain,
        scopes=asked_of_administrators(letter.scopes),
        path=path,
        until=request.expires_at,
        reminder=reminder,
    )
    queue(
        contents,
        to=request.administrator_address,
        key=f"{OCCASION}{request.pk}:{key}",
        now=now,
        organization_id=request.organization_id,
    )


# --- the link -------------------------------------------------------------------------------------------------------


def renew_link(*, organization_id: int, request_id: int, by: Actor, now: datetime) -> None:
    """
    A new link; the old one is dead at once, and who was mailed it must be mailed anew. Opens its own scope.

    Raises:
        Closed: see there.
    """
    with organization_scope(organization_id):
        request = _held(organization_id, request_id, now)
        _give_link(request)
        request.mailed_at = None
        request.expires_at = now + approvals.REQUEST_LASTS
        request.save(update_fields=["link_digest", "sealed_link", "mailed_at", "expires_at"])
        _record(request, Act.APPROVAL_LINK_RENEWED, by, now)


def take_back(*, organization_id: int, request_id: int, by: Actor, now: datetime) -> None:
    """
    End the request without an answer: its link is dead. Opens its own scope.

    Raises:
        Closed: see there.
    """
    with organization_scope(organization_id):
        request = _held(organization_id, request_id, now)
        approvals.end(request=request, state=ApprovalState.REVOKED, act=Act.APPROVAL_REVOKED, by=by, now=now)


def _held(organization_id: int, request_id: int, now: datetime) -> ApprovalRequest:
    request = approvals.hold(organization_id=organization_id, request_id=request_id, now=now)
    if request is None:
        raise Closed
    return request


def _record(request: ApprovalRequest, act: Act, by: Actor, now: datetime, **details: object) -> None:
    record(
        organization_id=request.organization_id, act=act, by=by, now=now, on=consent.target(request.tenant), **details
    )
