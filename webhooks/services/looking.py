"""
What support staff may know of one connection: ids, states, dates and counts from every table that has some.

Expects the support's scope, whose role was granted these columns and no others: whatever is named here besides fails.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Count

from calendars.models import Calendar, Event, SkippedEvent
from connections.models import Connection, Secret, Status
from tenants.models import AuditEntry, MicrosoftTenant, User
from webhooks.models import Delivery, Subscription

# As long as deliveries are kept.
DELIVERIES: Final = timedelta(days=7)
# So many of the newest of each kind; what is older is counted, and has lists of its own.
MOST: Final = 200

_CONNECTION: Final = (
    "organization", "member", "tid", "oid", "address", "display_name", "status", "reason", "status_since", "scopes",
    "connected_at", "succeeded_at", "failed_at", "failed_request_id", "failed_code", "organization__name",
    "organization__slug", "organization__deletion_asked_at", "organization__deleted_at", "member__role",
    "member__removed_at", "member__user_id",
)  # fmt: skip
_CALENDAR: Final = (
    "organization", "connection", "is_default", "can_edit", "followed_at", "vanished_at", "window_start", "window_end",
    "round_number", "round_is_full", "round_started_at", "changed_at", "synced_at", "version", "lease_until",
    "retry_at", "failures", "last_error",
)  # fmt: skip
_SUBSCRIPTION: Final = (
    "graph_id", "state", "created_at", "renewed_at", "expires_at", "renew_at", "notified_at",
    "speaker_organization_id", "speaker_connection_id", "claimed_until", "failures", "retry_at", "last_error",
)  # fmt: skip
_ENTRY: Final = ("organization", "at", "act", "actor_kind", "actor_label", "details")
_TENANT: Final = ("organization", "tid", "name", "domain", "state", "state_since", "linked_at", "approved_at")


class Kept(NamedTuple):
    """One calendar, with how much of it is here."""

    calendar: Calendar
    events: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything about one connection that its page, its sentence and its packet are made of."""

    connection: Connection
    # The address by which the person signs in here.
    member_email: str
    # Null where there are no tokens.
    refreshed_at: datetime | None
    subscription: Subscription | None
    calendars: list[Kept]
    # Our own sentences of why, with how often.
    skipped: dict[str, int]
    deliveries: list[Delivery]
    deliveries_count: int
    entries: list[AuditEntry]
    tenant: MicrosoftTenant | None
    # The same mailbox, connected elsewhere: they share one subscription.
    elsewhere: int

    @property
    def status(self) -> Status:
        return Status(self.connection.status)

    @property
    def is_active(self) -> bool:
        return self.connection.is_active

    @property
    def followed(self) -> list[Calendar]:
        return [kept.calendar for kept in self.calendars if kept.calendar.is_followed]

    @property
    def events_count(self) -> int:
        return sum(kept.events for kept in self.calendars)

    @property
    def skipped_count(self) -> int:
        return sum(kept.skipped for kept in self.calendars)

    @property
    def notifies(self) -> bool:
        """Whether Microsoft should be calling us about the mailbox because of this connection."""
        return self.is_active and bool(self.followed)


def find(connection_id: int) -> Connection | None:
    """The connection with this number, with as much of its organization and member as support may see."""
    rows = Connection.objects.select_related("organization", "member").only(*_CONNECTION)
    return rows.filter(pk=connection_id).first()


def look(connection: Connection, *, now: datetime) -> Seen:
    """Everything about a connection that was found by `find`."""
    of, pk = connection.organization_id, connection.pk
    calendars = list(Calendar.objects.of(of).of_connection(pk).only(*_CALENDAR).order_by("-is_default", "pk"))
    events = _by_calendar(Event.objects.of(of).filter(calendar__connection_id=pk).values_list("calendar_id"))
    skipped_by_calendar, skipped_by_reason = _skipped(of, pk)
    deliveries = Delivery.objects.of(of).filter(connection_id=pk, received_at__gt=now - DELIVERIES)
    entries = AuditEntry.objects.of(of).filter(target_kind="connection", target_id=pk)
    secrets = Secret.objects.of(of).filter(connection_id=pk)
    others = Connection.objects.filter(tid=connection.tid, oid=connection.oid)
    return Seen(
        connection=connection,
        member_email=User.objects.filter(pk=connection.member.user_id).values_list("email", flat=True).first() or "",
        # Not `first()`: that orders by the id, and of a secret we may know this one moment.
        refreshed_at=next(iter(secrets.values_list("refreshed_at", flat=True)), None),
        subscription=Subscription.objects.of_mailbox(connection.tid, connection.oid).only(*_SUBSCRIPTION).first(),
        calendars=[Kept(one, events.get(one.pk, 0), skipped_by_calendar[one.pk]) for one in calendars],
        skipped=dict(skipped_by_reason),
        deliveries=list(deliveries.order_by("-received_at", "-pk")[:MOST]),
        deliveries_count=deliveries.count(),
        entries=list(entries.only(*_ENTRY).order_by("-at", "-pk")[:MOST]),
        tenant=MicrosoftTenant.objects.of(of).filter(tid=connection.tid).only(*_TENANT).first(),
        elsewhere=others.exclude(pk=pk).exclude(status=Status.DISCONNECTED).count(),
    )


def _skipped(organization_id: int, connection_id: int) -> tuple[Counter[int], Counter[str]]:
    """How many events we could not take, by calendar and by reason; the database counts, however many there are."""
    rows = SkippedEvent.objects.of(organization_id).filter(calendar__connection_id=connection_id)
    by_calendar: Counter[int] = Counter()
    by_reason: Counter[str] = Counter()
    for calendar_id, reason, number in rows.values_list("calendar_id", "reason").annotate(Count("pk")).order_by():
        by_calendar[calendar_id] += number
        by_reason[reason] += number
    return by_calendar, by_reason


def _by_calendar(rows: Iterable[tuple[int]]) -> dict[int, int]:
    counted = rows.annotate(number=Count("pk")).order_by()  # type: ignore[attr-defined]  # a queryset of tuples
    return dict(counted.values_list("calendar_id", "number"))
