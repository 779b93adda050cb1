"""`findMeetingTimes`: which times are suggested, how sure they are, and why there are none."""

from typing import Any

import pytest

from sandbox.directory import CONTOSO_ID
from tests.sandbox.graph_side import ALICE, BOB, JSON, PAULA, Graph, StandIn, timed
from tests.sandbox.samples import lacks
from tests.shared import shared

URL = "/me/findMeetingTimes"
DAY = "2026-12-01"
CARLA, ROOM = "carla.weber@contoso.example", "room.ada@contoso.example"


@pytest.fixture(autouse=True)
def _utc(stand_in: StandIn) -> None:
    stand_in.edit("settings", settings={"timeZone": "UTC"})


def guest(address: str, kind: str = "required") -> JSON:
    return {"type": kind, "emailAddress": {"address": address}}


def slot(start: str, end: str) -> JSON:
    return {name: {"dateTime": moment, "timeZone": "UTC"} for name, moment in (("start", start), ("end", end))}


def wish(*guests: str, start: str = "08:00", end: str = "17:00", domain: str = "work", **more: Any) -> JSON:
    return {
        "attendees": [guest(address) for address in guests],
        "timeConstraint": {
            "activityDomain": domain,
            "timeSlots": [slot(f"{DAY}T{start}:00", f"{DAY}T{end}:00")],
        },
        "meetingDuration": "PT1H",
        **more,
    }


def taken(stand_in: StandIn, address: str, start: str, end: str, **more: Any) -> None:
    stand_in.edit("create", mailbox=address, event=timed("Taken", f"{DAY}T{start}:00", f"{DAY}T{end}:00", **more))


def hours(answer: JSON) -> list[str]:
    return [each["meetingTimeSlot"]["start"]["dateTime"][11:16] for each in answer["meetingTimeSuggestions"]]


def test_an_answer_has_what_the_published_sample_has(graph: Graph) -> None:
    request = shared("graph/examples/findmeetingtimes-request.json")
    sample = shared("graph/examples/findmeetingtimes-response.json")
    request["attendees"] = [guest(BOB)]
    answer = graph.post(URL, request, Prefer='outlook.timezone="Pacific Standard Time"')
    assert lacks(answer, sample) == []
    assert answer["meetingTimeSuggestions"][0]["confidence"] == 100


def test_free_hours_are_suggested_the_earliest_first_and_none_twice(stand_in: StandIn, graph: Graph) -> None:
    taken(stand_in, ALICE, "09:00", "12:00")
    taken(stand_in, BOB, "13:00", "14:30")
    answer = graph.post(URL, wish(BOB, minimumAttendeePercentage=100))
    assert answer["emptySuggestionsReason"] == ""
    assert hours(answer) == ["08:00", "12:00", "14:30", "15:30"]
    first = answer["meetingTimeSuggestions"][0]
    assert first == {
        "confidence": 100,
        "order": 1,
        "organizerAvailability": "free",
        "attendeeAvailability": [{"availability": "free", "attendee": guest(BOB)}],
        "locations": [],
        "meetingTimeSlot": {
            "start": {"dateTime": f"{DAY}T08:00:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": f"{DAY}T09:00:00.0000000", "timeZone": "UTC"},
        },
    }
    assert [each["order"] for each in answer["meetingTimeSuggestions"]] == [1, 2, 3, 4]


def test_the_surer_time_comes_before_the_earlier_one(stand_in: StandIn, graph: Graph) -> None:
    taken(stand_in, BOB, "08:00", "09:00")
    stranger = "jun.tanaka@wingtip.example"
    body = wish(BOB, CARLA, stranger, end="11:00", minimumAttendeePercentage=0, ReturnSuggestionReasons="TRUE")
    answer = graph.post(URL, body)
    found = answer["meetingTimeSuggestions"]
    assert hours(answer) == ["09:00", "10:00", "08:00"]
    # Two free and one unknown; one free, one busy and one unknown.
    assert [each["confidence"] for each in found] == [83, 83, 49.67]
    assert [each["availability"] for each in found[2]["attendeeAvailability"]] == ["busy", "free", "unknown"]
    assert all(each["suggestionReason"] for each in found)


def test_a_time_must_be_sure_enough(stand_in: StandIn, graph: Graph) -> None:
    taken(stand_in, BOB, "08:00", "10:00")
    assert hours(graph.post(URL, wish(BOB, CARLA, end="10:00"))) == ["08:00", "09:00"]
    assert hours(graph.post(URL, wish(BOB, CARLA, end="10:00", minimumAttendeePercentage="50.5"))) == []


@pytest.mark.parametrize(
    ("kind", "confidence"),
    [("free", 100), ("workingElsewhere", 100), ("tentative", 49), ("busy", 0), ("oof", 0)],
)
def test_how_somebody_is_taken_tells_how_likely_they_come(
    stand_in: StandIn, graph: Graph, kind: str, confidence: int
) -> None:
    taken(stand_in, BOB, "08:00", "09:00", showAs=kind)
    [found] = graph.post(URL, wish(BOB, end="09:00", minimumAttendeePercentage=0))["meetingTimeSuggestions"]
    assert found["confidence"] == confidence


def test_the_organizer_must_come_unless_optional(stand_in: StandIn, graph: Graph) -> None:
    taken(stand_in, ALICE, "08:00", "09:00", showAs="oof")
    taken(stand_in, ALICE, "09:00", "10:00", showAs="tentative")
    answer = graph.post(URL, wish(BOB, end="10:00"))
    assert [each["organizerAvailability"] for each in answer["meetingTimeSuggestions"]] == ["tentative"]
    optional = graph.post(URL, wish(BOB, end="10:00", isOrganizerOptional="true"))
    assert [each["organizerAvailability"] for each in optional["meetingTimeSuggestions"]] == ["oof", "tentative"]


def test_hours_of_work_are_those_of_the_organizer(stand_in: StandIn, graph: Graph) -> None:
    hours_of_work = {"startTime": "10:00:00", "endTime": "12:00:00", "daysOfWeek": ["tuesday", "wednesday"]}
    stand_in.edit("settings", settings={"timeZone": "W. Europe Standard Time", "workingHours": hours_of_work})
    week = {"timeSlots": [slot("2026-11-30T00:00:00", "2026-12-07T00:00:00")]}
    work = graph.post(URL, {"timeConstraint": week, "meetingDuration": "PT2H"})
    starts = [each["meetingTimeSlot"]["start"]["dateTime"] for each in work["meetingTimeSuggestions"]]
    assert [start[:16] for start in starts] == ["2026-12-01T09:00", "2026-12-02T09:00"]
    for domain, days in (("UNKNOWN", 2), ("personal", 4), ("unrestricted", 20)):
        limits = {**week, "activityDomain": domain}
        answer = graph.post(URL, {"timeConstraint": limits, "meetingDuration": "PT2H"})
        assert len(answer["meetingTimeSuggestions"]) == days


def test_hours_of_work_follow_a_zone_of_ones_own(stand_in: StandIn, graph: Graph) -> None:
    """Half an hour east of UTC, and another hour from March to October."""
    zone = {
        "@odata.type": "#microsoft.graph.customTimeZone",
        "bias": -30,
        "standardOffset": {"time": "03:00", "dayOccurrence": 5, "dayOfWeek": "sunday", "month": 10, "year": 0},
        "daylightOffset": {
            "daylightBias": -60,
            "time": "02:00",
            "dayOccurrence": 5,
            "dayOfWeek": "sunday",
            "month": 3,
            "year": 0,
        },
    }
    hours_of_work = {"startTime": "09:00:00", "endTime": "10:00:00", "timeZone": zone}
    stand_in.edit("settings", settings={"workingHours": hours_of_work})
    for day, start in (
        ("2026-12-01", "08:30"),
        ("2026-07-01", "07:30"),
        ("2026-03-27", "08:30"),
        ("2026-03-30", "07:30"),
        ("2026-10-23", "07:30"),
        ("2026-10-26", "08:30"),
    ):
        limits = {"timeSlots": [slot(f"{day}T00:00:00", f"{day}T23:00:00")]}
        assert hours(graph.post(URL, {"timeConstraint": limits, "meetingDuration": "PT1H"})) == [start]


def test_meetings_begin_on_the_full_or_half_hour_and_fit_into_a_slot(graph: Graph) -> None:
    body = wish(start="08:10", end="10:20")
    assert hours(graph.post(URL, {**body, "meetingDuration": None})) == ["08:30", "09:00", "09:30"]
    assert hours(graph.post(URL, {**body, "meetingDuration": "P0DT0H45M0.5S"})) == ["08:30", "09:30"]
    body["timeConstraint"]["timeSlots"] *= 2
    assert hours(graph.post(URL, {**body, "maxCandidates": "1"})) == ["08:30"]


def test_without_a_time_the_coming_week_is_looked_through(graph: Graph) -> None:
    answer = graph.post(URL, {"attendees": [guest(BOB)]})
    assert len(answer["meetingTimeSuggestions"]) == 20
    assert graph.post(URL, {})["meetingTimeSuggestions"]


# Places


def test_places_are_told_unless_they_are_taken(stand_in: StandIn, graph: Graph) -> None:
    taken(stand_in, ROOM, "08:00", "09:00")
    places = [
        {"displayName": "The garden"},
        {"displayName": "Ada", "locationEmailAddress": ROOM, "resolveAvailability": True},
        {"displayName": "Lost", "locationEmailAddress": "lost@contoso.example", "resolveAvailability": "true"},
    ]
    answer = graph.post(URL, wish(BOB, end="10:00", locationConstraint={"locations": places}))
    told = [[place["displayName"] for place in each["locations"]] for each in answer["meetingTimeSuggestions"]]
    assert told == [["The garden"], ["The garden", "Ada"]]
    only = {"isRequired": True, "locations": places[1:]}
    assert hours(graph.post(URL, wish(BOB, end="10:00", locationConstraint=only))) == ["09:00"]
    empty = graph.post(URL, wish(BOB, end="09:00", locationConstraint=only))
    assert empty["emptySuggestionsReason"] == "locationsUnavailable"


def test_rooms_are_suggested_if_that_was_asked_for(stand_in: StandIn, graph: Graph) -> None:
    taken(stand_in, ROOM, "08:00", "09:00")
    answer = graph.post(URL, wish(BOB, end="10:00", locationConstraint={"suggestLocation": "true"}))
    told = [[place["displayName"] for place in each["locations"]] for each in answer["meetingTimeSuggestions"]]
    assert told == [["Room Celsius"], ["Room Ada", "Room Celsius"]]


# Nothing found


@pytest.mark.parametrize(
    ("who", "body", "reason"),
    [
        (ALICE, wish(BOB), "organizerUnavailable"),
        (BOB, wish(BOB), "attendeesUnavailable"),
        (BOB, wish(BOB, "who@wingtip.example"), "attendeesUnavailableOrUnknown"),
        (BOB, wish("who@wingtip.example"), "attendeesUnavailableOrUnknown"),
        (BOB, wish(start="08:00", end="08:30"), "unknown"),
        (BOB, wish(start="18:00", end="22:00"), "unknown"),
    ],
)
def test_why_nothing_is_suggested_is_told(stand_in: StandIn, graph: Graph, who: str, body: JSON, reason: str) -> None:
    taken(stand_in, who, "00:00", "23:00")
    answer = graph.post(URL, body)
    assert (answer["meetingTimeSuggestions"], answer["emptySuggestionsReason"]) == ([], reason)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"meetingDuration": "1 hour"}, "RequestBodyRead"),
        ({"meetingDuration": "PT"}, "RequestBodyRead"),
        ({"meetingDuration": "P1DT"}, "RequestBodyRead"),
        ({"meetingDuration": 60}, "RequestBodyRead"),
        ({"meetingDuration": "PT0S"}, "ErrorInvalidParameter"),
        ({"meetingDuration": "P2D"}, "ErrorInvalidParameter"),
        ({"meetingDuration": f"PT{'9' * 400}H"}, "ErrorInvalidParameter"),
        ({"maxCandidates": -1}, "ErrorInvalidParameter"),
        ({"maxCandidates": "many"}, "RequestBodyRead"),
        ({"minimumAttendeePercentage": 101}, "ErrorInvalidParameter"),
        ({"minimumAttendeePercentage": "NaN"}, "RequestBodyRead"),
        ({"isOrganizerOptional": "perhaps"}, "RequestBodyRead"),
        ({"attendees": {"address": BOB}}, "RequestBodyRead"),
        ({"attendees": [{"type": "required"}]}, "ErrorInvalidParameter"),
        ({"attendees": [guest(BOB, "unwilling")]}, "RequestBodyRead"),
        ({"attendees": [guest(BOB)] * 101}, "ErrorMailboxDataArrayTooBig"),
        ({"timeConstraint": {"activityDomain": "leisure"}}, "RequestBodyRead"),
        ({"timeConstraint": {"timeSlots": [{}]}}, "RequestBodyRead"),
        ({"timeConstraint": {"timeSlots": [slot(f"{DAY}T09:00:00", f"{DAY}T08:00:00")]}}, "ErrorInvalidTimeInterval"),
        (
            {"timeConstraint": {"timeSlots": [slot("2026-12-01T00:00:00", "2027-02-02T00:00:00")]}},
            "ErrorTimeIntervalTooBig",
        ),
    ],
)
def test_what_cannot_be_wished_for_is_refused(graph: Graph, change: JSON, code: str) -> None:
    assert graph.refused("POST", URL, {**wish(BOB), **change}) == (400, code)


def test_times_are_suggested_to_people_of_organizations_only(stand_in: StandIn) -> None:
    denied = (403, "ErrorAccessDenied")
    assert stand_in.graph(PAULA).refused("POST", URL, wish()) == denied
    assert stand_in.graph(scopes=("User.Read",)).refused("POST", URL, wish()) == denied
    token = stand_in.sandbox.identity.issue_access_token(None, ("Calendars.Read",), tenant_id=CONTOSO_ID)
    assert Graph(stand_in, token).refused("POST", f"/users/{ALICE}/findMeetingTimes", wish()) == denied
    assert stand_in.graph().post(f"/users/{ALICE}/findMeetingTimes", wish())["meetingTimeSuggestions"]
