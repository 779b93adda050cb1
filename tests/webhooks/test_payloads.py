"""Reading what is posted to us: Graph's own examples, oddities that were seen, and any bytes at all."""

import uuid
from contextlib import suppress
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared
from webhooks import payloads
from webhooks.payloads import Item, TooMuch, Unreadable

CONTOSO = uuid.UUID("3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001")
GRAPH_ID = "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"


def item_of(**said: object) -> Item | None:
    plain = {"subscriptionId": GRAPH_ID, "clientState": "secret", "tenantId": str(CONTOSO)} | said
    [item] = payloads.read_items(orjson.dumps({"value": [plain]}))
    return item


@pytest.mark.parametrize(
    "name",
    [
        "notification-created", "notification-updated", "notification-deleted", "notification-batch-two-tenants",
        "lifecycle-missed", "lifecycle-subscriptionremoved", "lifecycle-reauthorizationrequired",
    ],
)  # fmt: skip
def test_every_documented_example_is_read_item_by_item(name: str) -> None:
    body = _example(f"{name}.json")

    items = payloads.read_items(body)

    assert len(items) == len(orjson.loads(body)["value"])


def test_items_of_several_tenants_in_one_post_are_told_apart() -> None:
    items = payloads.read_items(_example("notification-batch-two-tenants.json"))

    assert len({item.tenant for item in items if item}) == 2


@pytest.mark.parametrize("value", [None, "", 7, True, ["secret"], {"secret": 1}, "x" * 256])
def test_a_client_state_that_is_empty_too_long_or_no_text_is_no_item(value: object) -> None:
    assert item_of(clientState=value) is None


def test_an_item_without_a_client_state_is_no_item() -> None:
    body = orjson.dumps({"value": [{"subscriptionId": GRAPH_ID, "tenantId": str(CONTOSO)}]})

    assert payloads.read_items(body) == [None]


@pytest.mark.parametrize("value", [None, "", 7, "a b", "x" * 65, "null\x00", "../me", {"a": 1}])
def test_a_subscription_id_that_graph_would_not_give_is_no_item(value: object) -> None:
    assert item_of(subscriptionId=value) is None


def test_a_bad_item_leaves_the_others_of_its_post_alone() -> None:
    good = {"subscriptionId": GRAPH_ID, "clientState": "secret", "tenantId": str(CONTOSO)}

    items = payloads.read_items(orjson.dumps({"value": [7, good, None, [], good | {"clientState": 1}]}))

    assert [item is not None for item in items] == [False, True, False, False, False]


def test_the_tenant_of_a_lifecycle_item_may_be_called_organization() -> None:
    [item] = payloads.read_items(
        orjson.dumps(
            {
                "value": [
                    {
                        "subscriptionId": GRAPH_ID,
                        "clientState": "secret",
                        "organizationId": str(CONTOSO).upper(),
                        "lifecycleEvent": "reauthorizationRequired",
                    }
                ]
            }
        )
    )

    assert item is not None
    assert item.is_from(CONTOSO)


@pytest.mark.parametrize("tenant", ["", "no guid", str(uuid.uuid4()), str(payloads.PERSONAL)])
def test_another_tenant_than_the_mailboxs_is_not_its_own(tenant: str) -> None:
    item = item_of(tenantId=tenant)

    assert item is not None
    assert not item.is_from(CONTOSO)


@pytest.mark.parametrize("tenant", ["", str(payloads.PERSONAL), str(payloads.PERSONAL_IN_EXCHANGE)])
def test_a_personal_mailbox_is_known_by_the_tenants_that_were_seen(tenant: str) -> None:
    item = item_of(tenantId=tenant)

    assert item is not None
    assert item.is_from(payloads.PERSONAL)


def test_a_personal_mailbox_is_not_known_by_a_work_tenant() -> None:
    item = item_of()

    assert item is not None
    assert not item.is_from(payloads.PERSONAL)


def test_more_items_than_graph_would_send_are_too_much() -> None:
    with pytest.raises(TooMuch):
        payloads.read_items(orjson.dumps({"value": [{}] * (payloads.MOST_ITEMS + 1)}))


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"7", b'"value"', b"{}", b'{"value": null}', b'{"value": {}}', b'{"value": [', b"\xff\xfe"],
)
def test_a_body_without_a_list_of_items_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        payloads.read_items(body)


def test_a_body_that_is_only_depth_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        payloads.read_items(b'{"value":' + b"[" * 200_000)


@given(st.binary(max_size=2000))
def test_any_bytes_are_items_or_unreadable(body: bytes) -> None:
    with suppress(Unreadable):
        payloads.read_items(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"subscriptionId": _JSON},
            optional={"clientState": _JSON, "tenantId": _JSON, "organizationId": _JSON, "lifecycleEvent": _JSON},
        )
        | _JSON,
        max_size=6,
    )
)
def test_any_items_are_read_or_left_out_one_by_one(value: list[object]) -> None:
    try:
        body = orjson.dumps({"value": value})
    except orjson.JSONEncodeError:  # lone surrogates are no JSON
        return

    items = payloads.read_items(body)

    assert len(items) == len(value)
    for item in items:
        if item is not None:
            item.is_from(CONTOSO)


@pytest.mark.parametrize(
    "text", ["2026-11-20T11:00:00Z", "2026-11-20T11:00:00.0000000Z", "2026-11-20T11:00:00.000000+00:00"]
)
def test_the_granted_end_is_read_in_every_spelling(text: str) -> None:
    granted = payloads.read_granted({"id": GRAPH_ID, "expirationDateTime": text, "resource": "/Me/Events"})

    assert granted.expires_at == datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert granted.is_on_events


@pytest.mark.parametrize(
    "answer", [{}, {"id": GRAPH_ID}, {"id": "a b", "expirationDateTime": "2026-11-20T11:00:00Z"},
               {"id": GRAPH_ID, "expirationDateTime": "2026-11-20T11:00:00"}]
)  # fmt: skip
def test_an_answer_that_describes_no_subscription_is_unreadable(answer: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        payloads.read_granted(answer)


def _example(name: str) -> bytes:
    return orjson.dumps(shared(f"graph/examples/{name}"))
