"""
Rules of series: reading Graph's `patternedRecurrence`, writing it, and finding its days.

A rule knows days only. At what hour, and in which zone, is the matter of the series
(`sandbox.series`): days are found in the zone of the rule, never in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any, Literal, TypeVar

from dateutil import rrule

from sandbox.members import DAYS, digits
from sandbox.refusals import invalid_property, unreadable
from sandbox.zones import LAST_DAY

INDEXES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
NO_DATE = "0001-01-01"
KNOWN_RULES = 512

Word = TypeVar("Word")

_WEEKDAYS = dict(zip(DAYS, (rrule.SU, rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA), strict=True))


class Pattern(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    ABSOLUTE_MONTHLY = "absoluteMonthly"
    RELATIVE_MONTHLY = "relativeMonthly"
    ABSOLUTE_YEARLY = "absoluteYearly"
    RELATIVE_YEARLY = "relativeYearly"


class Range(StrEnum):
    END_DATE = "endDate"
    NO_END = "noEnd"
    NUMBERED = "numbered"


_PATTERNS = {pattern.lower(): pattern for pattern in Pattern}
_RANGES = {extent.lower(): extent for extent in Range}
_FREQUENCIES: dict[Pattern, Literal[0, 1, 2, 3, 4, 5, 6]] = {
    Pattern.DAILY: rrule.DAILY,
    Pattern.WEEKLY: rrule.WEEKLY,
    Pattern.ABSOLUTE_MONTHLY: rrule.MONTHLY,
    Pattern.RELATIVE_MONTHLY: rrule.MONTHLY,
    Pattern.ABSOLUTE_YEARLY: rrule.YEARLY,
    Pattern.RELATIVE_YEARLY: rrule.YEARLY,
}
_WITH_DAYS = frozenset({Pattern.WEEKLY, Pattern.RELATIVE_MONTHLY, Pattern.RELATIVE_YEARLY})
_WITH_DAY_OF_MONTH = frozenset({Pattern.ABSOLUTE_MONTHLY, Pattern.ABSOLUTE_YEARLY})
_WITH_MONTH = frozenset({Pattern.ABSOLUTE_YEARLY, Pattern.RELATIVE_YEARLY})


@dataclass(frozen=True)
class Rule:
    """On which days something happens. What a pattern does not use keeps the value that Graph shows for it."""

    pattern: Pattern
    range: Range
    start: date
    interval: int = 1
    days: tuple[str, ...] = ()
    day_of_month: int = 0
    month: int = 0
    index: str = "first"
    week_start: str = "sunday"
    end: date | None = None
    count: int = 0
    # The name as it is shown; a name that nobody can resolve may stand here beside a series that can.
    zone: str = "UTC"

    @cached_property
    def _days(self) -> rrule.rrule:
        return self.days_from(self.start)

    def days_from(self, start: date) -> rrule.rrule:
        """The days of the rule as if it began then."""
        options: dict[str, Any] = {}
        if self.pattern in _WITH_DAYS:
            options["byweekday"] = [_WEEKDAYS[day] for day in self.days]
            if self.pattern is not Pattern.WEEKLY:
                # Of several days, the first (second, last, ...) in the month that fits any of them.
                options["bysetpos"] = INDEXES[self.index]
        if self.pattern in _WITH_DAY_OF_MONTH:
            # A month without the day takes its last: the latest of 28..day that exists.
            options["bymonthday"] = list(range(min(28, self.day_of_month), self.day_of_month + 1))
            options["bysetpos"] = -1
        if self.pattern in _WITH_MONTH:
            options["bymonth"] = self.month
        if self.range is Range.NUMBERED:
            options["count"] = self.count
        if self.end is not None:
            options["until"] = datetime.combine(self.end, time())
        return rrule.rrule(
            _FREQUENCIES[self.pattern],
            dtstart=datetime.combine(start, time()),
            interval=self.interval,
            wkst=_WEEKDAYS[self.week_start],
            cache=True,
            **options,
        )

    def slots(self, until: date, since: date | None = None) -> Iterator[date]:
        """
        The days of the rule from its start to `until`, both included, in order. Who needs none before `since`
        may or may not be given them, but has not to wait for centuries of days.
        """
        last = datetime.combine(min(until, LAST_DAY), time())
        days = self._days if since is None else self._late_days(since)
        return (day.date() for day in takewhile(lambda day: day <= last, days))

    def _late_days(self, since: date) -> rrule.rrule:
        """The days of the rule, beginning with one that is not long before `since`."""
        decades = (since.year - self.start.year - 1) // 10
        if decades <= 0 or self.range is Range.NUMBERED:
            # Where days are counted there are few, and each of them matters.
            return self._days
        return _known_late_days(self, self.start.year + 10 * decades)

    def step_before(self, year: int) -> date:
        """The last day at or before the beginning of a year from which the rule goes on as from its start."""
        new_year = date(year, 1, 1)
        match self.pattern:
            case Pattern.DAILY | Pattern.WEEKLY:
                step = self.interval * (7 if self.pattern is Pattern.WEEKLY else 1)
                return new_year - timedelta(days=(new_year - self.start).days % step)
            case Pattern.ABSOLUTE_MONTHLY | Pattern.RELATIVE_MONTHLY:
                months = 12 * (year - self.start.year) - (self.start.month - 1)
                back = months % self.interval
                return max(self.start, date(year - -(-back // 12), 1 + -back % 12, 1))
            case _:
                return max(self.start, date(year - (year - self.start.year) % self.interval, 1, 1))

    def first(self) -> date | None:
        """The first day of the rule, which may be later than its start; null if it has none."""
        found = next(iter(self._days), None)
        return found.date() if found is not None else None

    def as_json(self) -> dict[str, Any]:
        pattern: dict[str, Any] = {
            "type": self.pattern.value,
            "interval": self.interval,
            "month": self.month,
            "dayOfMonth": self.day_of_month,
        }
        # Absent, not empty, where the pattern has no days: that is how the service shows it.
        if self.pattern in _WITH_DAYS:
            pattern["daysOfWeek"] = list(self.days)
        pattern |= {"firstDayOfWeek": self.week_start, "index": self.index}
        return {
            "pattern": pattern,
            "range": {
                "type": self.range.value,
                "startDate": self.start.isoformat(),
                "endDate": self.end.isoformat() if self.end else NO_DATE,
                "recurrenceTimeZone": self.zone,
                "numberOfOccurrences": self.count,
            },
        }


def read_rule(pattern: dict[str, Any], extent: dict[str, Any], *, zone: str, start: date) -> Rule:
    """
    A rule from the `pattern` and `range` of a request; `zone` and `start` stand in for what they leave out.

    Members have the names of Graph already (`sandbox.drafts` folds their letter case).

    Raises:
        Refusal: a member is missing, of the wrong type or out of range, or no day fits.
    """
    kind = _word(_PATTERNS, pattern.get("type"))
    reach = _word(_RANGES, extent.get("type"))
    _check_unused(pattern, extent)
    rule = _known(
        pattern=kind,
        range=reach,
        start=_date(extent["startDate"]) if extent.get("startDate") else start,
        interval=_number(pattern.get("interval"), 1, 999),
        days=_day_names(pattern.get("daysOfWeek")) if kind in _WITH_DAYS else (),
        day_of_month=_number(pattern.get("dayOfMonth"), 1, 31) if kind in _WITH_DAY_OF_MONTH else 0,
        month=_number(pattern.get("month"), 1, 12) if kind in _WITH_MONTH else 0,
        index=_index(pattern.get("index")) if kind in _WITH_DAYS and kind is not Pattern.WEEKLY else "first",
        week_start=_day_name(pattern.get("firstDayOfWeek") or "sunday"),
        end=_date(extent.get("endDate")) if reach is Range.END_DATE else None,
        count=_number(extent.get("numberOfOccurrences"), 1, 999) if reach is Range.NUMBERED else 0,
        zone=_zone_name(extent.get("recurrenceTimeZone") or zone),
    )
    first = rule.first()
    if first is None or first > LAST_DAY:
        raise invalid_property()
    return rule


def _check_unused(pattern: dict[str, Any], extent: dict[str, Any]) -> None:
    """
    What the type of a rule does not use is looked at all the same; answers write zeros, the first index and the
    first date there is, and clients write those back.
    """
    _number(pattern.get("dayOfMonth") or 0, 0, 31)
    _number(pattern.get("month") or 0, 0, 12)
    _number(extent.get("numberOfOccurrences") or 0, 0, 999)
    _index(pattern.get("index"))
    if pattern.get("daysOfWeek"):
        _day_names(pattern["daysOfWeek"])
    if extent.get("endDate"):
        _date(extent["endDate"])


@lru_cache(maxsize=KNOWN_RULES)
def _known(**members: Any) -> Rule:
    """The same rule for the same words, so that its days are found once and not once for every series."""
    return Rule(**members)


@lru_cache(maxsize=KNOWN_RULES)
def _known_late_days(rule: Rule, year: int) -> rrule.rrule:
    return rule.days_from(rule.step_before(year))


def _word(words: dict[str, Word], value: object) -> Word:
    if not isinstance(value, str):
        raise invalid_property()
    found = words.get(value.lower())
    if found is None:
        raise unreadable(f"The value '{value}' is not one of the names of its type.")
    return found


def _number(value: object, lowest: int, highest: int) -> int:
    if isinstance(value, str):
        value = digits(value)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise invalid_property()
    return value


def _date(value: object) -> date:
    if not isinstance(value, str):
        raise invalid_property()
    try:
        # Microsoft's own clients write a moment here, of which the day counts.
        return date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value).date()
    except ValueError as error:
        raise unreadable(f"Cannot convert the literal '{value}' to the expected type 'Edm.Date'.") from error


def _zone_name(value: object) -> str:
    if not isinstance(value, str):
        raise unreadable(f"Cannot convert '{value}' to the expected type 'Edm.String'.")
    return value


def _day_name(value: object) -> str:
    if not isinstance(value, str) or value.lower() not in _WEEKDAYS:
        raise unreadable(f"The value '{value}' is not the name of a day.")
    return value.lower()


def _day_names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise invalid_property()
    return tuple(dict.fromkeys(_day_name(day) for day in value))


def _index(value: object) -> str:
    if value is None:
        return "first"
    return _word({name: name for name in INDEXES}, value)
