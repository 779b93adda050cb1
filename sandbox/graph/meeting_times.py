"""`findMeetingTimes`: what a client wishes for, and the times that are suggested to it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Response

from sandbox import freebusy, meeting_times
from sandbox.drafts import read_wish
from sandbox.freebusy import Timeline, Unknown, reach
from sandbox.graph.call import READ, Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.routing import mailbox
from sandbox.graph.schedule import require_window
from sandbox.meeting_times import Guest, Place, Suggestion, Wish
from sandbox.members import boolean, digits, folded, integer, mapping, mappings, number, one_of, text
from sandbox.refusals import Refusal, access_denied, unreadable
from sandbox.zones import shown_wall

MOST_GUESTS = 100
USUAL_LENGTH = timedelta(minutes=30)
LONGEST_MEETING = timedelta(days=1)
# Where to look if the client names no time.
USUAL_REACH = timedelta(days=7)
_KNOWN = (
    "attendees", "type", "emailAddress", "address", "name", "locationConstraint", "isRequired", "suggestLocation",
    "locations", "resolveAvailability", "displayName", "locationEmailAddress", "timeConstraint", "activityDomain",
    "timeSlots", "start", "end", "dateTime", "timeZone", "meetingDuration", "maxCandidates", "isOrganizerOptional",
    "returnSuggestionReasons", "minimumAttendeePercentage",
)  # fmt: skip
_NAMES = {name.lower(): name for name in _KNOWN}
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?", re.ASCII | re.IGNORECASE)
_KIND = one_of("required", "optional", "resource")
_DOMAIN = one_of("work", "personal", "unrestricted", "unknown")


@mailbox.route("POST", "findMeetingTimes")
def find_meeting_times(call: Call) -> Response:
    call.need_own(READ)
    if call.access.is_application or call.person.is_personal:
        raise access_denied()
    sent = folded(call.body(), _NAMES)
    with_reasons = boolean(sent.get("returnSuggestionReasons") or False)
    found = meeting_times.find(_wish(call, sent))
    return answer(
        {
            "@odata.context": context("microsoft.graph.meetingTimeSuggestionsResult"),
            "emptySuggestionsReason": found.empty,
            "meetingTimeSuggestions": [
                _shown(each, place, call.prefer.form.zone, with_reasons=with_reasons)
                for place, each in enumerate(found.suggestions, start=1)
            ],
        }
    )


def _wish(call: Call, sent: dict[str, Any]) -> Wish:
    limits = mapping(sent.get("timeConstraint") or {})
    where = mapping(sent.get("locationConstraint") or {})
    slots = _slots(call, limits)
    reach_ = (min(start for start, _ in slots), max(end for _, end in slots))
    require_window(*reach_)
    most = integer(sent.get("maxCandidates") or 20)
    least = number(sent["minimumAttendeePercentage"] if sent.get("minimumAttendeePercentage") is not None else 50)
    if most < 1 or not 0 <= least <= 100:
        raise _invalid("maxCandidates is at least 1, and minimumAttendeePercentage between 0 and 100.")
    return Wish(
        slots=slots,
        length=_length(sent.get("meetingDuration")),
        organizer=_line(call, call.mailbox.person.mail, reach_),
        fits=_hours(call, _DOMAIN(limits.get("activityDomain") or "work")),
        guests=_guests(call, sent, reach_),
        places=_places(call, where, reach_),
        most=most,
        least_confidence=least,
        organizer_optional=boolean(sent.get("isOrganizerOptional") or False),
        place_required=boolean(where.get("isRequired") or False),
    )


def _up_to_a_million(text: str) -> int:
    """A number that is too large at a million already; how much larger it is does not matter."""
    found = digits(text)
    return 10**6 if found is None else min(found, 10**6)


def _invalid(message: str) -> Refusal:
    return Refusal(400, "ErrorInvalidParameter", message)


def _slots(call: Call, limits: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    given = mappings(limits.get("timeSlots"))
    if not given:
        now = call.sandbox.clock.now()
        return [(now, now + USUAL_REACH)]
    slots = [(read_wish(each.get("start")).utc(), read_wish(each.get("end")).utc()) for each in given]
    for slot in slots:
        require_window(*slot)
    return slots


def _length(value: Any) -> timedelta:
    if value is None:
        return USUAL_LENGTH
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value.upper() not in {"P", "PT"} else None
    if match is None or value.upper().endswith("T"):
        raise unreadable(f"Cannot convert the literal '{value}' to the expected type 'Edm.Duration'.")
    days, hours, minutes, seconds = (_up_to_a_million(part or "0") for part in match.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta(0) < length <= LONGEST_MEETING:
        raise _invalid("A meeting lasts longer than no time, and at most a day.")
    return length


def _hours(call: Call, domain: str) -> Callable[[datetime, datetime], bool] | None:
    settings = call.mailbox.settings
    if domain == "unrestricted":
        return None
    weekend = ("saturday", "sunday") if domain == "personal" else ()
    return lambda start, end: settings.at_work(start, end, also=weekend)


def _line(call: Call, address: str, window: tuple[datetime, datetime]) -> Timeline:
    """
    Raises:
        Unknown: nothing is known of whoever has the address.
    """
    found = reach(call.sandbox.world, call.person.tenant_id, address)
    # Whole days are those of whoever holds the meeting.
    return freebusy.timeline(found, *window, zone=call.mailbox.settings.time_zone)


def _guests(call: Call, sent: dict[str, Any], window: tuple[datetime, datetime]) -> list[Guest]:
    given = mappings(sent.get("attendees"))
    if len(given) > MOST_GUESTS:
        raise Refusal(400, "ErrorMailboxDataArrayTooBig", f"At most {MOST_GUESTS} attendees can be asked about.")
    guests = []
    for each in given:
        address = text(mapping(each.get("emailAddress") or {}).get("address"))
        if not address:
            raise _invalid("Every attendee needs an address.")
        guests.append(Guest(address, _KIND(each.get("type") or "required"), _line_if_known(call, address, window)))
    return guests


def _line_if_known(call: Call, address: str, window: tuple[datetime, datetime]) -> Timeline | None:
    try:
        return _line(call, address, window)
    except Unknown:
        return None


def _places(call: Call, where: dict[str, Any], window: tuple[datetime, datetime]) -> list[Place]:
    """The places that were named, and if places are to be suggested, all rooms of the organization."""
    places = []
    for each in mappings(where.get("locations")):
        address = text(each.get("locationEmailAddress")) or None
        matters = boolean(each.get("resolveAvailability") or False) and address is not None
        line = _line_if_known(call, address, window) if address is not None and matters else None
        if not matters or line is not None:
            places.append(Place(text(each.get("displayName")), address, line))
    if boolean(where.get("suggestLocation") or False):
        named = {(place.address or "").lower() for place in places}
        places += [
            Place(room.name, room.mail, _line(call, room.mail, window))
            for room in call.sandbox.directory.resources
            if room.purpose == "room" and room.tenant_id == call.person.tenant_id and room.mail not in named
        ]
    return places


def _shown(each: Suggestion, order: int, zone: str, *, with_reasons: bool) -> dict[str, Any]:
    confidence = round(each.confidence, 2)
    shown: dict[str, Any] = {
        "confidence": int(confidence) if confidence == int(confidence) else confidence,
        "order": order,
        "organizerAvailability": each.organizer,
    }
    if with_reasons:
        shown["suggestionReason"] = _reason(each)
    return shown | {
        "attendeeAvailability": [
            {
                "availability": status,
                "attendee": {"type": guest.kind, "emailAddress": {"address": guest.address}},
            }
            for guest, status in each.guests
        ],
        "locations": [
            {"displayName": place.name} | ({"locationEmailAddress": place.address} if place.address is not None else {})
            for place in each.places
        ],
        "meetingTimeSlot": {"start": shown_wall(each.start, zone), "end": shown_wall(each.end, zone)},
    }


def _reason(each: Suggestion) -> str:
    if each.confidence == 100:
        return "Suggested because everybody can come at this time."
    free = sum(status == "free" for _, status in each.guests)
    return f"Suggested because {free} of {len(each.guests)} attendees are free at this time."
