"""Asking an administrator: which company, the link, the mail, and the place to see that it is waiting."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.test import override_settings

from connections.emails import named
from connections.models import ApprovalState, SignInFlow, UnansweredSignIn
from connections.services import asking, consent, forget_old_sign_ins
from tenants.models import ConsentState, Membership, MicrosoftTenant, TenantsAllowed
from tenants.scoping import organization_scope
from tenants.services.audit import Actor
from tests.cast import Cast, signed_in
from tests.connections.approving import (
    FABRIKAM,
    FARID,
    FIONA,
    Administrator,
    Requests,
    ask,
    at_once,
    link_on,
    sent,
    words,
)
from tests.connections.conftest import Traveller, post_back
from tests.sandbox.browser import Browser
from tests.sandbox_client import SandboxClient


@pytest.fixture
def acmes(cast: Cast) -> Requests:
    return Requests(cast.acme)


def press(traveller: Traveller, path: str, button: str, **fields: object) -> str:
    """What the waiting page says after a button of it."""
    return words(traveller.here.post(f"{path}{button}/", fields, follow=True))


# --- which company ---------------------------------------------------------------------------------------------------


def test_a_member_asks_and_gets_a_link_to_send(bob: Traveller, acmes: Requests) -> None:
    path = ask(bob)
    page = words(bob.here.get(path))
    assert "Waiting for an administrator of fabrikam.example" in page
    assert "/approve/" in page
    assert 'href="mailto:?subject=' in page
    assert (acmes.tenant.domain, acmes.tenant.state) == (FABRIKAM, ConsentState.WAITING)
    assert acmes.acts() == ["approval.asked"]
    assert sent() == [], "nobody is written to unless an address is given"


def test_the_page_can_be_read_and_the_link_be_sent_without_javascript(bob: Traveller) -> None:
    page = words(bob.here.get(ask(bob)))
    [message] = re.findall(r"<textarea[^>]*readonly[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert "/approve/" in message
    assert "Opening it changes nothing" in message


def test_an_address_will_do_for_a_domain(bob: Traveller, acmes: Requests) -> None:
    ask(bob, FARID)
    assert acmes.tenant.domain == FABRIKAM


def test_the_page_guesses_the_company_by_the_persons_address_or_the_tenant_we_know(bob: Traveller) -> None:
    assert 'value="acme.example"' in words(bob.here.get("/o/acme/ask/"))
    ask(bob)
    assert 'value="fabrikam.example"' in words(bob.here.get("/o/acme/ask/"))


@pytest.mark.parametrize(
    ("company", "sentence"),
    [
        ("", "Say which company"),
        ("nowhere.example", "Microsoft knows no company by this domain"),
        ("outlook.example", "personal accounts"),
        ("common", "names no company"),
        ("not a domain", "This is no domain"),
        ("../../evil", "This is no domain"),
        ("fabrikam.example/v2.0?x", "This is no domain"),
        ("x" * 400 + ".example", "too long"),
    ],
)
def test_a_domain_that_leads_nowhere_gets_a_clear_sentence(
    bob: Traveller, acmes: Requests, company: str, sentence: str
) -> None:
    response = bob.here.post("/o/acme/ask/", {"company": company})
    assert response.status_code == 422
    assert sentence in words(response)
    assert acmes.all() == []


def test_where_only_linked_companies_may_connect_no_other_is_asked(bob: Traveller, acmes: Requests, cast: Cast) -> None:
    with organization_scope(cast.acme.pk):
        cast.acme.tenants_allowed = TenantsAllowed.LINKED
        cast.acme.save()
    refused = bob.here.post("/o/acme/ask/", {"company": FABRIKAM})
    assert refused.status_code == 422
    assert "Acme lets only linked companies connect, and this is none." in words(refused)
    with organization_scope(cast.acme.pk):
        assert not MicrosoftTenant.objects.of(cast.acme).exists()


def test_nonsense_is_refused_and_not_a_500(bob: Traveller, acmes: Requests) -> None:
    for fields in (
        {"company": "fabri\x00kam.example"},
        {"company": FABRIKAM, "administrator": "no address"},
        {"company": FABRIKAM, "administrator": "a@b.example\nBcc: c@d.example"},
    ):
        assert bob.here.post("/o/acme/ask/", fields).status_code == 422
    assert acmes.all() == []


def test_when_microsoft_is_away_the_page_says_so(bob: Traveller, sandbox: SandboxClient, acmes: Requests) -> None:
    sandbox.fault({"status": 503}, match={"path": "openid-configuration"})
    response = bob.here.post("/o/acme/ask/", {"company": FABRIKAM})
    assert response.status_code == 503
    assert "Microsoft does not answer just now" in words(response)
    assert acmes.all() == []


def test_whoever_asks_second_joins_the_open_request(bob: Traveller, alice: Traveller, acmes: Requests) -> None:
    assert ask(bob) == ask(alice) == ask(alice)
    assert len(acmes.waiters()) == 2
    assert acmes.acts() == ["approval.asked"]


@pytest.mark.django_db(transaction=True)
def test_who_ask_at_once_ask_the_same(bob: Traveller, alice: Traveller, acmes: Requests) -> None:
    paths = at_once(lambda: ask(bob), lambda: ask(alice))
    assert paths[0] == paths[1]
    assert acmes.one.state == ApprovalState.WAITING
    assert len(acmes.waiters()) == 2
    assert acmes.acts() == ["approval.asked"]


def test_a_company_that_has_approved_is_not_asked_again_unless_the_member_insists(
    bob: Traveller, alice: Traveller, acmes: Requests
) -> None:
    Administrator(link_on(bob, ask(bob))).approve()
    response = alice.here.post("/o/acme/ask/", {"company": FABRIKAM})
    assert response.status_code == 409
    assert "has approved Almanac already" in words(response)
    assert len(acmes.all()) == 1
    ask(alice, anyway="on")
    assert [request.state for request in acmes.all()] == [ApprovalState.APPROVED, ApprovalState.WAITING]


def test_few_new_requests_in_a_day(bob: Traveller, acmes: Requests) -> None:
    for _ in range(asking.REQUESTS_OF_ORGANIZATION):
        path = ask(bob)
        press(bob, path, "take-back")
    response = bob.here.post("/o/acme/ask/", {"company": FABRIKAM})
    assert response.status_code == 429
    assert "many approvals today" in words(response)


# --- who sees it -----------------------------------------------------------------------------------------------------


def test_members_see_what_they_wait_for_and_admins_see_all(cast: Cast, alice: Traveller, bob: Traveller) -> None:
    of_alice = ask(alice)
    assert bob.here.get(of_alice).status_code == 404
    assert signed_in(cast.ada).get(of_alice).status_code == 200
    of_bob = ask(bob, "contoso.example")
    assert alice.here.get(of_bob).status_code == 200


def test_another_organization_gets_a_404_for_every_address_of_a_request(
    bob: Traveller, mallory: Traveller, acmes: Requests
) -> None:
    path = ask(bob)
    pk = acmes.one.pk
    for prefix in ("/o/acme", "/o/globex"):
        assert mallory.here.get(f"{prefix}/ask/{pk}/").status_code == 404
        for button in ("mail", "remind", "link", "take-back"):
            fields = {"administrator": FIONA}
            assert mallory.here.post(f"{prefix}/ask/{pk}/{button}/", fields).status_code == 404
    assert acmes.one.state == ApprovalState.WAITING
    assert bob.here.get(path).status_code == 200
    assert sent() == []


def test_who_waits_but_did_not_ask_cannot_end_it_for_the_others(
    alice: Traveller, bob: Traveller, acmes: Requests
) -> None:
    path = ask(alice)
    assert ask(bob) == path
    assert "Take it back" not in words(bob.here.get(path))
    for button in ("link", "take-back"):
        assert bob.here.post(f"{path}{button}/").status_code == 404
    assert acmes.one.state == ApprovalState.WAITING
    assert "Take it back" in words(alice.here.get(path))


# --- the link --------------------------------------------------------------------------------------------------------


def test_the_database_holds_no_link_in_clear(bob: Traveller, acmes: Requests) -> None:
    link = link_on(bob, ask(bob))
    token = link.strip("/").rpartition("/")[2]
    request = acmes.one
    assert len(token) >= 43
    assert token.encode() not in bytes(request.sealed_link)
    assert token not in request.link_digest


def test_a_new_link_makes_the_old_one_useless(bob: Traveller, acmes: Requests) -> None:
    path = ask(bob)
    old = link_on(bob, path)
    assert "There is a new link" in press(bob, path, "link")
    new = link_on(bob, path)
    assert old != new
    assert Administrator(old).open().status_code == 404
    assert Administrator(new).open().status_code == 200
    assert acmes.acts()[-1] == "approval.link-renewed"


def test_a_request_that_is_taken_back_has_a_dead_link_and_can_be_asked_anew(bob: Traveller, acmes: Requests) -> None:
    path = ask(bob)
    link = link_on(bob, path)
    assert "This request was taken back" in press(bob, path, "take-back")
    assert Administrator(link).open().status_code == 404
    assert acmes.tenant.state == ConsentState.UNKNOWN
    assert acmes.acts()[-1] == "approval.revoked"
    assert "not open any more" in press(bob, path, "take-back"), "twice says so"
    assert ask(bob) != path
    assert sent() == []


def test_a_link_whose_seal_is_lost_is_replaced_and_no_error(bob: Traveller, acmes: Requests) -> None:
    path = ask(bob)
    acmes.change(sealed_link=b"sealed with a key that is gone")
    page = words(bob.here.get(path))
    assert "Make a new one below" in page
    press(bob, path, "link")
    assert Administrator(link_on(bob, path)).open().status_code == 200


# --- the mail to the administrator -----------------------------------------------------------------------------------


def test_the_mail_says_who_asks_for_what_and_leads_to_the_page(bob: Traveller, acmes: Requests) -> None:
    path = ask(bob, administrator=FIONA)
    assert [address for address, _ in sent()] == [FIONA]
    body = str(mail.outbox[0].body)
    [link] = re.findall(r"https?://\S+/approve/\S+", body)
    assert link.endswith(link_on(bob, path))
    for piece in ("Bob Ito (bob@acme.example)", "Acme", "Read user calendars", "Opening it"):
        assert piece in " ".join(body.split())
    assert set(re.findall(r"https?://[^/\s]+", body)) == {link.partition("/approve/")[0]}, "no link but ours"
    assert f'To <b class="breakable">{FIONA}</b>' in words(bob.here.get(path))
    assert acmes.acts() == ["approval.asked", "approval.mailed"]


def test_pressing_twice_is_one_mail(bob: Traveller) -> None:
    path = ask(bob)
    assert "is on its way" in press(bob, path, "mail", administrator=FIONA)
    assert "written to this address already" in press(bob, path, "mail", administrator=FIONA.upper())
    assert len(sent()) == 1


def test_names_come_in_one_line_without_control_characters_and_links(cast: Cast, bob: Traveller) -> None:
    with organization_scope(cast.acme.pk):
        cast.acme.name = "Acme\r\nBcc: x@evil.example\u202e https://evil.example/login www.evil.example <b>"
        cast.acme.save(update_fields=["name"])
    cast.bob.name = "Bob\u0007 visit evil.example"
    cast.bob.save(update_fields=["name"])
    ask(bob, administrator=FIONA)
    sent()
    message = mail.outbox[0]
    text = f"{message.subject}\n{message.body}\n{message.alternatives[0][0]}"
    for piece in ("evil.example", "\u202e", "\u0007", "\r", "<b>", "Bcc: x@"):
        assert piece not in text
    assert "\n" not in message.subject


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("Acme", "Acme"),
        ("  Acme \n Ltd. ", "Acme Ltd."),
        ("Booking.com", "Booking.\u2060com"),
        ("http://evil", "evil"),
        ("a@b", "a at b"),
        ("\x00", "An organization"),
        ("x" * 200, f"{'x' * 59}…"),
    ],
)
def test_a_name_is_nothing_but_a_name(given: str, wanted: str) -> None:
    assert named(given) == wanted


def test_an_address_gets_three_mails_in_a_day_from_all_organizations(
    bob: Traveller, mallory: Traveller, acmes: Requests
) -> None:
    for _ in range(2):
        path = ask(mallory)
        press(mallory, path, "mail", administrator=FIONA)
        press(mallory, path, "take-back")
    path = ask(bob)
    assert "is on its way" in press(bob, path, "mail", administrator=FIONA.upper())
    assert "This address has had 3 mails" in press(bob, path, "remind")
    assert "This address has had 3 mails" in press(mallory, ask(mallory), "mail", administrator=FIONA)
    assert len(sent()) == 3
    assert acmes.one.reminders == 0


def test_an_organization_sends_twenty_mails_in_a_day(bob: Traveller, acmes: Requests) -> None:
    path = ask(bob)
    for number in range(asking.MAILS_OF_ORGANIZATION):
        press(bob, path, "mail", administrator=f"admin{number}@fabrikam.example")
    assert "has had 20 mails sent" in press(bob, path, "mail", administrator="one.more@fabrikam.example")
    assert len(sent()) == asking.MAILS_OF_ORGANIZATION
    assert acmes.one.administrator_address == "admin19@fabrikam.example"


def test_nobody_is_written_to_about_a_request_that_is_over(bob: Traveller, acmes: Requests) -> None:
    path = ask(bob)
    press(bob, path, "take-back")
    assert "not open any more" in press(bob, path, "mail", administrator=FIONA)
    assert sent() == []


# --- the way in ------------------------------------------------------------------------------------------------------


def test_who_was_refused_is_led_to_asking(alice: Traveller) -> None:
    there = Browser()
    page = there.choose(there.get(alice.begin()), FARID)
    refused = words(alice.return_with(there.follow(page, "Return to").answer))
    assert 'href="/o/acme/ask/">Ask an administrator' in refused


def test_the_connect_page_knows_the_way_for_who_saw_microsofts_page(bob: Traveller) -> None:
    """Where administrators usually decide, asking is the main road; elsewhere a quiet link leads to it."""
    assert re.search(r'class="btn btn-primary[^>]* href="/o/acme/ask/', words(bob.here.get("/o/acme/connect/")))
    bob.connect("bob.ito@contoso.example")
    with organization_scope(bob.organization.pk):
        MicrosoftTenant.objects.of(bob.organization).update(linked_at=datetime.now(UTC))
    page = words(bob.here.get("/o/acme/connect/"))
    assert re.search(r'href="/o/acme/ask/[^"]*">Microsoft showed “Need admin approval”', page)


def test_where_several_companies_are_known_the_page_expects_the_one_that_the_member_asked(
    alice: Traveller, bob: Traveller, cast: Cast
) -> None:
    """Neither the person's address nor a single tenant says it: Contoso's people connect here, too."""
    alice.connect("alice.moreau@contoso.example")
    ask(bob)
    assert "An administrator has been asked" in words(bob.here.get("/o/acme/connect/"))
    with organization_scope(cast.acme.pk):
        tenant = MicrosoftTenant.objects.of(cast.acme).get(domain=FABRIKAM)
        consent.mark_approved(
            organization_id=cast.acme.pk, tenant=tenant, by_label=FIONA, scopes=["Calendars.Read"],
            by=Actor.administrator(FIONA), now=datetime.now(UTC),
        )  # fmt: skip
    assert "fabrikam.example has approved Almanac" in words(bob.here.get("/o/acme/connect/"))


def forget(cast: Cast, *, after: timedelta = timedelta(minutes=11)) -> None:
    with organization_scope(cast.acme.pk):
        forget_old_sign_ins(organization_id=cast.acme.pk, now=datetime.now(UTC) + after)


def test_a_sign_in_that_never_came_back_becomes_a_question_at_the_next_visit(cast: Cast, bob: Traveller) -> None:
    bob.begin()
    assert "Did Microsoft ask for an approval?" not in words(bob.here.get("/o/acme/"))
    forget(cast)
    for page in ("/o/acme/", "/o/acme/connect/"):
        assert "Did Microsoft ask for an approval?" in words(bob.here.get(page))
    assert "Did Microsoft ask" not in words(signed_in(cast.alice).get("/o/acme/")), "it is Bob's question"


def test_no_answers_the_question_until_the_next_time(cast: Cast, bob: Traveller) -> None:
    bob.begin()
    forget(cast)
    bob.here.post("/o/acme/ask/no/")
    assert "Did Microsoft ask" not in words(bob.here.get("/o/acme/"))
    bob.begin()
    forget(cast)
    assert "Did Microsoft ask" in words(bob.here.get("/o/acme/"))


def test_asking_answers_the_question(cast: Cast, bob: Traveller) -> None:
    bob.begin()
    forget(cast)
    ask(bob)
    page = words(bob.here.get("/o/acme/"))
    assert "Did Microsoft ask" not in page
    assert "Waiting for an administrator of fabrikam.example" in page


def test_who_connected_after_all_is_not_asked(cast: Cast, bob: Traveller) -> None:
    bob.begin()
    bob.connect("bob.ito@contoso.example")
    forget(cast)
    assert "Did Microsoft ask" not in words(bob.here.get("/o/acme/"))


def test_a_sign_in_that_microsoft_answered_is_no_question(cast: Cast, bob: Traveller) -> None:
    post_back(bob.answer("bob.ito@contoso.example"))
    forget(cast)
    with organization_scope(cast.acme.pk):
        assert not SignInFlow.objects.of(cast.acme).exists()
        assert not UnansweredSignIn.objects.of(cast.acme).exists()


def test_who_has_left_is_not_told(cast: Cast, bob: Traveller, alice: Traveller) -> None:
    ask(alice)
    path = ask(bob)
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(user=cast.bob).update(removed_at=datetime.now(UTC))
    admin = Administrator(link_on(alice, path))
    assert "One person has been told." in words(admin.approve())
    assert [address for address, _ in sent()] == ["alice@acme.example"]


def test_the_page_survives_whoever_asked(cast: Cast, bob: Traveller) -> None:
    link = link_on(bob, ask(bob))
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(user=cast.bob).update(removed_at=datetime.now(UTC))
    page = Administrator(link).open()
    assert page.status_code == 200
    assert "Bob" not in words(page)


def test_a_deleted_organizations_links_are_dead(cast: Cast, bob: Traveller) -> None:
    link = link_on(bob, ask(bob))
    with organization_scope(cast.acme.pk):
        cast.acme.deletion_asked_at = datetime.now(UTC)
        cast.acme.save(update_fields=["deletion_asked_at"])
    assert Administrator(link).open().status_code == 404


@override_settings(DEBUG=False)
def test_a_domain_of_another_spelling_is_the_same_company(bob: Traveller, acmes: Requests, cast: Cast) -> None:
    assert ask(bob) == ask(bob, " FABRIKAM.example. ")
    with organization_scope(cast.acme.pk):
        assert MicrosoftTenant.objects.of(cast.acme).count() == 1
