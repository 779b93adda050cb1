"""Tokens of delta: opaque, kept here, good for as long as there is room, and as often as wanted."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Literal

from sandbox.items import Tombstone

MOST_TOKENS = 50_000

SeriesStyle = Literal["whole", "without-master", "only-master", "removal"]


@dataclass(frozen=True, slots=True)
class Chain:
    """
    One calendar and one window, tracked from round to round. `oid` is whose mailbox was asked; `lies_with`
    is whose mailbox the calendar lies in, which for the copy of a shared one is its owner's.
    """

    oid: str
    calendar: int
    start: datetime
    end: datetime
    select: tuple[str, ...] = ()
    lies_with: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """
    One pass: what is new since `since` (everything if null), as of the mailbox's version `upto`.
    `entries` name what is to be shown; how it looks is found out when its page is asked for.
    """

    chain: Chain
    since: int | None
    upto: int
    entries: tuple[int | Tombstone, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a token stands for: the rest of a round, or (`round` null) the start of the next one."""

    chain: Chain
    round: Round | None
    position: int = 0
    since: int = 0
    # Whether a page of this round was given out already.
    opened: bool = False


@dataclass(slots=True)
class Oddities:
    """How delta behaves for a mailbox beyond what is documented; the defaults are what was observed."""

    # What a later round brings of a series in which something changed.
    series: SeriesStyle = "whole"
    # An empty page with a nextLink opens every round.
    empty_page: bool = False
    # The first item of a round comes twice.
    duplicate: bool = False
    # Each round begins with the removal of an id that nobody has seen.
    unknown_removal: bool = False
    # Pages are never larger than this, whatever is asked.
    page_limit: int | None = None
    # Changes show up this many seconds after they were made.
    lag: float = 0
    # How an expired token is refused.
    expired_status: int = 410
    expired_location: bool = False


@dataclass
class DeltaTokens:
    _lock: Lock = field(default_factory=Lock)
    _cursors: "OrderedDict[str, Cursor]" = field(default_factory=OrderedDict)
    _oddities: dict[str, Oddities] = field(default_factory=dict)

    def issue(self, cursor: Cursor) -> str:
        token = f"R0us{secrets.token_urlsafe(48)}"
        with self._lock:
            self._cursors[token] = cursor
            # The service keeps its tokens in a cache of limited size, and old ones fall out.
            while len(self._cursors) > MOST_TOKENS:
                self._cursors.popitem(last=False)
        return token

    def find(self, token: str) -> Cursor | None:
        with self._lock:
            return self._cursors.get(token)

    def expire(self, oid: str) -> int:
        """Forget all tokens of a mailbox, and say how many there were."""
        with self._lock:
            gone = [token for token, cursor in self._cursors.items() if cursor.chain.oid == oid]
            for token in gone:
                del self._cursors[token]
        return len(gone)

    def oddities(self, oid: str) -> Oddities:
        return self._oddities.setdefault(oid, Oddities())
