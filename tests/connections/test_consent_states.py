"""How consent stands in a Microsoft tenant: what proves what, and what proves nothing."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from connections.identity import HTTP_CACHE, TryLater
from connections.models import ApprovalRequest, Connection, LastRefusal, Status
from connections.services import consent
from connections.services.consent import NoSuchDirectory, find_directory
from tenants.acts import Act
from tenants.models import AuditEntry, ConsentState, Membership, MicrosoftTenant, Organization
from tenants.scoping import organization_scope
from tenants.services.audit import Actor
from tests.cast import Cast
from tests.connections.conftest import ALICE, BOB, FARID, PAULA, Stored, Traveller, post_back
from tests.sandbox_client import SandboxClient

CONTOSO = UUID("3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001")


def now() -> datetime:
    return datetime.now(UTC)


def tenants(organization: Organization) -> list[MicrosoftTenant]:
    with organization_scope(organization.pk):
        return list(MicrosoftTenant.objects.of(organization).order_by("pk"))


def tenant_of(organization: Organization) -> MicrosoftTenant:
    [found] = tenants(organization)
    return found


def know(organization: Organization, domain: str = "fabrikam.example", tid: UUID | None = None) -> MicrosoftTenant:
    """The organization knows of this tenant, and has linked it."""
    with organization_scope(organization.pk):
        tenant = consent.ensure_tenant(organization_id=organization.pk, tid=tid or uuid4(), domain=domain, now=now())
        tenant.linked_at = now()
        tenant.save()
    return tenant


def ask(organization: Organization, tenant: MicrosoftTenant, *, claimed: bool = False) -> ApprovalRequest:
    """Somebody here asks an administrator of the tenant."""
    with organization_scope(organization.pk):
        consent.mark_waiting(organization_id=organization.pk, tenant=tenant, now=now())
        return ApprovalRequest.objects.create(
            organization=organization,
            tenant=tenant,
            link_digest=uuid4().hex,
            sealed_link=b"",
            asked_at=now(),
            expires_at=now() + timedelta(days=30),
            claimed_at=now() if claimed else None,
        )


def acts(organization: Organization) -> list[str]:
    with organization_scope(organization.pk):
        return list(AuditEntry.objects.of(organization).order_by("pk").values_list("act", flat=True))


# --- what a verified token proves -----------------------------------------------------------------------------------


def test_a_member_who_connects_shows_that_people_may_consent(alice: Traveller, cast: Cast) -> None:
    alice.connect(ALICE)
    tenant = tenant_of(cast.acme)
    assert (tenant.tid, tenant.domain, tenant.state) == (CONTOSO, "contoso.example", ConsentState.OPEN)
    assert tenant.linked_at is None
    assert acts(cast.acme)[-1] == Act.CONNECTION_MADE


def test_connecting_again_is_recorded_as_such_with_the_address_it_came_from(alice: Traveller, cast: Cast) -> None:
    alice.connect(ALICE)
    alice.connect(ALICE)
    with organization_scope(cast.acme.pk):
        made, renewed = AuditEntry.objects.of(cast.acme).filter(act__startswith="connection.").order_by("pk")
    assert (made.act, renewed.act) == (Act.CONNECTION_MADE, Act.CONNECTION_RENEWED)
    assert (renewed.actor_label, renewed.target_label, renewed.ip) == (cast.alice.email, ALICE, "127.0.0.1")


def test_a_personal_account_has_no_tenant_to_approve_anything(alice: Traveller, cast: Cast) -> None:
    alice.connect(PAULA)
    assert tenants(cast.acme) == []


@pytest.mark.parametrize("claimed", [True, False])
def test_a_member_who_connects_while_we_wait_proves_the_approval(
    alice: Traveller, cast: Cast, sandbox: SandboxClient, *, claimed: bool
) -> None:
    sandbox.consent("fabrikam.example", "grant")
    fabrikam = know(cast.acme, tid=find_directory(domain_or_id="fabrikam.example").tid)
    ask(cast.acme, fabrikam, claimed=claimed)

    alice.connect(FARID)

    tenant = tenant_of(cast.acme)
    assert tenant.state == ConsentState.APPROVED
    assert tenant.approved_at is not None
    assert tenant.approved_by == ""
    assert {"Calendars.Read", "User.Read"} <= set(tenant.approved_scopes)
    assert acts(cast.acme).count(Act.TENANT_APPROVED) == 1


def test_a_mailbox_with_a_grant_from_before_proves_nothing_about_a_request(alice: Traveller, cast: Cast) -> None:
    alice.connect(ALICE)
    ask(cast.acme, tenant_of(cast.acme), claimed=True)
    alice.connect(ALICE)
    assert tenant_of(cast.acme).state == ConsentState.WAITING


def test_a_refusal_moves_no_state_and_warns_the_next_person(alice: Traveller, cast: Cast) -> None:
    know(cast.acme)
    page = alice.there.choose(alice.there.get(alice.begin()), FARID)
    alice.return_with(alice.there.follow(page, "Return to").answer)

    tenant = tenant_of(cast.acme)
    assert tenant.state == ConsentState.UNKNOWN
    assert tenant.refused_at is not None
    with organization_scope(cast.acme.pk):
        refusal = LastRefusal.objects.of(cast.acme).get()
    assert (refusal.reason, refusal.tenant_id, refusal.since) == ("approval_needed", tenant.pk, refusal.refused_at)


def test_a_second_refusal_keeps_since_when_and_connecting_ends_it(
    alice: Traveller, cast: Cast, sandbox: SandboxClient
) -> None:
    for _ in range(2):
        state = parse_qs(urlsplit(alice.begin()).query)["state"][0]
        alice.return_with({"error": "access_denied", "error_description": "AADSTS50105: x", "state": state})
    with organization_scope(cast.acme.pk):
        refusal = LastRefusal.objects.of(cast.acme).get()
    assert refusal.refused_at > refusal.since
    assert refusal.reason == "not_assigned"

    alice.connect(ALICE)

    with organization_scope(cast.acme.pk):
        assert not LastRefusal.objects.of(cast.acme).exists()


def test_a_no_of_the_persons_own_is_nobodys_business(alice: Traveller, cast: Cast) -> None:
    state = parse_qs(urlsplit(alice.begin()).query)["state"][0]
    alice.return_with({"error": "access_denied", "error_description": "AADSTS65004: x", "state": state})
    with organization_scope(cast.acme.pk):
        assert not LastRefusal.objects.of(cast.acme).exists()


# --- what proves nothing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("waiting", [True, False])
def test_a_forged_approval_in_an_address_changes_nothing(alice: Traveller, cast: Cast, *, waiting: bool) -> None:
    tenant = know(cast.acme)
    if waiting:
        ask(cast.acme, tenant)
    before = tenant_of(cast.acme)
    forged = f"tenant={tenant.tid}&admin_consent=True&state=x&scope=Calendars.Read"
    for address in ("/connections/callback/", "/connections/finish/", "/o/acme/connect/", "/o/acme/onboarding/"):
        alice.here.get(f"{address}?{forged}")
    post_back({"tenant": str(tenant.tid), "admin_consent": "True", "state": "x"})
    state = parse_qs(urlsplit(alice.begin()).query)["state"][0]
    alice.return_with({"tenant": str(tenant.tid), "admin_consent": "True", "state": state})

    after = tenant_of(cast.acme)
    assert (after.state, after.state_since, after.approved_at) == (before.state, before.state_since, None)


def test_what_another_organizations_people_caused_proves_nothing_here(
    alice: Traveller, mallory: Traveller, cast: Cast, sandbox: SandboxClient
) -> None:
    found = find_directory(domain_or_id="fabrikam.example")
    here, there = know(cast.acme, tid=found.tid), know(cast.globex, tid=found.tid)
    ask(cast.globex, there, claimed=True)
    ask(cast.acme, here)
    sandbox.consent("fabrikam.example", "grant")

    mallory.connect(FARID)

    assert tenant_of(cast.globex).state == ConsentState.APPROVED
    assert tenant_of(cast.acme).state == ConsentState.WAITING
    with organization_scope(cast.globex.pk):
        consent.mark_withdrawn(organization_id=cast.globex.pk, tid=found.tid, now=now())
    assert tenant_of(cast.acme).state == ConsentState.WAITING


def test_an_approval_in_one_organization_leaves_the_other_unknown(cast: Cast) -> None:
    tid = uuid4()
    here, _ = know(cast.acme, tid=tid), know(cast.globex, tid=tid)
    approve(cast.acme, here)
    assert tenant_of(cast.acme).state == ConsentState.APPROVED
    assert tenant_of(cast.globex).state == ConsentState.UNKNOWN


# --- asking, and what comes of it -----------------------------------------------------------------------------------


def approve(organization: Organization, tenant: MicrosoftTenant, *, by: str = "fiona.admin@fabrikam.example") -> None:
    with organization_scope(organization.pk):
        consent.mark_approved(
            organization_id=organization.pk,
            tenant=tenant,
            by_label=by,
            scopes=["Calendars.Read"],
            by=Actor.administrator(by, ip="192.0.2.7"),
            now=now(),
        )


def test_an_administrator_who_proves_it_is_named_and_recorded(cast: Cast) -> None:
    tenant = know(cast.acme)
    ask(cast.acme, tenant)
    approve(cast.acme, tenant)
    assert (tenant.state, tenant.approved_by) == (ConsentState.APPROVED, "fiona.admin@fabrikam.example")
    with organization_scope(cast.acme.pk):
        entry = AuditEntry.objects.of(cast.acme).get(act=Act.TENANT_APPROVED)
    assert (entry.actor_kind, entry.actor_label) == ("administrator", "fiona.admin@fabrikam.example")
    assert (entry.target_label, entry.ip) == ("fabrikam.example", "192.0.2.7")


def test_of_two_administrators_the_first_stays_and_one_act_is_recorded(cast: Cast) -> None:
    tenant = know(cast.acme)
    approve(cast.acme, tenant)
    approve(cast.acme, tenant, by="second.admin@fabrikam.example")
    assert tenant.approved_by == "fiona.admin@fabrikam.example"
    assert acts(cast.acme).count(Act.TENANT_APPROVED) == 1


def test_a_conclusion_gets_its_name_when_an_administrator_proves_it_later(
    alice: Traveller, cast: Cast, sandbox: SandboxClient
) -> None:
    sandbox.consent("fabrikam.example", "grant")
    tenant = know(cast.acme, tid=find_directory(domain_or_id="fabrikam.example").tid)
    ask(cast.acme, tenant)
    alice.connect(FARID)
    approve(cast.acme, tenant)
    assert tenant.approved_by == "fiona.admin@fabrikam.example"


def test_a_request_that_nobody_answers_leaves_what_was_known_before(alice: Traveller, cast: Cast) -> None:
    fresh = know(cast.acme, "northwind.example")
    ask(cast.acme, fresh)
    unanswered(cast.acme, fresh)
    assert fresh.state == ConsentState.UNKNOWN

    approve(cast.acme, fresh)
    with organization_scope(cast.acme.pk):
        consent.mark_withdrawn(organization_id=cast.acme.pk, tid=fresh.tid, now=now())
        consent.mark_waiting(organization_id=cast.acme.pk, tenant=fresh, now=now())
    unanswered(cast.acme, fresh)
    assert fresh.state == ConsentState.WITHDRAWN

    alice.connect(ALICE)
    contoso = next(tenant for tenant in tenants(cast.acme) if tenant.tid == CONTOSO)
    ask(cast.acme, contoso)
    unanswered(cast.acme, contoso)
    assert contoso.state == ConsentState.OPEN
    # Nothing to take back where nobody is asked.
    unanswered(cast.acme, contoso)
    assert contoso.state == ConsentState.OPEN


def unanswered(organization: Organization, tenant: MicrosoftTenant) -> None:
    with organization_scope(organization.pk):
        consent.mark_unanswered(organization_id=organization.pk, tenant=tenant, now=now())


# --- where somebody most likely comes from --------------------------------------------------------------------------


def test_the_tenant_is_guessed_by_domain_and_else_only_where_there_is_no_choice(cast: Cast) -> None:
    def guess(address: str) -> str | None:
        with organization_scope(cast.acme.pk):
            found = consent.guess_tenant(organization_id=cast.acme.pk, address=address)
        return found and found.domain

    assert guess("bob@acme.example") is None
    know(cast.acme, "fabrikam.example")
    assert guess("bob@acme.example") == "fabrikam.example"
    know(cast.acme, "contoso.example")
    assert guess("bob@acme.example") is None
    assert guess("Bob@CONTOSO.example") == "contoso.example"
    with organization_scope(cast.globex.pk):
        assert consent.guess_tenant(organization_id=cast.globex.pk, address="x@contoso.example") is None


def test_a_mailbox_to_be_renewed_names_its_own_tenant(alice: Traveller, cast: Cast, acme: Stored) -> None:
    alice.connect(ALICE)
    know(cast.acme, "fabrikam.example")
    state = parse_qs(urlsplit(alice.begin(connection=acme.connection.pk)).query)["state"][0]
    alice.return_with({"error": "access_denied", "error_subcode": "cancel", "state": state})
    with organization_scope(cast.acme.pk):
        refusal = LastRefusal.objects.of(cast.acme).select_related("tenant").get()
    assert refusal.tenant is not None
    assert refusal.tenant.tid == CONTOSO


# --- finding a directory --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    ["contoso.example", " Contoso.Example. ", "alice.moreau@contoso.example", str(CONTOSO), str(CONTOSO).upper()],
)
def test_a_directory_is_found_by_domain_address_or_id(sandbox: SandboxClient, typed: str) -> None:
    found = find_directory(domain_or_id=typed)
    assert found.tid == CONTOSO
    assert found.domain in {"contoso.example", ""}


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("nobody-has-this.example", "unknown"),
        (str(UUID(int=7)), "unknown"),
        ("bücher.example", "unknown"),
        ("common", "many"),
        ("organizations", "many"),
        ("Consumers", "many"),
        ("9188040d-6c67-4c5b-b112-36a304b66dad", "personal"),
        ("outlook.example", "personal"),
        ("", "unreadable"),
        ("contoso", "unreadable"),
        ("contoso example", "unreadable"),
        ("https://contoso.example/", "unreadable"),
        ("contoso.example/../common", "unreadable"),
        ("contoso..example", "unreadable"),
        ("-contoso.example", "unreadable"),
        ("contoso.example\x00", "unreadable"),
        ("ü" * 300 + ".example", "unreadable"),
        ("x" * 64 + ".example", "unreadable"),
        (".".join(["label"] * 60), "unreadable"),
    ],
)
def test_what_is_no_directory_is_told_by_its_kind(sandbox: SandboxClient, typed: str, problem: str) -> None:
    with pytest.raises(NoSuchDirectory) as caught:
        find_directory(domain_or_id=typed)
    assert caught.value.problem == problem


@pytest.mark.parametrize("fault", [{"status": 503}, {"close": True}, {"status": 429}])
def test_when_microsoft_is_away_nothing_is_said_about_the_domain(
    sandbox: SandboxClient, fault: dict[str, object]
) -> None:
    sandbox.fault(fault, match={"path": "openid-configuration"}, times=9)
    with pytest.raises(TryLater):
        find_directory(domain_or_id="contoso.example")


def test_members_of_two_mailboxes_share_one_row_of_their_tenant(alice: Traveller, bob: Traveller, cast: Cast) -> None:
    alice.connect(ALICE)
    bob.connect(BOB)
    assert len(tenants(cast.acme)) == 1
    HTTP_CACHE.clear()
    with organization_scope(cast.acme.pk):
        assert Connection.objects.of(cast.acme).filter(status=Status.ACTIVE).count() == 2
        assert Membership.objects.of(cast.acme).count() == 3
