"""How much is too much: requests of a tenant, of a person, and for the same token over and over."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

# Generous: a test-suite that caches its tokens never comes near.
PER_TENANT = 20_000
PER_PERSON = 1_000
PER_TOKEN = 300


@dataclass
class Limits:
    """Requests within `window` seconds for a tenant and a person, and within `loop_window` for one token."""

    tenant: int = PER_TENANT
    person: int = PER_PERSON
    window: float = 60
    token: int = PER_TOKEN
    loop_window: float = 300


class Throttle:
    """Counts by the sandbox's clock. What is refused does not count."""

    def __init__(self) -> None:
        self.limits = Limits()
        self._seen: dict[str, deque[datetime]] = {}

    def busy_tenant(self, tenant_id: str, now: datetime) -> int | None:
        """Note a request; or say in how many seconds the next one is welcome."""
        return self._note(f"tenant {tenant_id}", self.limits.tenant, self.limits.window, now)

    def busy_person(self, oid: str, now: datetime) -> int | None:
        return self._note(f"person {oid}", self.limits.person, self.limits.window, now)

    def loops(self, token: str, now: datetime) -> bool:
        """Note that the same token was asked for; true once that has gone too far."""
        return self._note(f"token {token}", self.limits.token, self.limits.loop_window, now) is not None

    def _note(self, key: str, most: int, window: float, now: datetime) -> int | None:
        seen = self._seen.setdefault(key, deque())
        oldest = now - timedelta(seconds=window)
        while seen and seen[0] <= oldest:
            seen.popleft()
        if len(seen) >= most:
            # A limit of nothing at all never ends by waiting; the whole window is the honest advice.
            waited = (now - seen[0]).total_seconds() if seen else 0
            return max(1, math.ceil(window - waited))
        seen.append(now)
        return None
