"""A series in words: "Every 2 weeks on Monday and Thursday until 30 June 2027"."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_INDEXES = {"first": "first", "second": "second", "third": "third", "fourth": "fourth", "last": "last"}
_UNITS = {
    "daily": "day",
    "weekly": "week",
    "absoluteMonthly": "month",
    "relativeMonthly": "month",
    "absoluteYearly": "year",
    "relativeYearly": "year",
}


def series_in_words(recurrence: Mapping[str, Any] | None) -> str:
    """The rule of a series in one sentence without a full stop; "Part of a series" when it cannot be said."""
    pattern = (recurrence or {}).get("pattern") or {}
    unit = _UNITS.get(pattern.get("type", ""))
    if unit is None:
        return "Part of a series"
    words = [
        _how_often(unit, pattern.get("interval")),
        _on_what(pattern),
        _until((recurrence or {}).get("range") or {}),
    ]
    rule, limit = " ".join(filter(None, words[:2])), words[2]
    return f"{rule}, {limit}" if limit else rule


def _how_often(unit: str, interval: object) -> str:
    count = interval if isinstance(interval, int) and interval > 1 else 1
    return f"Every {unit}" if count == 1 else f"Every {count} {unit}s"


def _on_what(pattern: Mapping[str, Any]) -> str:
    kind = pattern["type"]
    days = _weekdays(pattern.get("daysOfWeek") or ())
    month = _month(pattern.get("month"))
    day = pattern.get("dayOfMonth")
    if kind == "weekly" and days:
        return f"on {days}"
    if kind == "absoluteMonthly" and day:
        return f"on day {day}"
    if kind == "absoluteYearly" and day and month:
        return f"on {day} {month}"
    index = _INDEXES.get(pattern.get("index") or "first", "")
    if kind in {"relativeMonthly", "relativeYearly"} and days:
        return f"on the {index} {days}" + (f" of {month}" if kind == "relativeYearly" and month else "")
    return ""


def _weekdays(names: Sequence[str]) -> str:
    known = [name for name in _DAYS if name in names]
    if known == list(_DAYS):
        return "every day"
    if known == list(_DAYS[:5]):
        return "weekdays"
    titles = [name.title() for name in known]
    return " and ".join(filter(None, [", ".join(titles[:-1]), *titles[-1:]]))


def _month(number: object) -> str:
    return _MONTHS[number - 1] if isinstance(number, int) and 1 <= number <= len(_MONTHS) else ""


def _until(span: Mapping[str, Any]) -> str:
    if span.get("type") == "numbered" and isinstance(span.get("numberOfOccurrences"), int):
        count = span["numberOfOccurrences"]
        return f"{count} time{'' if count == 1 else 's'}"
    if span.get("type") == "endDate":
        try:
            end = date.fromisoformat(span.get("endDate") or "")
        except ValueError:
            return ""
        return f"until {end.day} {_MONTHS[end.month - 1]} {end.year}"
    return ""
