"""Inviting people by e-mail, and what they do with it: a link that works once, for one address, for a week."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress

from tenants import doors, emails
from tenants.acts import Act
from tenants.crypto import digest
from tenants.models import AuditEntry, Invitation, Membership, User
from tenants.policies import Action, Role
from tenants.scoping import organization_scope
from tenants.services.acting import acting_now, lock, must_reach
from tenants.services.audit import Actor, Target, record

LASTS: Final = timedelta(days=7)
# What one organization, and everybody together to one address, may have mailed in a day.
DAY: Final = timedelta(days=1)
MAILS_PER_ORGANIZATION: Final = 100
MAILS_PER_ADDRESS: Final = 5
# 256 bits, of which we keep a digest.
_TOKEN_BYTES: Final = 32


class AlreadyMember(Exception):
    """Somebody with this address belongs to the organization already."""


class AlreadyInvited(Exception):
    """This address has an invitation that still works."""


class NoSuchInvitation(Exception):
    """It was used or taken back, or never was."""


class TooManyMails(Exception):
    """The organization has had as many invitations mailed today as one may."""


class AddressWantsRest(Exception):
    """This address was mailed as many invitations today as one may be."""


class LinkVoid(Exception):
    """
    The link leads nowhere: wrong, used, taken back, expired, or for somebody else.

    `hint` is a masked address, for a signed-in person who holds a good link to another one.
    """

    def __init__(self, hint: str = "") -> None:
        super().__init__()
        self.hint = hint


@dataclass(frozen=True)
class Offer:
    """What a good link offers."""

    organization: str
    slug: str
    role: str
    inviter: str
    # Whoever asks belongs there already, by this very invitation.
    is_taken: bool


# --- by admins --------------------------------------------------------------------------------------------------------


def invite(*, acting: Membership, email: str, role: Role, by: Actor, now: datetime) -> Invitation:
    """
    Keep a place for whoever has this address, and mail them the link. Opens its own scopes.

    One that has expired is sent anew.

    Raises:
        NotAllowed: `acting` may not, perhaps since a moment ago.
        AboveOwnRole: the role is above the one of `acting`.
        AlreadyMember, AlreadyInvited, TooManyMails, AddressWantsRest: see there. Nothing is mailed.
    """
    email = email.strip().lower()
    _spare(email, now)
    with organization_scope(acting.organization_id):
        acting = acting_now(acting, Action.INVITE)
        must_reach(acting, role)
        if _belongs_already(email, acting.organization_id):
            raise AlreadyMember
        former = Invitation.objects.of(acting.organization_id).open().filter(email=email).first()
        if former is not None and former.is_live(now):
            raise AlreadyInvited
        invitation = former or Invitation(organization=acting.organization, email=email, created_at=now)
        invitation.role = role
        _send(invitation, acting, act=Act.MEMBER_INVITED, by=by, now=now)
    return invitation


def resend(*, acting: Membership, invitation_id: int, by: Actor, now: datetime) -> Invitation:
    """
    Mail a new link and give it another week; the old link is void. Opens its own scopes.

    Raises:
        NoSuchInvitation: see there.
        NotAllowed, AboveOwnRole, TooManyMails, AddressWantsRest: as for `invite`.
    """
    with organization_scope(acting.organization_id):
        email = _open(acting.organization_id, invitation_id).email
    _spare(email, now)
    with organization_scope(acting.organization_id):
        acting = acting_now(acting, Action.INVITE)
        invitation = _open(acting.organization_id, invitation_id)
        must_reach(acting, invitation.role)
        _send(invitation, acting, act=Act.INVITATION_RESENT, by=by, now=now)
    return invitation


def revoke(*, acting: Membership, invitation_id: int, by: Actor, now: datetime) -> Invitation:
    """
    Take an invitation back: its link is void. Expects the organization's scope.

    Raises:
        NoSuchInvitation, NotAllowed, AboveOwnRole: as for `resend`.
    """
    acting = acting_now(acting, Action.INVITE)
    invitation = _open(acting.organization_id, invitation_id)
    must_reach(acting, invitation.role)
    _take_back([invitation], by=by, now=now)
    return invitation


def take_back_invitations_by(member: Membership, *, roles: Iterable[Role], by: Actor, now: datetime) -> None:
    """Void what this member has invited to these roles. Expects the organization's scope, and the lock."""
    sent = Invitation.objects.of(member.organization_id).open().filter(invited_by=member, role__in=list(roles))
    _take_back(sent, by=by, now=now)


def take_back_invitations_of(member: Membership, *, by: Actor, now: datetime) -> None:
    """Void what waits for this member at another address of theirs. Expects the organization's scope, and the lock."""
    waiting = Invitation.objects.of(member.organization_id).open().filter(email__in=_addresses_of(member.user))
    _take_back(waiting, by=by, now=now)


# --- by the invited ---------------------------------------------------------------------------------------------------


def is_link(*, link_digest: str) -> bool:
    """Whether a link was ever mailed, be it good or not. Opens its own scope."""
    return doors.invitation_by_link(link_digest) is not None


def look_at(*, link_digest: str, user: User | None, now: datetime) -> Offer:
    """
    What a link offers to whoever holds it, signed in or not. Changes nothing. Opens its own scopes.

    Raises:
        LinkVoid: see there.
    """
    card = doors.invitation_by_link(link_digest)
    if card is None:
        raise LinkVoid
    addresses = _addresses_of(user)
    with organization_scope(card.organization_id):
        invitation, member = _good(card, link_digest, user, addresses, now)
        inviter = invitation.invited_by.user.get_full_name() if invitation.invited_by else ""
        organization = invitation.organization
        return Offer(organization.name, organization.slug, invitation.role, inviter, is_taken=member is not None)


def accept(*, link_digest: str, user: User, by: Actor, now: datetime, name: str = "") -> Membership:
    """
    Take the place that is kept for an address of this person. Opens its own scopes; doing it twice is harmless.

    Whoever was a member before gets the same row, with the role of the invitation; whoever is one keeps their role.
    `name` is for people who have not told theirs yet.

    Raises:
        LinkVoid: see there. Nothing is stored.
    """
    card = doors.invitation_by_link(link_digest)
    if card is None:
        raise LinkVoid
    addresses = _addresses_of(user)
    with organization_scope(card.organization_id):
        lock(card.organization_id)
        invitation, member = _good(card, link_digest, user, addresses, now)
        if member is not None:
            return member
        member = Membership.objects.of(card.organization_id).filter(user=user).select_related("organization").first()
        is_new = member is None or not member.is_present
        if member is None:
            member = Membership.objects.create(
                organization=invitation.organization, user=user, role=invitation.role, created_at=now
            )
        elif is_new:
            member.come_back(role=Role(invitation.role), at=now)
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        if name and not user.name:
            user.name = name
            user.save(update_fields=["name"])
        if is_new:
            on = Target("member", member.pk, user.email)
            record(organization_id=card.organization_id, act=Act.MEMBER_JOINED, by=by, on=on, now=now, role=member.role)
    return member


def masked(email: str, *, own_domains: Iterable[str] = ()) -> str:
    """
    An address that only whoever knows it recognises: one letter, no length, and the domain only if it is theirs, too.

    `b•••@•••` of bob@acme.example.
    """
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain if domain in own_domains else '•••'}"


# --- inside -----------------------------------------------------------------------------------------------------------


def _good(
    card: doors.InvitationCard, link_digest: str, user: User | None, addresses: set[str], now: datetime
) -> tuple[Invitation, Membership | None]:
    """
    The invitation, if the link is good for this person; and their membership, if they have used it already.

    Raises:
        LinkVoid: see there.
    """
    rows = Invitation.objects.of(card.organization_id).select_related("organization", "invited_by__user")
    # By the digest again: it may have been sent anew since the door looked.
    invitation = rows.filter(pk=card.id, link_digest=link_digest).first()
    if invitation is None or invitation.organization.deletion_asked_at is not None:
        raise LinkVoid
    if user is not None and invitation.accepted_at is not None and invitation.email in addresses:
        members = Membership.objects.of(card.organization_id).present().select_related("organization")
        member = members.filter(user=user).first()
        if member is not None:
            return invitation, member
    if not invitation.is_live(now):
        raise LinkVoid
    if user is not None and invitation.email not in addresses:
        own = {address.rpartition("@")[2] for address in addresses}
        raise LinkVoid(hint=masked(invitation.email, own_domains=own))
    return invitation, None


def _send(invitation: Invitation, acting: Membership, *, act: Act, by: Actor, now: datetime) -> None:
    """A new link, in the mail. With the organization locked, so that the count of the day is true."""
    sent = AuditEntry.objects.of(acting.organization_id).filter(
        act__in=[Act.MEMBER_INVITED, Act.INVITATION_RESENT], at__gt=now - DAY
    )
    if sent.count() >= MAILS_PER_ORGANIZATION:
        raise TooManyMails
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation.link_digest, invitation.invited_by = digest(token), acting
    invitation.sent_at, invitation.expires_at = now, now + LASTS
    invitation.save()
    letter = emails.invitation(
        organization=acting.organization.name,
        inviter=acting.user,
        role=Role(invitation.role).label,
        token=token,
    )
    emails.queue(
        letter,
        to=invitation.email,
        key=f"{doors.INVITATION_MAILS}{invitation.pk}:{invitation.link_digest[:16]}",
        organization_id=acting.organization_id,
        now=now,
    )
    on = Target("invitation", invitation.pk, invitation.email)
    record(organization_id=acting.organization_id, act=act, by=by, on=on, now=now, role=invitation.role)


def _take_back(invitations: Iterable[Invitation], *, by: Actor, now: datetime) -> None:
    for invitation in invitations:
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        on = Target("invitation", invitation.pk, invitation.email)
        record(organization_id=invitation.organization_id, act=Act.INVITATION_REVOKED, by=by, on=on, now=now)


def _open(organization_id: int, invitation_id: int) -> Invitation:
    found = Invitation.objects.of(organization_id).open().filter(pk=invitation_id).first()
    if found is None:
        raise NoSuchInvitation(invitation_id)
    return found


def _spare(email: str, now: datetime) -> None:
    """Outside of every scope: a stranger's mailbox is not filled by several organizations together, either."""
    if doors.invitation_mails_to(email, since=now - DAY) >= MAILS_PER_ADDRESS:
        raise AddressWantsRest


def _belongs_already(email: str, organization_id: int) -> bool:
    users = EmailAddress.objects.filter(email__iexact=email, verified=True).values("user_id")
    return Membership.objects.of(organization_id).present().filter(user_id__in=users).exists()


def _addresses_of(user: User | None) -> set[str]:
    """The addresses that this person has proven to be theirs, in small letters."""
    if user is None:
        return set()
    proven = EmailAddress.objects.filter(user_id=user.pk, verified=True)
    return {email.lower() for email in proven.values_list("email", flat=True)}
