"""How endpoints answer, and what that means for what is sent to them."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.clock import Clock
from sandbox.endpoints import Endpoints, State, endpoint_of
from sandbox.push import SENDERS
from tests.conftest import eventually
from tests.sandbox.graph_side import ALICE, JSON, NOON, Graph, Listener, StandIn, listening, timed
from tests.sandbox.subscribing import ids, kinds, wish


@pytest.fixture
def subscribed(stand_in: StandIn, graph: Graph, listener: Listener) -> JSON:
    return graph.post("/subscriptions", wish(stand_in, listener))


@pytest.fixture
def second_listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


def door(stand_in: StandIn, do: str, **more: Any) -> JSON:
    return stand_in.door("subscriptions", do=do, **more)


def standing(stand_in: StandIn, listener: Listener) -> JSON:
    found: list[JSON] = stand_in.look("subscriptions")["endpoints"]
    return next(one for one in found if one["url"] == listener.url)


def answered(stand_in: StandIn, listener: Listener, seconds: float, times: int) -> None:
    door(stand_in, "answers", url=f"{listener.url}?whatever=1", seconds=seconds, times=times)


def is_quiet(stand_in: StandIn) -> bool:
    return bool(stand_in.look("world")["quiet"])


# States


@pytest.mark.parametrize(
    ("slow", "hopeless", "state"),
    [(0, 0, "well"), (10, 0, "well"), (11, 0, "slow"), (0, 11, "slow"), (0, 15, "slow"), (0, 16, "drop")],
)
def test_the_shares_of_slow_answers_decide(
    stand_in: StandIn, listener: Listener, slow: int, hopeless: int, state: str
) -> None:
    answered(stand_in, listener, 0.1, 100 - slow - hopeless)
    answered(stand_in, listener, 3.1, slow)
    answered(stand_in, listener, 10.1, hopeless)
    found = standing(stand_in, listener)
    assert (found["state"], found["until"] is None) == (state, state == "well")
    assert (found["answers"], found["over3"], found["over10"]) == (100, slow + hopeless, hopeless)


def test_a_few_answers_say_nothing(stand_in: StandIn, listener: Listener) -> None:
    answered(stand_in, listener, 30, 99)
    assert standing(stand_in, listener)["state"] == "well"
    door(stand_in, "rules", fewest_answers=5)
    assert standing(stand_in, listener)["state"] == "drop"


def test_answers_count_for_ten_minutes(stand_in: StandIn, listener: Listener) -> None:
    answered(stand_in, listener, 4, 100)
    assert standing(stand_in, listener)["state"] == "slow"
    stand_in.door("clock", advance=590)
    assert standing(stand_in, listener)["state"] == "slow"
    stand_in.door("clock", advance=11)
    found = standing(stand_in, listener)
    assert (found["state"], found["until"], found["answers"]) == ("well", None, 0)


def test_a_state_ends_when_a_sample_is_good_and_is_prolonged_when_it_is_not(
    stand_in: StandIn, listener: Listener
) -> None:
    answered(stand_in, listener, 12, 100)
    stand_in.door("clock", advance=300)
    answered(stand_in, listener, 4, 200)
    assert standing(stand_in, listener)["state"] == "drop"
    stand_in.door("clock", advance=301)
    assert standing(stand_in, listener)["state"] == "slow"
    stand_in.door("clock", advance=300)
    answered(stand_in, listener, 0.1, 3000)
    stand_in.door("clock", advance=301)
    assert standing(stand_in, listener)["state"] == "well"


def test_what_a_query_says_does_not_make_another_endpoint() -> None:
    assert endpoint_of("http://localhost:1/a?b=c#d") == "http://localhost:1/a"
    endpoints = Endpoints(Clock())
    endpoints.put("http://localhost:1/a?b", State.SLOW)
    assert endpoints.state("http://localhost:1/a?c")[0] is State.SLOW
    assert endpoints.state("http://localhost:1/b")[0] is State.WELL


def test_a_slow_endpoint_hears_ten_minutes_later(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    door(stand_in, "endpoint", url=listener.url, state="slow")
    graph.post("/me/events", timed("A", *NOON))
    assert listener.told_nothing()
    stand_in.door("clock", advance=590)
    assert listener.told_nothing()
    stand_in.door("clock", advance=11)
    assert kinds(listener.items(1)) == ["created"]
    graph.post("/me/events", timed("B", *NOON))
    assert kinds(listener.items(1)) == ["created"]


def test_an_endpoint_in_drop_loses_what_is_new_and_hears_that_it_missed_something(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    graph.post("/subscriptions", wish(stand_in, listener, lifecycleNotificationUrl=listener.url))
    door(stand_in, "endpoint", url=listener.url, state="drop")
    graph.post("/me/events", timed("Lost", *NOON))
    graph.post("/me/events", timed("Lost too", *NOON))
    assert is_quiet(stand_in)
    stand_in.door("clock", advance=601)
    assert {item["lifecycleEvent"] for item in listener.items(2)} == {"missed"}
    made = graph.post("/me/events", timed("Told", *NOON))
    assert ids(listener.items(1)) == [made["id"]]


def test_while_an_endpoint_stays_in_drop_nothing_is_said(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", wish(stand_in, listener, lifecycleNotificationUrl=listener.url))
    door(stand_in, "endpoint", url=listener.url, state="drop")
    graph.post("/me/events", timed("Lost", *NOON))
    stand_in.door("clock", advance=300)
    answered(stand_in, listener, 12, 100)
    stand_in.door("clock", advance=301)
    assert listener.told_nothing()
    assert standing(stand_in, listener)["state"] == "drop"
    stand_in.door("clock", advance=601)
    assert listener.items(1)[0]["lifecycleEvent"] == "missed"


def test_an_endpoint_made_well_begins_with_a_clean_sheet(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    answered(stand_in, listener, 12, 100)
    found = door(stand_in, "endpoint", url=listener.url, state="well")["endpoints"][0]
    assert (found["state"], found["answers"]) == ("well", 0)
    graph.post("/me/events", timed("A", *NOON))
    listener.items(1)


def test_real_answers_are_measured(stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON) -> None:
    listener.answers = [500]
    graph.post("/me/events", timed("A", *NOON))
    listener.items(1)
    eventually(lambda: standing(stand_in, listener)["answers"] == 2)
    found = standing(stand_in, listener)
    assert (found["over3"], found["state"]) == (0, "well")


# Attempts


def test_three_seconds_without_an_answer_count_as_slow_and_it_comes_again(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    listener.open.clear()
    graph.post("/me/events", timed("A", *NOON))
    eventually(lambda: standing(stand_in, listener)["over3"] == 1)
    assert standing(stand_in, listener)["over10"] == 0
    listener.open.set()
    # The first one arrives as well, if late: the receiver cannot know that nobody waits for its answer.
    assert kinds(listener.items(2)) == ["created", "created"]
    assert len(set(ids([item for body in listener.bodies for item in body["value"]]))) == 1


def test_endpoints_that_hang_delay_no_other(
    stand_in: StandIn, graph: Graph, listener: Listener, second_listener: Listener
) -> None:
    for number in range(SENDERS - 1):
        named = {"resource": f"me/events?$filter=subject ne '{number}'", "notificationUrl": f"{listener.url}?{number}"}
        graph.post("/subscriptions", wish(stand_in, listener, **named))
    graph.post("/subscriptions", wish(stand_in, second_listener))
    listener.open.clear()
    made = graph.post("/me/events", timed("A", *NOON))
    assert ids(second_listener.items(1)) == [made["id"]]
    assert listener.bodies == []
    listener.open.set()
    listener.items(SENDERS - 1)


def test_one_post_at_a_time_goes_to_an_address(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    listener.open.clear()
    graph.post("/me/events", timed("First", *NOON))
    eventually(lambda: listener.arrived == 1)
    for number in range(5):
        graph.post("/me/events", timed(f"Event {number}", *NOON))
    listener.open.set()
    posts = [listener.posts.get(timeout=5)]
    while sum(map(len, posts)) < 6:
        posts.append(listener.posts.get(timeout=5))
    assert len(posts) == 2
    assert len(posts[0]) + len(posts[1]) == 6


def test_after_four_hours_it_is_given_up_and_missed(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    life = f"{listener.url}?life"
    graph.post("/subscriptions", wish(stand_in, listener, lifecycleNotificationUrl=life))
    listener.answers = [503, 503]
    graph.post("/me/events", timed("A", *NOON))
    eventually(lambda: len(listener.answers) == 1)
    stand_in.door("clock", advance=4 * 3600 + 1)
    assert listener.items(1)[0]["lifecycleEvent"] == "missed"
    eventually(lambda: is_quiet(stand_in))


def test_what_belongs_to_an_ended_subscription_is_not_tried_again(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    listener.answers = [503]
    graph.post("/me/events", timed("A", *NOON))
    eventually(lambda: not listener.answers)
    graph.delete(f"/subscriptions/{subscribed['id']}")
    eventually(lambda: is_quiet(stand_in))
    assert listener.told_nothing()


def test_a_reset_forgets_what_comes_again_and_what_was_dropped(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    graph.post("/subscriptions", wish(stand_in, listener, lifecycleNotificationUrl=listener.url))
    listener.open.clear()
    listener.answers = [503]
    graph.post("/me/events", timed("Under way", *NOON))
    eventually(lambda: listener.arrived == 1)
    door(stand_in, "endpoint", url=listener.url, state="drop")
    graph.post("/me/events", timed("Lost", *NOON))
    door(stand_in, "behave", mailbox=ALICE, updates=5)
    door(stand_in, "rules", most=1)
    stand_in.door("reset", events=0)
    listener.open.set()
    eventually(lambda: is_quiet(stand_in))
    stand_in.door("clock", advance=7200)
    assert listener.told_nothing()
    shown = stand_in.look("subscriptions")
    assert (shown["subscriptions"], shown["endpoints"], shown["rules"]["most"]) == ([], [], 1000)


def test_a_redirect_is_no_delivery(stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON) -> None:
    listener.answers = [302]
    graph.post("/me/events", timed("A", *NOON))
    assert kinds(listener.items(1)) == ["created"]
    assert listener.answers == []
