"""What successes and failures make of a connection, and how it is left."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from connections.graph import (
    ApprovalRequired,
    BadRequest,
    GraphError,
    Misconfigured,
    ReconnectRequired,
    Refused,
    Throttled,
    Unavailable,
)
from connections.models import Connection, Secret, Status
from connections.reasons import WORDS, explain
from connections.services import (
    ConnectionNotActive,
    disconnect,
    forget_old_sign_ins,
    forget_tokens,
    open_graph,
    pause,
    record_failure,
    record_success,
    resume,
)
from connections.tasks import forget_old_sign_ins as forget_task
from tenants.models import Membership
from tenants.scoping import organization_scope
from tests.cast import Cast
from tests.connections.conftest import ALICE, NOTHING, Stored, Traveller, post_back

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def connection(cast: Cast) -> Connection:
    """Alice's, with a secret that nobody opens."""
    with organization_scope(cast.acme.pk):
        made = Connection.objects.create(
            organization=cast.acme,
            member=Membership.objects.of(cast.acme).get(user=cast.alice),
            tid="3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001",
            oid="a11ce000-1b52-4c0d-8d5e-0c1f3a7be001",
            status_since=NOW,
            connected_at=NOW,
        )
        Secret.objects.create(
            organization=cast.acme, connection=made, sealed_cache=b"", home_account_id="x", refreshed_at=NOW
        )
    return made


def fail(connection: Connection, error: GraphError) -> None:
    record_failure(organization_id=connection.organization_id, connection_id=connection.pk, error=error, now=NOW)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ReconnectRequired(reason="sessions_reset"), Status.RECONNECT, "sessions_reset"),
        (ReconnectRequired(), Status.RECONNECT, "sign_in_again"),
        (ApprovalRequired(), Status.APPROVAL, "approval_needed"),
        (Refused(reason="no_mailbox"), Status.BLOCKED, "no_mailbox"),
        (Refused(), Status.BLOCKED, "access_refused"),
    ],
)
def test_an_error_that_somebody_must_answer_changes_the_state(
    connection: Connection, acme: Stored, error: GraphError, status: Status, reason: str
) -> None:
    error.request_id = "an id of Microsoft's"
    fail(connection, error)
    after = acme.connection
    assert (after.status, after.reason, after.status_since) == (status, reason, NOW)
    assert (after.failed_at, after.failed_request_id) == (NOW, "an id of Microsoft's")
    assert after.failed_code == (error.reason or type(error).__name__)


@pytest.mark.parametrize("error", [Throttled(), Unavailable(), Misconfigured(), BadRequest()])
def test_waits_and_faults_of_ours_disconnect_nobody(connection: Connection, acme: Stored, error: GraphError) -> None:
    fail(connection, error)
    assert acme.connection.status == Status.ACTIVE
    assert acme.connection.failed_at == NOW


@pytest.mark.parametrize("status", [Status.DISCONNECTED, Status.PAUSED])
def test_a_late_failure_does_not_touch_what_a_person_decided(
    connection: Connection, acme: Stored, status: Status
) -> None:
    with organization_scope(acme.organization.pk):
        connection.become(status, now=NOW)
    fail(connection, ReconnectRequired())
    assert acme.connection.status == status


@pytest.mark.parametrize("by_support", [False, True])
def test_pausing_and_resuming_are_no_failures_and_happen_once(
    connection: Connection, acme: Stored, by_support: bool
) -> None:
    with organization_scope(acme.organization.pk):
        assert not resume(connection=connection, now=NOW)
        assert pause(connection=connection, by_support=by_support, now=NOW)
        assert not pause(connection=connection, now=NOW)
    paused = acme.connection
    assert (paused.status, paused.reason) == (Status.PAUSED, "paused_by_support" if by_support else "paused")
    assert (paused.failed_at, paused.failed_code) == (None, "")
    with pytest.raises(ConnectionNotActive):
        open_graph(organization_id=acme.organization.pk, connection_id=connection.pk, now=NOW)
    with organization_scope(acme.organization.pk):
        assert resume(connection=paused, now=NOW)
        assert not resume(connection=paused, now=NOW)
    assert (acme.connection.status, acme.connection.reason) == (Status.ACTIVE, "")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", ""),
        ("ServiceUnavailable", "Microsoft was not able to answer. We try again by ourselves."),
        ("no_mailbox", WORDS["no_mailbox"].sentence),
        ("SomethingNew", "Nobody has put this code into words yet. Microsoft can look it up by the request id."),
    ],
)
def test_a_code_is_said_in_words(code: str, words: str) -> None:
    assert explain(code) == words


def test_a_failure_of_a_client_from_before_the_new_sign_in_does_not_count(connection: Connection, acme: Stored) -> None:
    error = ReconnectRequired()
    error.opened_at = connection.connected_at - timedelta(seconds=1)
    fail(connection, error)
    assert acme.connection.status == Status.ACTIVE


def test_a_success_is_noted_and_revives_nothing(connection: Connection, acme: Stored) -> None:
    fail(connection, ReconnectRequired())
    record_success(organization_id=acme.organization.pk, connection_id=connection.pk, now=NOW)
    assert acme.connection.succeeded_at == NOW
    assert acme.connection.status == Status.RECONNECT


def test_what_is_gone_cannot_fail(cast: Cast) -> None:
    record_failure(organization_id=cast.acme.pk, connection_id=4711, error=Refused(), now=NOW)


@pytest.mark.parametrize("status", [status for status in Status if status != Status.ACTIVE])
def test_only_an_active_connection_is_opened(connection: Connection, acme: Stored, status: Status) -> None:
    with organization_scope(acme.organization.pk):
        connection.become(status, now=NOW)
    with pytest.raises(ConnectionNotActive):
        open_graph(organization_id=acme.organization.pk, connection_id=connection.pk, now=NOW)


def test_another_organization_cannot_open_it(connection: Connection, cast: Cast) -> None:
    with pytest.raises(ConnectionNotActive):
        open_graph(organization_id=cast.globex.pk, connection_id=connection.pk, now=NOW)


def test_who_leaves_may_say_goodbye_while_the_tokens_are_there(connection: Connection, acme: Stored) -> None:
    with organization_scope(acme.organization.pk):
        disconnect(connection=connection, now=NOW)
    open_graph(organization_id=acme.organization.pk, connection_id=connection.pk, now=NOW, leaving=True)

    with organization_scope(acme.organization.pk):
        assert forget_tokens(connection=connection)

    assert acme.counts()["Secret"] == 0
    with pytest.raises(ConnectionNotActive):
        open_graph(organization_id=acme.organization.pk, connection_id=connection.pk, now=NOW, leaving=True)


def test_tokens_of_a_connection_that_came_back_are_kept(connection: Connection, acme: Stored) -> None:
    with organization_scope(acme.organization.pk):
        assert not forget_tokens(connection=connection)
    assert acme.counts()["Secret"] == 1


# --- housekeeping ----------------------------------------------------------------------------------------------------


def test_sign_ins_that_nobody_came_back_from_leave_nothing(
    alice: Traveller, mallory: Traveller, acme: Stored, globex: Stored
) -> None:
    post_back(alice.answer(ALICE))
    mallory.begin()
    late = datetime.now(UTC) + timedelta(minutes=11)
    for stored in (acme, globex):
        with organization_scope(stored.organization.pk):
            assert forget_old_sign_ins(organization_id=stored.organization.pk, now=datetime.now(UTC)) == 0
            assert forget_old_sign_ins(organization_id=stored.organization.pk, now=late) == 1
    assert acme.counts() == globex.counts() == NOTHING


def test_the_housekeeping_task_keeps_what_is_still_under_way(alice: Traveller, acme: Stored) -> None:
    alice.begin()
    forget_task()
    assert acme.counts()["SignInFlow"] == 1


# --- changing keys ---------------------------------------------------------------------------------------------------


def test_rotating_keys_seals_every_secret_anew_and_tokens_still_work(
    alice: Traveller, acme: Stored, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    alice.connect(ALICE)
    old = settings.SEAL_KEYS
    settings.SEAL_KEYS = [("new", bytes(range(32))), *old]

    call_command("rotate_keys")
    call_command("rotate_keys")

    assert capsys.readouterr().out == "1 sealed anew.\n0 sealed anew.\n"
    settings.SEAL_KEYS = settings.SEAL_KEYS[:1]
    assert alice.client_of(acme.connection).get("/me")["mail"] == ALICE


def test_a_key_that_was_taken_away_too_early_is_said_and_nothing_is_lost(
    alice: Traveller, acme: Stored, settings: Settings
) -> None:
    alice.connect(ALICE)
    old = settings.SEAL_KEYS
    settings.SEAL_KEYS = [("new", bytes(range(32)))]
    with pytest.raises(CommandError, match="Put that key back"):
        call_command("rotate_keys")
    settings.SEAL_KEYS = [*settings.SEAL_KEYS, *old]
    call_command("rotate_keys")
    assert alice.client_of(acme.connection).get("/me")["mail"] == ALICE
