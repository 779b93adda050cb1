"""An event as people see it: its title, its days, and what FullCalendar reads."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from calendars.models import Calendar, Event, EventQuerySet
from calendars.presentation.colors import swatch
from calendars.sync.policy import BLANKS
from tenants.models import Detail

NO_SUBJECT = "(no subject)"
PRIVATE = "Private"
BUSY = "Busy"

# What lists and the feed need of an event: they load these columns and no others.
ITEM_FIELDS = (
    "calendar_id",
    "kind",
    "is_all_day",
    "starts_at",
    "ends_at",
    "start_date",
    "end_date",
    "subject",
    "location",
    "show_as",
    "sensitivity",
    "is_cancelled",
    "response",
)


# What every event looks like where only times are kept. Attendees are a value here.
_BUSY_ONLY: dict[str, Any] = {**BLANKS, "attendees": [], "subject": BUSY}


def as_kept(event: Event, detail: str) -> Event:
    """
    The event with no more in it than the organization keeps, whatever the row still holds. Not to be saved.

    A policy holds for pages from the moment it is decided; rows follow when they are cleaned.
    """
    if detail == Detail.BUSY:
        vars(event).update(_BUSY_ONLY)
    elif detail == Detail.DETAILS:
        vars(event).update(body="", body_type="")
    return event


def is_hidden(event: Event, calendar: Calendar) -> bool:
    """
    Whether this viewer must not read what the event is about: it is private, and the calendar somebody else's.

    Viewers only ever see calendars of their own mailboxes; a calendar in it may be shared by a colleague.
    """
    if event.sensitivity not in {"private", "confidential"}:
        return False
    owner = calendar.owner_address.casefold()
    return bool(owner) and owner != calendar.connection.address.casefold()


def title(event: Event, calendar: Calendar) -> str:
    return PRIVATE if is_hidden(event, calendar) else event.subject or NO_SUBJECT


def feed_item(event: Event, calendar: Calendar, *, address: str) -> dict[str, Any]:
    """
    One event for FullCalendar. Timed events are instants in UTC, all-day events are dates with an exclusive end.

    `address` is our own page of the event: FullCalendar writes it into a link as it is, so it never comes from data.
    """
    look = swatch(calendar)
    start, end = _span(event)
    return {
        "id": str(event.pk),
        "title": title(event, calendar),
        "start": start,
        "end": end,
        "allDay": event.is_all_day,
        "url": address,
        "calendar": calendar.pk,
        "calendarName": calendar.name,
        "look": look.css,
        "fill": look.fill,
        "showAs": event.show_as,
        "place": "" if is_hidden(event, calendar) else event.location,
        "private": event.sensitivity != "normal",
        "cancelled": event.is_cancelled,
        "declined": event.response == "declined",
        "unanswered": event.response == "notResponded",
    }


def _span(event: Event) -> tuple[str, str]:
    if event.start_date and event.end_date:
        return event.start_date.isoformat(), event.end_date.isoformat()
    return _utc(event.starts_at), _utc(event.ends_at)


def _utc(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def touching(events: EventQuerySet, start: datetime, end: datetime, zone: tzinfo, *, detail: str) -> list[Event]:
    """
    Those of these events that touch [start, end) for somebody in this zone, with the columns of `ITEM_FIELDS`, and in
    them no more than `detail` lets be kept.
    """
    found = events.overlapping(start, end).only(*ITEM_FIELDS)
    return [as_kept(event, detail) for event in found if in_range(event, start, end, zone)]


def in_range(event: Event, start: datetime, end: datetime, zone: tzinfo) -> bool:
    """Whether the event touches [start, end); an all-day event is compared by days, in the viewer's zone."""
    first, last = days_of(event, zone)
    if event.is_all_day:
        return first < _day_after(end, zone) and last >= start.astimezone(zone).date()
    began, ended = event.starts_at, event.ends_at
    return bool(began and ended and began < end and (ended > start or began == ended == start))


def days_of(event: Event, zone: tzinfo) -> tuple[date, date]:
    """The first and the last day that the event touches, both inclusive, in the viewer's zone."""
    if event.start_date and event.end_date:
        return event.start_date, max(event.start_date, event.end_date - timedelta(days=1))
    if event.starts_at is None or event.ends_at is None:  # refused by the table's own check
        raise ValueError("an event has two dates or two moments")
    first = event.starts_at.astimezone(zone)
    last = event.ends_at.astimezone(zone)
    # What ends at midnight does not touch the day that begins then.
    until = (last - timedelta(microseconds=1)).date() if last > first else last.date()
    return first.date(), max(first.date(), until)


def _day_after(end: datetime, zone: tzinfo) -> date:
    local = end.astimezone(zone)
    return local.date() if local.time() == datetime.min.time() else local.date() + timedelta(days=1)
