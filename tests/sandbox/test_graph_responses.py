"""Answering an invitation, and passing it on: what both sides see of it, and what is refused."""

import json
from typing import Any

import pytest

from tests.sandbox.graph_side import ALICE, BOB, CARLA, JSON, PAULA, Graph, StandIn
from tests.sandbox.meeting_side import (
    NEVER,
    answers,
    asked,
    copies,
    copy_of,
    every_tuesday,
    in_december,
    meeting,
    times,
)
from tests.shared import shared

EARLIER = times("2026-12-01T09:00:00", "2026-12-01T10:00:00", "Pacific Standard Time")


def say(graph: Graph, event: JSON, action: str, body: Any = None) -> None:
    response = graph.call("POST", f"/me/events/{event['id']}/{action}", body)
    assert (response.status_code, response.data) == (202, b"")


def again(graph: Graph, event: JSON) -> JSON:
    return graph.get(f"/me/events/{event['id']}")


@pytest.mark.parametrize(
    ("action", "expected"),
    [("accept", ("accepted", "busy")), ("tentativelyAccept", ("tentativelyAccepted", "tentative"))],
)
def test_an_answer_shows_in_ones_own_copy_and_in_the_organizers_list(
    graph: Graph, bob: Graph, carla: Graph, action: str, expected: tuple[str, str]
) -> None:
    made = graph.post("/me/events", meeting(BOB, CARLA))
    before = copy_of(carla, made)
    say(bob, copy_of(bob, made), action, {"comment": "Yes", "sendResponse": True})
    copy = copy_of(bob, made)
    assert (copy["responseStatus"]["response"], copy["showAs"]) == expected
    assert copy["responseStatus"]["time"] > made["createdDateTime"]
    assert answers(copy) == {BOB: expected[0], CARLA: "none"}
    seen = again(graph, made)
    assert answers(seen) == {BOB: expected[0], CARLA: "none"}
    assert seen["attendees"][0]["status"] == copy["responseStatus"]
    assert seen["responseStatus"]["response"] == "organizer"
    assert seen["changeKey"] != made["changeKey"]
    assert copy_of(carla, made) == before


def test_whoever_accepts_is_as_busy_as_the_organizer_wants_it(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB, showAs="free"))
    say(bob, copy_of(bob, made), "accept")
    assert copy_of(bob, made)["showAs"] == "free"


@pytest.mark.parametrize("word", ["accept", "accept()", "microsoft.graph.accept", "ACCEPT"])
@pytest.mark.parametrize("place", ["/me", "/me/calendar", "/users/bob.ito%40contoso.example", "/me/calendars/{id}"])
def test_an_action_is_found_wherever_events_are(
    stand_in: StandIn, graph: Graph, bob: Graph, place: str, word: str
) -> None:
    made = graph.post("/me/events", meeting(BOB))
    copy, calendar = copy_of(bob, made), bob.get("/me/calendar")["id"]
    path = f"{place.replace('{id}', calendar)}/events/{copy['id']}/{word}"
    assert bob.call("POST", path, {"Comment": "ok", "SendResponse": True}).status_code == 202
    assert answers(again(graph, made)) == {BOB: "accepted"}


def test_a_declined_meeting_leaves_the_calendar(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    copy = copy_of(bob, made)
    say(bob, copy, "decline")
    assert bob.refused("GET", f"/me/events/{copy['id']}") == (404, "ErrorItemNotFound")
    assert bob.refused("POST", f"/me/events/{copy['id']}/accept") == (404, "ErrorItemNotFound")
    assert answers(again(graph, made)) == {BOB: "declined"}


def test_a_mailbox_may_keep_what_its_owner_declines(stand_in: StandIn, graph: Graph, bob: Graph) -> None:
    kept = stand_in.edit("settings", mailbox=BOB, settings={"keepDeclined": True})
    assert kept == {"keepDeclined": True}
    made = graph.post("/me/events", meeting(BOB))
    say(bob, copy_of(bob, made), "decline")
    copy = copy_of(bob, made)
    assert (copy["responseStatus"]["response"], copy["showAs"]) == ("declined", "free")
    say(bob, copy, "accept")
    assert copy_of(bob, made)["showAs"] == "busy"


@pytest.mark.parametrize("unsent", [False, "false"])
def test_an_answer_that_is_not_sent_stays_with_the_attendee(graph: Graph, bob: Graph, unsent: object) -> None:
    made = graph.post("/me/events", meeting(BOB))
    say(bob, copy_of(bob, made), "accept", {"SendResponse": unsent})
    assert copy_of(bob, made)["responseStatus"]["response"] == "accepted"
    assert again(graph, made)["changeKey"] == made["changeKey"]


def test_an_answer_that_nobody_asked_for_stays_with_the_attendee(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB, responseRequested=False))
    say(bob, copy_of(bob, made), "accept")
    assert copy_of(bob, made)["responseStatus"]["response"] == "accepted"
    assert again(graph, made)["changeKey"] == made["changeKey"]


@pytest.mark.parametrize("action", ["tentativelyAccept", "decline"])
def test_a_proposed_time_stands_beside_the_answer_in_the_zone_that_is_preferred(
    graph: Graph, bob: Graph, action: str
) -> None:
    made = graph.post("/me/events", meeting(BOB))
    say(bob, copy_of(bob, made), action, {"ProposedNewTime": EARLIER})
    (listed,) = again(graph, made)["attendees"]
    assert listed["proposedNewTime"]["start"] == {"dateTime": "2026-12-01T17:00:00.0000000", "timeZone": "UTC"}
    zone = "Pacific Standard Time"
    (listed,) = graph.get(f"/me/events/{made['id']}", Prefer=f'outlook.timezone="{zone}"')["attendees"]
    assert listed["proposedNewTime"]["start"] == {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": zone}
    same_list = graph.patch(f"/me/events/{made['id']}", {"attendees": [asked(BOB)]})
    assert "proposedNewTime" in same_list["attendees"][0]
    moved = graph.patch(f"/me/events/{made['id']}", EARLIER)
    assert moved["attendees"][0]["status"] == {"response": "none", "time": NEVER}
    assert "proposedNewTime" not in moved["attendees"][0]


def test_accepting_proposes_nothing(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    say(bob, copy_of(bob, made), "tentativelyAccept", {"proposedNewTime": EARLIER})
    say(bob, copy_of(bob, made), "accept", {"proposedNewTime": EARLIER})
    assert "proposedNewTime" not in again(graph, made)["attendees"][0]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"proposedNewTime": EARLIER, "sendResponse": False}, "ErrorInvalidParameter"),
        ({"proposedNewTime": {"start": EARLIER["start"]}}, "RequestBodyRead"),
        ({"proposedNewTime": {"start": EARLIER["end"], "end": EARLIER["start"]}}, "ErrorPropertyValidationFailure"),
        ({"proposedNewTime": "tomorrow"}, "RequestBodyRead"),
        ({"sendResponse": "perhaps"}, "RequestBodyRead"),
        ({"comment": 7}, "RequestBodyRead"),
        (
            {"proposedNewTime": {each: {"dateTime": "2026-12-01T09:00:00", "timeZone": "Mars"} for each in EARLIER}},
            "TimeZoneNotSupportedException",
        ),
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_changes_nothing(
    graph: Graph, bob: Graph, body: JSON, code: str
) -> None:
    made = graph.post("/me/events", meeting(BOB))
    copy = copy_of(bob, made)
    assert bob.refused("POST", f"/me/events/{copy['id']}/decline", body) == (400, code)
    assert copy_of(bob, made) == copy
    assert again(graph, made)["changeKey"] == made["changeKey"]


def test_no_time_is_proposed_where_the_organizer_wants_none(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB, allowNewTimeProposals=False))
    copy = copy_of(bob, made)
    refused = bob.refused("POST", f"/me/events/{copy['id']}/tentativelyAccept", {"proposedNewTime": EARLIER})
    assert refused == (400, "ErrorInvalidParameter")
    say(bob, copy, "tentativelyAccept")


@pytest.mark.parametrize("action", ["accept", "tentativelyAccept", "decline"])
def test_nobody_answers_his_own_meeting(graph: Graph, action: str) -> None:
    made = graph.post("/me/events", meeting(BOB))
    assert graph.refused("POST", f"/me/events/{made['id']}/{action}") == (400, "ErrorInvalidRequest")


def test_nobody_answers_a_cancelled_meeting(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    graph.delete(f"/me/events/{made['id']}")
    copy = copy_of(bob, made)
    assert bob.refused("POST", f"/me/events/{copy['id']}/accept") == (400, "ErrorInvalidRequest")


def test_answers_need_the_right_to_write(stand_in: StandIn, graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    copy = copy_of(bob, made)
    reader = stand_in.graph(BOB, ("Calendars.Read",))
    for action in ("accept", "decline", "tentativelyAccept", "cancel", "forward", "snoozeReminder", "dismissReminder"):
        assert reader.refused("POST", f"/me/events/{copy['id']}/{action}") == (403, "ErrorAccessDenied")


def test_an_invitation_from_outside_is_answered_at_home(stand_in: StandIn, bob: Graph) -> None:
    event = meeting(BOB, isOrganizer=False, organizer=asked("eve@elsewhere.example"))
    made = stand_in.edit("create", mailbox=BOB, event=event)["event"]
    say(bob, copy_of(bob, made), "accept")
    copy = copy_of(bob, made)
    assert (copy["responseStatus"]["response"], copy["showAs"], answers(copy)) == (
        "accepted",
        "busy",
        {BOB: "accepted"},
    )


def test_whoever_is_no_longer_invited_is_not_heard(stand_in: StandIn, graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    copy = copy_of(bob, made)
    graph.patch(f"/me/events/{made['id']}", {"attendees": []})
    stand_in.edit("update", mailbox=BOB, id=copy["id"], event={"isCancelled": False})
    before = again(graph, made)
    say(bob, copy, "accept")
    assert again(graph, made) == before


# Series


def test_one_occurrence_is_answered_by_itself(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB, CARLA))
    day = in_december(bob, copy_of(bob, made))["2026-12-08"]
    say(bob, day, "tentativelyAccept", {"proposedNewTime": EARLIER})
    mine = in_december(bob, copy_of(bob, made))
    assert [each["responseStatus"]["response"] for each in mine.values()] == [
        "notResponded", "tentativelyAccepted", "notResponded", "notResponded",
    ]  # fmt: skip
    assert [each["type"] for each in mine.values()] == ["occurrence", "exception", "occurrence", "occurrence"]
    theirs = in_december(graph, made)
    assert answers(theirs["2026-12-08"]) == {BOB: "tentativelyAccepted", CARLA: "none"}
    assert "proposedNewTime" in theirs["2026-12-08"]["attendees"][0]
    assert answers(theirs["2026-12-01"]) == answers(again(graph, made)) == {BOB: "none", CARLA: "none"}


def test_a_declined_occurrence_is_taken_out_of_ones_own_series(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    day = in_december(bob, copy_of(bob, made))["2026-12-08"]
    say(bob, day, "decline")
    assert list(in_december(bob, copy_of(bob, made))) == ["2026-12-01", "2026-12-15", "2026-12-22"]
    assert bob.refused("POST", f"/me/events/{day['id']}/accept") == (404, "ErrorItemNotFound")
    theirs = in_december(graph, made)
    assert answers(theirs["2026-12-08"]) == {BOB: "declined"}
    graph.patch(f"/me/events/{theirs['2026-12-08']['id']}", {"subject": "Brunch"})
    assert len(in_december(bob, copy_of(bob, made))) == 3
    later = {
        name: {"dateTime": f"2026-12-08T{hour}:00:00", "timeZone": "UTC"} for name, hour in (("start", 16), ("end", 17))
    }
    graph.patch(f"/me/events/{theirs['2026-12-08']['id']}", later)
    back = in_december(bob, copy_of(bob, made))["2026-12-08"]
    assert (back["subject"], back["responseStatus"]["response"]) == ("Brunch", "notResponded")


def test_an_answer_for_the_series_counts_for_every_occurrence(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    say(bob, in_december(bob, copy_of(bob, made))["2026-12-08"], "tentativelyAccept")
    graph.patch(f"/me/events/{in_december(graph, made)['2026-12-15']['id']}", {"subject": "Brunch"})
    say(bob, copy_of(bob, made), "accept")
    mine, theirs = in_december(bob, copy_of(bob, made)), in_december(graph, made)
    assert {each["responseStatus"]["response"] for each in mine.values()} == {"accepted"}
    assert {each["showAs"] for each in mine.values()} == {"busy"}
    assert [each["subject"] for each in mine.values()] == ["Lunch", "Lunch", "Brunch", "Lunch"]
    assert all(answers(each) == {BOB: "accepted"} for each in [*theirs.values(), again(graph, made)])


def test_answers_for_a_day_that_the_organizer_took_out_are_not_heard(
    stand_in: StandIn, graph: Graph, bob: Graph
) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    day = in_december(bob, copy_of(bob, made))["2026-12-08"]
    graph.delete(f"/me/events/{in_december(graph, made)['2026-12-08']['id']}")
    stand_in.edit("edit-occurrence", mailbox=BOB, id=day["id"], event={"isCancelled": False})
    before = again(graph, made)
    say(bob, day, "accept")
    assert again(graph, made) == before


# Forwarding


def test_whoever_a_meeting_is_forwarded_to_gets_a_copy_and_stands_in_the_organizers_list(
    graph: Graph, bob: Graph, carla: Graph
) -> None:
    made = graph.post("/me/events", meeting(BOB))
    twice = {"ToRecipients": [asked(CARLA), asked(CARLA.upper())], "Comment": "For you"}
    say(bob, copy_of(bob, made), "forward", twice)
    copy = copy_of(carla, made)
    assert (copy["showAs"], copy["organizer"]["emailAddress"]["address"]) == ("tentative", ALICE)
    assert list(answers(copy).values()) == ["none", "none"]
    assert len(again(graph, made)["attendees"]) == 2
    say(carla, copy, "accept")
    assert list(answers(again(graph, made)).values()) == ["none", "accepted"]


def test_forwarding_to_those_who_know_already_changes_nothing(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    before = copy_of(bob, made)
    say(graph, made, "forward", {"toRecipients": [asked(BOB.upper()), asked(ALICE)]})
    assert again(graph, made)["changeKey"] == made["changeKey"]
    assert copy_of(bob, made) == before


def test_forwarding_brings_a_deleted_copy_back(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    bob.delete(f"/me/events/{copy_of(bob, made)['id']}")
    say(graph, made, "forward", {"toRecipients": [asked(BOB)]})
    assert copy_of(bob, made)["responseStatus"]["response"] == "notResponded"


def test_one_occurrence_is_forwarded_by_itself(graph: Graph, bob: Graph, carla: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    day = in_december(bob, copy_of(bob, made))["2026-12-08"]
    say(bob, day, "forward", {"toRecipients": [asked(CARLA), asked(PAULA)]})
    assert copy_of(carla, day)["type"] == "singleInstance"
    theirs = in_december(graph, made)
    assert list(answers(theirs["2026-12-08"])) == [BOB, CARLA, PAULA]
    assert list(answers(theirs["2026-12-01"])) == [BOB]
    assert len(in_december(bob, copy_of(bob, made))) == 4


def test_a_meeting_from_outside_is_forwarded_with_what_the_forwarder_knows(
    stand_in: StandIn, bob: Graph, carla: Graph
) -> None:
    event = meeting(BOB, isOrganizer=False, organizer=asked("eve@elsewhere.example"))
    made = stand_in.edit("create", mailbox=BOB, event=event)["event"]
    say(bob, made, "forward", {"toRecipients": [asked(CARLA), asked("eve@elsewhere.example")]})
    copy = copy_of(carla, made)
    assert (copy["organizer"]["emailAddress"]["address"], copy["isOrganizer"]) == ("eve@elsewhere.example", False)
    assert list(answers(copy)) == [BOB, CARLA]
    assert list(answers(copy_of(bob, made))) == [BOB]


@pytest.mark.parametrize("recipients", [None, [], [{"emailAddress": {"name": "Nobody"}}], "Carla"])
def test_a_meeting_is_not_forwarded_to_nobody(graph: Graph, recipients: object) -> None:
    made = graph.post("/me/events", meeting(BOB))
    status, code = graph.refused("POST", f"/me/events/{made['id']}/forward", {"toRecipients": recipients})
    assert (status, code) in {(400, "ErrorInvalidRecipients"), (400, "RequestBodyRead")}
    assert again(graph, made)["changeKey"] == made["changeKey"]


def test_no_meeting_is_forwarded_beyond_five_hundred_people(graph: Graph) -> None:
    crowd = [f"person{n}@elsewhere.example" for n in range(500)]
    made = graph.post("/me/events", meeting(*crowd))
    refused = graph.refused("POST", f"/me/events/{made['id']}/forward", {"toRecipients": [asked(BOB)]})
    assert refused == (400, "ErrorPropertyValidationFailure")


# As published


@pytest.mark.parametrize("action", ["accept", "tentativelyAccept", "decline", "cancel", "forward", "snoozeReminder"])
def test_the_bodies_of_the_published_samples_are_taken(graph: Graph, bob: Graph, action: str) -> None:
    body: JSON = shared(f"graph/examples/event-{action.lower()}-request.json")
    if action == "snoozeReminder":
        body["newReminderTime"] = EARLIER["start"]
    made = graph.post("/me/events", meeting(BOB))
    who, event = (graph, made) if action == "cancel" else (bob, copy_of(bob, made))
    assert who.call("POST", f"/me/events/{event['id']}/{action}", body).status_code in {200, 202}


def test_the_organizer_reads_an_answer_in_the_shape_of_the_published_sample(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    say(bob, copy_of(bob, made), "tentativelyAccept", {"proposedNewTime": EARLIER})
    (listed,) = again(graph, made)["attendees"]
    (published,) = shared("graph/examples/event-proposed-new-time-response.json")["attendees"]
    assert set(listed) == set(published)
    assert set(listed["proposedNewTime"]) == set(published["proposedNewTime"])


def test_cancelling_as_an_attendee_is_refused_with_the_published_words(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    refused = bob.call("POST", f"/me/events/{copy_of(bob, made)['id']}/cancel")
    published = shared("graph/examples/error-400-not-organizer.json")["error"]
    error = json.loads(refused.data)["error"]
    assert (error["code"], error["message"]) == (published["code"], published["message"])


# In Outlook


def test_people_answer_and_forward_in_outlook(stand_in: StandIn, graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    copy = copy_of(bob, made)
    body = {"comment": "Perhaps", "proposedNewTime": EARLIER}
    shown = stand_in.edit("tentativelyAccept", mailbox=BOB, id=copy["id"], date="2026-12-08", body=body)
    assert shown["event"]["responseStatus"]["response"] == "tentativelyAccepted"
    stand_in.edit("forward", mailbox=BOB, id=copy["id"], body={"toRecipients": [asked(CARLA)]})
    assert list(answers(again(graph, made))) == [BOB, CARLA]
    stand_in.edit("accept", mailbox=BOB, id=copy["id"], body={"sendResponse": False})
    assert answers(again(graph, made))[BOB] == "none"
    gone = stand_in.edit("decline", mailbox=BOB, id=copy["id"])
    assert "event" not in gone
    assert copies(bob, made) == []
    assert answers(again(graph, made))[BOB] == "declined"


def test_the_door_refuses_what_it_does_not_know(stand_in: StandIn) -> None:
    for settings in ({}, {"keepDeclined": "yes"}, {"keepDeclined": True, "timeZone": "Mars"}):
        body = {"mailbox": BOB, "op": "settings", "settings": settings}
        assert stand_in.http.post("/_sandbox/edit", json=body).status_code == 400
    mine = stand_in.edit("create", event=meeting(BOB))
    answered = stand_in.http.post("/_sandbox/edit", json={"mailbox": ALICE, "op": "accept", "id": mine["id"]})
    assert answered.status_code == 400
    assert "organizer" in (answered.json or {})["error"]


def test_answers_without_a_body_tell_no_kind_of_it(graph: Graph) -> None:
    event = graph.post("/me/events", meeting(BOB))
    for method, path in (("POST", "/dismissReminder"), ("POST", "/cancel")):
        response = graph.call(method, f"/me/events/{event['id']}{path}", {})
        assert (response.data, response.headers.get("Content-Type")) == (b"", None)
    gone = graph.post("/me/events", meeting(BOB))["id"]
    wish = {"requests": [{"id": "1", "method": "DELETE", "url": f"/me/events/{gone}"}]}
    [member] = graph.post("/$batch", wish)["responses"]
    assert (member["status"], "Content-Type" in member["headers"], "body" in member) == (204, False, False)
