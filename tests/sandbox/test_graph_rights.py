"""Which scopes reach what: delegated ones, roles of apps, and what administrators allow apps."""

import pytest

from sandbox.directory import ALMANAC_ID, FABRIKAM_ID
from tests.sandbox.graph_side import ALICE, BOB, CARLA, FARID, LEO, NOON, PAULA, Graph, StandIn, timed
from tests.sandbox.sharing_side import DENIED, SHARED_READ, SHARED_WRITE, WINDOW, app, copy_of, share, subjects
from tests.shared import shared

DELTA = f"/me/calendarView/delta?{WINDOW}"


@pytest.mark.parametrize(
    "scope", ["Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite", "Calendars.Read.Shared"]
)
def test_each_reading_scope_reads_ones_own_calendars(stand_in: StandIn, scope: str) -> None:
    stand_in.edit("create", event=timed("Lunch", *NOON))
    reader = stand_in.graph(scopes=(scope,))
    for path in ("/me/events", f"/me/calendarView?{WINDOW}", f"/users/{ALICE}/events"):
        assert subjects(reader.all(path)) == ["Lunch"]
    assert reader.get("/me/calendar")["isDefaultCalendar"] is True


@pytest.mark.parametrize("scope", ["Calendars.ReadBasic", "Calendars.Read", "Calendars.Read.Shared", "User.Read"])
def test_only_writing_scopes_write(stand_in: StandIn, scope: str) -> None:
    event = stand_in.edit("create", event=timed("Lunch", *NOON))["id"]
    reader = stand_in.graph(scopes=(scope,))
    for method, path, body in (
        ("POST", "/me/events", timed("A", *NOON)),
        ("PATCH", f"/me/events/{event}", {"subject": "B"}),
        ("DELETE", f"/me/events/{event}", None),
        ("POST", "/me/calendars", {"name": "New"}),
        ("PATCH", "/me/calendar", {"name": "New"}),
        ("POST", "/me/calendarGroups", {"name": "New"}),
        ("POST", "/me/calendar/calendarPermissions", {"emailAddress": {"address": BOB}, "role": "read"}),
    ):
        assert reader.refused(method, path, body) == DENIED


@pytest.mark.parametrize("scope", ["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"])
def test_each_writing_scope_writes_into_ones_own_calendars(stand_in: StandIn, scope: str) -> None:
    writer = stand_in.graph(scopes=(scope,))
    assert writer.post("/me/events", timed("A", *NOON))["subject"] == "A"


@pytest.mark.parametrize(
    "scope", ["User.Read", "MailboxSettings.ReadWrite", "Group.ReadWrite.All", "Mail.Read", "User.Read.All"]
)
def test_scopes_of_other_things_say_nothing_of_calendars(stand_in: StandIn, scope: str) -> None:
    reader = stand_in.graph(scopes=(scope,))
    for path in ("/me/events", "/me/calendars", "/me/calendar", "/me/calendarGroups", DELTA):
        assert reader.refused("GET", path) == DENIED


def test_what_is_denied_says_so_as_in_the_published_sample(stand_in: StandIn) -> None:
    answer = stand_in.graph(scopes=("User.Read",)).call("GET", "/me/events").get_json()["error"]
    sample = shared("graph/examples/error-403-accessdenied.json")["error"]
    assert (answer["code"], answer["message"]) == (sample["code"], sample["message"])


# The basics


def test_the_basic_right_shows_events_without_their_bodies(stand_in: StandIn) -> None:
    words = {"contentType": "text", "content": "The long story"}
    event = stand_in.edit("create", event=timed("Lunch", *NOON, body=words))["id"]
    basic, full = stand_in.graph(scopes=("Calendars.ReadBasic",)), stand_in.graph(scopes=("Calendars.Read",))
    for path in (f"/me/events/{event}", f"/me/events/{event}?$select=subject,body,bodyPreview"):
        shown = basic.get(path)
        assert shown["subject"] == "Lunch"
        assert not {"body", "bodyPreview"} & set(shown)
    for path in ("/me/events", f"/me/calendarView?{WINDOW}"):
        assert set(full.all(path)[0]) - set(basic.all(path)[0]) == {"body", "bodyPreview"}
    # Nor can it be found out by asking for events that say something.
    assert basic.all("/me/events?$filter=startswith(bodyPreview,'The')") == []


def test_a_stronger_scope_beside_the_basic_one_counts(stand_in: StandIn) -> None:
    stand_in.edit("create", event=timed("Lunch", *NOON))
    both = stand_in.graph(scopes=("Calendars.ReadBasic", "Calendars.ReadWrite"))
    assert "body" in both.all("/me/events")[0]


def test_the_basic_right_is_not_enough_for_changes_attachments_and_extensions(stand_in: StandIn) -> None:
    event = stand_in.edit("create", event=timed("Lunch", *NOON))["id"]
    basic = stand_in.graph(scopes=("Calendars.ReadBasic",))
    for path in (
        DELTA,
        f"/me/events/{event}?$expand=attachments",
        f"/me/events/{event}?$expand=extensions($filter=id eq 'com.example.x')",
    ):
        assert basic.refused("GET", path) == DENIED
    assert basic.refused("GET", "/subscriptions") == DENIED
    assert stand_in.graph(scopes=("Calendars.Read",)).call("GET", DELTA).status_code == 200


def test_the_basic_right_is_enough_for_schedules_and_not_for_suggestions(stand_in: StandIn) -> None:
    basic = stand_in.graph(scopes=("Calendars.ReadBasic",))
    times = {
        name: {"dateTime": text, "timeZone": "UTC"} for name, text in zip(("startTime", "endTime"), NOON, strict=True)
    }
    assert basic.post("/me/calendar/getSchedule", {"schedules": [ALICE], **times})["value"]
    assert basic.refused("POST", "/me/findMeetingTimes", {}) == DENIED
    assert stand_in.graph(scopes=("Calendars.Read",)).post("/me/findMeetingTimes", {})["meetingTimeSuggestions"]


def test_scopes_for_what_is_shared_watch_nothing(stand_in: StandIn) -> None:
    for scope in ("Calendars.Read.Shared", "Calendars.ReadWrite.Shared"):
        assert stand_in.graph(scopes=(scope,)).refused("GET", "/subscriptions") == DENIED
    assert stand_in.graph(scopes=("Calendars.Read",)).get("/subscriptions")["value"] == []


# Mailboxes of others


def test_other_mailboxes_need_a_scope_for_what_is_shared(stand_in: StandIn) -> None:
    share(stand_in, "write")
    stand_in.edit("create", event=timed("Lunch", *NOON))
    path = f"/users/{ALICE}/events"
    assert stand_in.graph(BOB, ("Calendars.ReadWrite",)).refused("GET", path) == DENIED
    assert stand_in.graph(BOB, ("Calendars.ReadBasic",)).refused("GET", path) == DENIED
    reader = stand_in.graph(BOB, SHARED_READ)
    assert subjects(reader.all(path)) == ["Lunch"]
    assert reader.refused("POST", path, timed("A", *NOON)) == DENIED
    assert stand_in.graph(BOB, SHARED_WRITE).post(path, timed("A", *NOON))["subject"] == "A"


def test_personal_accounts_have_no_scopes_for_what_is_shared(stand_in: StandIn) -> None:
    paula = stand_in.graph(PAULA, ("Calendars.ReadWrite.Shared",))
    assert paula.refused("GET", "/me/events") == DENIED
    assert stand_in.graph(PAULA, ("Calendars.Read",)).all("/me/events") == []


def test_nobody_reaches_another_tenant(stand_in: StandIn) -> None:
    share(stand_in, "read", person=FARID)
    invalid = (404, "ErrorInvalidUser")
    assert stand_in.graph(FARID, SHARED_READ).refused("GET", f"/users/{ALICE}/events") == invalid
    assert app(stand_in, "Calendars.Read").refused("GET", f"/users/{FARID}/events") == invalid
    assert app(stand_in, "Calendars.Read").refused("GET", "/users/nobody@contoso.example/calendars") == invalid


# Apps


@pytest.mark.parametrize("role", ["Calendars.ReadBasic.All", "Calendars.ReadBasic", "Calendars.Read"])
def test_an_app_reads_every_mailbox_of_its_tenant(stand_in: StandIn, role: str) -> None:
    for mailbox in (ALICE, BOB):
        stand_in.edit("create", mailbox=mailbox, event=timed(mailbox, *NOON))
    robot = app(stand_in, role)
    for mailbox in (ALICE, BOB, stand_in.person(CARLA).oid):
        expected = [mailbox] if "@" in mailbox else []
        assert subjects(robot.all(f"/users/{mailbox}/events")) == expected
    assert ("body" in robot.all(f"/users/{ALICE}/events")[0]) is (role == "Calendars.Read")
    assert robot.refused("POST", f"/users/{ALICE}/events", timed("A", *NOON)) == DENIED
    assert robot.refused("GET", f"/users/{LEO}/events") == (404, "MailboxNotEnabledForRESTAPI")


def test_an_app_that_may_write_writes_as_the_owner(stand_in: StandIn) -> None:
    robot = app(stand_in, "Calendars.ReadWrite")
    made = robot.post(f"/users/{ALICE}/events", timed("A", *NOON, sensitivity="private"))
    assert made["organizer"]["emailAddress"]["address"] == ALICE
    assert robot.get(f"/users/{ALICE}/events/{made['id']}")["subject"] == "A"
    assert robot.get(f"/users/{ALICE}/calendar")["canShare"] is True
    assert robot.post(f"/users/{ALICE}/calendars", {"name": "Robots"})["name"] == "Robots"
    entry = {"emailAddress": {"address": BOB}, "role": "read"}
    assert robot.post(f"/users/{ALICE}/calendar/calendarPermissions", entry)["role"] == "read"


def test_an_app_has_no_me(stand_in: StandIn) -> None:
    robot = app(stand_in, "Calendars.ReadWrite", "User.Read.All")
    for path in ("/me", "/me/events", "/me/calendars", "/me/calendar"):
        assert robot.refused("GET", path) == (400, "BadRequest")


def test_names_of_delegated_scopes_mean_nothing_among_the_roles_of_an_app(stand_in: StandIn) -> None:
    robot = app(stand_in, "Calendars.ReadWrite.Shared", "Calendars.Read.Shared", "User.Read")
    assert robot.refused("GET", f"/users/{ALICE}/events") == DENIED
    assert robot.refused("GET", f"/users/{ALICE}") == (403, "Authorization_RequestDenied")


def test_an_app_reads_a_shared_calendar_where_it_is_shared(stand_in: StandIn) -> None:
    copy = copy_of(stand_in, "read").removeprefix("/me")
    stand_in.edit("create", event=timed("Lunch", *NOON))
    assert subjects(app(stand_in, "Calendars.Read").all(f"/users/{BOB}{copy}/events")) == ["Lunch"]


# What administrators allow apps


def test_an_access_policy_limits_an_app_to_some_mailboxes(stand_in: StandIn) -> None:
    stand_in.door("access", tenant="contoso.example", app=ALMANAC_ID, mailboxes=[ALICE])
    robot = app(stand_in, "Calendars.ReadWrite")
    assert robot.all(f"/users/{ALICE}/events") == []
    refused = robot.call("GET", f"/users/{BOB}/events")
    sample = shared("graph/examples/error-403-application-access-policy.json")["error"]
    error = refused.get_json()["error"]
    assert (refused.status_code, error["code"], error["message"]) == (403, sample["code"], sample["message"])
    assert robot.refused("POST", f"/users/{BOB}/events", timed("A", *NOON)) == DENIED
    # People are no apps.
    assert stand_in.graph(BOB).all("/me/events") == []
    stand_in.door("access", tenant="contoso.example", app=ALMANAC_ID, mailboxes=None)
    assert robot.all(f"/users/{BOB}/events") == []


def test_a_denying_policy_leaves_the_other_mailboxes(stand_in: StandIn) -> None:
    stand_in.door("access", tenant="contoso.example", mailboxes=[ALICE], right="deny")
    robot = app(stand_in, "Calendars.Read")
    assert robot.refused("GET", f"/users/{ALICE}/events") == DENIED
    assert robot.all(f"/users/{BOB}/events") == []


def test_a_policy_says_nothing_of_basic_rights_nor_of_other_tenants(stand_in: StandIn) -> None:
    stand_in.door("access", tenant="contoso.example", mailboxes=[])
    stand_in.edit("create", event=timed("Lunch", *NOON))
    both = app(stand_in, "Calendars.Read", "Calendars.ReadBasic.All")
    assert "body" not in both.all(f"/users/{ALICE}/events")[0]
    assert app(stand_in, "Calendars.Read", tenant_id=FABRIKAM_ID).all(f"/users/{FARID}/events") == []


def test_a_missing_role_is_not_blamed_on_the_policy(stand_in: StandIn) -> None:
    stand_in.door("access", tenant="contoso.example", mailboxes=[ALICE])
    refused = app(stand_in, "Calendars.Read").call("POST", f"/users/{BOB}/events", timed("A", *NOON))
    assert refused.get_json()["error"]["message"] == "Access is denied. Check credentials and try again."


def test_roles_of_exchange_add_to_a_token_without_any(stand_in: StandIn) -> None:
    robot = app(stand_in)
    assert robot.refused("GET", f"/users/{ALICE}/events") == DENIED
    role = ["Application Calendars.ReadWrite"]
    stand_in.door("access", tenant="contoso.example", mailboxes=[ALICE], roles=role)
    assert robot.post(f"/users/{ALICE}/events", timed("A", *NOON))["subject"] == "A"
    assert robot.refused("GET", f"/users/{BOB}/events") == DENIED
    # An unlimited grant in the token is not narrowed by it.
    assert app(stand_in, "Calendars.Read").all(f"/users/{BOB}/events") == []
    stand_in.door("access", tenant="contoso.example", mailboxes=[], roles=[])
    assert robot.refused("GET", f"/users/{ALICE}/events") == DENIED


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"tenant": "nowhere.example", "mailboxes": []}, "No tenant here is 'nowhere.example'."),
        ({"tenant": "contoso.example", "mailboxes": [], "app": "x"}, "No app here is 'x'."),
        ({"tenant": "contoso.example", "mailboxes": ["x"]}, "Nobody here is 'x'."),
        ({"tenant": "contoso.example", "mailboxes": [], "roles": ["Owner"]}, "'Owner' is none of"),
        ({"tenant": "contoso.example"}, "mailboxes"),
    ],
)
def test_a_wrong_wish_about_access_is_answered_with_a_sentence(
    stand_in: StandIn, wrong: dict[str, object], sentence: str
) -> None:
    response = stand_in.http.post("/_sandbox/access", json=wrong)
    assert response.status_code == 400
    assert sentence in response.get_json()["error"]


def test_a_reset_forgets_what_administrators_said(stand_in: StandIn) -> None:
    stand_in.door("access", tenant="contoso.example", mailboxes=[])
    stand_in.door("reset", events=0)
    robot: Graph = app(stand_in, "Calendars.Read")
    assert robot.all(f"/users/{BOB}/events") == []
