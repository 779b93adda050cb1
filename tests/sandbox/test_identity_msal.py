"""Microsoft's own client library against the sandbox."""

import hashlib
from datetime import timedelta

import jwt
import msal
import pytest

from sandbox.directory import ALMANAC_ID, CONTOSO_ID
from tests.sandbox.browser import Browser
from tests.sandbox.identity_platform import CALLBACK, Platform

ALICE = "alice.moreau@contoso.example"
SCOPES = ["Calendars.ReadWrite", "User.Read"]

pytestmark = pytest.mark.contract


class Session:
    """One sign-in through MSAL and the cache that came of it."""

    def __init__(self, platform: Platform, address: str = ALICE, tenant: str = "organizations") -> None:
        self.platform = platform
        self.tenant = tenant
        self.cache = msal.SerializableTokenCache()
        app = platform.msal_app(tenant, self.cache)
        self.flow = app.initiate_auth_code_flow(
            SCOPES, redirect_uri=CALLBACK, response_mode="form_post", login_hint=address
        )
        assert self.flow["auth_uri"].startswith(f"{platform.url}/")
        answer = Browser().sign_in(self.flow["auth_uri"], address).answer
        self.result = app.acquire_token_by_auth_code_flow(self.flow, answer)

    def silently(self, tenant: str | None = None, **options: bool) -> dict[str, object]:
        app = self.platform.msal_app(tenant or self.tenant, self.cache)
        [account] = app.get_accounts()
        result: dict[str, object] = app.acquire_token_silent_with_error(SCOPES, account, **options)
        return result


def test_msal_signs_in(platform: Platform) -> None:
    session = Session(platform)
    alice = platform.identity.person(ALICE)
    assert "error" not in session.result
    assert session.result["id_token_claims"]["oid"] == alice.oid
    [account] = platform.msal_app(cache=session.cache).get_accounts()
    assert account["home_account_id"] == f"{alice.oid}.{CONTOSO_ID}"
    nonce = hashlib.sha256(session.flow["nonce"].encode()).hexdigest()
    raw = session.result["id_token"]
    kid = jwt.get_unverified_header(raw)["kid"]
    [jwk] = [key for key in platform.keys()["keys"] if key["kid"] == kid]
    claims = jwt.decode(raw, jwt.PyJWK(jwk).key, algorithms=["RS256"], audience=ALMANAC_ID)
    assert claims["nonce"] == nonce


def test_msal_finds_the_token_in_its_cache_and_refreshes_it_in_any_tenant_segment(platform: Platform) -> None:
    session = Session(platform)
    assert session.silently()["token_source"] == "cache"
    assert session.silently(CONTOSO_ID)["token_source"] == "identity_provider"
    assert session.silently(CONTOSO_ID)["token_source"] == "cache"
    refreshed = session.silently(force_refresh=True)
    platform.identity.authenticate(f"Bearer {refreshed['access_token']}")


def test_msal_hears_of_withdrawn_consent(platform: Platform) -> None:
    session = Session(platform)
    platform.identity.set_consent("contoso.example", "withdraw")
    result = session.silently(force_refresh=True)
    assert (result["error"], result["suberror"], result["error_codes"]) == (
        "invalid_grant",
        "consent_required",
        [65001],
    )


def test_msal_hears_of_an_idle_grant_and_of_a_wrong_secret(platform: Platform) -> None:
    session = Session(platform)
    app = platform.msal_app(cache=session.cache, secret="wrong")
    [account] = app.get_accounts()
    wrong = app.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert wrong["error"] == "invalid_client"
    platform.clock.advance(timedelta(days=91))
    assert session.silently(force_refresh=True)["error_codes"] == [700082]


def test_msal_hears_that_the_person_declined(platform: Platform) -> None:
    app = platform.msal_app()
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK, response_mode="form_post")
    browser = Browser()
    page = browser.choose(browser.get(flow["auth_uri"]), ALICE)
    result = app.acquire_token_by_auth_code_flow(flow, browser.press(page, "cancel").answer)
    assert result["error"] == "access_denied"


def test_msal_signs_a_personal_account_in(platform: Platform) -> None:
    session = Session(platform, "paula.reyes@outlook.example", "common")
    assert session.result["id_token_claims"]["tid"] == "9188040d-6c67-4c5b-b112-36a304b66dad"
    assert session.silently("consumers", force_refresh=True)["access_token"]


def test_msal_gets_a_token_for_the_app_itself(platform: Platform) -> None:
    platform.identity.set_consent(CONTOSO_ID, "grant")
    app = platform.msal_app(CONTOSO_ID)
    result = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert platform.identity.authenticate(f"Bearer {result['access_token']}").is_application


def test_msal_refuses_a_tenant_that_the_sandbox_does_not_know(platform: Platform) -> None:
    with pytest.raises(ValueError, match="authority"):
        platform.msal_app("nowhere.example").initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK)
