"""How long past events stay: decided by the organization, true at once, and every night."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from calendars import doors, services
from calendars.models import Calendar, Event, Kind
from calendars.services import Outcome
from calendars.sync import window
from calendars.tasks import apply_changed_policies, forget_past_events, move_windows
from tenants.scoping import organization_scope
from tests.calendars.conftest import Mailbox, utc_now
from tests.calendars.deciding import apply, as_it_is, decide, events_of
from tests.calendars.making import make_calendar, make_connection, make_day, make_event
from tests.calendars.test_edits import meeting
from tests.calendars.test_interruptions import later, stopped_after
from tests.cast import Cast


def oldest(mailbox: Mailbox) -> datetime:
    return window.promised(utc_now(), as_it_is(mailbox.organization).days_back).start


def past(mailbox: Mailbox, days: int, subject: str = "Past") -> str:
    return str(mailbox.edit("create", event=meeting(subject, day=-days))["id"])


@pytest.fixture
def told(mailbox: Mailbox) -> Mailbox:
    """A mailbox with something on many a past day."""
    for days in (3, 20, 50, 80):
        past(mailbox, days)
    past(mailbox, 300, "Long ago")
    mailbox.list_calendars()
    assert mailbox.sync().outcome == Outcome.DONE
    return mailbox


def test_fewer_days_remove_what_is_older_at_once_and_the_next_round_keeps_to_it(told: Mailbox) -> None:
    before = told.stored()
    decide(told.organization, told.user, past_days=7)

    applied = apply(told.organization)

    assert applied is not None
    assert applied.removed == len(before) - len(told.stored()) > 0
    start = oldest(told)
    assert all(isinstance(facts.end, datetime) and facts.end >= start for facts in told.stored().values()
               if not facts.is_all_day)  # fmt: skip
    assert told.sync().outcome == Outcome.DONE
    assert told.calendar.window_start == start
    assert told.stored() == told.truth()


def test_more_days_bring_what_is_older(told: Mailbox) -> None:
    assert not any(facts.subject == "Long ago" for facts in told.stored().values())
    decide(told.organization, told.user, past_days=365)
    applied = apply(told.organization)
    assert applied is not None
    assert applied.to_read == [told.calendar.pk]

    assert told.sync().outcome == Outcome.DONE

    assert any(facts.subject == "Long ago" for facts in told.stored().values())
    assert told.stored() == told.truth()


def test_a_round_under_way_in_the_former_window_stores_nothing_more(mailbox: Mailbox) -> None:
    for days in range(20, 80, 2):
        past(mailbox, days)
    mailbox.list_calendars()
    mailbox.behave(page_limit=10)
    stopped_after(mailbox, pages=2)
    decide(mailbox.organization, mailbox.user, past_days=7)
    apply(mailbox.organization)

    assert mailbox.sync(clock=later(60)).outcome == Outcome.DONE

    assert mailbox.calendar.window_start == oldest(mailbox)
    assert mailbox.stored() == mailbox.truth()


# --- every night ----------------------------------------------------------------------------------------------------


@pytest.fixture
def calendar(cast: Cast) -> Calendar:
    now = utc_now()
    start, end = window.fresh(now, 30)
    return make_calendar(make_connection(cast.acme, cast.alice), window_start=start, window_end=end)


def test_what_has_grown_too_old_goes_every_night_and_series_with_their_last_instance(
    cast: Cast, calendar: Calendar
) -> None:
    decide(cast.acme, cast.alice, past_days=30)
    now = utc_now()

    def ago(days: int, subject: str, **fields: Any) -> Event:
        starts_at = now - timedelta(days=days)
        return make_event(calendar, subject, **{"starts_at": starts_at, "ends_at": starts_at, **fields})

    ago(33, "old")
    ago(20, "new")
    make_day(calendar, "old day", (now - timedelta(days=40)).date())
    make_day(calendar, "new day", (now - timedelta(days=5)).date())
    ago(90, "ended", kind=Kind.MASTER, graph_id="ended")
    ago(40, "ended", kind=Kind.OCCURRENCE, series_id="ended")
    ago(90, "goes on", kind=Kind.MASTER, graph_id="goes-on")
    ago(40, "goes on", kind=Kind.OCCURRENCE, series_id="goes-on")
    ago(2, "goes on", kind=Kind.OCCURRENCE, series_id="goes-on")

    removed = services.forget_past(organization_id=cast.acme.pk, now=now)

    assert removed == 4
    assert sorted((row.subject, row.kind) for row in events_of(cast.acme)) == [
        ("goes on", "master"), ("goes on", "occurrence"), ("new", "single"), ("new day", "single"),
    ]  # fmt: skip
    assert services.forget_past(organization_id=cast.acme.pk, now=now) == 0


def test_beat_finds_who_has_decided_and_what_is_not_applied(cast: Cast) -> None:
    assert doors.organizations_that_decided_on_days() == []
    assert doors.organizations_with_policies_to_apply() == []
    decide(cast.acme, cast.alice, past_days=30)
    assert doors.organizations_that_decided_on_days() == [cast.acme.pk]
    assert doors.organizations_with_policies_to_apply() == [cast.acme.pk]
    apply(cast.acme)
    assert doors.organizations_with_policies_to_apply() == []
    decide(cast.acme, cast.alice, past_days=60)
    assert doors.organizations_with_policies_to_apply() == [cast.acme.pk]


def test_windows_move_by_what_each_organization_keeps(cast: Cast, calendar: Calendar) -> None:
    decide(cast.acme, cast.alice, past_days=30)
    day = timedelta(days=1)

    def due(now: datetime) -> bool:
        today, ending = window.promised(now, days_back=0)
        found = doors.calendars_with_windows(now=now, today=today, slack=window.SLACK, ending_before=ending)
        return [key.calendar_id for key in found] == [calendar.pk]

    now = utc_now()
    assert not due(now)
    assert not due(now + window.SLACK)
    assert due(now + window.SLACK + day)
    decide(cast.acme, cast.alice, past_days=7)
    assert due(now)
    with organization_scope(cast.acme.pk):
        Calendar.objects.of(cast.acme).update(window_end=now)
    decide(cast.acme, cast.alice, past_days=30)
    assert due(now)


def test_beats_tasks_run(cast: Cast, calendar: Calendar) -> None:
    decide(cast.acme, cast.alice, past_days=7)
    for task in (forget_past_events, apply_changed_policies, move_windows):
        task.apply(throw=True)
