"""Inviting by e-mail: a link that works once, for a week, for one address, and tells nobody else anything."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client

from tenants import doors, emails, services
from tenants.acts import Act
from tenants.crypto import digest
from tenants.models import AuditEntry, Invitation, Membership, Organization, User
from tenants.policies import Role
from tenants.scoping import organization_scope
from tenants.services import mailing
from tenants.services.audit import Actor
from tenants.services.invitations import LASTS, MAILS_PER_ADDRESS, MAILS_PER_ORGANIZATION, masked
from tests.cast import PASSWORD, Cast, person, signed_in

pytestmark = pytest.mark.django_db

CAROL = "carol@acme.example"
VOID = "This link leads nowhere"


def membership(organization: Organization, user: User) -> Membership:
    with organization_scope(organization.pk):
        return Membership.objects.of(organization).get(user=user)


def invite(
    cast: Cast, now: datetime, *, email: str = CAROL, role: Role = Role.MEMBER, by: User | None = None
) -> Invitation:
    who = by or cast.alice
    return services.invite(
        acting=membership(cast.acme, who), email=email, role=role, by=Actor.person(who, ip="192.0.2.7"), now=now
    )


def post(now: datetime) -> list[mail.EmailMessage]:
    """Send what waits, and give what was sent by this."""
    before = len(mail.outbox)
    for mail_id in doors.waiting_mails(now):
        mailing.send(mail_id=mail_id, now=now)
    return mail.outbox[before:]


def link_in(message: mail.EmailMessage) -> str:
    found = re.search(r"/invite/[\w-]+/", str(message.body))
    assert found
    return found[0]


def invited_link(cast: Cast, now: datetime, **how: object) -> str:
    invite(cast, now, **how)  # type: ignore[arg-type]  # as for invite
    (message,) = post(now)
    return link_in(message)


def stored(organization: Organization) -> list[Invitation]:
    with organization_scope(organization.pk):
        return list(Invitation.objects.of(organization).order_by("pk"))


def change(organization: Organization, **fields: object) -> None:
    with organization_scope(organization.pk):
        Invitation.objects.of(organization).update(**fields)


def acts(organization: Organization) -> list[tuple[str, str, str]]:
    with organization_scope(organization.pk):
        rows = AuditEntry.objects.of(organization).order_by("pk")
        return [(row.act, row.actor_label, row.target_label) for row in rows]


def carries(client: Client, link: str) -> Client:
    """This browser has opened the link."""
    assert client.get(link)["Location"] == "/invite/"
    return client


@pytest.fixture
def carol(db: None) -> User:
    """Somebody with an account and no organization."""
    return person("carol")


# --- inviting -------------------------------------------------------------------------------------------------------


def test_an_invitation_is_mailed_once_and_only_its_digest_is_kept(cast: Cast, now: datetime):
    invitation = invite(cast, now, email=" Carol@ACME.example ")

    (message,) = post(now)
    token = link_in(message).split("/")[2]
    assert message.to == [CAROL]
    assert len(token) >= 43
    assert token not in repr(vars(stored(cast.acme)[0]))
    assert invitation.expires_at == now + timedelta(days=7)
    assert acts(cast.acme)[-1] == (Act.MEMBER_INVITED, "alice@acme.example", CAROL)
    assert post(now) == []


def test_the_mail_names_who_invites_and_takes_nothing_from_them_but_names(cast: Cast, now: datetime):
    with organization_scope(cast.acme.pk):
        Organization.objects.filter(pk=cast.acme.pk).update(name="Acme\n http://evil.example/\u202ewin")
    invite(cast, now)

    (message,) = post(now)
    assert "\n" not in message.subject
    for text in (str(message.body), str(message.alternatives[0][0])):  # type: ignore[attr-defined]  # it has one
        assert "Alice Moreau (alice@acme.example)" in text
        assert "http://evil" not in text
        assert "evil.example" not in text
        assert "\u202e" not in text
        assert re.findall(r"https?://(?!localhost)[^\s\"<]+", text.replace("http://www.w3.org", "")) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Acme", "Acme"),
        ("  Acme \r\n\t Ltd ", "Acme Ltd"),
        ("https://evil.example/x", "evil.\u2060example/x"),
        ("javascript:alert(1)", "alert(1)"),
        ("boss@corp.example", "boss at corp.\u2060example"),
        ("www.evil.example <b>", "evil.\u2060example b"),
        ("A\x00B\u202eC", "A B C"),
        ("x" * 200, "x" * 59 + "…"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",) * 2,
    ],
)
def test_a_name_in_a_mail_is_one_short_line_without_a_link(name: str, said: str):
    assert emails.as_data(name) == said


@pytest.mark.parametrize(
    ("who", "role", "outcome"),
    [
        ("alice", Role.OWNER, None),
        ("ada", Role.ADMIN, None),
        ("ada", Role.OWNER, services.AboveOwnRole),
        ("bob", Role.MEMBER, services.NotAllowed),
    ],
)
def test_nobody_invites_to_a_role_above_their_own(
    cast: Cast, now: datetime, who: str, role: Role, outcome: type[Exception] | None
):
    if outcome is None:
        assert invite(cast, now, by=getattr(cast, who), role=role).role == role
        return
    with pytest.raises(outcome):
        invite(cast, now, by=getattr(cast, who), role=role)
    assert stored(cast.acme) == []
    assert post(now) == []


@pytest.mark.parametrize("email", ["bob@acme.example", "BOB@acme.example", "bobs-other@acme.example"])
def test_who_is_a_member_is_not_invited(cast: Cast, now: datetime, email: str):
    EmailAddress.objects.create(user=cast.bob, email="bobs-other@acme.example", verified=True)
    with pytest.raises(services.AlreadyMember):
        invite(cast, now, email=email)


def test_an_address_has_one_open_invitation_and_an_expired_one_is_sent_anew(cast: Cast, now: datetime):
    first = invite(cast, now)
    with pytest.raises(services.AlreadyInvited):
        invite(cast, now, email="CAROL@acme.example")
    later = now + LASTS
    again = invite(cast, later, role=Role.ADMIN)
    assert (again.pk, again.role, again.expires_at) == (first.pk, Role.ADMIN, later + LASTS)
    assert len(post(later)) == 2


def test_one_address_is_mailed_few_invitations_a_day_by_everybody_together(cast: Cast, now: datetime):
    invitation = invite(cast, now)
    alice, mallory = membership(cast.acme, cast.alice), membership(cast.globex, cast.mallory)
    for _ in range(MAILS_PER_ADDRESS - 1):
        services.resend(acting=alice, invitation_id=invitation.pk, by=Actor.person(cast.alice), now=now)
    with pytest.raises(services.AddressWantsRest):
        services.resend(acting=alice, invitation_id=invitation.pk, by=Actor.person(cast.alice), now=now)
    with pytest.raises(services.AddressWantsRest):
        services.invite(acting=mallory, email=CAROL, role=Role.MEMBER, by=Actor.person(cast.mallory), now=now)
    assert len(post(now)) == MAILS_PER_ADDRESS
    tomorrow = now + timedelta(days=1, seconds=1)
    services.resend(acting=alice, invitation_id=invitation.pk, by=Actor.person(cast.alice), now=tomorrow)


def test_an_organization_invites_a_hundred_a_day(cast: Cast, now: datetime):
    for number in range(MAILS_PER_ORGANIZATION):
        invite(cast, now, email=f"person{number}@acme.example")
    with pytest.raises(services.TooManyMails):
        invite(cast, now)
    page = signed_in(cast.alice).post("/o/acme/people/invite/", {"email": CAROL, "role": "member"})
    assert page.status_code == 422
    assert b"as many invitations as it may in a day" in page.content
    invite(cast, now + timedelta(days=1, seconds=1))


def test_an_invitation_sent_again_has_a_new_link_and_the_old_one_is_void(cast: Cast, carol: User, now: datetime):
    old = invited_link(cast, now)
    (invitation,) = stored(cast.acme)
    later = now + timedelta(days=6)
    services.resend(
        acting=membership(cast.acme, cast.ada), invitation_id=invitation.pk, by=Actor.person(cast.ada), now=later
    )
    (message,) = post(later)
    assert carries(signed_in(carol), old).get("/invite/").status_code == 410
    assert carries(signed_in(carol), link_in(message)).get("/invite/").status_code == 200
    assert stored(cast.acme)[0].expires_at == later + LASTS
    assert acts(cast.acme)[-1] == (Act.INVITATION_RESENT, "ada@acme.example", CAROL)


def test_an_owners_invitation_is_not_an_admins_to_send_again_or_take_back(cast: Cast, now: datetime):
    invitation = invite(cast, now, role=Role.OWNER)
    ada, by = membership(cast.acme, cast.ada), Actor.person(cast.ada)
    with pytest.raises(services.AboveOwnRole):
        services.resend(acting=ada, invitation_id=invitation.pk, by=by, now=now)
    with pytest.raises(services.AboveOwnRole), organization_scope(cast.acme.pk):
        services.revoke(acting=ada, invitation_id=invitation.pk, by=by, now=now)
    assert stored(cast.acme)[0].is_live(now)


# --- the pages of admins ----------------------------------------------------------------------------------------------


def test_the_form_invites_and_says_so(cast: Cast, now: datetime):
    client = signed_in(cast.ada)
    answer = client.post("/o/acme/people/invite/", {"email": "Carol@acme.example", "role": "admin"}, follow=True)
    assert answer.redirect_chain == [("/o/acme/people/", 302)]
    assert "carol@acme.example is invited" in answer.content.decode()
    assert [(row.email, row.role) for row in stored(cast.acme)] == [(CAROL, "admin")]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Type the address of the person"),
        ({"email": "carol", "role": "member"}, "This is not an e-mail address"),
        ({"email": "carol@acme.example\nBcc: x@y.example", "role": "member"}, "This is not an e-mail address"),
        ({"email": "car\x00ol@acme.example", "role": "member"}, "Null characters are not allowed"),
        ({"email": "x" * 250 + "@acme.example", "role": "member"}, "254"),
        ({"email": CAROL}, "Choose a role"),
        ({"email": CAROL, "role": "king"}, "not a role that you can give"),
        ({"email": CAROL, "role": "owner"}, "not a role that you can give"),
        ({"email": "bob@acme.example", "role": "member"}, "is a member already"),
    ],
)
def test_what_cannot_be_invited_is_said_and_nothing_is_sent(
    cast: Cast, now: datetime, typed: dict[str, str], said: str
):
    page = signed_in(cast.ada).post("/o/acme/people/invite/", typed)
    assert page.status_code == 422
    assert said in page.content.decode()
    assert stored(cast.acme) == []
    assert post(now) == []


def test_the_second_invitation_of_an_address_is_refused_beside_the_field(cast: Cast, now: datetime):
    invite(cast, now)
    page = signed_in(cast.ada).post("/o/acme/people/invite/", {"email": CAROL, "role": "member"})
    assert page.status_code == 422
    assert "has an open invitation" in page.content.decode()


def test_taking_back_makes_the_link_void_and_a_second_click_is_harmless(cast: Cast, carol: User, now: datetime):
    link = invited_link(cast, now)
    (invitation,) = stored(cast.acme)
    client = signed_in(cast.ada)
    for _ in range(2):
        answer = client.post(f"/o/acme/people/invitations/{invitation.pk}/revoke/", follow=True)
        assert "is taken back" in answer.content.decode()
    assert [act for act, *_ in acts(cast.acme)].count(Act.INVITATION_REVOKED) == 1
    assert carries(signed_in(carol), link).post("/invite/").status_code == 410
    again = client.post(f"/o/acme/people/invitations/{invitation.pk}/resend/")
    assert again.status_code == 409
    assert b"not open any more" in again.content


def test_sending_again_from_the_list_mails_a_new_link(cast: Cast, now: datetime):
    invited_link(cast, now)
    (invitation,) = stored(cast.acme)
    answer = signed_in(cast.ada).post(f"/o/acme/people/invitations/{invitation.pk}/resend/", follow=True)
    assert "A new mail is on its way" in answer.content.decode()
    assert len(post(now + timedelta(minutes=1))) == 1


def test_too_many_mails_are_said_in_the_list(cast: Cast, now: datetime):
    invitation = invite(cast, now)
    client = signed_in(cast.ada)
    for _ in range(MAILS_PER_ADDRESS):
        answer = client.post(f"/o/acme/people/invitations/{invitation.pk}/resend/", follow=True)
    assert "several invitations today" in answer.content.decode()


@pytest.mark.parametrize("what", ["resend", "revoke"])
def test_another_organizations_invitation_is_a_404(cast: Cast, now: datetime, what: str):
    invitation = invite(cast, now)
    path = f"people/invitations/{invitation.pk}/{what}/"
    assert signed_in(cast.mallory).post(f"/o/globex/{path}").status_code == 404
    assert signed_in(cast.mallory).post(f"/o/acme/{path}").status_code == 404
    assert signed_in(cast.bob).post(f"/o/acme/{path}").status_code == 403
    assert stored(cast.acme)[0].is_live(now)


# --- the link -------------------------------------------------------------------------------------------------------


def test_opening_the_link_changes_nothing_leads_to_a_clean_address_and_leaves_no_trace(
    cast: Cast, carol: User, now: datetime
):
    link = invited_link(cast, now)
    client = signed_in(carol)
    for answer in (client.get(link), client.get("/invite/"), client.head(link)):
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Robots-Tag"] == "noindex"
    assert link.split("/")[2] not in str(dict(client.session))
    assert link.split("/")[2] not in client.get("/invite/").content.decode()
    assert doors.organizations_of(carol.pk) == []
    assert stored(cast.acme)[0].accepted_at is None
    assert client.post(link).status_code == 405


def test_the_invited_joins_with_the_role_and_a_second_click_is_harmless(cast: Cast, carol: User, now: datetime):
    client = carries(signed_in(carol), invited_link(cast, now, role=Role.ADMIN))
    page = client.get("/invite/").content.decode()
    assert "Alice Moreau invites you to Acme, as an admin" in page
    for _ in range(2):
        answer = client.post("/invite/", {"name": "Carol Lindqvist"})
        assert (answer.status_code, answer["Location"]) == (302, "/o/acme/")
    assert client.get("/invite/")["Location"] == "/o/acme/"
    assert membership(cast.acme, carol).role == Role.ADMIN
    carol.refresh_from_db()
    assert carol.name == "Carol Lindqvist"
    assert [act for act, *_ in acts(cast.acme)].count(Act.MEMBER_JOINED) == 1
    assert "Welcome to Acme" in client.get("/o/acme/").content.decode()


def test_joining_needs_the_forms_token(cast: Cast, carol: User, now: datetime):
    client = Client(enforce_csrf_checks=True)
    client.force_login(carol)
    assert carries(client, invited_link(cast, now)).post("/invite/").status_code == 403
    assert doors.organizations_of(carol.pk) == []


def test_the_address_is_compared_without_regard_to_case(cast: Cast, carol: User, now: datetime):
    EmailAddress.objects.filter(user=carol).update(email="CAROL@Acme.Example")
    client = carries(signed_in(carol), invited_link(cast, now))
    assert client.post("/invite/")["Location"] == "/o/acme/"


def test_any_confirmed_address_of_the_person_will_do_and_an_unconfirmed_one_will_not(
    cast: Cast, carol: User, now: datetime
):
    link = invited_link(cast, now, email="carols-other@acme.example")
    other = EmailAddress.objects.create(user=carol, email="carols-other@acme.example", verified=False)
    client = carries(signed_in(carol), link)
    assert client.post("/invite/").status_code == 410
    other.verified = True
    other.save()
    assert client.post("/invite/")["Location"] == "/o/acme/"


def test_who_was_a_member_before_gets_the_same_row_back(cast: Cast, now: datetime):
    bob = membership(cast.acme, cast.bob)
    with organization_scope(cast.acme.pk):
        services.remove_member(
            acting=membership(cast.acme, cast.alice), member_id=bob.pk, by=Actor.person(cast.alice), now=now
        )
    post(now)
    link = invited_link(cast, now, email="bob@acme.example", role=Role.ADMIN)
    carries(signed_in(cast.bob), link).post("/invite/")
    again = membership(cast.acme, cast.bob)
    assert (again.pk, again.role, again.removed_at) == (bob.pk, Role.ADMIN, None)


def test_a_member_who_takes_another_invitation_keeps_their_role(cast: Cast, now: datetime):
    link = invited_link(cast, now, email="bobs-other@acme.example", role=Role.ADMIN)
    EmailAddress.objects.create(user=cast.bob, email="bobs-other@acme.example", verified=True)
    assert carries(signed_in(cast.bob), link).post("/invite/")["Location"] == "/o/acme/"
    assert membership(cast.acme, cast.bob).role == Role.MEMBER
    assert stored(cast.acme)[0].accepted_at is not None


def wrong(cast: Cast, now: datetime) -> str:
    return "/invite/not-a-token-of-ours/"


def absurd(cast: Cast, now: datetime) -> str:
    return f"/invite/{'x' * 4000}%00%F0%9F%92%A9/"


def used(cast: Cast, now: datetime) -> str:
    link = invited_link(cast, now)
    change(cast.acme, accepted_at=now)
    return link


def revoked(cast: Cast, now: datetime) -> str:
    link = invited_link(cast, now)
    change(cast.acme, revoked_at=now)
    return link


def expired(cast: Cast, now: datetime) -> str:
    return invited_link(cast, now - LASTS)


def of_a_closed_organization(cast: Cast, now: datetime) -> str:
    link = invited_link(cast, now)
    with organization_scope(cast.acme.pk):
        Organization.objects.filter(pk=cast.acme.pk).update(deletion_asked_at=now)
    return link


@pytest.mark.parametrize("made", [wrong, absurd, used, revoked, expired, of_a_closed_organization])
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_links_that_do_not_work_look_alike(
    cast: Cast, carol: User, now: datetime, made: Callable[[Cast, datetime], str], is_signed_in: bool
):
    who = carol if is_signed_in else None
    plain = signed_in(who)
    without = plain.get("/invite/")
    link = made(cast, now)
    client = carries(signed_in(who), link)
    seen, answered = client.get("/invite/"), client.post("/invite/")
    assert VOID in seen.content.decode()
    assert {without.status_code, seen.status_code, answered.status_code} == {410}
    assert _plain(seen.content) == _plain(without.content) == _plain(answered.content)
    assert doors.organizations_of(carol.pk) == []


def test_somebody_elses_link_gets_the_same_page_and_an_address_that_only_its_owner_recognises(
    cast: Cast, now: datetime
):
    link = invited_link(cast, now)
    client = carries(signed_in(cast.mallory), link)
    for page in (client.get("/invite/"), client.post("/invite/")):
        text = page.content.decode()
        assert page.status_code == 410
        assert VOID in text
        assert "c•••@•••" in text
        for secret in (CAROL, "acme", "Acme", "Alice"):
            assert secret not in text
    assert [card.slug for card in doors.organizations_of(cast.mallory.pk)] == ["globex"]
    # It still works for whom it is.
    assert carries(signed_in(person("carol")), link).get("/invite/").status_code == 200


def test_a_masked_address_names_the_domain_only_to_who_has_an_address_there():
    assert masked("carol@acme.example") == "c•••@•••"
    assert masked("carol@acme.example", own_domains={"acme.example"}) == "c•••@acme.example"
    assert masked("c@x.example") == "c•••@•••"


def test_who_is_not_signed_in_reads_the_offer_and_not_whom_it_is_for(cast: Cast, now: datetime):
    client = carries(Client(), invited_link(cast, now))
    page = client.get("/invite/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Join Acme" in text
    assert CAROL not in text
    assert "/accounts/signup/?next=%2Finvite%2F" in text
    assert client.post("/invite/").status_code == 200
    assert [row.accepted_at for row in stored(cast.acme)] == [None]


def test_who_has_an_account_signs_in_and_comes_back_to_the_invitation(cast: Cast, carol: User, now: datetime):
    client = carries(Client(), invited_link(cast, now))
    answer = client.post("/accounts/login/", {"login": CAROL, "password": PASSWORD, "next": "/invite/"})
    assert answer["Location"] == "/invite/"
    assert client.post("/invite/")["Location"] == "/o/acme/"


def test_who_has_no_account_signs_up_confirms_and_comes_back_to_the_invitation(cast: Cast, now: datetime):
    client = carries(Client(), invited_link(cast, now))
    client.post("/accounts/signup/", {"email": CAROL, "password1": PASSWORD, "next": "/invite/"})
    mails = post(now + timedelta(minutes=1))
    confirm = next(
        found[0] for one in mails if (found := re.search(r"/accounts/confirm-email/[^\s/]+/", str(one.body)))
    )
    answer = client.post(confirm, follow=True)
    assert answer.redirect_chain[-1][0] == "/invite/"
    assert "Join Acme" in answer.content.decode()
    assert client.post("/invite/", {"name": "Carol"})["Location"] == "/o/acme/"


def test_who_comes_back_another_way_is_led_to_the_invitation_once(cast: Cast, carol: User, now: datetime):
    client = carries(Client(), invited_link(cast, now))
    client.force_login(carol)
    assert client.get("/home/")["Location"] == "/invite/"
    assert client.get("/home/")["Location"] == "/new/"


def test_a_name_that_cannot_be_is_said_and_the_invitation_stays_open(cast: Cast, carol: User, now: datetime):
    client = carries(signed_in(carol), invited_link(cast, now))
    page = client.post("/invite/", {"name": "Ca\x00rol"})
    assert page.status_code == 422
    assert "cannot be shown" in page.content.decode()
    assert client.post("/invite/", {"name": ""})["Location"] == "/o/acme/"


def test_an_invitation_ends_with_whoever_was_removed_or_may_no_longer_invite(cast: Cast, now: datetime):
    invite(cast, now, by=cast.ada, role=Role.ADMIN)
    with organization_scope(cast.acme.pk):
        services.change_role(
            acting=membership(cast.acme, cast.alice),
            member_id=membership(cast.acme, cast.ada).pk,
            role=Role.MEMBER,
            by=Actor.person(cast.alice),
            now=now,
        )
    assert not stored(cast.acme)[0].is_live(now)
    assert acts(cast.acme)[-1] == (Act.INVITATION_REVOKED, "alice@acme.example", CAROL)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_the_same_moment_one_joins_and_the_link_is_used_once(cast: Cast, now: datetime):
    link = invited_link(cast, now)
    people = [person("carol"), person("carols-twin")]
    # Two accounts cannot both have proven an address; were it so, the link would still be used once.
    EmailAddress.objects.filter(user=people[1]).delete()
    token = link.split("/")[2]
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def join(user: User) -> None:
        start.wait()
        try:
            services.accept(link_digest=digest(token), user=user, by=Actor.person(user), now=now)
            outcomes.append(f"in: {user.pk}")
        except services.LinkVoid:
            outcomes.append(f"void: {user.pk}")
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=(user,)) for user in (people[0], people[0], people[0], people[1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == sorted([f"in: {people[0].pk}"] * 3 + [f"void: {people[1].pk}"])
    assert [act for act, *_ in acts(cast.acme)].count(Act.MEMBER_JOINED) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_invite_the_same_person_at_once_one_does(cast: Cast, now: datetime):
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def try_to(who: User) -> None:
        start.wait()
        try:
            invite(cast, now, by=who)
            outcomes.append("invited")
        except services.AlreadyInvited:
            outcomes.append("already")
        finally:
            connection.close()

    threads = [threading.Thread(target=try_to, args=(who,)) for who in (cast.alice, cast.ada)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["already", "invited"]
    assert len(post(now)) == 1


def _plain(content: bytes) -> str:
    """A page without what every answer has anew: the form's token."""
    return re.sub(r'value="[\w]{64}"', "", content.decode())
