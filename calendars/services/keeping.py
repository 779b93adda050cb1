"""Which calendars are kept in step, and what somebody said of them. All of it inside the caller's scope."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

import structlog
from django.db import transaction
from django.db.models import Q

from calendars import live
from calendars.models import Calendar
from calendars.sync import apply
from tenants.models import Organization

log = structlog.get_logger(__name__)


def follow(*, calendar: Calendar, now: datetime) -> None:
    """
    Keep this calendar in step from now on. Whoever calls queues the first round after commit.

    Doing it twice is harmless.
    """
    locked = _locked(calendar)
    if locked.followed_at is None:
        locked.followed_at = locked.changed_at = now
        locked.save(update_fields=["followed_at", "changed_at"])
    calendar.followed_at, calendar.changed_at = locked.followed_at, locked.changed_at


def unfollow(*, calendar: Calendar) -> None:
    """Stop keeping this calendar, and delete its events. Doing it twice is harmless."""
    locked = _locked(calendar)
    locked.followed_at = None
    locked.save(update_fields=["followed_at"])
    empty(locked)
    calendar.followed_at = None
    log.info("unfollowed", calendar=calendar.pk)


def mark_changed(*, connection_id: int, organization: Organization | int, now: datetime) -> list[int]:
    """
    Note that something in the mailbox has changed: a round that began before `now` does not answer it.

    Returns the ids of the connection's followed calendars, all of them marked.
    """
    marked = mark_many_changed(connection_ids=[connection_id], organization=organization, now=now)
    return marked[connection_id]


def mark_many_changed(
    *, connection_ids: Collection[int], organization: Organization | int, now: datetime
) -> dict[int, list[int]]:
    """The same for several connections of an organization, in two statements: marked calendars by connection."""
    followed = Calendar.objects.of(organization).followed().filter(connection_id__in=connection_ids)
    # Locked in one order, so that two deliveries at once follow each other.
    pairs = followed.order_by("pk").select_for_update(no_key=True).values_list("connection_id", "pk")
    marked: dict[int, list[int]] = {connection_id: [] for connection_id in connection_ids}
    for connection_id, pk in pairs:
        marked[connection_id].append(pk)
    ids = [pk for pks in marked.values() for pk in pks]
    later = Q(changed_at__isnull=True) | Q(changed_at__lt=now)
    Calendar.objects.of(organization).filter(later, pk__in=ids).update(changed_at=now)
    return marked


def begin_anew(*, connection_id: int, organization: Organization | int, now: datetime) -> list[int]:
    """
    Have every followed calendar of the connection read from nothing: whatever a full round does not bring is swept.

    What is stored stays until then. A round under way finds its lease gone. Returns the calendars, all marked.
    """
    followed = Calendar.objects.of(organization).followed().of_connection(connection_id)
    calendars = list(followed.order_by("pk").select_for_update(no_key=True))
    for calendar in calendars:
        calendar.begin_anew(now)
    return [calendar.pk for calendar in calendars]


def forget_connection(*, connection_id: int, organization: Organization | int) -> None:
    """Delete the connection's calendars with all that is in them. Doing it twice is harmless."""
    calendars = Calendar.objects.of(organization).of_connection(connection_id)
    # In the order of a round's own writes: the calendar's row first, then what hangs on it.
    for calendar in calendars.order_by("pk").select_for_update():
        apply.empty(calendar)
    calendars.delete()


def _locked(calendar: Calendar) -> Calendar:
    return (
        Calendar.objects.of(calendar.organization_id)
        .select_related("connection")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=calendar.pk)
    )


def empty(calendar: Calendar) -> None:
    """
    Forget all that was read of the calendar. A round under way finds its lease gone and stores nothing more.

    The row must be locked, with its connection loaded.
    """
    calendar.forget_links()
    if apply.empty(calendar):
        tell(calendar)


def tell(calendar: Calendar) -> None:
    """Something else is to be seen: move the version, and let open pages know after commit. As `empty` needs it."""
    calendar.version += 1
    calendar.save(update_fields=["version"])
    told = {"member_id": calendar.connection.member_id, "calendar_id": calendar.pk, "version": calendar.version}
    transaction.on_commit(partial(live.publish, **told))
