"""
What a filter means for an item.

Texts are compared without regard to letter case, ids with it; times as instants, and a time that
says no offset is UTC. Things that cannot be compared are not equal, and neither is larger.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sandbox.zones import UnknownZone, to_utc

Shown = Mapping[str, Any]
# The item under its empty name, and what the variables of lambdas stand for.
Scope = Mapping[str, Any]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": operator.contains,
}
# Names of members that hold an instant.
TIMES = frozenset({"datetime", "createddatetime", "lastmodifieddatetime", "originalstart", "time"})
_IDS = frozenset({"id", "changekey", "seriesmasterid"})


@dataclass(frozen=True)
class Spelled:
    """A name that equals all its spellings: `normal` finds what they have in common."""

    shown: str
    normal: Callable[[str], str]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.normal(other) == self.normal(self.shown)

    def __hash__(self) -> int:
        return hash(self.normal(self.shown))


class Expression(Protocol):
    def of(self, scope: Scope) -> Any:
        """Its value for one item."""


@dataclass(frozen=True)
class Literal:
    value: Any

    def of(self, scope: Scope) -> Any:  # noqa: ARG002 - it is the same everywhere
        return self.value


@dataclass(frozen=True)
class Path:
    """`words` are in lower case; they begin at the item, or at what `variable` stands for."""

    words: tuple[str, ...]
    variable: str = ""

    @property
    def is_time(self) -> bool:
        return bool(self.words) and self.words[-1] in TIMES

    @property
    def is_id(self) -> bool:
        return bool(self.words) and self.words[-1] in _IDS

    def of(self, scope: Scope) -> Any:
        return value_at(scope[self.variable], self.words, all_day=scope[""].get("isAllDay") is True)


@dataclass(frozen=True)
class Cast:
    inner: Expression
    convert: Callable[[str], Any]

    def of(self, scope: Scope) -> Any:
        value = self.inner.of(scope)
        try:
            return self.convert(value) if isinstance(value, str) else value
        except ValueError:
            return None


@dataclass(frozen=True)
class Compare:
    how: str
    left: Expression
    right: Expression
    exact: bool = False

    def of(self, scope: Scope) -> bool:
        left, right = self.left.of(scope), self.right.of(scope)
        if isinstance(left, str) and isinstance(right, str) and not self.exact:
            left, right = left.casefold(), right.casefold()
        if self.how in {"eq", "ne"}:
            # To Python, true is 1.
            same = isinstance(left, bool) is isinstance(right, bool) and left == right
            return same if self.how == "eq" else not same
        return _comparable(left, right) and COMPARISONS[self.how](left, right)


@dataclass(frozen=True)
class TextTest:
    how: str
    where: Expression
    what: Expression

    def of(self, scope: Scope) -> bool:
        where, what = self.where.of(scope), self.what.of(scope)
        if not isinstance(where, str) or not isinstance(what, str):
            return False
        return TEXT_TESTS[self.how](where.casefold(), what.casefold())


@dataclass(frozen=True)
class Not:
    inner: Expression

    def of(self, scope: Scope) -> bool:
        return self.inner.of(scope) is not True


@dataclass(frozen=True)
class Joined:
    """All of them (`and`), or any (`or`)."""

    how: Callable[[Any], bool]
    parts: tuple[Expression, ...]

    def of(self, scope: Scope) -> bool:
        return self.how(part.of(scope) is True for part in self.parts)


@dataclass(frozen=True)
class Quantified:
    """`path/any(x: ...)` and `path/all(x: ...)`; without a condition, whether there is anything at all."""

    how: Callable[[Any], bool]
    path: Path
    variable: str
    condition: Expression | None

    def of(self, scope: Scope) -> bool:
        found = self.path.of(scope)
        each = found if isinstance(found, list) else []
        if self.condition is None:
            return bool(each)
        return self.how(self.condition.of({**scope, self.variable: one}) is True for one in each)


def value_at(item: Any, words: tuple[str, ...], *, all_day: bool = False) -> Any:
    """
    What an item has at a path of lower-case names; null where the path leads nowhere. Times are instants.
    """
    found, parent = item, None
    for word in words:
        if not isinstance(found, Mapping):
            return None
        parent = found
        found = next((value for key, value in found.items() if key.lower() == word), None)
    if words and words[-1] in TIMES and isinstance(found, str):
        zone = parent.get("timeZone") if parent is not None else None
        return _instant(found, zone if isinstance(zone, str) and not all_day else "UTC")
    return found


def _instant(text: str, zone: str) -> datetime | None:
    """A time as it is shown. All-day events are days of UTC, whatever zone is preferred."""
    try:
        moment = datetime.fromisoformat(text)
        return to_utc(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, UnknownZone, OverflowError):
        # Only what is shown verbatim gets here.
        return None


def _comparable(left: Any, right: Any) -> bool:
    for kind in (str, datetime):
        if isinstance(left, kind) and isinstance(right, kind):
            return True
    return all(isinstance(side, int | float) and not isinstance(side, bool) for side in (left, right))
