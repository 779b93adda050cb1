"""Keeping Graph's calls coming, against the sandbox: it calls a real server of ours before it answers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection as database

from calendars import services as calendars
from calendars.models import Calendar
from connections.graph import Conflict, GraphError, Unavailable
from connections.models import Status
from tenants.scoping import organization_scope, system_scope
from tests.conftest import eventually
from tests.sandbox_client import SandboxClient
from tests.webhooks.conftest import Member, change, connect, listening, marks_of, some_mailbox, subscription_of
from tests.webhooks.mailboxes import ALICE, connect_for_real, connection_of, disconnect, graph_as, mailbox_of
from webhooks import doors, remote
from webhooks.doors import Busy, Mailbox
from webhooks.models import Subscription, SubscriptionState
from webhooks.services.subscriptions import LIFE, Outcome, notification_url, reconcile

pytestmark = pytest.mark.usefixtures("live_server")


def row_of(mailbox: Mailbox) -> Subscription:
    row = subscription_of(mailbox)
    assert row is not None
    return row


def asked(sandbox: SandboxClient, method: str) -> int:
    """How often Graph was asked this about subscriptions."""
    return sum(
        entry["method"] == method and entry["path"].startswith("/v1.0/subscriptions") for entry in sandbox.requests()
    )


# --- create ---------------------------------------------------------------------------------------------------------


def test_a_followed_mailbox_gets_one_subscription_on_all_its_events(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    speaker = connect_for_real(alice, ALICE, now=now)
    mailbox = mailbox_of(speaker)

    settled = reconcile(mailbox=mailbox, now=now)

    assert settled.outcome is Outcome.CREATED
    [there] = sandbox.subscriptions()
    assert there["mailbox"] == ALICE
    assert (there["resource"], there["changeType"]) == ("me/events", "created,updated,deleted")
    assert there["immutable"]
    assert there["lifecycle"]
    here = row_of(mailbox)
    assert (here.graph_id, here.state) == (there["id"], SubscriptionState.ACTIVE)
    assert here.expires_at == datetime.fromisoformat(there["expirationDateTime"])
    assert here.expires_at is not None
    assert here.renew_at == now + (here.expires_at - now) / 2
    assert abs(here.expires_at - (now + LIFE)) < timedelta(seconds=2)
    assert (here.speaker_organization_id, here.speaker_connection_id) == speaker
    assert here.claimed_until is None


def test_a_new_subscription_leaves_marks_for_what_happened_before_it(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    speaker = connect_for_real(alice, ALICE, now=now)

    settled = reconcile(mailbox=mailbox_of(speaker), now=now)

    assert [sync.organization_id for sync in settled.syncs] == [alice.organization_id]
    assert now in marks_of(speaker)


def test_a_second_look_changes_nothing_and_asks_graph_nothing(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    reconcile(mailbox=mailbox, now=now)
    seen = len(sandbox.requests())

    assert reconcile(mailbox=mailbox, now=now + timedelta(hours=3)).outcome is Outcome.KEPT

    assert len(sandbox.requests()) == seen


def test_the_same_mailbox_in_two_organizations_has_one_subscription(
    alice: Member, mallory: Member, sandbox: SandboxClient, now: datetime
) -> None:
    at_acme = connect_for_real(alice, ALICE, now=now)
    at_globex = connect_for_real(mallory, ALICE, now=now)

    settled = reconcile(mailbox=mailbox_of(at_acme), now=now)
    again = reconcile(mailbox=mailbox_of(at_globex), now=now)

    assert len(sandbox.subscriptions()) == 1
    assert again.outcome is Outcome.KEPT
    assert {sync.organization_id for sync in settled.syncs} == {alice.organization_id, mallory.organization_id}


def test_a_new_sign_in_has_the_subscription_confirmed_by_graph(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    reconcile(mailbox=mailbox, now=now)
    assert doors.unlistened(now) == []

    later = now + timedelta(minutes=1)
    speaker = connect_for_real(alice, ALICE, now=later)

    assert doors.unlistened(later) == [speaker]
    assert reconcile(mailbox=mailbox, now=later).outcome is Outcome.RENEWED
    assert doors.unlistened(later) == []
    assert asked(sandbox, "PATCH") == 1


def test_a_subscription_that_is_gone_is_made_anew_as_soon_as_the_person_has_signed_in_again(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    reconcile(mailbox=mailbox, now=now)
    sandbox.reset()  # Microsoft has forgotten everything
    assert sandbox.subscriptions() == []

    later = now + timedelta(minutes=1)
    connect_for_real(alice, ALICE, now=later)

    assert reconcile(mailbox=mailbox, now=later).outcome is Outcome.CREATED
    [there] = sandbox.subscriptions()
    assert row_of(mailbox).graph_id == there["id"]


def test_two_workers_at_once_make_one_subscription(alice: Member, sandbox: SandboxClient, now: datetime) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))

    def work(_: int) -> str:
        try:
            return reconcile(mailbox=mailbox, now=now).outcome
        except Busy:
            return "busy"
        finally:
            database.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(work, range(4)))

    assert outcomes.count(Outcome.CREATED) == 1
    assert set(outcomes) <= {Outcome.CREATED, Outcome.KEPT, "busy"}
    assert asked(sandbox, "POST") == 1
    assert len(sandbox.subscriptions()) == 1


def test_no_lock_is_held_while_graph_calls_back(alice: Member, sandbox: SandboxClient, now: datetime) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    sandbox.fault({"delay": 1.0}, match={"method": "POST", "path": "/subscriptions$"}, times=1)

    def create() -> str:
        try:
            return reconcile(mailbox=mailbox, now=now).outcome
        finally:
            database.close()

    with ThreadPoolExecutor(1) as pool:
        creating = pool.submit(create)
        eventually(lambda: asked(sandbox, "POST") == 1)
        with system_scope("a test writes what a worker has claimed"):
            with database.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '300ms'")
            Subscription.objects.of_mailbox(mailbox.tid, mailbox.oid).update(notified_at=now)
        with pytest.raises(Busy):
            reconcile(mailbox=mailbox, now=now)
        assert creating.result(timeout=10) is Outcome.CREATED


def test_a_claim_whose_holder_is_gone_runs_out(alice: Member, sandbox: SandboxClient, now: datetime) -> None:
    speaker = connect_for_real(alice, ALICE, now=now)
    mailbox = mailbox_of(speaker)
    doors.claim(mailbox, founder=speaker, now=now - doors.CLAIM_LASTS - timedelta(seconds=1))

    assert reconcile(mailbox=mailbox, now=now).outcome is Outcome.CREATED


def test_a_subscription_that_we_lost_track_of_is_replaced_by_one_whose_client_state_we_know(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    reconcile(mailbox=mailbox, now=now)
    [lost] = sandbox.subscriptions()
    # As after a worker that ended between Graph's answer and our storing it.
    change(mailbox, state=SubscriptionState.PENDING, graph_id=None, client_state_digest="", expires_at=None)

    assert reconcile(mailbox=mailbox, now=now).outcome is Outcome.CREATED

    [there] = sandbox.subscriptions()
    assert there["id"] != lost["id"]
    assert row_of(mailbox).graph_id == there["id"]


def test_the_subscription_of_another_installation_is_left_alone(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    speaker = connect_for_real(alice, ALICE, now=now)
    client = graph_as(speaker, now=now)
    remote.create(client, client_state="theirs", url=f"{notification_url()}?elsewhere=1", until=now + LIFE)

    with pytest.raises(Conflict):
        reconcile(mailbox=mailbox_of(speaker), now=now)

    assert len(sandbox.subscriptions()) == 1
    row = row_of(mailbox_of(speaker))
    assert row.state == SubscriptionState.PENDING
    assert row.last_error
    assert row.retry_at is not None
    assert row.retry_at > now


def test_a_mailbox_of_which_nothing_is_followed_gets_none(alice: Member, sandbox: SandboxClient, now: datetime) -> None:
    speaker = connect_for_real(alice, ALICE, now=now, follow=False)

    assert reconcile(mailbox=mailbox_of(speaker), now=now).outcome is Outcome.NOTHING

    assert sandbox.subscriptions() == []


# --- renew ----------------------------------------------------------------------------------------------------------


def test_renewal_stores_the_life_that_graph_granted(alice: Member, sandbox: SandboxClient, now: datetime) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    reconcile(mailbox=mailbox, now=now)
    before = row_of(mailbox)
    # Ten minutes before the end, by Graph's clock: it grants nothing shorter than 45 minutes, so more than we ask for.
    sandbox.advance((LIFE - timedelta(minutes=10)).total_seconds())
    change(mailbox, renew_at=now)

    assert reconcile(mailbox=mailbox, now=now).outcome is Outcome.RENEWED

    [there] = sandbox.subscriptions()
    after = row_of(mailbox)
    assert after.expires_at == datetime.fromisoformat(there["expirationDateTime"])
    assert after.expires_at is not None
    assert after.expires_at > now + LIFE + timedelta(minutes=30)
    assert after.renew_at == now + (after.expires_at - now) / 2
    assert (after.graph_id, after.client_state_digest) == (before.graph_id, before.client_state_digest)


def test_a_subscription_is_renewed_at_half_of_its_life(alice: Member, sandbox: SandboxClient, now: datetime) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    reconcile(mailbox=mailbox, now=now)
    row = row_of(mailbox)
    half = now + LIFE / 2

    assert row.pk not in doors.unsettled(half - timedelta(minutes=1))
    assert row.pk in doors.unsettled(half + timedelta(minutes=1))


def test_a_subscription_that_graph_has_forgotten_is_made_anew_and_the_calendars_are_read(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    speaker = connect_for_real(alice, ALICE, now=now)
    mailbox = mailbox_of(speaker)
    reconcile(mailbox=mailbox, now=now)
    before = row_of(mailbox)
    assert before.graph_id is not None
    remote.drop(graph_as(speaker, now=now), before.graph_id)
    later = now + timedelta(minutes=1)
    change(mailbox, renew_at=later)

    settled = reconcile(mailbox=mailbox, now=later)

    assert settled.outcome is Outcome.CREATED
    assert settled.syncs
    assert later in marks_of(speaker)
    after = row_of(mailbox)
    assert [there["id"] for there in sandbox.subscriptions()] == [after.graph_id]
    assert after.client_state_digest != before.client_state_digest


def test_a_subscription_removed_during_its_renewal_is_not_taken_for_alive(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    reconcile(mailbox=mailbox, now=now)
    before = row_of(mailbox)
    assert before.graph_id is not None
    held = doors.claim(mailbox, founder=None, now=now)
    assert held is not None
    doors.note_call(notified=[], removed=[before.graph_id], to_renew=[], now=now)

    stored = doors.store_listening(
        held,
        graph_id=before.graph_id,
        client_state_digest=None,
        speaker=held.speaker,
        expires_at=now + LIFE,
        now=now,
    )

    assert not stored
    assert row_of(mailbox).state == SubscriptionState.GONE


def test_late_news_of_a_former_subscription_leaves_the_new_one_alone(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    reconcile(mailbox=mailbox, now=now)

    doors.note_call(notified=[], removed=["7f105c7d-2dc5-4530-97cd-4e7ae6534c07"], to_renew=[], now=now)

    assert row_of(mailbox).state == SubscriptionState.ACTIVE


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        ({"status": 503}, timedelta(seconds=30)),
        ({"status": 429, "retry_after": 77}, timedelta(seconds=77)),
        ({"close": True}, timedelta(seconds=30)),
        ({"status": 400, "code": "ValidationError"}, timedelta(seconds=30)),
        ({"status": 403, "code": "ErrorAccessDenied"}, timedelta(seconds=30)),
    ],
    ids=str,
)
def test_a_failure_is_noted_and_waits_before_it_is_tried_again(
    alice: Member, sandbox: SandboxClient, now: datetime, fault: dict[str, object], wait: timedelta
) -> None:
    speaker = connect_for_real(alice, ALICE, now=now)
    mailbox = mailbox_of(speaker)
    sandbox.fault(fault, match={"path": "/subscriptions"})

    with pytest.raises(GraphError):
        reconcile(mailbox=mailbox, now=now)

    row = row_of(mailbox)
    assert (row.state, row.failures, row.retry_at, row.claimed_until) == ("pending", 1, now + wait, None)
    assert row.last_error
    assert doors.unlistened(now) == []
    assert doors.unlistened(now + wait + timedelta(seconds=1)) == [speaker]
    # Reading still works, and polls go on: a subscription that cannot be had is no reason to disconnect anybody.
    assert connection_of(speaker).status == Status.ACTIVE


def test_pauses_grow_with_each_failure_up_to_an_hour(alice: Member, sandbox: SandboxClient, now: datetime) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    sandbox.fault({"status": 503}, match={"path": "/subscriptions"})
    pauses = []

    for _ in range(9):
        with pytest.raises(Unavailable):
            reconcile(mailbox=mailbox, now=now)
        pauses.append((row_of(mailbox).retry_at or now) - now)

    assert pauses[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert pauses[-1] == timedelta(hours=1)


def test_a_success_after_failures_forgets_them(alice: Member, sandbox: SandboxClient, now: datetime) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    sandbox.fault({"status": 503}, match={"path": "/subscriptions"}, times=1)
    with pytest.raises(Unavailable):
        reconcile(mailbox=mailbox, now=now)

    reconcile(mailbox=mailbox, now=now + timedelta(minutes=1))

    row = row_of(mailbox)
    assert (row.failures, row.retry_at, row.last_error) == (0, None, "")


# --- speakers -------------------------------------------------------------------------------------------------------


def test_when_its_connection_is_no_longer_active_another_organizations_speaks(
    alice: Member, mallory: Member, sandbox: SandboxClient, now: datetime
) -> None:
    at_acme = connect_for_real(alice, ALICE, now=now)
    at_globex = connect_for_real(mallory, ALICE, now=now)
    mailbox = mailbox_of(at_acme)
    reconcile(mailbox=mailbox, now=now)
    disconnect(at_acme, now=now)

    assert row_of(mailbox).pk in doors.unsettled(now)
    assert reconcile(mailbox=mailbox, now=now).outcome is Outcome.HANDED_OVER

    row = row_of(mailbox)
    assert (row.speaker_organization_id, row.speaker_connection_id) == at_globex
    assert row.pk not in doors.unsettled(now)
    change(mailbox, renew_at=now)
    assert reconcile(mailbox=mailbox, now=now).outcome is Outcome.RENEWED


def test_a_connection_whose_tokens_are_refused_is_to_be_mended_and_another_speaks(
    alice: Member, mallory: Member, sandbox: SandboxClient, now: datetime
) -> None:
    at_acme = connect_for_real(alice, ALICE, now=now)
    # Revoking ends what was granted before; the second connection comes after it.
    sandbox.tokens(ALICE, "revoke")
    at_globex = connect_for_real(mallory, ALICE, now=now)
    mailbox = mailbox_of(at_acme)

    assert reconcile(mailbox=mailbox, now=now).outcome is Outcome.CREATED

    row = row_of(mailbox)
    assert (row.speaker_organization_id, row.speaker_connection_id) == at_globex
    assert connection_of(at_acme).status == Status.RECONNECT


def test_without_a_connection_that_may_speak_the_mailbox_waits(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    speaker = connect_for_real(alice, ALICE, now=now)
    sandbox.tokens(ALICE, "revoke")

    assert reconcile(mailbox=mailbox_of(speaker), now=now).outcome is Outcome.SILENT

    assert connection_of(speaker).status == Status.RECONNECT
    assert doors.unlistened(now) == []


# --- drop -----------------------------------------------------------------------------------------------------------


def test_a_mailbox_that_is_no_longer_followed_is_dropped(alice: Member, sandbox: SandboxClient, now: datetime) -> None:
    speaker = connect_for_real(alice, ALICE, now=now)
    mailbox = mailbox_of(speaker)
    reconcile(mailbox=mailbox, now=now)
    _unfollow_all(speaker)

    assert row_of(mailbox).pk in doors.unsettled(now)
    assert reconcile(mailbox=mailbox, now=now).outcome is Outcome.DROPPED

    assert sandbox.subscriptions() == []
    assert subscription_of(mailbox) is None


def test_the_row_of_a_subscription_that_nobody_can_drop_goes_when_it_has_ended(alice: Member, now: datetime) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now, status=Status.RECONNECT)
    listening(mailbox, speaker, now=now)

    assert reconcile(mailbox=mailbox, now=now).outcome is Outcome.SILENT
    assert row_of(mailbox).state == SubscriptionState.ACTIVE
    assert reconcile(mailbox=mailbox, now=now + timedelta(days=7)).outcome is Outcome.DROPPED

    assert subscription_of(mailbox) is None


def test_a_mailbox_wanted_again_while_it_is_dropped_is_kept(
    alice: Member, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(connect_for_real(alice, ALICE, now=now))
    reconcile(mailbox=mailbox, now=now)
    change(mailbox, state=SubscriptionState.DROPPING)

    assert reconcile(mailbox=mailbox, now=now).outcome is Outcome.RENEWED

    assert row_of(mailbox).state == SubscriptionState.ACTIVE
    assert len(sandbox.subscriptions()) == 1


# --- what beat finds ------------------------------------------------------------------------------------------------


def test_beat_finds_each_unlistened_mailbox_once(alice: Member, mallory: Member, now: datetime) -> None:
    shared, silent, heard, unfollowed = (some_mailbox() for _ in range(4))
    first = connect(alice, shared, now=now)
    connect(mallory, shared, now=now)
    second = connect(alice, silent, now=now)
    listening(heard, connect(alice, heard, now=now), now=now, renewed_at=now)
    connect(alice, unfollowed, now=now, calendars=0)
    connect(alice, some_mailbox(), now=now, status=Status.RECONNECT)

    assert set(doors.unlistened(now)) == {first, second}


def test_beat_finds_a_mailbox_whose_subscription_has_ended(alice: Member, now: datetime) -> None:
    mailbox = some_mailbox()
    speaker = connect(alice, mailbox, now=now)
    listening(mailbox, speaker, now=now, expires_at=now - timedelta(seconds=1))

    assert doors.unlistened(now) == [speaker]


def test_beat_hurries_where_the_end_is_near(alice: Member, now: datetime) -> None:
    near, far = some_mailbox(), some_mailbox()
    soon = {"expires_at": now + timedelta(minutes=30), "renew_at": now - timedelta(minutes=1)}
    listening(near, connect(alice, near, now=now), now=now, **soon)
    listening(far, connect(alice, far, now=now), now=now, renew_at=now - timedelta(minutes=1))

    assert doors.urgent(now) == [row_of(near).pk]
    assert doors.unsettled(now) == [row_of(near).pk, row_of(far).pk]


def _unfollow_all(speaker: doors.Speaker) -> None:
    with organization_scope(speaker.organization_id):
        for calendar in Calendar.objects.of(speaker.organization_id).followed():
            calendars.unfollow(calendar=calendar)
