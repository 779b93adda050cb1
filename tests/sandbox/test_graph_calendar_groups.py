"""Calendar groups, and what stands in each."""

from typing import Any

import pytest

from tests.sandbox.graph_side import ALICE, BOB, JSON, NOON, Graph, StandIn, timed
from tests.sandbox.samples import lacks, sample
from tests.sandbox.sharing_side import (
    DENIED,
    INVALID,
    MALFORMED,
    NOT_FOUND,
    SHARED_READ,
    WINDOW,
    app,
    copy_of,
    share,
    subjects,
)

TAKEN = (409, "ErrorFolderExists")


def groups(graph: Graph) -> dict[str, JSON]:
    return {each["name"]: each for each in graph.all("/me/calendarGroups")}


def under(group: JSON) -> str:
    return f"/me/calendarGroups/{group['id']}"


def test_every_mailbox_has_the_groups_that_outlook_shows(graph: Graph) -> None:
    answer = graph.get("/me/calendarGroups")
    assert lacks(answer, sample("calendargroups-list-response")) == []
    assert subjects([{"subject": each["name"]} for each in answer["value"]]) == ["My Calendars", "Other Calendars"]
    assert answer["value"][0]["classId"] == sample("calendargroups-list-response")["value"][0]["classId"]
    mine = graph.all(f"{under(answer['value'][0])}/calendars")
    assert [each["id"] for each in mine] == [each["id"] for each in graph.all("/me/calendars")]


def test_groups_are_made_renamed_and_deleted(graph: Graph) -> None:
    made = graph.post("/me/calendarGroups", {"Name": "Personal events"})
    assert lacks(made, sample("calendargroup-create-response")) == []
    assert graph.get(under(made))["name"] == "Personal events"
    renamed = graph.patch(under(made), {"name": "Private events", "classId": "ignored"})
    assert (renamed["name"], renamed["classId"]) == ("Private events", made["classId"])
    assert renamed["changeKey"] != made["changeKey"]
    assert graph.get(f"{under(made)}?$select=name").keys() == {"@odata.context", "id", "name"}
    graph.delete(under(made))
    assert graph.refused("GET", under(made)) == NOT_FOUND
    again = graph.post("/me/calendarGroups", {"name": "Personal events"})
    assert again["id"] != made["id"]


def test_a_group_is_deleted_only_when_it_is_empty(graph: Graph) -> None:
    made = graph.post("/me/calendarGroups", {"name": "Sports"})
    calendar = graph.post(f"{under(made)}/calendars", {"name": "Rowing", "color": "lightTeal"})
    assert graph.refused("DELETE", under(made)) == INVALID
    graph.delete(f"/me/calendars/{calendar['id']}")
    graph.delete(under(made))
    assert set(groups(graph)) == {"My Calendars", "Other Calendars"}


@pytest.mark.parametrize("name", ["My Calendars", "Other Calendars"])
def test_the_groups_that_everybody_has_stay(graph: Graph, name: str) -> None:
    path = under(groups(graph)[name])
    assert graph.refused("DELETE", path) == INVALID
    assert graph.refused("PATCH", path, {"name": "Mine"}) == INVALID


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, INVALID),
        ({"name": "  "}, INVALID),
        ({"name": 7}, (400, "RequestBodyRead")),
        ({"name": "my calendars"}, TAKEN),
    ],
)
def test_a_group_needs_a_name_of_its_own(graph: Graph, body: Any, refusal: tuple[int, str]) -> None:
    assert graph.refused("POST", "/me/calendarGroups", body) == refusal


def test_renaming_to_a_taken_name_is_refused_and_to_other_letters_is_not(graph: Graph) -> None:
    made = graph.post("/me/calendarGroups", {"name": "Sports"})
    graph.post("/me/calendarGroups", {"name": "Music"})
    assert graph.refused("PATCH", under(made), {"name": "MUSIC"}) == TAKEN
    assert graph.patch(under(made), {"name": "SPORTS"})["name"] == "SPORTS"


def test_a_calendar_is_reached_through_its_own_group_only(graph: Graph) -> None:
    made = graph.post("/me/calendarGroups", {"name": "Sports"})
    calendar = graph.post(f"{under(made)}/calendars", {"name": "Rowing"})
    inside = f"{under(made)}/calendars/{calendar['id']}"
    event = graph.post(f"{inside}/events", timed("Race", *NOON))
    assert graph.get(inside)["name"] == "Rowing"
    assert graph.get(f"{inside}/events/{event['id']}")["subject"] == "Race"
    assert subjects(graph.all(f"{inside}/calendarView?{WINDOW}")) == ["Race"]
    assert [each["id"] for each in graph.all(f"{under(made)}/calendars")] == [calendar["id"]]
    assert calendar["id"] in {each["id"] for each in graph.all("/me/calendars")}
    wrong = f"{under(groups(graph)['My Calendars'])}/calendars/{calendar['id']}"
    for path in (wrong, f"{wrong}/events", f"{wrong}/events/{event['id']}", f"{wrong}/calendarView?{WINDOW}"):
        assert graph.refused("GET", path) == NOT_FOUND
    assert graph.patch(inside, {"name": "Sailing"})["name"] == "Sailing"
    graph.delete(inside)
    assert graph.refused("GET", f"/me/calendars/{calendar['id']}") == NOT_FOUND


def test_ids_that_are_no_groups_are_refused(graph: Graph, stand_in: StandIn) -> None:
    calendar = graph.get("/me/calendar")["id"]
    assert graph.refused("GET", "/me/calendarGroups/nonsense") == MALFORMED
    assert graph.refused("GET", f"/me/calendarGroups/{calendar}") == NOT_FOUND
    theirs = groups(stand_in.graph(BOB))["My Calendars"]
    assert graph.refused("GET", under(theirs)) == MALFORMED
    assert graph.refused("GET", f"/me/calendarGroups/nonsense/calendars/{calendar}") == MALFORMED
    group = groups(graph)["My Calendars"]["id"]
    assert graph.refused("GET", f"/me/calendars/{group}") == NOT_FOUND
    assert graph.refused("GET", f"/me/events/{group}") == NOT_FOUND
    assert graph.refused("GET", "/me/calendarGroups?$expand=calendars") == (400, "ExpandNotSupported")


def test_groups_are_filtered_like_other_lists(graph: Graph) -> None:
    graph.post("/me/calendarGroups", {"name": "Sports"})
    found = graph.get("/me/calendarGroups?$filter=name eq 'Sports'&$select=name&$count=true")
    assert (found["@odata.count"], [each["name"] for each in found["value"]]) == (1, ["Sports"])
    assert len(graph.get("/me/calendarGroups?$top=1")["value"]) == 1


def test_calendars_of_others_stand_under_other_calendars(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read").rpartition("/")[2]
    bob = stand_in.graph(BOB)
    other = under(groups(bob)["Other Calendars"])
    assert [each["id"] for each in bob.all(f"{other}/calendars")] == [copy]
    stand_in.edit("create", event=timed("Lunch", *NOON))
    assert subjects(bob.all(f"{other}/calendars/{copy}/events")) == ["Lunch"]
    mine = under(groups(bob)["My Calendars"])
    assert bob.refused("GET", f"{mine}/calendars/{copy}/events") == NOT_FOUND


def test_groups_are_nobody_elses_business(stand_in: StandIn) -> None:
    share(stand_in, "write")
    path = f"/users/{ALICE}/calendarGroups"
    assert stand_in.graph(BOB, SHARED_READ).refused("GET", path) == DENIED
    assert len(app(stand_in, "Calendars.Read").all(path)) == 2
