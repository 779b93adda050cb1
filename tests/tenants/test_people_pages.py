"""The pages about people: who sees what, what each refusal reads like, and two hundred people."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from tenants import services
from tenants.models import AuditEntry, Membership, Organization, User
from tenants.policies import Role
from tenants.scoping import organization_scope
from tenants.services.audit import Actor
from tests.cast import Cast, person, signed_in

pytestmark = pytest.mark.django_db

PEOPLE = "/o/acme/people/"


def member_id(organization: Organization, user: User) -> int:
    with organization_scope(organization.pk):
        return Membership.objects.of(organization).get(user=user).pk


def membership(organization: Organization, user: User) -> Membership:
    with organization_scope(organization.pk):
        return Membership.objects.of(organization).select_related("organization").get(user=user)


def set_role(cast: Cast, user: User, role: Role) -> None:
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(user=user).update(role=role)


def take_out(cast: Cast, user: User, now: datetime) -> None:
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(user=user).update(removed_at=now)


def invite(cast: Cast, email: str, now: datetime, role: Role = Role.MEMBER) -> None:
    services.invite(
        acting=membership(cast.acme, cast.alice), email=email, role=role, by=Actor.person(cast.alice), now=now
    )


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def many(cast: Cast, count: int) -> None:
    people = User.objects.bulk_create(
        User(email=f"person{number:03}@acme.example", name=f"Person {number:03}") for number in range(count)
    )
    with organization_scope(cast.acme.pk):
        Membership.objects.bulk_create(Membership(organization=cast.acme, user=user) for user in people)


# --- the list ---------------------------------------------------------------------------------------------------------


def test_everybody_sees_names_and_roles_and_only_admins_addresses_and_invitations(cast: Cast, now: datetime):
    invite(cast, "carol@acme.example", now)
    for user in (cast.bob, cast.ada, cast.alice):
        page = text(signed_in(user), PEOPLE)
        main = page.split("<main")[1]
        assert "Alice Moreau" in main
        assert "Owner" in main
        sees = user != cast.bob
        assert ("alice@acme.example" in main) == sees
        assert ("carol@acme.example" in main) == sees
        assert ("Works until" in main) == sees
        assert ("Manage" in main) == sees


def test_who_has_no_name_yet_is_not_shown_by_their_address_to_colleagues(cast: Cast):
    User.objects.filter(pk=cast.ada.pk).update(name="")
    main = text(signed_in(cast.bob), PEOPLE).split("<main")[1]
    assert "ada@acme.example" not in main
    assert ">ada<" in main


def test_a_stranger_gets_what_nobody_has_gets(cast: Cast):
    mallory = signed_in(cast.mallory)
    pk = member_id(cast.acme, cast.bob)
    nothing = mallory.get("/o/nobody-has-this/people/")
    for path in ("", "invite/", "leave/", f"{pk}/", f"{pk}/remove/", f"{pk}/transfer/"):
        for answer in (mallory.get(PEOPLE + path), mallory.post(PEOPLE + path)):
            assert (answer.status_code, answer.content) == (404, nothing.content)


def test_an_expired_invitation_says_so_and_can_be_sent_again(cast: Cast, now: datetime):
    invite(cast, "carol@acme.example", now - timedelta(days=8))
    main = text(signed_in(cast.ada), PEOPLE)
    assert "Expired" in main
    assert "Send again" in main


def test_an_admin_sees_an_owners_invitation_without_buttons(cast: Cast, now: datetime):
    invite(cast, "carol@acme.example", now, Role.OWNER)
    main = text(signed_in(cast.ada), PEOPLE)
    assert "Send again" not in main
    assert "Send again" in text(signed_in(cast.alice), PEOPLE)


def test_whoever_is_alone_is_invited_to_invite(cast: Cast):
    page = text(signed_in(cast.mallory), "/o/globex/people/")
    assert "Only you belong to Globex" in page
    assert page.count("btn-primary") == 1


def test_two_hundred_people_come_in_pages_and_are_found_by_name_or_address(cast: Cast):
    many(cast, 197)
    ada = signed_in(cast.ada)
    first, last = text(ada, PEOPLE), text(ada, f"{PEOPLE}?page=4")
    assert "200 people belong to Acme" in first
    assert first.count('class="person-name"') == last.count('class="person-name"') == 50
    assert "Person 196" in last
    assert text(ada, f"{PEOPLE}?q=person+150").count('class="person-name"') == 1
    assert text(ada, f"{PEOPLE}?q=person150@").count('class="person-name"') == 1
    assert text(signed_in(cast.bob), f"{PEOPLE}?q=person150@").count('class="person-name"') == 0
    assert "&amp;page=2" in text(ada, f"{PEOPLE}?q=Person") or "page=2" in text(ada, f"{PEOPLE}?q=Person")


@pytest.mark.parametrize(
    "query", ["page=0", "page=999999", "page=x", "page=", "q=%00%ED%A0%80", "q=" + "x" * 3000, "q=%25_%27"]
)
def test_whatever_is_asked_of_the_list_is_answered(cast: Cast, query: str):
    assert signed_in(cast.ada).get(f"{PEOPLE}?{query}").status_code == 200


def test_names_are_shown_as_text(cast: Cast):
    User.objects.filter(pk=cast.bob.pk).update(name="<script>alert(1)</script>")
    pk = member_id(cast.acme, cast.bob)
    for path in (PEOPLE, f"{PEOPLE}{pk}/", f"{PEOPLE}{pk}/remove/", f"{PEOPLE}{pk}/transfer/"):
        assert "<script>alert" not in text(signed_in(cast.alice), path)


def test_the_list_asks_as_many_questions_for_two_hundred_as_for_three(
    cast: Cast, django_assert_max_num_queries: object
):
    many(cast, 197)
    ada = signed_in(cast.ada)
    with django_assert_max_num_queries(25):  # type: ignore[operator]  # pytest-django's fixture
        ada.get(PEOPLE)


# --- roles ------------------------------------------------------------------------------------------------------------


def test_the_form_changes_a_role_and_says_so(cast: Cast):
    path = f"{PEOPLE}{member_id(cast.acme, cast.bob)}/"
    answer = signed_in(cast.ada).post(path, {"role": "admin"}, follow=True)
    assert "Bob Ito is an admin now" in answer.content.decode()
    assert membership(cast.acme, cast.bob).role == Role.ADMIN


@pytest.mark.parametrize(
    ("typed", "said"), [({}, "Choose a role"), ({"role": "owner"}, "not a role that you can give")]
)
def test_a_role_that_an_admin_cannot_give_is_said(cast: Cast, typed: dict[str, str], said: str):
    page = signed_in(cast.ada).post(f"{PEOPLE}{member_id(cast.acme, cast.bob)}/", typed)
    assert page.status_code == 422
    assert said in page.content.decode()
    assert membership(cast.acme, cast.bob).role == Role.MEMBER


def test_an_admin_reads_that_only_an_owner_changes_an_owner(cast: Cast):
    ada, pk = signed_in(cast.ada), member_id(cast.acme, cast.alice)
    assert "Only an owner can change or remove another owner" in text(ada, f"{PEOPLE}{pk}/")
    for answer in (
        ada.post(f"{PEOPLE}{pk}/", {"role": "member"}),
        ada.get(f"{PEOPLE}{pk}/remove/"),
        ada.post(f"{PEOPLE}{pk}/remove/"),
    ):
        assert answer.status_code == 403
        assert "Only an owner can do this" in answer.content.decode()
    assert membership(cast.acme, cast.alice).role == Role.OWNER


def test_the_only_owner_reads_what_to_do_before_changing_their_own_role(cast: Cast):
    alice, pk = signed_in(cast.alice), member_id(cast.acme, cast.alice)
    assert "You are the only owner" in text(alice, f"{PEOPLE}{pk}/")
    answer = alice.post(f"{PEOPLE}{pk}/", {"role": "member"})
    assert answer.status_code == 409
    assert "An organization needs an owner" in answer.content.decode()


def test_members_have_no_pages_to_manage_each_other(cast: Cast):
    bob, pk = signed_in(cast.bob), member_id(cast.acme, cast.ada)
    for path in (f"{pk}/", f"{pk}/remove/", f"{pk}/transfer/", "invite/"):
        assert bob.get(PEOPLE + path).status_code == bob.post(PEOPLE + path).status_code == 403


def test_another_organizations_member_is_a_404(cast: Cast):
    alice, pk = signed_in(cast.alice), member_id(cast.globex, cast.mallory)
    for path in (f"{pk}/", f"{pk}/remove/", f"{pk}/transfer/"):
        assert alice.get(PEOPLE + path).status_code == alice.post(PEOPLE + path).status_code == 404


# --- removing ---------------------------------------------------------------------------------------------------------


def test_removing_says_first_what_goes_and_what_stays(cast: Cast):
    ada, path = signed_in(cast.ada), f"{PEOPLE}{member_id(cast.acme, cast.bob)}/remove/"
    page = text(ada, path)
    assert "What goes" in page
    assert "What stays" in page
    assert membership(cast.acme, cast.bob).is_present
    answer = ada.post(path, follow=True)
    assert "Bob Ito is out" in answer.content.decode()
    assert signed_in(cast.bob).get(PEOPLE).status_code == 404


def test_the_second_of_two_who_remove_somebody_reads_that_it_is_done(cast: Cast, now: datetime):
    pk = member_id(cast.acme, cast.bob)
    take_out(cast, cast.bob, now)
    ada = signed_in(cast.ada)
    assert "not a member any more" in text(ada, f"{PEOPLE}{pk}/remove/")
    for path, typed in ((f"{pk}/remove/", {}), (f"{pk}/", {"role": "admin"})):
        answer = ada.post(PEOPLE + path, typed)
        assert answer.status_code == 409
        assert "not a member any more" in answer.content.decode()
    assert "left" in text(ada, f"{PEOPLE}{pk}/")


def test_who_would_remove_themself_is_led_to_leaving(cast: Cast):
    ada = signed_in(cast.ada)
    path = f"{PEOPLE}{member_id(cast.acme, cast.ada)}/remove/"
    assert ada.get(path)["Location"] == ada.post(path)["Location"] == f"{PEOPLE}leave/"


# --- leaving ----------------------------------------------------------------------------------------------------------


def test_leaving_leads_out_and_says_so(cast: Cast):
    bob = signed_in(cast.bob)
    assert "What stays" in text(bob, f"{PEOPLE}leave/")
    answer = bob.post(f"{PEOPLE}leave/", follow=True)
    assert answer.redirect_chain == [("/home/", 302), ("/new/", 302)]
    assert "You have left Acme" in answer.content.decode()
    assert bob.post(f"{PEOPLE}leave/").status_code == 404


def test_the_last_owner_reads_why_not_and_what_to_do(cast: Cast):
    alice = signed_in(cast.alice)
    for answer, status in ((alice.get(f"{PEOPLE}leave/"), 200), (alice.post(f"{PEOPLE}leave/"), 409)):
        page = answer.content.decode()
        assert answer.status_code == status
        assert "You are the only owner" in page
        assert "Hand it over to another member, or delete the organization" in page
        assert '<button class="btn btn-danger' not in page
    assert membership(cast.acme, cast.alice).is_present


# --- handing over -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [{}, {"typed": ""}, {"typed": "acm"}, {"typed": "globex"}, {"typed": "acme\x00"}])
def test_handing_over_wants_the_address_typed(cast: Cast, typed: dict[str, str]):
    path = f"{PEOPLE}{member_id(cast.acme, cast.bob)}/transfer/"
    page = signed_in(cast.alice).post(path, typed)
    assert page.status_code == 422
    assert membership(cast.acme, cast.alice).role == Role.OWNER


def test_handing_over(cast: Cast):
    alice, path = signed_in(cast.alice), f"{PEOPLE}{member_id(cast.acme, cast.bob)}/transfer/"
    assert "You become an admin" in text(alice, path)
    answer = alice.post(path, {"typed": " Acme "}, follow=True)
    assert "Bob Ito is an owner now, and you are an admin" in answer.content.decode()
    assert membership(cast.acme, cast.bob).role == Role.OWNER
    assert alice.post(path, {"typed": "acme"}).status_code == 403


def test_handing_over_to_who_has_left_or_to_oneself_changes_nothing(cast: Cast, now: datetime):
    alice, bob = signed_in(cast.alice), member_id(cast.acme, cast.bob)
    take_out(cast, cast.bob, now)
    assert "not a member any more" in text(alice, f"{PEOPLE}{bob}/transfer/")
    assert alice.post(f"{PEOPLE}{bob}/transfer/", {"typed": "acme"}).status_code == 409
    mine = f"{PEOPLE}{member_id(cast.acme, cast.alice)}/transfer/"
    assert alice.post(mine, {"typed": "acme"})["Location"] == PEOPLE
    assert membership(cast.acme, cast.alice).role == Role.OWNER


def test_an_admin_does_not_hand_over(cast: Cast):
    path = f"{PEOPLE}{member_id(cast.acme, cast.bob)}/transfer/"
    assert signed_in(cast.ada).post(path, {"typed": "acme"}).status_code == 403


# --- settings ---------------------------------------------------------------------------------------------------------


def test_renaming_shows_the_slug_and_keeps_it(cast: Cast):
    ada = signed_in(cast.ada)
    assert "/o/acme/" in text(ada, "/o/acme/settings/")
    answer = ada.post("/o/acme/settings/", {"name": "Acme Industries", "slug": "other"}, follow=True)
    assert answer.redirect_chain == [("/o/acme/settings/", 302)]
    assert "The name is saved" in answer.content.decode()
    renamed = membership(cast.acme, cast.ada).organization
    assert (renamed.name, renamed.slug) == ("Acme Industries", "acme")


@pytest.mark.parametrize(
    ("name", "said"), [("", "needs a name"), ("x" * 101, "at most 100"), ("A\x00", "cannot be shown")]
)
def test_a_name_that_cannot_be_is_said(cast: Cast, name: str, said: str):
    page = signed_in(cast.ada).post("/o/acme/settings/", {"name": name})
    assert page.status_code == 422
    assert said in page.content.decode()
    assert membership(cast.acme, cast.ada).organization.name == "Acme"


def test_who_has_no_second_step_reads_that_they_need_one_first(cast: Cast):
    ada = signed_in(cast.ada)
    assert "Set up a second step for yourself first" in text(ada, "/o/acme/settings/")
    answer = ada.post("/o/acme/settings/second-step/", {"required": "yes"}, follow=True)
    assert "you would be the first one shut out" in answer.content.decode()
    with organization_scope(cast.acme.pk):
        assert not AuditEntry.objects.of(cast.acme).filter(act="policy.changed").exists()


def test_settings_are_for_admins(cast: Cast):
    bob, mallory = signed_in(cast.bob), signed_in(cast.mallory)
    for path in ("/o/acme/settings/", "/o/acme/settings/second-step/"):
        assert bob.post(path).status_code == 403
        assert mallory.post(path).status_code == 404


# --- slugs and the switcher -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["ACME", "acme.", "a%20b", "%00", "a%2Fb", "é", "acme%0A", "x" * 3000, "-", "..;"])
def test_a_slug_that_is_none_or_nobodys_is_the_page_of_nothing(cast: Cast, slug: str):
    answer = signed_in(cast.alice).get(f"/o/{slug}/people/")
    assert answer.status_code == 404
    assert "There is nothing here for you" in answer.content.decode()


def test_the_switcher_shows_twenty_organizations_with_the_role_in_each(cast: Cast, now: datetime):
    for number in range(19):
        services.found_organization(name=f"Company {number}", slug=f"company-{number}", by=cast.bob, now=now)
    menu = text(signed_in(cast.bob), PEOPLE).split("menu-panel")[1].split("</details>")[0]
    assert len(re.findall(r'href="/o/[\w-]+/"', menu)) == 20
    assert menu.count(">Owner</span>") == 19
    assert menu.count(">Member</span>") == 1


def test_who_is_a_member_in_two_organizations_has_a_role_in_each(cast: Cast):
    with organization_scope(cast.globex.pk):
        Membership.objects.create(organization=cast.globex, user=cast.bob, role=Role.ADMIN)
    bob = signed_in(cast.bob)
    assert "Manage" in text(bob, "/o/globex/people/")
    assert "Manage" not in text(bob, PEOPLE)
    assert person("dora").email not in text(bob, "/o/globex/people/")
