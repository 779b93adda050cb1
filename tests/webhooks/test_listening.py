"""The whole way: connected, listened to, changed in Outlook, told, read, stored; with a real worker and server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from celery.worker import WorkController

from calendars.models import Calendar, Event
from tenants.scoping import organization_scope
from tests.conftest import eventually
from tests.sandbox_client import SandboxClient
from tests.webhooks.conftest import Member, change, deliveries_of, subscription_of
from tests.webhooks.mailboxes import ALICE, connect_for_real, mailbox_of
from webhooks import tasks
from webhooks.doors import Speaker
from webhooks.models import Delivery, SubscriptionState

pytestmark = pytest.mark.usefixtures("live_server")


@pytest.fixture
def listening(alice: Member, sandbox: SandboxClient, worker: WorkController, now: datetime) -> Iterator[Speaker]:
    """Alice's mailbox at acme, found by beat's task, listened to and read."""
    speaker = connect_for_real(alice, ALICE, now=now)
    tasks.reconcile_unlistened.delay()
    eventually(lambda: sandbox.subscriptions() and is_read(speaker))
    yield speaker
    eventually(sandbox.is_quiet)


def calendar_of(speaker: Speaker) -> Calendar:
    with organization_scope(speaker.organization_id):
        return Calendar.objects.of(speaker.organization_id).of_connection(speaker.connection_id).followed().get()


def is_read(speaker: Speaker) -> bool:
    """Whether the last mark was answered by a round that began after it."""
    calendar = calendar_of(speaker)
    return calendar.synced_at is not None and (calendar.changed_at is None or calendar.synced_at > calendar.changed_at)


def subjects(speaker: Speaker) -> set[str]:
    with organization_scope(speaker.organization_id):
        events = Event.objects.of(speaker.organization_id).filter(calendar__connection_id=speaker.connection_id)
        return set(events.values_list("subject", flat=True))


def tomorrow(subject: str) -> dict[str, object]:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    return {
        "subject": subject,
        "start": {"dateTime": f"{start:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        "end": {"dateTime": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
    }


def test_an_event_added_in_outlook_is_stored_here(listening: Speaker, sandbox: SandboxClient) -> None:
    sandbox.edit(ALICE, "create", event=tomorrow("Added in Outlook"))

    eventually(lambda: "Added in Outlook" in subjects(listening))

    outcomes = [delivery.outcomes for delivery in deliveries_of(listening.organization_id)]
    assert {"marked": 1} in outcomes
    row = subscription_of(mailbox_of(listening))
    assert row is not None
    assert row.notified_at is not None


def test_a_doubled_notification_stores_the_change_once(listening: Speaker, sandbox: SandboxClient) -> None:
    sandbox.disturb(ALICE, "duplicate-next")

    sandbox.edit(ALICE, "create", event=tomorrow("Told twice"))

    eventually(lambda: "Told twice" in subjects(listening))
    with organization_scope(listening.organization_id):
        assert Event.objects.of(listening.organization_id).filter(subject="Told twice").count() == 1


def test_both_organizations_of_a_mailbox_store_the_change(
    listening: Speaker, mallory: Member, sandbox: SandboxClient, now: datetime
) -> None:
    other = connect_for_real(mallory, ALICE, now=now)

    sandbox.edit(ALICE, "create", event=tomorrow("Seen by both"))

    eventually(lambda: "Seen by both" in subjects(listening) & subjects(other))
    assert len(sandbox.subscriptions()) == 1


def test_after_missed_notifications_what_was_missed_is_read(listening: Speaker, sandbox: SandboxClient) -> None:
    sandbox.disturb(ALICE, "drop-next")
    sandbox.edit(ALICE, "create", event=tomorrow("Never told"))

    sandbox.disturb(ALICE, "missed")

    eventually(lambda: "Never told" in subjects(listening))


def test_a_subscription_that_microsoft_removes_is_made_anew_and_nothing_is_lost(
    listening: Speaker, sandbox: SandboxClient
) -> None:
    [before] = sandbox.subscriptions()

    sandbox.disturb(ALICE, "removed")
    sandbox.edit(ALICE, "create", event=tomorrow("In the gap"))

    [after] = eventually(sandbox.subscriptions)
    assert after["id"] != before["id"]
    eventually(lambda: "In the gap" in subjects(listening))
    row = eventually(lambda: subscription_of(mailbox_of(listening)))
    assert row is not None
    assert row.graph_id == after["id"]


def test_a_demand_to_reauthorize_is_answered_by_a_renewal(listening: Speaker, sandbox: SandboxClient) -> None:
    mailbox = mailbox_of(listening)
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    change(mailbox, renewed_at=long_ago)

    sandbox.disturb(ALICE, "reauthorize")

    eventually(lambda: any(asked["method"] == "PATCH" for asked in sandbox.requests()))
    eventually(lambda: (row := subscription_of(mailbox)) and row.renewed_at != long_ago)
    row = subscription_of(mailbox)
    assert row is not None
    assert row.state == SubscriptionState.ACTIVE


def test_old_deliveries_are_forgotten_in_every_organization(
    listening: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    plain = {"connection_id": listening.connection_id, "organization_id": listening.organization_id, "items": 1}
    with organization_scope(listening.organization_id):
        Delivery.objects.create(**plain, received_at=now - timedelta(days=8))
        young = Delivery.objects.create(**plain, received_at=now - timedelta(days=6))

    tasks.forget_old_deliveries.delay()

    eventually(lambda: [one.pk for one in deliveries_of(listening.organization_id)] == [young.pk])
