"""Doors for beat, and the tasks that go through them, with a real worker and a real broker."""

from datetime import timedelta
from typing import Any

import pytest
from celery.worker import WorkController

from calendars import doors, tasks
from calendars.models import Calendar
from calendars.sync.window import SLACK, promised
from connections.models import Connection, Status
from tenants.scoping import organization_scope
from tests.calendars.conftest import Mailbox, utc_now
from tests.calendars.test_edits import meeting
from tests.conftest import eventually

LATER = timedelta(minutes=1)


def update(mailbox: Mailbox, **fields: Any) -> None:
    with organization_scope(mailbox.organization.pk):
        Calendar.objects.of(mailbox.organization).filter(is_default=True).update(**fields)


def key(mailbox: Mailbox) -> doors.CalendarKey:
    return doors.CalendarKey(mailbox.organization.pk, mailbox.calendar.pk)


# --- doors --------------------------------------------------------------------------------------------------------


def test_a_mark_that_nobody_answers_is_found(synced: Mailbox) -> None:
    assert doors.marked_calendars(now=utc_now() + LATER) == []
    synced.mark()
    assert doors.marked_calendars(now=utc_now() + LATER) == [key(synced)]
    # Not at once: it comes with a message of its own.
    assert doors.marked_calendars(now=utc_now()) == []


def test_a_mark_is_answered_by_a_finished_round_only(synced: Mailbox) -> None:
    synced.mark()
    update(synced, round_started_at=utc_now())
    assert doors.marked_calendars(now=utc_now() + LATER) == [key(synced)]
    synced.sync()
    assert doors.marked_calendars(now=utc_now() + LATER) == []


@pytest.mark.parametrize(
    "state",
    [
        {"lease_until": utc_now() + timedelta(hours=1)},
        {"retry_at": utc_now() + timedelta(hours=1)},
        {"followed_at": None},
        {"vanished_at": utc_now()},
    ],
    ids=["leased", "waiting", "not followed", "vanished"],
)
def test_what_is_leased_or_waits_or_is_not_followed_is_left_alone(synced: Mailbox, state: dict[str, Any]) -> None:
    synced.mark()
    update(synced, **state)
    far = utc_now() + timedelta(minutes=50)
    assert doors.marked_calendars(now=far) == []
    assert doors.quiet_calendars(now=far) == []


def test_connections_that_may_not_be_used_are_left_alone(synced: Mailbox) -> None:
    synced.mark()
    assert doors.active_connections() == [doors.ConnectionKey(synced.organization.pk, synced.connection_id)]
    with organization_scope(synced.organization.pk):
        Connection.objects.of(synced.organization).update(status=Status.RECONNECT)
    assert doors.marked_calendars(now=utc_now() + LATER) == []
    assert doors.active_connections() == []


def test_a_calendar_that_was_not_read_for_a_while_is_found(synced: Mailbox, settings: Any) -> None:
    assert doors.quiet_calendars(now=utc_now()) == []
    assert doors.quiet_calendars(now=utc_now() + settings.POLL_AFTER + LATER) == [key(synced)]


def test_a_window_that_has_to_move_is_found(synced: Mailbox) -> None:
    def due(days: int) -> list[doors.CalendarKey]:
        today, ending = promised(utc_now() + timedelta(days=days), days_back=0)
        return doors.calendars_with_windows(now=utc_now(), today=today, slack=SLACK, ending_before=ending)

    assert due(0) == []
    assert due(7) == []
    assert due(8) == [key(synced)]


# --- tasks --------------------------------------------------------------------------------------------------------


def test_listing_leads_to_the_first_round(mailbox: Mailbox, worker: WorkController) -> None:
    tasks.list_calendars.delay(organization_id=mailbox.organization.pk, connection_id=mailbox.connection_id)
    eventually(lambda: mailbox.calendars() and mailbox.calendar.synced_at, within=20)
    assert mailbox.stored() == mailbox.truth()


def test_beat_answers_a_mark_whose_message_was_lost(synced: Mailbox, worker: WorkController) -> None:
    added = synced.edit("create", event=meeting())["immutableId"]
    update(synced, changed_at=utc_now() - timedelta(seconds=30), synced_at=utc_now() - timedelta(seconds=60))

    tasks.sync_marked_calendars.delay()

    eventually(lambda: added in synced.stored(), within=20)


def test_beat_reads_quiet_calendars(synced: Mailbox, worker: WorkController) -> None:
    added = synced.edit("create", event=meeting())["immutableId"]
    update(synced, synced_at=utc_now() - timedelta(hours=1))
    tasks.poll_quiet_calendars.delay()
    eventually(lambda: added in synced.stored(), within=20)


def test_beat_moves_windows(synced: Mailbox, worker: WorkController) -> None:
    before = synced.calendar
    assert before.window_end is not None
    update(synced, window_end=before.window_end - timedelta(days=30))
    tasks.move_windows.delay()
    eventually(lambda: synced.calendar.window_end == before.window_end and synced.calendar.synced_at, within=20)
    assert synced.calendar.round_is_full


def test_beat_lists_calendars_again(synced: Mailbox, worker: WorkController) -> None:
    name = synced.calendar.name
    update(synced, name="Old name")
    tasks.refresh_calendar_lists.delay()
    eventually(lambda: synced.calendar.name == name, within=20)


def test_beat_finds_a_mailbox_whose_person_never_came_back_to_see_it(mailbox: Mailbox, worker: WorkController) -> None:
    """The browser was closed between the sign-in and our next page: nothing was listed, and nobody asked."""
    with organization_scope(mailbox.organization.pk):
        connections = Connection.objects.of(mailbox.organization).filter(pk=mailbox.connection_id)
        connections.update(connected_at=utc_now() - timedelta(minutes=2))
    tasks.list_unlisted_mailboxes.delay()
    eventually(lambda: mailbox.calendars() and mailbox.calendar.synced_at and mailbox.stored(), within=20)
    assert doors.unlisted_connections(now=utc_now()) == []


def test_a_mailbox_that_is_being_listed_right_now_is_left_alone(mailbox: Mailbox) -> None:
    assert doors.unlisted_connections(now=utc_now()) == []


def test_a_throttled_task_comes_back_by_itself(synced: Mailbox, worker: WorkController) -> None:
    added = synced.edit("create", event=meeting())["immutableId"]
    synced.sandbox.fault({"status": 429, "retry_after": 1}, match={"path": "calendarView/delta"}, times=1)
    tasks.sync_calendar.delay(organization_id=synced.organization.pk, calendar_id=synced.calendar.pk)
    eventually(lambda: added in synced.stored(), within=20)


def test_a_failed_listing_comes_back_by_itself(mailbox: Mailbox, worker: WorkController) -> None:
    mailbox.sandbox.fault({"status": 429, "retry_after": 1}, match={"path": "/me/calendars"}, times=1)
    tasks.list_calendars.delay(organization_id=mailbox.organization.pk, connection_id=mailbox.connection_id)
    eventually(mailbox.calendars, within=20)


def test_a_refused_listing_is_recorded_on_the_connection(mailbox: Mailbox, worker: WorkController) -> None:
    mailbox.sandbox.fault({"status": 403, "code": "ErrorAccessDenied"}, match={"path": "/me/calendars"})
    tasks.list_calendars.delay(organization_id=mailbox.organization.pk, connection_id=mailbox.connection_id)

    def status() -> str:
        with organization_scope(mailbox.organization.pk):
            return Connection.objects.of(mailbox.organization).get(pk=mailbox.connection_id).status

    eventually(lambda: status() == Status.BLOCKED, within=20)
