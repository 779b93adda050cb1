"""
Reading the JSON of an event as the service does: letter case of names and enum values does not
matter, numbers and booleans may be written as strings, unknown members are ignored.

What comes out is stored and shown as it is, always in Graph's own spelling.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox import extended, extensions, places
from sandbox.bodies import html_of
from sandbox.extended import Changes
from sandbox.items import Attachment, Extension
from sandbox.members import boolean as _boolean
from sandbox.members import folded
from sandbox.members import integer as _integer
from sandbox.members import mapping as _object
from sandbox.members import mappings as _objects
from sandbox.members import one_of as _one_of
from sandbox.members import text as _text
from sandbox.members import texts as _texts
from sandbox.refusals import invalid_property, unknown_zone, unreadable
from sandbox.zones import FIRST_DAY, LAST_DAY, Moment, UnknownZone, iana

NEVER = "0001-01-01T00:00:00Z"
MOST_ATTENDEES = 500

_KNOWN = (
    "subject", "body", "contentType", "content", "start", "end", "dateTime", "timeZone", "isAllDay",
    "importance", "sensitivity", "showAs", "categories", "location", "locations", "displayName", "locationType",
    "uniqueId", "uniqueIdType", "address", "street", "city", "state", "countryOrRegion", "postalCode",
    "coordinates", "latitude", "longitude", "altitude", "accuracy", "altitudeAccuracy", "locationEmailAddress",
    "locationUri", "attendees", "emailAddress", "name", "type", "status", "response", "time", "organizer",
    "recurrence", "pattern", "range", "interval", "month", "dayOfMonth", "daysOfWeek", "firstDayOfWeek",
    "index", "startDate", "endDate", "recurrenceTimeZone", "numberOfOccurrences", "isReminderOn",
    "reminderMinutesBeforeStart", "responseRequested", "allowNewTimeProposals", "hideAttendees",
    "isOnlineMeeting", "onlineMeetingProvider", "transactionId", "proposedNewTime", "isCancelled",
    "isOrganizer", "isDraft", "responseStatus", "originalStartTimeZone", "originalEndTimeZone",
    "hasAttachments", "onlineMeeting", "joinUrl", "conferenceId", "tollNumber", "color", "isDefaultCalendar",
    "comment", "sendResponse", "toRecipients", "newReminderTime",
    "singleValueExtendedProperties", "multiValueExtendedProperties", "id", "value", "attachments", "extensions",
    "role", "defaultOnlineMeetingProvider",
)  # fmt: skip
_NAMES = {name.lower(): name for name in _KNOWN}


def fold(value: Any) -> Any:
    """The same JSON with every known member name in Graph's spelling."""
    return folded(value, _NAMES)


@dataclass(slots=True)
class Draft:
    """What a request says of an event. Null says that the request is silent about it."""

    members: dict[str, Any] = field(default_factory=dict)
    start: Moment | None = None
    end: Moment | None = None
    all_day: bool | None = None
    # The folded JSON of the rule; `drops_rule` when the request takes the rule away.
    recurrence: dict[str, Any] | None = None
    drops_rule: bool = False
    original_zones: tuple[str | None, str | None] = (None, None)
    properties: Changes = field(default_factory=dict)
    # Only heeded when the event is made. Who reads attachments fills them in: that takes a mailbox.
    extensions: dict[str, Extension] = field(default_factory=dict)
    attachments: list[Attachment] = field(default_factory=list)


def read(payload: Mapping[str, Any], *, trusted: bool = False) -> Draft:
    """
    Understand an event as a client sends it. With `trusted` (the control doors) members that
    clients may not write, such as organizer, responseStatus and isCancelled, are taken too.

    Raises:
        Refusal: a member has the wrong type, an unknown enum value or an unknown zone.
    """
    folded = fold(dict(payload))
    draft = Draft()
    readers = _READERS | _TRUSTED_READERS if trusted else _READERS
    for name, value in folded.items():
        reader = readers.get(name)
        if reader is not None and (value is not None or name in _NULL_CLEARS):
            draft.members[name] = reader(value)
    if folded.get("start") is not None:
        draft.start = read_moment(folded["start"])
    if folded.get("end") is not None:
        draft.end = read_moment(folded["end"])
    if folded.get("isAllDay") is not None:
        draft.all_day = _boolean(folded["isAllDay"])
    if "recurrence" in folded:
        draft.recurrence = _rule(folded["recurrence"])
        draft.drops_rule = draft.recurrence is None
    draft.properties = read_properties(folded)
    # Unfolded, since the members of an extension belong to an app, which may write them as it likes.
    draft.extensions = extensions.read_all(given(payload, "extensions"))
    if trusted:
        draft.original_zones = (folded.get("originalStartTimeZone"), folded.get("originalEndTimeZone"))
    places.agree(draft.members)
    return draft


def given(payload: Mapping[str, Any], name: str) -> Any:
    """A member of unfolded JSON by its name in any letter case; null if it is not there."""
    return next((value for key, value in payload.items() if key.lower() == name.lower()), None)


def read_properties(folded: Mapping[str, Any]) -> Changes:
    """
    The extended properties of either kind in the folded JSON of an event or a calendar.

    Raises:
        Refusal: one of them cannot be.
    """
    return extended.read_single(folded.get("singleValueExtendedProperties")) | extended.read_multi(
        folded.get("multiValueExtendedProperties")
    )


def read_moment(value: Any) -> Moment:
    """
    A folded `dateTimeTimeZone` that a mailbox is to keep.

    Raises:
        Refusal: it is none, its zone is unknown, or it lies outside of what Exchange keeps.
    """
    moment = read_wish(value)
    if not FIRST_DAY <= moment.wall.date() <= LAST_DAY:
        raise invalid_property()
    return moment


def read_wish(value: Any) -> Moment:
    """
    A folded `dateTimeTimeZone` that is only asked about.

    Raises:
        Refusal: it is none, or its zone is unknown.
    """
    given = _object(value)
    text = given.get("dateTime")
    # Without a zone the time is taken as UTC; the service's own rule is not known.
    name = "UTC" if given.get("timeZone") is None else _text(given["timeZone"])
    try:
        iana(name)
    except UnknownZone as error:
        raise unknown_zone(name) from error
    moment = Moment(read_wall(text), name)
    try:
        moment.utc()
    except OverflowError as error:
        # The first and the last day of the calendar: nothing can be computed with them in every zone.
        raise invalid_property() from error
    return moment


def read_slot(value: Any) -> dict[str, datetime] | None:
    """
    A folded `timeSlot` as instants, such as the time that an attendee proposes; null if there is none.

    Raises:
        Refusal: it lacks a start or an end, or ends before it starts.
    """
    if value is None:
        return None
    given = _object(value)
    slot = {name: read_moment(given.get(name)).utc() for name in ("start", "end")}
    if slot["end"] < slot["start"]:
        raise invalid_property()
    return slot


def read_wall(value: Any) -> datetime:
    """
    A naive time from a literal with any number of decimals; an offset in it is dropped unread.

    Raises:
        Refusal: it is no date-time.
    """
    try:
        return read_time(_text(value)).replace(tzinfo=None)
    except ValueError as error:
        raise unreadable(f"Cannot convert the literal '{value}' to the expected type 'Edm.DateTime'.") from error


def read_time(text: str) -> datetime:
    """
    A date-time with any number of decimals, aware if it has an offset.

    Raises:
        ValueError: it is no date-time.
    """
    return datetime.fromisoformat(text)


def read_instant(text: str) -> datetime:
    """
    An instant in UTC; without an offset the text is UTC already.

    Raises:
        ValueError: it is no date-time, or beyond what can be computed with.
    """
    moment = read_time(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text} is out of range") from error


def _body(value: Any) -> str:
    given = _object(value or {})
    kind = given.get("contentType") or "text"
    return html_of(_text(given.get("content")), is_html=_one_of("text", "html")(kind) == "html")


def read_person(value: Any) -> dict[str, Any]:
    address = _object(_object(value).get("emailAddress") or {})
    mail = _text(address.get("address"))
    return {"emailAddress": {"name": _text(address.get("name")) or mail, "address": mail}}


def _attendee(value: dict[str, Any]) -> dict[str, Any]:
    kind = _one_of("required", "optional", "resource")(value.get("type") or "required")
    return {"type": kind, "status": {"response": "none", "time": NEVER}, **read_person(value)}


def _attendees(value: Any) -> list[dict[str, Any]]:
    people = _objects(value)
    if len(people) > MOST_ATTENDEES:
        raise invalid_property()
    return [_attendee(person) for person in people]


def _attendees_with_answers(value: Any) -> list[dict[str, Any]]:
    """Answers are the attendees' own: only the control doors may write them."""
    people = _attendees(value)
    for person, given in zip(people, _objects(value), strict=True):
        person["status"] = _response(given.get("status") or {})
        proposed = read_slot(given.get("proposedNewTime"))
        if proposed is not None:
            person["proposedNewTime"] = proposed
    return people


def _rule(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    given = _object(value)
    return {"pattern": _object(given.get("pattern")), "range": _object(given.get("range"))}


_RESPONSE = _one_of("none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded")


def _response(value: Any) -> dict[str, str]:
    given = _object(value)
    return {"response": _RESPONSE(given.get("response") or "none"), "time": _text(given.get("time") or NEVER)}


_NULL_CLEARS = frozenset({"subject", "body", "categories", "attendees", "location", "locations"})
_READERS: dict[str, Callable[[Any], Any]] = {
    "subject": _text,
    "body": _body,
    "importance": _one_of("low", "normal", "high"),
    "sensitivity": _one_of("normal", "personal", "private", "confidential"),
    "showAs": _one_of("free", "tentative", "busy", "oof", "workingElsewhere", "unknown"),
    "categories": _texts,
    "location": places.read,
    "locations": lambda value: [places.read(each) for each in _objects(value)],
    "attendees": _attendees,
    "isReminderOn": _boolean,
    "reminderMinutesBeforeStart": _integer,
    "responseRequested": _boolean,
    "allowNewTimeProposals": _boolean,
    "hideAttendees": _boolean,
    "isOnlineMeeting": _boolean,
    "onlineMeetingProvider": _one_of("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness"),
    "transactionId": _text,
}
_TRUSTED_READERS: dict[str, Callable[[Any], Any]] = {
    "isCancelled": _boolean,
    "isOrganizer": _boolean,
    "isDraft": _boolean,
    "hasAttachments": _boolean,
    "organizer": read_person,
    "responseStatus": _response,
    "attendees": _attendees_with_answers,
    "location": places.read_trusted,
    "locations": lambda value: [places.read_trusted(each) for each in _objects(value)],
}
