"""Calendars as such: their properties, what can be changed, and what is refused."""

from typing import Any

import pytest

from tests.sandbox.graph_side import ALICE, JSON, NOON, PAULA, Graph, StandIn, timed
from tests.sandbox.samples import lacks, sample
from tests.sandbox.sharing_side import DENIED, INVALID, NOT_FOUND, UNREADABLE, WINDOW

TAKEN = (409, "ErrorFolderExists")


def made(graph: Graph, **more: Any) -> JSON:
    return graph.post("/me/calendars", {"name": "Volunteer", **more})


def path_of(calendar: JSON) -> str:
    return f"/me/calendars/{calendar['id']}"


def test_the_default_calendar_has_all_properties(graph: Graph) -> None:
    shown = graph.get("/me/calendar")
    assert lacks(shown, sample("calendar-get-online-meeting-providers-response")) == []
    expected = {
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": True,
        "isRemovable": False,
        "owner": {"name": "Alice Moreau", "address": ALICE},
    }
    assert {name: shown[name] for name in expected} == expected
    assert graph.get(path_of(shown))["id"] == shown["id"]


def test_a_personal_calendar_has_no_provider_of_meetings(stand_in: StandIn) -> None:
    shown = stand_in.graph(PAULA).get("/me/calendar")
    assert (shown["allowedOnlineMeetingProviders"], shown["defaultOnlineMeetingProvider"]) == ([], "unknown")


def test_a_colour_that_was_chosen_has_a_hexadecimal_form(graph: Graph) -> None:
    calendar = made(graph, color="LIGHTTEAL")
    assert calendar["color"] == "lightTeal"
    assert calendar["hexColor"].startswith("#")
    again = graph.patch(path_of(calendar), {"color": "auto", "hexColor": "#123456"})
    assert (again["color"], again["hexColor"]) == ("auto", "")


def test_a_change_is_answered_with_the_calendar_and_a_new_change_key(graph: Graph) -> None:
    calendar = made(graph)
    changed = graph.patch(path_of(calendar), {"Name": "Social events", "owner": {"name": "Mallory"}, "canEdit": False})
    assert lacks(changed, sample("calendar-update-response")) == []
    assert (changed["name"], changed["color"], changed["canEdit"]) == ("Social events", "auto", True)
    assert changed["owner"]["address"] == ALICE
    assert changed["changeKey"] != calendar["changeKey"]
    assert graph.patch("/me/calendar", {"name": "Work"})["isDefaultCalendar"] is True


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"name": ""}, INVALID),
        ({"name": None}, INVALID),
        ({"name": 7}, UNREADABLE),
        ({"color": "ultraviolet"}, UNREADABLE),
        ({"color": 7}, UNREADABLE),
        ({"name": "CALENDAR"}, TAKEN),
        ({"defaultOnlineMeetingProvider": "carrierPigeon"}, UNREADABLE),
        ({"defaultOnlineMeetingProvider": "skypeForBusiness"}, INVALID),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(graph: Graph, body: JSON, refusal: tuple[int, str]) -> None:
    calendar = made(graph)
    assert graph.refused("PATCH", path_of(calendar), {"isDefaultCalendar": True, **body}) == refusal
    after = graph.get(path_of(calendar))
    assert (after["changeKey"], after["isDefaultCalendar"]) == (calendar["changeKey"], False)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [({}, INVALID), ({"name": " "}, INVALID), ({"name": ["A"]}, UNREADABLE), ({"name": "calendar"}, TAKEN)],
)
def test_a_calendar_needs_a_name_of_its_own(graph: Graph, body: JSON, refusal: tuple[int, str]) -> None:
    before = graph.all("/me/calendars")
    assert graph.refused("POST", "/me/calendars", body) == refusal
    assert graph.all("/me/calendars") == before


def test_a_name_is_free_again_when_its_calendar_is_gone(graph: Graph) -> None:
    calendar = made(graph)
    assert graph.patch(path_of(calendar), {"name": "VOLUNTEER"})["name"] == "VOLUNTEER"
    graph.delete(path_of(calendar))
    assert made(graph)["id"] != calendar["id"]


def test_the_provider_of_meetings_can_be_given_up_and_taken_again(stand_in: StandIn, graph: Graph) -> None:
    assert graph.patch("/me/calendar", {"defaultOnlineMeetingProvider": "Unknown"})["defaultOnlineMeetingProvider"] == (
        "unknown"
    )
    assert graph.patch("/me/calendar", {"defaultOnlineMeetingProvider": "TeamsForBusiness"})[
        "defaultOnlineMeetingProvider"
    ] == ("teamsForBusiness")
    teams = {"defaultOnlineMeetingProvider": "teamsForBusiness"}
    assert stand_in.graph(PAULA).refused("PATCH", "/me/calendar", teams) == INVALID


def test_another_calendar_becomes_the_default_one(graph: Graph) -> None:
    before, calendar = graph.get("/me/calendar"), made(graph)
    changed = graph.patch(path_of(calendar), {"isDefaultCalendar": True})
    assert (changed["isDefaultCalendar"], changed["isRemovable"]) == (True, False)
    assert graph.get("/me/calendar")["id"] == calendar["id"]
    assert graph.get(path_of(before))["isDefaultCalendar"] is False
    assert graph.refused("DELETE", path_of(calendar)) == INVALID
    graph.patch(path_of(calendar), {"isDefaultCalendar": False})
    assert graph.get("/me/calendar")["id"] == calendar["id"]


def test_a_calendar_is_deleted_for_good_with_what_is_in_it(graph: Graph) -> None:
    calendar = made(graph)
    event = graph.post(f"{path_of(calendar)}/events", timed("A", *NOON))
    assert graph.call("POST", f"{path_of(calendar)}/permanentDelete").status_code == 204
    assert graph.refused("GET", path_of(calendar)) == NOT_FOUND
    assert graph.refused("GET", f"/me/events/{event['id']}") == NOT_FOUND
    assert graph.refused("POST", "/me/calendar/permanentDelete") == INVALID


def test_a_calendar_that_cannot_be_removed_says_so(stand_in: StandIn, graph: Graph) -> None:
    door = stand_in.door("calendars", mailbox=ALICE, add="Birthdays", removable=False)
    assert graph.get(path_of(door))["isRemovable"] is False
    assert graph.refused("DELETE", path_of(door)) == INVALID
    stand_in.door("calendars", mailbox=ALICE, calendar="Birthdays", removable=True)
    graph.delete(path_of(door))


def test_a_calendar_that_is_filled_from_elsewhere_is_read_only(stand_in: StandIn, graph: Graph) -> None:
    door = stand_in.door("calendars", mailbox=ALICE, add="Holidays", editable=False)
    event = stand_in.edit("create", calendar="Holidays", event=timed("New year", *NOON))["id"]
    assert graph.get(path_of(door))["canEdit"] is False
    assert graph.all(f"{path_of(door)}/events")[0]["subject"] == "New year"
    assert graph.refused("POST", f"{path_of(door)}/events", timed("A", *NOON)) == DENIED
    assert graph.refused("PATCH", f"/me/events/{event}", {"subject": "B"}) == DENIED
    assert graph.refused("DELETE", f"/me/events/{event}") == DENIED
    # How it is called and whether it is shown at all is still the owner's to say.
    assert graph.patch(path_of(door), {"name": "Public holidays"})["name"] == "Public holidays"
    graph.delete(path_of(door))


def test_a_wrong_wish_about_a_calendar_is_answered_with_a_sentence(stand_in: StandIn) -> None:
    response = stand_in.http.post("/_sandbox/calendars", json={"mailbox": ALICE, "calendar": "Nowhere"})
    assert (response.status_code, "no calendar 'Nowhere'" in response.get_json()["error"]) == (400, True)


def test_calendars_are_selected_and_filtered(graph: Graph) -> None:
    made(graph)
    found = graph.get("/me/calendars?$filter=name eq 'Volunteer'&$select=name,color&$count=true")
    assert found["@odata.count"] == 1
    assert set(found["value"][0]) == {"@odata.id", "id", "name", "color"}
    assert set(graph.get("/me/calendar?$select=canShare")) == {"@odata.context", "@odata.id", "id", "canShare"}
    assert graph.get("/me/calendars?$filter=name eq 'Nobody''s'")["value"] == []


@pytest.mark.parametrize("path", ["/me/calendar", "/me/calendars"])
def test_what_cannot_be_expanded_is_refused(graph: Graph, path: str) -> None:
    for name in ("events", "calendarView", "nonsense", "events($select=subject),singleValueExtendedProperties"):
        assert graph.refused("GET", f"{path}?$expand={name}") == (400, "ExpandNotSupported")
    property_ = "singleValueExtendedProperties($filter=id eq 'String {00020329-0000-0000-C000-000000000046} Name X')"
    assert graph.call("GET", f"{path}?$expand={property_}").status_code == 200


def test_an_event_leads_to_its_calendar(graph: Graph) -> None:
    calendar = made(graph)
    event = graph.post(f"{path_of(calendar)}/events", timed("A", *NOON))
    assert graph.get(f"/me/events/{event['id']}/calendar")["id"] == calendar["id"]
    assert graph.get(f"/me/events/{event['id']}/calendar?$select=name")["name"] == "Volunteer"
    shown = graph.get(f"/me/events/{event['id']}")
    assert f"calendars('{calendar['id']}')" in shown["calendar@odata.navigationLink"]
    graph.delete(f"/me/events/{event['id']}")
    assert graph.refused("GET", f"/me/events/{event['id']}/calendar") == NOT_FOUND
    assert graph.all(f"{path_of(calendar)}/calendarView?{WINDOW}") == []
