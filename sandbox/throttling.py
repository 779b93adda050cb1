"""
How much an app may ask: Microsoft's limits, counted by the sandbox's clock.

What is refused counts too, so whoever repeats at once stays out for longer.
"""

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from werkzeug.http import http_date

from sandbox.clock import Clock
from sandbox.refusals import Refusal, too_many_requests
from sandbox.windows import Limit, Windows

CONCURRENT = 4
REQUESTS = 10_000
UPLOAD_BYTES = 150 * 1024 * 1024
TOTAL = 130_000
EXTENSIONS = 455
REQUESTS_SPAN = timedelta(minutes=10)
UPLOAD_SPAN = timedelta(minutes=5)
TOTAL_SPAN = timedelta(seconds=10)
EXTENSIONS_SPAN = timedelta(seconds=10)
# How long somebody is asked to wait who had too much under way. Microsoft does not say how it finds this; a sample
# of its documentation shows ten seconds.
PAUSE = 10


class Limits(BaseModel):
    """
    What is allowed: Microsoft's limits, unless they are lowered. `reads` and `writes` are further
    budgets of a mailbox, so that writes can be refused while reads pass.
    """

    model_config = ConfigDict(extra="forbid")

    on: bool = True
    # At once, for one app and mailbox.
    concurrent: int = Field(default=CONCURRENT, ge=0, le=CONCURRENT)
    # In ten minutes, for one app and mailbox.
    requests: int = Field(default=REQUESTS, ge=0, le=REQUESTS)
    reads: int | None = Field(default=None, ge=0, le=REQUESTS)
    writes: int | None = Field(default=None, ge=0, le=REQUESTS)
    # In five minutes, for one app and mailbox.
    upload_bytes: int = Field(default=UPLOAD_BYTES, ge=0, le=UPLOAD_BYTES)
    # In ten seconds, for one app over all tenants.
    total: int = Field(default=TOTAL, ge=0, le=TOTAL)
    # In ten seconds, for one app and tenant.
    extensions: int = Field(default=EXTENSIONS, ge=0, le=EXTENSIONS)
    # How Retry-After is written.
    retry_after: Literal["seconds", "fraction", "date", "missing"] = "seconds"
    # Seconds to wait, for those who had too much under way at once.
    pause: int = Field(default=PAUSE, ge=1, le=600)

    def windows(self) -> dict[str, Limit]:
        """Those that are counted by requests."""
        counts = {
            "requests": (self.requests, REQUESTS_SPAN),
            "reads": (self.reads, REQUESTS_SPAN),
            "writes": (self.writes, REQUESTS_SPAN),
            "total": (self.total, TOTAL_SPAN),
            "extensions": (self.extensions, EXTENSIONS_SPAN),
        }
        return {name: Limit(count, span) for name, (count, span) in counts.items() if count is not None}


@dataclass(frozen=True, slots=True)
class Demand:
    """One request as the limits see it. `mailbox` is null for what belongs to none."""

    app_id: str
    tenant_id: str
    mailbox: str | None = None
    writes: bool = False
    uploaded: int = 0
    extension: bool = False


class Throttle:
    """Counts what arrives and what is under way, under short locks of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._under_way: Counter[tuple[str, str]] = Counter()
        self.limits = Limits()
        self.restrict(self.limits)

    def restrict(self, limits: Limits) -> None:
        """Other limits from now on. What was asked before counts no more; what is under way does."""
        self.limits = limits
        self._windows = Windows(self._clock, limits.windows())
        self._uploads: dict[tuple[str, str], _Uploads] = {}

    def enter(self, demand: Demand) -> Callable[[], None]:
        """
        Count a request that has arrived. Call what is returned once its answer is ready.

        Raises:
            Refusal: it is one too many. It is not under way then.
        """
        limits = self.limits
        if not limits.on:
            return _nothing
        wait = max(self._waits(demand, limits), default=timedelta(0))
        key = (demand.app_id, demand.mailbox) if demand.mailbox is not None else None
        if wait:
            raise too_many_requests(self._retry_after(wait.total_seconds()))
        if key is None:
            return _nothing
        with self._lock:
            crowded = self._under_way[key] >= limits.concurrent
            if not crowded:
                self._under_way[key] += 1
        if crowded:
            message = "Application is over its MailboxConcurrency limit."
            raise Refusal(429, "ApplicationThrottled", message, headers=self._retry_after(limits.pause))
        return lambda: self._leave(key)

    def _waits(self, demand: Demand, limits: Limits) -> list[timedelta]:
        """Count the request wherever it belongs; for how long each counter takes no more that is over its limit."""
        take, app = self._windows.take, demand.app_id
        waits = [take("total", app)]
        if demand.extension:
            waits.append(take("extensions", (app, demand.tenant_id)))
        if demand.mailbox is not None:
            key = (app, demand.mailbox)
            waits.append(take("requests", key))
            kind = "writes" if demand.writes else "reads"
            if kind in self._windows.limits:
                waits.append(take(kind, key))
            if demand.uploaded:
                with self._lock:
                    uploads = self._uploads.setdefault(key, _Uploads(self._clock))
                    waits.append(uploads.take(demand.uploaded, limits.upload_bytes))
        return [wait for wait in waits if wait is not None]

    def _leave(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]

    def _retry_after(self, seconds: float) -> dict[str, str]:
        match self.limits.retry_after:
            case "seconds":
                return {"Retry-After": str(math.ceil(seconds))}
            case "fraction":
                return {"Retry-After": f"{seconds:.3f}"}
            case "date":
                return {"Retry-After": http_date(self._clock.now() + timedelta(seconds=math.ceil(seconds)))}
            case "missing":
                return {}


class _Uploads:
    """What was sent to one mailbox lately: each size with its time, and their sum."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sizes: deque[tuple[timedelta, int]] = deque()
        self._sum = 0
        self._began = clock.now()

    def take(self, size: int, limit: int) -> timedelta | None:
        """Count an upload, and say how long to wait if it is over the limit; null if it fits."""
        now = self._clock.now() - self._began
        sizes = self._sizes
        while sizes and sizes[0][0] <= now - UPLOAD_SPAN:
            self._sum -= sizes.popleft()[1]
        sizes.append((now, size))
        self._sum += size
        if self._sum <= limit:
            return None
        # The same again fits once enough of what came before has left the window.
        left = self._sum
        for at, past in sizes:
            left -= past
            if left + size <= limit:
                return at + UPLOAD_SPAN - now
        return UPLOAD_SPAN


def _nothing() -> None:
    """What holds no place leaves none."""
