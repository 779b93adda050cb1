"""Sends notifications: at once, together if several wait for one address, again if they are not taken."""

import heapq
import itertools
import logging
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Condition, Thread
from typing import Any

import orjson
import requests

from sandbox.clock import Clock

FIRST_TIMEOUT = 3
RETRY_TIMEOUT = 10
RETRIED_FOR = timedelta(hours=4)
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)
MOST_ITEMS = 100
SENDERS = 8
# How long a look at the sandbox's clock may be put off; the clock can also wake the sender.
NAP = 0.5

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Parcel:
    """Items for one address. `still_wanted` is asked before every attempt; `lost` is told once all have failed."""

    url: str
    items: list[dict[str, Any]]
    first_tried: datetime
    still_wanted: Callable[[dict[str, Any]], bool]
    lost: Callable[[list[dict[str, Any]]], None]
    attempts: int = 0


@dataclass(order=True)
class _Due:
    at: datetime
    order: int
    parcel: Parcel = field(compare=False)


class Sender:
    """
    A queue by address and threads that empty it. One POST at a time goes to an address, so what
    waits meanwhile travels together in the next; parcels that come back wait by themselves.
    """

    def __init__(self, clock: Clock, session: requests.Session) -> None:
        self._clock = clock
        self._session = session
        self._ready = Condition()
        self._due: list[_Due] = []
        self._waiting: dict[str, list[Parcel]] = defaultdict(list)
        self._busy: set[str] = set()
        self._order = itertools.count()
        self._era = 0
        self._thread: Thread | None = None
        self._pool: ThreadPoolExecutor | None = None

    @property
    def session(self) -> requests.Session:
        """For the handshake of new subscriptions, which its caller waits for."""
        return self._session

    def post(self, parcel: Parcel, *, delay: timedelta = timedelta(0)) -> None:
        """Send it as soon as its address is free, or `delay` later by the sandbox's clock."""
        with self._ready:
            self._schedule(parcel, self._clock.now() + delay)
            self._start()
            self._ready.notify()

    def clear(self) -> None:
        """Forget everything that waits. What is on its way arrives, and is not tried again."""
        with self._ready:
            self._era += 1
            self._due.clear()
            self._waiting.clear()

    def wake(self) -> None:
        """Look at the clock again: it was put forward."""
        with self._ready:
            self._ready.notify()

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        with self._ready:
            return not (self._due or self._waiting or self._busy)

    def _start(self) -> None:
        if self._thread is None:
            self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="sandbox-push")
            self._thread = Thread(target=self._run, name="sandbox-push", daemon=True)
            self._thread.start()

    def _schedule(self, parcel: Parcel, at: datetime) -> None:
        heapq.heappush(self._due, _Due(at, next(self._order), parcel))

    def _run(self) -> None:
        while True:
            with self._ready:
                self._take_due()
                self._hand_out()
                self._ready.wait(self._nap())

    def _nap(self) -> float | None:
        if not self._due:
            return None
        return min(NAP, max(0.0, (self._due[0].at - self._clock.now()).total_seconds()))

    def _take_due(self) -> None:
        now = self._clock.now()
        while self._due and self._due[0].at <= now:
            parcel = heapq.heappop(self._due).parcel
            self._waiting[parcel.url].append(parcel)

    def _hand_out(self) -> None:
        if self._pool is None:
            return
        for url in [url for url in self._waiting if url not in self._busy]:
            parcels = self._waiting.pop(url)
            self._busy.add(url)
            self._pool.submit(self._deliver, url, parcels, self._era)

    def _deliver(self, url: str, parcels: list[Parcel], era: int) -> None:
        try:
            fresh = [parcel for parcel in parcels if parcel.attempts == 0]
            for parcel in [_together(fresh)] if len(fresh) > 1 else fresh:
                self._attempt(parcel, era)
            for parcel in [parcel for parcel in parcels if parcel.attempts]:
                self._attempt(parcel, era)
        except Exception:
            logger.exception("The sandbox could not send to %s", url)
        finally:
            with self._ready:
                self._busy.discard(url)
                self._ready.notify()

    def _attempt(self, parcel: Parcel, era: int) -> None:
        parcel.items = [item for item in parcel.items if parcel.still_wanted(item)]
        for start in range(0, len(parcel.items), MOST_ITEMS):
            batch = Parcel(
                parcel.url,
                parcel.items[start : start + MOST_ITEMS],
                parcel.first_tried,
                parcel.still_wanted,
                parcel.lost,
                parcel.attempts + 1,
            )
            if not self._taken(batch):
                self._again(batch, era)

    def _taken(self, parcel: Parcel) -> bool:
        try:
            answer = self._session.post(
                parcel.url,
                data=orjson.dumps({"value": parcel.items}),
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=FIRST_TIMEOUT if parcel.attempts == 1 else RETRY_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            logger.info("%s did not take a notification: %s", parcel.url, error)
            return False
        return answer.ok and answer.status_code < 300

    def _again(self, parcel: Parcel, era: int) -> None:
        now = self._clock.now()
        if now - parcel.first_tried >= RETRIED_FOR:
            parcel.lost(parcel.items)
            return
        pause = min(FIRST_PAUSE * 2 ** (parcel.attempts - 1), LONGEST_PAUSE)
        with self._ready:
            if era == self._era:
                self._schedule(parcel, now + pause)
                self._ready.notify()


def _together(parcels: list[Parcel]) -> Parcel:
    first = parcels[0]
    items = [item for parcel in parcels for item in parcel.items]
    return Parcel(first.url, items, first.first_tried, first.still_wanted, first.lost)
