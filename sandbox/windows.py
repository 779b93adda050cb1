"""Sliding windows: how often something happened lately, and how long to wait until it may happen again."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from sandbox.clock import Clock


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` times within `span`."""

    count: int
    span: timedelta


@dataclass
class Windows:
    """
    Counters, one for each pair of a limit's name and whatever it is counted for, by the sandbox's clock.

    `limits` may be changed at any time, and holds from the next `take` on.
    """

    clock: Clock
    limits: dict[str, Limit] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _taken: dict[tuple[str, Hashable], deque[datetime]] = field(default_factory=dict)

    def take(self, name: str, key: Hashable) -> timedelta | None:
        """
        Count one more, and say how long to wait if that was one too many; null if it fits.

        One that does not fit counts all the same: whoever asks again at once waits longer.
        """
        with self._lock:
            limit, now = self.limits[name], self.clock.now()
            taken = self._taken.get((name, key))
            if taken is None or taken.maxlen != limit.count + 1:
                # One more than allowed is all that needs to be remembered.
                taken = self._taken[name, key] = deque(taken or (), maxlen=limit.count + 1)
            taken.append(now)
            while taken[0] <= now - limit.span:
                taken.popleft()
            if len(taken) <= limit.count:
                return None
            # It fits again once the oldest but one of those remembered is out of the window.
            return taken[min(1, len(taken) - 1)] + limit.span - now
