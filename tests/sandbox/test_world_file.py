"""Worlds that somebody wrote down."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.state import Sandbox
from sandbox.world_file import WorldFile, WrongWorld
from tests.sandbox.graph_side import ALICE, JSON, NOON, StandIn, timed, weekly

EXAMPLE = Path(__file__).parents[2] / "sandbox" / "examples" / "world.json"
GRACE = "grace.okafor@tailspin.example"
JUN = "jun.tanaka@wingtip.example"
PIA = "pia.lang@home.example"


@pytest.fixture
def written() -> StandIn:
    """The world of the example file."""
    return StandIn(world=WorldFile.load(EXAMPLE))


def example() -> JSON:
    found: JSON = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    return found


def small(**more: Any) -> JSON:
    """One tenant and one person, who has what `more` says."""
    person = {"name": "Ada", "address": "ada@acme.example", **more}
    return {"tenants": [{"name": "Acme", "domain": "acme.example"}], "people": [person]}


def reset(stand_in: StandIn, world: Any, **more: Any) -> tuple[int, JSON]:
    response = stand_in.http.post("/_sandbox/reset", json={"world": world, **more})
    return response.status_code, response.get_json()


def test_the_example_has_the_tenants_and_people_that_it_names(written: StandIn) -> None:
    world = written.look("world")
    assert [each["domain"] for each in world["tenants"]] == ["tailspin.example", "wingtip.example", "home.example"]
    people = {each["userPrincipalName"]: each for each in world["people"]}
    assert list(people) == [GRACE, JUN, "yuki.sato@wingtip.example", "omar.haddad@wingtip.example", PIA]
    assert (people[GRACE]["admin"], people[GRACE]["timeZone"]) == (True, "GMT Standard Time")
    assert [each["name"] for each in people[GRACE]["calendars"]] == ["Calendar", "Holidays"]
    assert [each["name"] for each in people[JUN]["calendars"]] == ["Work"]
    assert people["yuki.sato@wingtip.example"]["mailbox"] is False
    assert written.person(PIA).is_personal
    assert written.person(PIA).oid.startswith("00000000-0000-0000-")
    assert written.person("omar.haddad@wingtip.example").trouble == 53003


def test_its_events_are_answered_by_graph(written: StandIn) -> None:
    graph = written.graph(GRACE)
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-05T00:00:00Z"
    found = graph.all(f"/me/calendarView?{window}&$top=100")
    shown = [(each["start"]["dateTime"][:16], each["subject"], each["type"]) for each in found]
    assert shown == [
        ("2026-12-03T09:00", "Stand-up", "occurrence"),
        ("2026-12-07T11:00", "Stand-up, later today", "exception"),
        ("2026-12-10T09:00", "Stand-up", "occurrence"),
        ("2026-12-10T14:00", "Board meeting", "singleInstance"),
        ("2026-12-14T09:00", "Stand-up", "occurrence"),
        ("2026-12-17T09:00", "Stand-up", "occurrence"),
        ("2026-12-21T09:00", "Stand-up", "occurrence"),
        ("2027-01-04T09:00", "Stand-up", "occurrence"),
    ]
    board = next(each for each in found if each["subject"] == "Board meeting")
    assert board["attendees"][0]["status"]["response"] == "accepted"
    assert board["onlineMeeting"]["joinUrl"] in board["body"]["content"]
    theirs = written.graph(JUN).all("/me/events")
    assert [(each["isOrganizer"], each["organizer"]["emailAddress"]["address"]) for each in theirs] == [(False, GRACE)]


def test_almanac_is_registered_in_a_written_world_too(written: StandIn) -> None:
    assert written.http.get("/wingtip.example/v2.0/.well-known/openid-configuration").status_code == 200
    answer = written.http.post(
        "/tailspin.example/oauth2/v2.0/token",
        data={
            "client_id": "8f1c2f0e-6a43-4a57-9d0b-3c5de8a1a7c4",
            "client_secret": "sandbox-secret-of-almanac",
            "grant_type": "refresh_token",
            "refresh_token": "x",
        },
    )
    # The app and its secret are known; only the token is not.
    assert answer.get_json()["error"] == "invalid_grant"


def test_the_same_file_gives_the_same_ids_and_another_name_gives_others(written: StandIn) -> None:
    def ids(stand_in: StandIn) -> list[str]:
        return [each["id"] for each in stand_in.graph(GRACE).all("/me/events")]

    again = StandIn(world=WorldFile.load(EXAMPLE))
    other = StandIn(world=WorldFile.model_validate(example() | {"name": "other"}))
    assert ids(written) == ids(again)
    assert not set(ids(written)) & set(ids(other))
    assert written.person(GRACE) == again.person(GRACE)
    assert written.graph(GRACE).refused("GET", f"/me/events/{ids(other)[0]}") == (400, "ErrorInvalidIdMalformed")


def test_reset_takes_a_written_world_and_a_seed_brings_the_usual_one_back(stand_in: StandIn) -> None:
    status, answer = reset(stand_in, example())
    assert (status, answer["mailboxes"], answer["world"]) == (200, 4, "example")
    assert len(stand_in.graph(GRACE).all("/me/events")) == 2
    assert stand_in.sandbox.directory.find_person(ALICE) is None
    stand_in.door("reset", seed=1, events=5)
    assert stand_in.sandbox.directory.find_person(GRACE) is None
    assert stand_in.graph().all("/me/events")


def test_whoever_says_nothing_of_calendars_has_an_empty_one(stand_in: StandIn) -> None:
    assert reset(stand_in, small())[0] == 200
    graph = stand_in.graph("ada@acme.example")
    assert graph.get("/me/calendar")["name"] == "Calendar"
    assert graph.all("/me/events") == []


def test_exceptions_are_found_as_graph_shows_them(stand_in: StandIn) -> None:
    series = timed("Tea", "2026-12-01T09:00:00", "2026-12-01T10:00:00", "Tokyo Standard Time") | {
        "recurrence": weekly("2026-12-01", "tuesday"),
        "cancelledOccurrences": ["OID.AAMk=.2026-12-08"],
        "exceptionOccurrences": [
            {"originalStart": "2026-12-15T00:00:00Z", "subject": "By its start", "body": {"content": "Bring cake."}},
            {"occurrenceId": "OID.AAMk=.2026-12-22", "subject": "By its id"},
        ],
    }
    assert reset(stand_in, small(events=[series]))[0] == 200
    found = stand_in.truth("2026-12-01T00:00:00Z", "2026-12-25T00:00:00Z", mailbox="ada@acme.example")
    assert [each["subject"] for each in found] == ["Tea", "By its start", "By its id"]
    assert found[1]["bodyPreview"] == "Bring cake."


def test_an_event_keeps_the_time_at_which_it_was_made(stand_in: StandIn) -> None:
    made = timed("Old", *NOON) | {"createdDateTime": "2025-01-01T10:00:00Z"}
    assert reset(stand_in, small(events=[made]))[0] == 200
    assert stand_in.graph("ada@acme.example").all("/me/events")[0]["createdDateTime"].startswith("2025-01-01T10:00:00")


MISTAKES: list[tuple[Any, str]] = [
    ([], "world"),
    ({}, "tenants"),
    ({"tenants": [], "people": []}, "tenants"),
    (small(surprise=1), "surprise"),
    (small(address="no address"), "people.0.address"),
    (small(tenant="nowhere.example"), "nowhere.example"),
    (small(address="ada@nowhere.example"), "nowhere.example"),
    (small(trouble=1), "AADSTS1"),
    (small(id="7"), "people.0.id"),
    (small(calendars=[{"name": ""}]), "people.0.calendars.0.name"),
    (small(calendars=[{"name": "A", "default": True}, {"name": "B", "default": True}]), "default"),
    (small(mailbox=False, events=[timed("A", *NOON)]), "without a mailbox"),
    (small(settings={"timeZone": "Nowhere"}), "people.0.settings: InvalidTimeZone"),
    (small(events=[{"subject": "no times"}]), "people.0.events.0: "),
    (small(events=[timed("A", *NOON), timed("A", *NOON, zone="Nowhere")]), "people.0.events.1: TimeZoneNotSupported"),
    (small(calendars=[{"name": "A", "events": [timed("A", *reversed(NOON))]}]), "people.0.calendars.0.events.0: "),
    (small(events=[timed("A", *NOON, recurrence=weekly("2026-12-02", "tuesday"))]), "people.0.events.0: "),
    (small(events=[timed("A", *NOON, createdDateTime="yesterday")]), "people.0.events.0: "),
]


def with_series(**more: Any) -> JSON:
    return small(events=[timed("A", *NOON, recurrence=weekly("2026-12-01", "tuesday"), **more)])


MISTAKES += [
    (with_series(cancelledOccurrences=["2026-12-02"]), "people.0.events.0: ErrorItemNotFound"),
    (with_series(cancelledOccurrences=["soon"]), "people.0.events.0: "),
    (with_series(cancelledOccurrences=5), "cancelledOccurrences"),
    (with_series(exceptionOccurrences="2026-12-08"), "exceptionOccurrences"),
    (with_series(exceptionOccurrences=[{"subject": "B", "date": "2026-12-08"}] * 2), "two exceptions"),
    (small(calendars=[{"name": "Tea", "color": "mauve"}]), "people.0.calendars.0.color"),
    (
        small()
        | {
            "people": [
                {"name": "Ada", "address": "ada@acme.example", "mail": "bea@acme.example"},
                {"name": "Bea", "address": "bea@acme.example"},
            ]
        },
        "bea@acme.example is there 2 times",
    ),
    (with_series(exceptionOccurrences=[{"subject": "When?"}]), "the date on which the rule put it"),
    (with_series(exceptionOccurrences=["2026-12-08"]), "people.0.events.0: "),
    (
        with_series(exceptionOccurrences=[timed("A", "2026-12-15T12:00:00", "2026-12-15T13:00:00", date="2026-12-08")]),
        "ErrorOccurrenceCrossingBoundary",
    ),
    (
        with_series(exceptionOccurrences=[timed("A", "2026-12-08T12:00:00", "2026-12-08T11:00:00", date="2026-12-08")]),
        "ErrorPropertyValidationFailure",
    ),
]


@pytest.mark.parametrize(("world", "where"), MISTAKES)
def test_a_mistake_is_a_sentence_that_says_where_and_nothing_has_changed(
    stand_in: StandIn, world: Any, where: str
) -> None:
    before = stand_in.look("world")["people"]
    status, answer = reset(stand_in, world)
    assert status == 400
    assert where in answer["error"]
    assert stand_in.look("world")["people"] == before


@pytest.mark.parametrize("what", ["tenants", "people"])
def test_nobody_and_nothing_is_there_twice(stand_in: StandIn, what: str) -> None:
    world = copy.deepcopy(example())
    world[what].append(world[what][0])
    status, answer = reset(stand_in, world)
    assert (status, f"{what}: " in answer["error"]) == (400, True)


def test_a_written_world_is_as_large_as_it_is_written(stand_in: StandIn) -> None:
    assert reset(stand_in, small(), mailboxes=3)[0] == 400
    assert reset(stand_in, small(), events=3)[0] == 400
    assert reset(stand_in, small(), seed=3)[0] == 200


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tenants": []}'])
def test_a_file_that_is_no_world_is_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "world.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongWorld, match=r"\w+ .*\."):
        WorldFile.load(path)


def test_a_world_that_cannot_be_made_is_not_begun_with() -> None:
    world = WorldFile.model_validate(small(events=[{"subject": "no times"}]))
    with pytest.raises(WrongWorld, match=r"people\.0\.events\.0"):
        Sandbox(world=world)
