"""The control doors, the log, faults, and the process itself."""

import http.client
import subprocess
import sys
import threading
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.__main__ import main
from sandbox.seed import window
from sandbox.server import server_for
from tests.sandbox.graph_side import ALICE, BOB, JSON, NOON, Graph, StandIn, timed


def usual(full: StandIn) -> tuple[str, str]:
    start, end = window(full.sandbox.world.began)
    return start.isoformat(), end.isoformat()


# The seeded world


def test_the_demo_mailbox_looks_like_a_persons_calendar(full: StandIn) -> None:
    found = full.truth(*usual(full))
    assert 300 <= len(found) <= 500
    values = {name: {each[name] for each in found} for name in ("showAs", "sensitivity", "type", "isAllDay")}
    assert values["showAs"] == {"free", "tentative", "busy", "oof", "workingElsewhere"}
    assert {"private", "confidential", "normal", "personal"} == values["sensitivity"]
    assert values["type"] == {"singleInstance", "occurrence", "exception"}
    assert values["isAllDay"] == {True, False}
    responses = {each["responseStatus"]["response"] for each in found}
    assert {"organizer", "accepted", "declined", "notResponded", "tentativelyAccepted"} <= responses
    assert any(each["isCancelled"] for each in found)
    assert any(each["onlineMeeting"] and each["onlineMeeting"]["joinUrl"] in each["body"]["content"] for each in found)
    zones = {each["originalStartTimeZone"] for each in found}
    assert "tzone://Microsoft/Custom" in zones
    assert len(zones) > 4
    masters = [each for each in full.graph().all("/me/events?$top=500") if each["type"] == "seriesMaster"]
    assert len({each["recurrence"]["pattern"]["type"] for each in masters}) == 6


def test_the_present_week_is_full_every_day_of_the_working_week(full: StandIn) -> None:
    today = full.sandbox.world.began
    monday = today - timedelta(days=today.weekday())
    for day in range(5):
        start = monday + timedelta(days=day)
        assert len(full.truth(f"{start}T00:00:00Z", f"{start + timedelta(days=1)}T00:00:00Z")) >= 2


def test_the_same_seed_makes_the_same_world_and_another_one_another(full: StandIn) -> None:
    before = full.truth(*usual(full))
    full.door("reset")
    assert full.truth(*usual(full)) == before
    full.door("reset", seed=2)
    other = full.truth(*usual(full))
    assert [each["subject"] for each in other] != [each["subject"] for each in before]
    assert full.graph().refused("GET", f"/me/events/{before[0]['id']}") == (400, "ErrorInvalidIdMalformed")


def test_every_seeded_master_begins_on_a_day_that_its_rule_names(full: StandIn) -> None:
    seen = set()
    for address in (ALICE, BOB):
        for each in full.graph(address).all("/me/events?$top=500", Prefer='outlook.timezone="W. Europe Standard Time"'):
            if each["type"] != "seriesMaster":
                continue
            rule, extent = each["recurrence"]["pattern"], each["recurrence"]["range"]
            if extent["recurrenceTimeZone"] != "W. Europe Standard Time" and not each["isAllDay"]:
                continue  # its day there may be another one here
            first = date.fromisoformat(each["start"]["dateTime"][:10])
            assert first >= date.fromisoformat(extent["startDate"])
            if rule["type"] == "weekly":
                assert f"{first:%A}".lower() in rule["daysOfWeek"]
            elif rule["type"].startswith("absolute"):
                assert first.day == rule["dayOfMonth"]
            elif rule["type"].startswith("relative"):
                assert f"{first:%A}".lower() in rule["daysOfWeek"]
            seen.add(rule["type"])
    assert {"weekly", "absoluteMonthly"} <= seen, seen


@pytest.mark.parametrize("events", [0, 7, 100, 5000])
def test_reset_fills_as_many_events_as_were_asked_for(stand_in: StandIn, events: int) -> None:
    answer = stand_in.door("reset", seed=3, mailboxes=1, events=events)
    assert answer["mailboxes"] == 1
    assert len(stand_in.truth(*usual(stand_in))) == events
    assert stand_in.graph(BOB).refused("GET", "/me/events")[1] == "MailboxNotEnabledForRESTAPI"


def test_more_mailboxes_than_people_make_more_people(stand_in: StandIn) -> None:
    stand_in.door("reset", mailboxes=20, events=1)
    people = [each for each in stand_in.look("world")["people"] if each["mailbox"]]
    assert len(people) == 20
    assert stand_in.graph(people[-1]["userPrincipalName"]).get("/me")["id"] == people[-1]["id"]


def test_the_world_tells_tenants_people_calendars_and_counts(full: StandIn) -> None:
    world = full.look("world")
    assert [each["domain"] for each in world["tenants"]][:1] == ["contoso.example"]
    alice = next(each for each in world["people"] if each["userPrincipalName"] == ALICE)
    assert [each["name"] for each in alice["calendars"]] == ["Calendar", "Private"]
    assert alice["calendars"][0]["in_view"] == len(full.truth(*usual(full)))
    assert "sandbox-secret" not in str(world)


# Editing


def test_an_attendee_keeps_what_the_organizer_called_off(stand_in: StandIn) -> None:
    invited = stand_in.edit("create", event=timed("Theirs", *NOON, isOrganizer=False))
    shown = stand_in.edit("cancel", id=invited["id"])["event"]
    assert (shown["isCancelled"], shown["subject"]) == (True, "Canceled: Theirs")
    own = stand_in.edit("create", event=timed("Mine", *NOON))
    stand_in.edit("cancel", id=own["id"])
    assert [each["subject"] for each in stand_in.graph().all("/me/events")] == ["Canceled: Theirs"]


def test_zone_names_that_nobody_knows_can_be_shown(stand_in: StandIn) -> None:
    names = {"originalStartTimeZone": "tzone://Microsoft/Custom", "originalEndTimeZone": "(UTC+01:00) Berlin"}
    shown = stand_in.edit("create", event=timed("A", *NOON, **names))["event"]
    assert {name: shown[name] for name in names} == names


def test_settings_keep_the_spelling_of_a_zone(stand_in: StandIn) -> None:
    assert stand_in.edit("settings", settings={"timeZone": "Asia/Tokyo"}) == {"timeZone": "Asia/Tokyo"}
    assert stand_in.look("world")["people"][0]["timeZone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("door", "body"),
    [
        ("edit", {"mailbox": "nobody@contoso.example", "op": "create"}),
        ("edit", {"mailbox": "leo.park@contoso.example", "op": "create"}),
        ("edit", {"mailbox": ALICE, "op": "invent"}),
        ("edit", {"mailbox": ALICE, "op": "delete"}),
        ("edit", {"mailbox": ALICE, "op": "create", "calendar": "No such", "event": {}}),
        ("edit", {"mailbox": ALICE, "op": "create", "event": {"subject": "no times"}}),
        ("edit", {"mailbox": ALICE, "op": "create", "surprise": 1}),
        ("reset", {"events": -1}),
        ("reset", {"mailboxes": 0}),
        ("clock", {"advance": -1}),
        ("faults", {"do": {}}),
        ("faults", {"match": {"path": "("}, "do": {"status": 500}}),
        ("delta", {"mailbox": ALICE, "do": "melt"}),
        ("tokens", {"mailbox": ALICE, "do": "melt"}),
        ("consent", {"tenant": "nowhere.example", "do": "grant"}),
        ("identity", {"do": "script", "who": ALICE, "number": 1}),
        ("subscriptions", {"mailbox": ALICE, "do": "melt"}),
    ],
)
def test_a_wrong_request_is_answered_with_a_sentence(stand_in: StandIn, door: str, body: JSON) -> None:
    response = stand_in.http.post(f"/_sandbox/{door}", json=body)
    assert response.status_code == 400
    assert len(response.get_json()["error"]) > 10


def test_the_doors_are_not_for_pages_of_strangers(stand_in: StandIn) -> None:
    assert stand_in.http.post("/_sandbox/reset", data="{}").status_code == 415
    origin = {"Origin": "http://evil.example"}
    assert stand_in.http.post("/_sandbox/reset", json={}, headers=origin).status_code == 403
    assert stand_in.http.get("/_sandbox/world", headers={"Host": "rebound.example"}).status_code == 421
    assert stand_in.http.get("/_sandbox/world", headers={"Host": "127.0.0.2:8400"}).status_code == 200
    assert stand_in.http.get("/_sandbox/attic").status_code == 404


# Faults and the log


def test_faults_hit_what_they_match_as_often_as_they_should(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door(
        "faults",
        match={"method": "GET", "path": "^/v1.0/me/calendars", "mailbox": ALICE},
        do={"status": 429, "retry_after": 7},
        times=1,
    )
    assert graph.get("/me/calendar")["name"] == "Calendar"
    assert stand_in.graph(BOB).get("/me/calendars")["value"]
    response = graph.call("GET", "/me/calendars")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert response.get_json()["error"]["code"] == "TooManyRequests"
    assert graph.get("/me/calendars")["value"]
    stand_in.door("faults", do={"status": 503, "code": "serviceNotAvailable"}, rate=1.0)
    assert graph.refused("GET", "/me") == (503, "serviceNotAvailable")
    assert stand_in.http.delete("/_sandbox/faults").get_json() == {"cleared": 1}
    assert graph.get("/me")["mail"] == ALICE


def test_a_fault_may_come_after_the_effect(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", match={"method": "POST"}, do={"status": 504, "after": True}, times=1)
    assert graph.refused("POST", "/me/events", timed("A", *NOON))[0] == 504
    assert len(graph.all("/me/events")) == 1


def test_the_log_tells_who_asked_what_and_not_what_the_doors_were_asked(stand_in: StandIn, graph: Graph) -> None:
    before = max([each["n"] for each in stand_in.look("requests")["requests"]], default=0)
    graph.get("/me/calendars?$top=5")
    stand_in.http.get("/v1.0/me")
    found = stand_in.look("requests", since=str(before))["requests"]
    assert [(each["method"], each["path"], each["mailbox"], each["status"], each["in_flight"]) for each in found] == [
        ("GET", "/v1.0/me/calendars?$top=5", ALICE, 200, 1),
        ("GET", "/v1.0/me", None, 401, None),
    ]
    assert datetime.fromisoformat(found[0]["at"]).tzinfo is not None


def test_tokens_age_by_the_sandboxs_clock(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("clock", advance=86_400)
    assert graph.refused("GET", "/me") == (401, "InvalidAuthenticationToken")
    fresh = stand_in.graph()
    stand_in.door("tokens", mailbox=ALICE, do="expire-access")
    assert fresh.refused("GET", "/me") == (401, "InvalidAuthenticationToken")


# Served


@pytest.fixture
def served(stand_in: StandIn) -> Any:
    server = server_for(stand_in.app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_connections_stay_open_until_a_fault_closes_one(stand_in: StandIn, served: str) -> None:
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE))
    connection = http.client.HTTPConnection(served.removeprefix("http://"), timeout=5)
    connection.connect()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    used = connection.sock
    for path in ("/v1.0/me/calendars", "/v1.0/me/nothing"):
        # The second one is refused before anybody reads its body, which must not spoil what follows.
        connection.request("POST", path, body='{"name": "Volunteer"}', headers=headers)
        connection.getresponse().read()
        assert connection.sock is used
    stand_in.door("faults", do={"close": True}, times=1)
    connection.request("GET", "/v1.0/me/calendars", headers=headers)
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()
    assert [each["status"] for each in stand_in.look("requests")["requests"]] == [201, 404, None]


def test_the_log_counts_what_is_open_at_once(stand_in: StandIn, served: str) -> None:
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE))
    stand_in.door("faults", do={"delay": 0.3}, times=3)

    def ask() -> None:
        requests.get(f"{served}/v1.0/me", headers={"Authorization": f"Bearer {token}"}, timeout=5)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each["in_flight"] for each in stand_in.look("requests")["requests"]) == [1, 2, 3]


def test_it_listens_on_loopback_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "0.0.0.0"]) == 2  # noqa: S104 - refused, which is what is tested
    assert "loopback" in capsys.readouterr().err


def test_the_command_explains_itself() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "--help"], cwd=root, capture_output=True, text=True, check=True, timeout=30
    )
    assert "--port" in done.stdout
