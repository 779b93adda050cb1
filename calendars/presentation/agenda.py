"""Events by day, as the agenda, the home page and the welcome page list them."""

from collections.abc import Iterable
from datetime import date, timedelta, tzinfo
from typing import NamedTuple

from calendars.models import Calendar, Event
from calendars.presentation.colors import Swatch, swatch
from calendars.presentation.events import days_of, is_hidden, title


class Entry(NamedTuple):
    """One event on one day of the agenda."""

    event: Event
    title: str
    calendar: Calendar
    swatch: Swatch
    # Whether it began on an earlier day, or goes on to a later one.
    from_before: bool
    goes_on: bool
    hidden: bool


class Day(NamedTuple):
    date: date
    entries: list[Entry]


def by_day(
    events: Iterable[Event], calendars: dict[int, Calendar], *, first: date, days: int, zone: tzinfo
) -> list[Day]:
    """`days` days from `first` on, each with what touches it: all-day events first, then by the clock."""
    listed = {first + timedelta(days=number): Day(first + timedelta(days=number), []) for number in range(days)}
    for event in events:
        begins, ends = days_of(event, zone)
        calendar = calendars[event.calendar_id]
        entry = Entry(
            event=event,
            title=title(event, calendar),
            calendar=calendar,
            swatch=swatch(calendar),
            from_before=False,
            goes_on=False,
            hidden=is_hidden(event, calendar),
        )
        day = max(begins, first)
        while day <= ends and day in listed:
            listed[day].entries.append(entry._replace(from_before=day > begins, goes_on=day < ends))
            day += timedelta(days=1)
    for found in listed.values():
        found.entries.sort(key=_by_clock)
    return list(listed.values())


def _by_clock(entry: Entry) -> tuple[bool, float, str]:
    event = entry.event
    began = 0.0 if entry.from_before or event.starts_at is None else event.starts_at.timestamp()
    return not event.is_all_day, began, entry.title.casefold()


def shortened(days: Iterable[Day], most: int) -> list[Day]:
    """The first `most` entries; days without any are left out."""
    found = []
    for day in days:
        shown = day.entries[:most]
        most -= len(shown)
        if shown:
            found.append(day._replace(entries=shown))
    return found
