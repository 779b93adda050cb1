"""Client assertions: certificates in place of secrets, in the forms that libraries send."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from sandbox.certificates import self_signed
from sandbox.directory import ALMANAC_ID, CONTOSO_ID
from sandbox.identity.registrations import DAEMON_ID
from tests.sandbox.browser import Browser
from tests.sandbox.identity_platform import LOGIN, Platform

ALICE = "alice.moreau@contoso.example"
DEFAULT = "https://graph.microsoft.com/.default"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def key_pair(days: int = 30) -> tuple[str, str]:
    """A private key and a certificate that ends after so many days, both in PEM."""
    private, certificate = self_signed(
        "a test", begins=datetime.now(UTC) - timedelta(days=1), lasts=timedelta(days=days + 1)
    )
    pem = serialization.Encoding.PEM
    return (
        private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
        certificate.public_bytes(pem).decode(),
    )


def der_of(certificate: str) -> bytes:
    return x509.load_pem_x509_certificate(certificate.encode()).public_bytes(serialization.Encoding.DER)


def thumbprint(certificate: str, *, sha1: bool = False, padded: bool = False) -> str:
    digest = hashlib.sha1 if sha1 else hashlib.sha256
    text = base64.urlsafe_b64encode(digest(der_of(certificate)).digest()).decode()
    return text if padded else text.rstrip("=")


class Daemon:
    """The fixed app that has a certificate and no secret, at one tenant's token endpoint."""

    def __init__(self, platform: Platform, tenant: str = CONTOSO_ID) -> None:
        self.platform, self.tenant = platform, tenant
        shown = platform.look(f"apps/{DAEMON_ID}")
        self.key, self.certificate = shown["private_key"], shown["certificate"]
        platform.identity.set_consent(CONTOSO_ID, "grant", client_id=DAEMON_ID)

    def assertion(
        self,
        *,
        alg: str = "PS256",
        header: dict[str, Any] | None = None,
        key: str | None = None,
        **changes: Any,
    ) -> str:
        """A good assertion but for what is changed; a claim given as None is left out."""
        now = self.platform.clock.now().timestamp()
        claims: dict[str, Any] = {
            "aud": f"{LOGIN}/{self.tenant}/oauth2/v2.0/token",
            "iss": DAEMON_ID,
            "sub": DAEMON_ID,
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + 600,
            **changes,
        }
        given = {name: value for name, value in claims.items() if value is not None}
        named = {"x5t#S256": thumbprint(self.certificate)} if header is None else header
        return jwt.encode(given, key or self.key, algorithm=alg, headers=named)

    def ask(self, assertion: str | None, **form: str | None) -> requests.Response:
        fields: dict[str, str | None] = {
            "client_id": DAEMON_ID,
            "client_secret": None,
            "grant_type": "client_credentials",
            "scope": DEFAULT,
            "client_assertion_type": TYPE,
            "client_assertion": assertion,
            **form,
        }
        return self.platform.token(self.tenant, **fields)


@pytest.fixture
def daemon(platform: Platform) -> Daemon:
    return Daemon(platform)


def assert_refused(answer: requests.Response, number: int, status: int = 401, error: str = "invalid_client") -> None:
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])


def test_an_app_proves_itself_by_its_certificate(daemon: Daemon) -> None:
    answer = daemon.ask(daemon.assertion())
    assert answer.ok, answer.text
    access = daemon.platform.identity.authenticate(f"Bearer {answer.json()['access_token']}")
    assert (access.app_id, access.is_application) == (DAEMON_ID, True)


@pytest.mark.parametrize(
    ("alg", "name", "sha1", "padded"),
    [
        ("PS256", "x5t#S256", False, True),
        ("RS256", "x5t", True, False),
        ("RS256", "x5t", True, True),
        ("RS256", "x5t#S256", False, False),
    ],
)
def test_thumbprints_are_read_in_every_form(daemon: Daemon, alg: str, name: str, sha1: bool, padded: bool) -> None:
    header = {name: thumbprint(daemon.certificate, sha1=sha1, padded=padded)}
    assert daemon.ask(daemon.assertion(alg=alg, header=header)).ok


def test_the_address_of_the_tenant_may_be_spelled_by_its_domain(daemon: Daemon) -> None:
    assert daemon.ask(daemon.assertion(aud=f"{LOGIN}/contoso.example/oauth2/v2.0/token")).ok


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": f"{LOGIN}/fabrikam.example/oauth2/v2.0/token"},
        {"aud": [f"{LOGIN}/{CONTOSO_ID}/oauth2/v2.0/token"]},
        {"aud": None},
        {"iss": ALMANAC_ID},
        {"sub": ALMANAC_ID},
        {"jti": None},
        {"exp": None},
    ],
)
def test_an_assertion_that_says_something_wrong_is_refused(daemon: Daemon, changes: dict[str, Any]) -> None:
    assert_refused(daemon.ask(daemon.assertion(**changes)), 50012)


@pytest.mark.parametrize(("name", "offset"), [("exp", -301), ("exp", 901), ("nbf", 301)])
def test_the_moments_of_an_assertion_are_checked_by_the_sandboxs_clock(daemon: Daemon, name: str, offset: int) -> None:
    daemon.platform.clock.advance(timedelta(days=3))
    now = daemon.platform.clock.now().timestamp()
    assert daemon.ask(daemon.assertion()).ok
    # A little beside is forgiven: clocks differ.
    nearly = offset + (60 if offset < 0 else -60)
    assert daemon.ask(daemon.assertion(**{name: now + nearly})).ok
    assert_refused(daemon.ask(daemon.assertion(**{name: now + offset + (-10 if offset < 0 else 10)})), 50012)


def test_an_assertion_works_once(daemon: Daemon) -> None:
    assertion = daemon.assertion()
    assert daemon.ask(assertion).ok
    assert_refused(daemon.ask(assertion), 50012)


def test_a_signature_by_another_key_is_refused(daemon: Daemon) -> None:
    private, certificate = key_pair()
    assert_refused(daemon.ask(daemon.assertion(key=private)), 700027)
    header = {"x5t#S256": thumbprint(certificate)}
    assert_refused(daemon.ask(daemon.assertion(key=private, header=header)), 700027)
    assert_refused(daemon.ask(daemon.assertion(header={})), 700027)


def test_what_is_no_signed_token_is_refused(daemon: Daemon) -> None:
    assert_refused(daemon.ask("nonsense"), 50012)
    unsigned = jwt.encode({"iss": DAEMON_ID}, "", algorithm="none")
    assert_refused(daemon.ask(unsigned), 50012)
    assert_refused(daemon.ask(daemon.assertion(alg="HS256", key="k" * 32)), 50012)


def test_without_proof_and_with_half_a_proof(daemon: Daemon) -> None:
    assert_refused(daemon.ask(None, client_assertion_type=None), 7000218)
    assert_refused(daemon.ask(daemon.assertion(), client_assertion_type=None), 900144, 400, "invalid_request")
    wrong = daemon.ask(daemon.assertion(), client_assertion_type="urn:of:something-else")
    assert_refused(wrong, 90023, 400, "invalid_request")


def test_an_expired_certificate_is_refused(daemon: Daemon) -> None:
    private, certificate = key_pair(days=2)
    daemon.platform.door("apps", client_id=DAEMON_ID, certificates=[certificate])
    header = {"x5t#S256": thumbprint(certificate)}
    assert daemon.ask(daemon.assertion(key=private, header=header)).ok
    daemon.platform.clock.advance(timedelta(days=3))
    assert_refused(daemon.ask(daemon.assertion(key=private, header=header)), 700027)


def test_an_own_certificate_is_registered_as_base64_too(daemon: Daemon) -> None:
    private, certificate = key_pair()
    der = base64.b64encode(der_of(certificate)).decode()
    daemon.platform.door("apps", client_id=DAEMON_ID, certificates=[der])
    assert daemon.ask(daemon.assertion(key=private, header={"x5t#S256": thumbprint(certificate)})).ok


def test_codes_and_refresh_tokens_are_redeemed_with_an_assertion_too(daemon: Daemon) -> None:
    daemon.tenant = "organizations"
    uri = "http://localhost/clerk/"
    url = daemon.platform.authorize_url(client_id=DAEMON_ID, redirect_uri=uri, scope="offline_access User.Read")
    code = Browser().sign_in(url, ALICE).answer["code"]
    mine = {"grant_type": "authorization_code", "code": code, "redirect_uri": uri, "scope": None}
    verifier = "a-verifier-of-forty-three-characters-or-more-0123456789"
    body = daemon.ask(daemon.assertion(), **mine, code_verifier=verifier).json()
    again = daemon.ask(
        daemon.assertion(), grant_type="refresh_token", refresh_token=body["refresh_token"], scope="User.Read"
    )
    assert again.ok, again.text
