"""The sign-in in the browser: pages, single sign-on, consent, and the three ways back to the app."""

from urllib.parse import urlsplit

import pytest

from sandbox.directory import CONTOSO_ID, FABRIKAM_ID
from tests.sandbox.browser import Browser
from tests.sandbox.identity_platform import CALLBACK, Platform

ALICE = "alice.moreau@contoso.example"
BOB = "bob.ito@contoso.example"
FARID = "farid.nasser@fabrikam.example"
FIONA = "fiona.admin@fabrikam.example"
PAULA = "paula.reyes@outlook.example"


# What is shown


def test_every_page_says_that_it_is_not_microsoft(platform: Platform, browser: Browser) -> None:
    accounts = browser.get(platform.authorize_url())
    consent = browser.choose(accounts, ALICE)
    wrong = browser.get(platform.authorize_url(client_id="nobody"))
    for page in (accounts, consent, wrong):
        assert "Sandbox: this is not Microsoft" in page.text
        assert page.response.headers["Cache-Control"].startswith("no-store")


def test_the_account_page_offers_the_kind_of_people_that_the_address_admits(
    platform: Platform, browser: Browser
) -> None:
    def offered(tenant: str) -> str:
        return browser.get(platform.authorize_url(tenant)).text.partition("Use another account")[0]

    assert ALICE in offered("organizations")
    assert PAULA not in offered("organizations")
    assert PAULA in offered("consumers")
    assert ALICE not in offered("consumers")
    assert FARID in offered("fabrikam.example")
    assert ALICE not in offered(FABRIKAM_ID)
    assert ALICE in offered("common")
    assert PAULA in offered("common")


def test_the_consent_page_lists_permissions_in_plain_words(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(platform.authorize_url()), ALICE)
    assert "Have full access to your calendars" in page.text
    assert "on behalf of your organization" not in page.text


def test_a_login_hint_puts_that_account_first(platform: Platform, browser: Browser) -> None:
    page = browser.get(platform.authorize_url(login_hint=BOB))
    assert next(iter(page.people)) == BOB


def test_an_address_can_be_typed(platform: Platform, browser: Browser) -> None:
    page = browser.get(platform.authorize_url())
    assert "There is no account nobody@contoso.example" in browser.type(page, "nobody@contoso.example").text
    assert "Permissions requested" in browser.type(page, ALICE.upper()).text


# The way back


def test_query_mode_brings_code_and_state_back(platform: Platform, browser: Browser) -> None:
    page = browser.sign_in(platform.authorize_url(), ALICE)
    assert page.location is not None
    assert page.location.startswith(CALLBACK + "?")
    assert set(page.answer) == {"code", "state", "session_state"}
    assert page.answer["state"] == "a state & more"


def test_fragment_mode_keeps_the_answer_from_the_server(platform: Platform, browser: Browser) -> None:
    page = browser.sign_in(platform.authorize_url(response_mode="fragment"), ALICE)
    assert page.location is not None
    assert "code=" in urlsplit(page.location).fragment
    assert not urlsplit(page.location).query


def test_form_post_is_a_page_that_posts_itself(platform: Platform, browser: Browser) -> None:
    url = platform.authorize_url(response_mode="form_post", client_info="1", state='"><script>')
    page = browser.sign_in(url, ALICE)
    assert page.status == 200
    [form] = page.forms
    assert form.action == CALLBACK
    assert set(form.fields) == {"code", "client_info", "state", "session_state"}
    assert form.fields["state"] == '"><script>'
    assert '"><script>' not in page.text
    assert "document.forms[0].submit()" in page.text
    assert "Continue</button>" in page.text


def test_parameters_that_nobody_knows_are_ignored(platform: Platform, browser: Browser) -> None:
    url = platform.authorize_url(**{"X-AnchorMailbox": f"UPN:{ALICE}", "domain_hint": "organizations"})
    assert "code" in browser.sign_in(url, ALICE).answer


# Single sign-on


def test_who_is_signed_in_and_has_consented_sees_no_page(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    assert "code" in browser.get(platform.authorize_url()).answer


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_a_prompt_asks_again(platform: Platform, browser: Browser, prompt: str) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    assert "Pick an account" in browser.get(platform.authorize_url(prompt=prompt)).text


def test_prompt_consent_shows_the_permissions_again(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    assert "Permissions requested" in browser.get(platform.authorize_url(prompt="consent")).text


def test_two_sessions_in_one_browser_lead_to_a_choice(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    browser.sign_in(platform.authorize_url(prompt="select_account"), BOB)
    page = browser.get(platform.authorize_url())
    assert list(page.people)[:2] == [ALICE, BOB]
    assert "code" in browser.get(platform.authorize_url(login_hint=BOB)).answer


def test_another_browser_knows_nothing_of_the_session(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    assert "Pick an account" in Browser().get(platform.authorize_url()).text


def test_an_attempt_belongs_to_the_browser_that_began_it(platform: Platform, browser: Browser) -> None:
    page = browser.get(platform.authorize_url())
    assert "AADSTS50089" in Browser().choose(page, ALICE).text


def test_an_old_sign_in_does_not_satisfy_max_age(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    assert "Pick an account" in browser.get(platform.authorize_url(max_age="0")).text
    assert "code" in browser.get(platform.authorize_url(max_age="3600")).answer


def test_prompt_none_never_shows_a_page(platform: Platform, browser: Browser) -> None:
    url = platform.authorize_url(prompt="none")
    assert browser.get(url).answer["error"] == "login_required"
    browser.sign_in(platform.authorize_url(), ALICE)
    assert "code" in browser.get(url).answer
    platform.identity.set_consent("contoso.example", "withdraw")
    assert browser.get(url).answer["error"] == "consent_required"
    browser.sign_in(platform.authorize_url(prompt="select_account"), BOB)
    assert browser.get(url).answer["error"] == "login_required"


def test_signing_out_ends_the_session_and_goes_only_to_registered_addresses(
    platform: Platform, browser: Browser
) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    logout = f"{platform.url}/common/oauth2/v2.0/logout?post_logout_redirect_uri="
    assert browser.get(logout + "https://evil.example/").location is None
    assert "Pick an account" in browser.get(platform.authorize_url()).text
    assert browser.get(logout + CALLBACK).location == CALLBACK


# Consent


def test_cancelling_tells_the_app_that_the_user_declined(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(platform.authorize_url()), ALICE)
    answer = browser.press(page, "cancel").answer
    assert answer["error"] == "access_denied"
    assert answer["error_subcode"] == "cancel"
    assert answer["error_description"].startswith("AADSTS65004: ")
    assert "\r\nTrace ID: " in answer["error_description"]
    assert answer["error_uri"].endswith("code=65004")
    assert answer["state"] == "a state & more"
    assert "Permissions requested" in browser.get(platform.authorize_url()).text


def test_a_personal_account_declines_without_a_number(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(platform.authorize_url("consumers")), PAULA)
    answer = browser.press(page, "cancel").answer
    assert answer["error"] == "access_denied"
    assert "AADSTS" not in answer["error_description"]


def test_where_administrators_decide_the_page_stays_and_the_app_hears_nothing(
    platform: Platform, browser: Browser
) -> None:
    page = browser.choose(browser.get(platform.authorize_url()), FARID)
    assert page.status == 200
    assert page.location is None
    assert "Need admin approval" in page.text
    assert not page.forms


def test_returning_without_consent_says_cancel_and_nothing_else(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(platform.authorize_url()), FARID)
    answer = browser.follow(page, "Return to Almanac").answer
    assert answer == {"error": "access_denied", "error_subcode": "cancel", "state": "a state & more"}


def test_signing_in_alone_needs_no_administrator(platform: Platform, browser: Browser) -> None:
    url = platform.authorize_url(scope="openid profile email User.Read")
    assert "code" in browser.sign_in(url, FARID).answer


def test_an_administrator_may_consent_for_everybody(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(platform.authorize_url()), FIONA)
    browser.press(page, "accept", everybody="1")
    assert "code" in Browser().sign_in(platform.authorize_url(), FARID).answer


def test_an_administrator_without_the_tick_consents_for_one(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(), FIONA)
    page = Browser().sign_in(platform.authorize_url(), FARID)
    assert "Need admin approval" in page.text


def test_the_switches_of_consent_change_what_a_tenant_does(platform: Platform, browser: Browser) -> None:
    identity = platform.identity
    identity.set_consent("contoso.example", "restrict")
    page = browser.choose(browser.get(platform.authorize_url()), ALICE)
    assert "Need admin approval" in page.text
    identity.set_consent(CONTOSO_ID, "allow")
    page = browser.get(platform.authorize_url())
    assert "Permissions requested" in page.text
    identity.set_consent(CONTOSO_ID, "grant")
    page = browser.choose(browser.get(platform.authorize_url(prompt="login")), ALICE)
    assert "code" in page.answer
    with pytest.raises(ValueError, match="Not a thing"):
        identity.set_consent(CONTOSO_ID, "abolish")
    with pytest.raises(LookupError):
        identity.set_consent("nowhere.example", "grant")


# Refusals


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:8000/connections/callback",
        "http://localhost:8000/Connections/callback/",
        "http://localhost:8000/connections/callback/?next=/",
        "http://127.0.0.1:8000/connections/callback/",
        "https://localhost/connections/callback/",
        "http://localhost@evil.example/connections/callback/",
        "http://localhost:8000@evil.example/connections/callback/",
        "https://evil.example/connections/callback/",
    ],
)
def test_an_unregistered_redirect_uri_stays_on_the_page(platform: Platform, browser: Browser, uri: str) -> None:
    page = browser.get(platform.authorize_url(redirect_uri=uri))
    assert page.location is None
    assert "AADSTS50011" in page.text
    assert not page.forms


@pytest.mark.parametrize("port", ["", ":80", ":8000", ":51234"])
def test_the_port_of_localhost_does_not_matter(platform: Platform, browser: Browser, port: str) -> None:
    url = platform.authorize_url(redirect_uri=f"http://localhost{port}/connections/callback/")
    assert "Pick an account" in browser.get(url).text


def test_an_unknown_app_or_tenant_stays_on_the_page(platform: Platform, browser: Browser) -> None:
    for page, number in (
        (browser.get(platform.authorize_url(client_id="00000000-1111-2222-3333-444444444444")), 700016),
        (browser.get(platform.authorize_url("nowhere.example")), 90002),
    ):
        assert page.location is None
        assert f"AADSTS{number}" in page.text


@pytest.mark.parametrize(
    ("changes", "error", "number"),
    [
        ({"response_type": "code id_token"}, "unsupported_response_type", 700054),
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_mode": "smoke"}, "invalid_request", 70007),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "Calendars.Reed"}, "invalid_client", 650053),
        ({"scope": "https://nowhere.example/Read"}, "invalid_resource", 500011),
        ({"scope": ".default Calendars.Read"}, "invalid_scope", 70011),
        ({"code_challenge": "short"}, "invalid_request", 501491),
        ({"code_challenge_method": "S512"}, "invalid_request", 501491),
        ({"prompt": "none login"}, "invalid_request", 90100),
        ({"claims": "{"}, "invalid_request", 90100),
    ],
)
def test_a_faulty_request_is_told_to_the_app(
    platform: Platform, browser: Browser, changes: dict[str, str | None], error: str, number: int
) -> None:
    page = browser.get(platform.authorize_url(**changes))
    assert page.location is not None
    assert page.location.startswith(CALLBACK)
    assert page.answer["error"] == error
    assert page.answer["error_description"].startswith(f"AADSTS{number}: ")
    assert page.answer["state"] == "a state & more"


def test_an_account_of_another_directory_is_refused_on_the_page(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(platform.authorize_url(CONTOSO_ID)), FARID)
    assert page.location is None
    assert "AADSTS50020" in page.text
    again = browser.follow(page, "Choose another account")
    assert "Permissions requested" in browser.choose(again, ALICE).text


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("ugo.barros@contoso.example", 50105),
        ("vera.stone@contoso.example", 53003),
        ("dora.klein@contoso.example", 50057),
    ],
)
def test_people_with_trouble_meet_it_on_the_page(
    platform: Platform, browser: Browser, address: str, number: int
) -> None:
    page = browser.choose(browser.get(platform.authorize_url()), address)
    assert page.location is None
    assert f"AADSTS{number}" in page.text


def test_a_scripted_refusal_ends_after_the_times_asked_for(platform: Platform, browser: Browser) -> None:
    platform.identity.script(ALICE, 53003, times=1)
    page = browser.choose(browser.get(platform.authorize_url()), ALICE)
    assert "AADSTS53003" in page.text
    assert "Permissions requested" in browser.choose(browser.get(platform.authorize_url()), ALICE).text


def test_a_scripted_refusal_of_a_tenant_meets_all_its_people(platform: Platform, browser: Browser) -> None:
    platform.identity.script("contoso.example", 650052)
    page = browser.choose(browser.get(platform.authorize_url()), BOB)
    assert "AADSTS650052" in page.text
    platform.identity.unscript("contoso.example")
    assert "Permissions requested" in browser.choose(browser.get(platform.authorize_url()), BOB).text
