"""What comes out of Graph's answers: values that fit our columns. Tuples, since thousands are made in a round."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from calendars.models import Kind
from calendars.payloads.text import Unreadable


class EventRow(NamedTuple):
    """One event as its row holds it; see `calendars.models.Event`. JSON columns are JSON text already."""

    graph_id: str
    kind: str
    series_id: str
    is_all_day: bool
    starts_at: datetime | None
    ends_at: datetime | None
    start_date: date | None
    end_date: date | None
    original_zone: str
    zone: str | None
    subject: str
    location: str
    organizer_name: str
    organizer_address: str
    attendees: str
    show_as: str
    sensitivity: str
    is_cancelled: bool
    is_organizer: bool
    response: str
    join_url: str
    web_link: str
    body: str
    body_type: str
    recurrence: str | None
    etag: str


class Bare(NamedTuple):
    """An occurrence as delta sends it: when, and of which series. All else is its master's."""

    graph_id: str
    series_id: str
    # UTC; of an all-day series, the midnights of its dates.
    start: datetime
    end: datetime
    etag: str


class Removed(NamedTuple):
    """Gone from the window. The id may be a master's, or one that we never saw."""

    graph_id: str


class Skipped(NamedTuple):
    """An item that we cannot understand, and why."""

    graph_id: str
    reason: str


Item = EventRow | Bare | Removed | Skipped


class Page(NamedTuple):
    """One page of changes: its items in reading order, and where to go on (exactly one of the links is set)."""

    items: list[Item]
    next_link: str
    delta_link: str


class ListedCalendar(NamedTuple):
    """One of the mailbox's calendars."""

    graph_id: str
    name: str
    color: str
    hex_color: str
    owner_name: str
    owner_address: str
    can_edit: bool
    is_default: bool


def fill(occurrence: Bare, master: EventRow) -> EventRow:
    """
    The occurrence as a whole event: its own times, all else from its master; but the text stands with the master only.

    Raises:
        Unreadable: an occurrence of an all-day series that is not made of days.
    """
    starts_at, ends_at, start_date, end_date = times(occurrence.start, occurrence.end, is_all_day=master.is_all_day)
    return master._replace(
        graph_id=occurrence.graph_id,
        kind=Kind.OCCURRENCE.value,
        series_id=master.graph_id,
        starts_at=starts_at,
        ends_at=ends_at,
        start_date=start_date,
        end_date=end_date,
        body="",
        body_type="",
        recurrence=None,
        etag=occurrence.etag,
    )


Times = tuple[datetime | None, datetime | None, date | None, date | None]


def times(start: datetime, end: datetime, *, is_all_day: bool) -> Times:
    """
    The four columns of time: two instants, or two dates.

    All-day events are dates: midnights of their own zone, the end exclusive, never moved into another zone.

    Raises:
        Unreadable: the end is before the start, or an all-day event is not made of whole days.
    """
    if not is_all_day:
        if end < start:
            raise Unreadable("end: before the start")
        return start, end, None, None
    if start.time() != time.min or end.time() != time.min:
        raise Unreadable("start and end: an all-day event must begin and end at midnight")
    if end - start < timedelta(days=1):
        raise Unreadable("end: an all-day event must last a day or more")
    return None, None, start.date(), end.date()
