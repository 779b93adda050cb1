"""Consent is withdrawn: people are told once, and an approval brings everything back with no event lost."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from calendars import doors as calendar_doors
from calendars.models import Calendar, Event
from calendars.services import Outcome, list_calendars, sync_calendar
from connections import doors, identity
from connections.graph import GraphError, ReconnectRequired
from connections.models import Connection, Status
from connections.services import consent, record_failure, restore, settle_doubt
from tenants import doors as tenant_doors
from tenants.acts import Act
from tenants.models import ConsentState, MicrosoftTenant, Organization
from tenants.scoping import organization_scope
from tenants.services import mailing
from tests.calendars.comparing import facts_of_row, facts_of_truth
from tests.cast import Cast
from tests.connections.conftest import ALICE, BOB, CARLA, Stored, Traveller
from tests.connections.test_consent_states import CONTOSO, acts, approve, tenant_of
from tests.sandbox_client import SandboxClient

NORA = "nora.lind@northwind.example"


def now() -> datetime:
    return datetime.now(UTC)


def later() -> datetime:
    """Long enough after an approval for every server of Microsoft's to know it."""
    return now() + timedelta(minutes=11)


def use(traveller: Traveller, connection: Connection) -> None:
    """What a round does: ask Graph, and note a failure of the whole mailbox."""
    identity.HTTP_CACHE.clear()
    try:
        traveller.client_of(connection).get("/me")
    except GraphError as error:
        record_failure(organization_id=connection.organization_id, connection_id=connection.pk, error=error, now=now())


def restore_all(organization: Organization, *, at: datetime | None = None) -> list[int]:
    """What beat and its workers do; ids of what was tried."""
    identity.HTTP_CACHE.clear()
    tried = []
    for organization_id, connection_id in doors.connections_to_try():
        assert organization_id == organization.pk
        restore(organization_id=organization_id, connection_id=connection_id, now=at or now())
        tried.append(connection_id)
    return tried


def mails() -> list[tuple[str, str]]:
    """Whom we wrote to since the last look, and about what."""
    for mail_id in tenant_doors.waiting_mails(later()):
        mailing.send(mail_id=mail_id, now=later())
    found = sorted((message.to[0], message.subject) for message in mail.outbox)
    mail.outbox.clear()
    return found


def states(acme: Stored) -> list[tuple[str, str]]:
    return [(connection.status, connection.reason) for connection in acme.connections()]


@pytest.fixture
def approved(alice: Traveller, bob: Traveller, cast: Cast, sandbox: SandboxClient) -> MicrosoftTenant:
    """Contoso's administrator approved; Alice and Bob are connected by that."""
    sandbox.consent("contoso.example", "grant")
    alice.connect(ALICE)
    bob.connect(BOB)
    tenant = tenant_of(cast.acme)
    approve(cast.acme, tenant, by="ines.admin@contoso.example")
    mails()
    return tenant


@pytest.fixture
def withdrawn(approved: MicrosoftTenant, alice: Traveller, acme: Stored, sandbox: SandboxClient) -> MicrosoftTenant:
    """It was withdrawn, and Alice's connection has met it."""
    withdraw(sandbox)
    use(alice, acme.connections()[0])
    return tenant_of(acme.organization)


def withdraw(sandbox: SandboxClient) -> None:
    sandbox.consent("contoso.example", "withdraw")
    for address in (ALICE, BOB):
        sandbox.tokens(address, "expire-access")


# --- going ----------------------------------------------------------------------------------------------------------


def test_one_refused_refresh_tells_that_everybodys_approval_is_gone(
    withdrawn: MicrosoftTenant, acme: Stored, cast: Cast
) -> None:
    assert withdrawn.state == ConsentState.WITHDRAWN
    assert states(acme) == [(Status.APPROVAL, "approval_withdrawn")] * 2
    assert acts(cast.acme)[-3:] == [Act.TENANT_WITHDRAWN, Act.CONNECTION_BROKEN, Act.CONNECTION_BROKEN]


def test_people_and_admins_are_told_once_each(withdrawn: MicrosoftTenant, acme: Stored, cast: Cast) -> None:
    waits = "Your calendar waits for approval by an administrator"
    gone = "The approval for contoso.example was withdrawn"
    assert mails() == [
        (cast.ada.email, gone),
        (cast.alice.email, gone),
        (cast.alice.email, waits),
        (cast.bob.email, waits),
    ]
    # The rounds that were under way fail, too.
    for connection in acme.connections():
        error = ReconnectRequired(reason="consent_withdrawn")
        record_failure(organization_id=cast.acme.pk, connection_id=connection.pk, error=error, now=later())
    with organization_scope(cast.acme.pk):
        consent.mark_withdrawn(organization_id=cast.acme.pk, tid=CONTOSO, now=now())
    assert mails() == []


def test_another_organization_with_the_same_tenant_finds_out_by_itself(
    approved: MicrosoftTenant, mallory: Traveller, acme: Stored, globex: Stored, cast: Cast
) -> None:
    mallory.connect(CARLA)
    with organization_scope(cast.acme.pk):
        consent.mark_withdrawn(organization_id=cast.acme.pk, tid=CONTOSO, now=now())
    assert states(acme) == [(Status.APPROVAL, "approval_withdrawn")] * 2
    assert globex.connection.status == Status.ACTIVE
    assert tenant_of(cast.globex).state == ConsentState.OPEN


def test_a_consent_of_ones_own_that_is_withdrawn_is_ones_own_to_renew(
    alice: Traveller, bob: Traveller, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    alice.connect(ALICE)
    bob.connect(BOB)
    withdraw(sandbox)
    use(alice, acme.connections()[0])
    assert states(acme) == [(Status.RECONNECT, "consent_withdrawn"), (Status.ACTIVE, "")]
    assert tenant_of(cast.acme).state == ConsentState.OPEN
    assert mails() == [(cast.alice.email, "Your calendar needs you")]


def conclude(organization: Organization) -> None:
    """Nobody has proved the approval by name: it was only concluded."""
    with organization_scope(organization.pk):
        MicrosoftTenant.objects.of(organization).update(approved_by="")


def test_where_the_approval_was_only_concluded_another_connection_is_asked(
    approved: MicrosoftTenant, alice: Traveller, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    conclude(cast.acme)
    withdraw(sandbox)
    use(alice, acme.connections()[0])
    assert states(acme) == [(Status.RECONNECT, "consent_withdrawn"), (Status.ACTIVE, "")]

    [(organization_id, connection_id)] = doors.connections_to_ask_about()
    identity.HTTP_CACHE.clear()
    settle_doubt(organization_id=organization_id, connection_id=connection_id, now=now())

    assert tenant_of(cast.acme).state == ConsentState.WITHDRAWN
    assert states(acme) == [(Status.APPROVAL, "approval_withdrawn")] * 2


def test_if_the_other_one_still_works_it_was_one_persons_own(
    approved: MicrosoftTenant, alice: Traveller, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    conclude(cast.acme)
    sandbox.identity("script", who=ALICE, number=65001)
    sandbox.tokens(ALICE, "expire-access")
    use(alice, acme.connections()[0])
    [(organization_id, connection_id)] = doors.connections_to_ask_about()

    settle_doubt(organization_id=organization_id, connection_id=connection_id, now=now())

    assert tenant_of(cast.acme).state == ConsentState.APPROVED
    assert states(acme) == [(Status.RECONNECT, "consent_withdrawn"), (Status.ACTIVE, "")]
    assert doors.connections_to_ask_about() == []


def test_a_connection_that_was_paused_meanwhile_waits_as_the_others_do(
    approved: MicrosoftTenant, alice: Traveller, bob: Traveller, acme: Stored, sandbox: SandboxClient
) -> None:
    with organization_scope(acme.organization.pk):
        acme_bob = acme.connections()[1]
        acme_bob.become(Status.PAUSED, now=now())
    withdraw(sandbox)
    use(alice, acme.connections()[0])
    assert acme.connections()[1].status == Status.PAUSED
    with organization_scope(acme.organization.pk):
        acme_bob.become(Status.ACTIVE, now=now())
    use(bob, acme.connections()[1])
    assert states(acme) == [(Status.APPROVAL, "approval_withdrawn")] * 2


# --- coming back ----------------------------------------------------------------------------------------------------


def test_nothing_is_tried_while_nothing_was_proven(withdrawn: MicrosoftTenant, cast: Cast) -> None:
    assert doors.connections_to_try() == []
    with organization_scope(cast.acme.pk):
        consent.mark_waiting(organization_id=cast.acme.pk, tenant=withdrawn, now=now())
    assert doors.connections_to_try() == []


def test_an_approval_brings_the_same_rows_back_and_people_are_told_once(
    withdrawn: MicrosoftTenant, alice: Traveller, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    before = acme.connections()
    mails()
    sandbox.consent("contoso.example", "grant")
    approve(cast.acme, withdrawn)

    assert restore_all(cast.acme) == [connection.pk for connection in before]

    after = acme.connections()
    assert [connection.pk for connection in after] == [connection.pk for connection in before]
    assert states(acme) == [(Status.ACTIVE, "")] * 2
    assert acts(cast.acme)[-2:] == [Act.CONNECTION_RESTORED] * 2
    assert mails() == [
        (cast.alice.email, "Your calendar is connected again"),
        (cast.bob.email, "Your calendar is connected again"),
    ]
    assert restore_all(cast.acme) == []
    assert not restore(organization_id=cast.acme.pk, connection_id=after[0].pk, now=now())
    assert mails() == []
    assert alice.client_of(after[0]).get("/me")["mail"] == ALICE


def test_a_colleague_who_connects_afresh_brings_the_others_back(
    withdrawn: MicrosoftTenant, alice: Traveller, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    sandbox.consent("contoso.example", "grant")
    alice.connect(ALICE)
    assert tenant_of(cast.acme).state == ConsentState.OPEN
    assert restore_all(cast.acme) == [acme.connections()[1].pk]
    assert states(acme) == [(Status.ACTIVE, "")] * 2


def test_a_no_right_after_the_approval_is_given_time_and_then_it_is_the_persons(
    withdrawn: MicrosoftTenant, acme: Stored, cast: Cast
) -> None:
    mails()
    # Said to be approved, and Microsoft knows nothing of it.
    approve(cast.acme, withdrawn)
    restore_all(cast.acme)
    assert states(acme) == [(Status.APPROVAL, "approval_withdrawn")] * 2
    assert [connection.failed_code for connection in acme.connections()] == ["invalid_grant", "approval_withdrawn"]
    assert mails() == []

    restore_all(cast.acme, at=later())

    assert states(acme) == [(Status.RECONNECT, "consent_withdrawn")] * 2
    assert all(connection.failed_code for connection in acme.connections()), "what support asks first: which error"
    needs_you = "Your calendar needs you"
    assert mails() == [(cast.alice.email, needs_you), (cast.bob.email, needs_you)]
    assert restore_all(cast.acme, at=later()) == []
    assert mails() == []


def test_when_microsoft_is_away_it_is_tried_again(
    withdrawn: MicrosoftTenant, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    sandbox.consent("contoso.example", "grant")
    approve(cast.acme, withdrawn)
    sandbox.fault({"status": 503}, match={"path": "/token$"}, times=9)
    assert len(restore_all(cast.acme, at=later())) == 2
    assert states(acme) == [(Status.APPROVAL, "approval_withdrawn")] * 2
    sandbox.clear_faults()
    restore_all(cast.acme)
    assert states(acme) == [(Status.ACTIVE, "")] * 2


def test_an_account_that_was_switched_off_meanwhile_is_blocked(
    withdrawn: MicrosoftTenant, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    sandbox.consent("contoso.example", "grant")
    sandbox.identity("script", who=ALICE, number=53003)
    approve(cast.acme, withdrawn)
    restore_all(cast.acme)
    assert [status for status, _ in states(acme)] == [Status.BLOCKED, Status.ACTIVE]


def test_who_has_left_or_disconnected_meanwhile_stays_away(
    withdrawn: MicrosoftTenant, acme: Stored, cast: Cast, sandbox: SandboxClient
) -> None:
    with organization_scope(cast.acme.pk):
        first, second = Connection.objects.of(cast.acme).select_related("member").order_by("pk")
        first.become(Status.DISCONNECTED, reason="left", now=now())
        second.member.removed_at = now()
        second.member.save()
    sandbox.consent("contoso.example", "grant")
    approve(cast.acme, withdrawn)
    restore_all(cast.acme)
    assert [status for status, _ in states(acme)] == [Status.DISCONNECTED, Status.APPROVAL]


# --- the gap --------------------------------------------------------------------------------------------------------


@pytest.fixture
def nora(alice: Traveller, cast: Cast, acme: Stored, sandbox: SandboxClient) -> Connection:
    """Northwind approved, and Nora's mailbox is connected and read."""
    sandbox.consent("northwind.example", "grant")
    alice.connect(NORA)
    approve(cast.acme, tenant_of(cast.acme), by="nils.admin@northwind.example")
    connection = acme.connection
    read(connection)
    return connection


def read(connection: Connection) -> None:
    """List and read, as the page after connecting does."""
    organization_id = connection.organization_id
    for calendar_id in list_calendars(organization_id=organization_id, connection_id=connection.pk, now=now()):
        result = sync_calendar(organization_id=organization_id, calendar_id=calendar_id, clock=now)
        assert result.outcome == Outcome.DONE


def calendars(organization: Organization) -> list[Calendar]:
    with organization_scope(organization.pk):
        return list(Calendar.objects.of(organization).order_by("pk"))


def test_after_the_approval_is_back_what_is_stored_is_what_is_there(
    nora: Connection, alice: Traveller, cast: Cast, acme: Stored, sandbox: SandboxClient
) -> None:
    before = [(calendar.pk, calendar.followed_at) for calendar in calendars(cast.acme)]
    [calendar] = [calendar for calendar in calendars(cast.acme) if calendar.is_followed]
    old = events(cast.acme)
    sandbox.consent("northwind.example", "withdraw")
    sandbox.tokens(NORA, "expire-access")
    use(alice, nora)
    assert acme.connection.status == Status.APPROVAL
    # What was read stays to be seen, and rounds keep their hands off.
    assert events(cast.acme) == old
    assert keys_to_read() == []

    tomorrow = (now() + timedelta(days=1)).replace(microsecond=0, tzinfo=None)
    times = {
        "start": {"dateTime": tomorrow.isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": (tomorrow + timedelta(hours=1)).isoformat(), "timeZone": "UTC"},
    }
    added = sandbox.edit(NORA, "create", event={"subject": "While nobody looked", **times})
    single = next(graph_id for graph_id, facts in old.items() if facts.kind == "single")
    sandbox.edit(NORA, "delete", id=single)

    sandbox.consent("northwind.example", "grant")
    approve(cast.acme, tenant_of(cast.acme), by="nils.admin@northwind.example")
    restore_all(cast.acme)

    assert acme.connection.pk == nora.pk
    assert [(calendar.pk, calendar.followed_at) for calendar in calendars(cast.acme)] == before
    assert keys_to_read() == [calendar.pk]
    for calendar_id in keys_to_read():
        sync_calendar(organization_id=cast.acme.pk, calendar_id=calendar_id, clock=now)
    assert keys_to_read() == []
    stored = events(cast.acme)
    assert added["immutableId"] in stored or added["id"] in stored
    assert single not in stored
    [calendar] = [calendar for calendar in calendars(cast.acme) if calendar.is_followed]
    truth = sandbox.truth(NORA, calendar=calendar.graph_id, start=calendar.window_start, end=calendar.window_end)
    assert stored == {event["id"]: facts_of_truth(event) for event in truth}


def events(organization: Organization) -> dict[str, object]:
    with organization_scope(organization.pk):
        return {row.graph_id: facts_of_row(row) for row in Event.objects.of(organization).shown()}


def keys_to_read() -> list[int]:
    """Calendars that beat would have read half a minute from now."""
    return [key.calendar_id for key in calendar_doors.marked_calendars(now=now() + timedelta(seconds=30))]
