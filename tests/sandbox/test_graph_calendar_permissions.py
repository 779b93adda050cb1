"""Entries of who may do what in a calendar: seen and changed by its owner alone."""

from typing import Any

import pytest

from sandbox.roles import Role
from tests.sandbox.graph_side import ALICE, BOB, CARLA, FARID, JSON, LEO, PAULA, Graph, StandIn
from tests.sandbox.samples import lacks, sample
from tests.sandbox.sharing_side import (
    DENIED,
    INVALID,
    NOT_FOUND,
    SHARED_READ,
    SHARED_WRITE,
    UNREADABLE,
    app,
    copy_of,
    share,
)
from tests.shared import shared

ENTRIES = "/me/calendar/calendarPermissions"
FOR_COLLEAGUES = ["freeBusyRead", "limitedRead", "read", "write"]
DELEGATES = ["delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess"]


def entry(address: str, role: str = "read") -> JSON:
    return {"emailAddress": {"name": "Somebody", "address": address}, "isInsideOrganization": True, "role": role}


def test_roles_stand_in_the_order_of_the_schema() -> None:
    schema = shared("graph/openapi-calendar.json")["components"]["schemas"]["calendarRoleType"]
    assert [role.value for role in Role] == schema["enum"]


def test_everybody_of_the_organization_has_an_entry_that_stays(graph: Graph) -> None:
    (everybody,) = graph.all(ENTRIES)
    wanted = next(each for each in sample("calendarpermissions-delegate-response")["value"] if not each["isRemovable"])
    assert everybody == wanted
    path = f"{ENTRIES}/{everybody['id']}"
    assert graph.refused("DELETE", path) == INVALID
    assert graph.patch(path, {"role": "limitedRead"})["role"] == "limitedRead"
    for role in ("delegateWithPrivateEventAccess", "custom"):
        assert graph.refused("PATCH", path, {"role": role}) == INVALID


def test_of_further_calendars_colleagues_see_nothing_at_first(graph: Graph) -> None:
    calendar = graph.post("/me/calendars", {"name": "Sports"})["id"]
    (everybody,) = graph.all(f"/me/calendars/{calendar}/calendarPermissions")
    assert everybody["role"] == "none"


def test_sharing_is_answered_with_200_and_the_entry(graph: Graph) -> None:
    response = graph.call("POST", ENTRIES, entry(BOB, "Write"))
    assert response.status_code == 200
    made = response.get_json()
    assert lacks(made, sample("calendarpermission-create-response")) == []
    assert {name: made[name] for name in ("role", "isRemovable", "isInsideOrganization")} == {
        "role": "write",
        "isRemovable": True,
        "isInsideOrganization": True,
    }
    assert made["emailAddress"] == {"name": "Bob Ito", "address": BOB}
    assert made["allowedRoles"] == FOR_COLLEAGUES + DELEGATES
    assert graph.get(f"{ENTRIES}/{made['id']}")["role"] == "write"
    assert lacks(graph.get(ENTRIES), sample("calendarpermissions-list-response")) == []
    assert {each["id"] for each in graph.all(ENTRIES)} == {made["id"], "RGVmYXVsdA=="}


def test_only_the_role_is_changed(graph: Graph) -> None:
    made = graph.post(ENTRIES, entry(BOB))
    changed = graph.patch(f"{ENTRIES}/{made['id']}", {"role": "write", **entry(CARLA, "write"), "isRemovable": False})
    assert lacks(changed, sample("calendarpermission-update-response")) == []
    without = {"role", "@odata.context"}
    assert {name: value for name, value in changed.items() if name not in without} == {
        name: value for name, value in made.items() if name not in without
    }
    assert changed["role"] == "write"
    assert graph.patch(f"{ENTRIES}/{made['id']}", {})["role"] == "write"


def test_an_entry_is_deleted_once(graph: Graph) -> None:
    path = f"{ENTRIES}/{graph.post(ENTRIES, entry(BOB))['id']}"
    assert graph.call("DELETE", path).status_code == 204
    assert graph.refused("DELETE", path) == NOT_FOUND
    assert graph.refused("GET", path) == NOT_FOUND
    assert graph.refused("PATCH", path, {"role": "read"}) == NOT_FOUND


def test_sharing_again_with_the_same_person_replaces_the_role(graph: Graph) -> None:
    first = graph.post(ENTRIES, entry(BOB))
    second = graph.post(ENTRIES, entry(BOB.upper(), "limitedRead"))
    assert (second["id"], second["role"]) == (first["id"], "limitedRead")
    assert len(graph.all(ENTRIES)) == 2


@pytest.mark.parametrize("address", [FARID, PAULA, "someone@elsewhere.example"])
def test_people_outside_may_read_at_most(graph: Graph, address: str) -> None:
    made = graph.post(ENTRIES, entry(address))
    assert (made["isInsideOrganization"], made["allowedRoles"]) == (False, ["freeBusyRead", "limitedRead", "read"])
    assert graph.refused("POST", ENTRIES, entry(address, "write")) == INVALID
    assert graph.get(f"{ENTRIES}/{made['id']}")["role"] == "read"


def test_only_the_main_calendar_has_delegates(graph: Graph) -> None:
    calendar = graph.post("/me/calendars", {"name": "Sports"})["id"]
    made = graph.post(f"/me/calendars/{calendar}/calendarPermissions", entry(BOB))
    assert made["allowedRoles"] == FOR_COLLEAGUES
    path = f"/me/calendars/{calendar}/calendarPermissions/{made['id']}"
    assert graph.refused("PATCH", path, {"role": DELEGATES[0]}) == INVALID
    assert graph.post(ENTRIES, entry(BOB, DELEGATES[0]))["role"] == DELEGATES[0]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, INVALID),
        ({"role": "read"}, INVALID),
        ({"emailAddress": {"name": "Bob"}, "role": "read"}, INVALID),
        ({"emailAddress": {"address": "bob"}, "role": "read"}, INVALID),
        ({"emailAddress": {"address": "nobody@contoso.example"}, "role": "read"}, INVALID),
        ({"emailAddress": {"address": ALICE}, "role": "read"}, INVALID),
        ({"emailAddress": {"address": BOB}}, UNREADABLE),
        ({"emailAddress": {"address": BOB}, "role": "emperor"}, UNREADABLE),
        ({"emailAddress": {"address": BOB}, "role": "none"}, INVALID),
        ({"emailAddress": {"address": BOB}, "role": "custom"}, INVALID),
    ],
)
def test_what_cannot_be_given_is_refused(graph: Graph, body: Any, refusal: tuple[int, str]) -> None:
    assert graph.refused("POST", ENTRIES, body) == refusal
    assert len(graph.all(ENTRIES)) == 1


def test_somebody_without_a_mailbox_gets_an_entry_and_no_copy(stand_in: StandIn, graph: Graph) -> None:
    assert graph.post(ENTRIES, entry(LEO))["isInsideOrganization"] is True
    assert stand_in.graph(LEO).refused("GET", "/me/calendars") == (404, "MailboxNotEnabledForRESTAPI")


@pytest.mark.parametrize("role", ["read", "write", "delegateWithPrivateEventAccess"])
def test_sharees_and_delegates_see_an_empty_list_and_change_nothing(stand_in: StandIn, role: str) -> None:
    copy = copy_of(stand_in, role)
    own = stand_in.graph(ALICE).all(ENTRIES)[0]["id"]
    bob = stand_in.graph(BOB, ("Calendars.ReadWrite", *SHARED_WRITE))
    for place in (copy, f"/users/{ALICE}/calendar"):
        path = f"{place}/calendarPermissions"
        assert bob.get(path)["value"] == []
        assert bob.refused("GET", f"{path}/{own}") == NOT_FOUND
        assert bob.refused("POST", path, entry(CARLA)) == DENIED
        assert bob.refused("PATCH", f"{path}/{own}", {"role": "write"}) == DENIED
        assert bob.refused("DELETE", f"{path}/{own}") == DENIED
    assert len(stand_in.graph(ALICE).all(ENTRIES)) == 2


def test_entries_are_seen_through_every_path_of_the_owner(stand_in: StandIn, graph: Graph) -> None:
    graph.post(ENTRIES, entry(BOB))
    calendar = graph.get("/me/calendar")["id"]
    group = graph.all("/me/calendarGroups")[0]["id"]
    for path in (
        f"/users/{ALICE}/calendar",
        f"/users/{ALICE}/calendars/{calendar}",
        f"/me/calendarGroups/{group}/calendars/{calendar}",
    ):
        assert len(graph.all(f"{path}/calendarPermissions")) == 2
    assert len(app(stand_in, "Calendars.Read").all(f"/users/{ALICE}/calendar/calendarPermissions")) == 2
    assert stand_in.graph(CARLA, SHARED_READ).refused("GET", f"/users/{ALICE}/calendar/calendarPermissions") == DENIED


def test_personal_calendars_have_no_organization(stand_in: StandIn) -> None:
    paula = stand_in.graph(PAULA)
    assert paula.all(ENTRIES) == []
    assert paula.post(ENTRIES, entry(ALICE))["isInsideOrganization"] is False
    shown = stand_in.graph(ALICE).get("/me/calendars?$filter=name eq 'Paula Reyes'")["value"][0]
    assert (shown["owner"]["address"], shown["allowedOnlineMeetingProviders"]) == (PAULA, [])


@pytest.mark.parametrize(
    ("address", "roles"),
    [(BOB, FOR_COLLEAGUES + DELEGATES), (FARID, FOR_COLLEAGUES[:3]), ("o''hara@elsewhere.example", FOR_COLLEAGUES[:3])],
)
def test_the_roles_that_somebody_could_be_given_are_told(graph: Graph, address: str, roles: list[str]) -> None:
    for user in ("User", "user"):
        answer = graph.get(f"/me/calendar/allowedCalendarSharingRoles({user}='{address}')")
        assert answer["value"] == roles
    calendar = graph.post("/me/calendars", {"name": "Sports"})["id"]
    other = graph.get(f"/me/calendars/{calendar}/allowedCalendarSharingRoles(User='{address}')")
    assert other["value"] == [role for role in roles if role not in DELEGATES]


def test_roles_are_told_only_to_who_may_give_them(stand_in: StandIn, graph: Graph) -> None:
    copy = copy_of(stand_in, "write")
    ask = f"allowedCalendarSharingRoles(User='{CARLA}')"
    assert stand_in.graph(BOB).refused("GET", f"{copy}/{ask}") == DENIED
    assert stand_in.graph(BOB, SHARED_READ).refused("GET", f"/users/{ALICE}/calendar/{ask}") == DENIED
    assert graph.refused("GET", "/me/calendar/allowedCalendarSharingRoles") == INVALID
    assert graph.refused("GET", "/me/calendar/allowedCalendarSharingRoles(User='nobody@contoso.example')") == INVALID


def test_the_door_shares_and_takes_back(stand_in: StandIn, graph: Graph) -> None:
    assert share(stand_in, "write") is not None
    assert graph.all(ENTRIES)[0]["role"] == "write"
    answer = stand_in.door("sharing", do="unshare", mailbox=ALICE, person=BOB)
    assert [each["address"] for each in answer["permissions"]] == [None]
    for wrong in (
        {"do": "unshare", "mailbox": ALICE, "person": BOB},
        {"do": "share", "mailbox": ALICE, "person": BOB, "role": "emperor"},
        {"do": "share", "mailbox": ALICE, "person": ALICE},
        {"do": "share", "mailbox": LEO, "person": BOB},
        {"do": "unshared", "status": 500},
    ):
        response = stand_in.http.post("/_sandbox/sharing", json=wrong)
        assert response.status_code == 400
        assert response.get_json()["error"]
