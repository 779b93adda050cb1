"""The sandbox's identity platform on a port of this process, and an app that signs people in there."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import requests
from flask import Flask

from sandbox.clock import Clock
from sandbox.directory import ALMANAC_ID
from sandbox.identity import Identity
from tests.sandbox.http_side import served_at

LOGIN = "https://login.microsoftonline.com"
CALLBACK = "http://localhost:8000/connections/callback/"
SECRET = "sandbox-secret-of-almanac"
SCOPE = "offline_access openid profile email User.Read Calendars.ReadWrite"
VERIFIER = "a-verifier-of-forty-three-characters-or-more-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Platform:
    """A running sandbox, seen from outside by `url`, and from inside for its switches."""

    def __init__(self, app: Flask, url: str) -> None:
        self.app = app
        self.url = url

    @property
    def identity(self) -> Identity:
        found: Identity = self.app.extensions["sandbox"].identity
        return found

    @property
    def clock(self) -> Clock:
        return self.identity.clock

    def authorize_url(self, tenant: str = "organizations", **changes: str | None) -> str:
        """An authorize request of Almanac; a parameter given as None is left out."""
        parameters: dict[str, str | None] = {
            "client_id": ALMANAC_ID,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": "a state & more",
            "nonce": "the-nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        return f"{self.url}/{tenant}/oauth2/v2.0/authorize?{urlencode(given)}"

    def token(
        self, tenant: str = "organizations", *, headers: dict[str, str] | None = None, **form: str | None
    ) -> requests.Response:
        """A token request of Almanac; a field given as None is left out."""
        fields = {"client_id": ALMANAC_ID, "client_secret": SECRET, **form}
        return requests.post(f"{self.url}/{tenant}/oauth2/v2.0/token", data=fields, headers=headers, timeout=10)

    def redeem(self, code: str, tenant: str = "organizations", **changes: str | None) -> requests.Response:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.token(tenant, **form)

    def refresh(self, token: str, tenant: str = "organizations", **changes: str | None) -> requests.Response:
        return self.token(tenant, grant_type="refresh_token", refresh_token=token, **changes)

    def door(self, name: str, /, **body: Any) -> Any:
        """What a control door answers to a request that makes sense."""
        answer = requests.post(f"{self.url}/_sandbox/{name}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def refused_at(self, name: str, /, **body: Any) -> str:
        """The sentence with which a control door refuses."""
        answer = requests.post(f"{self.url}/_sandbox/{name}", json=body, timeout=10)
        assert answer.status_code == 400, answer.text
        sentence: str = answer.json()["error"]
        return sentence

    def look(self, name: str) -> Any:
        answer = requests.get(f"{self.url}/_sandbox/{name}", timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def metadata(self, tenant: str = "organizations") -> Any:
        address = f"{self.url}/{tenant}/v2.0/.well-known/openid-configuration"
        return requests.get(address, timeout=10).json()

    def keys(self) -> Any:
        return requests.get(f"{self.url}/common/discovery/v2.0/keys", timeout=10).json()


@contextmanager
def serving(app: Flask) -> Iterator[Platform]:
    with served_at(app) as url:
        yield Platform(app, url)
