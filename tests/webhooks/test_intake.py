"""Taking Graph's calls in: what is genuine is marked, noted and queued; what is forged leaves nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from kombu import pools
from pytest_django import DjangoAssertNumQueries
from structlog.testing import capture_logs

from calendars.doors import marked_calendars
from config.celery import app as celery_app
from connections.models import Status
from tenants.scoping import system_scope
from tests.conftest import become
from tests.webhooks.conftest import (
    CLIENT_STATE,
    NORTHWIND,
    Member,
    Post,
    connect,
    deliveries_of,
    item,
    lifecycle,
    listening,
    marks_of,
    queued,
    some_mailbox,
    subscription_of,
)
from webhooks.doors import Mailbox
from webhooks.models import Subscription
from webhooks.payloads import LARGEST_BODY

# --- genuine --------------------------------------------------------------------------------------------------------


def test_a_genuine_item_marks_every_followed_calendar_and_queues_a_round_of_each(
    alice: Member, now: datetime, post: Post
) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now, calendars=2)
    graph_id = listening(mailbox, speaker, now=now)

    answer = post(item(graph_id, mailbox))

    assert (answer.status_code, answer.content) == (202, b"")
    assert all(mark and mark >= now for mark in marks_of(speaker))
    [first, second] = queued()
    assert first[0] == second[0] == "calendars.tasks.sync_calendar"
    assert first[1]["organization_id"] == alice.organization_id
    assert first[1]["calendar_id"] != second[1]["calendar_id"]


def test_one_delivery_says_how_many_items_came_and_what_became_of_them(
    alice: Member, now: datetime, post: Post
) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now)

    post(*[item(graph_id, mailbox)] * 3, lifecycle(graph_id, mailbox, "missed"))

    [delivery] = deliveries_of(alice.organization_id)
    assert (delivery.connection_id, delivery.items) == (speaker.connection_id, 4)
    assert delivery.outcomes == {"marked": 3, "missed": 1}


def test_many_items_about_one_mailbox_are_one_round(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    graph_id = listening(mailbox, connect(alice, mailbox, now=now), now=now)

    post(*[item(graph_id, mailbox)] * 50)

    assert len(queued()) == 1


def test_ten_mailboxes_of_an_organization_cost_as_many_statements_as_one(
    alice: Member, now: datetime, post: Post, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    mailboxes = [some_mailbox() for _ in range(10)]
    ids = {mailbox: listening(mailbox, connect(alice, mailbox, now=now), now=now) for mailbox in mailboxes}

    with CaptureQueriesContext(connection) as one:
        post(item(ids[mailboxes[0]], mailboxes[0]))
    with django_assert_max_num_queries(len(one)):
        post(*[item(graph_id, mailbox) for mailbox, graph_id in ids.items()])

    assert len(queued()) == 11
    assert len(deliveries_of(alice.organization_id)) == 11


def test_both_organizations_of_one_mailbox_are_told(alice: Member, mallory: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    at_acme = connect(alice, mailbox, now=now)
    at_globex = connect(mallory, mailbox, now=now)
    graph_id = listening(mailbox, at_acme, now=now)

    post(item(graph_id, mailbox))

    assert all(marks_of(at_acme) + marks_of(at_globex))
    assert {call["organization_id"] for _, call in queued()} == {alice.organization_id, mallory.organization_id}
    [told] = deliveries_of(mallory.organization_id)
    assert told.connection_id == at_globex.connection_id


def test_one_post_may_speak_of_several_subscriptions_and_tenants(
    alice: Member, mallory: Member, now: datetime, post: Post
) -> None:
    ours, theirs = some_mailbox(), some_mailbox(NORTHWIND)
    at_acme, at_globex = connect(alice, ours, now=now), connect(mallory, theirs, now=now)
    first, second = listening(ours, at_acme, now=now), listening(theirs, at_globex, now=now)

    post(item(first, ours), item(second, theirs), item(first, ours))

    assert all(marks_of(at_acme) + marks_of(at_globex))
    assert [delivery.items for delivery in deliveries_of(alice.organization_id)] == [2]
    assert [delivery.items for delivery in deliveries_of(mallory.organization_id)] == [1]


def test_only_active_connections_are_told(alice: Member, mallory: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    left = connect(mallory, mailbox, now=now, status=Status.DISCONNECTED)
    graph_id = listening(mailbox, speaker, now=now)

    post(item(graph_id, mailbox))

    assert marks_of(left) == [None]
    assert deliveries_of(mallory.organization_id) == []


def test_a_mailbox_of_which_nothing_is_followed_is_noted_and_not_read(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    graph_id = listening(mailbox, connect(alice, mailbox, now=now, calendars=0), now=now)

    assert post(item(graph_id, mailbox)).status_code == 202

    assert queued() == []
    assert [delivery.outcomes for delivery in deliveries_of(alice.organization_id)] == [{"unfollowed": 1}]


def test_the_id_of_a_subscription_is_known_in_any_letter_case(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now)

    post(item(graph_id.upper(), mailbox, tenantId=str(mailbox.tid).upper()))

    assert all(marks_of(speaker))


def test_when_graph_last_called_is_kept_to_the_minute(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    graph_id = listening(mailbox, connect(alice, mailbox, now=now), now=now, notified_at=now - timedelta(hours=1))

    post(item(graph_id, mailbox))
    row = subscription_of(mailbox)
    assert row is not None
    assert row.notified_at is not None
    first = row.notified_at
    post(item(graph_id, mailbox))

    assert first >= now
    again = subscription_of(mailbox)
    assert again is not None
    assert again.notified_at == first


# --- forged ---------------------------------------------------------------------------------------------------------


LIES: list[dict[str, object]] = [
    {"clientState": None},
    {"clientState": ""},
    {"clientState": "guessed"},
    {"clientState": CLIENT_STATE + " "},
    {"clientState": 7},
    {"clientState": [CLIENT_STATE]},
    {"clientState": {"": CLIENT_STATE}},
    {"clientState": True},
    {"tenantId": None},
    {"tenantId": ""},
    {"tenantId": str(NORTHWIND)},
    {"tenantId": 7},
    {"subscriptionId": "11111111-2222-3333-4444-555555555555"},
    {"subscriptionId": None},
    {"subscriptionId": 7},
]


@pytest.mark.parametrize("event", [None, "missed", "subscriptionRemoved", "reauthorizationRequired"])
def test_a_forged_item_gets_the_same_answer_and_leaves_nothing(
    alice: Member, now: datetime, post: Post, event: str | None
) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now)
    before = _fields_of(mailbox)
    genuine = item(graph_id, mailbox) if event is None else lifecycle(graph_id, mailbox, event)

    for lie in LIES:
        forged = {name: value for name, value in (genuine | lie).items() if value is not None}
        answer = post(forged)

        assert (answer.status_code, answer.content) == (202, b""), lie
        assert marks_of(speaker) == [None], lie
    assert deliveries_of(alice.organization_id) == []
    assert queued() == []
    assert _fields_of(mailbox) == before


def test_a_forged_item_among_genuine_ones_spoils_only_itself(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now)

    post(
        item(graph_id, mailbox, clientState="guessed"), 7, item(graph_id, mailbox), item(graph_id, mailbox, tenantId="")
    )

    assert all(marks_of(speaker))
    [delivery] = deliveries_of(alice.organization_id)
    assert delivery.items == 1


def test_the_log_counts_forged_items_and_repeats_nothing_of_them(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    graph_id = listening(mailbox, connect(alice, mailbox, now=now), now=now)

    with capture_logs() as lines:
        post(item(graph_id, mailbox, clientState="guessed"), {"subscriptionId": "11111111"}, item(graph_id, mailbox))

    [forged] = [line for line in lines if line["event"] == "forged_notifications"]
    assert (forged["items"], forged["forged"]) == (3, 2)
    for secret in ("guessed", CLIENT_STATE, graph_id, "11111111"):
        assert secret not in str(lines)


def test_the_client_state_of_one_subscription_is_worth_nothing_for_another(
    alice: Member, mallory: Member, now: datetime, post: Post
) -> None:
    ours, theirs = some_mailbox(), some_mailbox()
    speaker = connect(alice, ours, now=now)
    graph_id = listening(ours, speaker, now=now, client_state_digest="f" * 64)
    listening(theirs, connect(mallory, theirs, now=now), now=now)

    post(item(graph_id, ours, clientState=CLIENT_STATE))

    assert marks_of(speaker) == [None]


def test_a_subscription_that_is_only_being_made_recognises_nothing(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now, client_state_digest="", state="pending")

    post(item(graph_id, mailbox), item(graph_id, mailbox, clientState=""))

    assert marks_of(speaker) == [None]


# --- news of subscriptions ------------------------------------------------------------------------------------------


def test_after_missed_notifications_the_calendars_are_read(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now)

    post(lifecycle(graph_id, mailbox, "missed"))

    assert all(marks_of(speaker))
    assert [name for name, _ in queued()] == ["calendars.tasks.sync_calendar"]


def test_a_removed_subscription_is_gone_and_made_anew(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now)

    post(lifecycle(graph_id, mailbox, "subscriptionRemoved"))

    row = subscription_of(mailbox)
    assert row is not None
    assert (row.state, row.graph_id, row.client_state_digest) == ("gone", None, "")
    assert all(marks_of(speaker))
    assert ("webhooks.tasks.reconcile_subscription", {"subscription_id": row.pk}) in queued()


def test_a_demand_to_reauthorize_renews_once_however_often_it_comes(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    graph_id = listening(mailbox, connect(alice, mailbox, now=now), now=now)

    post(lifecycle(graph_id, mailbox, "reauthorizationRequired"))

    row = subscription_of(mailbox)
    assert row is not None
    assert row.renew_at is not None
    assert row.renew_at >= now
    assert row.renew_at < now + timedelta(minutes=5)
    assert ("webhooks.tasks.reconcile_subscription", {"subscription_id": row.pk}) in queued()


def test_a_demand_to_reauthorize_right_after_a_renewal_is_answered_already(
    alice: Member, now: datetime, post: Post
) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now, renewed_at=now - timedelta(minutes=1))

    post(lifecycle(graph_id, mailbox, "reauthorizationRequired"))

    assert [name for name, _ in queued()] == ["calendars.tasks.sync_calendar"]


# --- bodies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"value": 7}', 400),
        (b"\x00\xff", 400),
        (b'{"value": []}', 202),
        (b'{"value": [null, 7, {}]}', 202),
        (b" " * (LARGEST_BODY + 1), 413),
        (b'{"value": [' + b"{}," * 6000 + b"{}]}", 413),
        (b'{"value": ' + b"[" * 100_000, 400),
        (b'{"value": [{"subscriptionId": "\\ud800"}]}', 400),
        (b'{"value": [{"subscriptionId": "a\\u0000b", "clientState": "a\\u0000"}]}', 202),
    ],
    ids=lambda value: repr(value)[:40],
)
@pytest.mark.django_db(transaction=True)
def test_a_body_is_judged_or_refused(post: Post, body: bytes, status: int) -> None:
    assert post(body=body).status_code == status


@given(body=st.binary(max_size=500), kind=st.text(max_size=30))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@pytest.mark.django_db(transaction=True)
def test_any_bytes_get_an_answer_that_is_no_error_of_ours(body: bytes, kind: str) -> None:
    kind = "".join(letter for letter in kind if letter.isprintable())

    answer = Client().post("/webhooks/graph/", body, content_type=kind or "text/plain")

    assert answer.status_code in {202, 400, 413}


def test_the_address_needs_no_csrf_token(alice: Member, now: datetime) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        "/webhooks/graph/", b'{"value": []}', content_type="application/json"
    )

    assert answer.status_code == 202


# --- when something is away -----------------------------------------------------------------------------------------


@pytest.fixture
def unreachable_database(transactional_db: None) -> Iterator[None]:
    """The database's address leads nowhere, as after a crash of its machine."""
    where = "OPTIONS" if "host" in connection.settings_dict["OPTIONS"] else "root"
    place = connection.settings_dict["OPTIONS"] if where == "OPTIONS" else connection.settings_dict
    name = "host" if where == "OPTIONS" else "HOST"
    host, pool = place[name], connection.settings_dict["OPTIONS"]["pool"]
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's backend has it
    place[name] = "/nonexistent"
    connection.settings_dict["OPTIONS"]["pool"] = pool | {"timeout": 0.3}
    yield
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's backend has it
    place[name] = host
    connection.settings_dict["OPTIONS"]["pool"] = pool


def test_without_a_database_graph_is_asked_to_try_again(unreachable_database: None, post: Post) -> None:
    answer = post(item("7f105c7d-2dc5-4530-97cd-4e7ae6534c07", some_mailbox()))

    assert (answer.status_code, answer.content) == (503, b"")


def test_what_cannot_be_stored_as_a_whole_is_not_acknowledged(alice: Member, now: datetime, post: Post) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now)
    _as_owner("REVOKE INSERT ON webhooks_delivery FROM almanac_app")
    try:
        answer = post(item(graph_id, mailbox))
    finally:
        _as_owner("GRANT INSERT ON webhooks_delivery TO almanac_app")

    assert answer.status_code == 503
    assert marks_of(speaker) == [None]
    assert queued() == []


def _as_owner(sql: str) -> None:
    become("almanac_owner")
    with connection.cursor() as cursor:
        cursor.execute(sql)
    become("almanac_app")


def _fields_of(mailbox: Mailbox) -> dict[str, Any]:
    with system_scope("a test looks at a subscription"):
        return dict(Subscription.objects.of_mailbox(mailbox.tid, mailbox.oid).values().get())


@pytest.fixture
def unreachable_broker() -> Iterator[None]:
    """Redis's address leads nowhere."""
    url = celery_app.conf.broker_url
    _use_broker("redis://127.0.0.1:1/0")
    yield
    _use_broker(url)


def _use_broker(url: str) -> None:
    celery_app.conf.update(broker_url=url, broker_write_url=url, broker_read_url=url)
    # Celery has no public way to forget the pools that it took from kombu.
    celery_app.amqp._producer_pool = None  # type: ignore[attr-defined]
    celery_app._pool = None  # type: ignore[attr-defined]
    pools.reset()


def test_without_a_broker_the_marks_are_stored_and_graph_is_thanked(
    alice: Member, now: datetime, post: Post, unreachable_broker: None
) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    graph_id = listening(mailbox, speaker, now=now)

    assert post(item(graph_id, mailbox)).status_code == 202

    assert all(marks_of(speaker))
    # A while later beat finds what nobody has answered.
    later = now + timedelta(minutes=1)
    assert [key.organization_id for key in marked_calendars(now=later)] == [alice.organization_id]
