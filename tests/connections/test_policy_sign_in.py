"""Who may connect, and what Microsoft is asked for: as the organization has decided, from the moment it has."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.core import mail

from connections.graph import GraphClient, Part, ReadOnly, ReconnectRequired, Unavailable
from connections.graph.tokens import GivenToken
from connections.identity import silent_token
from connections.identity.scopes import as_spelled
from connections.models import Connection, Status
from connections.reasons import WORDS
from connections.services import ConnectionNotActive, apply_who_may_connect, open_graph
from tenants import doors
from tenants.acts import Act
from tenants.models import Access, AuditEntry, MicrosoftTenant, Organization, TenantsAllowed
from tenants.scoping import organization_scope
from tenants.services import mailing
from tests.cast import Cast
from tests.connections.conftest import ALICE, NOTHING, PAULA, Stored, Traveller, post_back
from tests.sandbox_client import SandboxClient

CONTOSO = "3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001"


def decide(organization: Organization, **policies: Any) -> None:
    with organization_scope(organization.pk):
        row = Organization.objects.get(pk=organization.pk)
        for name, value in policies.items():
            setattr(row, name, value)
        row.save(update_fields=list(policies))


def link(organization: Organization, tid: UUID | str, *, linked: bool = True) -> None:
    now = datetime.now(UTC)
    with organization_scope(organization.pk):
        MicrosoftTenant.objects.of(organization).update_or_create(
            tid=tid,
            defaults={"organization": organization, "linked_at": now if linked else None, "state_since": now},
        )


def apply(organization: Organization) -> int:
    return apply_who_may_connect(organization_id=organization.pk, now=datetime.now(UTC))


@pytest.fixture
def only_linked(cast: Cast) -> Organization:
    decide(cast.acme, tenants_allowed=TenantsAllowed.LINKED)
    return cast.acme


# --- at the door ----------------------------------------------------------------------------------------------------


def test_an_account_of_a_company_that_is_not_linked_is_refused_and_nothing_stored(
    alice: Traveller, acme: Stored, only_linked: Organization
) -> None:
    # Somebody of it came by, and nobody has linked it.
    link(only_linked, CONTOSO, linked=False)

    response = alice.connect(ALICE)

    assert response.status_code == 403
    assert "This account cannot be connected here" in response.content.decode()
    assert ALICE in response.content.decode()
    assert acme.counts() == NOTHING


def test_an_account_of_a_linked_company_connects(alice: Traveller, acme: Stored, only_linked: Organization) -> None:
    link(only_linked, CONTOSO)
    alice.connect(ALICE)
    assert acme.connection.is_active


def test_what_another_organization_has_linked_counts_for_nothing_here(
    alice: Traveller, acme: Stored, only_linked: Organization, cast: Cast
) -> None:
    link(cast.globex, CONTOSO)
    assert alice.connect(ALICE).status_code == 403
    assert acme.counts() == NOTHING


def test_what_acme_decides_does_not_bind_globex(mallory: Traveller, globex: Stored, only_linked: Organization) -> None:
    mallory.connect(ALICE)
    assert globex.connection.is_active


def test_a_personal_account_is_refused_where_the_organization_says_no(
    alice: Traveller, acme: Stored, cast: Cast
) -> None:
    decide(cast.acme, personal_accounts=False)
    response = alice.connect(PAULA)
    assert response.status_code == 403
    assert "personal Microsoft account" in response.content.decode()
    assert acme.counts() == NOTHING


def test_personal_accounts_need_no_linked_company(alice: Traveller, acme: Stored, only_linked: Organization) -> None:
    alice.connect(PAULA)
    assert acme.connection.is_active


def test_a_decision_made_while_the_person_is_at_microsoft_holds(alice: Traveller, acme: Stored, cast: Cast) -> None:
    location = post_back(alice.answer(ALICE)).headers["Location"]
    decide(cast.acme, tenants_allowed=TenantsAllowed.LINKED)
    assert alice.finish(location).status_code == 403
    assert acme.counts() == NOTHING


# --- those who are in -----------------------------------------------------------------------------------------------


@pytest.fixture
def connected(alice: Traveller, acme: Stored) -> Connection:
    alice.connect(ALICE)
    return acme.connection


def test_whoever_may_no_longer_is_not_used_disconnected_and_told_once(
    connected: Connection, bob: Traveller, acme: Stored, cast: Cast
) -> None:
    bob.connect(PAULA)
    decide(cast.acme, tenants_allowed=TenantsAllowed.LINKED)

    # Before anything was applied.
    with pytest.raises(ConnectionNotActive):
        open_graph(organization_id=cast.acme.pk, connection_id=connected.pk, now=datetime.now(UTC))
    assert [apply(cast.acme), apply(cast.acme)] == [1, 0]

    first, second = acme.connections()
    assert (first.status, first.reason) == (Status.DISCONNECTED, "not_allowed_here")
    assert "no longer lets this account" in WORDS[first.reason].sentence
    assert second.is_active
    with organization_scope(cast.acme.pk):
        [entry] = AuditEntry.objects.of(cast.acme).filter(act=Act.CONNECTION_DISCONNECTED)
    assert (entry.target_id, entry.details) == (connected.pk, {"reason": "not_allowed_here"})
    now = datetime.now(UTC)
    for mail_id in doors.waiting_mails(now):
        mailing.send(mail_id=mail_id, now=now)
    [sent] = [message for message in mail.outbox if "disconnected" in message.body]
    assert sent.to == [cast.alice.email]
    assert ALICE in sent.body


def test_unlinking_has_the_same_effect(connected: Connection, acme: Stored, only_linked: Organization) -> None:
    link(only_linked, CONTOSO)
    assert apply(only_linked) == 0
    link(only_linked, CONTOSO, linked=False)
    assert apply(only_linked) == 1
    assert acme.connection.reason == "not_allowed_here"


def test_no_token_is_given_to_a_client_that_was_opened_before(
    connected: Connection, alice: Traveller, sandbox: SandboxClient, cast: Cast
) -> None:
    client = alice.client_of(connected)
    decide(cast.acme, tenants_allowed=TenantsAllowed.LINKED)
    before = len(sandbox.requests())

    with pytest.raises(Unavailable):
        client.get("/me/calendars")

    assert len(sandbox.requests()) == before


def test_the_subscription_can_still_be_dropped(connected: Connection, cast: Cast) -> None:
    decide(cast.acme, tenants_allowed=TenantsAllowed.LINKED)
    apply(cast.acme)
    ids = {"organization_id": cast.acme.pk, "connection_id": connected.pk}
    client = open_graph(**ids, now=datetime.now(UTC), leaving=True)
    assert client.get("/subscriptions")["value"] == []


def test_let_in_again_the_same_connection_goes_on(
    connected: Connection, alice: Traveller, acme: Stored, cast: Cast
) -> None:
    decide(cast.acme, tenants_allowed=TenantsAllowed.LINKED)
    apply(cast.acme)
    decide(cast.acme, tenants_allowed=TenantsAllowed.ANY)
    alice.connect(ALICE)
    assert acme.connection.pk == connected.pk
    assert acme.connection.is_active


# --- reading and writing --------------------------------------------------------------------------------------------


def asked_for(url: str) -> set[str]:
    return set(parse_qs(urlsplit(url).query)["scope"][0].split())


@pytest.mark.parametrize("prefix", ["", "https://graph.microsoft.com/"])
def test_a_refresh_asks_for_what_was_granted_as_far_as_it_is_wanted(prefix: str) -> None:
    read, write, more = (f"{prefix}{name}" for name in ("Calendars.Read", "Calendars.ReadWrite", "Mail.Read"))
    assert as_spelled([read, write, more], access=Access.READ) == [read]
    assert as_spelled([read, write, more], access=Access.WRITE) == [read, write]
    assert as_spelled([read, more], access=Access.WRITE) == [read]


def test_reading_asks_for_reading(alice: Traveller, acme: Stored) -> None:
    assert asked_for(alice.begin()) >= {"Calendars.Read", "User.Read"}
    assert "Calendars.ReadWrite" not in asked_for(alice.begin())
    alice.connect(ALICE)
    assert alice.client_of(acme.connection).read_only


def test_writing_asks_for_both_and_writes(alice: Traveller, acme: Stored, cast: Cast) -> None:
    decide(cast.acme, access=Access.WRITE)
    assert asked_for(alice.begin()) >= {"Calendars.Read", "Calendars.ReadWrite", "User.Read"}
    alice.connect(ALICE)
    client = alice.client_of(acme.connection)
    assert not client.read_only
    assert client.post("/me/events", an_event())["subject"] == "Written"


def an_event() -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0, tzinfo=None) + timedelta(days=1)
    moments = {
        name: {"dateTime": moment.isoformat(), "timeZone": "UTC"}
        for name, moment in {"start": start, "end": start + timedelta(hours=1)}.items()
    }
    return {"subject": "Written", **moments}


def test_when_it_is_raised_everybody_goes_on_reading_and_may_allow_changes(
    connected: Connection, alice: Traveller, acme: Stored, cast: Cast
) -> None:
    decide(cast.acme, access=Access.WRITE)

    renewed = silent_token(
        organization_id=cast.acme.pk, connection_id=connected.pk, rejected="whatever Graph does not take any more"
    )

    assert renewed
    client = alice.client_of(connected)
    assert client.get("/me/calendars")["value"]
    with pytest.raises(ReadOnly):
        client.post("/me/events", an_event())
    for page in ("/o/acme/", f"/o/acme/connections/{connected.pk}/"):
        assert "Allow changes" in alice.here.get(page).content.decode()

    url = alice.begin(connection=connected.pk)
    assert parse_qs(urlsplit(url).query)["login_hint"] == [ALICE]
    assert "Calendars.ReadWrite" in asked_for(url)
    alice.connect(ALICE, connection=connected.pk)

    assert acme.connection.pk == connected.pk
    assert not alice.client_of(connected).read_only
    for page in ("/o/acme/", f"/o/acme/connections/{connected.pk}/"):
        assert "Allow changes" not in alice.here.get(page).content.decode()
    page = alice.here.get(f"/o/acme/connections/{connected.pk}/").content.decode()
    assert "Read and change your calendars" in page


def test_a_refused_addition_leaves_the_connection_as_it_was(
    connected: Connection, alice: Traveller, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    decide(cast.acme, access=Access.WRITE)
    url = alice.begin(connection=connected.pk)
    state = parse_qs(urlsplit(url).query)["state"][0]
    alice.return_with({"state": state, "error": "access_denied", "error_subcode": "cancel"})
    assert acme.connection.is_active
    assert alice.client_of(connected).get("/me/calendars")["value"]


def test_lowered_again_nothing_is_written_and_raised_again_no_trip_is_needed(
    alice: Traveller, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    decide(cast.acme, access=Access.WRITE)
    alice.connect(ALICE)
    connection = acme.connection
    decide(cast.acme, access=Access.READ)

    client = alice.client_of(connection)
    before = len(sandbox.requests())
    for write in (
        lambda: client.post("/me/events", an_event()),
        lambda: client.patch("/me/events/1", {"subject": "x"}),
        lambda: client.delete("/me/events/1"),
        lambda: client.batch([Part("GET", "/me/calendars"), Part("DELETE", "/me/events/1")]),
        lambda: client.post("/$batch", {"requests": []}),
    ):
        with pytest.raises(ReadOnly):
            write()
    assert len(sandbox.requests()) == before
    held = silent_token(organization_id=cast.acme.pk, connection_id=connection.pk)
    silent_token(organization_id=cast.acme.pk, connection_id=connection.pk, rejected=held)
    page = alice.here.get(f"/o/acme/connections/{connection.pk}/").content.decode()
    assert "myapps.microsoft.com" in page

    # What was granted once is used again without another trip.
    decide(cast.acme, access=Access.WRITE)
    held = silent_token(organization_id=cast.acme.pk, connection_id=connection.pk)
    for _ in range(2):
        held = silent_token(organization_id=cast.acme.pk, connection_id=connection.pk, rejected=held)
    assert alice.client_of(connection).post("/me/events", an_event())["subject"] == "Written"


@pytest.mark.parametrize("path", ["/subscriptions", "/subscriptions/an-id", "/subscriptions/an-id/reauthorize"])
def test_listening_is_no_writing(sandbox: SandboxClient, path: str) -> None:
    client = GraphClient(GivenToken("no token"), read_only=True)
    # It is asked for, and Graph says what it thinks of the token.
    with pytest.raises(ReconnectRequired):
        client.post(path, {})


@pytest.mark.parametrize(
    "path", ["/me/events", "/subscriptions/../me/events", "/me/subscriptions", "/subscriptions/a/b", "/subscriptions\n"]
)
def test_nothing_else_passes_for_listening(path: str) -> None:
    client = GraphClient(GivenToken("no token"), read_only=True)
    with pytest.raises(ReadOnly):
        client.post(path, {})


def test_bob_sees_nothing_of_what_alice_may_allow(
    connected: Connection, bob: Traveller, mallory: Traveller, cast: Cast
) -> None:
    decide(cast.acme, access=Access.WRITE)
    assert "Allow changes" not in bob.here.get("/o/acme/").content.decode()
    assert mallory.here.get(f"/o/acme/connections/{connected.pk}/").status_code == 404
    assert bob.press_connect(connection=connected.pk).status_code == 404
