"""The calendars of Microsoft 365 groups: one for each, for its members, and without what only people have."""

from typing import Any

import pytest

from tests.sandbox.graph_side import ALICE, BOB, CARLA, FARID, GRAPH, NOON, Graph, StandIn, timed, weekly
from tests.sandbox.meeting_side import answers, copy_of, every_tuesday, meeting
from tests.sandbox.samples import lacks, sample
from tests.sandbox.sharing_side import (
    DENIED,
    INVALID,
    MALFORMED,
    NOT_FOUND,
    TASKFORCE,
    TASKFORCE_MAIL,
    WINDOW,
    app,
    subjects,
)

PLACE = f"/groups/{TASKFORCE}"
LINK = "calendar@odata.navigationLink"
UNKNOWN = (404, "Request_ResourceNotFound")
NO_SEGMENT = (404, "ResourceNotFound")


@pytest.fixture
def member(stand_in: StandIn) -> Graph:
    return stand_in.graph(ALICE, ("Group.ReadWrite.All",))


def test_a_group_has_one_calendar(member: Graph) -> None:
    shown = member.get(f"{PLACE}/calendar")
    assert (shown["name"], shown["isDefaultCalendar"], shown["canEdit"]) == ("Calendar", True, True)
    assert shown["owner"] == {"name": "HR Taskforce", "address": TASKFORCE_MAIL}
    assert shown["@odata.context"].endswith(f"#groups('{TASKFORCE}')/calendar/$entity")
    for path in ("calendars", f"calendars/{shown['id']}", "calendarGroups", "calendar/calendarPermissions"):
        assert member.refused("GET", f"{PLACE}/{path}") == NO_SEGMENT
    assert member.refused("DELETE", f"{PLACE}/calendar") == INVALID


def test_members_share_its_events(stand_in: StandIn, member: Graph) -> None:
    event = timed("Continuing Education Sync", *NOON, recurrence=weekly("2026-12-01", "tuesday", "thursday"))
    response = member.call("POST", f"{PLACE}/events", event)
    made = response.get_json()
    assert response.status_code == 201
    assert lacks(made, sample("event-recurring-noend-response") | {"attendees": []}) == []
    assert made["organizer"]["emailAddress"] == {"name": "HR Taskforce", "address": TASKFORCE_MAIL}
    assert response.headers["Location"] == f"{GRAPH}/v1.0/groups('{TASKFORCE}')/events('{made['id']}')"
    bob = stand_in.graph(BOB, ("Group.Read.All",))
    for path in ("events", "calendar/events"):
        assert subjects(bob.all(f"{PLACE}/{path}")) == ["Continuing Education Sync"]
        assert bob.get(f"{PLACE}/{path}/{made['id']}")["id"] == made["id"]
    for path in ("calendarView", "calendar/calendarView", f"events/{made['id']}/instances"):
        assert len(bob.get(f"{PLACE}/{path}?{WINDOW}&$top=50")["value"]) == 10
    assert bob.get(f"/groups('{TASKFORCE}')/events")["@odata.context"].endswith(f"groups('{TASKFORCE}')/events")
    calendar = bob.get(f"{PLACE}/events/{made['id']}/calendar")
    assert calendar["owner"]["address"] == TASKFORCE_MAIL
    assert calendar == bob.get(f"{PLACE}/calendar") == bob.get(bob.get(f"{PLACE}/events/{made['id']}")[LINK])
    changed = member.patch(f"{PLACE}/events/{made['id']}", {"subject": "Sync"})
    assert (changed["id"], changed["subject"]) == (made["id"], "Sync")
    member.delete(f"{PLACE}/events/{made['id']}")
    assert bob.refused("GET", f"{PLACE}/events/{made['id']}") == NOT_FOUND


def test_what_apps_keep_at_its_events_is_the_groups(member: Graph) -> None:
    path = f"{PLACE}/events/{member.post(f'{PLACE}/events', timed('A', *NOON))['id']}/extensions"
    made = member.post(path, {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "Com.A", "n": 1})
    assert f"#groups('{TASKFORCE}')/events(" in made["@odata.context"]
    assert f"#groups('{TASKFORCE}')/events(" in member.get(path)["@odata.context"]


def test_delta_follows_the_calendar_of_a_group(stand_in: StandIn, member: Graph) -> None:
    items, link = member.round(f"{PLACE}/calendarView/delta?{WINDOW}")
    assert items == []
    stand_in.edit("create", mailbox=TASKFORCE_MAIL, event=timed("Kick-off", *NOON))
    assert subjects(member.round(link)[0]) == ["Kick-off"]
    token = link.partition("?")[2]
    alice = stand_in.graph(ALICE)
    assert alice.refused("GET", f"/me/calendarView/delta?{token}") == (410, "SyncStateNotFound")


def test_only_scopes_of_groups_reach_it(stand_in: StandIn) -> None:
    scopes = ("Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "User.Read")
    assert stand_in.graph(ALICE, scopes).refused("GET", f"{PLACE}/events") == DENIED
    reader = stand_in.graph(ALICE, ("Group.Read.All",))
    assert reader.all(f"{PLACE}/events") == []
    assert reader.refused("POST", f"{PLACE}/events", timed("A", *NOON)) == DENIED
    assert reader.refused("PATCH", f"{PLACE}/calendar", {"name": "Ours"}) == DENIED
    # And the other way round: they open nobody's own calendar.
    assert reader.refused("GET", "/me/events") == DENIED


def test_who_is_no_member_and_apps_are_refused(stand_in: StandIn) -> None:
    assert stand_in.graph(CARLA, ("Group.ReadWrite.All",)).refused("GET", f"{PLACE}/events") == DENIED
    assert app(stand_in, "Group.ReadWrite.All", "Calendars.ReadWrite").refused("GET", f"{PLACE}/events") == DENIED


def test_unknown_groups_are_unknown(stand_in: StandIn, member: Graph) -> None:
    for name in ("11111111-2222-4333-8444-555555555555", TASKFORCE_MAIL, "x"):
        assert member.refused("GET", f"/groups/{name}/events") == UNKNOWN
        assert member.refused("GET", f"/groups/{name}") == UNKNOWN
    farid = stand_in.graph(FARID, ("Group.ReadWrite.All",))
    assert farid.refused("GET", f"{PLACE}/calendar") == UNKNOWN


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("POST", "accept", {}),
        ("POST", "decline", {}),
        ("POST", "tentativelyAccept", {}),
        ("POST", "snoozeReminder", {}),
        ("POST", "dismissReminder", {}),
        ("GET", "attachments", None),
        ("POST", "attachments", {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a"}),
    ],
)
def test_groups_have_no_reminders_answers_or_attachments(member: Graph, method: str, tail: str, body: Any) -> None:
    event = member.post(f"{PLACE}/events", timed("A", *NOON))["id"]
    assert member.refused(method, f"{PLACE}/events/{event}/{tail}", body) == INVALID
    assert member.refused(method, f"{PLACE}/calendar/events/{event}/{tail}", body) == INVALID


def test_ids_of_a_group_are_its_own(stand_in: StandIn, member: Graph) -> None:
    event = member.post(f"{PLACE}/events", timed("A", *NOON))["id"]
    alice = stand_in.graph(ALICE)
    assert alice.refused("GET", f"/me/events/{event}") == MALFORMED
    own = alice.post("/me/events", timed("B", *NOON))["id"]
    assert member.refused("GET", f"{PLACE}/events/{own}") == MALFORMED


def test_a_group_is_nobody_whose_mailbox_can_be_asked_for(stand_in: StandIn) -> None:
    graph = stand_in.graph(ALICE, ("Calendars.Read.Shared", "User.Read.All"))
    assert graph.refused("GET", f"/users/{TASKFORCE_MAIL}/events") == (404, "ErrorInvalidUser")
    assert graph.refused("GET", f"/users/{TASKFORCE}") == UNKNOWN
    world = stand_in.look("world")
    assert TASKFORCE_MAIL not in {each["mail"] for each in world["people"]}
    found = {each["mail"]: each for each in world["groups"]}
    assert found[TASKFORCE_MAIL]["members"] == [ALICE, BOB]
    assert [each["name"] for each in found[TASKFORCE_MAIL]["calendars"]] == ["Calendar"]


def test_groups_are_there_whatever_the_number_of_mailboxes(stand_in: StandIn) -> None:
    assert stand_in.door("reset", mailboxes=1, events=0)["mailboxes"] == 1
    assert stand_in.graph(ALICE, ("Group.Read.All",)).all(f"{PLACE}/events") == []


def test_groups_of_the_tenant_are_listed_and_shown(stand_in: StandIn, member: Graph) -> None:
    assert {each["displayName"] for each in member.all("/groups")} == {"HR Taskforce", "Design Guild"}
    assert member.get(PLACE)["mail"] == TASKFORCE_MAIL
    assert set(member.get(f"{PLACE}?$select=displayName")) == {"@odata.context", "id", "displayName"}
    assert stand_in.graph(FARID, ("Group.Read.All",)).all("/groups") == []
    assert app(stand_in, "Group.Read.All").get(PLACE)["displayName"] == "HR Taskforce"
    for path in ("/groups", PLACE):
        assert stand_in.graph(ALICE).refused("GET", path) == (403, "Authorization_RequestDenied")
    assert member.refused("GET", f"{PLACE}?$expand=owners") == (400, "ExpandNotSupported")


def test_the_log_names_the_group_as_the_mailbox(stand_in: StandIn, member: Graph) -> None:
    member.get(f"{PLACE}/events")
    assert stand_in.look("requests")["requests"][-1]["mailbox"] == TASKFORCE_MAIL


def test_a_group_accepts_whatever_it_is_invited_to(stand_in: StandIn, member: Graph) -> None:
    carla = stand_in.graph(CARLA)
    for made in (
        carla.post("/me/events", meeting(TASKFORCE_MAIL.upper(), subject="Once")),
        carla.post("/me/events", meeting(TASKFORCE_MAIL, subject="At the same time")),
        carla.post("/me/events", every_tuesday(TASKFORCE_MAIL, subject="Weekly")),
    ):
        assert set(answers(carla.get(f"/me/events/{made['id']}")).values()) == {"accepted"}
    held = member.get(f"{PLACE}/events")["value"]
    assert subjects(held) == ["Once", "At the same time", "Weekly"]
    assert {(each["responseStatus"]["response"], each["isOrganizer"], each["isReminderOn"]) for each in held} == {
        ("accepted", False, False)
    }
    carla.delete(f"/me/events/{made['id']}")
    assert subjects(member.get(f"{PLACE}/events")["value"])[-1] == "Canceled: Weekly"


def test_attachments_come_to_a_group_in_no_other_way_either(member: Graph) -> None:
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGk="}
    assert member.refused("POST", f"{PLACE}/events", timed("Sync", *NOON, attachments=[file])) == INVALID
    assert member.get(f"{PLACE}/events")["value"] == []
    assert member.post(f"{PLACE}/events", timed("Sync", *NOON, attachments=[]))["hasAttachments"] is False
    assert member.refused("GET", f"{PLACE}/events?$expand=attachments") == (400, "ExpandNotSupported")


def test_answers_reach_the_group_that_invited(stand_in: StandIn, member: Graph) -> None:
    made, carla = member.post(f"{PLACE}/events", meeting(CARLA)), stand_in.graph(CARLA)
    carla.call("POST", f"/me/events/{copy_of(carla, made)['id']}/tentativelyAccept", {})
    assert answers(member.get(f"{PLACE}/events/{made['id']}")) == {CARLA: "tentativelyAccepted"}


def test_events_of_a_group_remind_nobody(member: Graph) -> None:
    made = member.post(f"{PLACE}/events", timed("Sync", *NOON, isReminderOn=True))
    assert made["isReminderOn"] is False
    assert member.patch(f"{PLACE}/events/{made['id']}", {"isReminderOn": True})["isReminderOn"] is False


def test_the_list_of_groups_belongs_to_nobody(stand_in: StandIn) -> None:
    daemon = app(stand_in, "Group.Read.All")
    found = daemon.get("/groups")
    assert found["@odata.context"].endswith("$metadata#groups")
    assert TASKFORCE in [each["id"] for each in found["value"]]
