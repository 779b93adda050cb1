"""Tokens of delta: opaque, kept here, good for as long as there is room, and as often as wanted."""

import secrets
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.items import Tombstone

MOST_TOKENS = 50_000


@dataclass(frozen=True, slots=True)
class Chain:
    """
    One calendar and one window, tracked from round to round. `oid` is whose mailbox was asked; `lies_with`
    is whose mailbox the calendar lies in, which for the copy of a shared one is its owner's. `top` is the
    page size, if `$top` was heeded.
    """

    oid: str
    calendar: int
    start: datetime
    end: datetime
    select: tuple[str, ...] = ()
    top: int | None = None
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
    """
    What a token stands for: the rest of a round, or (`round` null) the start of the next one. The rest
    begins with the entry at `position`, of which `shown` items were given out already.
    """

    chain: Chain
    round: Round | None
    position: int = 0
    shown: int = 0
    since: int = 0
    # How many pages of this round were given out.
    page: int = 0


class Oddities(BaseModel):
    """How delta behaves for a mailbox beyond what is documented; the defaults are what was observed."""

    model_config = ConfigDict(extra="forbid")

    # What a round brings of a series: `without-old-master` leaves out those that began before the window,
    # `only-master` and `removal` (of deleted occurrences) show in later rounds.
    series: Literal["whole", "without-master", "without-old-master", "only-master", "removal"] = "whole"
    # What a deleted series is told by.
    series_removal: Literal["master", "instances", "both"] = "master"
    # Pages end where they are full, be it within a series.
    split_series: bool = False
    # An empty page with a nextLink opens every round.
    empty_page: bool = False
    # The deltaLink stands on a page of its own.
    empty_last_page: bool = False
    # The first item of a round comes twice.
    duplicate: bool = False
    # Each later round brings what had changed last before it once more.
    replay: bool = False
    # Each round begins with the removal of an id that nobody has seen.
    unknown_removal: bool = False
    removed_reason: Literal["deleted", "changed"] = "deleted"
    # Items stand in any order, instances before their masters too.
    shuffle: bool = False
    # Members that no schema has.
    undeclared: bool = False
    # Pages are never larger than this, whatever is asked.
    page_limit: int | None = Field(default=None, ge=1)
    # `$top` of the first request counts for all pages.
    top: bool = False
    select: Literal["reduce", "ignore", "refuse"] = "reduce"
    # Links may not be given parameters of one's own.
    strict_links: bool = False
    # Changes show up this many seconds after they were made.
    lag: float = Field(default=0, ge=0, le=10 * 366 * 86_400)
    # How often a token can be used, and how many of a mailbox are kept.
    uses: int | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    # How an expired token is refused.
    expired_status: int = Field(default=410, ge=400, le=499)
    expired_code: str = Field(default="SyncStateNotFound", pattern="^[A-Za-z]{1,64}$")
    expired_location: bool = False


@dataclass
class DeltaTokens:
    """Of all mailboxes together `most` tokens are kept."""

    most: int = MOST_TOKENS
    _lock: Lock = field(default_factory=Lock)
    _cursors: "OrderedDict[str, Cursor]" = field(default_factory=OrderedDict)
    _used: "Counter[str]" = field(default_factory=Counter)
    _latest: dict[tuple[str, int], Chain] = field(default_factory=dict)
    _oddities: dict[str, Oddities] = field(default_factory=dict)

    def issue(self, cursor: Cursor) -> str:
        token = f"R0us{secrets.token_urlsafe(48)}"
        oid = cursor.chain.oid
        with self._lock:
            self._cursors[token] = cursor
            self._latest[oid, cursor.chain.calendar] = cursor.chain
            # The service keeps its tokens in a cache of limited size, and old ones fall out.
            while len(self._cursors) > self.most:
                self._forget(next(iter(self._cursors)))
            most_here = self.oddities(oid).tokens
            if most_here is not None:
                mine = [each for each, other in self._cursors.items() if other.chain.oid == oid]
                for each in mine[: max(0, len(mine) - most_here)]:
                    self._forget(each)
        return token

    def find(self, token: str) -> Cursor | None:
        """What the token stands for, if it is known and was not used too often."""
        with self._lock:
            cursor = self._cursors.get(token)
            if cursor is None:
                return None
            self._used[token] += 1
            uses = self.oddities(cursor.chain.oid).uses
            if uses is not None and self._used[token] > uses:
                self._forget(token)
                return None
            return cursor

    def latest(self, oid: str, calendar: int) -> Chain | None:
        """How the calendar was tracked last: what an empty token begins anew."""
        return self._latest.get((oid, calendar))

    def expire(self, oid: str) -> int:
        """Forget all tokens of a mailbox, and say how many there were."""
        with self._lock:
            gone = [token for token, cursor in self._cursors.items() if cursor.chain.oid == oid]
            for token in gone:
                self._forget(token)
        return len(gone)

    def oddities(self, oid: str) -> Oddities:
        return self._oddities.setdefault(oid, Oddities())

    def behave_normally(self, oid: str) -> None:
        self._oddities.pop(oid, None)

    def _forget(self, token: str) -> None:
        del self._cursors[token]
        self._used.pop(token, None)
