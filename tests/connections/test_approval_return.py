"""Back from Microsoft: what is only claimed, what is proven, and what forged answers get."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.core.signing import Signer
from django.db import connection
from django.test import Client

from connections.models import ApprovalState, SignInFlow
from connections.services import approvals, proving
from tenants.models import Access, ConsentState
from tenants.scoping import organization_scope
from tests.cast import Cast
from tests.connections.approving import (
    FARID,
    FIONA,
    INES,
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

CONTOSO_TID = "3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001"


@pytest.fixture
def acmes(cast: Cast) -> Requests:
    return Requests(cast.acme)


@pytest.fixture
def fiona(bob: Traveller) -> Administrator:
    return Administrator(link_on(bob, ask(bob)))


def tid_of(requests: Requests) -> str:
    return str(requests.tenant.tid)


def unchanged(requests: Requests) -> bool:
    """Nothing is claimed, nothing approved, nobody told."""
    request = requests.one
    return (
        (request.state, request.claimed_at) == (ApprovalState.WAITING, None)
        and requests.tenant.state == ConsentState.WAITING
        and all(waiter.told_at is None for waiter in requests.waiters())
        and sent() == []
    )


def test_the_way_to_microsoft_names_tenant_permissions_and_our_state(fiona: Administrator, acmes: Requests) -> None:
    url = urlsplit(fiona.to_microsoft())
    query = parse_qs(url.query)
    assert f"{url.scheme}://{url.netloc}" in settings.LOGIN_ORIGINS_FOR_BROWSERS
    assert url.path == f"/{tid_of(acmes)}/v2.0/adminconsent"
    assert query["scope"] == ["Calendars.Read User.Read openid profile offline_access"]
    assert query["client_id"] == [settings.MICROSOFT_CLIENT_ID]
    assert query["redirect_uri"] == [f"{settings.ALMANAC_ORIGIN}/connections/approved/"]
    assert len(query["state"]) == 1
    assert unchanged(acmes)


def test_an_administrator_approves_and_everybody_who_waits_is_told_once(
    fiona: Administrator, bob: Traveller, alice: Traveller, acmes: Requests
) -> None:
    ask(alice)
    done = fiona.approve()
    assert "Done. 2 people have been told." in words(done)
    assert (acmes.one.state, acmes.tenant.state) == (ApprovalState.APPROVED, ConsentState.APPROVED)
    assert "Fiona" in acmes.tenant.approved_by
    assert FIONA in acmes.tenant.approved_by
    assert sorted(address for address, _ in sent()) == ["alice@acme.example", "bob@acme.example"]
    assert {subject.split(":")[0] for _, subject in sent()} == {"Approved"}
    assert len(sent()) == 2
    assert "Approved: you can connect now" in words(bob.here.get("/o/acme/"))
    assert "tenant.approved" in acmes.acts()


def test_after_the_approval_the_member_connects_without_any_question(
    fiona: Administrator, bob: Traveller, acmes: Requests
) -> None:
    fiona.approve()
    bob.there = Browser()
    answer = bob.there.choose(bob.there.get(bob.begin()), FARID).answer
    assert bob.return_with(answer).status_code == 303
    assert "you can connect now" not in words(bob.here.get("/o/acme/")), "no news once they are connected"


def test_an_organization_that_writes_asks_for_that_too_and_believes_nothing_less(
    bob: Traveller, acmes: Requests, cast: Cast, sandbox: SandboxClient
) -> None:
    with organization_scope(cast.acme.pk):
        cast.acme.access = Access.WRITE
        cast.acme.save(update_fields=["access"])
    fiona = Administrator(link_on(bob, ask(bob)))
    page = words(fiona.open())
    assert "Calendars.ReadWrite" in page
    assert "read and change the calendars of people who connect themselves" in page
    assert "Change, move or delete" not in page
    back = fiona.decide()
    assert "Calendars.ReadWrite" in parse_qs(urlsplit(back).query)["scope"][0]
    assert "Done." in words(fiona.come_back(back))
    assert set(acmes.tenant.approved_scopes) == {"Calendars.Read", "Calendars.ReadWrite", "User.Read"}


def test_the_proof_leaves_no_token_and_no_flow_behind(fiona: Administrator, acmes: Requests, cast: Cast) -> None:
    fiona.approve()
    with organization_scope(cast.acme.pk):
        assert not SignInFlow.objects.of(cast.acme).exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM connections_secret")
            assert cursor.fetchone() == (0,)


def test_the_state_of_a_used_link_and_the_link_are_dead_afterwards(fiona: Administrator, acmes: Requests) -> None:
    back = fiona.decide()
    fiona.come_back(back)
    assert fiona.come_back(back).status_code == 404
    assert Administrator(fiona.link).open().status_code == 404


# --- forged, replayed, elsewhere ------------------------------------------------------------------------------------


FORGED = {
    "no state": lambda tid, _: {"tenant": tid, "admin_consent": "True"},
    "an empty state": lambda tid, _: {"tenant": tid, "admin_consent": "True", "state": ""},
    "a made-up state": lambda tid, _: {"tenant": tid, "admin_consent": "True", "state": "x" * 200},
    "a state that is no text": lambda tid, _: {"tenant": tid, "admin_consent": "True", "state": "\x00\ud7ff:…"},
    "a state of other salt": lambda tid, _: {
        "tenant": tid,
        "admin_consent": "True",
        "state": Signer(salt="another").sign_object(["a" * 64, 1]),
    },
    "a state with one letter changed": lambda tid, state: {
        "tenant": tid,
        "admin_consent": "True",
        "state": state[:-1] + ("a" if state[-1] != "a" else "b"),
    },
    "our state, another tenant": lambda _, state: {"tenant": CONTOSO_TID, "admin_consent": "True", "state": state},
    "our state, no tenant": lambda _, state: {"admin_consent": "True", "state": state},
    "our state, a tenant that is none": lambda _, state: {
        "tenant": "fabrikam",
        "admin_consent": "True",
        "state": state,
    },
    "our state, no yes": lambda tid, state: {"tenant": tid, "state": state},
    "our state, admin_consent=False": lambda tid, state: {"tenant": tid, "admin_consent": "False", "state": state},
    "our state, admin_consent=1": lambda tid, state: {"tenant": tid, "admin_consent": "1", "state": state},
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_return_changes_nothing(fiona: Administrator, acmes: Requests, kind: str) -> None:
    forged = FORGED[kind](tid_of(acmes), fiona.state())
    for browser in (fiona.here, Client()):
        response = browser.get("/connections/approved/", forged)
        assert response.status_code == 404
        assert "nothing to approve here" in words(response)
    assert unchanged(acmes)


def test_the_state_of_another_organizations_request_changes_nothing_here(
    fiona: Administrator, mallory: Traveller, acmes: Requests, cast: Cast
) -> None:
    """Mallory asks for the same company, and sends her own state back: it is a claim about her own request only."""
    hers = Administrator(link_on(mallory, ask(mallory)))
    state = hers.state()
    hers.here.get("/connections/approved/", {"tenant": tid_of(acmes), "admin_consent": "True", "state": state})
    assert unchanged(acmes)
    globex = Requests(cast.globex)
    assert globex.one.claimed_at is not None
    assert globex.tenant.state == ConsentState.WAITING


def test_an_approval_for_another_organization_says_nothing_about_this_one(
    fiona: Administrator, mallory: Traveller, acmes: Requests
) -> None:
    Administrator(link_on(mallory, ask(mallory))).approve()
    request = acmes.one
    assert (request.state, request.claimed_at, acmes.tenant.state) == (
        ApprovalState.WAITING,
        None,
        ConsentState.WAITING,
    )
    assert [address for address, _ in sent()] == ["mallory@globex.example"]


def test_a_state_is_good_for_an_hour(fiona: Administrator, acmes: Requests) -> None:
    digest = acmes.one.link_digest
    old = proving._state(digest, datetime.now(UTC) - timedelta(minutes=61))
    response = fiona.here.get(
        "/connections/approved/", {"tenant": tid_of(acmes), "admin_consent": "True", "state": old}
    )
    assert response.status_code == 404
    assert unchanged(acmes)


def test_a_state_dies_with_its_link(fiona: Administrator, bob: Traveller, acmes: Requests) -> None:
    back = fiona.decide()
    bob.here.post(f"/o/acme/ask/{acmes.one.pk}/link/")
    assert fiona.here.get(back).status_code == 404
    assert unchanged(acmes)


def test_a_state_dies_when_the_request_is_taken_back(fiona: Administrator, bob: Traveller, acmes: Requests) -> None:
    back = fiona.decide()
    bob.here.post(f"/o/acme/ask/{acmes.one.pk}/take-back/")
    assert fiona.here.get(back).status_code == 404
    assert (acmes.one.state, acmes.one.claimed_at) == (ApprovalState.REVOKED, None)


def test_looking_at_a_return_uses_nothing_up(fiona: Administrator, acmes: Requests) -> None:
    back = fiona.decide()
    assert fiona.here.head(back).status_code == 405
    assert unchanged(acmes)
    assert "Done." in words(fiona.come_back(back))


def test_a_return_is_good_for_one_claim(fiona: Administrator, acmes: Requests) -> None:
    back = fiona.decide()
    assert fiona.here.get(back).status_code == 303
    claimed_at = acmes.one.claimed_at
    assert claimed_at is not None
    for browser in (fiona.here, Client()):
        assert browser.get(back).status_code == 404
    assert acmes.one.claimed_at == claimed_at


def test_whoever_asked_fakes_the_return_and_gets_a_claim_at_most(
    bob: Traveller, fiona: Administrator, acmes: Requests
) -> None:
    """Bob knows the link, so he can get a state of ours, and type what Microsoft would have sent."""
    state = fiona.state()
    sent_on = fiona.here.get(
        "/connections/approved/", {"tenant": tid_of(acmes), "admin_consent": "True", "state": state}
    )
    assert sent_on.status_code == 303, "the proof is asked for at once"
    assert acmes.one.claimed_at is not None
    # Nobody is signed in there, so Microsoft says so without a page.
    step = fiona.return_with(fiona.there.get(sent_on.headers["Location"]).answer)
    assert "One more step" in words(step)
    # Bob signs in as himself: Microsoft stops him.
    page = fiona.there.choose(fiona.there.get(fiona.press("prove").headers["Location"]), FARID)
    assert "Need admin approval" in page.text
    assert (acmes.one.state, acmes.tenant.state) == (ApprovalState.WAITING, ConsentState.WAITING)
    assert sent() == []
    assert "Try now: it may be approved" in words(bob.here.get("/o/acme/"))


def test_who_consents_for_themselves_only_has_approved_nothing(
    alice: Traveller, acmes: Requests, sandbox: SandboxClient
) -> None:
    """In Contoso people may consent: a faked return and a real sign-in of an ordinary person prove nothing."""
    person = Administrator(link_on(alice, ask(alice, "contoso.example")))
    state = person.state()
    person.here.get("/connections/approved/", {"tenant": CONTOSO_TID, "admin_consent": "True", "state": state})
    there = person.there.sign_in(person.press("prove").headers["Location"], "carla.weber@contoso.example")
    page = person.return_with(there.answer)
    assert "not an administrator" in words(page)
    assert "Nobody was told yet" in words(page)
    assert acmes.one.state == ApprovalState.WAITING
    assert sent() == []


def test_an_administrator_of_apps_proves_it_too(alice: Traveller, acmes: Requests) -> None:
    adam = Administrator(link_on(alice, ask(alice, "contoso.example")))
    assert "Done. One person has been told." in words(adam.approve("adam.apps@contoso.example"))


def test_the_administrator_of_another_directory_cannot_even_sign_in(fiona: Administrator, acmes: Requests) -> None:
    state = fiona.state()
    fiona.here.get("/connections/approved/", {"tenant": tid_of(acmes), "admin_consent": "True", "state": state})
    page = fiona.there.get(fiona.press("prove").headers["Location"])
    assert "AADSTS50020" in fiona.there.type(page, INES).text
    assert acmes.one.state == ApprovalState.WAITING
    assert sent() == []


def test_in_another_browser_a_proof_cannot_be_finished(fiona: Administrator, acmes: Requests) -> None:
    sent_on = fiona.here.get(fiona.decide())
    answer = fiona.there.get(sent_on.headers["Location"]).answer
    stranger = Administrator(fiona.link)
    stranger.open()
    page = stranger.return_with(answer)
    assert "begun in another browser" in words(page)
    assert acmes.one.state == ApprovalState.WAITING
    assert sent() == []


def test_a_second_browser_may_prove_what_it_claimed(fiona: Administrator, acmes: Requests) -> None:
    """The link was opened in one browser, and Microsoft answered in another: with an own session that is enough."""
    back = fiona.decide()
    elsewhere = Administrator(fiona.link, there=fiona.there)
    assert "Done" in words(elsewhere.come_back(back))


def test_nothing_can_be_proven_that_nobody_claimed(fiona: Administrator, acmes: Requests) -> None:
    fiona.open()
    assert fiona.press("prove").status_code == 404
    assert unchanged(acmes)


def test_when_the_permission_is_gone_again_the_claim_stays_a_claim(
    fiona: Administrator, acmes: Requests, sandbox: SandboxClient
) -> None:
    back = fiona.decide()
    sandbox.consent("fabrikam.example", "withdraw")
    assert "One more step" in words(fiona.come_back(back))
    assert acmes.one.state == ApprovalState.WAITING
    assert sent() == []


def test_a_no_at_microsoft_offers_to_try_again_or_to_decline(fiona: Administrator, acmes: Requests) -> None:
    back = fiona.decide(answer="cancel")
    page = fiona.here.get(back)
    assert page.status_code == 200
    assert "Nothing was approved" in words(page)
    assert "/approve/continue/" in words(page)
    assert "/approve/decline/" in words(page)
    assert unchanged(acmes)
    elsewhere = Client().get(back)
    assert "/approve/decline/" not in words(elsewhere), "the state opens no link"


def test_an_error_with_a_made_up_state_is_nothing(fiona: Administrator, acmes: Requests) -> None:
    page = fiona.here.get("/connections/approved/", {"error": "access_denied", "state": "made up"})
    assert page.status_code == 404


def test_answers_here_are_not_stored_not_listed_and_tell_no_other_site(fiona: Administrator) -> None:
    for path in (fiona.link, "/approve/", "/connections/approved/?admin_consent=True", "/approve/made-up/"):
        headers = fiona.here.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]


# --- two at once -----------------------------------------------------------------------------------------------------


def proof_of(administrator: Administrator) -> object:
    """Everything up to the last request, which is returned to be made later."""
    sent_on = administrator.here.get(administrator.decide())
    answer = administrator.there.get(sent_on.headers["Location"]).answer
    location = post_back(answer).headers["Location"]
    return lambda: administrator.here.get(location)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_approve_at_once_and_people_are_told_once(bob: Traveller, acmes: Requests) -> None:
    link = link_on(bob, ask(bob))
    results = at_once(proof_of(Administrator(link)), proof_of(Administrator(link)))
    texts = sorted(words(result) for result in results)  # type: ignore[arg-type]
    assert sum("Done. One person has been told." in text for text in texts) == 1
    assert sum("A colleague was a moment faster" in text or "nothing to approve here" in text for text in texts) == 1
    assert [address for address, _ in sent()] == ["bob@acme.example"]
    assert acmes.acts().count("tenant.approved") == 1


@pytest.mark.django_db(transaction=True)
def test_one_approves_and_one_declines_at_once_and_there_is_one_outcome(bob: Traveller, acmes: Requests) -> None:
    link = link_on(bob, ask(bob))
    approving, declining = proof_of(Administrator(link)), Administrator(link)
    declining.open()
    results = at_once(approving, lambda: declining.press("decline"))
    texts = [words(result) for result in results]  # type: ignore[arg-type]
    outcome = acmes.one.state
    assert outcome in {ApprovalState.APPROVED, ApprovalState.DECLINED}
    if outcome == ApprovalState.APPROVED:
        assert "Done." in texts[0]
        assert "nothing to approve here" in texts[1]
    else:
        assert "ended a moment before" in texts[0] or "nothing to approve here" in texts[0]
        assert "Declined." in texts[1]
    [(address, subject)] = sent()
    assert address == "bob@acme.example"
    assert subject.startswith("Approved" if outcome == ApprovalState.APPROVED else "Declined")


def test_a_claim_that_lost_its_browser_ends_when_somebody_can_connect(
    fiona: Administrator, bob: Traveller, alice: Traveller, acmes: Requests, cast: Cast
) -> None:
    """The administrator approved and closed the window before we saw it."""
    ask(alice)
    fiona.here.get(fiona.decide())
    bob.there = Browser()
    answer = bob.there.choose(bob.there.get(bob.begin()), FARID).answer
    bob.return_with(answer)
    assert acmes.tenant.state == ConsentState.APPROVED
    close_what_is_over(cast, acmes)
    assert acmes.one.state == ApprovalState.APPROVED
    assert sorted(address for address, _ in sent()) == ["alice@acme.example", "bob@acme.example"]


def close_what_is_over(cast: Cast, acmes: Requests) -> None:
    """What beat does every minute."""
    with organization_scope(cast.acme.pk):
        approvals.close(organization_id=cast.acme.pk, request_id=acmes.one.pk, now=datetime.now(UTC))


def test_the_answer_of_microsoft_is_what_the_forgeries_imitate(fiona: Administrator) -> None:
    back = dict(parse_qsl(urlsplit(fiona.decide()).query))
    assert set(back) == {"admin_consent", "tenant", "state", "scope"}
