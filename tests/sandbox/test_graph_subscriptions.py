"""Subscriptions: the handshake, their limits, and what listeners are told."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from sandbox.directory import CONTOSO_ID
from tests.sandbox.graph_side import ALICE, BOB, IMMUTABLE, JSON, NOON, Graph, Listener, StandIn, timed, weekly
from tests.sandbox.subscribing import ends_in, offset, wish


@pytest.fixture
def subscribed(stand_in: StandIn, graph: Graph, listener: Listener) -> JSON:
    return graph.post("/subscriptions", wish(stand_in, listener, lifecycleNotificationUrl=f"{listener.url}?life=1"))


def test_a_subscription_is_granted_after_both_addresses_gave_the_token_back(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    assert len(listener.handshakes) == 2
    assert listener.handshakes[0].startswith("/notify?validationToken=")
    assert listener.handshakes[1].startswith("/notify?life=1&validationToken=")
    assert subscribed["clientState"] == "a secret"
    assert subscribed["resource"] == "me/events"
    assert timedelta(minutes=9_999) < ends_in(subscribed, stand_in) <= timedelta(minutes=10_000)
    assert graph.get(f"/subscriptions/{subscribed['id']}")["id"] == subscribed["id"]
    assert [each["id"] for each in graph.get("/subscriptions")["value"]] == [subscribed["id"]]
    shown = stand_in.look("subscriptions")["subscriptions"][0]
    assert (shown["id"], shown["mailbox"], shown["resource"]) == (subscribed["id"], ALICE, "me/events")
    assert "a secret" not in str(stand_in.look("world"))


@pytest.mark.parametrize(
    "echo",
    [
        lambda token: (200, "text/plain", quote(token)),
        lambda token: (200, "text/html", token),
        lambda token: (201, "text/plain", token),
        lambda _: (404, "text/plain", ""),
    ],
    ids=["encoded", "not plain", "another success", "not found"],
)
def test_whoever_does_not_give_the_token_back_is_refused(
    stand_in: StandIn, graph: Graph, listener: Listener, echo: Any
) -> None:
    listener.echo = echo
    assert graph.refused("POST", "/subscriptions", wish(stand_in, listener)) == (400, "ValidationError")
    assert graph.get("/subscriptions")["value"] == []


def test_addresses_of_other_machines_are_never_called(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    for url in ("https://almanac.example/hook", "ftp://localhost/hook", "http://127.0.0.1.example/hook"):
        refusal = graph.refused("POST", "/subscriptions", wish(stand_in, listener, notificationUrl=url))
        assert refusal == (400, "InvalidRequest")


def test_life_is_limited_and_short_lives_are_raised(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    long = wish(stand_in, listener, minutes=10_080)
    assert graph.refused("POST", "/subscriptions", long) == (400, "ExtensionError")
    short = graph.post("/subscriptions", wish(stand_in, listener, minutes=5))
    assert ends_in(short, stand_in) > timedelta(minutes=44)
    path = f"/subscriptions/{short['id']}"
    renewed = graph.patch(path, {"expirationDateTime": wish(stand_in, listener)["expirationDateTime"]})
    assert ends_in(renewed, stand_in) > timedelta(minutes=9_999)
    assert graph.refused("PATCH", path, {"expirationDateTime": long["expirationDateTime"]})[1] == "ExtensionError"
    assert graph.refused("PATCH", path, {"clientState": "other"}) == (400, "InvalidRequest")


def test_a_second_one_for_the_same_is_refused(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    again = wish(stand_in, listener, resource=f"/users/{ALICE}/Events", changeType="deleted,updated,created")
    assert graph.refused("POST", "/subscriptions", again) == (409, "InvalidRequest")
    graph.post("/subscriptions", wish(stand_in, listener, changeType="created"))
    stand_in.graph(BOB).post("/subscriptions", wish(stand_in, listener))


def test_only_ones_own_mailbox_can_be_watched(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    other = wish(stand_in, listener, resource=f"users/{BOB}/events")
    assert graph.refused("POST", "/subscriptions", other) == (403, "ErrorAccessDenied")
    calendar = wish(stand_in, listener, resource="me/calendars/AAMk/events")
    assert graph.refused("POST", "/subscriptions", calendar)[0] == 400


def test_an_ended_subscription_is_gone_without_a_word(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    stand_in.door("clock", advance=10_001 * 60)
    again = stand_in.graph()
    path = f"/subscriptions/{subscribed['id']}"
    for method, body in (("GET", None), ("PATCH", {"expirationDateTime": "2027-01-01T00:00:00Z"}), ("DELETE", None)):
        assert again.refused(method, path, body) == (404, "ResourceNotFound")
    again.post("/me/events", timed("A", *NOON))
    assert listener.told_nothing()


def test_strangers_do_not_see_it(stand_in: StandIn, subscribed: JSON) -> None:
    path = f"/subscriptions/{subscribed['id']}"
    assert stand_in.graph(BOB).refused("DELETE", path) == (404, "ResourceNotFound")
    assert stand_in.graph(BOB).get("/subscriptions")["value"] == []


def test_changes_of_every_calendar_are_told(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    made = stand_in.edit("create", event=timed("A", *NOON), calendar="Private")
    item = listener.items(1)[0]
    path = f"Users/{stand_in.person(ALICE).oid}/Events/{made['id']}"
    assert item == {
        "subscriptionId": subscribed["id"],
        "subscriptionExpirationDateTime": offset(subscribed["expirationDateTime"]),
        "changeType": "created",
        "resource": path,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": path,
            "@odata.etag": item["resourceData"]["@odata.etag"],
            "id": made["id"],
        },
        "clientState": "a secret",
        "tenantId": CONTOSO_ID,
    }
    graph.patch(f"/me/events/{made['id']}", {"subject": "B"})
    graph.delete(f"/me/events/{made['id']}")
    assert [each["changeType"] for each in listener.items(2)] == ["updated", "deleted"]


def test_changes_of_instances_are_told_as_changes_of_their_series(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    master = graph.post("/me/events", timed("A", *NOON, recurrence=weekly("2026-12-01", "tuesday")))["id"]
    listener.items(1)
    stand_in.edit("edit-occurrence", id=master, date="2026-12-08", event={"subject": "B"})
    stand_in.edit("delete-occurrence", id=master, date="2026-12-15")
    told = listener.items(2)
    assert {(each["changeType"], each["resourceData"]["id"]) for each in told} == {("updated", master)}


@pytest.mark.parametrize(("prefer", "kinds"), [("", ["deleted", "created"]), (IMMUTABLE, ["updated"])])
def test_a_move_looks_new_to_those_who_know_plain_ids(
    stand_in: StandIn, graph: Graph, listener: Listener, prefer: str, kinds: list[str]
) -> None:
    made = stand_in.edit("create", event=timed("A", *NOON))
    graph.post("/subscriptions", wish(stand_in, listener), Prefer=prefer)
    moved = stand_in.edit("move", id=made["id"], calendar="Private")
    told = listener.items(len(kinds))
    assert [each["changeType"] for each in told] == kinds
    ids = [each["resourceData"]["id"] for each in told]
    assert ids == ([made["immutableId"]] if prefer else [made["id"], moved["id"]])


def test_what_was_not_taken_comes_again(stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON) -> None:
    listener.answers = [503]
    graph.post("/me/events", timed("A", *NOON))
    assert [each["changeType"] for each in listener.items(1)] == ["created"]


def test_notifications_can_be_dropped_doubled_and_delayed(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    stand_in.door("subscriptions", mailbox=ALICE, do="drop-next")
    graph.post("/me/events", timed("Lost", *NOON))
    assert listener.told_nothing()
    stand_in.door("subscriptions", mailbox=ALICE, do="duplicate-next")
    second = graph.post("/me/events", timed("Twice", *NOON))
    assert [each["resourceData"]["id"] for each in listener.items(2)] == [second["id"]] * 2
    stand_in.door("subscriptions", mailbox=ALICE, do="delay", seconds=3600)
    graph.post("/me/events", timed("Late", *NOON))
    assert listener.told_nothing()
    stand_in.door("clock", advance=3601)
    listener.items(1)


def test_lifecycle_events_are_told_and_a_removed_subscription_is_gone(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    zulu = subscribed["expirationDateTime"]
    for do, event, ends in (
        ("missed", "missed", zulu),
        ("reauthorize", "reauthorizationRequired", offset(zulu)),
        ("removed", "subscriptionRemoved", zulu),
    ):
        stand_in.door("subscriptions", mailbox=ALICE, do=do)
        assert listener.items(1) == [
            {
                "subscriptionId": subscribed["id"],
                "subscriptionExpirationDateTime": ends,
                "tenantId": CONTOSO_ID,
                "clientState": "a secret",
                "lifecycleEvent": event,
            }
        ]
    assert graph.refused("GET", f"/subscriptions/{subscribed['id']}") == (404, "ResourceNotFound")


def test_what_gathers_while_one_post_is_under_way_travels_together(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    with stand_in.sandbox.lock:
        for number in range(40):
            graph.post("/me/events", timed(f"Event {number}", *NOON))
    posts = [listener.posts.get(timeout=5)]
    while sum(map(len, posts)) < 40:
        posts.append(listener.posts.get(timeout=5))
    assert sum(map(len, posts)) == 40
    assert len(posts) < 40


def test_reset_forgets_subscriptions_and_what_waits(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    stand_in.door("subscriptions", mailbox=ALICE, do="delay", seconds=60)
    graph.post("/me/events", timed("Late", *NOON))
    stand_in.door("reset", events=0)
    assert stand_in.look("subscriptions")["subscriptions"] == []
    assert stand_in.look("world")["quiet"] is True
    stand_in.door("clock", advance=61)
    assert listener.told_nothing()
