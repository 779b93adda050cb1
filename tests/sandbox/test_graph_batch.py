"""`$batch`: several calls in one, each answered as if it had come alone."""

import base64
import json
import threading
from typing import Any

import pytest

from tests.conftest import eventually
from tests.sandbox.graph_side import ALICE, BOB, IMMUTABLE, JSON, NOON, Graph, StandIn, timed
from tests.shared import shared

AS_JSON = {"Content-Type": "application/json"}


def get(id_: str, url: str, **more: Any) -> JSON:
    return {"id": id_, "method": "GET", "url": url, **more}


def post(id_: str, url: str, body: Any, **more: Any) -> JSON:
    return {"id": id_, "method": "POST", "url": url, "headers": AS_JSON, "body": body, **more}


def ask(graph: Graph, *members: JSON, **headers: str) -> dict[str, JSON]:
    """The answers of one batch by id."""
    body = graph.post("/$batch", {"requests": list(members)}, **headers)
    found = {each["id"]: each for each in body["responses"]}
    assert len(found) == len(members)
    return found


def statuses(responses: dict[str, JSON]) -> dict[str, int]:
    return {id_: response["status"] for id_, response in responses.items()}


def names_of(response: JSON) -> set[str]:
    """The names in a list of calendars."""
    return {each["name"] for each in response["body"]["value"]}


# What a member is


def test_members_are_answered_as_if_they_had_come_alone(graph: Graph) -> None:
    made = [graph.post("/me/events", timed("Lunch", *NOON)) for _ in range(2)]
    found = ask(
        graph,
        get("a", "/me/calendars"),
        get("b", f"/me/events/{made[0]['id']}?$select=subject"),
        {"id": "c", "method": "DELETE", "url": f"/me/events/{made[1]['id']}"},
        get("d", "/me/nothing"),
    )
    assert statuses(found) == {"a": 200, "b": 200, "c": 204, "d": 404}
    assert found["a"]["body"]["value"][0]["name"] == "Calendar"
    assert found["a"]["headers"]["Content-Type"].startswith("application/json")
    assert found["b"]["body"]["subject"] == "Lunch"
    assert "body" not in found["c"]
    assert found["d"]["body"]["error"]["code"] == "ResourceNotFound"


def test_a_member_brings_its_own_preferences_and_the_batch_brings_none(graph: Graph) -> None:
    graph.post("/me/events", timed("Lunch", *NOON))
    found = ask(
        graph,
        get("plain", "/me/events"),
        get("tokyo", "/me/events", headers={"prefer": 'outlook.timezone="Tokyo Standard Time"'}),
        get("kept", "/me/events", headers={"Prefer": IMMUTABLE}),
        Prefer='outlook.timezone="Pacific Standard Time"',
    )
    starts = {id_: each["body"]["value"][0]["start"]["timeZone"] for id_, each in found.items()}
    assert starts == {"plain": "UTC", "tokyo": "Tokyo Standard Time", "kept": "UTC"}
    assert found["plain"]["body"]["value"][0]["id"] != found["kept"]["body"]["value"][0]["id"]
    assert found["tokyo"]["headers"]["Preference-Applied"] == 'outlook.timezone="Tokyo Standard Time"'


def test_a_member_is_held_to_the_version_that_it_names(graph: Graph) -> None:
    made = graph.post("/me/events", timed("Lunch", *NOON))
    url = f"/me/events/{made['id']}"
    changed = graph.patch(url, {"subject": "Late lunch"})
    stale = {**AS_JSON, "If-Match": made["@odata.etag"]}
    fresh = {**AS_JSON, "If-Match": changed["@odata.etag"]}
    found = ask(
        graph,
        {"id": "1", "method": "PATCH", "url": url, "headers": stale, "body": {"subject": "A"}},
        {"id": "2", "method": "PATCH", "url": url, "headers": fresh, "body": {"subject": "B"}},
    )
    assert statuses(found) == {"1": 412, "2": 200}
    assert graph.get(url)["subject"] == "B"


def test_each_member_has_a_request_id_of_its_own(graph: Graph) -> None:
    found = ask(graph, get("1", "/me/none"), get("2", "/me/none", headers={"client-request-id": "mine"}))
    errors = {id_: each["body"]["error"]["innerError"] for id_, each in found.items()}
    assert errors["1"]["request-id"] != errors["2"]["request-id"]
    assert errors["1"]["client-request-id"] == errors["1"]["request-id"] == found["1"]["headers"]["request-id"]
    assert errors["2"]["client-request-id"] == "mine"


@pytest.mark.parametrize(
    "url",
    [
        "/me/calendars",
        "me/calendars",
        "//me//calendars/",
        "/ME/Calendars",
        "https://graph.microsoft.com/v1.0/me/calendars",
        "HTTPS://GRAPH.MICROSOFT.COM/V1.0/me/calendars",
        "/me/calendars?$filter=name eq 'Calendar'",
        "/users/alice.moreau%40contoso.example/calendars",
        "/me/calendars#top",
    ],
)
def test_urls_are_relative_to_the_version_or_absolute(graph: Graph, url: str) -> None:
    found = ask(graph, get("1", url))
    assert "Calendar" in names_of(found["1"])


def test_an_absolute_url_may_name_the_host_that_was_asked(stand_in: StandIn) -> None:
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE))
    local = Graph(stand_in, token, host="127.0.0.1:8400")
    found = ask(local, get("1", "http://127.0.0.1:8400/v1.0/me/calendars"))
    assert found["1"]["status"] == 200


def test_links_in_a_member_are_absolute_and_lead_to_the_host_that_was_asked(full: StandIn) -> None:
    url = "/me/events?$top=2"
    assert ask(full.graph(), get("1", url))["1"]["body"]["@odata.nextLink"].startswith(
        "https://graph.microsoft.com/v1.0/me/events?"
    )
    token = full.sandbox.identity.issue_access_token(full.person(ALICE))
    local = Graph(full, token, host="localhost:8400")
    assert ask(local, get("1", url))["1"]["body"]["@odata.nextLink"].startswith("http://localhost:8400/v1.0/me/events?")


def test_a_body_may_be_base64url(graph: Graph) -> None:
    sent = base64.urlsafe_b64encode(json.dumps({"name": "Volleyball ?>"}).encode()).decode().rstrip("=")
    found = ask(graph, post("1", "/me/calendars", sent))
    assert found["1"]["body"]["name"] == "Volleyball ?>"


def test_names_of_members_are_taken_in_any_case_of_letters(graph: Graph) -> None:
    members = [
        {"ID": "1", "METHOD": "get", "Url": "/me/none"},
        {"Id": "2", "Method": "get", "Url": "/me", "DEPENDSON": ["1"]},
    ]
    response = graph.call("POST", "/$batch", {"Requests": members})
    found = {each["id"]: each["status"] for each in response.get_json()["responses"]}
    assert found == {"1": 404, "2": 424}


def test_what_a_member_may_not_do_it_is_refused_and_the_others_go_on(stand_in: StandIn) -> None:
    reader = stand_in.graph(scopes=("Calendars.Read",))
    found = ask(
        reader,
        get("1", "/me/calendars"),
        post("2", "/me/calendars", {"name": "No"}),
        get("3", f"/users/{BOB}/calendars"),
        post("4", "/me/calendars", [1]),
    )
    assert statuses(found) == {"1": 200, "2": 403, "3": 403, "4": 403}


def test_a_batch_without_a_good_token_is_refused_as_a_whole(stand_in: StandIn) -> None:
    stranger = Graph(stand_in, "nonsense")
    assert stranger.refused("POST", "/$batch", {"requests": [get("1", "/me")]}) == (401, "InvalidAuthenticationToken")


# Order


def test_members_that_depend_go_in_their_order(graph: Graph) -> None:
    found = ask(
        graph,
        post("1", "/me/calendars", {"name": "One"}),
        get("2", "/me/calendars", dependsOn=["1"]),
        post("3", "/me/calendars", {"name": "Three"}, dependsOn=["2"]),
        get("4", "/me/calendars", dependsOn=["3"]),
    )
    assert names_of(found["4"]) - names_of(found["2"]) == {"Three"}
    assert "One" in names_of(found["2"])


def test_a_dependency_that_is_given_later_still_goes_first(graph: Graph) -> None:
    found = ask(
        graph,
        get("after", "/me/calendars", dependsOn=["BEFORE"]),
        post("before", "/me/calendars", {"name": "One"}),
    )
    assert "One" in names_of(found["after"])


def test_what_depends_on_a_failure_is_not_done(graph: Graph) -> None:
    found = ask(
        graph,
        get("1", "/me/none"),
        post("2", "/me/calendars", {"name": "No"}, dependsOn=["1"]),
        post("3", "/me/calendars", {"name": "No"}, dependsOn=["2"]),
        post("4", "/me/calendars", {"name": "Yes"}),
    )
    assert statuses(found) == {"1": 404, "2": 424, "3": 424, "4": 201}
    assert found["3"]["body"] == {"error": {"code": "424", "message": "Failed Dependency"}}
    names = {each["name"] for each in graph.all("/me/calendars")}
    assert names & {"No", "Yes"} == {"Yes"}


def test_the_sdks_spelling_of_dependencies_has_no_effect(graph: Graph) -> None:
    found = ask(graph, get("1", "/me/none", depends_on=[]), get("2", "/me", depends_on=["1", "nobody"]))
    assert statuses(found) == {"1": 404, "2": 200}


def test_an_atomicity_group_makes_nothing_atomic(graph: Graph) -> None:
    found = ask(
        graph,
        post("1", "/me/calendars", {"name": "One"}, atomicityGroup="g"),
        post("2", "/me/calendars", {"name": ""}, atomicityGroup="g"),
    )
    assert statuses(found) == {"1": 201, "2": 400}


# A batch that cannot be understood


@pytest.mark.parametrize(
    "requests",
    [
        None,
        [],
        {},
        ["/me"],
        [get(str(n), "/me") for n in range(21)],
        [{"method": "GET", "url": "/me"}],
        [{"id": 1, "method": "GET", "url": "/me"}],
        [{"id": "", "method": "GET", "url": "/me"}],
        [get("a", "/me"), get("A", "/me")],
        [{"id": "1", "url": "/me"}],
        [{"id": "1", "method": "HEAD", "url": "/me"}],
        [{"id": "1", "method": "GET"}],
        [get("1", "  ")],
        [get("1", "https://evil.example/v1.0/me")],
        [get("1", "https://graph.microsoft.com/beta/me")],
        [get("1", "http://[/v1.0/me")],
        [post("1", "/$batch", {"requests": []})],
        [post("1", "%24BATCH", {"requests": []})],
        [get("1", "/me", dependsOn=["2"])],
        [get("1", "/me", dependsOn=["1"])],
        [get("1", "/me", dependsOn=["2"]), get("2", "/me", dependsOn=["1"])],
        [get("1", "/me", dependsOn="1")],
        [get("1", "/me", headers=["Prefer"])],
        [get("1", "/me", headers={"Prefer": 1})],
        [{"id": "1", "method": "POST", "url": "/me/calendars", "body": {"name": "A"}}],
        [{"id": "1", "method": "POST", "url": "/me/calendars", "headers": AS_JSON}],
        [{"id": "1", "method": "PATCH", "url": "/me/calendar"}],
        [post("1", "/me/calendars", "no base64!")],
    ],
)
def test_a_malformed_batch_is_refused_and_none_of_it_done(stand_in: StandIn, graph: Graph, requests: Any) -> None:
    assert graph.refused("POST", "/$batch", {"requests": requests}) == (400, "BadRequest")
    assert len(stand_in.look("requests")["requests"]) == 1


def test_a_batch_is_json(graph: Graph) -> None:
    assert graph.refused("POST", "/$batch", [get("1", "/me")])[0] == 400
    assert graph.refused("GET", "/$batch")[0] == 405
    assert graph.refused("POST", "/$batch", {"requests": []}, Content_Type="multipart/mixed")[0] == 415


def test_twenty_members_are_allowed(graph: Graph) -> None:
    assert set(statuses(ask(graph, *(get(str(n), "/me/calendar") for n in range(20)))).values()) == {200}


# Limits, faults and the log


def test_members_stand_in_the_log_with_the_number_of_their_batch(stand_in: StandIn, graph: Graph) -> None:
    ask(graph, get("1", "/me/calendar"), get("2", f"/users/{ALICE}/events?$top=1", dependsOn=["1"]))
    outer, *members = stand_in.look("requests")["requests"]
    shown = [(each["path"], each["mailbox"], each["in_flight"], each["batch"]) for each in (outer, *members)]
    assert shown == [
        ("/v1.0/$batch", None, None, None),
        ("/v1.0/me/calendar", ALICE, 1, outer["n"]),
        (f"/v1.0/users/{ALICE}/events?$top=1", ALICE, 1, outer["n"]),
    ]
    assert [each["status"] for each in (outer, *members)] == [200, 200, 200]


def test_at_most_four_members_are_under_way_at_once(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", match={"batch": True}, do={"delay": 0.05}, times=8)
    assert set(statuses(ask(graph, *(get(str(n), "/me/calendar") for n in range(8)))).values()) == {200}
    assert max(each["in_flight"] or 0 for each in stand_in.look("requests")["requests"]) == 4


def test_two_batches_at_once_are_too_many_for_one_mailbox(stand_in: StandIn) -> None:
    stand_in.door("faults", match={"batch": True}, do={"delay": 1}, times=4)
    members = [get(str(n), "/me/calendar") for n in range(4)]
    slow = threading.Thread(target=ask, args=(stand_in.graph(), *members))
    slow.start()
    try:
        eventually(lambda: sum(each["batch"] is not None for each in stand_in.look("requests")["requests"]) == 4)
        found = ask(stand_in.graph(), *members)
        other = ask(stand_in.graph(BOB), *members)
    finally:
        slow.join()
    assert set(statuses(found).values()) == {429}
    assert found["1"]["headers"]["Retry-After"] == "10"
    assert found["1"]["body"]["error"]["code"] == "ApplicationThrottled"
    assert set(statuses(other).values()) == {200}


def test_a_fault_may_hit_one_member_only(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", match={"batch": True, "path": "/events"}, do={"status": 429, "retry_after": 17}, times=1)
    found = ask(graph, get("1", "/me/calendar"), get("2", "/me/events"), get("3", "/me", dependsOn=["2"]))
    assert statuses(found) == {"1": 200, "2": 429, "3": 424}
    assert found["2"]["headers"]["Retry-After"] == "17"
    assert graph.get("/me/events")["value"] == []


def test_a_service_that_hangs_up_is_the_members_bad_gateway(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", match={"batch": True, "path": "/events"}, do={"close": True}, times=1)
    found = ask(graph, get("1", "/me/calendar"), get("2", "/me/events"))
    assert statuses(found) == {"1": 200, "2": 502}


@pytest.mark.parametrize("body", ["html", "truncated", "not-json"])
def test_what_is_no_json_comes_as_base64(stand_in: StandIn, graph: Graph, body: str) -> None:
    stand_in.door("faults", match={"batch": True}, do={"status": 503, "body": body}, times=1)
    found = ask(graph, get("1", "/me/calendar"))["1"]
    assert found["status"] == 503
    assert base64.b64decode(found["body"])


def test_the_documented_batch_for_calendars_is_understood(graph: Graph) -> None:
    sent = shared("graph/examples/batch-calendar-request.json")
    answer = graph.post("/$batch", sent)
    assert {each["id"]: each["status"] for each in answer["responses"]} == {"1": 404, "2": 404, "3": 404}
