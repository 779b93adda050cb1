"""Meetings across mailboxes: what an organizer does to one reaches everybody who is invited."""

from typing import Any

import pytest

from tests.sandbox.graph_side import ALICE, BOB, CARLA, FARID, LEO, PAULA, Graph, Listener, StandIn
from tests.sandbox.meeting_side import (
    DECEMBER,
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

LATER = times("2026-12-01T15:00:00", "2026-12-01T16:00:00")


def test_everybody_who_is_invited_has_a_copy_of_the_meeting_at_once(stand_in: StandIn, graph: Graph) -> None:
    made = graph.post(
        "/me/events",
        meeting(
            BOB.upper(),
            FARID,
            PAULA,
            LEO,
            "nobody@elsewhere.example",
            ALICE,
            body={"contentType": "html", "content": "<p>Bring cake</p>"},
            location={"displayName": "Canteen"},
            categories=["Red category"],
            isOnlineMeeting=True,
            reminderMinutesBeforeStart=45,
            transactionId="one",
        ),
    )
    for address in (BOB, FARID, PAULA):
        copy = copy_of(stand_in.graph(address), made)
        assert copy["isOrganizer"] is False
        assert copy["responseStatus"] == {"response": "notResponded", "time": NEVER}
        assert copy["showAs"] == "tentative"
        assert copy["categories"] == []
        assert copy["transactionId"] is None
        assert copy["reminderMinutesBeforeStart"] == 15
        assert copy["isCancelled"] is copy["isDraft"] is False
        assert copy["id"] != made["id"]
        for shared in (
            "subject", "body", "bodyPreview", "location", "locations", "start", "end", "organizer", "onlineMeeting",
            "isOnlineMeeting", "originalStartTimeZone", "type", "iCalUId",
        ):  # fmt: skip
            assert copy[shared] == made[shared], shared
        people = [each["emailAddress"]["address"] for each in made["attendees"]]
        assert [each["emailAddress"]["address"] for each in copy["attendees"]] == people
    assert [each["id"] for each in copies(graph, made)] == [made["id"]]


def test_a_meeting_made_in_outlook_reaches_the_others_too(stand_in: StandIn, bob: Graph) -> None:
    made = stand_in.edit("create", event=meeting(BOB))["event"]
    assert copy_of(bob, made)["subject"] == "Lunch"


@pytest.mark.parametrize("more", [{"isOrganizer": False, "organizer": asked(PAULA)}, {"isDraft": True}])
def test_what_is_not_sent_invites_nobody(stand_in: StandIn, bob: Graph, more: dict[str, Any]) -> None:
    made = stand_in.edit("create", event=meeting(BOB, **more))["event"]
    assert copies(bob, made) == []


def test_the_world_begins_without_copies(full: StandIn) -> None:
    mine = {each["iCalUId"] for each in full.graph(ALICE).all("/me/events?$top=1000")}
    others = {each["iCalUId"] for each in full.graph(BOB).all("/me/events?$top=1000")}
    assert mine
    assert others
    assert mine.isdisjoint(others)


def test_whoever_may_not_see_the_others_finds_only_himself(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB, CARLA, hideAttendees=True))
    assert list(answers(copy_of(bob, made))) == [BOB]
    assert list(answers(made)) == [BOB, CARLA]


def test_a_change_of_the_organizer_shows_in_the_copies(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    before = copy_of(bob, made)
    graph.patch(f"/me/events/{made['id']}", {"subject": "Dinner", "location": {"displayName": "Harry's"}})
    after = copy_of(bob, made)
    assert (after["subject"], after["location"]["displayName"]) == ("Dinner", "Harry's")
    assert after["id"] == before["id"]
    assert after["changeKey"] != before["changeKey"]


def test_what_the_organizer_keeps_for_himself_leaves_the_copies_alone(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    before = copy_of(bob, made)
    graph.patch(f"/me/events/{made['id']}", {"categories": ["Blue category"], "isReminderOn": False, "showAs": "oof"})
    assert copy_of(bob, made) == before


def test_another_time_takes_back_all_answers(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB, CARLA))
    assert bob.call("POST", f"/me/events/{copy_of(bob, made)['id']}/accept").status_code == 202
    assert answers(graph.get(f"/me/events/{made['id']}")) == {BOB: "accepted", CARLA: "none"}
    moved = graph.patch(f"/me/events/{made['id']}", LATER)
    assert answers(moved) == {BOB: "none", CARLA: "none"}
    assert moved["attendees"][0]["status"]["time"] == NEVER
    copy = copy_of(bob, made)
    assert copy["start"]["dateTime"].startswith("2026-12-01T15:00")
    assert (copy["responseStatus"]["response"], copy["showAs"]) == ("notResponded", "tentative")


def test_what_an_attendee_has_set_for_himself_survives(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    copy = copy_of(bob, made)
    bob.call("POST", f"/me/events/{copy['id']}/accept")
    own = {"categories": ["Green category"], "reminderMinutesBeforeStart": 5, "showAs": "workingElsewhere"}
    bob.patch(f"/me/events/{copy['id']}", own | {"subject": "My lunch"})
    assert graph.get(f"/me/events/{made['id']}")["subject"] == "Lunch"
    graph.patch(f"/me/events/{made['id']}", {"location": {"displayName": "Harry's"}})
    after = copy_of(bob, made)
    assert {name: after[name] for name in own} == own
    assert after["responseStatus"]["response"] == "accepted"
    assert after["subject"] == "Lunch"


def test_who_joins_gets_a_copy_and_who_leaves_reads_that_it_is_cancelled(
    graph: Graph, bob: Graph, carla: Graph
) -> None:
    made = graph.post("/me/events", meeting(BOB))
    graph.patch(f"/me/events/{made['id']}", {"attendees": [asked(CARLA)]})
    assert copy_of(carla, made)["showAs"] == "tentative"
    gone = copy_of(bob, made)
    assert (gone["isCancelled"], gone["subject"], gone["showAs"]) == (True, "Canceled: Lunch", "free")
    graph.patch(f"/me/events/{made['id']}", {"attendees": [asked(CARLA), asked(BOB)], "subject": "Dinner"})
    back = copy_of(bob, made)
    assert (back["isCancelled"], back["subject"], back["id"]) == (False, "Dinner", gone["id"])
    assert back["responseStatus"]["response"] == "notResponded"


@pytest.mark.parametrize("how", ["DELETE", "cancel", "permanentDelete"])
def test_a_meeting_that_is_called_off_stays_with_the_attendees_only(graph: Graph, bob: Graph, how: str) -> None:
    made = graph.post("/me/events", meeting(BOB))
    bob.call("POST", f"/me/events/{copy_of(bob, made)['id']}/accept")
    path = f"/me/events/{made['id']}"
    if how == "DELETE":
        graph.delete(path)
    else:
        body = {"Comment": "Sorry"} if how == "cancel" else None
        assert graph.call("POST", f"{path}/{how}", body).status_code == (202 if how == "cancel" else 204)
    assert graph.refused("GET", path) == (404, "ErrorItemNotFound")
    copy = copy_of(bob, made)
    assert (copy["isCancelled"], copy["subject"], copy["showAs"]) == (True, "Canceled: Lunch", "free")
    bob.delete(f"/me/events/{copy['id']}")
    assert copies(bob, made) == []


def test_an_attendee_cannot_call_a_meeting_off(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    before = copy_of(bob, made)
    refused = bob.call("POST", f"/me/events/{before['id']}/cancel", {"comment": "no"})
    assert refused.status_code == 400
    assert refused.json is not None
    assert refused.json["error"]["code"] == "ErrorInvalidRequest"
    assert refused.json["error"]["message"] == (
        "Your request can't be completed. You need to be an organizer to cancel a meeting."
    )
    assert copy_of(bob, made) == before
    assert graph.get(f"/me/events/{made['id']}")["changeKey"] == made["changeKey"]


def test_what_an_attendee_deletes_is_gone_from_his_calendar_only(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    bob.delete(f"/me/events/{copy_of(bob, made)['id']}")
    assert copies(bob, made) == []
    assert graph.get(f"/me/events/{made['id']}")["changeKey"] == made["changeKey"]
    graph.patch(f"/me/events/{made['id']}", {"subject": "Dinner"})
    assert copies(bob, made) == []
    graph.patch(f"/me/events/{made['id']}", LATER)
    assert copy_of(bob, made)["subject"] == "Dinner"


def test_a_refused_change_changes_nothing_anywhere(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", meeting(BOB))
    before = copy_of(bob, made)
    nonsense = {"subject": "No", "end": {"dateTime": "2026-11-01T00:00:00", "timeZone": "UTC"}}
    assert graph.refused("PATCH", f"/me/events/{made['id']}", nonsense) == (400, "ErrorPropertyValidationFailure")
    assert copy_of(bob, made) == before


def test_changes_that_are_held_back_reach_nobody_until_they_are_sent(stand_in: StandIn, bob: Graph) -> None:
    made = stand_in.edit("create", event=meeting(BOB))
    bob.call("POST", f"/me/events/{copy_of(bob, made['event'])['id']}/accept")
    before = copy_of(bob, made["event"])
    stand_in.edit("update", id=made["id"], event={"isDraft": True, "subject": "Dinner", **LATER})
    stand_in.edit("update", id=made["id"], event={"attendees": [asked(CARLA)]})
    assert copy_of(bob, made["event"]) == before
    sent = stand_in.edit("update", id=made["id"], event={"isDraft": False})
    assert answers(sent["event"]) == {CARLA: "none"}
    assert copy_of(bob, made["event"])["isCancelled"] is True
    assert copy_of(stand_in.graph(CARLA), made["event"])["subject"] == "Dinner"


def test_a_meeting_whose_changes_are_held_back_can_still_be_called_off(stand_in: StandIn, bob: Graph) -> None:
    made = stand_in.edit("create", event=meeting(BOB))
    stand_in.edit("update", id=made["id"], event={"isDraft": True, "attendees": []})
    stand_in.edit("delete", id=made["id"])
    assert copy_of(bob, made["event"])["isCancelled"] is True


def test_delta_and_notifications_of_an_attendee_tell_of_the_organizers_doing(
    stand_in: StandIn, graph: Graph, bob: Graph, listener: Listener
) -> None:
    _, link = bob.round(f"/me/calendarView/delta?{DECEMBER}")
    bob.post(
        "/subscriptions",
        {
            "changeType": "created,updated,deleted",
            "notificationUrl": listener.url,
            "resource": "me/events",
            "expirationDateTime": (stand_in.sandbox.clock.now()).isoformat(),
        },
    )
    made = graph.post("/me/events", meeting(BOB))
    (told,) = listener.items(1)
    copy = copy_of(bob, made)
    assert (told["changeType"], told["resourceData"]["id"]) == ("created", copy["id"])
    items, link = bob.round(link)
    assert [each["subject"] for each in items] == ["Lunch"]
    graph.patch(f"/me/events/{made['id']}", {"subject": "Dinner"})
    (told,) = listener.items(1)
    assert told["changeType"] == "updated"
    graph.delete(f"/me/events/{made['id']}")
    (told,) = listener.items(1)
    assert told["changeType"] == "updated"
    items, _ = bob.round(link)
    assert [(each["subject"], each["isCancelled"]) for each in items] == [("Canceled: Dinner", True)]


def test_a_copy_that_was_moved_to_another_calendar_is_still_the_meetings(graph: Graph, stand_in: StandIn) -> None:
    made = graph.post("/me/events", meeting(BOB))
    bob = stand_in.graph(BOB)
    other = bob.post("/me/calendars", {"name": "Food"})
    moved = stand_in.edit("move", mailbox=BOB, id=copy_of(bob, made)["id"], calendar="Food")
    graph.patch(f"/me/events/{made['id']}", {"subject": "Dinner"})
    assert bob.get(f"/me/calendars/{other['id']}/events/{moved['id']}")["subject"] == "Dinner"


# Series


def test_a_series_reaches_the_attendees_with_its_rule(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    copy = copy_of(bob, made)
    assert copy["type"] == "seriesMaster"
    assert copy["recurrence"] == made["recurrence"]
    mine, theirs = in_december(bob, copy), in_december(graph, made)
    assert list(mine) == list(theirs) == ["2026-12-01", "2026-12-08", "2026-12-15", "2026-12-22"]
    assert [each["iCalUId"] for each in mine.values()] == [each["iCalUId"] for each in theirs.values()]
    assert len({each["iCalUId"] for each in mine.values()} | {copy["iCalUId"]}) == 5


def test_a_changed_occurrence_and_a_deleted_one_show_in_the_copies(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    days = in_december(graph, made)
    graph.patch(f"/me/events/{days['2026-12-08']['id']}", {"subject": "Brunch"})
    graph.delete(f"/me/events/{days['2026-12-15']['id']}")
    shown = in_december(bob, copy_of(bob, made))
    assert [(each["subject"], each["type"], each["isCancelled"]) for each in shown.values()] == [
        ("Lunch", "occurrence", False),
        ("Brunch", "exception", False),
        ("Canceled: Lunch", "exception", True),
        ("Lunch", "occurrence", False),
    ]
    assert shown["2026-12-15"]["showAs"] == "free"
    assert list(in_december(graph, made)) == ["2026-12-01", "2026-12-08", "2026-12-22"]


def test_one_occurrence_is_cancelled_by_its_organizer(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    day = in_december(graph, made)["2026-12-08"]
    assert graph.call("POST", f"/me/events/{day['id']}/cancel", {"comment": "All hands"}).status_code == 202
    assert "2026-12-08" not in in_december(graph, made)
    graph.patch(f"/me/events/{made['id']}", {"subject": "Dinner"})
    shown = in_december(bob, copy_of(bob, made))
    assert shown["2026-12-08"]["isCancelled"] is True
    assert shown["2026-12-08"]["subject"].count("Canceled: ") == 1
    assert shown["2026-12-15"]["subject"] == "Dinner"


def test_another_time_of_one_occurrence_takes_back_the_answers_for_it(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    bob.call("POST", f"/me/events/{copy_of(bob, made)['id']}/accept")
    day = in_december(graph, made)["2026-12-08"]
    moved = graph.patch(
        f"/me/events/{day['id']}",
        times("2026-12-08T17:00:00", "2026-12-08T18:00:00"),
    )
    assert answers(moved) == {BOB: "none"}
    assert answers(graph.get(f"/me/events/{made['id']}")) == {BOB: "accepted"}
    shown = in_december(bob, copy_of(bob, made))
    assert shown["2026-12-08"]["start"]["dateTime"].startswith("2026-12-08T17:00")
    assert [each["responseStatus"]["response"] for each in shown.values()] == [
        "accepted", "notResponded", "accepted", "accepted",
    ]  # fmt: skip
    assert [each["showAs"] for each in shown.values()] == ["busy", "tentative", "busy", "busy"]


def test_a_new_rule_makes_the_copies_occurrences_anew(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    bob.delete(f"/me/events/{in_december(bob, copy_of(bob, made))['2026-12-08']['id']}")
    assert len(in_december(bob, copy_of(bob, made))) == 3
    daily = {
        "pattern": {"type": "daily", "interval": 2},
        "range": {"type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 3},
    }
    graph.patch(f"/me/events/{made['id']}", {"recurrence": daily})
    assert list(in_december(bob, copy_of(bob, made))) == ["2026-12-01", "2026-12-03", "2026-12-05"]


def test_who_is_invited_later_never_learns_of_days_that_are_gone(graph: Graph, carla: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    graph.delete(f"/me/events/{in_december(graph, made)['2026-12-08']['id']}")
    graph.patch(f"/me/events/{made['id']}", {"attendees": [asked(BOB), asked(CARLA)]})
    assert list(in_december(carla, copy_of(carla, made))) == ["2026-12-01", "2026-12-15", "2026-12-22"]


def test_somebody_can_be_invited_to_one_occurrence_only(graph: Graph, bob: Graph, carla: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    day = in_december(graph, made)["2026-12-08"]
    graph.patch(f"/me/events/{day['id']}", {"attendees": [asked(BOB), asked(CARLA)]})
    guest = copy_of(carla, day)
    assert (guest["type"], guest["start"]["dateTime"][:10]) == ("singleInstance", "2026-12-08")
    assert copies(carla, made) == []
    assert list(answers(in_december(bob, copy_of(bob, made))["2026-12-08"])) == [BOB, CARLA]
    assert carla.call("POST", f"/me/events/{guest['id']}/accept").status_code == 202
    days = in_december(graph, made)
    assert answers(days["2026-12-08"]) == {BOB: "none", CARLA: "accepted"}
    assert answers(days["2026-12-15"]) == {BOB: "none"}
    graph.patch(f"/me/events/{made['id']}", {"attendees": [asked(BOB), asked(CARLA)]})
    assert copies(carla, day) == []
    assert len(in_december(carla, copy_of(carla, made))) == 4


def test_who_is_left_out_of_one_occurrence_reads_that_it_is_cancelled(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB, CARLA))
    day = in_december(graph, made)["2026-12-08"]
    graph.patch(f"/me/events/{day['id']}", {"attendees": [asked(CARLA)]})
    shown = in_december(bob, copy_of(bob, made))
    assert [each["isCancelled"] for each in shown.values()] == [False, True, False, False]
    graph.patch(f"/me/events/{day['id']}", {"attendees": [asked(CARLA), asked(BOB)]})
    shown = in_december(bob, copy_of(bob, made))
    assert [each["isCancelled"] for each in shown.values()] == [False, False, False, False]
    assert (shown["2026-12-08"]["subject"], shown["2026-12-08"]["showAs"]) == ("Lunch", "tentative")


def test_who_joins_a_series_is_part_of_its_exceptions(graph: Graph, bob: Graph, carla: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    day = in_december(bob, copy_of(bob, made))["2026-12-08"]
    bob.call("POST", f"/me/events/{day['id']}/accept")
    graph.patch(f"/me/events/{made['id']}", {"attendees": [asked(BOB), asked(CARLA)]})
    shown = in_december(carla, copy_of(carla, made))
    assert [each["isCancelled"] for each in shown.values()] == [False] * 4
    days = in_december(graph, made)
    assert answers(days["2026-12-08"]) == {BOB: "accepted", CARLA: "none"}


def test_a_series_that_becomes_a_single_event_does_so_for_everybody(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    graph.patch(f"/me/events/{made['id']}", {"recurrence": None})
    copy = copy_of(bob, made)
    assert (copy["type"], copy["recurrence"]) == ("singleInstance", None)


def test_a_cancelled_series_is_cancelled_in_all_its_occurrences(graph: Graph, bob: Graph) -> None:
    made = graph.post("/me/events", every_tuesday(BOB))
    graph.patch(f"/me/events/{in_december(graph, made)['2026-12-08']['id']}", {"subject": "Brunch"})
    graph.delete(f"/me/events/{made['id']}")
    shown = in_december(bob, copy_of(bob, made))
    assert [each["subject"] for each in shown.values()] == [
        "Canceled: Lunch", "Canceled: Brunch", "Canceled: Lunch", "Canceled: Lunch",
    ]  # fmt: skip
    assert all(each["isCancelled"] and each["showAs"] == "free" for each in shown.values())


def test_a_deleted_calendar_calls_its_meetings_off(graph: Graph, bob: Graph) -> None:
    other = graph.post("/me/calendars", {"name": "Food"})
    made = graph.post(f"/me/calendars/{other['id']}/events", meeting(BOB))
    assert graph.call("POST", f"/me/calendars/{other['id']}/permanentDelete").status_code == 204
    assert graph.refused("GET", f"/me/calendars/{other['id']}") == (404, "ErrorItemNotFound")
    assert copy_of(bob, made)["isCancelled"] is True
