"""Several calls in one: every part has its own fate, in the order in which it was asked for."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from connections import http
from connections.graph import BadRequest, GraphClient, NotFound, Part, Throttled, Unavailable
from connections.graph.batch import answers_of, requests_of
from connections.graph.tokens import GivenToken
from tests.shared import shared


class BatchServer(BaseHTTPRequestHandler):
    """Answers the parts of a batch backwards, each with its own address; 404 for what is missing."""

    protocol_version = "HTTP/1.1"
    sizes: list[int]

    def do_POST(self) -> None:
        parts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["requests"]
        self.sizes.append(len(parts))
        body = json.dumps({"responses": [self._answer(part) for part in reversed(parts)]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @staticmethod
    def _answer(part: dict[str, Any]) -> dict[str, Any]:
        if "missing" in part["url"]:
            return {"id": part["id"], "status": 404, "body": {"error": {"code": "ErrorItemNotFound"}}}
        return {"id": part["id"], "status": 200, "body": {"url": part["url"], "prefer": part["headers"]["Prefer"]}}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""


@pytest.fixture
def sizes(settings: Settings) -> Iterator[list[int]]:
    """How many parts each call held that a server in the sandbox's place has seen."""
    BatchServer.sizes = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), BatchServer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.SANDBOX_URL = f"http://127.0.0.1:{server.server_port}"
    http.session.cache_clear()
    yield BatchServer.sizes
    http.session.cache_clear()
    server.shutdown()
    server.server_close()
    thread.join()


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = shared(f"graph/examples/{name}")
    return found


def test_answers_come_in_the_order_of_the_parts(sizes: list[int]) -> None:
    client = GraphClient(GivenToken("token"))
    answers = client.batch([Part("GET", "/me/calendars"), Part("GET", "/me/events/missing"), Part("GET", "/me")])
    assert answers[0].result()["url"] == "/me/calendars"
    assert isinstance(answers[1].error, NotFound)
    assert answers[2].result()["url"] == "/me"


def test_every_part_asks_for_ids_that_do_not_change(sizes: list[int]) -> None:
    [answer] = GraphClient(GivenToken("token")).batch([Part("GET", "/me")])
    assert 'IdType="ImmutableId"' in answer.result()["prefer"]


def test_more_than_twenty_parts_take_several_calls(sizes: list[int]) -> None:
    answers = GraphClient(GivenToken("token")).batch([Part("GET", f"/me/events/{n}") for n in range(45)])
    assert [answer.result()["url"] for answer in answers] == [f"/me/events/{n}" for n in range(45)]
    assert sizes == [20, 20, 5]


def test_no_parts_are_no_call(sizes: list[int]) -> None:
    assert GraphClient(GivenToken("token")).batch([]) == []
    assert sizes == []


def test_a_part_with_a_body_says_what_it_is() -> None:
    [request] = requests_of([Part("PATCH", "/subscriptions/7", {"a": 1}, {"If-Match": "x"})], prefer="p")["requests"]
    assert request == {
        "id": "0",
        "method": "PATCH",
        "url": "/subscriptions/7",
        "headers": {"Prefer": "p", "If-Match": "x", "Content-Type": "application/json"},
        "body": {"a": 1},
    }


def test_a_part_stays_below_the_version() -> None:
    with pytest.raises(ValueError, match="quoted segments"):
        requests_of([Part("GET", "/../beta/me")], prefer="p")


def test_a_throttled_part_says_how_long_it_waits() -> None:
    body = example("batch-throttled-response.json")
    number = next(int(each["id"]) for each in body["responses"] if each["status"] == 429)
    error = answers_of(body, number + 1)[number].error
    assert isinstance(error, Throttled)
    assert error.retry_after >= 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"responses": None},
        {"responses": [None, 7, {"id": 0, "status": 200}, {"id": "0", "status": "200"}]},
        {"responses": [{"status": 200}]},
    ],
)
def test_a_part_that_nobody_answered_is_unavailable(body: dict[str, Any]) -> None:
    [answer] = answers_of(body, 1)
    assert isinstance(answer.error, Unavailable)


def test_odd_headers_and_bodies_of_a_part_do_no_harm() -> None:
    body = {"responses": [{"id": "0", "status": 400, "headers": [], "body": "text"}, {"id": "1", "status": 204}]}
    refused, empty = answers_of(body, 2)
    assert isinstance(refused.error, BadRequest)
    assert empty.result() == {}
