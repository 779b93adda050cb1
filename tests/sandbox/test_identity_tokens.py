"""The token endpoint: codes, refresh tokens, the app itself, and what the tokens are worth."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests

from sandbox.directory import ALMANAC_ID, CONTOSO_ID, NORTHWIND_ID, PERSONAL_TENANT_ID
from sandbox.identity import InvalidToken
from tests.sandbox.browser import Browser
from tests.sandbox.identity_platform import CALLBACK, CHALLENGE, LOGIN, SECRET, VERIFIER, Platform

ALICE = "alice.moreau@contoso.example"
PAULA = "paula.reyes@outlook.example"
GRAPH_DEFAULT = "https://graph.microsoft.com/.default"


def a_code(platform: Platform, address: str = ALICE, tenant: str = "organizations", **changes: str | None) -> str:
    return Browser().sign_in(platform.authorize_url(tenant, **changes), address).answer["code"]


def signed_in(platform: Platform, address: str = ALICE, tenant: str = "organizations") -> Any:
    """The answer to a redeemed code."""
    return platform.redeem(a_code(platform, address, tenant), tenant).json()


def assert_refused(answer: requests.Response, error: str, number: int, status: int = 400) -> Any:
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body["error_uri"] == f"{LOGIN}/error?code={number}"
    assert body["trace_id"] in body["error_description"]
    assert body["correlation_id"] in body["error_description"]
    assert body["timestamp"] in body["error_description"]
    assert answer.headers["Cache-Control"].startswith("no-store")
    return body


# Codes


def test_a_code_becomes_tokens(platform: Platform) -> None:
    answer = platform.redeem(a_code(platform), client_info="1")
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"].startswith("no-store")
    assert body["token_type"] == "Bearer"
    assert body["scope"] == "Calendars.ReadWrite User.Read profile openid email"
    assert 3600 <= body["expires_in"] <= 5400
    assert {"access_token", "refresh_token", "id_token", "client_info", "ext_expires_in"} <= set(body)


def test_client_info_comes_only_when_asked_for(platform: Platform) -> None:
    assert "client_info" not in signed_in(platform)


def test_without_offline_access_there_is_no_refresh_token_and_without_openid_no_id_token(
    platform: Platform,
) -> None:
    code = a_code(platform, scope="Calendars.Read")
    body = platform.redeem(code).json()
    assert "refresh_token" not in body
    assert "id_token" not in body


def test_the_lifetimes_of_tokens_repeat_with_the_seed(platform: Platform) -> None:
    def lifetimes() -> list[int]:
        platform.identity.reset(seed=7)
        return [signed_in(platform)["expires_in"] for _ in range(3)]

    first = lifetimes()
    assert first == lifetimes()
    assert len(set(first)) > 1


def test_a_code_works_once(platform: Platform) -> None:
    code = a_code(platform)
    assert platform.redeem(code).ok
    assert_refused(platform.redeem(code), "invalid_grant", 54005)


def test_a_code_lives_ten_minutes(platform: Platform) -> None:
    code = a_code(platform)
    platform.clock.advance(timedelta(minutes=10))
    assert_refused(platform.redeem(code), "invalid_grant", 70008)


@pytest.mark.parametrize("verifier", ["x" * 43, CHALLENGE, None])
def test_a_code_needs_its_verifier(platform: Platform, verifier: str | None) -> None:
    answer = platform.redeem(a_code(platform), code_verifier=verifier)
    assert_refused(answer, "invalid_grant", 501481)


def test_a_plain_challenge_is_compared_as_it_is(platform: Platform) -> None:
    code = a_code(platform, code_challenge=VERIFIER, code_challenge_method=None)
    assert platform.redeem(code).ok


def test_a_client_without_pkce_is_served(platform: Platform) -> None:
    code = a_code(platform, code_challenge=None, code_challenge_method=None)
    assert platform.redeem(code, code_verifier=None).ok


def test_a_code_belongs_to_its_redirect_uri(platform: Platform) -> None:
    answer = platform.redeem(a_code(platform), redirect_uri=CALLBACK.replace("8000", "9000"))
    assert_refused(answer, "invalid_request", 50011)


def test_a_code_belongs_to_the_tenant_it_was_issued_at(platform: Platform) -> None:
    assert_refused(platform.redeem(a_code(platform), "common"), "invalid_grant", 700005)
    code = a_code(platform, tenant="contoso.example")
    assert platform.redeem(code, CONTOSO_ID).ok


def test_what_is_no_code_is_seen_before_the_secret(platform: Platform) -> None:
    answer = platform.redeem("nonsense", client_secret="wrong")
    assert_refused(answer, "invalid_grant", 9002313)


# The client


def test_a_wrong_secret_is_the_operators_fault(platform: Platform) -> None:
    answer = platform.redeem(a_code(platform), client_secret="wrong")
    assert_refused(answer, "invalid_client", 7000215, status=401)


def test_a_missing_secret_is_refused(platform: Platform) -> None:
    answer = platform.redeem(a_code(platform), client_secret=None)
    assert_refused(answer, "invalid_client", 7000218, status=401)


def test_the_secret_may_travel_in_a_basic_header(platform: Platform) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": a_code(platform),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    url = f"{platform.url}/organizations/oauth2/v2.0/token"
    assert requests.post(url, data=form, auth=(ALMANAC_ID, "wrong"), timeout=10).status_code == 401
    assert requests.post(url, data=form, auth=(ALMANAC_ID, SECRET.replace("-", "%2D")), timeout=10).ok


def test_a_secret_from_a_browser_is_refused(platform: Platform) -> None:
    answer = platform.token(
        grant_type="refresh_token",
        refresh_token=signed_in(platform)["refresh_token"],
        headers={"Origin": "https://page.example"},
    )
    assert_refused(answer, "invalid_request", 9002326)


def test_an_unknown_client_tenant_or_grant_is_refused(platform: Platform) -> None:
    code = a_code(platform)
    assert_refused(platform.redeem(code, client_id=CONTOSO_ID), "unauthorized_client", 700016)
    assert_refused(platform.redeem(code, "nowhere.example"), "invalid_request", 90002)
    assert_refused(platform.token(grant_type="password"), "unsupported_grant_type", 70003)
    assert_refused(platform.token(), "invalid_request", 900144)


def test_the_correlation_id_of_the_client_comes_back(platform: Platform) -> None:
    mine = "11111111-2222-3333-4444-555555555555"
    answer = platform.token(grant_type="password", headers={"client-request-id": mine})
    assert answer.json()["correlation_id"] == mine


# Scopes


@pytest.mark.parametrize("grant", ["code", "refresh"])
def test_scopes_of_two_resources_are_refused(platform: Platform, grant: str) -> None:
    scope = "https://graph.microsoft.com/Calendars.Read https://outlook.office.com/Calendars.Read"
    if grant == "code":
        answer = platform.redeem(a_code(platform), scope=scope)
    else:
        answer = platform.refresh(signed_in(platform)["refresh_token"], scope=scope)
    assert_refused(answer, "invalid_scope", 700022)


def test_a_sign_in_may_name_two_resources_and_each_gets_a_token_of_its_own(platform: Platform) -> None:
    code = a_code(platform, scope="offline_access User.Read https://outlook.office.com/Calendars.Read")
    body = platform.redeem(code).json()
    assert "User.Read" in body["scope"]
    platform.identity.authenticate(f"Bearer {body['access_token']}")
    other = platform.refresh(body["refresh_token"], scope="https://outlook.office.com/Calendars.Read").json()
    assert other["scope"].split()[0] == "Calendars.Read"
    with pytest.raises(InvalidToken, match="audience"):
        platform.identity.authenticate(f"Bearer {other['access_token']}")


def test_any_spelling_of_a_scope_is_answered_in_the_short_one(platform: Platform) -> None:
    scope = "openid https://graph.microsoft.com/calendars.read USER.READ"
    body = platform.redeem(a_code(platform, scope=scope)).json()
    assert body["scope"] == "Calendars.Read User.Read openid"


def test_the_answer_holds_earlier_grants_too(platform: Platform) -> None:
    signed_in(platform)
    body = platform.redeem(a_code(platform, scope="MailboxSettings.Read")).json()
    assert "Calendars.ReadWrite" in body["scope"].split()


def test_what_nobody_consented_to_is_refused_at_the_token_endpoint(platform: Platform) -> None:
    body = platform.refresh(signed_in(platform)["refresh_token"], scope="MailboxSettings.Read")
    assert assert_refused(body, "invalid_grant", 65001)["suberror"] == "consent_required"


# Refresh tokens


def test_a_refresh_gives_a_new_token_and_the_old_stays_valid(platform: Platform) -> None:
    first = signed_in(platform)["refresh_token"]
    second = platform.refresh(first).json()["refresh_token"]
    assert second != first
    assert platform.refresh(first).ok
    assert platform.refresh(second, CONTOSO_ID).ok


def test_in_the_strict_mode_a_refresh_token_works_once(platform: Platform) -> None:
    platform.identity.strict_refresh = True
    first = signed_in(platform)["refresh_token"]
    assert platform.refresh(first).ok
    assert assert_refused(platform.refresh(first), "invalid_grant", 70000)["suberror"] == "bad_token"


def test_a_refresh_token_lives_ninety_days_from_its_last_use(platform: Platform) -> None:
    first = signed_in(platform)["refresh_token"]
    platform.clock.advance(timedelta(days=89))
    second = platform.refresh(first).json()["refresh_token"]
    platform.clock.advance(timedelta(days=89))
    assert platform.refresh(second).ok
    body = assert_refused(platform.refresh(first), "invalid_grant", 700082)
    assert body["suberror"] == "bad_token"


def test_withdrawn_consent_shows_at_the_next_refresh_and_not_before(platform: Platform) -> None:
    body = signed_in(platform)
    platform.identity.set_consent("contoso.example", "withdraw")
    assert platform.identity.authenticate(f"Bearer {body['access_token']}").person
    answer = platform.refresh(body["refresh_token"])
    assert assert_refused(answer, "invalid_grant", 65001)["suberror"] == "consent_required"


def test_revoked_sessions_end_both_kinds_of_tokens(platform: Platform) -> None:
    body = signed_in(platform)
    platform.identity.set_tokens(ALICE, "revoke")
    assert_refused(platform.refresh(body["refresh_token"]), "invalid_grant", 50173)
    with pytest.raises(InvalidToken, match="revoked"):
        platform.identity.authenticate(f"Bearer {body['access_token']}")
    # A new sign-in begins anew.
    assert platform.refresh(signed_in(platform)["refresh_token"]).ok


def test_tokens_can_be_made_old_by_a_switch(platform: Platform) -> None:
    body = signed_in(platform)
    platform.identity.set_tokens(ALICE, "expire-access")
    with pytest.raises(InvalidToken, match="expired"):
        platform.identity.authenticate(f"Bearer {body['access_token']}")
    assert platform.refresh(body["refresh_token"]).ok
    platform.identity.set_tokens(ALICE, "expire-refresh")
    assert_refused(platform.refresh(body["refresh_token"]), "invalid_grant", 700082)
    with pytest.raises(ValueError, match="Not a thing"):
        platform.identity.set_tokens(ALICE, "burn")
    with pytest.raises(LookupError):
        platform.identity.set_tokens("nobody@contoso.example", "revoke")


@pytest.mark.parametrize("do", ["revoke", "expire-refresh"])
def test_personal_accounts_have_one_answer_for_every_dead_grant(platform: Platform, do: str) -> None:
    body = signed_in(platform, PAULA, "consumers")
    platform.identity.set_tokens(PAULA, do)
    answer = assert_refused(platform.refresh(body["refresh_token"], "consumers"), "invalid_grant", 70000)
    assert "suberror" not in answer


def test_a_scripted_refusal_shows_at_the_token_endpoint(platform: Platform) -> None:
    body = signed_in(platform)
    platform.identity.script(ALICE, 53003, times=1)
    answer = assert_refused(platform.refresh(body["refresh_token"]), "invalid_grant", 53003)
    assert answer["suberror"] == "message_only"
    assert platform.refresh(body["refresh_token"]).ok
    platform.identity.script(ALICE, 90055, times=1)
    busy = platform.refresh(body["refresh_token"])
    assert (busy.status_code, busy.headers["Retry-After"]) == (429, "10")


# The app itself


def test_the_app_gets_a_token_of_its_own_after_an_approval(platform: Platform) -> None:
    def ask() -> requests.Response:
        return platform.token(CONTOSO_ID, grant_type="client_credentials", scope=GRAPH_DEFAULT)

    assert_refused(ask(), "unauthorized_client", 7000229)
    platform.identity.set_consent(CONTOSO_ID, "grant")
    body = ask().json()
    assert set(body) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    access = platform.identity.authenticate(f"Bearer {body['access_token']}")
    assert access.is_application
    assert access.tenant_id == CONTOSO_ID
    assert "Calendars.Read" in access.scopes


def test_a_users_consent_gives_the_app_itself_no_role(platform: Platform) -> None:
    signed_in(platform)
    body = platform.token(CONTOSO_ID, grant_type="client_credentials", scope=GRAPH_DEFAULT).json()
    assert not platform.identity.authenticate(f"Bearer {body['access_token']}").scopes


@pytest.mark.parametrize(
    "scope",
    ["https://graph.microsoft.com//.default", "http://127.0.0.1/.default", "http://127.0.0.1:8400/.default"],
)
def test_graph_is_known_by_its_other_spellings(platform: Platform, scope: str) -> None:
    platform.identity.set_consent(CONTOSO_ID, "grant")
    body = platform.token(CONTOSO_ID, grant_type="client_credentials", scope=scope).json()
    assert platform.identity.authenticate(f"Bearer {body['access_token']}").scopes


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers"])
def test_the_app_itself_needs_one_tenant(platform: Platform, tenant: str) -> None:
    answer = platform.token(tenant, grant_type="client_credentials", scope=GRAPH_DEFAULT)
    assert_refused(answer, "invalid_request", 9001023)


def test_the_app_itself_asks_for_default_alone(platform: Platform) -> None:
    platform.identity.set_consent(CONTOSO_ID, "grant")
    answer = platform.token(CONTOSO_ID, grant_type="client_credentials", scope="Calendars.Read")
    assert_refused(answer, "invalid_scope", 70011)


# What tokens are worth


def verified(platform: Platform, raw: str) -> tuple[Any, Any]:
    """Claims of an id_token checked against the key document, and the key that signed it."""
    kid = jwt.get_unverified_header(raw)["kid"]
    [jwk] = [key for key in platform.keys()["keys"] if key["kid"] == kid]
    return jwt.decode(raw, jwt.PyJWK(jwk).key, algorithms=["RS256"], audience=ALMANAC_ID), jwk


def test_an_id_token_verifies_against_the_key_document(platform: Platform) -> None:
    claims, jwk = verified(platform, signed_in(platform)["id_token"])
    alice = platform.identity.person(ALICE)
    assert jwk["issuer"] == f"{LOGIN}/{{tenantid}}/v2.0"
    assert claims["iss"] == f"{LOGIN}/{CONTOSO_ID}/v2.0"
    assert (claims["tid"], claims["oid"]) == (CONTOSO_ID, alice.oid)
    assert claims["ver"] == "2.0"
    assert claims["nonce"] == "the-nonce"
    assert claims["preferred_username"] == claims["email"] == ALICE
    assert claims["name"] == "Alice Moreau"
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["sub"] != alice.oid


def test_the_id_token_of_a_refresh_has_no_nonce(platform: Platform) -> None:
    body = platform.refresh(signed_in(platform)["refresh_token"], scope="openid profile User.Read").json()
    claims, _ = verified(platform, body["id_token"])
    assert "nonce" not in claims
    assert "email" not in claims


def test_personal_accounts_are_signed_for_by_their_own_key(platform: Platform) -> None:
    body = signed_in(platform, PAULA, "consumers")
    claims, jwk = verified(platform, body["id_token"])
    assert jwk["issuer"] == claims["iss"] == f"{LOGIN}/{PERSONAL_TENANT_ID}/v2.0"
    assert claims["oid"].startswith("00000000-0000-0000-")
    assert "." not in body["access_token"]
    access = platform.identity.authenticate(f"Bearer {body['access_token']}")
    assert access.person == platform.identity.person(PAULA)


def test_after_a_rotation_new_tokens_carry_the_new_key(platform: Platform) -> None:
    before = signed_in(platform)["id_token"]
    platform.identity.rotate_keys()
    after = signed_in(platform)["id_token"]
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    verified(platform, before)
    verified(platform, after)


def test_an_administrator_can_be_told_from_a_member(platform: Platform) -> None:
    def roles(address: str) -> Any:
        return verified(platform, signed_in(platform, address)["id_token"])[0]["wids"]

    assert roles("ines.admin@contoso.example") != roles(ALICE)


def test_an_access_token_tells_graph_who_calls(platform: Platform) -> None:
    access = platform.identity.authenticate("Bearer " + signed_in(platform)["access_token"])
    assert access.person == platform.identity.person(ALICE)
    assert access.app_id == ALMANAC_ID
    assert {"Calendars.ReadWrite", "User.Read"} <= access.scopes
    assert not access.is_application


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc"])
def test_no_token_is_an_empty_one(platform: Platform, header: str | None) -> None:
    with pytest.raises(InvalidToken, match="empty"):
        platform.identity.authenticate(header)


def test_a_forged_token_is_refused(platform: Platform) -> None:
    raw = signed_in(platform)["access_token"]
    claims = jwt.decode(raw, options={"verify_signature": False})
    forged = jwt.encode(claims, "k" * 32, algorithm="HS256")
    for value in (forged, raw[:-2], "garbage"):
        with pytest.raises(InvalidToken) as refused:
            platform.identity.authenticate(f"Bearer {value}")
        assert refused.value.challenge.startswith("Bearer ")


def test_an_access_token_ends_by_the_sandboxs_clock(platform: Platform) -> None:
    alice = platform.identity.person(ALICE)
    raw = platform.identity.issue_access_token(alice, lifetime=timedelta(minutes=5))
    platform.identity.authenticate(f"Bearer {raw}")
    platform.clock.advance(timedelta(minutes=5))
    with pytest.raises(InvalidToken, match="expired"):
        platform.identity.authenticate(f"Bearer {raw}")


def test_a_client_that_can_be_told_of_revocations_gets_long_tokens_and_a_challenge(
    platform: Platform,
) -> None:
    claims = '{"access_token":{"xms_cc":{"values":["CP1"]}}}'
    body = platform.redeem(a_code(platform), claims=claims).json()
    assert body["expires_in"] >= 20 * 3600
    assert body["refresh_in"] == body["expires_in"] // 2
    platform.identity.set_tokens(ALICE, "revoke")
    with pytest.raises(InvalidToken) as refused:
        platform.identity.authenticate(f"Bearer {body['access_token']}")
    assert 'error="insufficient_claims", claims="' in refused.value.challenge


def test_northwind_may_consent_for_itself(platform: Platform) -> None:
    body = signed_in(platform, "nora.lind@northwind.example", NORTHWIND_ID)
    assert body["access_token"]
