"""What the drawer says about one event: who answered what, in which zone it was planned, which links are safe."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.utils import timezone

from calendars.models import Event

SHOW_AS = {
    "free": "Free",
    "tentative": "Tentative",
    "busy": "Busy",
    "oof": "Out of office",
    "workingElsewhere": "Working elsewhere",
}
RESPONSES = {
    "organizer": "Organizer",
    "accepted": "Accepted",
    "tentativelyAccepted": "Maybe",
    "declined": "Declined",
    "notResponded": "Has not answered",
}


class Person(NamedTuple):
    name: str
    address: str
    answer: str
    icon: str
    optional: bool


class Group(NamedTuple):
    """Attendees by kind: people, or rooms and equipment."""

    title: str
    people: list[Person]


_ANSWER_ICONS = {
    "Accepted": "circle-check",
    "Organizer": "circle-check",
    "Maybe": "help-circle",
    "Declined": "circle-x",
}


def attendees(event: Event) -> list[Group]:
    """Who is invited, with their answers; rooms apart."""
    people: list[Person] = []
    rooms: list[Person] = []
    for listed in event.attendees:
        answer = RESPONSES.get(listed.get("response", ""), RESPONSES["notResponded"])
        address = listed.get("address", "")
        if address and address.casefold() == event.organizer_address.casefold():
            answer = RESPONSES["organizer"]
        kind = listed.get("type")
        person = Person(
            name=listed.get("name") or address or "Somebody",
            address=address,
            answer=answer,
            icon=_ANSWER_ICONS.get(answer, "circle-dashed"),
            optional=kind == "optional",
        )
        (rooms if kind == "resource" else people).append(person)
    groups = [Group("People", people), Group("Rooms and equipment", rooms)]
    return [group for group in groups if group.people]


def safe_link(text: str) -> str:
    """
    The text if it is an https address with a host and without a user part; otherwise nothing, and so no link.

    The one function that every link from data passes.
    """
    text = text.strip()
    if not text.isprintable() or any(character in text for character in ' "<>\\^`{|}'):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme == "https" and parts.hostname and "@" not in parts.netloc else ""


class OwnZone(NamedTuple):
    """The zone that an event was written in, when its clock differs from the viewer's."""

    name: str
    # An IANA name that the browser understands, or nothing.
    iana: str
    starts_at: datetime | None
    ends_at: datetime | None


def own_zone(event: Event) -> OwnZone | None:
    """
    The event's own zone, to be named beside the viewer's times; None where both clocks agree, and for all-day events.

    A zone that nobody can resolve is named without times.
    """
    if event.is_all_day or event.starts_at is None or event.ends_at is None:
        return None
    if event.zone is None:
        return OwnZone(event.original_zone, "", None, None) if event.original_zone else None
    zone = ZoneInfo(event.zone)
    here = timezone.get_current_timezone()
    moments = (event.starts_at, event.ends_at)
    if all(moment.astimezone(zone).utcoffset() == moment.astimezone(here).utcoffset() for moment in moments):
        return None
    return OwnZone(zone.key.replace("_", " "), zone.key, *(moment.astimezone(zone) for moment in moments))
