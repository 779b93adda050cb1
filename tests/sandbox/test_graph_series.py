"""Series: the days of their rules, their hours through changes of the clock, and what happens to single instances."""

import calendar as months
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.drafts import read
from sandbox.edits import compose
from sandbox.recurrence import DAYS, INDEXES, Pattern, Range, Rule
from sandbox.series import view
from sandbox.world import Mailbox
from tests.sandbox.graph_side import ALICE, IMMUTABLE, JSON, NOON, Graph, StandIn, timed, weekly

WEEKDAYS = dict(zip(DAYS, (6, 0, 1, 2, 3, 4, 5), strict=True))


def instances(graph: Graph, master: str, start: str, end: str, **headers: str) -> list[JSON]:
    return graph.all(f"/me/events/{master}/instances?startDateTime={start}&endDateTime={end}&$top=100", **headers)


def starts(found: list[JSON]) -> list[str]:
    return [each["start"]["dateTime"][:16] for each in found]


# The days of a rule, found a second time without the sandbox: day by day, by what the words mean.


def fits(rule: Rule, day: date) -> bool:
    """Whether the words of the pattern allow the day, apart from the interval."""
    last = months.monthrange(day.year, day.month)[1]
    weekday = DAYS[(day.weekday() + 1) % 7]
    match rule.pattern:
        case Pattern.DAILY:
            return True
        case Pattern.WEEKLY:
            return weekday in rule.days
        case Pattern.ABSOLUTE_MONTHLY:
            return day.day == min(rule.day_of_month, last)
        case Pattern.ABSOLUTE_YEARLY:
            return day.month == rule.month and day.day == min(rule.day_of_month, last)
        case _:
            if weekday not in rule.days or (rule.pattern is Pattern.RELATIVE_YEARLY and day.month != rule.month):
                return False
            fitting = [n for n in range(1, last + 1) if DAYS[(day.replace(day=n).weekday() + 1) % 7] in rule.days]
            index = INDEXES[rule.index]
            return day.day == fitting[index - 1 if index > 0 else -1]


def steps(rule: Rule, day: date) -> int:
    """How many of the pattern's units lie between the start of the rule and the day."""
    match rule.pattern:
        case Pattern.DAILY:
            return (day - rule.start).days
        case Pattern.WEEKLY:
            first = WEEKDAYS[rule.week_start]

            def week(when: date) -> int:
                return (when.toordinal() - 1 - first) // 7

            return week(day) - week(rule.start)
        case Pattern.ABSOLUTE_MONTHLY | Pattern.RELATIVE_MONTHLY:
            return (day.year - rule.start.year) * 12 + day.month - rule.start.month
        case _:
            return day.year - rule.start.year


def days_by_the_words(rule: Rule, until: date) -> Iterator[date]:
    day, found = rule.start, 0
    while day <= min(until, rule.end or until) and (not rule.count or found < rule.count):
        if steps(rule, day) % rule.interval == 0 and fits(rule, day):
            found += 1
            yield day
        day += timedelta(days=1)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    start = draw(st.dates(date(2020, 1, 1), date(2027, 12, 31)))
    reach = draw(st.sampled_from(Range))
    return Rule(
        pattern=draw(st.sampled_from(Pattern)),
        range=reach,
        start=start,
        interval=draw(st.integers(1, 5)),
        days=tuple(draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=5, unique=True))),
        day_of_month=draw(st.integers(1, 31)),
        month=draw(st.integers(1, 12)),
        index=draw(st.sampled_from(list(INDEXES))),
        week_start=draw(st.sampled_from(DAYS)),
        end=start + timedelta(days=draw(st.integers(0, 800))) if reach is Range.END_DATE else None,
        count=draw(st.integers(1, 40)) if reach is Range.NUMBERED else 0,
    )


@settings(max_examples=60, deadline=None)
@given(rules(), st.integers(0, 80), st.integers(1, 400))
def test_days_in_later_centuries_are_found_without_those_before_them(rule: Rule, years: int, length: int) -> None:
    rule = replace(rule, interval=rule.interval * 7) if years % 2 else rule
    since = rule.start + timedelta(days=366 * years)
    until = since + timedelta(days=length)
    assert [day for day in rule.slots(until, since) if day >= since] == [
        day for day in rule.slots(until) if day >= since
    ]


@settings(max_examples=120, deadline=None)
@given(rules())
def test_the_days_of_every_rule_are_those_that_its_words_mean(rule: Rule) -> None:
    until = rule.start + timedelta(days=900)
    assert list(rule.slots(until)) == list(days_by_the_words(rule, until))


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "America/Santiago")


@pytest.fixture(scope="module")
def mailbox() -> Mailbox:
    here = StandIn(events=0)
    found = here.sandbox.world.mailbox(here.person(ALICE))
    assert found is not None
    return found


@settings(max_examples=80, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    at=st.times(time(0), time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0)),
    minutes=st.integers(0, 1500),
    start=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    interval=st.integers(1, 3),
    offset=st.integers(-30, 200),
)
def test_expansions_equal_an_independent_computation(
    *, mailbox: Mailbox, zone: str, at: time, minutes: int, start: date, interval: int, offset: int
) -> None:
    """The hours of a daily series in any zone, through every change of the clock, as dateutil and PEP 495 have them."""
    begins = datetime.combine(start, at)
    draft = read(
        {
            "start": {"dateTime": begins.isoformat(), "timeZone": zone},
            "end": {"dateTime": (begins + timedelta(minutes=minutes)).isoformat(), "timeZone": zone},
            "recurrence": {
                "pattern": {"type": "daily", "interval": interval},
                "range": {"type": "noEnd", "startDate": start.isoformat()},
            },
        }
    )
    rules_of_zone = ZoneInfo(zone)

    def instant(wall: datetime) -> datetime:
        return wall.replace(tzinfo=rules_of_zone).astimezone(UTC)

    if instant(begins + timedelta(minutes=minutes)) < instant(begins):
        return
    event = compose(mailbox, mailbox.default_calendar, draft)
    window = datetime.combine(start, time(), UTC) + timedelta(days=offset)
    until = window + timedelta(days=200)
    last = until.replace(tzinfo=None) + timedelta(days=1)
    expected = [
        (instant(wall), max(instant(wall), instant(wall + timedelta(minutes=minutes))))
        for wall in rrule.rrule(rrule.DAILY, dtstart=begins, interval=interval, until=last)
    ]
    overlapping = sorted(
        each for each in expected if each[0] < until and (each[1] > window or each[0] == each[1] == window)
    )
    assert [(one.start, one.end) for one in view(event, window, until)] == overlapping


def test_a_series_keeps_its_hour_on_the_wall_when_clocks_change(graph: Graph) -> None:
    event = timed("A", "2026-10-23T09:00:00", "2026-10-23T10:00:00", "W. Europe Standard Time")
    made = graph.post("/me/events", event | {"recurrence": weekly("2026-10-23", "friday")})
    assert made["type"] == "seriesMaster"
    assert made["recurrence"]["range"]["recurrenceTimeZone"] == "W. Europe Standard Time"
    found = instances(graph, made["id"], "2026-10-20T00:00:00Z", "2026-11-07T00:00:00Z")
    assert starts(found) == ["2026-10-23T07:00", "2026-10-30T08:00", "2026-11-06T08:00"]
    assert {each["seriesMasterId"] for each in found} == {made["id"]}
    assert len({each["iCalUId"] for each in found}) == 3
    assert [each["occurrenceId"][-10:] for each in found] == ["2026-10-23", "2026-10-30", "2026-11-06"]


def test_a_gap_moves_forward_and_a_doubled_hour_counts_once(graph: Graph) -> None:
    event = timed("Night", "2026-03-28T02:30:00", "2026-03-28T02:45:00", "W. Europe Standard Time")
    rule = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-03-28"}}
    made = graph.post("/me/events", event | {"recurrence": rule})
    spring = instances(graph, made["id"], "2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z")
    assert starts(spring) == ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]
    autumn = instances(graph, made["id"], "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z")
    assert starts(autumn) == ["2026-10-25T00:30", "2026-10-26T01:30"]


def test_a_master_shows_its_first_instance_even_if_the_rule_starts_earlier(graph: Graph) -> None:
    event = timed("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00", recurrence=weekly("2026-12-01", "friday"))
    made = graph.post("/me/events", event)
    assert made["start"]["dateTime"].startswith("2026-12-04T10:00")
    assert made["recurrence"]["range"]["startDate"] == "2026-12-01"


def test_answers_show_the_full_set_of_a_rule_with_its_fillings(graph: Graph) -> None:
    event = timed("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00")
    pattern = {"type": "absoluteMonthly", "interval": 2, "dayOfMonth": 31}
    made = graph.post(
        "/me/events",
        event | {"recurrence": {"pattern": pattern, "range": {"type": "noEnd", "startDate": "2026-12-01"}}},
    )
    assert made["recurrence"] == {
        "pattern": {
            "type": "absoluteMonthly",
            "interval": 2,
            "month": 0,
            "dayOfMonth": 31,
            "firstDayOfWeek": "sunday",
            "index": "first",
        },
        "range": {
            "type": "noEnd",
            "startDate": "2026-12-01",
            "endDate": "0001-01-01",
            "recurrenceTimeZone": "UTC",
            "numberOfOccurrences": 0,
        },
    }


@pytest.mark.parametrize(
    "recurrence",
    [
        {"pattern": {"type": "daily"}, "range": {"type": "noEnd"}},
        {"pattern": {"type": "weekly", "interval": 1}, "range": {"type": "noEnd"}},
        {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "numbered", "numberOfOccurrences": 0}},
        {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "endDate", "endDate": "2026-01-01"}},
        {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-12-02"}},
        {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "noEnd", "recurrenceTimeZone": "Tokyo Standard Time"},
        },
    ],
)
def test_rules_that_make_no_sense_are_refused(graph: Graph, recurrence: JSON) -> None:
    rule = recurrence | {"range": {"startDate": "2026-12-01"} | recurrence["range"]}
    event = timed("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00", recurrence=rule)
    assert graph.refused("POST", "/me/events", event) == (400, "ErrorPropertyValidationFailure")


@pytest.mark.parametrize("day", ["2026-12-01junk", "2026-12-01Tjunk", "2026-13-01", "tomorrow"])
def test_a_first_day_that_is_none_is_refused(graph: Graph, day: str) -> None:
    event = timed("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00", recurrence=weekly(day, "tuesday"))
    assert graph.refused("POST", "/me/events", event) == (400, "RequestBodyRead")


def test_both_spellings_of_one_zone_may_be_mixed(graph: Graph) -> None:
    rule = weekly("2026-12-01", "tuesday", recurrenceTimeZone="America/Los_Angeles")
    event = timed("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00", "Pacific Standard Time", recurrence=rule)
    assert graph.post("/me/events", event)["type"] == "seriesMaster"


@pytest.fixture
def tuesdays(graph: Graph) -> str:
    """A series on Tuesdays at ten, UTC, from 1 December 2026; its plain id."""
    event = timed("Tuesday", "2026-12-01T10:00:00", "2026-12-01T11:00:00", recurrence=weekly("2026-12-01", "tuesday"))
    found: str = graph.post("/me/events", event)["id"]
    return found


DECEMBER: tuple[Any, ...] = ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")


def test_a_changed_occurrence_becomes_an_exception_and_keeps_its_id(graph: Graph, tuesdays: str) -> None:
    second = instances(graph, tuesdays, *DECEMBER)[1]
    changed = graph.patch(f"/me/events/{second['id']}", {"subject": "Moved", **hours("2026-12-09", 14)})
    assert (changed["type"], changed["id"], changed["seriesMasterId"]) == ("exception", second["id"], tuesdays)
    assert changed["originalStart"] == "2026-12-08T10:00:00Z"
    found = instances(graph, tuesdays, *DECEMBER)
    assert [each["type"] for each in found] == ["occurrence", "exception", "occurrence", "occurrence", "occurrence"]
    # Instances have no version of their own.
    assert len({each["@odata.etag"] for each in found}) == 1
    assert found[0]["@odata.etag"] != second["@odata.etag"]
    assert graph.get(f"/me/events/{second['id']}")["start"]["dateTime"].startswith("2026-12-09T14:00")


def hours(day: str, hour: int) -> JSON:
    both = timed("", f"{day}T{hour:02}:00:00", f"{day}T{hour + 1:02}:00:00")
    return {"start": both["start"], "end": both["end"]}


@pytest.mark.parametrize("day", ["2026-12-01", "2026-11-30", "2026-12-15", "2026-12-20"])
def test_an_occurrence_may_not_reach_its_neighbours_day(graph: Graph, tuesdays: str, day: str) -> None:
    second = instances(graph, tuesdays, *DECEMBER)[1]["id"]
    refusal = graph.refused("PATCH", f"/me/events/{second}", hours(day, 14))
    assert refusal == (400, "ErrorOccurrenceCrossingBoundary")


def test_a_deleted_occurrence_is_gone_and_listed_by_its_master(graph: Graph, tuesdays: str) -> None:
    second = instances(graph, tuesdays, *DECEMBER)[1]["id"]
    graph.delete(f"/me/events/{second}")
    assert starts(instances(graph, tuesdays, *DECEMBER))[:2] == ["2026-12-01T10:00", "2026-12-15T10:00"]
    assert graph.refused("GET", f"/me/events/{second}") == (404, "ErrorItemNotFound")
    third = instances(graph, tuesdays, *DECEMBER)[1]["id"]
    graph.patch(f"/me/events/{third}", {"subject": "Other"})
    master = graph.get(
        f"/me/events/{tuesdays}?$select=subject,cancelledOccurrences,exceptionOccurrences&$expand=exceptionOccurrences"
    )
    assert master["cancelledOccurrences"] == [f"OID.{tuesdays}.2026-12-08"]
    assert [each["subject"] for each in master["exceptionOccurrences"]] == ["Other"]


def test_new_hours_make_the_instances_anew_and_new_words_do_not(graph: Graph, tuesdays: str) -> None:
    second = instances(graph, tuesdays, *DECEMBER)[1]["id"]
    graph.patch(f"/me/events/{second}", {"subject": "Mine"})
    graph.patch(f"/me/events/{tuesdays}", {"subject": "All", "showAs": "tentative"})
    found = instances(graph, tuesdays, *DECEMBER)
    assert [each["subject"] for each in found[:2]] == ["All", "Mine"]
    assert {each["showAs"] for each in found} == {"tentative"}
    graph.patch(f"/me/events/{tuesdays}", hours("2026-12-01", 8))
    again = instances(graph, tuesdays, *DECEMBER)
    assert {each["subject"] for each in again} == {"All"}
    assert again[1]["id"] == second
    assert starts(again)[:2] == ["2026-12-01T08:00", "2026-12-08T08:00"]


def test_a_new_zone_without_the_rule_is_refused(graph: Graph, tuesdays: str) -> None:
    both = timed("", "2026-12-01T10:00:00", "2026-12-01T11:00:00", "Tokyo Standard Time")
    change = {"start": both["start"], "end": both["end"]}
    assert graph.refused("PATCH", f"/me/events/{tuesdays}", change) == (400, "ErrorPropertyValidationFailure")


def test_instances_have_immutable_ids_too(graph: Graph, tuesdays: str) -> None:
    plain = instances(graph, tuesdays, *DECEMBER)
    lasting = instances(graph, tuesdays, *DECEMBER, Prefer=IMMUTABLE)
    assert not {each["id"] for each in plain} & {each["id"] for each in lasting}
    assert graph.get(f"/me/events/{lasting[2]['id']}")["id"] == plain[2]["id"]


def test_the_view_holds_singles_and_instances_but_no_masters(graph: Graph, tuesdays: str) -> None:
    graph.post("/me/events", timed("Single", "2026-12-02T10:00:00", "2026-12-02T11:00:00"))
    found = graph.all(f"/me/calendarView?startDateTime={DECEMBER[0]}&endDateTime={DECEMBER[1]}&$top=2")
    assert [each["type"] for each in found] == ["occurrence", "singleInstance", *["occurrence"] * 4]
    assert {each["type"] for each in graph.all("/me/events")} == {"seriesMaster", "singleInstance"}


def test_a_window_may_not_be_longer_than_five_years(graph: Graph) -> None:
    url = "/me/calendarView?startDateTime=2020-01-01T00:00:00Z&endDateTime={}"
    assert graph.refused("GET", url.format("2025-01-01T00:00:00Z"))[1] == "ErrorInvalidRequest"
    assert graph.all(url.format("2024-12-30T00:00:00Z")) == []
    # The offset counts; without one it is UTC.
    assert graph.all("/me/calendarView?startDateTime=2026-01-01T00:00:00%2B01:00&endDateTime=2026-01-02") == []


def test_the_zone_of_a_rule_is_a_text(graph: Graph) -> None:
    rule = weekly("2026-12-01", "tuesday", recurrenceTimeZone=["UTC"])
    assert graph.refused("POST", "/me/events", timed("A", *NOON, recurrence=rule)) == (400, "RequestBodyRead")


@pytest.mark.parametrize(
    ("unused", "code"),
    [
        ({"dayOfMonth": 32}, "ErrorPropertyValidationFailure"),
        ({"month": 13}, "ErrorPropertyValidationFailure"),
        ({"month": -1}, "ErrorPropertyValidationFailure"),
        ({"index": "fifth"}, "RequestBodyRead"),
        ({"daysOfWeek": ["someday"]}, "RequestBodyRead"),
        ({"firstDayOfWeek": "someday"}, "RequestBodyRead"),
    ],
)
def test_what_a_rule_ignores_is_validated_all_the_same(graph: Graph, unused: JSON, code: str) -> None:
    every_day = {"type": "daily", "interval": 1}
    extent = {"type": "noEnd", "startDate": "2026-12-01"}
    event = timed("A", "2026-12-01T12:00:00", "2026-12-01T13:00:00")
    rule = {"pattern": every_day | unused, "range": extent}
    assert graph.refused("POST", "/me/events", event | {"recurrence": rule}) == (400, code)
    for odd in ({"endDate": "soon"}, {"numberOfOccurrences": -1}):
        rule = {"pattern": every_day, "range": extent | odd}
        assert graph.refused("POST", "/me/events", event | {"recurrence": rule})[0] == 400
    # What answers show there is taken back.
    rule = graph.post("/me/events", event | {"recurrence": {"pattern": every_day, "range": extent}})["recurrence"]
    assert graph.post("/me/events", event | {"recurrence": rule})["recurrence"] == rule


def test_a_rule_needs_the_day_on_which_it_starts(graph: Graph) -> None:
    event = timed("A", "2026-12-01T12:00:00", "2026-12-01T13:00:00")
    rule = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd"}}
    refusal = (400, "ErrorPropertyValidationFailure")
    assert graph.refused("POST", "/me/events", event | {"recurrence": rule}) == refusal


def test_a_series_that_becomes_all_day_keeps_no_exception_with_hours(graph: Graph) -> None:
    rule = weekly("2026-12-01", "tuesday")
    master = graph.post("/me/events", timed("A", "2026-12-01T00:00:00", "2026-12-02T00:00:00", recurrence=rule))["id"]
    second = instances(graph, master, *DECEMBER)[1]["id"]
    hours = {
        name: {"dateTime": f"2026-12-08T{hour}:00:00", "timeZone": "UTC"}
        for name, hour in (("start", "09"), ("end", "10"))
    }
    graph.patch(f"/me/events/{second}", hours)
    graph.patch(f"/me/events/{master}", {"isAllDay": True})
    assert starts(instances(graph, master, *DECEMBER))[1] == "2026-12-08T00:00"


def test_an_occurrence_of_whole_days_lasts_for_one_at_least(graph: Graph) -> None:
    rule = weekly("2026-12-01", "tuesday")
    event = timed("A", "2026-12-01T00:00:00", "2026-12-02T00:00:00", recurrence=rule, isAllDay=True)
    second = instances(graph, graph.post("/me/events", event)["id"], *DECEMBER)[1]["id"]
    nothing = {name: {"dateTime": "2026-12-08T00:00:00", "timeZone": "UTC"} for name in ("start", "end")}
    assert graph.refused("PATCH", f"/me/events/{second}", nothing)[0] == 400
