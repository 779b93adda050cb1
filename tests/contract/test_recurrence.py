"""
Series, from the JSON that a client writes to the instances that it reads, against RFC 5545 as python-dateutil has it.

The rule is written a second time as the text of an RRULE, expanded on the wall clock of the series' own zone, and each
wall time made an instant by the rules of that zone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.graph_side import JSON, Graph, StandIn

# Each with its own way of changing clocks: at other hours, by half an hour, in the other half of the year, not at all.
ZONES = {
    "W. Europe Standard Time": "Europe/Berlin",
    "Eastern Standard Time": "America/New_York",
    "Lord Howe Standard Time": "Australia/Lord_Howe",
    "Pacific SA Standard Time": "America/Santiago",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Europe/London": "Europe/London",
}
DAYS = {
    "sunday": "SU", "monday": "MO", "tuesday": "TU", "wednesday": "WE", "thursday": "TH", "friday": "FR",
    "saturday": "SA",
}  # fmt: skip
INDEXES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
WINDOW = timedelta(days=1100)


@dataclass(frozen=True)
class Wish:
    """A series as JSON, and the same as the text of an RRULE."""

    pattern: JSON
    rule: str
    reach: JSON
    until: date | None
    count: int | None


def by_month_day(day: int) -> str:
    """RFC 5545 skips the months that lack the day, Exchange takes their last: the latest of 28 to the day that exists."""
    return f"BYMONTHDAY={','.join(map(str, range(min(28, day), day + 1)))};BYSETPOS=-1"


@st.composite
def wishes(draw: st.DrawFn, start: date) -> Wish:
    kind = draw(
        st.sampled_from(
            ["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"],
        )
    )
    interval = draw(st.integers(1, 4 if "early" not in kind else 2))
    pattern: JSON = {"type": kind, "interval": interval}
    parts: list[str] = [f"INTERVAL={interval}"]
    if kind in {"weekly", "relativeMonthly", "relativeYearly"}:
        days = draw(st.lists(st.sampled_from(list(DAYS)), min_size=1, max_size=4, unique=True))
        pattern["daysOfWeek"] = days
        parts.append(f"BYDAY={','.join(DAYS[day] for day in days)}")
    if kind == "weekly":
        pattern["firstDayOfWeek"] = draw(st.sampled_from(list(DAYS)))
        parts.append(f"WKST={DAYS[pattern['firstDayOfWeek']]}")
    if kind.startswith("relative"):
        pattern["index"] = draw(st.sampled_from(list(INDEXES)))
        parts.append(f"BYSETPOS={INDEXES[pattern['index']]}")
    if kind.startswith("absolute"):
        pattern["dayOfMonth"] = draw(st.integers(1, 31))
        parts.append(by_month_day(pattern["dayOfMonth"]))
    if kind.endswith("Yearly"):
        pattern["month"] = draw(st.integers(1, 12))
        parts.append(f"BYMONTH={pattern['month']}")
    frequency = {"daily": "DAILY", "weekly": "WEEKLY"}.get(kind, "MONTHLY" if kind.endswith("Monthly") else "YEARLY")
    reach = draw(st.sampled_from(["noEnd", "endDate", "numbered"]))
    until = start + timedelta(days=draw(st.integers(0, 1000))) if reach == "endDate" else None
    count = draw(st.integers(1, 30)) if reach == "numbered" else None
    extent: JSON = {"type": reach, "startDate": start.isoformat()}
    if until is not None:
        extent["endDate"] = until.isoformat()
    if count is not None:
        extent["numberOfOccurrences"] = count
    return Wish(pattern, f"FREQ={frequency};{';'.join(parts)}", extent, until, count)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return StandIn(events=0).graph()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_instances_are_those_of_the_rule_in_the_zone_of_the_series(graph: Graph, data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(list(ZONES)))
    start = data.draw(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
    at = data.draw(st.times().map(lambda at: at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)))
    length = timedelta(minutes=data.draw(st.integers(1, 600)))
    wish = data.draw(wishes(start))
    begins = datetime.combine(start, at)
    expected = on_the_wall(wish, begins)
    made = graph.call("POST", "/me/events", series(wish, begins, length, zone))
    if utc(begins + length, zone) < utc(begins, zone):
        # The clocks go back between its start and its end, and the wall says that it ends first.
        assert made.status_code == 400
        return
    if made.status_code == 400:
        # A rule that has no day at all.
        assert expected == []
        return
    assert made.status_code == 201, made.get_data(as_text=True)
    since, until = begins - timedelta(days=2), begins + WINDOW
    window = f"startDateTime={since:%Y-%m-%dT%H:%M:%SZ}&endDateTime={until:%Y-%m-%dT%H:%M:%SZ}"
    assert made.json is not None
    found = graph.all(f"/me/events/{made.json['id']}/instances?{window}&$top=500&$select=start,end")
    instants = [(read(each["start"]), read(each["end"])) for each in found]
    wanted = [(utc(wall, zone), max(utc(wall, zone), utc(wall + length, zone))) for wall in expected]
    assert instants == [each for each in wanted if each[0] < until.replace(tzinfo=UTC)]
    graph.delete(f"/me/events/{made.json['id']}")


def series(wish: Wish, begins: datetime, length: timedelta, zone: str) -> JSON:
    return {
        "subject": "Series",
        "start": {"dateTime": begins.isoformat(), "timeZone": zone},
        "end": {"dateTime": (begins + length).isoformat(), "timeZone": zone},
        "recurrence": {"pattern": wish.pattern, "range": wish.reach},
    }


def on_the_wall(wish: Wish, begins: datetime) -> list[datetime]:
    """The wall times of the rule, as many as the window and the range have room for."""
    midnight = datetime.combine(begins.date(), time())
    text = wish.rule + (f";COUNT={wish.count}" if wish.count is not None else "")
    last = midnight + WINDOW + timedelta(days=1)
    if wish.until is not None:
        last = min(last, datetime.combine(wish.until, time()))
    days = rrulestr(text, dtstart=midnight).between(midnight, last, inc=True)
    return [datetime.combine(day.date(), begins.time()) for day in days]


def utc(wall: datetime, zone: str) -> datetime:
    """In a gap the clock is read as it was before the gap, in a doubled hour as it was the first time."""
    return wall.replace(tzinfo=ZoneInfo(ZONES[zone]), fold=0).astimezone(UTC)


def read(moment: JSON) -> datetime:
    assert moment["timeZone"] == "UTC"
    return datetime.fromisoformat(moment["dateTime"]).replace(tzinfo=UTC)
