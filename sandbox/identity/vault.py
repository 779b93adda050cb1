"""What has been handed out: codes, refresh tokens and access tokens, and what became of them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.directory import Person
from sandbox.identity.permissions import ScopeRequest
from sandbox.registration import App

CODE_LIFETIME = timedelta(minutes=10)
REFRESH_LIFETIME = timedelta(days=90)
_GRANT = re.compile(r"[01]\.A[A-Za-z0-9_-]{100,}")


@dataclass
class Code:
    """An authorization code: what was asked for at the authorize endpoint, and by whom it was allowed."""

    value: str
    app: App
    person: Person
    segment: str
    redirect_uri: str
    scope: ScopeRequest
    issued_at: datetime
    nonce: str | None
    challenge: str | None
    challenge_method: str
    auth_time: datetime | None
    session_id: str
    capabilities: frozenset[str]
    second_factor: bool = False
    used: bool = False

    def is_expired(self, now: datetime) -> bool:
        return now >= self.issued_at + CODE_LIFETIME


@dataclass
class RefreshToken:
    """Bound to person and app only, not to a tenant; `scope` is what the sign-in asked for."""

    value: str
    app: App
    person: Person
    scope: ScopeRequest
    issued_at: datetime
    capabilities: frozenset[str] = frozenset()
    second_factor: bool = False
    revoked: bool = False
    expired: bool = False
    used: bool = False

    def is_expired(self, now: datetime) -> bool:
        return self.expired or now >= self.issued_at + REFRESH_LIFETIME


@dataclass
class AccessToken:
    value: str
    app: App
    person: Person | None
    tenant_id: str
    resource: str
    scopes: frozenset[str]
    expires_at: datetime
    capabilities: frozenset[str] = frozenset()
    revoked: bool = False


@dataclass
class Vault:
    """Everything handed out since the last reset."""

    codes: dict[str, Code] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)

    def keep_code(self, code: Code) -> None:
        self.codes[code.value] = code

    def keep_refresh(self, token: RefreshToken) -> None:
        self.refresh_tokens[token.value] = token

    def keep_access(self, token: AccessToken) -> None:
        self.access_tokens[token.value] = token

    def forget_dead_access_tokens(self, before: datetime) -> None:
        dead = [value for value, token in self.access_tokens.items() if token.expires_at < before]
        for value in dead:
            del self.access_tokens[value]

    def last_end(self, app_id: str, person: Person | None, tenant_id: str, resource: str) -> datetime | None:
        """When the last unrevoked token ends that an app has for a person, or (null) for itself in a tenant."""
        ends = (
            token.expires_at
            for token in self.access_tokens.values()
            if not token.revoked and token.app.client_id == app_id and token.resource == resource
            if token.person == person and token.tenant_id == tenant_id
        )
        return max(ends, default=None)

    def expire_access(self, person: Person, now: datetime) -> None:
        for token in self._access_of(person):
            token.expires_at = min(token.expires_at, now)

    def expire_refresh(self, person: Person) -> None:
        for token in self._refresh_of(person):
            token.expired = True

    def revoke(self, person: Person) -> None:
        """End every session of a person: refresh tokens die, and access tokens with them."""
        for refresh in self._refresh_of(person):
            refresh.revoked = True
        self.challenge(person)

    def challenge(self, person: Person) -> None:
        """Access tokens are good for nothing more; whoever has a refresh token gets another."""
        for access in self._access_of(person):
            access.revoked = True

    # What a person got as a guest elsewhere ends with what they got at home.

    def _access_of(self, person: Person) -> Iterator[AccessToken]:
        tokens = self.access_tokens.values()
        return (token for token in tokens if token.person and token.person.home_oid == person.home_oid)

    def _refresh_of(self, person: Person) -> Iterator[RefreshToken]:
        return (token for token in self.refresh_tokens.values() if token.person.home_oid == person.home_oid)


def new_grant() -> str:
    """A code or refresh token: opaque, and about as long as a real one."""
    return "1.A" + secrets.token_urlsafe(600)


def looks_like_grant(value: str) -> bool:
    return _GRANT.fullmatch(value) is not None
