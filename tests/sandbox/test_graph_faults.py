"""Faults: what clients meet when Microsoft, or something on the way to it, is not well."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from werkzeug.test import TestResponse

from sandbox.directory import ALMANAC_ID
from tests.sandbox.graph_side import ALICE, NOON, Graph, StandIn, timed
from tests.sandbox.http_side import served_at

TOKEN = "/organizations/oauth2/v2.0/token"


@pytest.fixture
def served(stand_in: StandIn) -> Iterator[str]:
    with served_at(stand_in.app) as url:
        yield url


def refresh(stand_in: StandIn) -> TestResponse:
    form = {"client_id": ALMANAC_ID, "grant_type": "refresh_token", "refresh_token": "x"}
    return stand_in.http.post(TOKEN, data=form)


# Statuses and bodies


@pytest.mark.parametrize("wait", [None, 7, "Fri, 27 Nov 2026 12:00:00 GMT"])
def test_503_comes_with_and_without_a_wait(stand_in: StandIn, graph: Graph, wait: Any) -> None:
    stand_in.door("faults", do={"status": 503, "retry_after": wait}, times=1)
    response = graph.call("GET", "/me/calendars")
    assert response.get_json()["error"]["code"] == "serviceNotAvailable"
    assert response.headers.get("Retry-After") == (None if wait is None else str(wait))


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_answers_with_a_page(stand_in: StandIn, graph: Graph, status: int) -> None:
    stand_in.door("faults", do={"status": status, "body": "html", "retry_after": 3}, times=1)
    response = graph.call("GET", "/me/calendars")
    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert f"<title>{status}" in response.text
    assert response.headers["Retry-After"] == "3"


def test_an_error_may_have_no_body(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", do={"status": 500, "body": "empty"}, times=1)
    response = graph.call("GET", "/me/calendars")
    assert (response.status_code, response.data, response.headers.get("Content-Type")) == (500, b"", None)


def test_an_answer_may_be_cut_off(stand_in: StandIn, graph: Graph) -> None:
    whole = graph.call("GET", "/me/calendars").data
    stand_in.door("faults", do={"body": "truncated"}, times=1)
    response = graph.call("GET", "/me/calendars")
    assert (response.status_code, response.data) == (200, whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(response.data)


def test_what_is_called_json_may_be_none(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", do={"body": "not-json"}, times=1)
    response = graph.call("GET", "/me/calendars")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(response.data)


def test_the_type_of_an_answer_may_be_wrong(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", do={"content_type": "text/plain"}, times=1)
    response = graph.call("GET", "/me/calendars")
    assert response.content_type == "text/plain"
    assert json.loads(response.data)["value"]


def test_a_write_may_take_effect_and_its_answer_be_a_gateways(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", match={"method": "POST"}, do={"status": 504, "body": "html", "after": True}, times=1)
    response = graph.call("POST", "/me/events", timed("A", *NOON))
    assert (response.status_code, response.mimetype) == (504, "text/html")
    assert len(graph.all("/me/events")) == 1


def test_what_came_alone_can_be_told_from_members_of_a_batch(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", match={"batch": False, "path": "/calendars"}, do={"status": 500})
    member = {"id": "1", "method": "GET", "url": "/me/calendars"}
    assert graph.post("/$batch", {"requests": [member]})["responses"][0]["status"] == 200
    assert graph.call("GET", "/me/calendars").status_code == 500


def test_the_log_says_what_was_answered(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", do={"status": 503, "body": "html"}, times=1)
    stand_in.door("faults", do={"status": 504, "after": True}, times=1)
    stand_in.door("faults", do={"close": True, "after": True}, times=1)
    for _ in range(4):
        graph.call("GET", "/me/calendars")
    found = stand_in.look("requests")["requests"]
    assert [each["status"] for each in found] == [503, 504, None, 200]
    assert {each["in_flight"] for each in found} == {1}


@pytest.mark.parametrize(
    "do",
    [
        {},
        {"status": 99},
        {"status": 500, "body": "poem"},
        {"drip": -1},
        {"delay": 121},
        {"content_type": "text/plain\r\nX-Evil: 1"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(stand_in: StandIn, do: Any) -> None:
    response = stand_in.http.post("/_sandbox/faults", json={"do": do})
    assert response.status_code == 400
    assert "do" in response.get_json()["error"]


# The sign-in


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, "invalid_request"), (401, "invalid_client"), (429, "temporarily_unavailable")],
)
def test_the_token_endpoint_refuses_in_the_shape_of_oauth(stand_in: StandIn, status: int, error: str) -> None:
    stand_in.door("faults", match={"path": "/oauth2/v2.0/token$"}, do={"status": status}, times=1)
    response = refresh(stand_in)
    body = response.get_json()
    assert (response.status_code, body["error"]) == (status, error)
    assert {"error_description", "error_codes", "timestamp", "trace_id", "correlation_id"} <= set(body)
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: ")
    assert "Retry-After" not in response.headers


def test_the_code_of_a_fault_is_the_error_of_oauth(stand_in: StandIn) -> None:
    stand_in.door("faults", do={"status": 400, "code": "invalid_grant", "message": "Gone."}, times=1)
    body = refresh(stand_in).get_json()
    assert body["error"] == "invalid_grant"
    assert "Gone." in body["error_description"]


def test_the_token_endpoint_fails_in_json_or_with_a_page(stand_in: StandIn) -> None:
    stand_in.door("faults", do={"status": 503, "retry_after": 5}, times=1)
    response = refresh(stand_in)
    assert response.get_json()["error"] == "temporarily_unavailable"
    assert response.headers["Retry-After"] == "5"
    stand_in.door("faults", do={"status": 503, "body": "html"}, times=1)
    response = refresh(stand_in)
    assert (response.status_code, response.mimetype) == (503, "text/html")


def test_metadata_fails_for_programs_and_the_sign_in_for_people(stand_in: StandIn) -> None:
    stand_in.door("faults", do={"status": 500}, times=2)
    metadata = stand_in.http.get("/common/v2.0/.well-known/openid-configuration")
    assert (metadata.status_code, metadata.mimetype) == (500, "application/json")
    page = stand_in.http.get("/common/oauth2/v2.0/authorize")
    assert (page.status_code, page.mimetype) == (500, "text/html")


# Over HTTP


def test_a_connection_may_break_in_the_middle_of_an_answer(stand_in: StandIn, served: str) -> None:
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE))
    stand_in.door("faults", do={"body": "broken-off"}, times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        requests.get(f"{served}/v1.0/me/calendars", headers={"Authorization": f"Bearer {token}"}, timeout=5)


def test_an_answer_may_trickle(stand_in: StandIn, served: str) -> None:
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE))
    stand_in.door("faults", do={"drip": 0.5}, times=1)
    connection = http.client.HTTPConnection(served.removeprefix("http://"), timeout=5)
    connection.request("GET", "/v1.0/me/calendars", headers={"Authorization": f"Bearer {token}"})
    with connection.getresponse() as response:
        parts = list(iter(response.read1, b""))
    connection.close()
    assert len(parts) > 1
    assert json.loads(b"".join(parts))["value"]
    # The whole had been announced, as with any other answer.
    assert int(response.headers["Content-Length"]) == sum(map(len, parts))
