"""Microsoft's limits: how much an app may ask, and what it hears when it asks for more."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from sandbox.clock import Clock
from sandbox.refusals import Refusal
from sandbox.throttling import Demand, Limits, Throttle
from tests.conftest import eventually
from tests.sandbox.graph_side import ALICE, BOB, JSON, Graph, StandIn
from tests.shared import shared

USUAL = {
    "on": True,
    "concurrent": 4,
    "requests": 10_000,
    "reads": None,
    "writes": None,
    "upload_bytes": 150 * 1024 * 1024,
    "total": 130_000,
    "extensions": 455,
    "retry_after": "seconds",
    "pause": 10,
}


def refused(response: TestResponse) -> tuple[int, str, str | None]:
    """Status, code and Retry-After of an answer that is an error."""
    return response.status_code, response.get_json()["error"]["code"], response.headers.get("Retry-After")


@contextmanager
def busy(stand_in: StandIn, count: int, path: str = "/me/calendar") -> Iterator[None]:
    """`count` requests for Alice's mailbox that are under way meanwhile."""
    stand_in.door("faults", match={"mailbox": ALICE}, do={"delay": 2}, times=count)
    slow = [threading.Thread(target=stand_in.graph().get, args=(path,)) for _ in range(count)]
    for thread in slow:
        thread.start()
    try:
        eventually(lambda: len(stand_in.look("requests")["requests"]) == count)
        yield
    finally:
        for thread in slow:
            thread.join()


# At once


def test_the_fifth_request_at_once_for_a_mailbox_is_too_many(stand_in: StandIn, graph: Graph) -> None:
    with busy(stand_in, 4):
        response = graph.call("GET", "/me/calendars")
        # The same mailbox under another address, but no mailbox of somebody else, and nothing beside the mailbox.
        assert graph.call("GET", f"/users/{ALICE}/events").status_code == 429
        assert stand_in.graph(BOB).get("/me/calendars")["value"]
        assert graph.get("/me")["mail"] == ALICE
        assert graph.get("/subscriptions")["value"] == []
    assert refused(response) == (429, "ApplicationThrottled", "10")
    assert response.get_json()["error"]["message"] == "Application is over its MailboxConcurrency limit."
    assert graph.get("/me/calendars")["value"]


def test_the_refusals_have_the_members_of_the_documented_ones(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", concurrent=0)
    crowded = graph.call("GET", "/me/calendars").get_json()["error"]
    assert set(crowded) == set(shared("graph/examples/error-429-mailbox-concurrency.json")["error"])
    stand_in.door("limits", requests=0)
    often = graph.call("GET", "/me/calendars").get_json()["error"]
    sample = shared("graph/examples/error-429-toomanyrequests.json")["error"]
    assert (often["code"], often["message"]) == (sample["code"], sample["message"])


def test_another_app_has_a_budget_of_its_own(stand_in: StandIn) -> None:
    throttle = Throttle(stand_in.sandbox.clock)
    places = [throttle.enter(Demand("one", "t", ALICE)) for _ in range(4)]
    with pytest.raises(Refusal):
        throttle.enter(Demand("one", "t", ALICE))
    throttle.enter(Demand("other", "t", ALICE))
    places[0]()
    throttle.enter(Demand("one", "t", ALICE))


def test_what_ends_in_an_error_or_without_an_answer_is_no_longer_under_way(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("faults", do={"status": 500}, times=4)
    stand_in.door("faults", do={"close": True}, times=4)
    for _ in range(8):
        graph.call("GET", "/me/calendar")
    for _ in range(4):
        graph.refused("GET", "/me/events/none")
    assert graph.get("/me/calendar")


# In ten minutes


def test_a_mailbox_has_ten_thousand_requests_in_ten_minutes(stand_in: StandIn) -> None:
    clock = stand_in.sandbox.clock
    throttle = Throttle(clock)
    demand = Demand("app", "tenant", ALICE)
    for _ in range(10_000):
        throttle.enter(demand)()
    with pytest.raises(Refusal, match="Please retry again later") as caught:
        throttle.enter(demand)
    assert (caught.value.status, caught.value.code) == (429, "TooManyRequests")
    assert 590 < int(caught.value.headers["Retry-After"]) <= 600
    throttle.enter(Demand("app", "tenant", BOB))
    clock.advance(timedelta(minutes=10))
    throttle.enter(demand)


def test_requests_are_counted_by_the_sandboxs_clock(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", requests=2)
    graph.get("/me/calendars")
    stand_in.door("clock", advance=300)
    graph.get("/me/calendars")
    status, code, wait = refused(graph.call("GET", "/me/calendars"))
    assert (status, code) == (429, "TooManyRequests")
    assert stand_in.graph(BOB).get("/me/calendars")["value"]
    # The refused one counts as well, so the wait is until the second has left the window.
    assert 598 <= int(wait or 0) <= 600
    stand_in.door("clock", advance=int(wait or 0))
    assert graph.get("/me/calendars")["value"]


def test_whoever_repeats_at_once_stays_out(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", requests=1)
    graph.get("/me/calendars")
    for _ in range(3):
        stand_in.door("clock", advance=400)
        assert graph.call("GET", "/me/calendars").status_code == 429
    stand_in.door("clock", advance=600)
    assert graph.get("/me/calendars")["value"]


def test_writes_can_be_refused_while_reads_pass_and_the_other_way_round(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", writes=0)
    assert graph.get("/me/calendars")["value"]
    assert graph.call("POST", "/me/calendars", {"name": "A"}).status_code == 429
    stand_in.door("limits", reads=0)
    assert graph.post("/me/calendars", {"name": "A"})["name"] == "A"
    assert graph.call("GET", "/me/calendars").status_code == 429


# Uploads, totals, extensions


def test_uploads_are_counted_by_their_bytes(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", upload_bytes=100)
    body = {"name": "A" * 60}
    graph.post("/me/calendars", body)
    graph.get("/me/calendars")
    stand_in.door("clock", advance=100)
    status, code, wait = refused(graph.call("POST", "/me/calendars", {"name": "B" * 60}))
    assert (status, code) == (429, "TooManyRequests")
    assert graph.get("/me/calendars")["value"]
    assert 298 <= int(wait or 0) <= 300
    stand_in.door("clock", advance=int(wait or 0))
    assert graph.post("/me/calendars", {"name": "B" * 60})
    assert graph.call("POST", "/me/calendars", {"name": "A" * 200}).status_code == 429


def test_an_app_has_a_total_over_all_tenants(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", total=2)
    fabrikam = stand_in.graph("fiona.admin@fabrikam.example")
    graph.get("/me")
    fabrikam.get("/me/calendars")
    status, code, wait = refused(fabrikam.call("GET", "/me"))
    assert (status, code) == (429, "TooManyRequests")
    assert 8 <= int(wait or 0) <= 10


def test_extensions_are_limited_by_app_and_tenant(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", extensions=1)
    assert graph.call("GET", "/me/events/1/extensions/a").status_code != 429
    assert graph.call("GET", "/me/events/1/extensions/a").status_code == 429
    assert stand_in.graph(BOB).call("GET", "/me/events/1/extensions/a").status_code == 429
    fabrikam = stand_in.graph("fiona.admin@fabrikam.example")
    assert fabrikam.call("GET", "/me/events/1/extensions/a").status_code != 429


def test_members_of_a_batch_are_measured_one_by_one(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", requests=2)
    members: list[JSON] = [
        {"id": "1", "method": "GET", "url": "/me/calendars"},
        *({"id": str(n), "dependsOn": ["1"], "method": "GET", "url": "/me/calendars"} for n in (2, 3)),
    ]
    answer = graph.post("/$batch", {"requests": members})["responses"]
    assert [each["status"] for each in answer] == [200, 200, 429]
    assert int(answer[2]["headers"]["Retry-After"]) > 590
    assert answer[2]["body"]["error"]["code"] == "TooManyRequests"


def test_whoever_nobody_knows_uses_nothing_up(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", total=1)
    stranger = Graph(stand_in, "nonsense")
    for _ in range(3):
        assert stranger.refused("GET", "/me/calendars")[0] == 401
    assert graph.get("/me/calendars")["value"]


# How long to wait


@pytest.mark.parametrize("style", ["seconds", "fraction", "missing"])
def test_the_wait_is_written_as_was_asked_for(stand_in: StandIn, graph: Graph, style: str) -> None:
    stand_in.door("limits", concurrent=0, retry_after=style, pause=3)
    wait = refused(graph.call("GET", "/me/calendars"))[2]
    assert wait == {"seconds": "3", "fraction": "3.000", "missing": None}[style]


def test_the_wait_may_be_a_date_by_the_sandboxs_clock(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("clock", advance=86_400)
    stand_in.door("limits", concurrent=0, retry_after="date", pause=60)
    response = stand_in.graph().call("GET", "/me/calendars")
    until, now = (parsedate_to_datetime(response.headers[name]) for name in ("Retry-After", "Date"))
    assert 59 <= (until - now).total_seconds() <= 62
    assert now > datetime.now(UTC) + timedelta(hours=23)


# The door


def test_limits_are_on_by_default_and_come_back(stand_in: StandIn, graph: Graph) -> None:
    assert stand_in.look("limits") == USUAL
    assert stand_in.door("limits", requests=0, concurrent=2)["concurrent"] == 2
    assert graph.call("GET", "/me/calendars").status_code == 429
    assert stand_in.http.delete("/_sandbox/limits").get_json() == USUAL
    assert graph.get("/me/calendars")["value"]
    stand_in.door("limits", requests=0)
    stand_in.door("reset", events=0)
    assert stand_in.look("limits") == USUAL


def test_limits_can_be_switched_off(stand_in: StandIn, graph: Graph) -> None:
    stand_in.door("limits", on=False, requests=0, concurrent=0)
    assert graph.get("/me/calendars")["value"]


@pytest.mark.parametrize(
    "wish",
    [
        {"concurrent": 5},
        {"concurrent": -1},
        {"requests": 10_001},
        {"upload_bytes": 151 * 1024 * 1024},
        {"total": 130_001},
        {"retry_after": "never"},
        {"pause": 0},
        {"surprise": 1},
    ],
)
def test_limits_are_lowered_never_raised(stand_in: StandIn, wish: Any) -> None:
    response = stand_in.http.post("/_sandbox/limits", json=wish)
    assert response.status_code == 400
    assert next(iter(wish)) in response.get_json()["error"]
    assert stand_in.look("limits") == USUAL


def test_other_limits_let_what_was_asked_before_count_no_more() -> None:
    throttle = Throttle(Clock())
    throttle.restrict(Limits(requests=1))
    throttle.enter(Demand("app", "tenant", ALICE))
    with pytest.raises(Refusal):
        throttle.enter(Demand("app", "tenant", ALICE))
    throttle.restrict(Limits(requests=1))
    throttle.enter(Demand("app", "tenant", ALICE))
