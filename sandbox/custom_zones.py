"""Zones that somebody made up: an offset, and on which days the clock changes, as `customTimeZone` says it."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sandbox.members import DAYS, integer, mapping, one_of, time_of_day
from sandbox.zones import seven_decimals

ODATA_TYPE = "#microsoft.graph.customTimeZone"
NAME = "Customized Time Zone"
_DAY = one_of(*DAYS)
# No clock on earth is further from UTC; a made-up one may not be either.
FURTHEST = 24 * 60


class NoZone(ValueError):
    """That describes no zone."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    When the clock changes: at `at` on the `nth` such weekday of the month (5: the last). It comes every
    year; `year` is only kept for who wrote it.
    """

    at: time
    nth: int
    day: str
    month: int
    year: int

    def on(self, year: int) -> datetime:
        """The wall time of the change in a year."""
        weekday = (DAYS.index(self.day) - 1) % 7
        first = date(year, self.month, 1)
        day = 1 + (weekday - first.weekday()) % 7 + 7 * (self.nth - 1)
        length = calendar.monthrange(year, self.month)[1]
        while day > length:
            day -= 7
        return datetime.combine(first.replace(day=day), self.at)

    def as_json(self) -> dict[str, Any]:
        return {
            "time": seven_decimals(self.at),
            "dayOccurrence": self.nth,
            "dayOfWeek": self.day,
            "month": self.month,
            "year": self.year,
        }


@dataclass(frozen=True, slots=True)
class CustomZone:
    """`bias` is UTC minus wall time in minutes, as Windows counts; `daylight_bias` comes on top while it is summer."""

    bias: int
    daylight_bias: int
    to_standard: Change
    to_daylight: Change

    def to_wall(self, moment: datetime) -> datetime:
        """The naive wall time of an instant."""
        standard = timedelta(minutes=-self.bias)
        daylight = standard - timedelta(minutes=self.daylight_bias)
        naive = moment.astimezone(UTC).replace(tzinfo=None)
        year = (naive + standard).year
        # Each change happens by the clock that it puts an end to.
        begins = self.to_daylight.on(year) - standard
        ends = self.to_standard.on(year) - daylight
        summer = begins <= naive < ends if begins <= ends else not ends <= naive < begins
        return naive + (daylight if summer else standard)

    def as_json(self) -> dict[str, Any]:
        return {
            "@odata.type": ODATA_TYPE,
            "bias": self.bias,
            "name": NAME,
            "standardOffset": self.to_standard.as_json(),
            "daylightOffset": {"daylightBias": self.daylight_bias, **self.to_daylight.as_json()},
        }


def read(given: dict[str, Any]) -> CustomZone:
    """
    A folded `customTimeZone`.

    Raises:
        NoZone: members are missing or cannot be.
        Refusal: members have the wrong type.
    """
    standard, daylight = mapping(given.get("standardOffset") or {}), mapping(given.get("daylightOffset") or {})
    bias, extra = _number(given, "bias", FURTHEST), _number(daylight, "daylightBias", FURTHEST)
    to_standard, to_daylight = _change(standard), _change(daylight)
    if extra > 0:
        if bias + extra > FURTHEST:
            raise NoZone("daylightBias")
        # Summer is what puts the clock forward: the service turns the other way of saying it round.
        return CustomZone(bias + extra, -extra, to_daylight, to_standard)
    return CustomZone(bias, extra, to_standard, to_daylight)


def _number(given: dict[str, Any], name: str, furthest: int) -> int:
    if given.get(name) is None:
        raise NoZone(name)
    found = integer(given[name])
    if abs(found) > furthest:
        raise NoZone(name)
    return found


def _change(given: dict[str, Any]) -> Change:
    nth, month = _number(given, "dayOccurrence", 5), _number(given, "month", 12)
    if nth < 1 or month < 1:
        raise NoZone("dayOccurrence")
    return Change(
        time_of_day(given.get("time")), nth, _DAY(given.get("dayOfWeek")), month, integer(given.get("year") or 0)
    )
