"""What notifications say, and what they meet on their way."""

from typing import Any

import pytest

from sandbox.directory import CONTOSO_ID, FABRIKAM_ID
from sandbox.world_file import WorldFile
from tests.answers import Schemas
from tests.sandbox.graph_side import ALICE, BOB, FARID, JSON, NOON, Graph, Listener, StandIn, timed
from tests.sandbox.subscribing import graph_of_other_app, ids, kinds, wish
from tests.shared import shared


@pytest.fixture
def subscribed(stand_in: StandIn, graph: Graph, listener: Listener) -> JSON:
    return graph.post("/subscriptions", wish(stand_in, listener, lifecycleNotificationUrl=listener.url))


def disturb(stand_in: StandIn, do: str, **more: Any) -> None:
    stand_in.door("subscriptions", mailbox=ALICE, do=do, **more)


def shape(value: Any) -> Any:
    """Names and types, without what is said."""
    return {name: shape(inner) for name, inner in value.items()} if isinstance(value, dict) else type(value)


# As published


def test_items_have_the_members_of_the_published_samples(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    schemas = Schemas(shared("graph/openapi-calendar.json"))
    made = graph.post("/me/events", timed("A", *NOON))
    graph.patch(f"/me/events/{made['id']}", {"subject": "B"})
    graph.delete(f"/me/events/{made['id']}")
    for kind, item in zip(("created", "updated", "deleted"), listener.items(3), strict=True):
        [sample] = shared(f"graph/examples/notification-{kind}.json")["value"]
        assert item["changeType"] == kind
        assert shape(item) == shape(sample)
        assert list(item) == list(sample)
        assert item["resourceData"]["@odata.type"] == sample["resourceData"]["@odata.type"]
    for do, sample_name in (
        ("missed", "lifecycle-missed"),
        ("reauthorize", "lifecycle-reauthorizationrequired"),
        ("removed", "lifecycle-subscriptionremoved"),
    ):
        disturb(stand_in, do)
        [item] = listener.items(1)
        [sample] = shared(f"graph/examples/{sample_name}.json")["value"]
        assert shape(item) == shape(sample)
        assert item["lifecycleEvent"] == sample["lifecycleEvent"]
    for body in listener.bodies:
        assert schemas.faults("changeNotificationCollection", body) == []


def test_without_a_secret_there_is_none_to_give_back(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    body = wish(stand_in, listener, lifecycleNotificationUrl=listener.url)
    del body["clientState"]
    graph.post("/subscriptions", body)
    stand_in.edit("create", event=timed("A", *NOON))
    disturb(stand_in, "missed")
    assert ["clientState" in item for item in listener.items(2)] == [False, False]


def test_all_subscriptions_of_one_address_are_told_in_one_post(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    other = graph_of_other_app(stand_in).post("/subscriptions", wish(stand_in, listener, clientState="another"))
    graph.post("/subscriptions", wish(stand_in, listener, changeType="deleted"))
    graph.post("/me/events", timed("A", *NOON))
    [item, again] = listener.posts.get(timeout=5)
    assert (item["subscriptionId"], item["clientState"]) == (subscribed["id"], "a secret")
    assert (again["subscriptionId"], again["clientState"]) == (other["id"], "another")


def test_one_post_holds_what_happened_in_several_tenants(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    farid = stand_in.graph(FARID)
    other = farid.post("/subscriptions", wish(stand_in, listener))
    for mailbox in (ALICE, FARID):
        stand_in.door("subscriptions", mailbox=mailbox, do="delay", seconds=60)
        stand_in.edit("create", mailbox=mailbox, event=timed("A", *NOON))
    stand_in.door("clock", advance=61)
    items = listener.posts.get(timeout=5)
    assert {(item["subscriptionId"], item["tenantId"]) for item in items} == {
        (subscribed["id"], CONTOSO_ID),
        (other["id"], FABRIKAM_ID),
    }


def test_a_lifecycle_event_can_be_sent_for_one_subscription_of_several(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    second = graph.post(
        "/subscriptions", wish(stand_in, listener, changeType="created", lifecycleNotificationUrl=listener.url)
    )
    disturb(stand_in, "removed", id=second["id"])
    assert [item["subscriptionId"] for item in listener.items(1)] == [second["id"]]
    assert [one["id"] for one in graph.get("/subscriptions")["value"]] == [subscribed["id"]]


# Filters


def test_entering_a_filter_is_told_as_created_and_leaving_it_as_deleted(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    here = graph.post("/me/events", timed("Here before", *NOON, showAs="oof"))["id"]
    away = "me/events?$filter=showAs eq 'oof' and startswith(subject, 'H')"
    graph.post("/subscriptions", wish(stand_in, listener, resource=away))
    path = f"/me/events/{here}"
    graph.patch(path, {"subject": "Hello"})
    graph.patch(path, {"showAs": "busy"})
    graph.patch(path, {"subject": "Not told"})
    graph.patch(path, {"subject": "Hear this", "showAs": "oof"})
    graph.delete(path)
    graph.post("/me/events", timed("Never inside", *NOON))
    born = graph.post("/me/events", timed("Home", *NOON, showAs="oof"))["id"]
    items = listener.items(5)
    assert kinds(items) == ["updated", "deleted", "created", "deleted", "created"]
    assert ids(items) == [here] * 4 + [born]
    assert listener.told_nothing()


def test_times_can_be_filtered_and_what_cannot_be_compared_is_outside(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    later = "me/events?$filter=start/dateTime ge '2027-01-01T00:00:00Z'"
    graph.post("/subscriptions", wish(stand_in, listener, resource=later))
    graph.post("/me/events", timed("Sooner", *NOON))
    stand_in.edit("raw", event={"id": "odd", "subject": "Odd", "start": {"dateTime": "whenever", "timeZone": "UTC"}})
    made = graph.post("/me/events", timed("Later", "2027-02-01T12:00:00", "2027-02-01T13:00:00"))
    assert ids(listener.items(1)) == [made["id"]]


def test_a_move_inside_a_filter_looks_as_any_move(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    made = stand_in.edit("create", event=timed("Tea", *NOON))
    graph.post("/subscriptions", wish(stand_in, listener, resource="me/events?$filter=subject eq 'Tea'"))
    moved = stand_in.edit("move", id=made["id"], calendar="Private")
    items = listener.items(2)
    assert (kinds(items), ids(items)) == (["deleted", "created"], [made["id"], moved["id"]])


# On the way


def test_one_edit_is_told_three_times_and_a_birth_twice(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    disturb(stand_in, "behave", updates=3, created_then_updated=True)
    made = graph.post("/me/events", timed("A", *NOON))
    assert kinds(listener.items(2)) == ["created", "updated"]
    graph.patch(f"/me/events/{made['id']}", {"subject": "B"})
    assert kinds(listener.items(3)) == ["updated"] * 3
    graph.delete(f"/me/events/{made['id']}")
    assert kinds(listener.items(1)) == ["deleted"]


def test_the_order_can_be_turned_round(stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON) -> None:
    disturb(stand_in, "reorder-next", times=3)
    made = [graph.post("/me/events", timed(name, *NOON))["id"] for name in "ABC"]
    assert ids(listener.items(3)) == made[::-1]
    last = graph.post("/me/events", timed("D", *NOON))["id"]
    assert ids(listener.items(1)) == [last]


def test_a_notification_can_be_overtaken_by_a_newer_one(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    disturb(stand_in, "delay-next", seconds=600)
    made = graph.post("/me/events", timed("A", *NOON))
    graph.patch(f"/me/events/{made['id']}", {"subject": "B"})
    assert kinds(listener.items(1)) == ["updated"]
    stand_in.door("clock", advance=601)
    assert kinds(listener.items(1)) == ["created"]
    assert graph.get(f"/me/events/{made['id']}")["subject"] == "B"


def test_where_there_is_one_tenant_a_foreign_one_is_made_up(listener: Listener) -> None:
    ada = "ada@acme.example"
    person = {"name": "Ada", "address": ada}
    world = {"tenants": [{"name": "Acme", "domain": "acme.example"}], "people": [person]}
    stand_in = StandIn(world=WorldFile.model_validate(world))
    graph = stand_in.graph(ada)
    graph.post("/subscriptions", wish(stand_in, listener))
    stand_in.door("subscriptions", mailbox=ada, do="foreign-next")
    graph.post("/me/events", timed("A", *NOON))
    forged, good = listener.items(2)
    assert good["tenantId"] == stand_in.person(ada).tenant_id
    assert forged == good | {"tenantId": forged["tenantId"]}
    assert forged != good


@pytest.mark.parametrize(
    ("do", "member"),
    [("wrong-state-next", "clientState"), ("unknown-next", "subscriptionId"), ("foreign-next", "tenantId")],
)
@pytest.mark.usefixtures("subscribed")
def test_a_forged_item_travels_with_a_good_one(
    stand_in: StandIn, graph: Graph, listener: Listener, do: str, member: str
) -> None:
    disturb(stand_in, do)
    graph.post("/me/events", timed("A", *NOON))
    forged, good = listener.posts.get(timeout=5)
    [subscribed] = graph.get("/subscriptions")["value"]
    assert good["subscriptionId"] == subscribed["id"]
    assert good["clientState"] == "a secret"
    assert forged[member] != good[member]
    assert forged == good | {member: forged[member]}
    graph.post("/me/events", timed("B", *NOON))
    assert len(listener.posts.get(timeout=5)) == 1


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("usual", "Users/{oid}/Events/{id}"),
        ("lower", "users/{oid}/events/{id}"),
        ("tenant", "users/{oid}@{tid}/events/{id}"),
        ("quoted", "Users('{oid}')/Events('{id}')"),
    ],
)
@pytest.mark.usefixtures("subscribed")
def test_the_resource_is_spelled_in_several_ways(
    stand_in: StandIn, graph: Graph, listener: Listener, path: str, resource: str
) -> None:
    disturb(stand_in, "behave", path=path)
    made = graph.post("/me/events", timed("A", *NOON))["id"]
    [item] = listener.items(1)
    assert item["resource"] == resource.format(oid=stand_in.person(ALICE).oid, tid=CONTOSO_ID, id=made)
    assert item["resourceData"]["@odata.id"].lower() == item["resource"].lower()
    disturb(stand_in, "behave", path=None)
    stand_in.edit("delete", id=made)
    assert listener.items(1)[0]["resource"].startswith("Users/")


def test_items_may_have_ids_of_their_own(stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON) -> None:
    disturb(stand_in, "behave", item_id=True)
    disturb(stand_in, "behave", updates=2)
    made = graph.post("/me/events", timed("A", *NOON))
    graph.patch(f"/me/events/{made['id']}", {"subject": "B"})
    items = listener.items(3)
    assert len({item["id"] for item in items}) == 3
    assert ids(items) == [made["id"]] * 3


def test_switches_are_those_of_one_mailbox(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    stand_in.door("subscriptions", mailbox=BOB, do="drop-next")
    graph.post("/me/events", timed("A", *NOON))
    assert kinds(listener.items(1)) == ["created"]


def test_a_notification_comes_before_delta_shows_the_change(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"
    _, link = graph.round(f"/me/calendarView/delta?{window}")
    stand_in.door("delta", mailbox=ALICE, do="behave", lag=3600)
    made = graph.post("/me/events", timed("A", *NOON))["id"]
    assert ids(listener.items(1)) == [made]
    items, link = graph.round(link)
    assert items == []
    stand_in.door("clock", advance=3000)
    stand_in.door("delta", mailbox=ALICE, do="behave", lag=0)
    items, _ = graph.round(link)
    assert [item["id"] for item in items] == [made]


def test_an_id_that_is_no_text_of_unicode_is_told_all_the_same(
    stand_in: StandIn, graph: Graph, listener: Listener, subscribed: JSON
) -> None:
    stand_in.http.post(
        "/_sandbox/edit",
        data=f'{{"mailbox": "{ALICE}", "op": "raw", "event": {{"id": "half \\ud83d", "subject": "A"}}}}',
        content_type="application/json",
    )
    assert ids(listener.items(1)) == ["half \ud83d"]
