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
from sandbox.members import boolean, folded, integer, mapping, mappings, one_of, text, texts
from sandbox.refusals import invalid_property, unknown_zone, unreadable
from sandbox.zones import FIRST_DAY, LAST_DAY, Moment, UnknownZone, iana

NEVER = "0001-01-01T00:00:00Z"
# Of an attendee in the organizer's list who has not said anything yet.
NO_ANSWER = {"response": "none", "time": NEVER}
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
    sent = fold(dict(payload))
    draft = Draft()
    readers = _READERS | _TRUSTED_READERS if trusted else _READERS
    for name, value in sent.items():
        reader = readers.get(name)
        if reader is not None and (value is not None or name in _NULL_CLEARS):
            draft.members[name] = reader(value)
    if sent.get("start") is not None:
        draft.start = read_moment(sent["start"])
    if sent.get("end") is not None:
        draft.end = read_moment(sent["end"])
    if sent.get("isAllDay") is not None:
        draft.all_day = boolean(sent["isAllDay"])
    if "recurrence" in sent:
        draft.recurrence = _rule(sent["recurrence"])
        draft.drops_rule = draft.recurrence is None
        if draft.recurrence is not None and not trusted and not draft.recurrence["range"].get("startDate"):
            raise invalid_property()
    draft.properties = read_properties(sent)
    # Unfolded, since the members of an extension belong to an app, which may write them as it likes.
    draft.extensions = extensions.read_all(given(payload, "extensions"))
    if trusted:
        draft.original_zones = (sent.get("originalStartTimeZone"), sent.get("originalEndTimeZone"))
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
    sent = mapping(value)
    # Without a zone the time is taken as UTC; the service's own rule is not known.
    name = "UTC" if sent.get("timeZone") is None else text(sent["timeZone"])
    try:
        iana(name)
    except UnknownZone as error:
        raise unknown_zone(name) from error
    moment = Moment(read_wall(sent.get("dateTime")), name)
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
    sent = mapping(value)
    slot = {name: read_moment(sent.get(name)).utc() for name in ("start", "end")}
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
        return datetime.fromisoformat(text(value)).replace(tzinfo=None)
    except ValueError as error:
        raise unreadable(f"Cannot convert the literal '{value}' to the expected type 'Edm.DateTime'.") from error


def read_instant(literal: str) -> datetime:
    """
    An instant in UTC; without an offset it is UTC already.

    Raises:
        ValueError: it is no date-time, or beyond what can be computed with.
    """
    moment = datetime.fromisoformat(literal)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{literal} is out of range") from error


_BODY_TYPE = one_of("text", "html")
_ATTENDEE_TYPE = one_of("required", "optional", "resource")


def _body(value: Any) -> str:
    sent = mapping(value or {})
    return html_of(text(sent.get("content")), is_html=_BODY_TYPE(sent.get("contentType") or "text") == "html")


def read_person(value: Any) -> dict[str, Any]:
    address = mapping(mapping(value).get("emailAddress") or {})
    mail = text(address.get("address"))
    return {"emailAddress": {"name": text(address.get("name")) or mail, "address": mail}}


def _attendee(value: dict[str, Any]) -> dict[str, Any]:
    kind = _ATTENDEE_TYPE(value.get("type") or "required")
    return {"type": kind, "status": dict(NO_ANSWER), **read_person(value)}


def _attendees(value: Any) -> list[dict[str, Any]]:
    people = mappings(value)
    if len(people) > MOST_ATTENDEES:
        raise invalid_property()
    return [_attendee(person) for person in people]


def _attendees_with_answers(value: Any) -> list[dict[str, Any]]:
    """Answers are the attendees' own: only the control doors may write them."""
    people = _attendees(value)
    for person, sent in zip(people, mappings(value), strict=True):
        person["status"] = _response(sent.get("status") or {})
        proposed = read_slot(sent.get("proposedNewTime"))
        if proposed is not None:
            person["proposedNewTime"] = proposed
    return people


def _rule(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    sent = mapping(value)
    return {"pattern": mapping(sent.get("pattern")), "range": mapping(sent.get("range"))}


read_provider = one_of("unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness")
_RESPONSE = one_of("none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded")


def _response(value: Any) -> dict[str, str]:
    sent = mapping(value)
    return {"response": _RESPONSE(sent.get("response") or "none"), "time": text(sent.get("time") or NEVER)}


_NULL_CLEARS = frozenset({"subject", "body", "categories", "attendees", "location", "locations"})
_READERS: dict[str, Callable[[Any], Any]] = {
    "subject": text,
    "body": _body,
    "importance": one_of("low", "normal", "high"),
    "sensitivity": one_of("normal", "personal", "private", "confidential"),
    "showAs": one_of("free", "tentative", "busy", "oof", "workingElsewhere", "unknown"),
    "categories": texts,
    "location": places.read,
    "locations": lambda value: [places.read(each) for each in mappings(value)],
    "attendees": _attendees,
    "isReminderOn": boolean,
    "reminderMinutesBeforeStart": integer,
    "responseRequested": boolean,
    "allowNewTimeProposals": boolean,
    "hideAttendees": boolean,
    "isOnlineMeeting": boolean,
    "onlineMeetingProvider": read_provider,
    "transactionId": text,
}
_TRUSTED_READERS: dict[str, Callable[[Any], Any]] = {
    "isCancelled": boolean,
    "isOrganizer": boolean,
    "isDraft": boolean,
    "hasAttachments": boolean,
    "organizer": read_person,
    "responseStatus": _response,
    "attendees": _attendees_with_answers,
    "location": places.read_trusted,
    "locations": lambda value: [places.read_trusted(each) for each in mappings(value)],
}
