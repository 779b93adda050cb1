"""
What a mailbox has across organizations: the only place in this app that opens a system scope.

Everything that reads or writes `Subscription` is here, because no organization's scope sees that table. Answers are
ids and moments in tuples, never rows: whoever gets one goes on in an organization's scope.
"""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection as database
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from calendars.models import Calendar
from connections.models import Connection, Secret, SignInFlow, Status
from tenants.models import Membership
from tenants.scoping import system_scope
from webhooks.models import Delivery, Erasure, Subscription, SubscriptionState

# Longer than the longest talk with Graph about one subscription: refused, listed, deleted, made anew, with handshakes.
CLAIM_LASTS = timedelta(minutes=5)
# A renewal this close to the end does not wait for the next full reconciliation.
URGENT = timedelta(hours=6)


class Mailbox(NamedTuple):
    """Microsoft's identity of a mailbox, whoever has connected it."""

    tid: uuid.UUID
    oid: uuid.UUID


class Speaker(NamedTuple):
    """A connection whose token may speak for a mailbox."""

    organization_id: int
    connection_id: int


class Known(NamedTuple):
    """What judging an item takes: whose subscription it is, its secret's digest, and who is told."""

    subscription_id: int
    client_state_digest: str
    tid: uuid.UUID
    notified_at: datetime | None
    renewed_at: datetime | None
    listeners: tuple[Speaker, ...]


class Claim(NamedTuple):
    """The right to work on one subscription for a while, and the subscription as it was when the right was given."""

    subscription_id: int
    token: uuid.UUID
    graph_id: str | None
    state: str
    expires_at: datetime | None
    renew_at: datetime | None
    # Whether somebody has signed in to the mailbox since Graph last confirmed the subscription.
    is_doubtful: bool
    speaker: Speaker

    def is_listening(self, now: datetime) -> bool:
        return self.state == SubscriptionState.ACTIVE and self.expires_at is not None and self.expires_at > now


class Busy(Exception):
    """Somebody else is at work on this mailbox's subscription."""


# --- intake -------------------------------------------------------------------------------------------------------

_RECOGNISE = """
    SELECT s.graph_id, s.id, s.client_state_digest, s.tid, s.notified_at, s.renewed_at, c.organization_id, c.id
    FROM webhooks_subscription s
    LEFT JOIN connections_connection c ON c.tid = s.tid AND c.oid = s.oid AND c.status = %s
    WHERE s.graph_id = ANY(%s)
    ORDER BY s.id, c.organization_id, c.id
"""


def recognise(graph_ids: list[str]) -> dict[str, Known]:
    """Those of these subscriptions that are ours, each with the active connections of its mailbox. One statement."""
    with system_scope("a notification names its subscription"), database.cursor() as cursor:
        cursor.execute(_RECOGNISE, [Status.ACTIVE.value, graph_ids])
        rows = cursor.fetchall()
    known: dict[str, Known] = {}
    for graph_id, subscription_id, digest, tid, notified_at, renewed_at, organization_id, connection_id in rows:
        heard = (Speaker(organization_id, connection_id),) if connection_id is not None else ()
        former = known[graph_id].listeners if graph_id in known else ()
        known[graph_id] = Known(subscription_id, digest, tid, notified_at, renewed_at, former + heard)
    return known


def note_call(*, notified: list[str], removed: list[str], to_renew: list[str], now: datetime) -> None:
    """
    Keep what genuine items said about subscriptions themselves: that Graph called, that it has removed some, that it
    wants some renewed. What has to be done about it is found in the rows, should the message be lost.

    By Graph's ids: a row may hold a newer subscription by now, of which nothing was said.
    """
    with system_scope("a notification says how its subscription stands"):
        if notified:
            Subscription.objects.filter(graph_id__in=notified).update(notified_at=now)
        if to_renew:
            Subscription.objects.filter(graph_id__in=to_renew).update(renew_at=now, retry_at=None)
        if removed:
            Subscription.objects.filter(graph_id__in=removed).update(
                state=SubscriptionState.GONE, graph_id=None, client_state_digest="", expires_at=None, retry_at=None
            )


# --- who may speak for a mailbox ----------------------------------------------------------------------------------


def speakers(mailbox: Mailbox) -> list[Speaker]:
    """Active connections of the mailbox that follow a calendar, oldest first: because of them we listen."""
    with system_scope("who wants to hear of a mailbox"):
        return _as_speakers(_wanting().filter(tid=mailbox.tid, oid=mailbox.oid))


def last_speakers(mailbox: Mailbox) -> list[Speaker]:
    """Connections through which a subscription that nobody wants may still be dropped, the active ones first."""
    with system_scope("who may drop a subscription"):
        known = Connection.objects.filter(tid=mailbox.tid, oid=mailbox.oid)
        active = _as_speakers(known.filter(status=Status.ACTIVE))
        leaving = _as_speakers(known.filter(_has_secret(), status__in=[Status.DISCONNECTED, Status.PAUSED]))
    return active + leaving


def _wanting() -> QuerySet[Connection]:
    followed = Calendar.objects.followed().filter(connection_id=OuterRef("pk"))
    return Connection.objects.filter(Exists(followed), status=Status.ACTIVE)


def _has_secret() -> Exists:
    return Exists(Secret.objects.filter(connection_id=OuterRef("pk")))


def _as_speakers(connections: QuerySet[Connection]) -> list[Speaker]:
    return [Speaker(*row) for row in connections.order_by("pk").values_list("organization_id", "pk")]


# --- claims -------------------------------------------------------------------------------------------------------


def claim(mailbox: Mailbox, *, founder: Speaker | None, now: datetime) -> Claim | None:
    """
    Take the mailbox's subscription for `CLAIM_LASTS`, without holding any lock meanwhile.

    `founder` speaks for the row if it has to be made first; without one, None says that there is no row.

    Raises:
        Busy: somebody else holds it.
    """
    token = uuid.uuid4()
    with system_scope("one worker at a time speaks for a mailbox"):
        if founder is not None:
            first = Subscription(
                tid=mailbox.tid,
                oid=mailbox.oid,
                created_at=now,
                speaker_organization_id=founder.organization_id,
                speaker_connection_id=founder.connection_id,
            )
            Subscription.objects.bulk_create([first], ignore_conflicts=True)
        rows = Subscription.objects.of_mailbox(mailbox.tid, mailbox.oid)
        free = rows.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=now))
        if not free.update(claim_token=token, claimed_until=now + CLAIM_LASTS):
            if rows.exists():
                raise Busy
            return None
        row = Subscription.objects.get(claim_token=token)
        newer = Connection.objects.filter(tid=mailbox.tid, oid=mailbox.oid, status=Status.ACTIVE)
        is_doubtful = row.renewed_at is not None and newer.filter(connected_at__gt=row.renewed_at).exists()
    return Claim(
        subscription_id=row.pk,
        token=token,
        graph_id=row.graph_id,
        state=row.state,
        expires_at=row.expires_at,
        renew_at=row.renew_at,
        is_doubtful=is_doubtful,
        speaker=Speaker(row.speaker_organization_id, row.speaker_connection_id),
    )


def is_held(held: Claim) -> bool:
    """Whether nobody has taken over since; a claim runs out while its holder waits for Graph for too long."""
    with system_scope("one worker at a time speaks for a mailbox"):
        return _held(held).exists()


def release(held: Claim) -> None:
    """Let others work on it. Harmless when the claim was lost meanwhile."""
    with system_scope("one worker at a time speaks for a mailbox"):
        _held(held).update(claim_token=None, claimed_until=None)


def store_listening(
    held: Claim,
    *,
    graph_id: str,
    client_state_digest: str | None,
    speaker: Speaker,
    expires_at: datetime,
    now: datetime,
) -> bool:
    """
    Keep what Graph granted, to be renewed at half of it. None keeps the digest of the client state as it is.

    Returns False, and stores nothing, when the claim has run out or what was renewed was removed meanwhile.
    """
    same = Q(graph_id=graph_id) if client_state_digest is None else Q()
    secret = {} if client_state_digest is None else {"client_state_digest": client_state_digest}
    with system_scope("Graph has promised to call"):
        stored = (
            _held(held)
            .filter(same)
            .update(
                graph_id=graph_id,
                state=SubscriptionState.ACTIVE,
                renewed_at=now,
                expires_at=expires_at,
                renew_at=now + (expires_at - now) / 2,
                speaker_organization_id=speaker.organization_id,
                speaker_connection_id=speaker.connection_id,
                failures=0,
                retry_at=None,
                last_error="",
                **secret,
            )
        )
    return bool(stored)


def store_gone(held: Claim) -> None:
    """Graph no longer knows the subscription."""
    with system_scope("Graph has forgotten a subscription"):
        _held(held).update(state=SubscriptionState.GONE, graph_id=None, client_state_digest="", expires_at=None)


def store_dropping(held: Claim) -> None:
    """We have begun to drop it; wanted again, it is renewed at once."""
    with system_scope("nobody wants a subscription"):
        _held(held).update(state=SubscriptionState.DROPPING)


def store_speaker(held: Claim, speaker: Speaker) -> None:
    with system_scope("another connection speaks for a mailbox"):
        _held(held).update(speaker_organization_id=speaker.organization_id, speaker_connection_id=speaker.connection_id)


def note_failure(held: Claim, *, code: str, wait: timedelta | None, now: datetime) -> None:
    """Not again before `wait` is over; without one, each failure in a row doubles the pause, up to an hour."""
    with system_scope("Graph has refused a subscription"):
        failures = _held(held).values_list("failures", flat=True).first() or 0
        pause = wait if wait is not None else min(timedelta(seconds=30) * 2 ** min(failures, 10), timedelta(hours=1))
        _held(held).update(failures=F("failures") + 1, retry_at=now + pause, last_error=code[:64])


def forget(held: Claim) -> None:
    """The row of a subscription that nobody wants and Graph no longer has."""
    with system_scope("a subscription is over"):
        _held(held).delete()


def _held(held: Claim) -> QuerySet[Subscription]:
    return Subscription.objects.filter(pk=held.subscription_id, claim_token=held.token)


# --- what beat finds ----------------------------------------------------------------------------------------------


def mailbox_of_subscription(subscription_id: int) -> Mailbox | None:
    with system_scope("a task names a subscription"):
        row = Subscription.objects.filter(pk=subscription_id).values_list("tid", "oid").first()
    return Mailbox(*row) if row else None


def mailbox_of_connection(speaker: Speaker) -> Mailbox | None:
    with system_scope("a task names a connection"):
        rows = Connection.objects.of(speaker.organization_id).filter(pk=speaker.connection_id)
        row = rows.values_list("tid", "oid").first()
    return Mailbox(*row) if row else None


def unlistened(now: datetime) -> list[Speaker]:
    """
    One active connection of each mailbox that we should be hearing of and are not, unless that has to wait.

    A subscription that Graph has not confirmed since somebody signed in anew is taken for silent: it may have ended
    with the access that it was made with.
    """
    mailbox = Subscription.objects.of_mailbox(OuterRef("tid"), OuterRef("oid"))
    confirmed = mailbox.listening(now).filter(renewed_at__gte=OuterRef("connected_at"))
    with system_scope("mailboxes that nobody listens to"):
        silent = _wanting().filter(~Exists(confirmed), ~Exists(mailbox.resting(now)))
        first = silent.order_by("tid", "oid", "pk").distinct("tid", "oid")
        return [Speaker(*row) for row in first.values_list("organization_id", "pk")]


def urgent(now: datetime) -> list[int]:
    """Subscriptions to be renewed that might end before the next full reconciliation gets to them."""
    with system_scope("subscriptions that end soon"):
        ending = Subscription.objects.listening(now).filter(expires_at__lt=now + URGENT, renew_at__lte=now)
        return list(_rested(ending, now).values_list("pk", flat=True))


def unsettled(now: datetime) -> list[int]:
    """Subscriptions that are not as they should be: due, gone, half dropped, or without a connection that speaks."""
    wanting = _wanting().filter(pk=OuterRef("speaker_connection_id"), tid=OuterRef("tid"), oid=OuterRef("oid"))
    with system_scope("subscriptions that are not as they should be"):
        wrong = Subscription.objects.filter(
            ~Q(state=SubscriptionState.ACTIVE) | Q(expires_at__lte=now) | Q(renew_at__lte=now) | ~Exists(wanting)
        )
        return list(_rested(wrong, now).values_list("pk", flat=True))


def _rested(subscriptions: QuerySet[Subscription], now: datetime) -> QuerySet[Subscription]:
    return subscriptions.exclude(claimed_until__gt=now).exclude(retry_at__gt=now)


def departures() -> list[Speaker]:
    """Connections that were disconnected, and of which tokens or calendars are still here."""
    calendars = Exists(Calendar.objects.filter(connection_id=OuterRef("pk")))
    with system_scope("connections that are leaving"):
        return _as_speakers(Connection.objects.filter(Q(calendars) | Q(_has_secret()), status=Status.DISCONNECTED))


class Leaver(NamedTuple):
    """A member who has left an organization."""

    organization_id: int
    member_id: int


def leavers() -> list[Leaver]:
    """Members who have left, and whose connections are not disconnected or who have a sign-in under way."""
    connected = Exists(Connection.objects.alive().filter(member_id=OuterRef("pk")))
    signing_in = Exists(SignInFlow.objects.filter(member_id=OuterRef("pk")))
    with system_scope("members who have left"):
        left = Membership.objects.filter(connected | signing_in, removed_at__isnull=False)
        return [Leaver(*row) for row in left.order_by("pk").values_list("organization_id", "pk")]


class ErasureKey(NamedTuple):
    organization_id: int
    erasure_id: int


def erasures_under_way() -> list[ErasureKey]:
    """Deletions that were asked for and are not finished, the oldest first."""
    with system_scope("what is to be deleted and is not yet"):
        rows = Erasure.objects.under_way().order_by("pk").values_list("organization_id", "pk")
        return [ErasureKey(*row) for row in rows]


def organizations_with_deliveries_before(moment: datetime) -> list[int]:
    with system_scope("organizations with old deliveries"):
        old = Delivery.objects.filter(received_at__lt=moment)
        return list(old.order_by("organization_id").values_list("organization_id", flat=True).distinct())
