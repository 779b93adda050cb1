"""
One round at a time for each calendar.

Whoever takes the lease writes a token of its own into the calendar's row; every later write locks the row and compares.
A worker that was stopped, or was slow, finds another token there and stores nothing. A lease ends by itself, so that a
killed worker holds up nobody for long.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from calendars.models import Calendar
from tenants.scoping import organization_scope

# Each stored page renews it. Longer than Microsoft may take for a page and the masters that it needs.
LASTS = timedelta(minutes=3)
# Columns that only the holder of the lease writes. Marks (`changed_at`) and names belong to others.
WRITTEN = (
    "window_start", "window_end", "delta_link", "page_link", "round_number", "round_is_full", "round_started_at",
    "synced_at", "kept_detail", "version", "lease_token", "lease_until", "retry_at", "failures", "last_error",
)  # fmt: skip


class LeaseLost(Exception):
    """Somebody else holds the calendar now, or it is no longer followed. Nothing more may be stored."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one calendar's events, as long as its token is the row's."""

    organization_id: int
    calendar_id: int
    token: uuid.UUID
    connection_id: int
    member_id: int
    # The calendar's id at Microsoft.
    graph_id: str

    @contextmanager
    def fenced(self, now: datetime) -> Iterator[Calendar]:
        """
        The organization's scope with the calendar's row locked, and the lease renewed from `now`: one transaction.

        What is set on the row is stored at the end, as far as it belongs to rounds (`WRITTEN`).

        Raises:
            LeaseLost: the row has another token, or is gone.
        """
        with organization_scope(self.organization_id):
            calendar = (
                Calendar.objects.of(self.organization_id)
                .select_for_update(no_key=True)
                .filter(pk=self.calendar_id, lease_token=self.token)
                .first()
            )
            if calendar is None:
                raise LeaseLost(self.calendar_id)
            calendar.lease_until = now + LASTS
            yield calendar
            calendar.save(update_fields=WRITTEN)


def acquire(*, organization_id: int, calendar_id: int, now: datetime) -> Lease | None:
    """
    Take the lease if the calendar is followed, nobody holds it, and no wait is running; else None.

    Opens its own scope.
    """
    token = uuid.uuid4()
    with organization_scope(organization_id):
        calendar = (
            Calendar.objects.of(organization_id)
            .followed()
            .select_related("connection")
            .select_for_update(no_key=True, of=("self",))
            .filter(pk=calendar_id)
            .first()
        )
        if calendar is None or calendar.is_leased(now) or calendar.is_waiting(now):
            return None
        calendar.lease_token, calendar.lease_until = token, now + LASTS
        calendar.save(update_fields=["lease_token", "lease_until"])
        return Lease(
            organization_id=organization_id,
            calendar_id=calendar_id,
            token=token,
            connection_id=calendar.connection_id,
            member_id=calendar.connection.member_id,
            graph_id=calendar.graph_id,
        )


def release(lease: Lease) -> None:
    """Let others go on at once. Opens its own scope. Harmless when the lease is lost already."""
    with organization_scope(lease.organization_id):
        Calendar.objects.of(lease.organization_id).filter(pk=lease.calendar_id, lease_token=lease.token).update(
            lease_token=None, lease_until=None
        )
