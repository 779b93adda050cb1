"""What the people of a tenant may agree to, and the ways to an administrator where they may not."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from sandbox.directory import CONTOSO_ID, NORTHWIND_ID
from sandbox.identity.registrations import HYBRID_ID, ROOMS_ID
from tests.sandbox.browser import Browser, Page
from tests.sandbox.identity_platform import Platform

ALICE = "alice.moreau@contoso.example"
BOB = "bob.ito@contoso.example"
INES = "ines.admin@contoso.example"
ADAM = "adam.apps@contoso.example"
FIONA = "fiona.admin@fabrikam.example"
BASIC = "openid profile email User.Read"
CALENDARS = f"{BASIC} Calendars.Read"
HYBRID = {"client_id": HYBRID_ID, "redirect_uri": "http://localhost/hybrid"}
ROOMS = {"client_id": ROOMS_ID, "redirect_uri": "http://localhost/rooms/"}
DEFAULT = "https://graph.microsoft.com/.default"


def consent(platform: Platform, *words: str, **more: Any) -> None:
    for word in words:
        platform.door("consent", tenant="contoso.example", do=word, **more)


def asks_for(platform: Platform, scope: str, *, tenant: str = CONTOSO_ID, who: str = ALICE, **app: str) -> Page:
    """What somebody is shown when an app asks them for this."""
    browser = Browser()
    return browser.choose(browser.get(platform.authorize_url(tenant, scope=scope, **app)), who)


# Who may consent


@pytest.mark.parametrize(
    ("policy", "scope", "may"),
    [
        ("allow", CALENDARS, True),
        ("allow", "User.ReadBasic.All", True),
        ("allow", "User.Read.All", False),
        ("allow", "Group.Read.All", False),
        ("low-risk", BASIC, False),
        ("recommended", BASIC, True),
        ("recommended", "Mail.Send Contacts.Read", True),
        ("recommended", CALENDARS, False),
        ("recommended", "MailboxSettings.Read", False),
        ("restrict", BASIC, True),
        ("restrict", CALENDARS, False),
        ("administrators", BASIC, False),
        ("administrators", CALENDARS, False),
    ],
)
def test_each_policy_lets_people_consent_to_what_it_says(
    platform: Platform, policy: str, scope: str, may: bool
) -> None:
    consent(platform, policy)
    page = asks_for(platform, scope)
    assert ("Permissions requested" in page.text) == may
    assert ("Need admin approval" in page.text) != may


def test_low_risk_looks_at_the_publisher_and_at_what_the_tenant_calls_low(platform: Platform) -> None:
    consent(platform, "low-risk")
    assert "Permissions requested" in asks_for(platform, BASIC, **HYBRID).text
    assert "Need admin approval" in asks_for(platform, CALENDARS, **HYBRID).text
    consent(platform, "low-risk", low=["openid", "profile", "email", "User.Read", "Calendars.Read"])
    assert "Permissions requested" in asks_for(platform, CALENDARS, **HYBRID).text
    assert "Need admin approval" in asks_for(platform, BASIC).text
    # An app of the tenant's own needs no verified publisher.
    assert "Permissions requested" in asks_for(platform, BASIC, **ROOMS).text


def test_old_grants_outlive_a_stricter_policy_and_a_new_scope_does_not(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(scope=CALENDARS), ALICE)
    consent(platform, "administrators")
    assert "code" in browser.get(platform.authorize_url(scope=CALENDARS)).answer
    assert "Need admin approval" in browser.get(platform.authorize_url(scope="MailboxSettings.Read")).text


def test_administrators_may_consent_for_themselves_under_every_policy(platform: Platform) -> None:
    consent(platform, "administrators", "step-up-on", "requests-on")
    for who in (INES, ADAM):
        assert "Permissions requested" in asks_for(platform, CALENDARS, who=who).text


def test_only_a_global_administrator_is_offered_to_consent_for_everybody(platform: Platform) -> None:
    assert "on behalf of your organization" in asks_for(platform, CALENDARS, who=INES).text
    assert "on behalf of your organization" not in asks_for(platform, CALENDARS, who=ADAM).text


def test_a_risky_app_is_sent_to_the_administrator(platform: Platform) -> None:
    consent(platform, "step-up-on")
    page = asks_for(platform, CALENDARS)
    assert "Need admin approval" in page.text
    assert "AADSTS900941" in page.text
    assert "may be risky" in page.text
    # Signing in alone is no risk, and neither is a verified publisher or an app of the tenant's own.
    assert "Permissions requested" in asks_for(platform, BASIC).text
    assert "Permissions requested" in asks_for(platform, CALENDARS, **HYBRID).text
    assert "Permissions requested" in asks_for(platform, CALENDARS, **ROOMS).text
    consent(platform, "step-up-off")
    assert "Permissions requested" in asks_for(platform, CALENDARS).text


def test_the_page_of_refusal_has_what_an_administrator_needs_to_look_it_up(platform: Platform) -> None:
    mine = "11111111-2222-3333-4444-555555555555"
    url = platform.authorize_url("fabrikam.example", **{"client-request-id": mine})
    browser = Browser()
    page = browser.choose(browser.get(url), "farid.nasser@fabrikam.example")
    for words in ("AADSTS90094", "Request Id", "Correlation Id", "Timestamp"):
        assert words in page.text
    assert mine in browser.get(platform.authorize_url("nowhere.example", **{"client-request-id": mine})).text


def test_a_personal_account_is_never_asked_for_what_only_work_accounts_have(platform: Platform) -> None:
    who = "paula.reyes@outlook.example"
    url = platform.authorize_url("consumers", scope="offline_access Calendars.Read Calendars.Read.Shared")
    browser = Browser()
    page = browser.choose(browser.get(url), who)
    assert "Calendars.Read.Shared" not in page.text
    body = platform.redeem(browser.press(page, "accept").answer["code"], "consumers").json()
    assert body["scope"].split() == ["Calendars.Read"]
    assert platform.refresh(body["refresh_token"], "consumers").ok


# Given, then withdrawn


def test_northwind_has_agreed_once_and_no_longer(platform: Platform) -> None:
    answer = platform.token(NORTHWIND_ID, grant_type="client_credentials", scope=DEFAULT)
    assert answer.ok
    assert not platform.identity.authenticate(f"Bearer {answer.json()['access_token']}").scopes
    page = asks_for(platform, CALENDARS, tenant=NORTHWIND_ID, who="nora.lind@northwind.example")
    assert "Permissions requested" in page.text


def test_a_tenant_can_forget_an_app_altogether(platform: Platform) -> None:
    def number() -> Any:
        answer = platform.token(CONTOSO_ID, grant_type="client_credentials", scope=DEFAULT).json()
        return answer.get("error_codes")

    consent(platform, "grant", "withdraw")
    assert number() is None
    consent(platform, "forget")
    assert number() == [7000229]


# The workflow of requests


def sent_request(platform: Platform, who: str = ALICE) -> Page:
    """Alice's way to "Request sent"."""
    browser = Browser()
    page = browser.choose(browser.get(platform.authorize_url(scope=CALENDARS)), who)
    assert "Approval required" in page.text
    return browser.press(page, "request", reason="I plan our meetings with it.")


def inbox(platform: Platform, browser: Browser, who: str = INES, tenant: str = "contoso.example") -> Page:
    return browser.choose(browser.get(f"{platform.url}/_sandbox/inbox/{tenant}"), who)


@pytest.fixture
def asking(platform: Platform) -> Platform:
    """Contoso lets administrators decide, and takes requests."""
    consent(platform, "administrators", "requests-on")
    return platform


def test_where_requests_are_taken_a_form_asks_for_a_reason_and_the_app_hears_nothing(asking: Platform) -> None:
    page = asks_for(asking, CALENDARS)
    assert "AADSTS90095" in page.text
    assert "textarea" in page.text
    sent = sent_request(asking)
    assert sent.location is None
    assert "Request sent" in sent.text
    [request] = asking.look("approvals")["approvals"]
    assert (request["person"], request["state"]) == (ALICE, "pending")
    assert request["reason"] == "I plan our meetings with it."


def test_a_risky_app_shows_the_form_with_a_warning(platform: Platform) -> None:
    consent(platform, "requests-on", "step-up-on")
    page = asks_for(platform, CALENDARS)
    assert "AADSTS900981" in page.text
    assert "may be risky" in page.text


def test_a_form_without_a_reason_comes_again(asking: Platform) -> None:
    browser = Browser()
    page = browser.choose(browser.get(asking.authorize_url(scope=CALENDARS)), ALICE)
    assert "Approval required" in browser.press(page, "request", reason=" ").text
    assert asking.look("approvals")["approvals"] == []


def test_cancelling_the_form_says_cancel_and_nothing_else(asking: Platform) -> None:
    browser = Browser()
    page = browser.choose(browser.get(asking.authorize_url(scope=CALENDARS)), ALICE)
    answer = browser.press(page, "cancel").answer
    assert answer == {"error": "access_denied", "error_subcode": "cancel", "state": "a state & more"}


def test_asking_twice_is_one_request(asking: Platform) -> None:
    sent_request(asking)
    assert "sent a request for this app already" in asks_for(asking, CALENDARS).text
    sent_request(asking)
    sent_request(asking, BOB)
    assert [one["person"] for one in asking.look("approvals")["approvals"]] == [ALICE, BOB]


@pytest.mark.parametrize("reviewer", [INES, ADAM])
def test_an_approval_in_the_inbox_lets_everybody_in(asking: Platform, browser: Browser, reviewer: str) -> None:
    sent_request(asking)
    page = inbox(asking, browser, reviewer)
    assert "I plan our meetings with it." in page.text
    answered = browser.press(page, "approve")
    assert answered.status == 303
    assert answered.location == "/_sandbox/inbox/contoso.example"
    assert ">approved<" in browser.get(f"{asking.url}/_sandbox/inbox/{CONTOSO_ID}").text
    other = Browser()
    assert "code" in other.choose(other.get(asking.authorize_url(scope=CALENDARS)), BOB).answer


def test_a_denial_leaves_everything_as_it_was(asking: Platform, browser: Browser) -> None:
    sent_request(asking)
    page = inbox(asking, browser)
    browser.press(page, "deny")
    [request] = asking.look("approvals?tenant=contoso.example")["approvals"]
    assert request["state"] == "denied"
    assert "Approval required" in asks_for(asking, CALENDARS).text
    # The page that was opened before is too late.
    assert "The request is denied" in browser.press(page, "approve").text


def test_requests_end_after_thirty_days(asking: Platform, browser: Browser) -> None:
    sent_request(asking)
    page = inbox(asking, browser)
    asking.clock.advance(timedelta(days=30))
    assert "The request is expired" in browser.press(page, "approve").text
    [request] = asking.look("approvals")["approvals"]
    assert request["state"] == "expired"
    assert asking.refused_at("approvals", id=request["id"], do="approve") == "The request is expired."


def test_the_door_decides_as_a_reviewer_would(asking: Platform) -> None:
    sent_request(asking)
    [request] = asking.look("approvals")["approvals"]
    assert asking.door("approvals", id=request["id"], do="approve")["state"] == "approved"
    browser = Browser()
    assert "code" in browser.choose(browser.get(asking.authorize_url(scope=CALENDARS)), BOB).answer
    assert "nothing" in asking.refused_at("approvals", id="nothing", do="deny")
    assert requests.get(f"{asking.url}/_sandbox/approvals?tenant=nowhere", timeout=10).status_code == 400


@pytest.mark.parametrize("who", [ALICE, FIONA])
def test_only_reviewers_of_the_tenant_see_its_requests(asking: Platform, browser: Browser, who: str) -> None:
    sent_request(asking)
    page = inbox(asking, browser, who)
    assert "does not review requests of Contoso" in page.text
    assert "I plan our meetings" not in page.text


def test_a_request_is_decided_in_the_tenant_it_belongs_to(asking: Platform, browser: Browser) -> None:
    sent_request(asking)
    ours = inbox(asking, browser)
    theirs = Browser()
    page = inbox(asking, theirs, FIONA, "fabrikam.example")
    assert "Nobody has asked for an app" in page.text
    url = f"{asking.url}/_sandbox/inbox/fabrikam.example/answer"
    form = {**ours.forms[0].fields, "answer": "approve"}
    assert theirs.session.post(url, data=form, timeout=10).status_code == 400
    [request] = asking.look("approvals")["approvals"]
    assert request["state"] == "pending"


@pytest.mark.parametrize("tenant", ["common", "consumers"])
def test_an_inbox_belongs_to_one_organization(platform: Platform, browser: Browser, tenant: str) -> None:
    assert browser.get(f"{platform.url}/_sandbox/inbox/{tenant}").status == 400


def test_an_administrators_address_can_be_typed_into_the_inbox(asking: Platform, browser: Browser) -> None:
    page = browser.get(f"{asking.url}/_sandbox/inbox/contoso.example")
    assert "There is no account" in browser.type(page, "nobody@contoso.example").text
    assert "Nobody has asked" in browser.type(page, INES).text
