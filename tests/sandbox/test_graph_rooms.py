"""Rooms that are invited answer by themselves."""

from tests.sandbox.graph_side import ALICE, BOB, JSON, Graph, StandIn, timed, weekly

ROOM, DESK = "room.ada@contoso.example", "front.desk@contoso.example"
DAY = "2026-12-01"


def meeting(start: str, end: str, *addresses: str, day: str = DAY, **more: object) -> JSON:
    people = [{"type": "resource", "emailAddress": {"address": address}} for address in addresses or (ROOM,)]
    return timed("Meeting", f"{day}T{start}:00", f"{day}T{end}:00", attendees=people, **more)


def answer(graph: Graph, event: JSON) -> str:
    [room] = graph.get(f"/me/events/{event['id']}")["attendees"]
    return str(room["status"]["response"])


def held(stand_in: StandIn, mailbox: str = ROOM) -> list[JSON]:
    return stand_in.truth(f"{DAY}T00:00:00Z", "2027-01-01T00:00:00Z", mailbox=mailbox)


def test_a_room_accepts_what_finds_it_free_and_declines_the_rest(stand_in: StandIn, graph: Graph) -> None:
    first = graph.post("/me/events", meeting("10:00", "11:00"))
    assert answer(graph, first) == "accepted"
    bob = stand_in.graph(BOB)
    second = bob.post("/me/events", meeting("10:30", "11:30"))
    third = bob.post("/me/events", meeting("11:00", "12:00"))
    assert (answer(bob, second), answer(bob, third)) == ("declined", "accepted")
    assert [(each["start"]["dateTime"][11:13], each["showAs"]) for each in held(stand_in)] == [
        ("10", "busy"),
        ("11", "busy"),
    ]


def test_a_room_answers_anew_when_a_meeting_moves(stand_in: StandIn, graph: Graph) -> None:
    graph.post("/me/events", meeting("10:00", "11:00"))
    moving = graph.post("/me/events", meeting("12:00", "13:00"))
    later = timed("", f"{DAY}T12:30:00", f"{DAY}T13:30:00")
    graph.patch(f"/me/events/{moving['id']}", {"start": later["start"], "end": later["end"]})
    assert answer(graph, moving) == "accepted"
    onto = timed("", f"{DAY}T10:30:00", f"{DAY}T11:30:00")
    graph.patch(f"/me/events/{moving['id']}", {"start": onto["start"], "end": onto["end"]})
    assert answer(graph, moving) == "declined"
    assert len(held(stand_in)) == 1


def test_a_room_is_there_for_a_whole_series_or_not_at_all(stand_in: StandIn, graph: Graph) -> None:
    every_week = weekly(DAY, "tuesday")
    graph.post("/me/events", meeting("10:00", "11:00", day="2026-12-15"))
    taken = graph.post("/me/events", meeting("10:00", "11:00", recurrence=every_week))
    free = graph.post("/me/events", meeting("11:00", "12:00", recurrence=every_week))
    assert (answer(graph, taken), answer(graph, free)) == ("declined", "accepted")
    # A day that is moved onto another meeting is declined by itself.
    url = f"/me/events/{free['id']}/instances?startDateTime=2026-12-15T00:00:00Z&endDateTime=2026-12-16T00:00:00Z"
    [day] = graph.all(url)
    onto = timed("", "2026-12-15T10:30:00", "2026-12-15T11:30:00")
    graph.patch(f"/me/events/{day['id']}", {"start": onto["start"], "end": onto["end"]})
    assert (answer(graph, day), answer(graph, free)) == ("declined", "accepted")
    assert [each["start"]["dateTime"][8:10] for each in held(stand_in)] == ["01", "08", "15", "22", "29"]


def test_what_is_called_off_frees_the_room(graph: Graph) -> None:
    first = graph.post("/me/events", meeting("10:00", "11:00"))
    graph.delete(f"/me/events/{first['id']}")
    assert answer(graph, graph.post("/me/events", meeting("10:00", "11:00"))) == "accepted"


def test_shared_mailboxes_and_people_answer_for_themselves(graph: Graph) -> None:
    for address in (DESK, BOB):
        assert answer(graph, graph.post("/me/events", meeting("10:00", "11:00", address))) == "none"


def test_what_a_room_has_shows_in_its_schedule(stand_in: StandIn, graph: Graph) -> None:
    graph.post("/me/events", meeting("10:00", "11:00"))
    times = timed("", f"{DAY}T10:00:00", f"{DAY}T12:00:00")
    body = {"schedules": [ROOM, ALICE], "startTime": times["start"], "endTime": times["end"]}
    found = graph.post("/me/calendar/getSchedule", body)["value"]
    assert [each["availabilityView"] for each in found] == ["2200", "2200"]
