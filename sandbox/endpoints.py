"""How well each endpoint answers, and what that means for the notifications that are to come."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from urllib.parse import urlsplit

from sandbox.clock import Clock

WINDOW = timedelta(minutes=10)
SLOW_ANSWER = 3.0
HOPELESS_ANSWER = 10.0
SLOW_SHARE = 0.10
HOPELESS_SHARE = 0.15
# How few answers say nothing yet. The documentation gave this number until 2025, and gives none since.
FEWEST = 100


class State(StrEnum):
    """`slow` delays what is new by ten minutes; `drop` loses it."""

    WELL = "well"
    SLOW = "slow"
    DROP = "drop"


@dataclass
class _Endpoint:
    answers: deque[tuple[datetime, float]] = field(default_factory=deque)
    # How many of these took longer than each bound.
    slow: int = 0
    hopeless: int = 0
    state: State = State.WELL
    # When the state is looked at again; null while all is well.
    until: datetime | None = None

    def note(self, at: datetime, seconds: float) -> None:
        self.answers.append((at, seconds))
        self._count(seconds, 1)

    def forget(self, before: datetime) -> None:
        while self.answers and self.answers[0][0] <= before:
            self._count(self.answers.popleft()[1], -1)

    def _count(self, seconds: float, by: int) -> None:
        self.slow += by if seconds > SLOW_ANSWER else 0
        self.hopeless += by if seconds > HOPELESS_ANSWER else 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How an endpoint stands: its state until when, and its answers of the last ten minutes."""

    endpoint: str
    state: State
    until: datetime | None
    answers: int
    slow: int
    hopeless: int


def endpoint_of(url: str) -> str:
    """What is judged together: an address, whatever its query says."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


class Endpoints:
    """The answers of the last ten minutes by the sandbox's clock, and the states that follow from them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._all: dict[str, _Endpoint] = {}
        self.fewest = FEWEST

    def note(self, url: str, seconds: float, *, times: int = 1) -> None:
        """An endpoint took so long to answer, or did not answer within that time."""
        with self._lock:
            one = self._known(url)
            now = self._clock.now()
            for _ in range(times):
                one.note(now, seconds)
            self._judge(one)

    def state(self, url: str) -> tuple[State, datetime | None]:
        """The state, and until when it holds at least."""
        with self._lock:
            one = self._known(url)
            self._judge(one)
            return one.state, one.until

    def put(self, url: str, state: State) -> None:
        """As if it had been judged so just now. Being well begins with a clean sheet."""
        with self._lock:
            one = self._known(url)
            if state is State.WELL:
                one.forget(self._clock.now())
            self._enter(one, state)

    def standings(self) -> list[Standing]:
        with self._lock:
            for one in self._all.values():
                self._judge(one)
            return [
                Standing(name, one.state, one.until, len(one.answers), one.slow, one.hopeless)
                for name, one in self._all.items()
            ]

    def _known(self, url: str) -> _Endpoint:
        return self._all.setdefault(endpoint_of(url), _Endpoint())

    def _judge(self, one: _Endpoint) -> None:
        now = self._clock.now()
        one.forget(now - WINDOW)
        if one.until is not None and now < one.until and one.state is State.DROP:
            return
        verdict = self._verdict(one)
        # It gets worse as soon as it shows, and better only once its ten minutes are over.
        if one.until is None or now >= one.until or verdict is State.DROP:
            self._enter(one, verdict)

    def _enter(self, one: _Endpoint, state: State) -> None:
        one.state = state
        one.until = None if state is State.WELL else self._clock.now() + WINDOW

    def _verdict(self, one: _Endpoint) -> State:
        count = len(one.answers)
        if count < self.fewest:
            return State.WELL
        if one.hopeless > HOPELESS_SHARE * count:
            return State.DROP
        return State.SLOW if one.slow > SLOW_SHARE * count else State.WELL
