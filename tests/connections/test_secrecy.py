"""After a whole journey, no secret of it is in a log, a page, a queue or a readable column."""

import logging
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import redis
from django.conf import settings
from django.core import checks
from django.db import connection as database
from pytest_django import Settings

from connections.graph import GraphError
from connections.identity import silent_token
from connections.models import Connection, Secret, SignInAnswer, SignInFlow
from tenants import crypto
from tenants.scoping import organization_scope
from tests.cast import Cast, signed_in
from tests.connections.conftest import ALICE, Stored, Traveller, post_back, refresh_token
from tests.sandbox_client import SandboxClient


def everything_logged(caplog: pytest.LogCaptureFixture) -> str:
    """Before any allow-list: the records as they were made."""
    return "\n".join(f"{record.name} {record.msg!r} {record.args!r} {record.exc_text}" for record in caplog.records)


def in_clear(stored: Stored) -> str:
    """All that the tables of this app hold."""
    with organization_scope(stored.organization.pk), database.cursor() as cursor:
        found = []
        for model in (Connection, Secret, SignInFlow, SignInAnswer):
            cursor.execute(f"SELECT t::text FROM {model._meta.db_table} t")  # noqa: S608 - names of our own models
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_a_journey_leaves_no_secret_in_logs_pages_tables_or_redis(
    alice: Traveller,
    acme: Stored,
    sandbox: SandboxClient,
    caplog: pytest.LogCaptureFixture,
    redis_client: redis.Redis,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = alice.begin()
    under_way = in_clear(acme)
    with organization_scope(acme.organization.pk):
        flow = SignInFlow.objects.of(acme.organization).get()
    flow_secrets = orjson.loads(
        crypto.unseal(flow.sealed_flow, place=f"connections_signinflow.sealed_flow:{flow.key}")
    )["flow"]
    answer = alice.there.sign_in(url, ALICE).answer
    posted = post_back(answer)
    kept = in_clear(acme)
    finished = alice.finish(posted.headers["Location"])
    replayed = alice.finish(posted.headers["Location"])
    connection = acme.connection
    token = silent_token(organization_id=connection.organization_id, connection_id=connection.pk)
    sandbox.tokens(ALICE, "revoke")
    with pytest.raises(GraphError):
        alice.client_of(connection).get("/me")
    declined = alice.return_with({"error": "access_denied", "error_description": "somebody said no", **answer})

    query = parse_qs(urlsplit(url).query)
    secrets = {
        "code": answer["code"],
        "state": answer["state"],
        "client_info": answer["client_info"],
        "nonce": query["nonce"][0],
        "nonce before its digest": flow_secrets["nonce"],
        "verifier": flow_secrets["code_verifier"],
        "access token": token,
        "client secret": settings.MICROSOFT_CLIENT_SECRET,
        "session": alice.here.session.session_key,
        "one-time key": parse_qs(urlsplit(posted.headers["Location"]).query)["k"][0],
        "refresh token": refresh_token(acme.secret_of(connection)),
        "text of Microsoft's": "somebody said no",
    }
    pages = "\n".join(page.content.decode() for page in (posted, finished, replayed, declined))
    logged = everything_logged(caplog)
    stored = "\n".join([under_way, kept, in_clear(acme)])
    redis_holds = b"".join(key + (redis_client.dump(key) or b"") for key in redis_client.scan_iter())
    assert "connected" in logged
    for name, secret in secrets.items():
        assert secret not in logged, name
        assert secret not in pages, name
        assert secret not in stored, name
        assert secret.encode() not in redis_holds, name


def test_an_address_of_a_person_is_not_logged(
    alice: Traveller, sandbox: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    alice.connect(ALICE)
    alice.connect("leo.park@contoso.example")
    assert "contoso.example" not in everything_logged(caplog)


# --- support staff ---------------------------------------------------------------------------------------------------

ADMIN = "/admin/connections/connection/"


def test_support_sees_how_a_connection_stands_and_no_secret(alice: Traveller, acme: Stored, cast: Cast) -> None:
    alice.connect(ALICE)
    connection = acme.connection
    support = signed_in(cast.support)

    listed = support.get(ADMIN).content.decode()
    shown = support.get(f"{ADMIN}{connection.pk}/change/").content.decode()

    assert ALICE in listed
    assert "acme" in listed
    assert f"{ALICE} is connected." in shown
    assert str(connection.oid) in shown
    for page in (listed, shown):
        assert "sealed" not in page
        assert "home_account" not in page


@pytest.mark.parametrize("term", ["alice.moreau", "A11CE000-1b52-4c0d-8d5e-0c1f3a7be001", "acme"])
def test_support_finds_a_connection_by_what_people_write(alice: Traveller, cast: Cast, term: str) -> None:
    alice.connect(ALICE)
    assert ALICE in signed_in(cast.support).get(ADMIN, {"q": term}).content.decode()


@pytest.mark.parametrize(
    "query", ["q=nobody", "q=00000000-0000-4000-8000-000000000000", "status__exact=paused", "reason=x"]
)
def test_support_finds_nothing_where_nothing_is(alice: Traveller, cast: Cast, query: str) -> None:
    alice.connect(ALICE)
    assert ALICE not in signed_in(cast.support).get(f"{ADMIN}?{query}").content.decode()


def test_support_changes_nothing(alice: Traveller, acme: Stored, cast: Cast) -> None:
    alice.connect(ALICE)
    support = signed_in(cast.support)
    number = acme.connection.pk
    assert support.post(f"{ADMIN}{number}/change/", {"status": "paused"}).status_code == 403
    assert support.post(f"{ADMIN}{number}/delete/", {"post": "yes"}).status_code == 403
    assert support.get(f"{ADMIN}add/").status_code == 403
    for model in ("secret", "signinflow", "signinanswer"):
        assert support.get(f"/admin/connections/{model}/").status_code == 404


# --- checks ----------------------------------------------------------------------------------------------------------


def identifiers() -> set[str | None]:
    return {message.id for message in checks.run_checks() if (message.id or "").startswith("connections.")}


def test_a_working_set_up_passes_the_checks() -> None:
    assert identifiers() == set()


def test_a_missing_registration_and_a_key_that_cannot_seal_are_named(settings: Settings) -> None:
    settings.MICROSOFT_CLIENT_ID = settings.MICROSOFT_CLIENT_SECRET = ""
    settings.SEAL_KEYS = [("short", b"x")]
    assert identifiers() == {"connections.E001", "connections.E002", "connections.E003"}
