"""Leaving a mailbox: nothing of it stays here, and Microsoft stops calling, or an hour has passed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from celery.worker import WorkController

from calendars import remote
from calendars.models import Calendar, Event
from calendars.services.listing import store_listing
from calendars.sync import lease
from calendars.sync.lease import LeaseLost
from calendars.sync.round import Round
from connections.graph import GraphError, Unavailable
from connections.models import Connection, Secret, Status
from connections.services import ConnectionNotActive, open_graph
from tenants.scoping import organization_scope
from tests.conftest import eventually
from tests.sandbox_client import SandboxClient
from tests.webhooks.conftest import Member, connect, marks_of, some_mailbox, subscription_of
from tests.webhooks.mailboxes import ALICE, connect_for_real, connection_of, disconnect, mailbox_of
from webhooks import doors, tasks
from webhooks.doors import Busy, Speaker
from webhooks.services.leaving import GIVE_UP_AFTER, leave
from webhooks.services.subscriptions import reconcile

pytestmark = pytest.mark.usefixtures("live_server")


@pytest.fixture
def speaker(alice: Member, sandbox: SandboxClient, now: datetime) -> Iterator[Speaker]:
    """Alice's mailbox, connected to acme, followed and listened to."""
    speaker = connect_for_real(alice, ALICE, now=now)
    reconcile(mailbox=mailbox_of(speaker), now=now)
    yield speaker
    sandbox.clear_faults()


def left_of(speaker: Speaker) -> dict[str, int]:
    """What is still here of a connection."""
    with organization_scope(speaker.organization_id):
        of = speaker.organization_id
        return {
            "secrets": Secret.objects.of(of).filter(connection_id=speaker.connection_id).count(),
            "calendars": Calendar.objects.of(of).of_connection(speaker.connection_id).count(),
            "events": Event.objects.of(of).filter(calendar__connection_id=speaker.connection_id).count(),
        }


def followed_by(speaker: Speaker) -> list[int]:
    with organization_scope(speaker.organization_id):
        followed = Calendar.objects.of(speaker.organization_id).of_connection(speaker.connection_id).followed()
        return list(followed.values_list("pk", flat=True))


NOTHING = {"secrets": 0, "calendars": 0, "events": 0}


def test_the_last_connection_takes_subscription_tokens_calendars_and_events_with_it(
    speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(speaker)
    disconnect(speaker, now=now)

    leave(**speaker._asdict(), now=now)

    assert sandbox.subscriptions() == []
    assert subscription_of(mailbox) is None
    assert left_of(speaker) == NOTHING
    assert doors.departures() == []


def test_while_another_organization_listens_the_subscription_stays_and_changes_its_speaker(
    speaker: Speaker, mallory: Member, sandbox: SandboxClient, now: datetime
) -> None:
    other = connect_for_real(mallory, ALICE, now=now)
    [before] = sandbox.subscriptions()
    disconnect(speaker, now=now)

    leave(**speaker._asdict(), now=now)

    assert [there["id"] for there in sandbox.subscriptions()] == [before["id"]]
    row = subscription_of(mailbox_of(other))
    assert row is not None
    assert (row.speaker_organization_id, row.speaker_connection_id) == other
    assert left_of(speaker) == NOTHING
    assert left_of(other)["secrets"] == 1
    assert left_of(other)["calendars"] > 0


def test_calendars_that_were_just_being_listed_do_not_come_back(
    speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    client = open_graph(**speaker._asdict(), now=now)
    listed = remote.list_calendars(client)
    disconnect(speaker, now=now)
    leave(**speaker._asdict(), now=now)

    with pytest.raises(ConnectionNotActive):
        store_listing(*speaker, listed, now=now)

    assert left_of(speaker) == NOTHING


def test_a_round_under_way_brings_nothing_back(speaker: Speaker, sandbox: SandboxClient, now: datetime) -> None:
    [calendar] = followed_by(speaker)
    held = lease.acquire(organization_id=speaker.organization_id, calendar_id=calendar, now=now)
    assert held is not None
    client = open_graph(**speaker._asdict(), now=now)
    disconnect(speaker, now=now)
    leave(**speaker._asdict(), now=now)

    with pytest.raises(LeaseLost):
        Round(client, held, lambda: now).run()

    assert left_of(speaker) == NOTHING


def test_leaving_twice_is_leaving_once(speaker: Speaker, sandbox: SandboxClient, now: datetime) -> None:
    disconnect(speaker, now=now)

    leave(**speaker._asdict(), now=now)
    leave(**speaker._asdict(), now=now)

    assert left_of(speaker) == NOTHING


def test_a_connection_that_was_connected_again_is_left_alone(
    speaker: Speaker, alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    disconnect(speaker, now=now)
    again = connect_for_real(alice, ALICE, now=now)

    leave(**again._asdict(), now=now)

    assert again == speaker
    assert len(sandbox.subscriptions()) == 1
    assert left_of(again)["secrets"] == 1
    assert left_of(again)["calendars"] > 0


def test_while_microsoft_does_not_answer_events_are_gone_and_tokens_wait(
    speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    disconnect(speaker, now=now)
    sandbox.fault({"status": 503}, match={"path": "/subscriptions"})

    with pytest.raises(Unavailable):
        leave(**speaker._asdict(), now=now)

    assert left_of(speaker) == NOTHING | {"secrets": 1}
    assert doors.departures() == [speaker]


def test_microsoft_has_less_than_an_hour_and_then_the_tokens_go_anyway(
    speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    disconnect(speaker, now=now)
    sandbox.fault({"close": True}, match={"path": "/subscriptions"})
    with pytest.raises(GraphError):
        leave(**speaker._asdict(), now=now + GIVE_UP_AFTER - timedelta(seconds=1))

    leave(**speaker._asdict(), now=now + GIVE_UP_AFTER)

    assert timedelta(minutes=55) >= GIVE_UP_AFTER
    assert left_of(speaker) == NOTHING
    assert doors.departures() == []


def test_a_subscription_left_behind_calls_nobody_and_its_row_ends_with_it(
    speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(speaker)
    disconnect(speaker, now=now)
    sandbox.fault({"status": 503}, match={"path": "/subscriptions"})
    leave(**speaker._asdict(), now=now + GIVE_UP_AFTER)

    row = subscription_of(mailbox)
    assert row is not None
    assert row.graph_id is not None
    assert doors.recognise([row.graph_id])[row.graph_id].listeners == ()
    reconcile(mailbox=mailbox, now=now + timedelta(days=7))
    assert subscription_of(mailbox) is None


def test_tokens_that_microsoft_no_longer_takes_do_not_hold_anybody_back(
    speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    disconnect(speaker, now=now)
    sandbox.tokens(ALICE, "revoke")

    leave(**speaker._asdict(), now=now)

    assert left_of(speaker) == NOTHING
    assert connection_of(speaker).status == Status.DISCONNECTED


def test_somebody_at_work_on_the_subscription_is_waited_for(
    speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    doors.claim(mailbox_of(speaker), founder=None, now=now)
    disconnect(speaker, now=now)

    with pytest.raises(Busy):
        leave(**speaker._asdict(), now=now)

    assert left_of(speaker)["secrets"] == 1


def test_beat_finishes_what_was_left_half_done(
    speaker: Speaker, sandbox: SandboxClient, worker: WorkController, now: datetime
) -> None:
    disconnect(speaker, now=now)

    tasks.finish_disconnections.delay()

    eventually(lambda: left_of(speaker) == NOTHING and sandbox.subscriptions() == [])


def test_another_organizations_connection_is_not_found(alice: Member, mallory: Member, now: datetime) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    disconnect(speaker, now=now)

    leave(organization_id=mallory.organization_id, connection_id=speaker.connection_id, now=now)

    assert marks_of(speaker) == [None]
    with organization_scope(alice.organization_id):
        assert Connection.objects.of(alice.organization_id).filter(pk=speaker.connection_id).exists()
