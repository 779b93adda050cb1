"""News of subscriptions themselves, and what follows when tokens and rights end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.lifecycle import next_reminder
from tests.conftest import eventually
from tests.sandbox.graph_side import ALICE, BOB, JSON, NOON, Graph, Listener, StandIn, timed
from tests.sandbox.sharing_side import app
from tests.sandbox.subscribing import ids, kinds, wish

CONTOSO = "contoso.example"


def rules(stand_in: StandIn, **more: Any) -> None:
    stand_in.door("subscriptions", do="rules", **more)


def subscribe(stand_in: StandIn, graph: Graph, listener: Listener, **more: Any) -> JSON:
    return graph.post("/subscriptions", wish(stand_in, listener, lifecycleNotificationUrl=listener.url, **more))


def news(listener: Listener, count: int = 1) -> list[str]:
    return [item["lifecycleEvent"] for item in listener.items(count)]


# Reminders

MIDDAY = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("remaining", "wait"),
    [
        (timedelta(days=6), timedelta(days=5, hours=12)),
        (timedelta(hours=12), timedelta(hours=3)),
        (timedelta(hours=4), timedelta(hours=1)),
        (timedelta(minutes=80), timedelta(minutes=20)),
        (timedelta(minutes=60), timedelta(minutes=15)),
        (timedelta(minutes=10), timedelta(minutes=15)),
        (timedelta(minutes=-10), timedelta(minutes=15)),
    ],
)
def test_reminders_come_closer_together_towards_the_end(remaining: timedelta, wait: timedelta) -> None:
    assert next_reminder(MIDDAY, MIDDAY + remaining) == MIDDAY + wait


def test_reminders_come_by_themselves_once_that_is_wanted(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    made = subscribe(stand_in, graph, listener)
    stand_in.door("clock", advance=1800)
    assert listener.told_nothing()
    rules(stand_in, automatic=True)
    # The token behind it lives for an hour or a little more.
    stand_in.door("clock", advance=1800)
    assert news(listener) == ["reauthorizationRequired"]
    stand_in.door("clock", advance=901)
    assert news(listener) == ["reauthorizationRequired"]
    assert [one["id"] for one in stand_in.graph().get("/subscriptions")["value"]] == [made["id"]]
    rules(stand_in, automatic=False)
    stand_in.door("clock", advance=3600)
    assert listener.told_nothing()


def test_renewing_and_reauthorizing_put_the_next_reminder_off(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    rules(stand_in, automatic=True)
    path = f"/subscriptions/{subscribe(stand_in, graph, listener)['id']}"
    for method, suffix in (("PATCH", ""), ("POST", "/reauthorize")):
        # A quarter of a token's life has not passed yet.
        stand_in.door("clock", advance=800)
        fresh = stand_in.graph()
        fresh.call(method, path + suffix, {"expirationDateTime": wish(stand_in, listener)["expirationDateTime"]})
        assert listener.told_nothing()
    stand_in.door("clock", advance=1400)
    assert news(listener) == ["reauthorizationRequired"]


def test_reminders_stop_with_their_subscription(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    rules(stand_in, automatic=True)
    made = subscribe(stand_in, graph, listener)
    graph.delete(f"/subscriptions/{made['id']}")
    stand_in.door("clock", advance=3600)
    assert listener.told_nothing()


# Tokens that have expired


def test_what_is_told_need_not_wait_for_a_token(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    rules(stand_in, hold_expired=False)
    subscribe(stand_in, graph, listener)
    stand_in.door("clock", advance=2 * 3600)
    stand_in.edit("create", event=timed("A", *NOON))
    assert kinds(listener.items(1)) == ["created"]


def test_notifications_are_held_until_there_is_a_fresh_token(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    subscribe(stand_in, graph, listener)
    stand_in.edit("create", event=timed("At once", *NOON))
    listener.items(1)
    stand_in.door("tokens", mailbox=ALICE, do="expire-access")
    held = stand_in.edit("create", event=timed("Held", *NOON))
    assert listener.told_nothing()
    assert stand_in.look("world")["quiet"] is False
    # Somebody else's token, and another app's, are not the one that is missing.
    stand_in.graph(BOB)
    app(stand_in, "Calendars.Read")
    stand_in.door("clock", advance=3600)
    assert listener.told_nothing()
    stand_in.graph()
    stand_in.door("clock", advance=2)
    assert ids(listener.items(1)) == [held["id"]]
    # Holding asked nothing of the endpoint: the only answer of the last ten minutes is to what came now.
    eventually(lambda: [one["answers"] for one in stand_in.look("subscriptions")["endpoints"]] == [1])


def test_what_is_held_for_four_hours_is_lost(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    subscribe(stand_in, graph, listener)
    stand_in.door("tokens", mailbox=ALICE, do="revoke")
    stand_in.edit("create", event=timed("Held", *NOON))
    assert listener.told_nothing()
    stand_in.door("clock", advance=4 * 3600 + 2)
    assert news(listener) == ["missed"]


def test_an_app_of_its_own_right_is_held_up_by_its_own_token(stand_in: StandIn, listener: Listener) -> None:
    itself = app(stand_in, "Calendars.Read")
    itself.post("/subscriptions", wish(stand_in, listener, resource=f"users/{ALICE}/events"))
    stand_in.door("clock", advance=2 * 3600)
    stand_in.graph()
    stand_in.edit("create", event=timed("Held", *NOON))
    assert listener.told_nothing()
    app(stand_in, "Calendars.Read")
    stand_in.door("clock", advance=2)
    listener.items(1)


# Rights that were taken away


def test_a_revoked_grant_is_told_and_ends_in_removal(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    rules(stand_in, follow_rights=True)
    made = subscribe(stand_in, graph, listener)
    subscribe(stand_in, stand_in.graph(BOB), listener)
    stand_in.door("tokens", mailbox=ALICE, do="revoke")
    assert [item["subscriptionId"] for item in listener.items(1)] == [made["id"]]
    stand_in.door("clock", advance=3601)
    [removed] = listener.items(1)
    assert (removed["lifecycleEvent"], removed["subscriptionId"]) == ("subscriptionRemoved", made["id"])
    assert stand_in.graph().refused("GET", f"/subscriptions/{made['id']}") == (404, "ResourceNotFound")
    assert len(stand_in.look("subscriptions")["subscriptions"]) == 1


def test_whoever_signs_in_again_and_renews_keeps_it(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    rules(stand_in, follow_rights=True)
    path = f"/subscriptions/{subscribe(stand_in, graph, listener)['id']}"
    stand_in.door("tokens", mailbox=ALICE, do="revoke")
    assert news(listener) == ["reauthorizationRequired"]
    stand_in.door("consent", tenant=CONTOSO, do="grant")
    assert stand_in.graph().call("POST", f"{path}/reauthorize").status_code == 204
    stand_in.door("clock", advance=3601)
    assert listener.told_nothing()
    assert stand_in.graph().call("GET", path).status_code == 200


def test_withdrawn_consent_is_not_mended_by_a_token_from_before(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    rules(stand_in, follow_rights=True)
    stand_in.door("consent", tenant=CONTOSO, do="grant")
    by_person = subscribe(stand_in, graph, listener)
    itself = app(stand_in, "Calendars.Read")
    by_app = subscribe(stand_in, itself, listener, resource=f"users/{BOB}/events")
    stand_in.door("consent", tenant=CONTOSO, do="withdraw")
    assert news(listener, 2) == ["reauthorizationRequired"] * 2
    for who, made in ((graph, by_person), (itself, by_app)):
        assert who.call("POST", f"/subscriptions/{made['id']}/reauthorize").status_code == 204
    stand_in.door("clock", advance=3601)
    assert news(listener, 2) == ["subscriptionRemoved"] * 2
    assert stand_in.look("subscriptions")["subscriptions"] == []


def test_rights_that_end_are_no_news_unless_that_is_wanted(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    subscribe(stand_in, graph, listener)
    stand_in.door("tokens", mailbox=ALICE, do="revoke")
    stand_in.door("consent", tenant=CONTOSO, do="withdraw")
    stand_in.door("clock", advance=7200)
    assert listener.told_nothing()
    assert len(stand_in.look("subscriptions")["subscriptions"]) == 1


def test_the_rules_in_force_are_shown(stand_in: StandIn) -> None:
    before = stand_in.look("subscriptions")["rules"]
    rules(stand_in, automatic=True, hold_expired=False)
    after = stand_in.look("subscriptions")["rules"]
    assert after == before | {"automatic": True, "hold_expired": False}
    stand_in.door("reset", events=0)
    assert stand_in.look("subscriptions")["rules"] == before


def test_whoever_gave_no_address_for_news_gets_none(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", wish(stand_in, listener))
    assert stand_in.door("subscriptions", mailbox=ALICE, do="removed")["told"] == 0
    assert listener.told_nothing()
    eventually(lambda: stand_in.look("subscriptions")["subscriptions"] == [])
