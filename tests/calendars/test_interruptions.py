"""Rounds that are stopped, doubled, refused or told to start over: nothing is lost and nothing half true is stored."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections

from calendars.models import Calendar
from calendars.services import Outcome, RoundResult
from calendars.sync import lease
from calendars.sync.lease import LeaseLost
from calendars.sync.round import Round
from connections.models import Connection, Status
from connections.services import open_graph
from tenants.scoping import organization_scope
from tests.calendars.conftest import Mailbox, utc_now
from tests.calendars.test_edits import meeting
from tests.conftest import eventually

DELTA = {"path": "calendarView/delta"}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def listed(mailbox: Mailbox) -> Mailbox:
    """Followed, never read, and delta gives small pages."""
    mailbox.behave(page_limit=5)
    mailbox.list_calendars()
    return mailbox


def stopped_after(mailbox: Mailbox, pages: int) -> Calendar:
    """Read some pages of a round; the next one is refused for ever."""
    for _ in range(pages):
        mailbox.sandbox.fault({"delay": 0.001}, match=DELTA, times=1)
    mailbox.sandbox.fault({"status": 503, "retry_after": 30}, match=DELTA)
    assert mailbox.sync().outcome == Outcome.LATER
    mailbox.sandbox.clear_faults()
    return mailbox.calendar


def later(seconds: float) -> Any:
    return lambda: utc_now() + timedelta(seconds=seconds)


# --- stopped in the middle ----------------------------------------------------------------------------------------


def test_a_round_that_stopped_goes_on_at_the_next_page(listed: Mailbox) -> None:
    calendar = stopped_after(listed, pages=2)
    assert calendar.page_link
    assert listed.stored()
    since = listed.sandbox.requests()[-1]["n"]

    result = listed.sync(clock=later(60))

    assert result.outcome == Outcome.DONE
    assert result.tally is not None
    assert result.tally.is_full
    assert listed.stored() == listed.truth()
    assert all("startDateTime" not in asked["path"] for asked in listed.rounds_asked(since))


def test_what_was_deleted_before_the_round_went_on_is_removed_by_the_next(listed: Mailbox) -> None:
    stopped_after(listed, pages=2)
    series_or_single = next(iter(listed.stored()))
    listed.edit("delete", id=series_or_single)

    listed.sync(clock=later(60))
    listed.sync(clock=later(61))

    assert listed.stored() == listed.truth()


def test_a_worker_killed_in_the_middle_leaves_a_round_that_another_one_finishes(listed: Mailbox) -> None:
    for _ in range(3):
        listed.sandbox.fault({"delay": 0.001}, match=DELTA, times=1)
    listed.sandbox.fault({"delay": 60}, match=DELTA)
    calendar = listed.calendar
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.calendars.one_round", str(listed.organization.pk), str(calendar.pk)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address_of_test_database()},
    )
    try:
        eventually(lambda: listed.calendar.page_link and listed.stored(), within=20)
    finally:
        worker.kill()
        worker.wait()
    listed.sandbox.clear_faults()

    assert listed.sync().outcome == Outcome.NOT_NOW
    assert listed.sync(clock=later(lease.LASTS.total_seconds() + 5)).outcome == Outcome.DONE
    assert listed.stored() == listed.truth()


def address_of_test_database() -> str:
    """Where another process finds what this test stores."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


# --- one at a time ------------------------------------------------------------------------------------------------


def test_two_rounds_at_once_make_one(listed: Mailbox) -> None:
    listed.sandbox.fault({"delay": 0.5}, match=DELTA, times=1)
    calendar = listed.calendar

    def one_round(_: int) -> RoundResult:
        try:
            return listed.sync(calendar)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(result.outcome for result in threads.map(one_round, range(2)))

    assert outcomes == [Outcome.DONE, Outcome.NOT_NOW]
    assert sum("startDateTime" in asked["path"] for asked in listed.rounds_asked()) == 1
    assert listed.stored() == listed.truth()


def test_a_late_writer_stores_nothing(listed: Mailbox) -> None:
    calendar = listed.calendar
    ids = {"organization_id": listed.organization.pk, "calendar_id": calendar.pk}
    slow = lease.acquire(**ids, now=utc_now())
    assert slow is not None
    fast = lease.acquire(**ids, now=later(lease.LASTS.total_seconds() + 1)())
    assert fast is not None

    client = open_graph(organization_id=listed.organization.pk, connection_id=listed.connection_id, now=utc_now())
    with pytest.raises(LeaseLost):
        Round(client, slow, utc_now).run()

    assert listed.stored() == {}
    assert listed.calendar.lease_token == fast.token


def test_a_writer_whose_calendar_is_unfollowed_meanwhile_stores_nothing(synced: Mailbox) -> None:
    calendar = synced.calendar
    held = lease.acquire(organization_id=synced.organization.pk, calendar_id=calendar.pk, now=utc_now())
    assert held is not None

    synced.unfollow(calendar)

    client = open_graph(organization_id=synced.organization.pk, connection_id=synced.connection_id, now=utc_now())
    with pytest.raises(LeaseLost):
        Round(client, held, utc_now).run()
    assert synced.stored(calendar) == {}


# --- marks --------------------------------------------------------------------------------------------------------


def test_a_mark_during_the_round_asks_for_another(listed: Mailbox) -> None:
    begun = utc_now()
    listed.sandbox.fault({"delay": 0.5}, match=DELTA, times=1)
    calendar = listed.calendar

    def one_round() -> RoundResult:
        try:
            return listed.sync(calendar)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(one_round)
        eventually(lambda: (started := listed.calendar.round_started_at) and started >= begun)
        listed.mark()
        assert running.result().again

    assert listed.calendar.needs_round
    assert listed.sync().again is False
    assert not listed.calendar.needs_round


def test_what_nobody_foresaw_leaves_the_mark_and_a_wait(synced: Mailbox) -> None:
    synced.mark()
    ticks = iter(range(100))

    def clock_that_breaks_once() -> datetime:
        if next(ticks) == 3:
            raise ZeroDivisionError
        return utc_now()

    with pytest.raises(ZeroDivisionError):
        synced.sync(clock=clock_that_breaks_once)

    calendar = synced.calendar
    assert calendar.needs_round
    assert (calendar.last_error, calendar.lease_token) == ("internal", None)
    assert calendar.retry_at is not None
    assert synced.sync(clock=later(60)).outcome == Outcome.DONE


# --- start over ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "location"), [(410, False), (410, True), (400, False), (404, False)])
def test_a_forgotten_link_leads_to_a_full_round_with_a_sweep(synced: Mailbox, status: int, location: bool) -> None:
    synced.behave(expired_status=status, expired_location=location)
    synced.edit("delete", id=next(iter(synced.stored())))
    added = synced.edit("create", event=meeting("Added"))["immutableId"]
    synced.sandbox.expire_delta(synced.address)

    result = synced.sync()

    assert result.tally is not None
    assert result.tally.is_full
    assert added in synced.stored()
    assert synced.stored() == synced.truth()


def test_links_that_are_forgotten_in_the_middle_of_a_round_lead_to_a_full_one(listed: Mailbox) -> None:
    stopped_after(listed, pages=2)
    listed.sandbox.expire_delta(listed.address)

    assert listed.sync(clock=later(60)).outcome == Outcome.DONE
    assert listed.stored() == listed.truth()


def test_links_that_are_forgotten_again_and_again_make_the_round_wait(synced: Mailbox) -> None:
    synced.sandbox.fault({"status": 410, "code": "syncStateNotFound"}, match=DELTA)
    result = synced.sync()
    assert result.outcome == Outcome.LATER
    assert synced.calendar.last_error == "syncStateNotFound"


def test_a_stored_link_that_leads_elsewhere_is_not_followed(synced: Mailbox) -> None:
    with organization_scope(synced.organization.pk):
        Calendar.objects.of(synced.organization).filter(pk=synced.calendar.pk).update(
            delta_link="https://graph.microsoft.com.evil.example/v1.0/me/calendarView/delta?$deltatoken=x"
        )
    result = synced.sync()
    assert result.tally is not None
    assert result.tally.is_full
    assert synced.stored() == synced.truth()


def test_a_window_that_must_move_is_read_anew_and_what_lies_outside_is_swept(synced: Mailbox, settings: Any) -> None:
    before = synced.stored()
    settings.WINDOW_DAYS_BACK, settings.WINDOW_DAYS_AHEAD = 10, 20

    result = synced.sync()

    assert result.tally is not None
    assert result.tally.is_full
    assert 0 < len(synced.stored()) < len(before)
    assert synced.stored() == synced.truth()


# --- refused ------------------------------------------------------------------------------------------------------


def test_a_throttled_round_waits_as_long_as_it_was_told(synced: Mailbox) -> None:
    synced.sandbox.fault({"status": 429, "retry_after": 90}, match=DELTA, times=1)
    began = utc_now()

    result = synced.sync()

    assert result.outcome == Outcome.LATER
    assert result.retry_at is not None
    assert timedelta(seconds=90) <= result.retry_at - began <= timedelta(seconds=100)
    # Whoever comes in between is sent away without a call.
    since = synced.sandbox.requests()[-1]["n"]
    assert synced.sync().outcome == Outcome.NOT_NOW
    assert synced.sandbox.requests(since) == []
    assert synced.sync(clock=later(101)).outcome == Outcome.DONE
    assert synced.calendar.retry_at is None


def test_each_failure_in_a_row_waits_longer(synced: Mailbox) -> None:
    synced.sandbox.fault({"close": True}, match=DELTA)
    waits, passed = [], 0.0
    for _ in range(4):
        result = synced.sync(clock=later(passed))
        assert result.retry_at is not None
        wait = (result.retry_at - utc_now()).total_seconds() - passed
        waits.append(wait)
        passed += wait + 1
    assert waits[-1] > waits[0]
    assert synced.calendar.failures == 4

    synced.sandbox.clear_faults()
    assert synced.sync(clock=later(passed)).outcome == Outcome.DONE
    assert synced.calendar.failures == 0


def test_a_withdrawn_grant_is_recorded_on_the_connection(synced: Mailbox) -> None:
    synced.sandbox.tokens(synced.address, "revoke")
    synced.sandbox.tokens(synced.address, "expire-access")

    assert synced.sync().outcome == Outcome.STOPPED

    with organization_scope(synced.organization.pk):
        status = Connection.objects.of(synced.organization).get(pk=synced.connection_id).status
    assert status == Status.RECONNECT
    assert synced.calendar.lease_token is None
    # Nothing more is asked until somebody has mended it.
    since = synced.sandbox.requests()[-1]["n"]
    assert synced.sync().outcome == Outcome.STOPPED
    assert synced.sandbox.requests(since) == []


def test_a_404_of_a_calendar_that_is_still_listed_deletes_nothing(synced: Mailbox) -> None:
    before = synced.stored()
    synced.sandbox.fault({"status": 404, "code": "ErrorItemNotFound"}, match=DELTA, times=1)

    assert synced.sync().outcome == Outcome.LATER

    assert synced.stored() == before
    assert synced.calendar.vanished_at is None


def test_a_403_of_one_calendar_does_not_stop_the_mailbox(synced: Mailbox) -> None:
    synced.sandbox.fault({"status": 403, "code": "ErrorAccessDenied"}, match=DELTA)

    assert synced.sync().outcome == Outcome.LATER

    with organization_scope(synced.organization.pk):
        assert Connection.objects.of(synced.organization).get(pk=synced.connection_id).status == Status.ACTIVE
    assert synced.calendar.retry_at is not None
    assert synced.calendar.retry_at > utc_now() + timedelta(hours=1)


def test_a_mailbox_that_is_refused_as_a_whole_is_recorded(synced: Mailbox) -> None:
    synced.sandbox.fault({"status": 403, "code": "ErrorAccessDenied"}, match={"path": "/me/"})

    assert synced.sync().outcome == Outcome.STOPPED

    with organization_scope(synced.organization.pk):
        assert Connection.objects.of(synced.organization).get(pk=synced.connection_id).status == Status.BLOCKED
