"""Calendars of others, in the owner's mailbox and as copies among one's own: what can be read and written there."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.graph_side import (
    ALICE,
    BOB,
    CARLA,
    FARID,
    IMMUTABLE,
    JSON,
    NOON,
    Graph,
    Listener,
    StandIn,
    timed,
    weekly,
)
from tests.sandbox.samples import lacks, sample
from tests.sandbox.sharing_side import (
    DENIED,
    INVALID,
    MALFORMED,
    NOT_FOUND,
    SHARED_READ,
    SHARED_WRITE,
    WINDOW,
    copy_of,
    share,
    subjects,
)

OWNERS = f"/users/{ALICE}"
VIEW = f"calendarView?{WINDOW}"
DELTA = f"calendarView/delta?{WINDOW}"
READERS = ["limitedRead", "read", "write", "delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess"]
WRITERS = READERS[2:]


def lunch(stand_in: StandIn, **more: Any) -> str:
    """An event in Alice's calendar; its id in her mailbox."""
    found: str = stand_in.edit("create", event=timed("Lunch", *NOON, **more))["id"]
    return found


def secret(stand_in: StandIn) -> str:
    return lunch(
        stand_in,
        sensitivity="private",
        body={"contentType": "text", "content": "Nobody may know"},
        location={"displayName": "Harry's Bar"},
        categories=["Red"],
        attendees=[{"emailAddress": {"address": CARLA}}],
    )


# In the owner's mailbox


@pytest.mark.parametrize("role", READERS)
def test_a_shared_calendar_is_read_in_the_owners_mailbox(stand_in: StandIn, role: str) -> None:
    share(stand_in, role)
    event = lunch(stand_in)
    bob = stand_in.graph(BOB, SHARED_READ)
    calendar = bob.get(f"{OWNERS}/calendar")
    for path in (
        f"{OWNERS}/events",
        f"{OWNERS}/calendar/events",
        f"{OWNERS}/{VIEW}",
        f"{OWNERS}/calendars/{calendar['id']}/events",
    ):
        assert subjects(bob.all(path)) == ["Lunch"]
    assert bob.get(f"{OWNERS}/events/{event}")["id"] == event
    assert bob.get(f"{OWNERS}/calendar/events/{event}")["subject"] == "Lunch"
    assert subjects(bob.round(f"{OWNERS}/{DELTA}")[0]) == ["Lunch"]
    assert [each["id"] for each in bob.all(f"{OWNERS}/calendars")] == [calendar["id"]]


@pytest.mark.parametrize("role", [None, "freeBusyRead"])
def test_a_calendar_that_is_not_shared_to_be_read_is_refused(stand_in: StandIn, role: str | None) -> None:
    if role is not None:
        share(stand_in, role)
    event = lunch(stand_in)
    calendar = stand_in.graph(ALICE).get("/me/calendar")["id"]
    bob = stand_in.graph(BOB, SHARED_WRITE)
    for path in (
        f"{OWNERS}/calendar",
        f"{OWNERS}/calendars",
        f"{OWNERS}/calendars/{calendar}",
        f"{OWNERS}/events",
        f"{OWNERS}/events/{event}",
        f"{OWNERS}/{VIEW}",
        f"{OWNERS}/{DELTA}",
    ):
        assert bob.refused("GET", path) == DENIED
    assert bob.refused("POST", f"{OWNERS}/events", timed("A", *NOON)) == DENIED
    assert bob.refused("DELETE", f"{OWNERS}/events/{event}") == DENIED
    stand_in.door("sharing", do="unshared", status=404)
    for path in (f"{OWNERS}/calendar", f"{OWNERS}/calendars", f"{OWNERS}/events", f"{OWNERS}/events/{event}"):
        assert bob.refused("GET", path) == NOT_FOUND


def test_sharing_one_calendar_does_not_share_the_others(stand_in: StandIn) -> None:
    share(stand_in, "write", calendar="Private")
    default, private = stand_in.graph(ALICE).all("/me/calendars")
    main = lunch(stand_in)
    other = stand_in.edit("create", calendar="Private", event=timed("Tea", *NOON))["id"]
    bob = stand_in.graph(BOB, SHARED_WRITE)
    assert [each["name"] for each in bob.all(f"{OWNERS}/calendars")] == ["Private"]
    assert bob.get(f"{OWNERS}/events/{other}")["subject"] == "Tea"
    assert subjects(bob.all(f"{OWNERS}/calendars/{private['id']}/events")) == ["Tea"]
    for path in (f"{OWNERS}/events/{main}", f"{OWNERS}/events", f"{OWNERS}/calendars/{default['id']}/events"):
        assert bob.refused("GET", path) == DENIED
    assert bob.refused("PATCH", f"{OWNERS}/events/{main}", {"subject": "B"}) == DENIED
    assert bob.refused("GET", f"{OWNERS}/calendars/{private['id']}/events/{main}") == NOT_FOUND


def test_what_everybody_of_the_organization_may_do_counts_for_who_has_no_entry(stand_in: StandIn) -> None:
    lunch(stand_in)
    graph = stand_in.graph(ALICE)
    graph.patch("/me/calendar/calendarPermissions/RGVmYXVsdA==", {"role": "read"})
    share(stand_in, "freeBusyRead")
    assert subjects(stand_in.graph(CARLA, SHARED_READ).all(f"{OWNERS}/events")) == ["Lunch"]
    # An entry of one's own counts, even if it says less.
    assert stand_in.graph(BOB, SHARED_READ).refused("GET", f"{OWNERS}/events") == DENIED
    # Nobody gets a copy of what is open to everybody.
    assert len(stand_in.graph(CARLA).all("/me/calendars")) == 2


def test_what_the_caller_may_do_stands_in_the_calendar(stand_in: StandIn) -> None:
    names = ("canShare", "canEdit", "canViewPrivateItems", "isDefaultCalendar", "isRemovable")
    for role, expected in (
        ("read", (False, False, False, True, False)),
        ("write", (False, True, False, True, False)),
        ("delegateWithPrivateEventAccess", (False, True, True, True, False)),
    ):
        share(stand_in, role)
        shown = stand_in.graph(BOB, SHARED_READ).get(f"{OWNERS}/calendar")
        assert tuple(shown[name] for name in names) == expected
        assert shown["owner"]["address"] == ALICE


@pytest.mark.parametrize("role", WRITERS)
def test_who_may_write_makes_changes_and_deletes_events_of_the_owner(stand_in: StandIn, role: str) -> None:
    share(stand_in, role)
    bob, alice = stand_in.graph(BOB, SHARED_WRITE), stand_in.graph(ALICE)
    made = bob.post(f"{OWNERS}/events", timed("Dinner", *NOON))
    assert made["organizer"]["emailAddress"] == {"name": "Alice Moreau", "address": ALICE}
    assert alice.get(f"/me/events/{made['id']}")["isOrganizer"] is True
    changed = bob.patch(f"{OWNERS}/events/{made['id']}", {"subject": "Supper"})
    assert alice.get(f"/me/events/{made['id']}")["changeKey"] == changed["changeKey"] != made["changeKey"]
    assert bob.refused("PATCH", f"{OWNERS}/events/{made['id']}", {"subject": "C"}, If_Match=made["@odata.etag"])[0] == (
        412
    )
    bob.delete(f"{OWNERS}/events/{made['id']}")
    assert alice.all("/me/events") == []


@pytest.mark.parametrize("role", ["limitedRead", "read"])
def test_who_may_only_read_writes_nothing(stand_in: StandIn, role: str) -> None:
    copy = copy_of(stand_in, role)
    event = lunch(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.ReadWrite", *SHARED_WRITE))
    shared = bob.all(f"{copy}/events")[0]["id"]
    for place, id_ in ((OWNERS, event), (copy, shared)):
        assert bob.refused("POST", f"{place}/events", timed("A", *NOON)) == DENIED
        assert bob.refused("PATCH", f"{place}/events/{id_}", {"subject": "B"}) == DENIED
        assert bob.refused("DELETE", f"{place}/events/{id_}") == DENIED
    assert subjects(stand_in.graph(ALICE).all("/me/events")) == ["Lunch"]


def test_the_calendar_itself_is_its_owners_business(stand_in: StandIn) -> None:
    share(stand_in, "delegateWithPrivateEventAccess")
    share(stand_in, "write", calendar="Private")
    private = stand_in.graph(ALICE).all("/me/calendars")[1]["id"]
    bob = stand_in.graph(BOB, SHARED_WRITE)
    assert bob.refused("POST", f"{OWNERS}/calendars", {"name": "Bob was here"}) == DENIED
    assert bob.refused("PATCH", f"{OWNERS}/calendar", {"name": "Bob's"}) == DENIED
    assert bob.refused("DELETE", f"{OWNERS}/calendars/{private}") == DENIED
    assert bob.refused("POST", f"{OWNERS}/calendars/{private}/permanentDelete") == DENIED


# Private events, and roles that show less


@pytest.mark.parametrize("role", ["read", "write", "limitedRead", "delegateWithoutPrivateEventAccess"])
def test_private_events_are_blank_for_who_may_not_see_them(stand_in: StandIn, role: str) -> None:
    copy = copy_of(stand_in, role)
    event = secret(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.Read", *SHARED_READ))
    shown = [
        bob.get(f"{OWNERS}/events/{event}"),
        bob.all(f"{OWNERS}/{VIEW}")[0],
        bob.round(f"{OWNERS}/{DELTA}")[0][0],
        bob.all(f"{copy}/events")[0],
    ]
    for each in shown:
        assert (each["subject"], each["sensitivity"], each["showAs"]) == ("Private Appointment", "private", "busy")
        assert each["start"]["dateTime"].startswith(NOON[0])
        assert (each["body"]["content"], each["bodyPreview"], each["location"]["displayName"]) == ("", "", "")
        assert (each["attendees"], each["locations"], each["categories"], each["organizer"]) == ([], [], [], None)
    assert bob.all(f"{OWNERS}/events?$filter=subject eq 'Lunch'") == []
    assert stand_in.graph(ALICE).get(f"/me/events/{event}")["subject"] == "Lunch"


def test_who_may_see_private_events_sees_them_in_full(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "delegateWithPrivateEventAccess")
    event = secret(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.Read", *SHARED_READ))
    for shown in (bob.get(f"{OWNERS}/events/{event}"), bob.all(f"{copy}/events")[0]):
        assert (shown["subject"], shown["location"]["displayName"]) == ("Lunch", "Harry's Bar")
        assert "Nobody may know" in shown["body"]["content"]


@pytest.mark.parametrize("role", ["write", "delegateWithoutPrivateEventAccess"])
def test_what_is_not_seen_is_not_changed(stand_in: StandIn, role: str) -> None:
    copy = copy_of(stand_in, role)
    event = secret(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.ReadWrite", *SHARED_WRITE))
    for path in (f"{OWNERS}/events/{event}", f"{copy}/events/{bob.all(f'{copy}/events')[0]['id']}"):
        assert bob.refused("PATCH", path, {"subject": "Seen"}) == DENIED
        assert bob.refused("DELETE", path) == DENIED
        assert bob.refused("GET", f"{path}/attachments") == DENIED
    stand_in.edit("update", id=event, event={"sensitivity": "confidential"})
    assert bob.patch(f"{OWNERS}/events/{event}", {"subject": "Seen"})["subject"] == "Seen"


def test_a_private_instance_of_an_open_series_is_blank_by_itself(stand_in: StandIn) -> None:
    share(stand_in, "write")
    series = timed("Review", *NOON, recurrence=weekly("2026-12-01", "tuesday"))
    master = stand_in.edit("create", event=series)["id"]
    stand_in.edit("edit-occurrence", id=master, date="2026-12-08", event={"sensitivity": "private"})
    bob = stand_in.graph(BOB, SHARED_WRITE)
    instances = bob.all(f"{OWNERS}/events/{master}/instances?{WINDOW}")
    assert subjects(instances) == ["Review", "Private Appointment", "Review", "Review", "Review"]
    assert bob.refused("PATCH", f"{OWNERS}/events/{instances[1]['id']}", {"subject": "B"}) == DENIED
    assert bob.patch(f"{OWNERS}/events/{instances[2]['id']}", {"subject": "B"})["subject"] == "B"


def test_the_limited_role_shows_what_events_are_called_and_where(stand_in: StandIn) -> None:
    share(stand_in, "limitedRead")
    event = lunch(
        stand_in,
        body={"contentType": "text", "content": "Details"},
        location={"displayName": "Harry's Bar"},
        attendees=[{"emailAddress": {"address": CARLA}}],
        isOnlineMeeting=True,
    )
    bob = stand_in.graph(BOB, SHARED_READ)
    shown = bob.get(f"{OWNERS}/events/{event}")
    assert (shown["subject"], shown["location"]["displayName"]) == ("Lunch", "Harry's Bar")
    assert (shown["body"]["content"], shown["attendees"], shown["onlineMeeting"]) == ("", [], None)
    assert set(shown) == set(stand_in.graph(ALICE).get(f"/me/events/{event}"))
    assert bob.refused("GET", f"{OWNERS}/events/{event}/attachments") == DENIED


def test_the_weakest_role_shows_only_how_busy_the_owner_is_and_only_in_the_copy(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "freeBusyRead")
    lunch(stand_in, showAs="oof", location={"displayName": "Harry's Bar"})
    stand_in.edit("raw", event={"subject": "Odd", "bodyPreview": "Words", "start": None})
    bob = stand_in.graph(BOB, ("Calendars.Read", *SHARED_READ))
    shown, odd = bob.all(f"{copy}/events")
    assert (shown["subject"], shown["showAs"], shown["location"]["displayName"]) == ("Busy", "oof", "")
    assert (odd["subject"], odd["bodyPreview"], odd["start"]) == ("Busy", "", None)
    assert bob.refused("GET", f"{OWNERS}/events") == DENIED


# As a copy


def test_a_shared_calendar_appears_among_ones_own(stand_in: StandIn) -> None:
    share(stand_in, "read", calendar="Private")
    answer = stand_in.graph(BOB, ("Calendars.Read",)).get("/me/calendars")
    assert lacks(answer, sample("calendars-list-shared-response")) == []
    shown = answer["value"][-1]
    expected = {
        "name": "Private",
        "owner": {"name": "Alice Moreau", "address": ALICE},
        "canShare": False,
        "canEdit": False,
        "canViewPrivateItems": False,
        "isDefaultCalendar": False,
        "isTallyingResponses": False,
        "isRemovable": True,
    }
    assert {name: shown[name] for name in expected} == expected
    assert stand_in.graph(BOB).get(f"/me/calendars/{shown['id']}")["name"] == "Private"


def test_a_main_calendar_goes_by_its_owners_name(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "write")
    shown = stand_in.graph(BOB).get(copy)
    assert (shown["name"], shown["canEdit"]) == ("Alice Moreau", True)


def test_the_events_of_a_copy_are_the_owners_under_other_ids(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read")
    event = lunch(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.Read",))
    (shown,) = bob.all(f"{copy}/events")
    assert shown["id"] != event
    own = stand_in.graph(ALICE).get(f"/me/events/{event}")
    for name in ("changeKey", "iCalUId", "createdDateTime", "organizer"):
        assert shown[name] == own[name]
    for path in (f"{copy}/events/{shown['id']}", f"/me/events/{shown['id']}", f"/users/{BOB}/events/{shown['id']}"):
        one = bob.get(path)
        assert (one["id"], one["subject"]) == (shown["id"], "Lunch")
    assert f"calendars('{copy.rpartition('/')[2]}')" in one["calendar@odata.navigationLink"]
    named = bob.get(f"/me/events/{shown['id']}/calendar")
    assert (named["id"], named["owner"]["address"]) == (copy.rpartition("/")[2], ALICE)
    assert named == bob.get(copy)
    # Lists of the mailbox are those of its own main calendar.
    assert bob.all("/me/events") == []


def test_the_two_families_of_ids_never_mix(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "write")
    event = lunch(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.Read", *SHARED_READ))
    own = bob.get("/me/calendar")["id"]
    calendar = bob.get(f"{OWNERS}/calendar")["id"]
    for form in ("", IMMUTABLE):
        shared = bob.all(f"{copy}/events", Prefer=form)[0]["id"]
        theirs = bob.all(f"{OWNERS}/events", Prefer=form)[0]["id"]
        assert bob.refused("GET", f"{OWNERS}/events/{shared}") == MALFORMED
        assert bob.refused("GET", f"/me/events/{theirs}") == MALFORMED
        assert bob.refused("GET", f"{copy}/events/{theirs}") == MALFORMED
        assert bob.refused("GET", f"/me/calendars/{own}/events/{shared}") == NOT_FOUND
    assert bob.refused("GET", f"/me/calendars/{calendar}") == MALFORMED
    assert bob.refused("GET", f"{OWNERS}/calendars/{copy.rpartition('/')[2]}") == MALFORMED
    assert bob.refused("GET", f"/me/events/{event}") == MALFORMED
    # An event of one's own is not in the calendar of somebody else.
    mine = stand_in.graph(BOB).post("/me/events", timed("Mine", *NOON))["id"]
    assert bob.refused("GET", f"{copy}/events/{mine}") == NOT_FOUND
    assert bob.refused("GET", f"{copy}/events/nonsense") == MALFORMED


def test_immutable_ids_of_a_copy_outlive_a_change(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "write")
    event = lunch(stand_in)
    bob = stand_in.graph(BOB)
    lasting = bob.all(f"{copy}/events", Prefer=IMMUTABLE)[0]["id"]
    stand_in.edit("update", id=event, event={"subject": "Brunch"})
    assert bob.get(f"/me/events/{lasting}", Prefer=IMMUTABLE)["id"] == lasting
    assert bob.get(f"/me/events/{lasting}")["subject"] == "Brunch"
    assert bob.get(f"/me/events/{lasting}")["id"] == bob.all(f"{copy}/events")[0]["id"]


def test_an_event_made_through_a_copy_is_the_owners(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "write")
    bob, alice = stand_in.graph(BOB), stand_in.graph(ALICE)
    response = bob.call("POST", f"{copy}/events", sample("event-create-in-shared-calendar-request"))
    made = response.get_json()
    assert lacks(made, sample("event-create-in-shared-calendar-response")) == []
    assert response.headers["Location"].endswith(f"/events('{made['id']}')")
    assert made["organizer"]["emailAddress"] == {"name": "Alice Moreau", "address": ALICE}
    assert (made["isOrganizer"], made["responseStatus"]["response"], made["isReminderOn"]) == (True, "organizer", False)
    assert BOB not in str(made)
    (own,) = alice.all("/me/events")
    assert (own["subject"], own["iCalUId"]) == ("Christmas dinner", made["iCalUId"])
    assert bob.all("/me/events") == []
    changed = bob.patch(f"/me/events/{made['id']}", {"subject": "New year's dinner"})
    assert changed["id"] == made["id"]
    assert alice.all("/me/events")[0]["changeKey"] == changed["changeKey"]
    bob.delete(f"{copy}/events/{made['id']}")
    assert alice.all("/me/events") == []
    assert bob.refused("GET", f"/me/events/{made['id']}") == NOT_FOUND


def test_a_series_is_seen_and_changed_through_a_copy(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "write")
    bob, alice = stand_in.graph(BOB), stand_in.graph(ALICE)
    master = bob.post(f"{copy}/events", timed("Review", *NOON, recurrence=weekly("2026-12-01", "tuesday")))
    instances = bob.all(f"/me/events/{master['id']}/instances?{WINDOW}")
    assert [each["seriesMasterId"] for each in instances] == [master["id"]] * 5
    assert subjects(bob.all(f"{copy}/{VIEW}")) == ["Review"] * 5
    changed = bob.patch(f"{copy}/events/{instances[1]['id']}", {"subject": "Retrospective"})
    assert (changed["type"], changed["id"]) == ("exception", instances[1]["id"])
    bob.delete(f"{copy}/events/{instances[2]['id']}")
    assert subjects(alice.all(f"/me/{VIEW}")) == ["Review", "Retrospective", "Review", "Review"]
    page = bob.get(f"{copy}/{VIEW}&$top=1&$skip=1")
    assert (page["value"][0]["id"], "@odata.nextLink" in page) == (instances[1]["id"], True)


def test_delta_on_a_copy_tells_what_happened_in_the_owners_mailbox(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read")
    lunch(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.Read",))
    items, link = bob.round(f"{copy}/{DELTA}")
    (shown,) = items
    assert shown["id"] == bob.all(f"{copy}/events")[0]["id"]
    tea = stand_in.edit("create", event=timed("Tea", *NOON))["id"]
    items, link = bob.round(link)
    assert subjects(items) == ["Tea"]
    stand_in.edit("delete", id=tea)
    removed, link = bob.round(link)
    assert [(each["id"], each["@removed"]["reason"]) for each in removed] == [(items[0]["id"], "deleted")]
    assert bob.round(link)[0] == []


def test_a_link_of_delta_is_good_for_its_own_calendar_only(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read")
    lunch(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.Read", *SHARED_READ))
    gone = (410, "SyncStateNotFound")
    token = bob.round(f"{copy}/{DELTA}")[1].partition("?")[2]
    for place in ("/me", OWNERS):
        assert bob.refused("GET", f"{place}/calendarView/delta?{token}") == gone
    token = stand_in.graph(ALICE).round(f"/me/calendars/{private_of(stand_in)}/{DELTA}")[1].partition("?")[2]
    # Whoever may read one calendar of Alice's does not get at another with a link of hers.
    assert bob.refused("GET", f"{OWNERS}/calendarView/delta?{token}") == gone


def private_of(stand_in: StandIn) -> str:
    found: str = stand_in.graph(ALICE).all("/me/calendars")[1]["id"]
    return found


@pytest.mark.parametrize("through_copy", [False, True])
def test_the_owner_hears_of_what_sharees_write(stand_in: StandIn, listener: Listener, through_copy: bool) -> None:
    copy = copy_of(stand_in, "write")
    alice, bob = stand_in.graph(ALICE), stand_in.graph(BOB, ("Calendars.ReadWrite", *SHARED_WRITE))
    subscribe(stand_in, alice, listener)
    _, link = alice.round(f"/me/{DELTA}")
    made = bob.post(f"{copy if through_copy else OWNERS}/events", timed("Dinner", *NOON))
    (told,) = listener.items(1)
    own = alice.all("/me/events")[0]["id"]
    assert (told["changeType"], told["resourceData"]["id"]) == ("created", own)
    assert (made["id"] == own) is not through_copy
    assert subjects(alice.round(link)[0]) == ["Dinner"]


def test_sharees_are_not_told_of_what_happens_in_copies(stand_in: StandIn, listener: Listener) -> None:
    copy = copy_of(stand_in, "write")
    bob = stand_in.graph(BOB)
    subscribe(stand_in, bob, listener)
    bob.post(f"{copy}/events", timed("Dinner", *NOON))
    own = bob.post("/me/events", timed("Mine", *NOON))["id"]
    # The first thing that is told is the change in the own mailbox.
    assert [each["resourceData"]["id"] for each in listener.items(1)] == [own]


def subscribe(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    wish = {
        "changeType": "created,updated,deleted",
        "notificationUrl": listener.url,
        "resource": "me/events",
        "expirationDateTime": (stand_in.sandbox.clock.now() + timedelta(days=1)).isoformat(),
    }
    graph.post("/subscriptions", wish)


# The life of a copy


def test_a_copy_follows_the_role(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read")
    bob, alice = stand_in.graph(BOB), stand_in.graph(ALICE)
    entry = alice.all("/me/calendar/calendarPermissions")[0]["id"]
    path = f"/me/calendar/calendarPermissions/{entry}"
    assert bob.get(copy)["canEdit"] is False
    alice.patch(path, {"role": "write"})
    assert bob.get(copy)["canEdit"] is True
    assert bob.post(f"{copy}/events", timed("A", *NOON))["subject"] == "A"
    alice.delete(path)
    for place in (copy, f"{copy}/events", f"{copy}/{VIEW}"):
        assert bob.refused("GET", place) == NOT_FOUND
    assert len(bob.all("/me/calendars")) == 2


def test_the_events_of_a_copy_are_gone_with_it(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read")
    lunch(stand_in)
    bob = stand_in.graph(BOB)
    event, link = bob.all(f"{copy}/events")[0]["id"], bob.round(f"{copy}/{DELTA}")[1]
    stand_in.door("sharing", do="unshare", mailbox=ALICE, person=BOB)
    assert bob.refused("GET", f"/me/events/{event}") == NOT_FOUND
    assert bob.refused("GET", link) == NOT_FOUND
    again = copy_of(stand_in, "read")
    assert again != copy
    assert bob.refused("GET", f"/me/events/{event}") == NOT_FOUND
    assert bob.refused("GET", f"{again}/events/{event}") == NOT_FOUND


def test_a_sharee_names_paints_and_removes_the_copy_for_himself(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read")
    bob, alice = stand_in.graph(BOB), stand_in.graph(ALICE)
    changed = bob.patch(copy, {"name": "The boss", "color": "lightRed"})
    assert (changed["name"], changed["color"], bob.get(copy)["name"]) == ("The boss", "lightRed", "The boss")
    assert alice.get("/me/calendar")["name"] == "Calendar"
    assert bob.refused("PATCH", copy, {"isDefaultCalendar": True}) == INVALID
    lunch(stand_in)
    bob.delete(copy)
    assert bob.refused("GET", copy) == NOT_FOUND
    assert subjects(alice.all("/me/events")) == ["Lunch"]
    # The sharing is still there, and makes a new copy when it is made anew.
    assert len(alice.all("/me/calendar/calendarPermissions")) == 2
    assert subjects(stand_in.graph(BOB, SHARED_READ).all(f"{OWNERS}/events")) == ["Lunch"]
    assert subjects(bob.all(f"{copy_of(stand_in, 'read')}/events")) == ["Lunch"]


def test_copies_go_with_the_calendar(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read", calendar="Private")
    stand_in.graph(ALICE).delete(f"/me/calendars/{private_of(stand_in)}")
    assert stand_in.graph(BOB).refused("GET", copy) == NOT_FOUND
    assert len(stand_in.graph(BOB).all("/me/calendars")) == 2


def test_an_event_that_leaves_the_shared_calendar_is_gone_for_the_sharee(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read")
    event = lunch(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.Read", *SHARED_READ))
    lasting = bob.all(f"{copy}/events", Prefer=IMMUTABLE)[0]["id"]
    _, link = bob.round(f"{copy}/{DELTA}")
    stand_in.edit("move", id=event, calendar="Private")
    assert bob.refused("GET", f"/me/events/{lasting}") == NOT_FOUND
    assert [set(each) for each in bob.round(link)[0]] == [{"@odata.type", "id", "@removed"}]


def test_people_of_other_tenants_get_a_copy_and_nothing_else(stand_in: StandIn) -> None:
    copy = share(stand_in, "read", person=FARID)
    lunch(stand_in)
    farid = stand_in.graph(FARID, ("Calendars.ReadWrite", *SHARED_WRITE))
    assert subjects(farid.all(f"/me/calendars/{copy}/events")) == ["Lunch"]
    assert farid.refused("POST", f"/me/calendars/{copy}/events", timed("A", *NOON)) == DENIED
    assert farid.refused("GET", f"{OWNERS}/events") == (404, "ErrorInvalidUser")


def test_copies_are_for_their_owner_alone(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read").removeprefix("/me")
    lunch(stand_in)
    event = stand_in.graph(BOB).all(f"/me{copy}/events")[0]["id"]
    share(stand_in, "write", person=CARLA, mailbox=BOB)
    carla = stand_in.graph(CARLA, SHARED_WRITE)
    assert subjects(carla.all(f"/users/{BOB}/events")) == []
    for path in (copy, f"{copy}/events", f"{copy}/events/{event}", f"/events/{event}"):
        assert carla.refused("GET", f"/users/{BOB}{path}") == NOT_FOUND


def test_what_was_shared_the_old_way_fails_until_it_is_shared_anew(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "write")
    lunch(stand_in)
    stand_in.door("sharing", do="old-mechanism", mailbox=ALICE, person=BOB)
    bob = stand_in.graph(BOB, ("Calendars.ReadWrite", *SHARED_WRITE))
    transient = (500, "ErrorInternalServerTransientError")
    for path in (f"{copy}/events", f"{copy}/{VIEW}", f"{OWNERS}/events"):
        assert bob.refused("GET", path) == transient
    assert bob.refused("POST", f"{copy}/events", timed("A", *NOON)) == transient
    # It still stands in the list, and everything else works.
    assert copy.rpartition("/")[2] in {each["id"] for each in bob.all("/me/calendars")}
    assert bob.all("/me/events") == []
    assert copy_of(stand_in, "write") == copy
    assert subjects(bob.all(f"{copy}/events")) == ["Lunch"]


def test_large_files_do_not_go_into_calendars_of_others(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "delegateWithPrivateEventAccess")
    event = lunch(stand_in)
    bob = stand_in.graph(BOB, ("Calendars.ReadWrite", *SHARED_WRITE))
    shared = bob.all(f"{copy}/events")[0]["id"]
    upload: JSON = {"AttachmentItem": {"attachmentType": "file", "name": "a.bin", "size": 4_000_000}}
    for path in (f"{OWNERS}/events/{event}", f"{copy}/events/{shared}"):
        assert bob.refused("POST", f"{path}/attachments/createUploadSession", upload)[0] == 403


def test_items_with_odd_ids_are_found_through_a_copy(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read")
    stand_in.edit("raw", event={"id": "odd one", "subject": "Odd"})
    bob = stand_in.graph(BOB)
    assert [each["id"] for each in bob.all(f"{copy}/events")] == ["odd one"]
    assert bob.get(f"{copy}/events/odd%20one")["subject"] == "Odd"
    assert bob.refused("GET", "/me/events/odd%20one") == MALFORMED


def test_attachments_of_a_copys_event_are_reached_by_the_ids_that_the_copy_shows(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "write")
    bob, alice = stand_in.graph(BOB), stand_in.graph()
    event = bob.post(f"{copy}/events", timed("Plan", *NOON))
    sent = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "plan.txt", "contentBytes": "aGk="}
    for prefer in ("x", IMMUTABLE):
        shown = bob.get(f"/me/events/{event['id']}", Prefer=prefer)
        added = bob.post(f"/me/events/{shown['id']}/attachments", sent, Prefer=prefer)
        # Nothing in the answer speaks of the owner's mailbox.
        assert f"events('{quote(shown['id'])}')/attachments" in added["@odata.context"]
        path = f"{copy}/events/{shown['id']}/attachments/{added['id']}"
        assert bob.get(path)["name"] == "plan.txt"
        assert bob.call("GET", f"{path}/$value").data == b"hi"
        owners = alice.get(f"/me/events/{alice.all('/me/events')[0]['id']}/attachments")["value"][0]["id"]
        assert bob.refused("GET", f"{copy}/events/{shown['id']}/attachments/{owners}") == MALFORMED
        bob.delete(path)
        assert bob.get(f"/me/events/{shown['id']}/attachments")["value"] == []


def test_extensions_of_a_copys_event_speak_of_the_sharees_mailbox(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "write")
    bob = stand_in.graph(BOB)
    event = bob.post(f"{copy}/events", timed("Plan", *NOON))["id"]
    sent = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "com.example.x", "n": 1}
    for answer in (
        bob.post(f"/me/events/{event}/extensions", sent),
        bob.get(f"{copy}/events/{event}/extensions/com.example.x"),
        bob.get(f"/me/events/{event}/extensions"),
    ):
        assert f"events('{quote(event)}')/extensions" in answer["@odata.context"]


def test_an_event_of_a_copy_leads_to_the_copy_and_not_to_the_owners_calendar(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read")
    bob = stand_in.graph(BOB)
    stand_in.graph().post("/me/events", timed("Plan", *NOON))
    (event,) = bob.all(f"{copy}/events")
    found = bob.get(f"/me/events/{event['id']}/calendar")
    assert found == bob.get(copy) | {"@odata.context": found["@odata.context"]}
    assert (found["canShare"], found["canEdit"], found["isDefaultCalendar"]) == (False, False, False)
