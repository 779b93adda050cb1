"""
Microsoft's own identity library against the sandbox: people, refreshing, the app itself by secret and certificate.

Where it had to be helped: it refuses http, so it is given an `http_client` that sends Microsoft's host to the sandbox,
and told not to look other hosts up (`instance_discovery=False`). The authority stays Microsoft's.
"""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import jwt
import msal
import pytest
import requests

from sandbox.directory import ALMANAC_ID, CONTOSO_ID
from sandbox.identity.registrations import DAEMON_ID, daemon_key
from tests.contract.stand_in import Microsoft
from tests.sandbox.browser import Browser
from tests.sandbox.graph_side import ALICE
from tests.sandbox.identity_platform import CALLBACK, LOGIN, SECRET

SCOPES = ["Calendars.ReadWrite", "User.Read"]
DEFAULT = ["https://graph.microsoft.com/.default"]


def application(
    microsoft: Microsoft,
    tenant: str = "organizations",
    *,
    credential: Any = SECRET,
    client_id: str = ALMANAC_ID,
    cache: msal.TokenCache | None = None,
) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        client_id,
        client_credential=credential,
        authority=f"{LOGIN}/{tenant}",
        instance_discovery=False,
        azure_region=False,
        http_client=microsoft.http_client(),
        http_cache={},
        token_cache=cache,
    )


class Session:
    """One sign-in through MSAL and the cache that came of it."""

    def __init__(self, microsoft: Microsoft, address: str = ALICE, tenant: str = "organizations") -> None:
        self.microsoft = microsoft
        self.tenant = tenant
        self.cache = msal.SerializableTokenCache()
        app = application(microsoft, tenant, cache=self.cache)
        self.flow = app.initiate_auth_code_flow(
            SCOPES, redirect_uri=CALLBACK, response_mode="form_post", login_hint=address
        )
        assert self.flow["auth_uri"].startswith(f"{microsoft.url}/")
        answer = Browser().sign_in(self.flow["auth_uri"], address).answer
        self.result = app.acquire_token_by_auth_code_flow(self.flow, answer)

    def silently(self, tenant: str | None = None, **options: Any) -> dict[str, Any]:
        app = application(self.microsoft, tenant or self.tenant, cache=self.cache)
        [account] = app.get_accounts()
        result: dict[str, Any] = app.acquire_token_silent_with_error(SCOPES, account, **options)
        return result


def asks_graph(microsoft: Microsoft, result: dict[str, Any], path: str = "me/events") -> int:
    """What Graph says to the token."""
    url = f"https://graph.microsoft.com/v1.0/{path}"
    headers = {"Authorization": f"Bearer {result['access_token']}"}
    status: int = microsoft.session().get(url, headers=headers, timeout=10).status_code
    return status


def test_a_person_signs_in_and_the_token_opens_their_calendar(microsoft: Microsoft) -> None:
    session = Session(microsoft)
    alice = microsoft.sandbox.identity.person(ALICE)
    assert "error" not in session.result
    assert session.result["id_token_claims"]["oid"] == alice.oid
    [account] = application(microsoft, cache=session.cache).get_accounts()
    assert account["home_account_id"] == f"{alice.oid}.{CONTOSO_ID}"
    assert asks_graph(microsoft, session.result) == 200


def test_the_id_token_is_signed_by_a_published_key_and_holds_the_nonce(microsoft: Microsoft) -> None:
    session = Session(microsoft)
    raw = session.result["id_token"]
    kid = jwt.get_unverified_header(raw)["kid"]
    published = requests.get(f"{microsoft.url}/common/discovery/v2.0/keys", timeout=10).json()["keys"]
    [key] = [each for each in published if each["kid"] == kid]
    claims = jwt.decode(raw, jwt.PyJWK(key).key, algorithms=["RS256"], audience=ALMANAC_ID)
    assert claims["nonce"] == hashlib.sha256(session.flow["nonce"].encode()).hexdigest()


def test_it_finds_the_token_in_its_cache_and_refreshes_it_in_any_tenant_segment(microsoft: Microsoft) -> None:
    session = Session(microsoft)
    assert session.silently()["token_source"] == "cache"
    assert session.silently(CONTOSO_ID)["token_source"] == "identity_provider"
    assert session.silently(CONTOSO_ID)["token_source"] == "cache"
    assert asks_graph(microsoft, session.silently(force_refresh=True)) == 200


def test_it_answers_a_challenge_for_other_claims(microsoft: Microsoft) -> None:
    session = Session(microsoft)
    microsoft.sandbox.identity.set_tokens(ALICE, "challenge")
    assert asks_graph(microsoft, session.silently()) == 401
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}'
    assert asks_graph(microsoft, session.silently(claims_challenge=claims)) == 200


def test_it_hears_of_withdrawn_consent(microsoft: Microsoft) -> None:
    session = Session(microsoft)
    microsoft.sandbox.identity.set_consent("contoso.example", "withdraw")
    result = session.silently(force_refresh=True)
    assert (result["error"], result["suberror"]) == ("invalid_grant", "consent_required")
    assert (result["error_codes"], result["classification"]) == ([65001], "consent_required")


def test_it_hears_of_an_idle_grant_and_of_a_wrong_secret(microsoft: Microsoft) -> None:
    session = Session(microsoft)
    app = application(microsoft, credential="wrong", cache=session.cache)
    [account] = app.get_accounts()
    wrong = app.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert wrong["error"] == "invalid_client"
    microsoft.sandbox.clock.advance(timedelta(days=91))
    assert session.silently(force_refresh=True)["error_codes"] == [700082]


def test_it_hears_that_the_person_declined(microsoft: Microsoft) -> None:
    microsoft.sandbox.identity.set_consent("contoso.example", "withdraw")
    app = application(microsoft)
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK, response_mode="form_post")
    browser = Browser()
    page = browser.choose(browser.get(flow["auth_uri"]), ALICE)
    result = app.acquire_token_by_auth_code_flow(flow, browser.press(page, "cancel").answer)
    assert result["error"] == "access_denied"


def test_a_personal_account_signs_in(microsoft: Microsoft) -> None:
    session = Session(microsoft, "paula.reyes@outlook.example", "common")
    assert session.result["id_token_claims"]["tid"] == "9188040d-6c67-4c5b-b112-36a304b66dad"
    assert asks_graph(microsoft, session.silently("consumers", force_refresh=True)) == 200


def test_the_app_itself_gets_a_token_with_its_secret(microsoft: Microsoft) -> None:
    result = application(microsoft, CONTOSO_ID).acquire_token_for_client(DEFAULT)
    assert asks_graph(microsoft, result, f"users/{ALICE}/events") == 200
    assert asks_graph(microsoft, result) == 400


def test_the_app_itself_gets_a_token_with_either_kind_of_certificate_assertion(microsoft: Microsoft) -> None:
    microsoft.sandbox.identity.set_consent(CONTOSO_ID, "grant", client_id=DAEMON_ID)
    pair = daemon_key()
    sha1 = hashlib.sha1(_der(pair.certificate_pem), usedforsecurity=False).hexdigest()
    for credential in (
        {"private_key": pair.private_pem, "public_certificate": pair.certificate_pem},
        {"private_key": pair.private_pem, "thumbprint": sha1},
    ):
        app = application(microsoft, CONTOSO_ID, credential=credential, client_id=DAEMON_ID)
        result = app.acquire_token_for_client(DEFAULT)
        assert "error" not in result, result
        assert asks_graph(microsoft, result, f"users/{ALICE}/calendarView?{_WINDOW}") == 200


def test_an_assertion_with_a_strangers_key_is_refused(microsoft: Microsoft) -> None:
    microsoft.sandbox.identity.set_consent(CONTOSO_ID, "grant", client_id=DAEMON_ID)
    pair = daemon_key()
    credential = {"private_key": pair.private_pem, "thumbprint": "0" * 40}
    result = application(microsoft, CONTOSO_ID, credential=credential, client_id=DAEMON_ID).acquire_token_for_client(
        DEFAULT
    )
    assert (result["error"], result["error_codes"]) == ("invalid_client", [700027])


def test_a_tenant_that_does_not_exist_is_refused_when_it_is_looked_up(microsoft: Microsoft) -> None:
    with pytest.raises(ValueError, match="authority"):
        application(microsoft, "nowhere.example").initiate_auth_code_flow(SCOPES, redirect_uri=CALLBACK)


_WINDOW = "startDateTime=2027-03-01T00:00:00Z&endDateTime=2027-04-01T00:00:00Z"


def _der(certificate_pem: str) -> bytes:
    return base64.b64decode("".join(certificate_pem.strip().splitlines()[1:-1]))
