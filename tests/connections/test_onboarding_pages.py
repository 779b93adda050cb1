"""The onboarding board, linking a Microsoft tenant, and what people read before the trip to Microsoft."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from connections.models import ApprovalWaiter, Connection, Status
from connections.services import consent
from tenants.acts import Act
from tenants.models import AuditEntry, ConsentState, Membership, MicrosoftTenant, Organization, TenantsAllowed, User
from tenants.scoping import organization_scope
from tests.calendars.making import make_connection, membership_of
from tests.cast import Cast, person, signed_in
from tests.connections.conftest import ALICE, NOTHING, Stored, Traveller
from tests.connections.test_consent_states import CONTOSO, acts, approve, ask, know, tenant_of, tenants
from tests.sandbox_client import SandboxClient

BOARD = "/o/acme/onboarding/"
LINK = "/o/acme/onboarding/link/"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def ada(cast: Cast) -> Client:
    return signed_in(cast.ada)


def words(client: Client, path: str = BOARD) -> str:
    """What a page says, without its tags."""
    response = client.get(path)
    assert response.status_code == 200
    text = re.sub(r"<[^>]+>", " ", response.content.decode().split("<main", 1)[1])
    return " ".join(text.split()).replace("&#x27;", "'").replace("&amp;", "&")


def stuck(organization: Organization, user: User, status: Status, reason: str, **fields: Any) -> Connection:
    return make_connection(organization, user, status=status, reason=reason, **fields)


def refuse(organization: Organization, user: User, reason: str, *, tid: UUID | None = None) -> None:
    member = membership_of(organization, user)
    member.user = user
    with organization_scope(organization.pk):
        consent.note_refused(
            organization_id=organization.pk,
            member=member,
            reason=reason,
            tid=tid,
            lacks_consent=reason == "approval_needed",
            now=now(),
        )


# --- the board ------------------------------------------------------------------------------------------------------


def test_a_new_organization_sees_its_steps_and_one_button(cast: Cast) -> None:
    page = signed_in(cast.mallory).get("/o/globex/onboarding/").content.decode()
    assert "1 of 5 steps are done" in page
    assert page.count("is-done") == 1
    assert page.count("is-next") == 1
    assert page.count("btn-primary") == 1
    assert "Link your Microsoft tenant" in page
    assert "Who is stuck" not in page


def test_the_board_asks_for_itself_again_every_half_minute(ada: Client) -> None:
    page = ada.get(BOARD).content.decode()
    assert 'hx-trigger="every 30s' in page
    assert f'hx-get="{BOARD}"' in page


def test_a_step_is_ticked_by_what_happened(alice: Traveller, cast: Cast) -> None:
    alice.connect(ALICE)
    page = signed_in(cast.alice).get(BOARD).content.decode()
    # All but linking: somebody connected, so Microsoft agrees, and there are colleagues.
    assert page.count("is-done") == 4
    with organization_scope(cast.acme.pk):
        MicrosoftTenant.objects.of(cast.acme).update(linked_at=now())
    assert signed_in(cast.alice).get(BOARD).content.decode().count("is-done") == 5


@pytest.mark.parametrize(
    ("state", "look"),
    [
        (ConsentState.UNKNOWN, "Not tried yet"),
        (ConsentState.OPEN, "People may connect"),
        (ConsentState.WAITING, "Waits for approval"),
        (ConsentState.APPROVED, "Approved"),
        (ConsentState.WITHDRAWN, "Approval withdrawn"),
    ],
)
def test_each_state_of_a_tenant_has_its_words(ada: Client, cast: Cast, state: ConsentState, look: str) -> None:
    tenant = know(cast.acme)
    with organization_scope(cast.acme.pk):
        tenant.become(state, now=now() - timedelta(days=3))
    page = words(ada)
    assert f"{look} " in page
    assert ("3 days ago" in page) == (state != ConsentState.UNKNOWN)
    assert ada.get(BOARD).content.decode().count("btn-primary") <= 1


def test_an_approval_is_shown_with_its_day_and_its_name(ada: Client, cast: Cast) -> None:
    approve(cast.acme, know(cast.acme))
    assert "by fiona.admin@fabrikam.example" in words(ada)


def test_who_connected_who_waits_and_who_was_refused_is_counted(ada: Client, cast: Cast) -> None:
    tenant = know(cast.acme)
    make_connection(cast.acme, cast.alice, tid=tenant.tid)
    request = ask(cast.acme, tenant)
    with organization_scope(cast.acme.pk):
        member = Membership.objects.of(cast.acme).get(user=cast.bob)
        ApprovalWaiter.objects.create(organization=cast.acme, request=request, member=member, since=now())
    refuse(cast.acme, cast.ada, "approval_needed", tid=tenant.tid)
    assert "1 connected 1 waiting 1 refused lately" in words(ada)


def test_a_refusal_shows_as_need_of_approval_until_something_is_proven(ada: Client, cast: Cast) -> None:
    tenant = know(cast.acme)
    refuse(cast.acme, cast.bob, "approval_needed", tid=tenant.tid)
    assert "an administrator has to approve Almanac first" in words(ada)
    approve(cast.acme, tenant)
    assert "an administrator has to approve Almanac first" not in words(ada)


def test_the_stuck_are_named_longest_first_each_with_what_helps(ada: Client, cast: Cast) -> None:
    tenant = know(cast.acme)
    stuck(cast.acme, cast.bob, Status.RECONNECT, "sessions_reset", status_since=now() - timedelta(days=1))
    stuck(
        cast.acme,
        cast.alice,
        Status.APPROVAL,
        "approval_withdrawn",
        tid=tenant.tid,
        status_since=now() - timedelta(days=9),
    )
    refuse(cast.acme, cast.ada, "not_assigned")
    page = words(ada)
    assert page.index("Alice Moreau") < page.index("Bob Ito") < page.index("Ada Okafor")
    assert "3 people are stuck" in page or "Ask for it again" in page
    assert "The approval for their company was withdrawn." in page
    assert re.search(
        r"sign in at Microsoft again, so that your calendar goes on: http\S+/o/acme/connect/\?connection=\d+", page
    )
    assert "Please assign ada@acme.example to the enterprise application Almanac" in page


def test_somebody_with_a_calendar_that_works_is_not_stuck(ada: Client, cast: Cast) -> None:
    make_connection(cast.acme, cast.bob)
    refuse(cast.acme, cast.bob, "not_assigned")
    assert "Bob Ito" not in words(ada)


def test_who_has_left_is_not_stuck(ada: Client, cast: Cast) -> None:
    stuck(cast.acme, cast.bob, Status.BLOCKED, "device_policy")
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(user=cast.bob).update(removed_at=now())
    assert "Bob Ito" not in words(ada)


def test_of_many_the_first_are_shown_and_all_on_a_click(
    ada: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        user = person(f"p{number}", f"Person {number}")
        with organization_scope(cast.acme.pk):
            Membership.objects.create(organization=cast.acme, user=user)
        stuck(cast.acme, user, Status.BLOCKED, "no_mailbox")
    with django_assert_max_num_queries(30):
        page = words(ada)
    assert page.count("no mailbox at Microsoft 365") == 25
    assert "Show all 60" in page
    assert words(ada, f"{BOARD}?all").count("no mailbox at Microsoft 365") == 60


def test_an_unlinked_tenant_of_which_nobody_is_here_is_not_listed(ada: Client, cast: Cast) -> None:
    tenant = know(cast.acme, "long-gone.example")
    with organization_scope(cast.acme.pk):
        MicrosoftTenant.objects.of(cast.acme).filter(pk=tenant.pk).update(linked_at=None)
    assert "long-gone.example" not in words(ada)


def test_the_board_is_for_admins_and_nothing_to_strangers(cast: Cast) -> None:
    assert signed_in(cast.bob).get(BOARD).status_code == 403
    assert signed_in(cast.mallory).get(BOARD).status_code == 404
    know(cast.acme, "secretly-acmes.example")
    assert "secretly-acmes" not in words(signed_in(cast.mallory), "/o/globex/onboarding/")


# --- linking --------------------------------------------------------------------------------------------------------


def test_an_admin_links_a_tenant_by_its_domain(ada: Client, cast: Cast, sandbox: SandboxClient) -> None:
    response = ada.post(LINK, {"company": "Contoso.example"}, follow=True)
    tenant = tenant_of(cast.acme)
    assert (tenant.tid, tenant.domain, tenant.state) == (CONTOSO, "contoso.example", ConsentState.UNKNOWN)
    assert tenant.linked_at is not None
    assert "contoso.example is linked" in response.content.decode()
    with organization_scope(cast.acme.pk):
        entry = AuditEntry.objects.of(cast.acme).get(act=Act.TENANT_LINKED)
    assert (entry.actor_label, entry.target_label) == (cast.ada.email, "contoso.example")


def test_linking_twice_is_one_link_and_one_act(ada: Client, cast: Cast, sandbox: SandboxClient) -> None:
    for company in ("contoso.example", str(CONTOSO)):
        assert ada.post(LINK, {"company": company}).status_code == 302
    assert len(tenants(cast.acme)) == 1
    assert acts(cast.acme).count(Act.TENANT_LINKED) == 1


def test_linking_a_tenant_that_people_came_from_keeps_what_was_proven(
    alice: Traveller, cast: Cast, ada: Client
) -> None:
    alice.connect(ALICE)
    ada.post(LINK, {"company": "contoso.example"})
    tenant = tenant_of(cast.acme)
    assert tenant.state == ConsentState.OPEN
    assert tenant.linked_at is not None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Type a domain of your company"),
        ("contoso", "neither a domain nor a tenant id"),
        ("<script>alert(1)</script>", "neither a domain nor a tenant id"),
        ("nobody-has-this.example", "Microsoft knows no company by this"),
        ("common", "stands for all companies at once"),
        ("outlook.example", "personal Microsoft accounts"),
        ("x" * 400, "too long for a domain"),
        ("contoso\x00.example", "characters that cannot be shown"),
    ],
)
def test_what_cannot_be_linked_is_said_beside_the_field(
    ada: Client, cast: Cast, sandbox: SandboxClient, typed: str, sentence: str
) -> None:
    response = ada.post(LINK, {"company": typed})
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert "<script>alert" not in page
    assert tenants(cast.acme) == []


def test_when_microsoft_is_away_linking_says_so_and_keeps_what_was_typed(
    ada: Client, cast: Cast, sandbox: SandboxClient
) -> None:
    sandbox.fault({"status": 503}, match={"path": "openid-configuration"}, times=9)
    response = ada.post(LINK, {"company": "contoso.example"})
    assert response.status_code == 503
    assert "Microsoft does not answer just now" in response.content.decode()
    assert 'value="contoso.example"' in response.content.decode()
    assert tenants(cast.acme) == []


@pytest.mark.parametrize("policy", TenantsAllowed.values)
def test_unlinking_says_what_it_means_and_keeps_the_row(ada: Client, cast: Cast, policy: str) -> None:
    with organization_scope(cast.acme.pk):
        Organization.objects.filter(pk=cast.acme.pk).update(tenants_allowed=policy)
    tenant = know(cast.acme)
    connection = make_connection(cast.acme, cast.bob, tid=tenant.tid)
    page = words(ada, f"{BOARD}tenants/{tenant.pk}/unlink/")
    assert ("only linked companies" in page) == (policy == TenantsAllowed.LINKED)

    ada.post(f"{BOARD}tenants/{tenant.pk}/unlink/")
    ada.post(f"{BOARD}tenants/{tenant.pk}/unlink/")

    assert tenant_of(cast.acme).linked_at is None
    assert acts(cast.acme).count(Act.TENANT_UNLINKED) == 1
    with organization_scope(cast.acme.pk):
        assert Connection.objects.of(cast.acme).get(pk=connection.pk).is_active
        organization = Organization.objects.get(pk=cast.acme.pk)
    # Under the policy, what is connected is to be looked at again.
    assert (organization.policies_changed_at is not None) == (policy == TenantsAllowed.LINKED)


def test_members_and_strangers_link_nothing(cast: Cast, sandbox: SandboxClient) -> None:
    tenant = know(cast.acme)
    unlink = f"{BOARD}tenants/{tenant.pk}/unlink/"
    for user, status in ((cast.bob, 403), (cast.mallory, 404)):
        assert signed_in(user).post(LINK, {"company": "contoso.example"}).status_code == status
        assert signed_in(user).post(unlink).status_code == status
    assert signed_in(cast.mallory).post(f"/o/globex/onboarding/tenants/{tenant.pk}/unlink/").status_code == 404
    assert tenant_of(cast.acme).linked_at is not None


# --- before the trip ------------------------------------------------------------------------------------------------


def connect_page(user: User, **query: object) -> str:
    page = words(signed_in(user), "/o/acme/connect/" + "".join(f"?{name}={value}" for name, value in query.items()))
    assert signed_in(user).get("/o/acme/connect/").content.decode().count("btn-primary") == 1
    return page


def test_where_nothing_is_known_people_read_that_most_companies_ask_first(cast: Cast) -> None:
    assert "Many companies let only an administrator approve" in connect_page(cast.bob)


def test_where_people_may_consent_the_page_is_as_usual(cast: Cast) -> None:
    tenant = know(cast.acme, "acme.example")
    with organization_scope(cast.acme.pk):
        tenant.become(ConsentState.OPEN, now=now())
    page = connect_page(cast.bob)
    assert "Go on at Microsoft" in page
    assert "anyway" not in page


def test_where_it_is_approved_the_page_says_that_it_takes_seconds_and_that_this_is_a_guess(cast: Cast) -> None:
    approve(cast.acme, know(cast.acme, "acme.example"))
    page = connect_page(cast.bob)
    assert "acme.example has approved Almanac" in page
    assert "We guess acme.example" in page


def test_where_an_administrator_was_asked_the_page_says_when(cast: Cast) -> None:
    tenant = know(cast.acme, "acme.example")
    request = ask(cast.acme, tenant)
    page = connect_page(cast.bob)
    assert "An administrator has been asked" in page
    assert "most likely sends you back" in page
    with organization_scope(cast.acme.pk):
        member = Membership.objects.of(cast.acme).get(user=cast.bob)
        ApprovalWaiter.objects.create(organization=cast.acme, request=request, member=member, since=now())
    assert "We tell you as soon as there is an answer" in connect_page(cast.bob)


def test_where_a_colleague_was_refused_the_next_one_is_warned(cast: Cast) -> None:
    tenant = know(cast.acme, "acme.example")
    refuse(cast.acme, cast.alice, "approval_needed", tid=tenant.tid)
    assert "Ask your administrator first" in connect_page(cast.bob)


def test_whoever_was_refused_is_warned_even_where_no_tenant_is_known(cast: Cast) -> None:
    refuse(cast.acme, cast.bob, "approval_needed")
    assert "Ask your administrator first" in connect_page(cast.bob)
    assert "Ask your administrator first" not in connect_page(cast.alice)


def test_where_it_was_withdrawn_the_page_says_so(cast: Cast) -> None:
    tenant = know(cast.acme, "acme.example")
    approve(cast.acme, tenant)
    with organization_scope(cast.acme.pk):
        consent.mark_withdrawn(organization_id=cast.acme.pk, tid=tenant.tid, now=now())
    assert "The approval was withdrawn" in connect_page(cast.bob)


def test_whoever_is_connected_is_expected_to_come_from_the_same_company_again(cast: Cast) -> None:
    tenant = know(cast.acme, "contoso.example")
    know(cast.acme, "fabrikam.example")
    make_connection(cast.acme, cast.bob, tid=tenant.tid)
    approve(cast.acme, tenant)
    assert "contoso.example has approved Almanac" in connect_page(cast.bob)
    assert "has approved" not in connect_page(cast.alice)


def test_a_reconnection_that_lacks_no_consent_is_as_usual(cast: Cast) -> None:
    tenant = know(cast.acme, "acme.example")
    refuse(cast.acme, cast.alice, "approval_needed", tid=tenant.tid)
    connection = stuck(cast.acme, cast.bob, Status.RECONNECT, "sessions_reset", tid=tenant.tid)
    assert "Sign in at Microsoft again" in connect_page(cast.bob, connection=connection.pk)


def test_a_reconnection_whose_approval_is_gone_says_that_it_comes_back_by_itself(cast: Cast) -> None:
    tenant = know(cast.acme, "contoso.example")
    approve(cast.acme, tenant)
    connection = make_connection(cast.acme, cast.bob, tid=tenant.tid)
    with organization_scope(cast.acme.pk):
        consent.mark_withdrawn(organization_id=cast.acme.pk, tid=tenant.tid, now=now())
    assert "your calendar comes back by itself" in connect_page(cast.bob, connection=connection.pk)


def test_what_another_organization_knows_warns_nobody_here(cast: Cast, acme: Stored) -> None:
    tenant = know(cast.globex, "acme.example")
    refuse(cast.globex, cast.mallory, "approval_needed", tid=tenant.tid)
    assert "Ask your administrator first" not in connect_page(cast.bob)
    assert acme.counts() == NOTHING
