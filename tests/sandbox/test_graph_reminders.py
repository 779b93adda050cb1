"""Reminders: which fire in a window, and what becomes of those that are put off or dismissed."""

from datetime import timedelta

import pytest

from tests.sandbox.graph_side import BOB, JSON, NOON, Graph, StandIn, timed
from tests.sandbox.meeting_side import every_tuesday, in_december, meeting

DAY = "startDateTime='2026-12-01T00:00:00Z',endDateTime='2026-12-02T00:00:00Z'"
MONTH = "startDateTime='2026-12-01T00:00:00Z',endDateTime='2027-01-01T00:00:00Z'"


def due(graph: Graph, window: str = DAY) -> list[JSON]:
    found: list[JSON] = graph.get(f"/me/reminderView({window})")["value"]
    return found


def fires(graph: Graph, window: str = MONTH) -> list[str]:
    return [each["reminderFireTime"]["dateTime"][:16] for each in due(graph, window)]


def at(text: str) -> JSON:
    return {"newReminderTime": {"dateTime": text, "timeZone": "UTC"}}


def test_a_reminder_says_when_it_fires_and_for_what(graph: Graph) -> None:
    made = graph.post("/me/events", timed("Lunch", *NOON, location={"displayName": "Canteen"}))
    graph.post("/me/events", timed("Unannounced", *NOON, isReminderOn=False))
    answer = graph.get(f"/me/reminderView({DAY})")
    assert answer["@odata.context"].endswith("$metadata#Collection(microsoft.graph.reminder)")
    (reminder,) = answer["value"]
    assert reminder["reminderFireTime"] == {"dateTime": "2026-12-01T11:45:00.0000000", "timeZone": "UTC"}
    assert (reminder["eventId"], reminder["eventSubject"]) == (made["id"], "Lunch")
    assert (reminder["eventStartTime"], reminder["eventEndTime"]) == (made["start"], made["end"])
    assert (reminder["changeKey"], reminder["eventWebLink"]) == (made["changeKey"], made["webLink"])
    assert reminder["eventLocation"]["displayName"] == "Canteen"


@pytest.mark.parametrize(
    "window",
    [
        DAY,
        "StartDateTime='2026-12-01T00:00:00Z',EndDateTime='2026-12-02T00:00:00Z'",
        "EndDateTime=2026-12-02T01:00:00%2B01:00,startDateTime=2026-12-01T00:00:00.0000000",
        "startDateTime=%272026-12-01T00%3A00%3A00Z%27,endDateTime=%272026-12-02%27",
    ],
)
def test_the_window_is_taken_in_every_spelling(stand_in: StandIn, graph: Graph, window: str) -> None:
    graph.post("/me/events", timed("Lunch", *NOON))
    assert len(due(graph, window)) == 1
    assert (
        len(graph.get(f"/users/{stand_in.person('alice.moreau@contoso.example').oid}/reminderview({window})")["value"])
        == 1
    )


def test_a_reminder_that_comes_after_the_start_fires_in_its_own_window(graph: Graph) -> None:
    graph.post("/me/events", timed("Lunch", *NOON, reminderMinutesBeforeStart=-2880))
    assert fires(graph) == ["2026-12-03T12:00"]
    day = "startDateTime='2026-12-03T00:00:00Z',endDateTime='2026-12-04T00:00:00Z'"
    assert fires(graph, day) == ["2026-12-03T12:00"]
    assert fires(graph, DAY) == []


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ("", "ErrorInvalidParameter"),
        ("startDateTime='2026-12-01T00:00:00Z'", "ErrorInvalidParameter"),
        ("startDateTime='soon',endDateTime='later'", "ErrorInvalidParameter"),
        ("startDateTime='2026-12-02',endDateTime='2026-12-01'", "ErrorInvalidParameter"),
        ("startDateTime='2020-12-02',endDateTime='2026-12-01'", "ErrorInvalidRequest"),
        ("startDateTime='2026-12-01'endDateTime='2026-12-02'", "BadRequest"),
    ],
)
def test_a_window_that_is_none_is_refused(graph: Graph, window: str, code: str) -> None:
    assert graph.refused("GET", f"/me/reminderView({window})") == (400, code)


def test_a_window_at_the_ends_of_the_calendar_is_simply_empty(graph: Graph) -> None:
    graph.post("/me/events", timed("Lunch", *NOON))
    assert due(graph, "startDateTime='9998-01-01',endDateTime='9999-12-31T23:59:59'") == []
    assert due(graph, "startDateTime='0001-01-01',endDateTime='0002-01-01'") == []


def test_reminders_come_in_the_order_in_which_they_fire_in_the_zone_that_is_preferred(graph: Graph) -> None:
    graph.post("/me/events", timed("Lunch", *NOON))
    graph.post("/me/events", timed("Trip", *NOON, reminderMinutesBeforeStart=120))
    graph.post("/me/events", timed("Far trip", *NOON, reminderMinutesBeforeStart=60 * 24 * 7))
    graph.post("/me/events", timed("Nonsense", *NOON, reminderMinutesBeforeStart=2**31 - 1))
    zone = "Tokyo Standard Time"
    shown = graph.get(f"/me/reminderView({DAY})", Prefer=f'outlook.timezone="{zone}"')["value"]
    assert [each["eventSubject"] for each in shown] == ["Trip", "Lunch"]
    assert shown[0]["reminderFireTime"] == {"dateTime": "2026-12-01T19:00:00.0000000", "timeZone": zone}
    week_before = "startDateTime='2026-11-24T00:00:00Z',endDateTime='2026-11-25T00:00:00Z'"
    assert [each["eventSubject"] for each in due(graph, week_before)] == ["Far trip"]


def test_an_all_day_event_reminds_before_midnight_in_its_own_zone(graph: Graph) -> None:
    day = ("2026-12-02T00:00:00", "2026-12-03T00:00:00")
    graph.post("/me/events", timed("Off", *day, "Tokyo Standard Time", isAllDay=True, reminderMinutesBeforeStart=60))
    assert fires(graph) == ["2026-12-01T14:00"]


def test_every_occurrence_reminds_and_an_exception_in_its_own_way(graph: Graph) -> None:
    made = graph.post("/me/events", every_tuesday())
    days = in_december(graph, made)
    graph.patch(f"/me/events/{days['2026-12-08']['id']}", {"reminderMinutesBeforeStart": 60})
    graph.patch(f"/me/events/{days['2026-12-15']['id']}", {"isReminderOn": False})
    assert fires(graph) == ["2026-12-01T11:45", "2026-12-08T11:00", "2026-12-22T11:45"]
    assert due(graph, MONTH)[0]["eventId"] == days["2026-12-01"]["id"]


def test_a_snoozed_reminder_fires_at_its_new_time(graph: Graph) -> None:
    made = graph.post("/me/events", timed("Lunch", *NOON))
    snoozed = graph.call("POST", f"/me/events/{made['id']}/snoozeReminder", at("2026-12-03T08:00:00"))
    assert (snoozed.status_code, snoozed.data) == (200, b"")
    assert fires(graph) == ["2026-12-03T08:00"]
    assert due(graph) == []
    graph.patch(f"/me/events/{made['id']}", {"reminderMinutesBeforeStart": 30})
    assert fires(graph) == ["2026-12-01T11:30"]


def test_a_dismissed_reminder_is_gone_until_the_event_gets_another_time(graph: Graph) -> None:
    made = graph.post("/me/events", timed("Lunch", *NOON))
    dismissed = graph.call("POST", f"/me/events/{made['id']}/dismissReminder")
    assert (dismissed.status_code, dismissed.data) == (200, b"")
    assert fires(graph) == []
    graph.patch(
        f"/me/events/{made['id']}",
        {
            name: {"dateTime": f"2026-12-05T{hour}:00:00", "timeZone": "UTC"}
            for name, hour in (("start", 10), ("end", 11))
        },
    )
    assert fires(graph) == ["2026-12-05T09:45"]


def test_one_occurrence_is_dismissed_or_snoozed_by_itself(graph: Graph) -> None:
    made = graph.post("/me/events", every_tuesday())
    days = in_december(graph, made)
    graph.call("POST", f"/me/events/{days['2026-12-08']['id']}/dismissReminder")
    graph.call("POST", f"/me/events/{days['2026-12-15']['id']}/snoozeReminder", at("2026-12-15T11:55:00"))
    assert fires(graph) == ["2026-12-01T11:45", "2026-12-15T11:55", "2026-12-22T11:45"]
    graph.delete(f"/me/events/{days['2026-12-15']['id']}")
    assert fires(graph) == ["2026-12-01T11:45", "2026-12-22T11:45"]


def test_of_a_series_as_a_whole_the_next_occurrences_reminder_is_meant(stand_in: StandIn, graph: Graph) -> None:
    now = stand_in.sandbox.clock.now().replace(microsecond=0)
    first = now - timedelta(days=3)
    rule = {
        "pattern": {"type": "daily", "interval": 2},
        "range": {"type": "numbered", "startDate": f"{first:%Y-%m-%d}", "numberOfOccurrences": 5},
    }
    starts = f"{first:%Y-%m-%dT%H:%M:%S}", f"{first + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"
    made = graph.post("/me/events", timed("Stand-up", *starts, recurrence=rule))
    window = f"startDateTime={now:%Y-%m-%dT%H:%M:%S},endDateTime={now + timedelta(days=20):%Y-%m-%dT%H:%M:%S}"
    before = fires(graph, window)
    graph.call("POST", f"/me/events/{made['id']}/dismissReminder")
    assert fires(graph, window) == before[1:]


def test_a_series_that_is_over_has_no_reminder_to_dismiss(graph: Graph) -> None:
    rule = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": "2020-12-01", "numberOfOccurrences": 2},
    }
    made = graph.post("/me/events", timed("Long ago", "2020-12-01T12:00:00", "2020-12-01T13:00:00", recurrence=rule))
    assert graph.call("POST", f"/me/events/{made['id']}/dismissReminder").status_code == 200
    assert len(fires(graph, "startDateTime=2020-11-30,endDateTime=2021-01-01")) == 2


def test_a_cancelled_meeting_reminds_nobody(stand_in: StandIn, graph: Graph) -> None:
    bob = stand_in.graph(BOB)
    made = graph.post("/me/events", meeting(BOB))
    assert fires(bob) == ["2026-12-01T11:45"]
    graph.delete(f"/me/events/{made['id']}")
    assert fires(bob) == fires(graph) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "ErrorInvalidParameter"),
        ({"newReminderTime": "later"}, "RequestBodyRead"),
        ({"newReminderTime": {"dateTime": "dateTime-value", "timeZone": "UTC"}}, "RequestBodyRead"),
        ({"NewReminderTime": {"dateTime": "2026-12-01T00:00:00", "timeZone": "Mars"}}, "TimeZoneNotSupportedException"),
        (
            {"newReminderTime": {"dateTime": "0001-01-01T00:00:00", "timeZone": "Asia/Tokyo"}},
            "ErrorPropertyValidationFailure",
        ),
    ],
)
def test_a_snooze_without_a_time_is_refused(graph: Graph, body: JSON, code: str) -> None:
    made = graph.post("/me/events", timed("Lunch", *NOON))
    assert graph.refused("POST", f"/me/events/{made['id']}/snoozeReminder", body) == (400, code)


def test_reminders_need_the_right_to_read(stand_in: StandIn) -> None:
    stranger = stand_in.graph(scopes=("User.Read",))
    assert stranger.refused("GET", f"/me/reminderView({DAY})") == (403, "ErrorAccessDenied")
