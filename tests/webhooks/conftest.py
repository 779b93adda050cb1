"""The cast with mailboxes, subscriptions as rows, and Graph's calls as posts."""

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
import pytest
from django.test import Client
from kombu import Exchange, Queue

from calendars.models import Calendar
from config.celery import app as celery_app
from connections.models import Connection, Status
from tenants.crypto import digest
from tenants.models import Membership, Organization, User
from tenants.scoping import organization_scope, system_scope
from tests.cast import Cast, cast
from webhooks.doors import Mailbox, Speaker
from webhooks.models import Delivery, Subscription, SubscriptionState

__all__ = ["cast"]

CONTOSO = uuid.UUID("3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001")
NORTHWIND = uuid.UUID("5e82b9d4-0a6f-4c17-b3d9-72c1f4a8d003")
CLIENT_STATE = "the client state of these tests, 32 random bytes elsewhere"


class Member(NamedTuple):
    """Somebody in an organization, by ids."""

    user: User
    membership_id: int
    organization_id: int
    slug: str


def member(user: User, organization: Organization) -> Member:
    with organization_scope(organization.pk):
        membership = Membership.objects.of(organization).get(user=user)
    return Member(user, membership.pk, organization.pk, organization.slug)


@pytest.fixture
def alice(transactional_db: None, cast: Cast) -> Member:
    """Alice owns acme."""
    return member(cast.alice, cast.acme)


@pytest.fixture
def ada(transactional_db: None, cast: Cast) -> Member:
    """Ada is an admin of acme."""
    return member(cast.ada, cast.acme)


@pytest.fixture
def bob(transactional_db: None, cast: Cast) -> Member:
    """Bob is a member of acme."""
    return member(cast.bob, cast.acme)


@pytest.fixture
def mallory(transactional_db: None, cast: Cast) -> Member:
    """Mallory belongs elsewhere: she owns globex."""
    return member(cast.mallory, cast.globex)


def connect(
    member: Member, mailbox: Mailbox, *, now: datetime, calendars: int = 1, status: Status = Status.ACTIVE
) -> Speaker:
    """A connection without tokens, with that many followed calendars: for what never calls Graph."""
    with organization_scope(member.organization_id):
        connection = Connection.objects.create(
            organization_id=member.organization_id,
            member_id=member.membership_id,
            tid=mailbox.tid,
            oid=mailbox.oid,
            status=status,
            status_since=now,
            connected_at=now,
        )
        for number in range(calendars):
            follow(Speaker(member.organization_id, connection.pk), f"calendar-{number}", now=now)
    return Speaker(member.organization_id, connection.pk)


def follow(speaker: Speaker, graph_id: str, *, now: datetime) -> Calendar:
    """A followed calendar that was read an hour ago. Expects the scope."""
    return Calendar.objects.create(
        organization_id=speaker.organization_id,
        connection_id=speaker.connection_id,
        graph_id=graph_id,
        followed_at=now,
        synced_at=now - timedelta(hours=1),
    )


def some_mailbox(tid: uuid.UUID = CONTOSO) -> Mailbox:
    return Mailbox(tid, uuid.uuid4())


def listening(mailbox: Mailbox, speaker: Speaker | None = None, *, now: datetime, **fields: Any) -> str:
    """A subscription that Graph has granted us, as a row; its id at Graph."""
    graph_id = str(uuid.uuid4())
    plain = {
        "graph_id": graph_id,
        "client_state_digest": digest(CLIENT_STATE),
        "state": SubscriptionState.ACTIVE,
        "created_at": now,
        "renewed_at": now - timedelta(hours=1),
        "expires_at": now + timedelta(days=6),
        "renew_at": now + timedelta(days=3),
        "speaker_organization_id": speaker.organization_id if speaker else 0,
        "speaker_connection_id": speaker.connection_id if speaker else 0,
    }
    with system_scope("a test's subscription"):
        Subscription.objects.create(tid=mailbox.tid, oid=mailbox.oid, **(plain | fields))
    return graph_id


def subscription_of(mailbox: Mailbox) -> Subscription | None:
    with system_scope("a test looks at a subscription"):
        return Subscription.objects.of_mailbox(mailbox.tid, mailbox.oid).first()


def change(mailbox: Mailbox, **fields: Any) -> None:
    with system_scope("a test changes a subscription"):
        Subscription.objects.of_mailbox(mailbox.tid, mailbox.oid).update(**fields)


def deliveries_of(organization_id: int) -> list[Delivery]:
    with organization_scope(organization_id):
        return list(Delivery.objects.of(organization_id).order_by("pk"))


def marks_of(speaker: Speaker) -> list[datetime | None]:
    """When each calendar of the connection was last said to have changed."""
    with organization_scope(speaker.organization_id):
        calendars = Calendar.objects.of(speaker.organization_id).of_connection(speaker.connection_id)
        return list(calendars.order_by("pk").values_list("changed_at", flat=True))


def item(graph_id: str, mailbox: Mailbox, **said: Any) -> dict[str, Any]:
    """One notification as Graph sends it; None leaves a member out."""
    path = f"Users/{mailbox.oid}/Events/AAMkAGI1AAAt9AHjAAA="
    plain = {
        "subscriptionId": graph_id,
        "subscriptionExpirationDateTime": "2026-11-30T11:00:00.0000000Z",
        "changeType": "updated",
        "resource": path,
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": path, "id": "AAMkAGI1AAAt9AHjAAA="},
        "clientState": CLIENT_STATE,
        "tenantId": str(mailbox.tid),
    } | said
    return {name: value for name, value in plain.items() if value is not None}


def lifecycle(graph_id: str, mailbox: Mailbox, event: str) -> dict[str, Any]:
    return item(graph_id, mailbox, changeType=None, resource=None, resourceData=None, lifecycleEvent=event)


@pytest.fixture(autouse=True)
def empty_queues() -> Iterator[None]:
    """Messages of one test are not for the next one's worker."""
    queued()
    yield
    queued()


def queued() -> list[tuple[str, dict[str, Any]]]:
    """Names and arguments of all messages that wait, in the order of their queues."""
    found = []
    with celery_app.connection_for_read() as broker, broker.channel() as channel:
        for name in ("interactive", "changes", "backfill", "housekeeping"):
            queue = Queue(name, Exchange(name), routing_key=name)(channel)
            queue.declare()
            while message := queue.get(no_ack=True):
                found.append((message.headers["task"], orjson.loads(message.body or b"")[1]))
    return found


Post = Callable[..., Any]


@pytest.fixture
def post(client: Client) -> Post:
    """Graph calls: `post(item, item)`, or `post(body=b"…")` as it is."""

    def call(*items: object, body: bytes | None = None) -> Any:
        content = orjson.dumps({"value": items}) if body is None else body
        return client.post("/webhooks/graph/", content, content_type="application/json; charset=utf-8")

    return call
