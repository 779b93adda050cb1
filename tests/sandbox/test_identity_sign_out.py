"""Signing out: which account, whom it is told, and where the browser goes on to. And who one is, by userinfo."""

import requests

from sandbox.directory import CONTOSO_ID
from sandbox.identity.registrations import HYBRID_ID
from tests.sandbox.browser import Browser
from tests.sandbox.identity_platform import CALLBACK, Platform

ALICE = "alice.moreau@contoso.example"
BOB = "bob.ito@contoso.example"
HYBRID = {"client_id": HYBRID_ID, "redirect_uri": "http://localhost/hybrid", "scope": "openid User.Read"}


def out(platform: Platform, **query: str) -> str:
    return str(requests.Request("GET", f"{platform.url}/common/oauth2/v2.0/logout", params=query).prepare().url)


def both_signed_in(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    browser.sign_in(platform.authorize_url(prompt="select_account"), BOB)


def test_with_several_accounts_the_page_asks_which(platform: Platform, browser: Browser) -> None:
    both_signed_in(platform, browser)
    page = browser.get(out(platform, post_logout_redirect_uri=CALLBACK, state="s"))
    assert "Which account do you want to sign out of?" in page.text
    answered = browser.choose(page, BOB)
    assert answered.location == f"{CALLBACK}?state=s"
    assert "code" in browser.get(platform.authorize_url()).answer
    assert browser.get(platform.authorize_url(login_hint=BOB)).location is None


def test_all_accounts_can_be_signed_out_at_once(platform: Platform, browser: Browser) -> None:
    both_signed_in(platform, browser)
    browser.get(out(platform, person="everybody"))
    assert browser.get(platform.authorize_url(prompt="none")).answer["error"] == "login_required"


def test_a_hint_signs_that_account_out_without_asking(platform: Platform, browser: Browser) -> None:
    both_signed_in(platform, browser)
    assert "You signed out" in browser.get(out(platform, logout_hint=ALICE)).text
    assert "code" in browser.get(platform.authorize_url(login_hint=BOB)).answer
    assert browser.get(platform.authorize_url(login_hint=ALICE)).location is None


def test_the_hint_of_somebody_else_signs_nobody_out(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    browser.get(out(platform, logout_hint=BOB))
    assert "code" in browser.get(platform.authorize_url()).answer


def test_apps_with_a_logout_address_are_told_in_frames(platform: Platform, browser: Browser) -> None:
    session = browser.sign_in(platform.authorize_url(**HYBRID), ALICE).answer["session_state"]
    page = browser.get(out(platform, post_logout_redirect_uri=HYBRID["redirect_uri"]))
    assert page.location is None
    assert (
        f'<iframe hidden title="Signing out of an app" src="https://hybrid.example/signout-oidc?sid={session}'
        in page.text
    )
    # The page goes on by itself once the frames have had their time.
    assert 'http-equiv="refresh" content="2; url=http://localhost/hybrid"' in page.text


def test_frames_wait_for_the_last_account(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(**HYBRID), ALICE)
    browser.sign_in(platform.authorize_url(prompt="select_account"), BOB)
    assert "iframe" not in browser.get(out(platform, logout_hint=BOB)).text
    assert "iframe" in browser.get(out(platform)).text


def test_tokens_go_on_working_after_signing_out(platform: Platform, browser: Browser) -> None:
    code = browser.sign_in(platform.authorize_url(), ALICE).answer["code"]
    token = platform.redeem(code).json()["refresh_token"]
    browser.get(out(platform))
    assert platform.refresh(token).ok


def userinfo(platform: Platform, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Host": "graph.microsoft.com"}
    return requests.get(f"{platform.url}/oidc/userinfo", headers=headers, timeout=10)


def test_userinfo_tells_what_the_scopes_allow(platform: Platform, browser: Browser) -> None:
    code = browser.sign_in(platform.authorize_url(scope="openid profile email User.Read"), ALICE).answer["code"]
    body = platform.redeem(code).json()
    told = userinfo(platform, body["access_token"]).json()
    assert told["name"] == "Alice Moreau"
    assert (told["given_name"], told["family_name"]) == ("Alice", "Moreau")
    assert told["email"] == ALICE
    less = platform.identity.issue_access_token(platform.identity.person(ALICE), ("openid",))
    assert set(userinfo(platform, less).json()) == {"sub"}
    assert userinfo(platform, less).json()["sub"] == told["sub"]


def test_userinfo_is_for_people_who_signed_in(platform: Platform) -> None:
    assert userinfo(platform, "nonsense").status_code == 401
    assert "WWW-Authenticate" in userinfo(platform, "nonsense").headers
    nobody = platform.identity.issue_access_token(None, ("Calendars.Read",), tenant_id=CONTOSO_ID)
    assert userinfo(platform, nobody).status_code == 403
    without = platform.identity.issue_access_token(platform.identity.person(ALICE), ("User.Read",))
    assert userinfo(platform, without).status_code == 403
