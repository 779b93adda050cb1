"""After each kind of edit at Microsoft, one round makes the stored events the true ones again."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from calendars.models import Kind
from calendars.services import Outcome
from tests.calendars.conftest import Mailbox, utc_now

TODAY = datetime.combine(utc_now().date(), time.min)
# What a later round brings of a series in which something changed: see sandbox/README.md.
STYLES = ["whole", "without-master", "only-master", "removal"]


def at(days: int, hour: int = 10, minutes: int = 0) -> dict[str, str]:
    moment = TODAY + timedelta(days=days, hours=hour, minutes=minutes)
    return {"dateTime": moment.isoformat(), "timeZone": "UTC"}


def meeting(subject: str = "New", *, day: int = 3, **more: Any) -> dict[str, Any]:
    return {"subject": subject, "start": at(day), "end": at(day, 11), **more}


def weekly(subject: str = "Weekly", *, day: int = -14, **more: Any) -> dict[str, Any]:
    start = TODAY + timedelta(days=day)
    return {
        **meeting(subject, day=day),
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": [start.strftime("%A").lower()]},
            "range": {"type": "numbered", "startDate": start.date().isoformat(), "numberOfOccurrences": 8},
        },
        **more,
    }


def instances_of(mailbox: Mailbox, series: str) -> list[str]:
    """Ids of the series' stored instances, in order of time."""
    found = {graph_id: facts for graph_id, facts in mailbox.stored().items() if facts.series == series}
    return sorted(found, key=lambda graph_id: str(found[graph_id].start))


def assert_true(mailbox: Mailbox) -> None:
    assert mailbox.sync().outcome == Outcome.DONE
    assert mailbox.stored() == mailbox.truth()


@pytest.fixture
def single(synced: Mailbox) -> str:
    """A stored single event, by its id."""
    graph_id: str = synced.edit("create", event=meeting("Single"))["immutableId"]
    assert_true(synced)
    return graph_id


@pytest.fixture
def series(synced: Mailbox) -> str:
    """A stored series of eight weeks, by its master's id."""
    graph_id: str = synced.edit("create", event=weekly())["immutableId"]
    assert_true(synced)
    assert len(instances_of(synced, graph_id)) == 8
    return graph_id


# --- single events ------------------------------------------------------------------------------------------------


def test_a_new_event_appears(synced: Mailbox) -> None:
    graph_id = synced.edit("create", event=meeting("Planning", showAs="tentative"))["immutableId"]

    assert_true(synced)

    assert synced.stored()[graph_id].subject == "Planning"
    assert synced.stored()[graph_id].show_as == "tentative"


def test_a_new_all_day_event_appears_as_dates(synced: Mailbox) -> None:
    day = {"start": at(5, 0), "end": at(7, 0), "isAllDay": True}
    graph_id = synced.edit("create", event=meeting("Fair", **day))["immutableId"]

    assert_true(synced)

    row = synced.row(graph_id)
    assert row.start_date is not None
    assert row.end_date is not None
    assert row.end_date - row.start_date == timedelta(days=2)
    assert row.starts_at is None


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Renamed"},
        {"start": at(9, 15), "end": at(9, 17)},
        {"start": at(3, 0), "end": at(4, 0), "isAllDay": True},
        {"showAs": "oof"},
        {"sensitivity": "private"},
        {"location": {"displayName": "Elsewhere"}},
    ],
    ids=["renamed", "moved", "made all-day", "shown otherwise", "made private", "relocated"],
)
def test_a_changed_event_is_changed(synced: Mailbox, single: str, change: dict[str, Any]) -> None:
    synced.edit("update", id=single, event=change)
    assert_true(synced)
    if "location" in change:
        assert synced.row(single).location == "Elsewhere"
    if "sensitivity" in change:
        assert synced.row(single).sensitivity == "private"


def test_a_deleted_event_disappears(synced: Mailbox, single: str) -> None:
    synced.edit("delete", id=single)
    assert_true(synced)
    assert single not in synced.stored()


def test_a_cancelled_meeting_is_as_microsoft_shows_it(synced: Mailbox, single: str) -> None:
    synced.edit("cancel", id=single)
    assert_true(synced)


def test_an_event_moved_to_another_calendar_leaves_this_one(synced: Mailbox, single: str) -> None:
    other = next(calendar for calendar in synced.calendars().values() if not calendar.is_default)
    synced.follow(other)
    synced.edit("move", id=single, calendar=other.graph_id)

    assert_true(synced)
    assert synced.sync(other).outcome == Outcome.DONE

    assert single not in synced.stored()
    other = synced.calendars()[other.name]
    assert synced.stored(other) == synced.truth(other)


def test_an_event_moved_out_of_the_window_disappears(synced: Mailbox, single: str) -> None:
    synced.edit("update", id=single, event={"start": at(900), "end": at(900, 11)})
    assert_true(synced)
    assert single not in synced.stored()


# --- series -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_a_changed_occurrence_becomes_an_exception(synced: Mailbox, series: str, style: str) -> None:
    synced.behave(series=style)
    third = instances_of(synced, series)[2]

    synced.edit("edit-occurrence", id=third, event={"subject": "This one only"})

    assert_true(synced)
    assert (synced.stored()[third].kind, synced.stored()[third].subject) == ("exception", "This one only")


@pytest.mark.parametrize("style", STYLES)
def test_a_deleted_occurrence_disappears(synced: Mailbox, series: str, style: str) -> None:
    synced.behave(series=style)
    third = instances_of(synced, series)[2]

    synced.edit("delete-occurrence", id=third)

    assert_true(synced)
    assert len(instances_of(synced, series)) == 7


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Renamed"},
        {"start": at(-14, 8), "end": at(-14, 9)},
        {"isAllDay": True, "start": at(-14, 0), "end": at(-13, 0)},
    ],
    ids=["renamed", "moved", "made all-day"],
)
def test_a_changed_series_changes_all_of_it(synced: Mailbox, series: str, style: str, change: dict[str, Any]) -> None:
    synced.behave(series=style)
    synced.edit("update", id=series, event=change)
    assert_true(synced)


@pytest.mark.parametrize("style", STYLES)
def test_a_series_that_ends_earlier_loses_the_rest(synced: Mailbox, series: str, style: str) -> None:
    synced.behave(series=style)
    rule = weekly()["recurrence"]
    rule["range"]["numberOfOccurrences"] = 4

    synced.edit("update", id=series, event={"recurrence": rule})

    assert_true(synced)
    assert len(instances_of(synced, series)) == 4


@pytest.mark.parametrize("style", STYLES)
def test_a_deleted_series_disappears_with_its_master(synced: Mailbox, series: str, style: str) -> None:
    synced.behave(series=style)
    synced.edit("edit-occurrence", id=instances_of(synced, series)[2], event={"subject": "Odd one"})
    assert_true(synced)

    synced.edit("delete", id=series)

    assert_true(synced)
    assert synced.of_kind(Kind.MASTER, series) == 0


@pytest.mark.parametrize("style", STYLES)
def test_a_new_series_appears_whole(synced: Mailbox, style: str) -> None:
    synced.behave(series=style)
    graph_id = synced.edit("create", event=weekly("Another"))["immutableId"]
    assert_true(synced)
    assert len(instances_of(synced, graph_id)) == 8


def test_a_series_that_began_long_before_the_window_is_shown_inside_it(synced: Mailbox) -> None:
    rule = weekly(day=-1400)
    rule["recurrence"]["range"] = {"type": "noEnd", "startDate": rule["recurrence"]["range"]["startDate"]}
    graph_id = synced.edit("create", event=rule)["immutableId"]

    assert_true(synced)

    assert len(instances_of(synced, graph_id)) > 50
    assert graph_id not in synced.stored()


def test_a_first_round_without_masters_fetches_them(mailbox: Mailbox) -> None:
    mailbox.behave(series="without-master")
    mailbox.list_calendars()
    assert_true(mailbox)


def test_only_a_suspicion_costs_a_further_call(synced: Mailbox, series: str) -> None:
    since = synced.sandbox.requests()[-1]["n"]
    synced.edit("update", id=series, event={"subject": "Renamed"})
    assert_true(synced)
    assert [asked for asked in synced.sandbox.requests(since) if "/instances" in asked["path"]] == []
    assert len(synced.rounds_asked(since)) == 1


def test_a_long_series_is_asked_for_in_one_call(synced: Mailbox) -> None:
    rule = weekly(day=-1400)
    rule["recurrence"]["range"] = {"type": "noEnd", "startDate": rule["recurrence"]["range"]["startDate"]}
    series = synced.edit("create", event=rule)["immutableId"]
    assert_true(synced)
    since = synced.sandbox.requests()[-1]["n"]
    synced.edit("delete-occurrence", id=instances_of(synced, series)[2])
    assert_true(synced)
    assert len(instances_of(synced, series)) > 50
    assert len([asked for asked in synced.sandbox.requests(since) if "/instances" in asked["path"]]) == 1


# --- odd pages ----------------------------------------------------------------------------------------------------


def test_empty_pages_repeated_items_and_unknown_removals_change_nothing(mailbox: Mailbox) -> None:
    mailbox.behave(empty_page=True, duplicate=True, unknown_removal=True, page_limit=7)
    mailbox.list_calendars()
    assert_true(mailbox)
    mailbox.edit("create", event=weekly())
    assert_true(mailbox)


def test_a_change_that_shows_up_late_is_stored_late(synced: Mailbox) -> None:
    synced.behave(lag=3600)
    graph_id = synced.edit("create", event=meeting("Late"))["immutableId"]
    synced.sync()
    assert graph_id not in synced.stored()

    synced.sandbox.advance(3700)

    synced.sync()
    assert graph_id in synced.stored()
