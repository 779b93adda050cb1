"""Sends notifications: at once, together if several wait for one address, again if they are not taken."""

import heapq
import itertools
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from threading import Condition, Thread
from typing import Any, Protocol

import requests

from sandbox.clock import Clock
from sandbox.endpoints import Endpoints, State

FIRST_TIMEOUT = 3
RETRY_TIMEOUT = 10
RETRIED_FOR = timedelta(hours=4)
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)
# How often it is looked whether what is held back may go.
HELD_PAUSE = timedelta(seconds=1)
SLOW_DELAY = timedelta(minutes=10)
MOST_ITEMS = 100
# More endpoints than this that hang at the same time delay the others.
SENDERS = 32
# How long a look at the sandbox's clock may be put off; the clock can also wake the sender.
NAP = 0.5

logger = logging.getLogger(__name__)


class Verdict(Enum):
    """What becomes of a notification whose turn has come."""

    SEND = auto()
    # The token behind it has expired: tried again, without the endpoint being asked.
    HOLD = auto()
    FORGET = auto()


@dataclass(slots=True)
class Note:
    """
    One item for one address. `since` is when it was first due: after four hours it is given up.

    `steady` ones, the news of subscriptions themselves, are sent whatever the state of the endpoint, and even if
    the subscription has ended: that is what the news may be. `audience`
    is the pair of app and tenant for which a batch with this item holds a validation token.
    """

    url: str
    item: dict[str, Any]
    origin: "Origin"
    subscription_id: str
    since: datetime
    steady: bool = False
    audience: tuple[str, str] | None = None


class Origin(Protocol):
    """Who made a note, and is asked about it. Called without any lock of the sender."""

    def verdict(self, subscription_id: str) -> Verdict:
        """What becomes of notes about changes; news of the subscription itself is always sent."""
        ...

    def envelope(self, notes: Sequence[Note]) -> dict[str, Any]:
        """The body of the POST that takes them."""
        ...

    def lost(self, notes: Iterable[Note]) -> None:
        """They were given up, or dropped."""
        ...


@dataclass(slots=True)
class _Parcel:
    """Notes that travel together: fresh ones, or those of one POST that was not taken."""

    url: str
    notes: list[Note]
    attempts: int = 0


@dataclass(order=True)
class _Due:
    at: datetime
    order: int
    parcel: _Parcel = field(compare=False)


@dataclass(order=True)
class _Timer:
    at: datetime
    order: int
    action: Callable[[], None] = field(compare=False)


class Sender:
    """
    A queue by address and threads that empty it. One POST at a time goes to an address, so what
    waits meanwhile travels together in the next; parcels that come back wait by themselves.

    `endpoints` is measured here, and decides what happens to what is new.
    """

    def __init__(self, clock: Clock, session: requests.Session) -> None:
        self.endpoints = Endpoints(clock)
        self._clock = clock
        self._session = session
        self._ready = Condition()
        self._due: list[_Due] = []
        self._timers: list[_Timer] = []
        self._waiting: dict[str, list[_Parcel]] = defaultdict(list)
        self._busy: set[str] = set()
        self._order = itertools.count()
        self._era = 0
        self._thread: Thread | None = None
        self._pool: ThreadPoolExecutor | None = None

    @property
    def session(self) -> requests.Session:
        """For the handshake of new subscriptions, which its caller waits for."""
        return self._session

    def post(self, notes: Iterable[Note], *, delay: timedelta = timedelta(0)) -> None:
        """
        Send them as soon as their address is free, or `delay` later by the sandbox's clock; those for one
        address together. An endpoint that is slow gets them ten minutes later, one in the state `drop` never.
        """
        by_url: dict[str, list[Note]] = defaultdict(list)
        for note in notes:
            by_url[note.url].append(note)
        for url, together in by_url.items():
            state, until = self.endpoints.state(url)
            steady = [note for note in together if note.steady]
            others = [note for note in together if not note.steady]
            self._post(url, steady, delay)
            if state is State.DROP and until is not None:
                self._drop(url, others, until)
            else:
                self._post(url, others, delay + SLOW_DELAY if state is State.SLOW else delay)

    def at(self, moment: datetime, action: Callable[[], None]) -> None:
        """Call `action`, without any lock, once the sandbox's clock has come there. A reset forgets it."""
        with self._ready:
            heapq.heappush(self._timers, _Timer(moment, next(self._order), action))
            self._start()
            self._ready.notify()

    def clear(self) -> None:
        """Forget everything that waits. What is on its way arrives, and is not tried again."""
        with self._ready:
            self._era += 1
            self._due.clear()
            self._timers.clear()
            self._waiting.clear()
            self.endpoints = Endpoints(self._clock)

    def wake(self) -> None:
        """Look at the clock again: it was put forward."""
        with self._ready:
            self._ready.notify()

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        with self._ready:
            return not (self._due or self._waiting or self._busy)

    # What is to come

    def _post(self, url: str, notes: list[Note], delay: timedelta) -> None:
        if not notes:
            return
        with self._ready:
            self._schedule(_Parcel(url, notes), self._clock.now() + delay)
            self._start()
            self._ready.notify()

    def _drop(self, url: str, notes: list[Note], until: datetime) -> None:
        """Lose them, and say so once the endpoint is well enough to be told."""

        def tell() -> None:
            state, later = self.endpoints.state(url)
            if state is State.DROP and later is not None:
                self.at(later, tell)
            else:
                _say_lost(notes)

        if notes:
            self.at(until, tell)

    def _start(self) -> None:
        if self._thread is None:
            self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="sandbox-push")
            self._thread = Thread(target=self._run, name="sandbox-push", daemon=True)
            self._thread.start()

    def _schedule(self, parcel: _Parcel, at: datetime) -> None:
        heapq.heappush(self._due, _Due(at, next(self._order), parcel))

    def _run(self) -> None:
        while True:
            with self._ready:
                self._take_due()
                self._hand_out()
                self._ready.wait(self._nap())

    def _nap(self) -> float | None:
        moments = [queue[0].at for queue in (self._due, self._timers) if queue]
        if not moments:
            return None
        return min(NAP, max(0.0, (min(moments) - self._clock.now()).total_seconds()))

    def _take_due(self) -> None:
        now = self._clock.now()
        while self._due and self._due[0].at <= now:
            parcel = heapq.heappop(self._due).parcel
            self._waiting[parcel.url].append(parcel)

    def _hand_out(self) -> None:
        if self._pool is None:
            return
        now = self._clock.now()
        while self._timers and self._timers[0].at <= now:
            self._pool.submit(self._act, heapq.heappop(self._timers).action, self._era)
        for url in [url for url in self._waiting if url not in self._busy]:
            parcels = self._waiting.pop(url)
            self._busy.add(url)
            self._pool.submit(self._deliver, url, parcels, self._era)

    def _act(self, action: Callable[[], None], era: int) -> None:
        try:
            if era == self._era:
                action()
        except Exception:
            logger.exception("The sandbox could not do what was due")

    # What is under way

    def _deliver(self, url: str, parcels: list[_Parcel], era: int) -> None:
        try:
            fresh = [note for parcel in parcels if not parcel.attempts for note in parcel.notes]
            self._attempt(_Parcel(url, fresh), era)
            for parcel in parcels:
                if parcel.attempts:
                    self._attempt(parcel, era)
        except Exception:
            logger.exception("The sandbox could not send to %s", url)
        finally:
            with self._ready:
                self._busy.discard(url)
                self._ready.notify()

    def _attempt(self, parcel: _Parcel, era: int) -> None:
        concerned = {note.subscription_id: note.origin for note in parcel.notes if not note.steady}
        verdicts = {id_: origin.verdict(id_) for id_, origin in concerned.items()}
        ready, held = [], []
        for note in parcel.notes:
            match Verdict.SEND if note.steady else verdicts[note.subscription_id]:
                case Verdict.SEND:
                    ready.append(note)
                case Verdict.HOLD:
                    held.append(note)
        if held:
            self._again(_Parcel(parcel.url, held, parcel.attempts), HELD_PAUSE, era)
        for start in range(0, len(ready), MOST_ITEMS):
            batch = _Parcel(parcel.url, ready[start : start + MOST_ITEMS], parcel.attempts + 1)
            if era == self._era and not self._taken(batch):
                # The number of doublings is bounded, or four hours of a clock that stands still would overflow.
                doublings = min(batch.attempts - 1, 16)
                self._again(batch, min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE), era)

    def _taken(self, parcel: _Parcel) -> bool:
        timeout = FIRST_TIMEOUT if parcel.attempts == 1 else RETRY_TIMEOUT
        endpoints = self.endpoints
        try:
            answer = self._session.post(
                parcel.url,
                # Escaped to ASCII: the id of what is shown verbatim may hold half a surrogate pair.
                data=json.dumps(parcel.notes[0].origin.envelope(parcel.notes), separators=(",", ":")).encode("ascii"),
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=timeout,
                allow_redirects=False,
            )
        except requests.Timeout:
            # No answer within the time is an answer that took longer.
            endpoints.note(parcel.url, timeout + 0.1)
            return False
        except requests.RequestException as error:
            logger.info("%s did not take a notification: %s", parcel.url, error)
            return False
        endpoints.note(parcel.url, answer.elapsed.total_seconds())
        return answer.status_code < 300

    def _again(self, parcel: _Parcel, pause: timedelta, era: int) -> None:
        """Later, as long as it is not too late. What a reset has forgotten stays forgotten."""
        now = self._clock.now()
        late = [note for note in parcel.notes if now - note.since >= RETRIED_FOR]
        parcel.notes = [note for note in parcel.notes if now - note.since < RETRIED_FOR]
        with self._ready:
            if era != self._era:
                return
            if parcel.notes:
                self._schedule(parcel, now + pause)
                self._ready.notify()
        _say_lost(late)


def _say_lost(notes: Sequence[Note]) -> None:
    for origin in {id(note.origin): note.origin for note in notes}.values():
        origin.lost([note for note in notes if note.origin is origin])
