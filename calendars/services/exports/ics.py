"""
Events as an iCalendar file (RFC 5545), event by event: what is wrong with one of them does not take the others along.

A series is written as the occurrences that are stored, each an event of its own, and never by its master: whoever wrote
both would show everything twice. Moments are in UTC, all-day events are dates.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from html import unescape
from typing import Any, Final
from urllib.parse import urlsplit

import icalendar
import nh3

from calendars.models import Event, Kind
from tenants.crypto import digest

OPENING: Final = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Almanac//Export//EN\r\nCALSCALE:GREGORIAN\r\n"
CLOSING: Final = b"END:VCALENDAR\r\n"

# iCalendar has no word for these in a text; tab and line feed are the two that it has.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff]")
# Within a parameter, an address or a link nothing of the kind is allowed, nor what would end it.
_NOT_IN_A_VALUE = re.compile(r'[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff"]')
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\]+@[^\s@<>\"(),:;\\]+")

# Cleaning deep nesting costs the square of its depth.
MOST_TAGS: Final = 5_000
_LINE_ENDS = re.compile(r"<br\b[^<>]*>|</(?:p|div|li|tr|h[1-6])>", re.IGNORECASE)

_BUSY: Final[Mapping[str, str]] = {
    "free": "FREE",
    "tentative": "TENTATIVE",
    "busy": "BUSY",
    "oof": "OOF",
    "workingElsewhere": "WORKINGELSEWHERE",
}
_ANSWERS: Final[Mapping[str, str]] = {
    "accepted": "ACCEPTED",
    "organizer": "ACCEPTED",
    "declined": "DECLINED",
    "tentativelyAccepted": "TENTATIVE",
}
_ROLES: Final[Mapping[str, str]] = {"optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}
_CLASSES: Final[Mapping[str, str]] = {
    "private": "PRIVATE",
    "personal": "PRIVATE",
    "confidential": "CONFIDENTIAL",
}


class NotWritable(Exception):
    """iCalendar cannot say this event; the JSON beside it does."""


def heading(name: str) -> bytes:
    """How a file begins, with the calendar's name."""
    line = icalendar.parser.Contentline.from_parts(
        "X-WR-CALNAME", icalendar.Parameters(), icalendar.vText(_clean(name) or "Calendar")
    )
    return OPENING + bytes(line.to_ical()) + b"\r\n"


def written(event: Event, *, now: datetime, master: Event | None = None) -> bytes:
    """
    One event, folded and escaped, with its line ends; what it says is its master's where it has no text of its own.

    Raises:
        NotWritable: the library refuses it.
    """
    if event.kind == Kind.MASTER:
        raise NotWritable("a series is written as its occurrences")
    try:
        found = _component(event, now)
        said = master if master is not None and not event.body else event
        text = _text_of(said.body, said.body_type)
        if text:
            found.add("description", text)
        return bytes(found.to_ical())
    except (ValueError, TypeError, OverflowError) as error:
        raise NotWritable(str(type(error).__name__)) from error


def _component(event: Event, now: datetime) -> icalendar.Event:
    found = icalendar.Event()
    # Of Microsoft's id, so that the same event is the same in the next export; shorter, and safe in every program.
    found.add("uid", f"{digest(event.graph_id)[:40]}@almanac")
    found.add("dtstamp", now)
    if event.is_all_day:
        found.add("dtstart", event.start_date)
        found.add("dtend", event.end_date)
    else:
        found.add("dtstart", event.starts_at)
        # Of no length: RFC 5545 wants an end to be later, and knows an event without one.
        if event.ends_at != event.starts_at:
            found.add("dtend", event.ends_at)
    found.add("summary", _clean(event.subject))
    if event.location:
        found.add("location", _clean(event.location))
    found.add("status", "CANCELLED" if event.is_cancelled else "CONFIRMED")
    found.add("transp", "TRANSPARENT" if event.show_as == "free" else "OPAQUE")
    if event.show_as in _BUSY:
        found.add("x-microsoft-cdo-busystatus", _BUSY[event.show_as])
    found.add("class", _CLASSES.get(event.sensitivity, "PUBLIC"))
    organizer = _person(event.organizer_name, event.organizer_address)
    if organizer is not None:
        found.add("organizer", organizer)
    for attendee in event.attendees if isinstance(event.attendees, list) else []:
        guest = _attendee(attendee)
        if guest is not None:
            found.add("attendee", guest)
    link = _link(event.join_url) or _link(event.web_link)
    if link:
        found.add("url", link)
    return found


def _text_of(body: str, body_type: str) -> str:
    """What an event says, as plain text; nothing where that would take too long, since the JSON has it as it is."""
    if body_type != "html":
        return _clean(body).strip()
    if body.count("<") > MOST_TAGS:
        return ""
    lines = _LINE_ENDS.sub("\n", body.replace("\r", "").replace("\n", " "))
    text = unescape(nh3.clean(lines, tags=set(), clean_content_tags={"head", "script", "style", "title"}))
    return re.sub(r"[ \xa0]*\n\s*", "\n", _clean(text)).strip()


def _attendee(attendee: Any) -> icalendar.vCalAddress | None:
    if not isinstance(attendee, dict):
        return None
    guest = _person(str(attendee.get("name") or ""), str(attendee.get("address") or ""))
    if guest is None:
        return None
    guest.params["ROLE"] = _ROLES.get(str(attendee.get("type")), "REQ-PARTICIPANT")
    guest.params["PARTSTAT"] = _ANSWERS.get(str(attendee.get("response")), "NEEDS-ACTION")
    return guest


def _person(name: str, address: str) -> icalendar.vCalAddress | None:
    """Somebody with an address that an iCalendar file can hold; without one there is nobody to name."""
    plain = _NOT_IN_A_VALUE.sub("", address).strip()
    if not _ADDRESS.fullmatch(plain):
        return None
    person = icalendar.vCalAddress(f"mailto:{plain}")
    label = _NOT_IN_A_VALUE.sub("", name).strip()
    if label:
        person.params["CN"] = label
    return person


def _link(url: str) -> str:
    """The link if it is one to https, else nothing."""
    if _NOT_IN_A_VALUE.search(url) or " " in url:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme == "https" and parts.hostname else ""


def _clean(text: str) -> str:
    """A text as iCalendar takes it: one kind of line end, no other control characters."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
