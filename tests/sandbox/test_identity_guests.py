"""Guests: one account, another person in the tenant that invited it."""

from typing import Any

import jwt
import pytest

from sandbox.directory import CONTOSO_ID, FABRIKAM_ID, PERSONAL_TENANT_ID
from sandbox.identity import InvalidToken
from tests.sandbox.browser import Browser
from tests.sandbox.identity_platform import LOGIN, Platform

GUS = "gus.hale@fabrikam.example"
PETRA = "petra.quist@outlook.example"
SCOPE = "offline_access openid profile User.Read"


def signed_in(platform: Platform, address: str, tenant: str) -> Any:
    code = Browser().sign_in(platform.authorize_url(tenant, scope=SCOPE), address).answer["code"]
    answer = platform.redeem(code, tenant, client_info="1")
    assert answer.ok, answer.text
    return answer.json()


def claims_of(body: Any) -> Any:
    return jwt.decode(body["id_token"], options={"verify_signature": False})


def home_of(body: Any) -> str:
    return jwt.utils.base64url_decode(body["client_info"]).decode()


@pytest.mark.parametrize(
    ("address", "home", "home_issuer"),
    [(GUS, FABRIKAM_ID, "organizations"), (PETRA, PERSONAL_TENANT_ID, "common")],
)
def test_a_guest_is_somebody_else_in_the_tenant_and_themselves_at_home(
    platform: Platform, address: str, home: str, home_issuer: str
) -> None:
    account = platform.identity.person(address)
    there, at_home = signed_in(platform, address, CONTOSO_ID), signed_in(platform, address, home_issuer)
    guest, member = claims_of(there), claims_of(at_home)
    assert (guest["tid"], guest["iss"]) == (CONTOSO_ID, f"{LOGIN}/{CONTOSO_ID}/v2.0")
    assert (member["tid"], member["oid"]) == (home, account.oid)
    assert guest["oid"] != member["oid"]
    assert guest["sub"] != member["sub"]
    assert guest["acct"] == 1
    assert member.get("acct", 0) == 0
    # The guest keeps the name of their home, and client_info names the account there both times.
    assert guest["preferred_username"] == guest["email"] == address
    assert home_of(there) == home_of(at_home) == f'{{"uid":"{account.oid}","utid":"{home}"}}'


def test_the_access_token_of_a_guest_is_the_guests(platform: Platform) -> None:
    body = signed_in(platform, GUS, CONTOSO_ID)
    access = platform.identity.authenticate(f"Bearer {body['access_token']}")
    assert access.person is not None
    assert access.person.is_guest
    assert access.tenant_id == CONTOSO_ID
    assert access.person.upn == "gus.hale_fabrikam.example#EXT#@contoso.example"
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert claims["idp"] == f"https://sts.windows.net/{FABRIKAM_ID}/"
    assert claims["unique_name"] == GUS


def test_a_refresh_token_follows_the_account_from_tenant_to_tenant(platform: Platform) -> None:
    signed_in(platform, GUS, "organizations")
    body = signed_in(platform, GUS, CONTOSO_ID)
    at_home = platform.refresh(body["refresh_token"], "organizations").json()
    assert claims_of(at_home)["tid"] == FABRIKAM_ID
    back = platform.refresh(at_home["refresh_token"], CONTOSO_ID).json()
    assert claims_of(back)["oid"] == claims_of(body)["oid"]


def test_consent_at_home_is_no_consent_in_the_other_tenant(platform: Platform) -> None:
    body = signed_in(platform, GUS, "organizations")
    answer = platform.refresh(body["refresh_token"], CONTOSO_ID).json()
    assert answer["error_codes"] == [65001]


def test_a_tenant_withdraws_the_consents_of_its_guests_too(platform: Platform) -> None:
    body = signed_in(platform, GUS, CONTOSO_ID)
    platform.identity.set_consent("contoso.example", "withdraw")
    assert platform.refresh(body["refresh_token"], CONTOSO_ID).json()["error_codes"] == [65001]


def test_the_home_revokes_what_the_guest_was_given(platform: Platform) -> None:
    body = signed_in(platform, GUS, CONTOSO_ID)
    platform.identity.set_tokens(GUS, "revoke")
    assert platform.refresh(body["refresh_token"], CONTOSO_ID).json()["error_codes"] == [50173]
    with pytest.raises(InvalidToken, match="revoked"):
        platform.identity.authenticate(f"Bearer {body['access_token']}")


def test_who_is_no_guest_is_refused_in_the_tenant(platform: Platform, browser: Browser) -> None:
    url = platform.authorize_url("fabrikam.example", scope=SCOPE)
    assert "AADSTS50020" in browser.choose(browser.get(url), PETRA).text
    refresh = signed_in(platform, PETRA, "common")["refresh_token"]
    # Personal accounts have one answer for every dead grant.
    assert platform.refresh(refresh, "fabrikam.example").json()["error_codes"] == [70000]
    refresh = signed_in(platform, GUS, "organizations")["refresh_token"]
    assert platform.refresh(refresh, "northwind.example").json()["error_codes"] == [50020]


def test_one_session_serves_both_tenants_and_the_hint_of_either_finds_it(platform: Platform, browser: Browser) -> None:
    signed_in(platform, GUS, CONTOSO_ID)
    browser.sign_in(platform.authorize_url("organizations", scope=SCOPE), GUS)
    page = browser.get(platform.authorize_url(CONTOSO_ID, scope=SCOPE, login_hint=GUS))
    assert "code" in page.answer
    hint = claims_of(platform.redeem(page.answer["code"], CONTOSO_ID).json())["login_hint"]
    assert "code" in browser.get(platform.authorize_url("organizations", scope=SCOPE, login_hint=hint)).answer


def test_a_guest_has_the_consent_page_of_the_tenant_they_visit(platform: Platform, browser: Browser) -> None:
    page = browser.choose(browser.get(platform.authorize_url(CONTOSO_ID, scope=SCOPE)), GUS)
    assert "guest in Contoso" in page.text


def test_a_guest_approves_nothing(platform: Platform, browser: Browser) -> None:
    url = f"{platform.url}/{CONTOSO_ID}/adminconsent?client_id={platform.identity.almanac.client_id}"
    assert "Need admin approval" in browser.choose(browser.get(url), GUS).text


def test_what_is_scripted_for_the_account_meets_the_guest(platform: Platform) -> None:
    body = signed_in(platform, GUS, CONTOSO_ID)
    platform.identity.script(GUS, 50173, times=1)
    assert platform.refresh(body["refresh_token"], CONTOSO_ID).json()["error_codes"] == [50173]
    assert platform.refresh(body["refresh_token"], CONTOSO_ID).ok
