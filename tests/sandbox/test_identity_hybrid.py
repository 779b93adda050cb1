"""Hybrid sign-in: an id_token comes to the redirect URI together with the code, or alone."""

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from sandbox.identity.registrations import HYBRID_ID
from tests.sandbox.browser import Browser, Page
from tests.sandbox.identity_platform import Platform

ALICE = "alice.moreau@contoso.example"
URI = "http://localhost/hybrid"


def hybrid_url(platform: Platform, **changes: str | None) -> str:
    wanted: dict[str, str | None] = {
        "client_id": HYBRID_ID,
        "redirect_uri": URI,
        "response_type": "code id_token",
        "scope": "openid profile email User.Read",
        **changes,
    }
    return platform.authorize_url(**wanted)


def signed_in(platform: Platform, **changes: str | None) -> Page:
    return Browser().sign_in(hybrid_url(platform, **changes), ALICE)


def verified(platform: Platform, raw: str) -> Any:
    kid = jwt.get_unverified_header(raw)["kid"]
    [jwk] = [key for key in platform.keys()["keys"] if key["kid"] == kid]
    return jwt.decode(raw, jwt.PyJWK(jwk).key, algorithms=["RS256"], audience=HYBRID_ID)


def test_code_and_id_token_come_in_the_fragment_and_belong_together(platform: Platform) -> None:
    page = signed_in(platform)
    assert page.location is not None
    assert urlsplit(page.location).fragment
    assert not urlsplit(page.location).query
    assert set(page.answer) == {"code", "id_token", "state", "session_state"}
    claims = verified(platform, page.answer["id_token"])
    half = hashlib.sha256(page.answer["code"].encode()).digest()[:16]
    assert claims["c_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert claims["nonce"] == "the-nonce"
    mine = {"client_id": HYBRID_ID, "client_secret": "sandbox-secret-of-hybrid", "redirect_uri": URI}
    later = platform.redeem(page.answer["code"], **mine).json()
    assert verified(platform, later["id_token"])["sub"] == claims["sub"]
    assert "c_hash" not in verified(platform, later["id_token"])


def test_they_can_be_posted(platform: Platform) -> None:
    page = signed_in(platform, response_mode="form_post")
    [form] = page.forms
    assert form.action == URI
    assert {"code", "id_token"} <= set(form.fields)


def test_an_id_token_alone_has_no_hash_of_a_code(platform: Platform) -> None:
    page = signed_in(platform, response_type="id_token", code_challenge=None, code_challenge_method=None)
    assert "code" not in page.answer
    assert "c_hash" not in verified(platform, page.answer["id_token"])


@pytest.mark.parametrize(
    ("changes", "error", "number"),
    [
        ({"nonce": None}, "invalid_request", 900144),
        ({"response_mode": "query"}, "invalid_request", 70007),
        ({"scope": "User.Read"}, "invalid_scope", 70011),
        ({"response_type": "code token"}, "unsupported_response_type", 70005),
        ({"response_type": "smoke"}, "unsupported_response_type", 70005),
    ],
)
def test_what_does_not_go_with_an_id_token_is_told_to_the_app(
    platform: Platform, browser: Browser, changes: dict[str, str | None], error: str, number: int
) -> None:
    page = browser.get(hybrid_url(platform, **changes))
    assert page.location is not None
    assert page.location.startswith(URI)
    assert page.answer["error"] == error
    assert page.answer["error_description"].startswith(f"AADSTS{number}: ")
    assert bool(urlsplit(page.location).fragment) == ("token" in str(changes.get("response_type", "id_token")))


def test_the_time_of_the_sign_in_comes_when_the_claims_ask_for_it(platform: Platform) -> None:
    claims = '{"id_token":{"auth_time":{"essential":true}}}'
    token = verified(platform, signed_in(platform, claims=claims).answer["id_token"])
    assert token["auth_time"] <= token["iat"]
    assert "auth_time" not in verified(platform, signed_in(platform).answer["id_token"])
