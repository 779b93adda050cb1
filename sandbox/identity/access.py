"""What Graph learns from a bearer token, or why it learns nothing."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

from sandbox.directory import Person
from sandbox.tokens import LOGIN


@dataclass(frozen=True)
class Access:
    """
    Who calls, and what they may do.

    `scopes` holds short names ("Calendars.Read"): delegated permissions of the person, or, where
    `person` is None, the application's roles in `tenant_id`.
    """

    person: Person | None
    app_id: str
    scopes: frozenset[str]
    expires_at: datetime
    tenant_id: str

    @property
    def is_application(self) -> bool:
        return self.person is None


class InvalidToken(Exception):
    """Graph answers 401 with `reason` as its sentence and `challenge` as `WWW-Authenticate`."""

    def __init__(self, reason: str, *, claims: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.claims = claims

    @property
    def challenge(self) -> str:
        parts = [
            'Bearer realm=""',
            f'authorization_uri="{LOGIN}/common/oauth2/authorize"',
            'client_id="00000003-0000-0000-c000-000000000000"',
        ]
        if self.claims is not None:
            encoded = base64.b64encode(self.claims.encode()).decode()
            parts += ['error="insufficient_claims"', f'claims="{encoded}"']
        return ", ".join(parts)
