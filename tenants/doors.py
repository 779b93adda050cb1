"""What must be known before anybody's organization is: the only place in this app that opens a system scope."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import F, Q

from tenants.models import Invitation, MailState, Membership, MembershipQuerySet, Organization, OutgoingMail
from tenants.scoping import current_scope, system_scope

# A mail that is "being sent" for longer was left by a worker that ended. Whether it left the house, nobody knows.
SENDING_LASTS = timedelta(minutes=10)
# Of a mail that is out or given up, its address is left, which is somebody's.
MAIL_IS_KEPT = timedelta(days=30)
# How the keys of mails begin that invite somebody.
INVITATION_MAILS = "invitation:"


class Standing(NamedTuple):
    """Where somebody stands in one organization."""

    organization_id: int
    membership_id: int
    role: str


class Card(NamedTuple):
    """One of somebody's organizations, as the switcher shows it."""

    id: int
    slug: str
    name: str
    role: str
    membership_id: int


def standing(*, user_id: int, slug: str) -> Standing | None:
    """Where this person stands in that organization; None for a stranger and for a slug that nobody has."""
    with system_scope("a request names its organization by slug"):
        row = (
            _open_memberships()
            .filter(user_id=user_id, organization__slug=slug)
            .values_list("organization_id", "pk", "role")
            .first()
        )
    return Standing(*row) if row else None


def organizations_of(user_id: int) -> list[Card]:
    """All organizations of one person, by name."""
    with system_scope("a person's organizations"):
        rows = (
            _open_memberships()
            .filter(user_id=user_id)
            .order_by("organization__name", "organization_id")
            .values_list("organization_id", "organization__slug", "organization__name", "role", "pk")
        )
        return [Card(*row) for row in rows]


def being_deleted(*, user_id: int, slug: str) -> Card | None:
    """The organization with this slug, if it is being deleted and this person is the owner who asked for it."""
    with system_scope("whoever had an organization deleted sees how far it is"):
        rows = Membership.objects.present().filter(user_id=user_id, organization__slug=slug)
        row = (
            rows.filter(organization__deletion_asked_at__isnull=False)
            .values_list("organization_id", "organization__slug", "organization__name", "role", "pk")
            .first()
        )
    return Card(*row) if row else None


def _open_memberships() -> MembershipQuerySet:
    """Of those who have not left, in organizations that nobody has deleted: once that is asked for, nobody gets in."""
    return Membership.objects.present().filter(organization__deletion_asked_at__isnull=True)


class Place(NamedTuple):
    """One organization that somebody is, or was, a member of."""

    organization_id: int
    membership_id: int
    name: str
    is_being_deleted: bool


def places_of(user_id: int) -> list[Place]:
    """Everywhere that a person is a member, or has been: all that has to end before their account can."""
    with system_scope("an account ends in all of its organizations"):
        rows = Membership.objects.filter(user_id=user_id).order_by("organization__name", "pk")
        columns = ("organization_id", "pk", "organization__name", "organization__deletion_asked_at")
        return [
            Place(organization_id, membership_id, name, asked_at is not None)
            for organization_id, membership_id, name, asked_at in rows.values_list(*columns)
        ]


def accounts_to_end(user_ids: list[int]) -> list[int]:
    """Those of these people who have nothing left in any organization."""
    with system_scope("accounts that wait for their organizations"):
        held = set(Membership.objects.filter(user_id__in=user_ids).values_list("user_id", flat=True))
    return [user_id for user_id in user_ids if user_id not in held]


def all_organizations() -> list[int]:
    """The ids of all organizations, for tasks that fan out."""
    with system_scope("a task for each organization"):
        return list(Organization.objects.order_by("pk").values_list("pk", flat=True))


def organization_by_slug(slug: str) -> int | None:
    """The id of the organization with this slug, whoever asks: for founding, and for commands run by operators."""
    with system_scope("a slug is given"):
        return Organization.objects.filter(slug=slug).values_list("pk", flat=True).first()


class InvitationCard(NamedTuple):
    """One invitation, wherever it is."""

    organization_id: int
    id: int


def invitation_by_link(link_digest: str) -> InvitationCard | None:
    """The invitation whose link this is the digest of, whether or not it still works."""
    with system_scope("an invitation is found by its link"):
        rows = Invitation.objects.filter(link_digest=link_digest).values_list("organization_id", "pk")
        return next((InvitationCard(*row) for row in rows), None)


def invitation_mails_to(address: str, *, since: datetime) -> int:
    """How many invitations were mailed to this address, by all organizations together."""
    with system_scope("one address is mailed few invitations"):
        mails = OutgoingMail.objects.filter(address=address, queued_at__gt=since)
        return mails.filter(key__startswith=INVITATION_MAILS).count()


# --- mail that waits ------------------------------------------------------------------------------------------------


class WaitingMail(NamedTuple):
    """One mail that somebody may send now."""

    id: int
    key: str
    address: str
    sealed_contents: bytes
    attempts: int


_ADD_MAIL = """
    INSERT INTO tenants_outgoingmail
        (key, about_organization_id, address, sealed_contents, state, queued_at, attempts, try_at, last_error)
    VALUES (%s, %s, %s, %s, %s, %s, 0, %s, '')
    ON CONFLICT DO NOTHING
"""


def add_mail(
    *, key: str, address: str, sealed_contents: bytes, about_organization_id: int | None, now: datetime
) -> None:
    """
    Keep a mail to be sent, in the transaction and scope that is open, or in a system's where none is.

    In SQL, because the application may add rows to this table and see none, not even the one that it has added.
    """
    values = [key, about_organization_id, address, sealed_contents, MailState.WAITING.value, now, now]
    if current_scope() is not None:
        with connection.cursor() as cursor:
            cursor.execute(_ADD_MAIL, values)
        return
    with system_scope("a mail about a person's own account"), connection.cursor() as cursor:
        cursor.execute(_ADD_MAIL, values)


def mails_lately(*, address: str, organization_id: int, occasion: str, since: datetime) -> tuple[int, int]:
    """
    How many mails about an occasion (how its keys begin) were decided on since then: to this address by anybody, and
    by this organization to anybody. For limits.
    """
    with system_scope("mails to strangers are few"):
        lately = OutgoingMail.objects.filter(key__startswith=occasion, queued_at__gt=since)
        return (
            lately.filter(address__iexact=address).count(),
            lately.filter(about_organization_id=organization_id).count(),
        )


def waiting_mails(now: datetime, *, most: int = 200) -> list[int]:
    """Mails whose time has come, the oldest first."""
    with system_scope("mails wait to be sent"):
        due = OutgoingMail.objects.filter(state=MailState.WAITING, try_at__lte=now)
        return list(due.order_by("try_at", "pk").values_list("pk", flat=True)[:most])


def take_mail(mail_id: int, *, now: datetime) -> WaitingMail | None:
    """The mail, for whoever sends it now; None when somebody else has it, or it is sent. Counts the attempt."""
    with system_scope("one worker sends a mail"):
        due = OutgoingMail.objects.filter(pk=mail_id, state=MailState.WAITING, try_at__lte=now)
        if not due.update(state=MailState.SENDING, attempts=F("attempts") + 1, try_at=now):
            return None
        row = OutgoingMail.objects.values_list("pk", "key", "address", "sealed_contents", "attempts").get(pk=mail_id)
    return WaitingMail(row[0], row[1], row[2], bytes(row[3]), row[4])


def note_mail_sent(mail_id: int, *, now: datetime) -> None:
    """It is out; its contents are forgotten."""
    with system_scope("a mail was sent"):
        OutgoingMail.objects.filter(pk=mail_id).update(
            state=MailState.SENT, sent_at=now, sealed_contents=b"", last_error=""
        )


def note_mail_failed(mail_id: int, *, code: str, try_at: datetime | None) -> None:
    """It did not go out: again at `try_at`, or never, and then its contents are forgotten."""
    again = {"state": MailState.WAITING, "try_at": try_at} if try_at else {"state": MailState.FAILED}
    with system_scope("a mail was not sent"):
        rows = OutgoingMail.objects.filter(pk=mail_id)
        rows.update(last_error=code[:64], **again)
        if try_at is None:
            rows.update(sealed_contents=b"")


def give_up_stuck_mails(now: datetime) -> int:
    """
    Mails whose sender ended in the middle: given up, since they may have gone out, and never twice is promised.
    """
    with system_scope("mails whose sender ended"):
        stuck = OutgoingMail.objects.filter(Q(try_at__lt=now - SENDING_LASTS), state=MailState.SENDING)
        return stuck.update(state=MailState.FAILED, last_error="sender_ended", sealed_contents=b"")


def forget_old_mails(now: datetime) -> int:
    """Take away what was sent or given up a while ago. From then on its key is a new occasion."""
    with system_scope("mails are long out"):
        done = OutgoingMail.objects.filter(state__in=[MailState.SENT, MailState.FAILED])
        gone, _ = done.filter(queued_at__lt=now - MAIL_IS_KEPT).delete()
    return gone


def forget_mails(*, about_organization_id: int, address: str | None = None) -> int:
    """Delete the mails about an organization, or those of them to one address; how many. What waits is not sent."""
    with system_scope("what is deleted is not mailed about, and nobody is named any more"):
        mails = OutgoingMail.objects.filter(about_organization_id=about_organization_id)
        if address is not None:
            mails = mails.filter(address__iexact=address)
        return mails.delete()[0]
