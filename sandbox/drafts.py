"""
Reading the JSON of an event as the service does: letter case of names and enum values does not
matter, numbers and booleans may be written as strings, unknown members are ignored.

What comes out is stored and shown as it is, always in Graph's own spelling.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.bodies import html_of
from sandbox.refusals import invalid_property, unknown_zone, unreadable
from sandbox.zones import Moment, UnknownZone, iana

NEVER = "0001-01-01T00:00:00Z"

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
    "role", "defaultOnlineMeetingProvider",
)  # fmt: skip
_NAMES = {name.lower(): name for name in _KNOWN}
_PLACE = (
    "displayName", "locationType", "uniqueId", "uniqueIdType", "address", "coordinates",
    "locationEmailAddress", "locationUri",
)  # fmt: skip


def fold(value: Any) -> Any:
    """The same JSON with every known member name in Graph's spelling."""
    if isinstance(value, dict):
        return {_NAMES.get(str(name).lower(), str(name)): fold(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [fold(inner) for inner in value]
    return value


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
        draft.start = _moment(folded["start"])
    if folded.get("end") is not None:
        draft.end = _moment(folded["end"])
    if folded.get("isAllDay") is not None:
        draft.all_day = _boolean(folded["isAllDay"])
    if "recurrence" in folded:
        draft.recurrence = _rule(folded["recurrence"])
        draft.drops_rule = draft.recurrence is None
    if trusted:
        draft.original_zones = (folded.get("originalStartTimeZone"), folded.get("originalEndTimeZone"))
    _agree_on_places(draft.members)
    return draft


def _agree_on_places(members: dict[str, Any]) -> None:
    """`location` and `locations` always say the same; the one that was sent wins."""
    if "location" in members:
        members["locations"] = [members["location"]] if members["location"].get("displayName") else []
    elif "locations" in members:
        places = members["locations"]
        members["location"] = dict(places[0]) if places else _place({"displayName": ""})
        if len(places) > 1:
            members["location"]["displayName"] = "; ".join(place["displayName"] for place in places)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise unreadable(f"Cannot convert '{value}' to the expected type 'Edm.String'.")
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise unreadable(f"Cannot convert '{value}' to the expected type 'Edm.Boolean'.")


def _integer(value: Any) -> int:
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError as error:
            raise unreadable(f"Cannot convert '{value}' to the expected type 'Edm.Int32'.") from error
    if not isinstance(value, int) or isinstance(value, bool):
        raise unreadable(f"Cannot convert '{value}' to the expected type 'Edm.Int32'.")
    return value


def _one_of(*words: str) -> Callable[[Any], str]:
    spelled = {word.lower(): word for word in words}

    def reader(value: Any) -> str:
        found = spelled.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            raise unreadable(f"The value '{value}' is not one of {', '.join(words)}.")
        return found

    return reader


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise unreadable("A list of strings was expected.")
    return [_text(each) for each in value]


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise unreadable("An object was expected.")
    return value


def _objects(value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise unreadable("A list of objects was expected.")
    return [_object(each) for each in value]


def _moment(value: Any) -> Moment:
    given = _object(value)
    text = given.get("dateTime")
    # Without a zone the time is taken as UTC; the service's own rule is not known.
    name = "UTC" if given.get("timeZone") is None else _text(given["timeZone"])
    try:
        iana(name)
    except UnknownZone as error:
        raise unknown_zone(name) from error
    return Moment(read_wall(text), name)


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


def _place(value: Any) -> dict[str, Any]:
    given = _object(value or {})
    name = _text(given.get("displayName"))
    place: dict[str, Any] = {"displayName": name, "locationType": "default"}
    if name:
        place |= {"uniqueId": name, "uniqueIdType": "private"}
    else:
        place["uniqueIdType"] = "unknown"
    return place | {key: given[key] for key in _PLACE if given.get(key) is not None and key != "locationType"}


def _person(value: Any) -> dict[str, Any]:
    address = _object(_object(value).get("emailAddress") or {})
    mail = _text(address.get("address"))
    return {"emailAddress": {"name": _text(address.get("name")) or mail, "address": mail}}


def _attendee(value: dict[str, Any]) -> dict[str, Any]:
    kind = _one_of("required", "optional", "resource")(value.get("type") or "required")
    status = value.get("status") or {}
    answer = {
        "response": _RESPONSE(status.get("response") or "none"),
        "time": _text(status.get("time") or NEVER),
    }
    return {"type": kind, "status": answer, **_person(value)}


def _attendees(value: Any) -> list[dict[str, Any]]:
    people = _objects(value)
    if len(people) > 500:
        raise invalid_property()
    return [_attendee(person) for person in people]


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
    "location": _place,
    "locations": lambda value: [_place(each) for each in _objects(value)],
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
    "organizer": _person,
    "responseStatus": _response,
}
