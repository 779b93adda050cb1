"""
Background work on calendars. Queues: `interactive` when somebody waits, `changes` after a notification, `backfill` for
polls and moved windows, `housekeeping` for the rest.

A message is never the only trace of work to be done: marks are in the database, and beat finds those that nobody
answers.
"""

import math
import random
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from calendars import doors, services
from calendars.payloads import Unreadable
from calendars.services import exports
from calendars.sync import window
from connections.graph import ApprovalRequired, GraphError, ReconnectRequired, Refused, Throttled
from connections.services import ConnectionNotActive, record_failure
from tenants.scoping import organization_scope
from tenants.tasks import TenantTask

log = structlog.get_logger(__name__)

# Longer waits are left to beat: a message that waits is held by a worker's memory and ends with it.
LONGEST_COUNTDOWN = timedelta(minutes=5)
LISTING_ATTEMPTS = 6
# Beat asks again: a message that was not taken until then has been replaced.
TICK = 60.0


@shared_task(base=TenantTask, scoped=False)
def sync_calendar(*, organization_id: int, calendar_id: int) -> None:
    """One round of one calendar. May run twice: a second one at the same time does nothing."""
    result = services.sync_calendar(organization_id=organization_id, calendar_id=calendar_id, clock=timezone.now)
    ids = {"organization_id": organization_id, "calendar_id": calendar_id}
    if result.again:
        sync_calendar.apply_async(kwargs=ids)
    elif result.retry_at is not None:
        countdown = _countdown(result.retry_at)
        if countdown is not None:
            sync_calendar.apply_async(kwargs=ids, countdown=countdown)


@shared_task(base=TenantTask, scoped=False)
def list_calendars(*, organization_id: int, connection_id: int, attempt: int = 1) -> None:
    """The mailbox's list of calendars, and a round for each followed one that needs it. May run twice."""
    now = timezone.now()
    ids = {"organization_id": organization_id, "connection_id": connection_id}
    try:
        found = services.list_calendars(**ids, now=now)
    except ConnectionNotActive:
        return
    except GraphError as error:
        if not isinstance(error, Throttled):
            record_failure(**ids, error=error, now=now)
        if not isinstance(error, ReconnectRequired | ApprovalRequired | Refused):
            _list_later(ids, attempt, error.retry_after)
        return
    except Unreadable:
        _list_later(ids, attempt, None)
        return
    for calendar_id in found:
        sync_calendar.apply_async(
            kwargs={"organization_id": organization_id, "calendar_id": calendar_id}, queue="interactive"
        )


def _list_later(ids: dict[str, int], attempt: int, asked: float | None) -> None:
    """Once more in a while, some times; then it is left to beat, which lists again in some hours."""
    log.warning("listing_failed", connection=ids["connection_id"], attempt=attempt)
    if attempt < LISTING_ATTEMPTS:
        wait = min(asked or 5 * 2**attempt, LONGEST_COUNTDOWN.total_seconds())
        list_calendars.apply_async(
            kwargs={**ids, "attempt": attempt + 1},
            countdown=wait + random.uniform(0, 2),  # noqa: S311 - jitter, no secret
        )


@shared_task
def sync_marked_calendars() -> None:
    """Beat, every 30 seconds: a round for each mark that nobody has answered."""
    _queue_rounds(doors.marked_calendars(now=timezone.now()), queue="changes")


@shared_task
def poll_quiet_calendars() -> None:
    """Beat, every five minutes: a round for each calendar that was not read for a while."""
    _queue_rounds(doors.quiet_calendars(now=timezone.now()), queue="backfill")


@shared_task
def move_windows() -> None:
    """Beat, every night: a round for each calendar whose window must move. The round itself sees that and is full."""
    now = timezone.now()
    today, ending_before = window.promised(now, days_back=0)
    due = doors.calendars_with_windows(now=now, today=today, slack=window.SLACK, ending_before=ending_before)
    _queue_rounds(due, queue="backfill")


@shared_task
def forget_past_events() -> None:
    """Beat, every night: one task for each organization that has said how long past events stay."""
    for organization_id in doors.organizations_that_decided_on_days():
        forget_past_events_of.apply_async(kwargs={"organization_id": organization_id})


@shared_task(base=TenantTask, scoped=False)
def forget_past_events_of(*, organization_id: int) -> None:
    """Delete what is older than this organization keeps. May run twice."""
    services.forget_past(organization_id=organization_id, now=timezone.now())


@shared_task
def apply_changed_policies() -> None:
    """Beat, every minute: policies that were changed and whose own message was lost."""
    for organization_id in doors.organizations_with_policies_to_apply():
        apply_policies.apply_async(kwargs={"organization_id": organization_id}, expires=TICK)


@shared_task(base=TenantTask, scoped=False)
def apply_policies(*, organization_id: int) -> None:
    """Make what is stored obey the organization's policies, and begin to read what is to be kept now. May run twice."""
    applied = services.apply_policies(organization_id=organization_id, now=timezone.now())
    for calendar_id in applied.to_read if applied else []:
        sync_calendar.apply_async(
            kwargs={"organization_id": organization_id, "calendar_id": calendar_id}, queue="backfill"
        )


@shared_task
def refresh_calendar_lists() -> None:
    """Beat, every few hours: list the calendars of every active connection again."""
    for organization_id, connection_id in doors.active_connections():
        list_calendars.apply_async(
            kwargs={"organization_id": organization_id, "connection_id": connection_id}, queue="backfill"
        )


@shared_task
def list_unlisted_mailboxes() -> None:
    """Beat, every two minutes: mailboxes that were connected and whose calendars nobody has listed."""
    for organization_id, connection_id in doors.unlisted_connections(now=timezone.now()):
        # The last attempt: a mailbox that cannot be listed now is found again at the next tick.
        list_calendars.apply_async(
            kwargs={"organization_id": organization_id, "connection_id": connection_id, "attempt": LISTING_ATTEMPTS},
            expires=TICK,
        )


@shared_task(base=TenantTask, scoped=False)
def make_export(*, organization_id: int, export_id: int) -> None:
    """Make the file that somebody asked for. May run twice: a second one at the same time does nothing."""
    exports.make(organization_id=organization_id, export_id=export_id, clock=timezone.now)


@shared_task
def finish_exports() -> None:
    """Beat, every minute: exports that wait without a message, or whose maker ended in the middle."""
    for key in doors.unmade_exports(now=timezone.now()):
        make_export.apply_async(kwargs=key._asdict(), queue="housekeeping", expires=TICK)


@shared_task
def forget_old_exports() -> None:
    """Beat, every ten minutes: files whose time is over are deleted."""
    now = timezone.now()
    for organization_id in doors.organizations_with_old_exports(now=now, failed_before=now - exports.KEPT):
        with organization_scope(organization_id):
            count = exports.forget_expired(organization_id=organization_id, now=now)
        log.info("old_exports_forgotten", organization=organization_id, count=count)


def _queue_rounds(keys: list[doors.CalendarKey], *, queue: str) -> None:
    for organization_id, calendar_id in keys:
        sync_calendar.apply_async(
            kwargs={"organization_id": organization_id, "calendar_id": calendar_id}, queue=queue, expires=TICK
        )


def _countdown(retry_at: datetime) -> float | None:
    """Seconds until then, a little more rather than less; None when it is so far away that beat should see to it."""
    seconds = math.ceil((retry_at - timezone.now()).total_seconds()) + random.uniform(0, 1)  # noqa: S311 - jitter
    return None if seconds > LONGEST_COUNTDOWN.total_seconds() else max(seconds, 0.0)
