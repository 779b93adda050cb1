"""The pages between the account and the answer: a second factor, and the questions on the way."""

from typing import Any

import jwt
import pytest

from tests.sandbox.browser import Browser, Page
from tests.sandbox.identity_platform import Platform

ALICE = "alice.moreau@contoso.example"
BOB = "bob.ito@contoso.example"
MIA = "mia.tan@contoso.example"


def signed_in(platform: Platform, browser: Browser, address: str = MIA, **changes: str) -> Any:
    """Over the page of the second factor, to tokens."""
    page = browser.choose(browser.get(platform.authorize_url(**changes)), address)
    assert "Verify your identity" in page.text
    page = browser.press(page, "verify", code="000000")
    if "Permissions requested" in page.text:
        page = browser.press(page, "accept")
    return platform.redeem(page.answer["code"]).json()


def factors(body: Any) -> Any:
    return jwt.decode(body["access_token"], options={"verify_signature": False})["amr"]


def test_who_needs_a_second_factor_is_asked_once_in_a_session(platform: Platform, browser: Browser) -> None:
    assert factors(signed_in(platform, browser)) == ["pwd", "mfa"]
    assert "code" in browser.get(platform.authorize_url()).answer
    other = Browser()
    assert "Verify your identity" in other.choose(other.get(platform.authorize_url()), MIA).text


def test_any_code_or_none_will_do_and_cancelling_ends_it(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(platform.authorize_url()), MIA)
    assert "Permissions requested" in browser.press(page, "verify").text
    page = Browser()
    form = page.choose(page.get(platform.authorize_url()), MIA)
    assert page.press(form, "cancel").answer["error"] == "access_denied"


def test_the_page_of_permissions_cannot_be_reached_around_the_second_factor(
    platform: Platform, browser: Browser
) -> None:
    page = browser.choose(browser.get(platform.authorize_url()), MIA)
    url = f"{platform.url}/organizations/oauth2/v2.0/authorize/consent"
    form = {**page.forms[0].fields, "answer": "accept"}
    answer = Page(browser.session.post(url, data=form, allow_redirects=False, timeout=10))
    assert answer.location is None
    assert "Verify your identity" in answer.text


def test_prompt_none_cannot_ask_for_a_second_factor(platform: Platform, browser: Browser) -> None:
    browser.sign_in(platform.authorize_url(), ALICE)
    platform.door("identity", do="second-factor", who=ALICE)
    answer = browser.get(platform.authorize_url(prompt="none")).answer
    assert answer["error"] == "interaction_required"
    assert answer["error_description"].startswith("AADSTS50076: ")


def test_a_rule_that_comes_later_ends_refreshing_until_the_person_has_signed_in_again(
    platform: Platform, browser: Browser
) -> None:
    code = browser.sign_in(platform.authorize_url(), ALICE).answer["code"]
    before = platform.redeem(code).json()
    platform.door("identity", do="second-factor", who="contoso.example")
    refused = platform.refresh(before["refresh_token"])
    body = refused.json()
    assert (refused.status_code, body["error"], body["error_codes"]) == (400, "invalid_grant", [50076])
    assert body["suberror"] == "basic_action"
    assert "capolids" in body["claims"]
    after = signed_in(platform, Browser(), ALICE, claims=body["claims"])
    assert platform.refresh(after["refresh_token"]).ok
    platform.door("identity", do="second-factor", who="contoso.example", on=False)
    assert platform.refresh(before["refresh_token"]).ok


def test_a_person_can_be_excused_from_it(platform: Platform, browser: Browser) -> None:
    platform.door("identity", do="second-factor", who=MIA, on=False)
    assert "code" in browser.sign_in(platform.authorize_url(), MIA).answer


def test_claims_of_a_refusal_ask_for_a_second_factor_again(platform: Platform, browser: Browser) -> None:
    signed_in(platform, browser)
    claims = '{"access_token":{"capolids":{"essential":true,"values":["7c1d3e90-5a2b-4f68-8e17-0d9b6c4f2a55"]}}}'
    page = browser.get(platform.authorize_url(claims=claims))
    assert "Verify your identity" in page.text
    assert "code" in browser.press(page, "verify").answer


@pytest.mark.parametrize("number", [50072, 50074, 50076, 50079, 50158])
def test_what_a_second_factor_cures_is_asked_for_and_then_over(platform: Platform, number: int) -> None:
    code = Browser().sign_in(platform.authorize_url(), ALICE).answer["code"]
    refresh = platform.redeem(code).json()["refresh_token"]
    platform.identity.script(ALICE, number)
    assert platform.refresh(refresh).json()["error_codes"] == [number]
    signed_in(platform, Browser(), ALICE)
    assert platform.refresh(refresh).ok


@pytest.mark.parametrize(
    ("number", "words", "answer"),
    [(50140, "Stay signed in?", "no"), (50199, "Are you trying to sign in to Almanac?", "continue")],
)
def test_a_question_on_the_way_is_no_refusal(
    platform: Platform, browser: Browser, number: int, words: str, answer: str
) -> None:
    platform.identity.script(BOB, number, times=1)
    page = browser.choose(browser.get(platform.authorize_url()), BOB)
    assert words in page.text
    assert "Permissions requested" in browser.press(page, answer).text


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (90093, "Need admin approval"),
        (90094, "Need admin approval"),
        (900941, "Need admin approval"),
        (90095, "Approval required"),
        (900981, "Approval required"),
    ],
)
def test_a_scripted_need_for_approval_has_its_real_page(
    platform: Platform, browser: Browser, number: int, words: str
) -> None:
    platform.identity.script(ALICE, number)
    page = browser.choose(browser.get(platform.authorize_url()), ALICE)
    assert words in page.text
    assert f"AADSTS{number}" in page.text
