"""Registrations: whom an app takes, by what it is known, and how a test-suite brings its own."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from sandbox.directory import ALMANAC_ID, CONTOSO_ID, FABRIKAM_ID, PERSONAL_TENANT_ID
from sandbox.identity.registrations import CLOSED_ID, CLUB_ID, DAEMON_ID, DIARY_ID, HYBRID_ID, ROOMS_ID
from sandbox.registration import App, Audience, BadRegistration
from tests.sandbox.browser import Browser
from tests.sandbox.identity_platform import Platform

ALICE = "alice.moreau@contoso.example"
BOB = "bob.ito@contoso.example"
PAULA = "paula.reyes@outlook.example"
MINE = "0a0b0c0d-1111-4222-8333-444455556666"
BASIC = "openid profile User.Read"
ROOMS = {"client_id": ROOMS_ID, "redirect_uri": "http://localhost/rooms/", "scope": BASIC}
HYBRID = {"client_id": HYBRID_ID, "redirect_uri": "http://localhost/hybrid", "scope": BASIC}
DIARY = {"client_id": DIARY_ID, "redirect_uri": "http://localhost/diary/", "scope": BASIC}
CLUB = {"client_id": CLUB_ID, "redirect_uri": "http://localhost/club/", "scope": BASIC}


def number_of(answer: requests.Response) -> Any:
    [number] = answer.json()["error_codes"]
    return number


# Whom an app takes


@pytest.mark.parametrize(
    ("app", "tenant", "number"),
    [
        (ROOMS, "common", 50194),
        (ROOMS, "organizations", 50194),
        (ROOMS, "consumers", 9002332),
        (ROOMS, FABRIKAM_ID, 700016),
        (HYBRID, "consumers", 9002332),
        (HYBRID, PERSONAL_TENANT_ID, 9002332),
        (DIARY, "common", 9002331),
        (DIARY, CONTOSO_ID, 9002331),
    ],
)
def test_an_address_that_does_not_fit_the_app_stays_on_the_page_and_at_the_token_endpoint(
    platform: Platform, browser: Browser, app: dict[str, str], tenant: str, number: int
) -> None:
    page = browser.get(platform.authorize_url(tenant, **app))
    assert page.location is None
    assert f"AADSTS{number}" in page.text
    old = "1.A" + "x" * 200
    answer = platform.token(tenant, client_id=app["client_id"], grant_type="refresh_token", refresh_token=old)
    assert number_of(answer) == number


@pytest.mark.parametrize(
    ("app", "tenant", "who"),
    [(ROOMS, CONTOSO_ID, ALICE), (HYBRID, "common", ALICE), (DIARY, "consumers", PAULA)],
)
def test_each_app_works_at_the_address_that_is_meant_for_it(
    platform: Platform, browser: Browser, app: dict[str, str], tenant: str, who: str
) -> None:
    code = browser.sign_in(platform.authorize_url(tenant, **app), who).answer["code"]
    client_id, uri = app["client_id"], app["redirect_uri"]
    secret = platform.look(f"apps/{client_id}")["secrets"][-1]["value"]
    answer = platform.redeem(code, tenant, client_id=client_id, client_secret=secret, redirect_uri=uri)
    assert answer.ok, answer.text


def test_a_personal_account_is_refused_by_an_app_for_work_accounts(platform: Platform, browser: Browser) -> None:
    page = browser.get(platform.authorize_url("common", **HYBRID))
    assert PAULA not in page.text.partition("Use another account")[0]
    assert "AADSTS500208" in browser.choose(page, PAULA).text


def test_an_app_that_is_switched_off_gets_nobody_and_nothing(platform: Platform, browser: Browser) -> None:
    url = platform.authorize_url(client_id=CLOSED_ID, redirect_uri="http://localhost/closed/", scope=BASIC)
    assert "AADSTS7000112" in browser.get(url).text
    answer = platform.token(
        CONTOSO_ID,
        client_id=CLOSED_ID,
        client_secret="sandbox-secret-of-closed",
        grant_type="client_credentials",
        scope="https://graph.microsoft.com/.default",
    )
    assert (answer.status_code, number_of(answer)) == (400, 7000112)


def test_where_assignment_is_required_the_others_stay_out_and_an_administrator_has_to_consent(
    platform: Platform, browser: Browser
) -> None:
    url = platform.authorize_url(**CLUB)
    page = browser.choose(browser.get(url), BOB)
    assert "AADSTS50105" in page.text
    assert page.location is None
    assert "Need admin approval" in browser.choose(browser.get(url), ALICE).text
    platform.door("consent", tenant="contoso.example", do="grant", client_id=CLUB_ID)
    browser.session.cookies.clear()
    assert "code" in browser.choose(browser.get(url), ALICE).answer


def test_who_loses_the_assignment_gets_no_further_tokens_and_no_silent_answer(
    platform: Platform, browser: Browser
) -> None:
    platform.door("consent", tenant="contoso.example", do="grant", client_id=CLUB_ID)
    app = {**CLUB, "scope": f"{BASIC} offline_access"}
    code = browser.sign_in(platform.authorize_url(**app), ALICE).answer["code"]
    mine = {"client_id": CLUB_ID, "client_secret": "sandbox-secret-of-club"}
    token = platform.redeem(code, **mine, redirect_uri=CLUB["redirect_uri"]).json()["refresh_token"]
    platform.door("apps", client_id=CLUB_ID, assigned=[BOB])
    answer = platform.refresh(token, **mine)
    assert (answer.json()["error"], number_of(answer)) == ("interaction_required", 50105)
    silent = browser.get(platform.authorize_url(**app, prompt="none")).answer
    assert silent["error"] == "interaction_required"
    assert "AADSTS50105" in silent["error_description"]


# Secrets


def ask(platform: Platform, secret: str) -> requests.Response:
    """A token for the hybrid app itself."""
    platform.identity.set_consent(CONTOSO_ID, "grant", client_id=HYBRID_ID)
    return platform.token(
        CONTOSO_ID,
        client_id=HYBRID_ID,
        client_secret=secret,
        grant_type="client_credentials",
        scope="https://graph.microsoft.com/.default",
    )


def test_two_secrets_are_good_at_once(platform: Platform) -> None:
    assert ask(platform, "sandbox-secret-of-hybrid").ok
    assert ask(platform, "sandbox-secret-of-hybrid-next").ok


def test_an_expired_secret_has_a_number_of_its_own(platform: Platform) -> None:
    answer = ask(platform, "sandbox-secret-of-hybrid-old")
    assert (answer.status_code, answer.json()["error"], number_of(answer)) == (401, "invalid_client", 7000222)
    answer = ask(platform, "never-a-secret")
    assert (answer.status_code, number_of(answer)) == (401, 7000215)


def test_a_secret_expires_by_the_sandboxs_clock(platform: Platform) -> None:
    platform.door("apps", client_id=HYBRID_ID, secrets=[{"value": "short-lived", "expires_in": 3600}])
    assert ask(platform, "short-lived").ok
    platform.clock.advance(timedelta(hours=1))
    assert number_of(ask(platform, "short-lived")) == 7000222


# The door


def test_a_foreign_app_is_registered_used_changed_and_forgotten(platform: Platform, browser: Browser) -> None:
    shown = platform.door(
        "apps",
        client_id=MINE.upper(),
        name="My own",
        secrets=["mine"],
        redirect_uris=["https://mine.example/back"],
        delegated=["openid", "profile", "offline_access", "User.Read"],
        application=["Calendars.Read"],
        audience="AzureADMultipleOrgs",
    )
    assert shown["client_id"] == MINE
    assert "mine" not in str(shown["secrets"])
    url = platform.authorize_url(client_id=MINE, redirect_uri="https://mine.example/back", scope=BASIC)
    code = browser.sign_in(url, ALICE).answer["code"]
    mine = {"client_id": MINE, "client_secret": "mine", "redirect_uri": "https://mine.example/back"}
    # A change keeps what it does not name, and what was handed out.
    platform.door("apps", client_id=MINE, name="My other")
    assert platform.redeem(code, **mine).ok
    assert "My other" in Browser().get(url).text
    assert requests.delete(f"{platform.url}/_sandbox/apps/{MINE}", timeout=10).json()["name"] == "My other"
    assert "AADSTS700016" in browser.get(url).text


def test_a_reset_brings_the_fixed_apps_back(platform: Platform) -> None:
    platform.door("apps", name="A guest")
    platform.door("apps", client_id=ALMANAC_ID, secrets=["another"])
    platform.door("reset", events=0)
    platform.identity.public_url = platform.url
    apps = platform.look("apps")["apps"]
    assert [app["client_id"] for app in apps] == [
        ALMANAC_ID,
        HYBRID_ID,
        ROOMS_ID,
        DAEMON_ID,
        CLUB_ID,
        CLOSED_ID,
        DIARY_ID,
    ]
    assert platform.look(f"apps/{ALMANAC_ID}")["secrets"][0]["value"] == "sandbox-secret-of-almanac"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"client_id": "mine"}, "GUID"),
        ({"redirect_uris": ["http://mine.example/"]}, "https"),
        ({"redirect_uris": ["https://*.mine.example/"]}, "no wildcard"),
        ({"redirect_uris": ["https://mine.example/#x"]}, "no fragment"),
        ({"redirect_uris": ["https://mine.example/a;b"]}, "none of"),
        ({"redirect_uris": ["https://mine.example/?a=b"]}, "no query"),
        ({"redirect_uris": ["https://mine.example/" + "x" * 256]}, "256"),
        ({"redirect_uris": ["https://mine.example:port/"]}, "no address"),
        ({"redirect_uris": [f"https://mine.example/{n}" for n in range(101)]}, "At most 100"),
        ({"secrets": ["a", "b", "c"]}, "at most 2 secrets"),
        ({"certificates": ["nonsense"]}, "PEM"),
        ({"delegated": ["Calendars.Reed"]}, "Calendars.Reed"),
        ({"application": ["Calendars.Reed"]}, "Calendars.Reed"),
        ({"audience": "AzureADMyOrg"}, "home tenant"),
        ({"audience": "Everyone"}, "audience"),
        ({"home_tenant": "nowhere.example"}, "nowhere.example"),
        ({"assigned": ["nobody@contoso.example"]}, "nobody@contoso.example"),
        ({"logout_url": "http://mine.example/out"}, "https"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_registration_that_cannot_be_is_refused_with_a_sentence(
    platform: Platform, wish: dict[str, Any], words: str
) -> None:
    before = platform.look("apps")
    assert words in platform.refused_at("apps", **wish)
    assert platform.look("apps") == before


def test_work_apps_may_have_a_query_in_their_address_and_more_of_everything() -> None:
    many = tuple(f"https://mine.example/?n={n}" for n in range(256))
    App(client_id=MINE, name="Mine", redirect_uris=many, audience=Audience.ORGANIZATIONS).check()
    with pytest.raises(BadRegistration, match="256"):
        App(client_id=MINE, name="Mine", redirect_uris=(*many, many[0]), audience=Audience.ORGANIZATIONS).check()


def test_a_query_in_the_address_is_kept_on_the_way_back(platform: Platform, browser: Browser) -> None:
    uri = "https://mine.example/back?lang=en"
    platform.door("apps", client_id=MINE, redirect_uris=[uri], delegated=["openid"], audience="AzureADMultipleOrgs")
    page = browser.sign_in(platform.authorize_url(client_id=MINE, redirect_uri=uri, scope="openid"), ALICE)
    assert page.location is not None
    assert page.location.startswith(f"{uri}&code=")


def test_an_app_without_any_redirect_uri_has_nowhere_to_answer(platform: Platform, browser: Browser) -> None:
    platform.door("apps", client_id=MINE, redirect_uris=[])
    assert "AADSTS900971" in browser.get(platform.authorize_url(client_id=MINE, redirect_uri=None)).text


def test_an_address_without_a_path_is_called_with_a_slash(platform: Platform, browser: Browser) -> None:
    url = platform.authorize_url(client_id=HYBRID_ID, redirect_uri="https://hybrid.example", scope=BASIC)
    page = browser.sign_in(url, ALICE)
    assert page.location is not None
    assert page.location.startswith("https://hybrid.example/?code=")


def test_a_verified_publisher_is_shown_as_one(platform: Platform, browser: Browser) -> None:
    assert ">verified<" in browser.choose(browser.get(platform.authorize_url(**HYBRID)), ALICE).text
    assert ">unverified<" in browser.get(platform.authorize_url()).text


def test_unknown_apps_are_refused_by_the_doors(platform: Platform) -> None:
    assert requests.get(f"{platform.url}/_sandbox/apps/{MINE}", timeout=10).status_code == 400
    assert requests.delete(f"{platform.url}/_sandbox/apps/{MINE}", timeout=10).status_code == 400
    assert MINE in platform.refused_at("consent", tenant="contoso.example", do="grant", client_id=MINE)
