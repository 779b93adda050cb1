"""Throttling, answers that are no answers, and answers that are right but unusual."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests

from sandbox.directory import ALMANAC_ID, CONTOSO_ID
from sandbox.identity.numbers import FAULTS, Where
from tests.sandbox.browser import Browser
from tests.sandbox.identity_platform import Platform
from tests.shared import shared

ALICE = "alice.moreau@contoso.example"
BOB = "bob.ito@contoso.example"
DEFAULT = "https://graph.microsoft.com/.default"


def a_refresh_token(platform: Platform, address: str = ALICE) -> str:
    code = Browser().sign_in(platform.authorize_url(), address).answer["code"]
    token: str = platform.redeem(code).json()["refresh_token"]
    return token


def outcome(answer: requests.Response) -> tuple[int, str | None, int | None]:
    body = answer.json()
    return answer.status_code, body.get("error"), next(iter(body.get("error_codes", [])), None)


# Too much


def test_a_person_who_asks_too_often_is_told_when_to_come_back(platform: Platform) -> None:
    alice, bob = a_refresh_token(platform), a_refresh_token(platform, BOB)
    platform.door("identity", do="limits", person=3, window=60)
    assert [platform.refresh(alice).status_code for _ in range(4)] == [200, 200, 429, 429]
    busy = platform.refresh(alice)
    assert outcome(busy) == (429, "temporarily_unavailable", 90055)
    wait = int(busy.headers["Retry-After"])
    assert 1 <= wait <= 60
    assert platform.refresh(bob).ok
    platform.clock.advance(timedelta(seconds=wait))
    assert platform.refresh(alice).ok


def test_a_tenant_is_throttled_as_a_whole_at_its_own_address(platform: Platform) -> None:
    alice, bob = a_refresh_token(platform), a_refresh_token(platform, BOB)
    platform.door("identity", do="limits", tenant=2)
    assert platform.refresh(alice, CONTOSO_ID).ok
    assert platform.refresh(bob, CONTOSO_ID).ok
    assert outcome(platform.refresh(bob, "contoso.example"))[2] == 90055
    assert platform.refresh(bob, "organizations").ok


def test_the_same_token_over_and_over_is_a_loop(platform: Platform) -> None:
    token = a_refresh_token(platform)
    platform.door("identity", do="limits", token=4, loop_window=300)
    answers = [platform.refresh(token, scope="User.Read") for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 200, 400]
    assert outcome(answers[-1]) == (400, "invalid_grant", 50196)
    # Another token is another matter, and so is the same one later.
    assert platform.refresh(token, scope="Calendars.ReadWrite").ok
    platform.clock.advance(timedelta(minutes=5))
    assert platform.refresh(token, scope="User.Read").ok


def test_an_app_can_loop_by_itself(platform: Platform) -> None:
    platform.identity.set_consent(CONTOSO_ID, "grant")
    platform.door("identity", do="limits", token=1)
    first, second = (platform.token(CONTOSO_ID, grant_type="client_credentials", scope=DEFAULT) for _ in range(2))
    assert first.ok
    assert outcome(second)[2] == 50196


def test_limits_are_usual_again_after_a_reset(platform: Platform) -> None:
    platform.door("identity", do="limits", person=0)
    platform.identity.reset()
    assert platform.refresh(a_refresh_token(platform)).ok


# No answers


@pytest.mark.parametrize(
    ("body", "mimetype"), [("html", "text/html"), ("text", "text/plain"), ("cut", "application/json")]
)
def test_an_answer_may_be_no_json(platform: Platform, body: str, mimetype: str) -> None:
    token = a_refresh_token(platform)
    platform.door("identity", do="odd-answer", body=body, status=503, retry_after=7, times=1)
    answer = platform.refresh(token)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.headers["Content-Type"].startswith(mimetype)
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)
    assert platform.refresh(token).ok


def test_an_answer_may_be_empty_and_still_say_that_all_is_well(platform: Platform) -> None:
    token = a_refresh_token(platform)
    platform.door("identity", do="odd-answer", body="empty", status=200)
    answer = platform.refresh(token)
    assert (answer.status_code, answer.text) == (200, "")


@pytest.mark.parametrize("who", [ALICE, "contoso.example", ALMANAC_ID])
def test_odd_answers_meet_those_they_were_meant_for(platform: Platform, who: str) -> None:
    alice, nora = a_refresh_token(platform), a_refresh_token(platform, "nora.lind@northwind.example")
    platform.door("identity", do="odd-answer", who=who, body="html")
    assert platform.refresh(alice).status_code == 503
    assert platform.refresh(nora).ok == (who != ALMANAC_ID)
    platform.door("identity", do="normal-answers")
    assert platform.refresh(alice).ok


def test_a_late_answer_comes_at_last_and_holds_up_nobody_else(platform: Platform) -> None:
    token = a_refresh_token(platform)
    platform.door("identity", do="odd-answer", who=ALICE, seconds=2)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(f"{platform.url}/organizations/oauth2/v2.0/token", data={"refresh_token": token}, timeout=0.2)
    # It waits still, and the sandbox's one lock is free.
    assert platform.identity.lock.acquire(blocking=False)
    platform.identity.lock.release()
    platform.door("identity", do="odd-answer", who=ALICE, seconds=0.01)
    assert platform.refresh(token).ok


@pytest.mark.parametrize(
    ("at", "path"), [("metadata", "v2.0/.well-known/openid-configuration"), ("keys", "discovery/v2.0/keys")]
)
def test_metadata_and_keys_may_fail_too(platform: Platform, at: str, path: str) -> None:
    platform.door("identity", do="odd-answer", at=at, who="contoso.example", body="html", times=1)
    url = f"{platform.url}/contoso.example/{path}"
    assert requests.get(url, timeout=10).status_code == 503
    assert requests.get(url, timeout=10).ok


# Unusual answers


def test_more_or_fewer_scopes_than_asked_for_can_be_granted(platform: Platform) -> None:
    token = a_refresh_token(platform)
    platform.door("identity", do="answer-style", who=ALICE, more=["Mail.Read"], fewer=["calendars.readwrite"])
    body = platform.refresh(token).json()
    assert body["scope"] == "Mail.Read User.Read profile openid email"
    access = platform.identity.authenticate(f"Bearer {body['access_token']}")
    assert "Mail.Read" in access.scopes
    assert "Calendars.ReadWrite" not in access.scopes
    platform.door("identity", do="answer-style", who=ALICE)
    assert "Calendars.ReadWrite" in platform.refresh(token).json()["scope"]


def test_scopes_can_be_spelled_in_full_or_left_out(platform: Platform) -> None:
    token = a_refresh_token(platform)
    platform.door("identity", do="answer-style", spelling="full")
    assert platform.refresh(token).json()["scope"].split() == [
        "https://graph.microsoft.com/Calendars.ReadWrite",
        "https://graph.microsoft.com/User.Read",
        "profile",
        "openid",
        "email",
    ]
    platform.door("identity", do="answer-style", spelling="omitted")
    assert "scope" not in platform.refresh(token).json()


def test_the_advice_to_refresh_early_can_be_given_and_kept_back(platform: Platform) -> None:
    token = a_refresh_token(platform)
    capable = '{"access_token":{"xms_cc":{"values":["cp1"]}}}'
    platform.door("identity", do="answer-style", who="contoso.example", refresh_in=True)
    body = platform.refresh(token).json()
    assert body["refresh_in"] == body["expires_in"] // 2
    platform.door("identity", do="answer-style", who="contoso.example", refresh_in=False)
    assert "refresh_in" not in platform.refresh(token, claims=capable).json()


# Every number


def test_every_number_that_the_token_endpoint_knows_can_be_scripted_there(platform: Platform) -> None:
    token = a_refresh_token(platform)
    for code in shared("identity/errors.json")["codes"]:
        number = code["code"]
        if "token" not in code["where"]:
            continue
        for error in filter(None, code["error"]):
            platform.door("identity", do="script", who=ALICE, number=number, error=error, where="token", times=1)
            answer = platform.refresh(token)
            assert outcome(answer) == (FAULTS[number].status, error, number)
            assert answer.json().get("suberror") == FAULTS[number].suberror
        for suberror in code.get("suberror", []):
            platform.door("identity", do="script", who=ALICE, number=number, suberror=suberror, times=1)
            assert platform.refresh(token).json()["suberror"] == suberror


def test_every_number_that_has_a_page_or_travels_back_can_be_scripted_there(platform: Platform) -> None:
    for number, fault in FAULTS.items():
        if Where.PAGE in fault.where:
            browser = Browser()
            platform.door("identity", do="script", who=ALICE, number=number, where="page", times=1)
            page = browser.choose(browser.get(platform.authorize_url()), ALICE)
            assert page.location is None
            assert f"AADSTS{number}" in page.text or "Stay signed in?" in page.text or "Are you trying" in page.text
        if Where.REDIRECT in fault.where:
            browser = Browser()
            platform.door("identity", do="script", who=ALICE, number=number, where="redirect", times=1)
            page = browser.choose(browser.get(platform.authorize_url()), ALICE)
            assert "Verify your identity" in page.text or page.answer["error"] == fault.error


def test_a_script_without_a_suberror_has_none(platform: Platform) -> None:
    token = platform.redeem(Browser().sign_in(platform.authorize_url(), ALICE).answer["code"]).json()["refresh_token"]
    platform.door("identity", do="script", who=ALICE, number=50076, suberror="", times=1)
    assert "suberror" not in platform.refresh(token).json()


@pytest.mark.parametrize(
    "address",
    [
        "organizations/oauth2/v2.0/logout?logout_hint=O.%C3%A9",
        "common/discovery/instance?authorization_endpoint=https://[",
    ],
)
def test_an_address_that_nobody_can_read_is_no_mistake_of_the_server(platform: Platform, address: str) -> None:
    browser = Browser()
    browser.sign_in(platform.authorize_url(), ALICE)
    assert browser.get(f"{platform.url}/{address}").status in {200, 302, 400}
    assert browser.get(platform.authorize_url(login_hint="O.\xe9")).status in {200, 302}


def test_a_tenant_can_vanish_from_the_metadata(platform: Platform) -> None:
    platform.door("identity", do="script", who="contoso.example", number=90002)
    answer = requests.get(f"{platform.url}/{CONTOSO_ID}/v2.0/.well-known/openid-configuration", timeout=10)
    assert outcome(answer) == (400, "invalid_tenant", 90002)
    assert platform.metadata("fabrikam.example")["issuer"]
    platform.door("identity", do="unscript", who="contoso.example")
    assert platform.metadata("contoso.example")["issuer"]


def test_an_app_can_be_scripted_for_all_its_calls(platform: Platform) -> None:
    token = a_refresh_token(platform)
    platform.door("identity", do="script", who=ALMANAC_ID, number=7000222)
    assert outcome(platform.refresh(token)) == (401, "invalid_client", 7000222)
    own = platform.token(CONTOSO_ID, grant_type="client_credentials", scope=DEFAULT)
    assert outcome(own) == (401, "invalid_client", 7000222)


def test_a_tenant_can_be_scripted_for_the_app_itself(platform: Platform) -> None:
    platform.identity.set_consent(CONTOSO_ID, "grant")
    platform.door("identity", do="script", who="contoso.example", number=7000112, times=1)
    answers = [platform.token(CONTOSO_ID, grant_type="client_credentials", scope=DEFAULT) for _ in range(2)]
    assert [outcome(one)[2] for one in answers] == [7000112, None]


# The door


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"do": "dance"}, "dance"),
        ({}, "do"),
        ({"do": "script", "who": ALICE, "number": 1}, "AADSTS1 is not among"),
        ({"do": "script", "who": "nobody", "number": 50173}, "Nobody here is 'nobody'"),
        ({"do": "script", "number": 50173}, "who"),
        ({"do": "script", "who": ALICE, "number": 50173, "where": "page"}, "does not show itself"),
        ({"do": "script", "who": ALICE, "number": 50173, "where": "moon"}, "does not show itself"),
        ({"do": "script", "who": ALICE, "number": 50173, "error": "invalid_client"}, "comes with invalid_grant"),
        ({"do": "script", "who": ALICE, "number": 50034, "error": "invalid_client"}, "no error value"),
        ({"do": "unscript", "who": "nobody"}, "Nobody here"),
        ({"do": "second-factor", "who": "nobody"}, "Nobody here"),
        ({"do": "second-factor", "who": ALMANAC_ID}, "Nobody here"),
        ({"do": "odd-answer"}, "one of body and seconds"),
        ({"do": "odd-answer", "body": "video"}, "body"),
        ({"do": "odd-answer", "who": "nobody", "body": "html"}, "Nobody here"),
        ({"do": "answer-style", "spelling": "loud"}, "spelling"),
        ({"do": "limits", "person": -1}, "person"),
        ({"do": "limits", "window": 0}, "window"),
        ({"do": "rotate-keys", "colour": "red"}, "colour"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_with_a_sentence(
    platform: Platform, wish: dict[str, Any], words: str
) -> None:
    assert words in platform.refused_at("identity", **wish)


def test_former_keys_can_be_forgotten_by_the_door(platform: Platform) -> None:
    before = {key["kid"] for key in platform.keys()["keys"]}
    platform.door("identity", do="rotate-keys")
    assert before < {key["kid"] for key in platform.keys()["keys"]}
    platform.door("identity", do="rotate-keys", forget=True)
    assert not before & {key["kid"] for key in platform.keys()["keys"]}
