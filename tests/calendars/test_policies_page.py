"""The page of an organization's policies: what each answer changes and for whom, and saving with open eyes."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client

from calendars import doors
from calendars.forms import PoliciesForm
from calendars.models import Calendar
from connections.models import PERSONAL_TENANT, Connection
from connections.services.linking import unlink
from tenants.acts import Act
from tenants.models import Detail, Membership, MicrosoftTenant, Organization, TenantsAllowed
from tenants.policies import Role
from tenants.scoping import organization_scope
from tenants.services.acting import NotAllowed
from tenants.services.audit import Actor
from tenants.services.policies import Policies, change_policies
from tests.calendars.deciding import acts_of, apply, as_it_is, decide
from tests.calendars.making import make_calendar, make_connection, make_event
from tests.cast import Cast, signed_in

PAGE = "/o/acme/settings/policies/"


def answers(organization: Organization, **changed: str) -> dict[str, str]:
    """What the page would post for the policies as they are, with these changed."""
    now = as_it_is(organization)
    seen = now.policies_changed_at.isoformat() if now.policies_changed_at else ""
    return {**PoliciesForm.values_of(Policies.of(now)), "seen": seen, **changed}


def save(client: Client, organization: Organization, **changed: str) -> HttpResponse:
    response: HttpResponse = client.post(PAGE, answers(organization, **changed))
    return response


def text_of(response: HttpResponse) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def calendar(cast: Cast) -> Calendar:
    """Alice's, with two events of today and one of half a year ago."""
    made = make_calendar(make_connection(cast.acme, cast.alice))
    now = datetime.now(UTC)
    make_event(made, starts_at=now)
    make_event(made, starts_at=now, body="Hush", body_type="text")
    make_event(made, starts_at=now - timedelta(days=80), ends_at=now - timedelta(days=80))
    return made


# --- who ------------------------------------------------------------------------------------------------------------


def test_owners_and_admins_decide_members_and_strangers_do_not(cast: Cast) -> None:
    for user, status in ((cast.alice, 200), (cast.ada, 200), (cast.bob, 403), (cast.mallory, 404)):
        client = signed_in(user)
        assert client.get(PAGE).status_code == status
        assert save(client, cast.acme, detail="full").status_code == (302 if status == 200 else status)


def test_whoever_lost_the_role_meanwhile_decides_nothing(cast: Cast) -> None:
    """The service looks again, under the organization's lock."""
    with organization_scope(cast.acme.pk):
        ada = Membership.objects.of(cast.acme).get(user=cast.ada)
        Membership.objects.of(cast.acme).filter(pk=ada.pk).update(role=Role.MEMBER)
        with pytest.raises(NotAllowed):
            change_policies(
                acting=ada,
                wanted=Policies(**{**vars(Policies.of(cast.acme)), "detail": "busy"}),
                seen_at=None,
                by=Actor.person(cast.ada),
                now=datetime.now(UTC),
            )


# --- what it says ---------------------------------------------------------------------------------------------------


def test_each_answer_says_what_it_would_take_away(cast: Cast, calendar: Calendar) -> None:
    make_connection(cast.acme, cast.bob, tid=PERSONAL_TENANT)
    page = text_of(signed_in(cast.ada).get(PAGE))
    assert "No Microsoft tenant is linked yet." in page
    # Alice's company is not linked; Bob's account is personal and has a policy of its own.
    assert page.count("1 person would be disconnected.") == 2
    assert "3 events would lose everything else." in page
    assert "1 past event would be removed." in page
    assert "Hush" not in page


def test_numbers_of_other_organizations_are_not_counted(cast: Cast, calendar: Calendar) -> None:
    make_event(make_calendar(make_connection(cast.globex, cast.mallory)))
    assert "Almanac holds 3 events of 3 people" in text_of(signed_in(cast.ada).get(PAGE))


# --- saving ---------------------------------------------------------------------------------------------------------


def test_loosening_is_saved_at_once_and_recorded(cast: Cast, calendar: Calendar) -> None:
    response = save(signed_in(cast.ada), cast.acme, detail="full", access="write", past_days="365")
    assert response.status_code == 302
    saved = as_it_is(cast.acme)
    assert (saved.detail, saved.access, saved.past_days) == ("full", "write", 365)
    recorded = {entry.details["policy"]: entry for entry in acts_of(cast.acme, Act.POLICY_CHANGED)}
    assert {name: (entry.details["former"], entry.details["new"]) for name, entry in recorded.items()} == {
        "detail": ("details", "full"), "access": ("read", "write"), "past_days": (None, 365),
    }  # fmt: skip
    assert {entry.actor_label for entry in recorded.values()} == {cast.ada.email}
    assert {entry.ip for entry in recorded.values()} == {"127.0.0.1"}
    assert recorded["detail"].target_label == "How much of an event is kept"


def test_tightening_shows_first_what_goes_and_saves_when_confirmed(cast: Cast, calendar: Calendar) -> None:
    client = signed_in(cast.ada)

    shown = save(client, cast.acme, detail="busy", past_days="30")

    assert shown.status_code == 200
    page = text_of(shown)
    assert "This removes something" in page
    assert "3 events would lose everything but their times." in page
    assert "1 past event would be removed." in page
    assert as_it_is(cast.acme).detail == Detail.DETAILS
    assert acts_of(cast.acme, Act.POLICY_CHANGED) == []

    assert save(client, cast.acme, detail="busy", past_days="30", confirm="yes").status_code == 302
    assert as_it_is(cast.acme).detail == Detail.BUSY


def test_tightening_that_takes_nothing_needs_no_confirmation(cast: Cast) -> None:
    assert save(signed_in(cast.ada), cast.acme, detail="busy", past_days="7").status_code == 302


def test_whoever_would_disconnect_themselves_is_warned(cast: Cast) -> None:
    mine = make_connection(cast.acme, cast.alice, address="alice@own.example")
    page = text_of(save(signed_in(cast.alice), cast.acme, tenants_allowed="linked"))
    assert "You would disconnect yourself" in page
    assert "alice@own.example" in page
    assert "1 person would be disconnected." in page
    assert "Nobody could connect a work account until one is." in page
    link(cast.acme, mine)
    assert save(signed_in(cast.alice), cast.acme, tenants_allowed="linked").status_code == 302


def link(organization: Organization, connection: Connection) -> None:
    now = datetime.now(UTC)
    with organization_scope(organization.pk):
        MicrosoftTenant.objects.create(organization=organization, tid=connection.tid, state_since=now, linked_at=now)


def test_colleagues_are_counted_and_not_named(cast: Cast) -> None:
    make_connection(cast.acme, cast.bob, address="bob@other.example")
    make_connection(cast.acme, cast.bob, address="bob@third.example", oid=uuid.uuid4())
    page = text_of(save(signed_in(cast.alice), cast.acme, tenants_allowed="linked"))
    assert "1 person would be disconnected." in page
    assert "other.example" not in page
    assert "You would disconnect yourself" not in page


def test_nothing_different_is_no_change(cast: Cast) -> None:
    assert save(signed_in(cast.ada), cast.acme).status_code == 302
    assert acts_of(cast.acme, Act.POLICY_CHANGED) == []
    assert as_it_is(cast.acme).policies_changed_at is None


def test_two_administrators_at_once_the_second_sees_what_the_first_decided(cast: Cast) -> None:
    stale = answers(cast.acme, access="write")
    assert save(signed_in(cast.alice), cast.acme, detail="full").status_code == 302

    response = signed_in(cast.ada).post(PAGE, stale)

    assert response.status_code == 409
    assert "Somebody changed the policies meanwhile" in text_of(response)
    saved = as_it_is(cast.acme)
    assert (saved.detail, saved.access) == ("full", "read")


@pytest.mark.parametrize(
    "bad",
    [
        {"detail": "everything"}, {"access": ""}, {"past_days": "-1"}, {"past_days": "99999999999"}, {"past_days": "8"},
        {"tenants_allowed": "\x00"}, {"personal_accounts": "perhaps"}, {"seen": "yesterday"}, {"seen": "x" * 1000},
    ],
)  # fmt: skip
def test_answers_that_are_none_are_refused_in_words_and_nothing_is_lost(cast: Cast, bad: dict[str, str]) -> None:
    response = save(signed_in(cast.ada), cast.acme, **{"access": "write", **bad})
    assert response.status_code == 422
    assert "Not saved" in text_of(response)
    assert as_it_is(cast.acme).policies_changed_at is None


def test_a_moment_without_a_zone_is_an_old_page_and_no_mistake_of_ours(cast: Cast) -> None:
    assert save(signed_in(cast.ada), cast.acme, seen="2026-01-01T00:00:00", access="write").status_code == 409


# --- until it is so -------------------------------------------------------------------------------------------------


def test_the_page_says_being_applied_until_it_is(cast: Cast, calendar: Calendar) -> None:
    client = signed_in(cast.ada)
    assert "Being applied" not in text_of(client.get(PAGE))
    save(client, cast.acme, detail="busy", confirm="yes")
    assert "Being applied" in text_of(client.get(PAGE))
    apply(cast.acme)
    assert "Being applied" not in text_of(client.get(PAGE))


def test_it_says_which_calendars_are_read_again(cast: Cast, calendar: Calendar) -> None:
    now = datetime.now(UTC)
    with organization_scope(cast.acme.pk):
        Calendar.objects.of(cast.acme).update(window_start=now, window_end=now)
    decide(cast.acme, cast.ada, detail=Detail.FULL)
    apply(cast.acme)
    assert "1 calendar being read again" in text_of(signed_in(cast.ada).get(PAGE))


def test_who_was_let_go_reads_why(cast: Cast) -> None:
    made = make_connection(cast.acme, cast.bob)
    decide(cast.acme, cast.ada, tenants_allowed=TenantsAllowed.LINKED)
    assert apply(cast.acme) is not None
    with organization_scope(cast.acme.pk):
        assert Connection.objects.of(cast.acme).get(pk=made.pk).reason == "not_allowed_here"
    for page in ("/o/acme/connections/", "/o/acme/"):
        assert f"{made.address} was disconnected" in text_of(signed_in(cast.bob).get(page))
        assert "was disconnected" not in text_of(signed_in(cast.alice).get(page))
    decide(cast.acme, cast.ada, tenants_allowed=TenantsAllowed.ANY)
    assert "was disconnected" not in text_of(signed_in(cast.bob).get("/o/acme/connections/"))


def test_unlinking_a_company_disconnects_its_people_where_only_linked_ones_may_connect(cast: Cast) -> None:
    made = make_connection(cast.acme, cast.bob)
    link(cast.acme, made)
    decide(cast.acme, cast.ada, tenants_allowed=TenantsAllowed.LINKED)
    apply(cast.acme)
    with organization_scope(cast.acme.pk):
        assert Connection.objects.of(cast.acme).get(pk=made.pk).is_active
        unlink(
            organization=Organization.objects.of(cast.acme).get(),
            tenant=MicrosoftTenant.objects.of(cast.acme).get(tid=made.tid),
            by=Actor.person(cast.ada),
            now=datetime.now(UTC),
        )
    assert doors.organizations_with_policies_to_apply() == [cast.acme.pk]
    applied = apply(cast.acme)
    assert applied is not None
    assert applied.disconnected == 1


def test_the_connect_page_says_what_this_organization_asks_for(cast: Cast) -> None:
    def page() -> str:
        return text_of(signed_in(cast.bob).get("/o/acme/connect/"))

    assert "Change, move or delete anything in Outlook." in page()
    decide(cast.acme, cast.ada, access="write", detail="busy")
    assert "Change events when you say so" in page()
    assert "Change, move or delete anything in Outlook." not in page()
    assert "keeps the times and nothing else" in page()
