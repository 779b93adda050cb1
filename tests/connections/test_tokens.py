"""Access that lasts: stored tokens are used while they are good, renewed by one at a time, and never lost."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from pytest_django import Settings

from connections import identity
from connections.graph import ApprovalRequired, Misconfigured, ReconnectRequired, Unavailable
from connections.identity import place_of_secret, silent_token
from connections.models import Connection
from connections.services import record_failure
from tenants import crypto
from tenants.scoping import ScopeError, organization_scope
from tests.cast import Cast
from tests.connections.conftest import ALICE, Stored, Traveller, cache_of, refresh_token
from tests.sandbox_client import SandboxClient

ALL_DAY = 26 * 3600


@pytest.fixture
def connected(alice: Traveller, acme: Stored) -> Connection:
    alice.connect(ALICE)
    return acme.connection


def token_requests(sandbox: SandboxClient) -> int:
    return sum(request["path"].endswith("/oauth2/v2.0/token") for request in sandbox.requests())


def token(connection: Connection, rejected: str | None = None) -> str:
    return silent_token(organization_id=connection.organization_id, connection_id=connection.pk, rejected=rejected)


def end_soon(connection: Connection, stored: Stored) -> None:
    """The stored access token has four minutes left by our clock, too."""
    secret = stored.secret_of(connection)
    cache = cache_of(secret)
    for entry in list(cache.search(cache.CredentialType.ACCESS_TOKEN)):
        entry["expires_on"] = str(int((datetime.now(UTC) + timedelta(minutes=4)).timestamp()))
    secret.sealed_cache = crypto.seal(cache.serialize().encode(), place=place_of_secret(connection.pk))
    with organization_scope(connection.organization_id):
        secret.save()


def test_a_good_token_is_used_without_asking_microsoft(connected: Connection, sandbox: SandboxClient) -> None:
    before = len(sandbox.requests())
    assert token(connected) == token(connected)
    assert len(sandbox.requests()) == before


def test_a_token_that_ends_soon_is_renewed_and_the_new_one_stored(
    connected: Connection, acme: Stored, sandbox: SandboxClient
) -> None:
    former = token(connected)
    end_soon(connected, acme)
    before = token_requests(sandbox)

    renewed = token(connected)

    assert renewed != former
    assert token(connected) == renewed
    assert token_requests(sandbox) == before + 1


def test_a_rotated_refresh_token_replaces_the_former(
    connected: Connection, acme: Stored, sandbox: SandboxClient
) -> None:
    # Each is good for one use here, so this works only if the newest is the one that was stored.
    sandbox.identity("strict-refresh", on=True)
    former = refresh_token(acme.secret_of(connected))
    for _ in range(3):
        token(connected, rejected=token(connected))
    assert refresh_token(acme.secret_of(connected)) != former


def test_the_renewed_cache_is_sealed_to_its_connection(connected: Connection, acme: Stored) -> None:
    token(connected, rejected=token(connected))
    secret = acme.secret_of(connected)
    assert cache_of(secret)
    with pytest.raises(crypto.SealError):
        crypto.unseal(secret.sealed_cache, place=place_of_secret(connected.pk + 1))


def test_a_token_that_graph_rejects_is_renewed_once(
    alice: Traveller, connected: Connection, sandbox: SandboxClient
) -> None:
    client = alice.client_of(connected)
    client.get("/me")
    sandbox.tokens(ALICE, "expire-access")
    before = token_requests(sandbox)

    assert client.get("/me")["mail"] == ALICE

    assert token_requests(sandbox) == before + 1


def test_after_a_day_without_a_call_the_connection_still_works(
    alice: Traveller, connected: Connection, sandbox: SandboxClient
) -> None:
    sandbox.advance(ALL_DAY)
    assert alice.client_of(connected).get("/me")["mail"] == ALICE


def test_after_ninety_days_the_person_must_come_back(
    alice: Traveller, connected: Connection, sandbox: SandboxClient
) -> None:
    sandbox.advance(91 * 86_400)
    with pytest.raises(ReconnectRequired) as caught:
        alice.client_of(connected).get("/me")
    assert caught.value.reason == "unused_too_long"
    assert caught.value.request_id


def test_revoked_tokens_ask_for_the_person(alice: Traveller, connected: Connection, sandbox: SandboxClient) -> None:
    sandbox.tokens(ALICE, "revoke")
    with pytest.raises(ReconnectRequired) as caught:
        alice.client_of(connected).get("/me")
    assert caught.value.reason == "sessions_reset"


def test_a_withdrawn_consent_asks_for_the_person(
    alice: Traveller, connected: Connection, sandbox: SandboxClient
) -> None:
    sandbox.consent("contoso.example", "withdraw")
    sandbox.tokens(ALICE, "expire-access")
    with pytest.raises(ReconnectRequired) as caught:
        alice.client_of(connected).get("/me")
    assert caught.value.reason == "consent_withdrawn"


@pytest.mark.parametrize(
    ("number", "error"),
    [(7000215, Misconfigured), (500011, ApprovalRequired), (50076, ReconnectRequired)],
)
def test_what_microsoft_says_decides_who_can_help(
    alice: Traveller, connected: Connection, sandbox: SandboxClient, number: int, error: type[Exception]
) -> None:
    sandbox.identity("script", who=ALICE, number=number)
    sandbox.tokens(ALICE, "expire-access")
    with pytest.raises(error):
        alice.client_of(connected).get("/me")


@pytest.mark.parametrize("fault", [{"status": 503, "retry_after": 7}, {"status": 429, "retry_after": 7}])
def test_a_busy_token_endpoint_says_nothing_about_the_grant(
    alice: Traveller, connected: Connection, sandbox: SandboxClient, fault: dict[str, int]
) -> None:
    sandbox.tokens(ALICE, "expire-access")
    sandbox.fault(fault, match={"path": "/token$"})
    with pytest.raises(Unavailable) as caught:
        alice.client_of(connected).get("/me")
    assert caught.value.retry_after == 7

    sandbox.clear_faults()
    assert alice.client_of(connected).get("/me")["mail"] == ALICE


def test_a_broken_line_to_the_token_endpoint_says_nothing_about_the_grant(
    alice: Traveller, connected: Connection, sandbox: SandboxClient
) -> None:
    sandbox.tokens(ALICE, "expire-access")
    sandbox.fault({"close": True}, match={"path": "/token$"})
    with pytest.raises(Unavailable):
        alice.client_of(connected).get("/me")


def test_tokens_moved_to_another_connection_do_not_open(alice: Traveller, connected: Connection, acme: Stored) -> None:
    alice.connect("carla.weber@contoso.example")
    [hers] = [connection for connection in acme.connections() if connection.pk != connected.pk]
    stolen, target = acme.secret_of(connected), acme.secret_of(hers)
    target.sealed_cache, target.home_account_id = stolen.sealed_cache, stolen.home_account_id
    with organization_scope(hers.organization_id):
        target.save()
    with pytest.raises(ReconnectRequired) as caught:
        alice.client_of(hers).get("/me")
    assert caught.value.reason == "secret_unreadable"


def test_a_key_that_the_operator_has_lost_is_nobody_elses_fault(
    alice: Traveller, connected: Connection, acme: Stored, settings: Settings
) -> None:
    former = settings.SEAL_KEYS
    settings.SEAL_KEYS = [("another", b"k" * 32)]
    with pytest.raises(Misconfigured) as caught:
        alice.client_of(connected).get("/me")
    assert caught.value.code == "seal_key_missing"
    record_failure(
        organization_id=connected.organization_id,
        connection_id=connected.pk,
        error=caught.value,
        now=datetime.now(UTC),
    )
    assert acme.connection.is_active

    settings.SEAL_KEYS = [*settings.SEAL_KEYS, *former]
    assert alice.client_of(connected).get("/me")["mail"] == ALICE


def test_a_token_is_never_asked_for_inside_a_scope(connected: Connection) -> None:
    with organization_scope(connected.organization_id), pytest.raises(ScopeError):
        token(connected)


def test_another_organization_has_no_such_tokens(connected: Connection, cast: Cast) -> None:
    with pytest.raises(identity.NoTokens):
        silent_token(organization_id=cast.globex.pk, connection_id=connected.pk)


def test_of_many_callers_at_once_one_asks_microsoft(transactional_db: None, sandbox: SandboxClient) -> None:
    people = Cast.found()
    traveller, stored = Traveller(people.alice, people.acme), Stored(people.acme)
    traveller.connect(ALICE)
    connected = stored.connection
    # A second use of a refresh token would be refused, and a second answer would replace the first.
    sandbox.identity("strict-refresh", on=True)
    end_soon(connected, stored)
    sandbox.fault({"delay": 0.2}, match={"path": "/token$"})
    before = token_requests(sandbox)
    found: list[str] = []

    def ask() -> None:
        try:
            found.append(token(connected))
        finally:
            database.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert len(found) == 6
    assert len(set(found)) == 1
    assert token_requests(sandbox) == before + 1
