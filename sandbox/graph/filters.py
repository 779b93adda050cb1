"""
`$filter`: comparisons, `startswith` and its siblings, `and`, `or`, `not`, and questions about lists.

Texts are compared without regard to letter case, ids with it; times as instants, and a time that
says no offset is UTC. Things that cannot be compared are not equal, and neither is larger.
"""

import operator
import re
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sandbox.drafts import read_instant
from sandbox.refusals import Refusal
from sandbox.zones import UnknownZone, to_utc

Shown = Mapping[str, Any]
# The item under its empty name, and what the variables of lambdas stand for.
Scope = Mapping[str, Any]

_DEEPEST = 40
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>(?:[a-z][\w.]*)?'(?:[^']|'')*')
    |(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+\- ]\d\d:\d\d)?)?)
    |(?P<number>-?\d+(?:\.\d+)?)(?![\w.])
    |(?P<word>[a-z_@][\w.]*(?:/[a-z_@][\w.]*)*)
    |(?P<mark>[(),:])
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": operator.contains,
}
_CONSTANTS = {"null": None, "true": True, "false": False}
# Names of members that hold an instant.
TIMES = frozenset({"datetime", "createddatetime", "lastmodifieddatetime", "originalstart", "time"})
_IDS = frozenset({"id", "changekey", "seriesmasterid"})


def not_understood(what: str) -> Refusal:
    return Refusal(400, "ErrorInvalidUrlQueryFilter", f"The query filter is not understood: {what}")


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
        return _comparable(left, right) and _COMPARISONS[self.how](left, right)


@dataclass(frozen=True)
class TextTest:
    how: str
    where: Expression
    what: Expression

    def of(self, scope: Scope) -> bool:
        where, what = self.where.of(scope), self.what.of(scope)
        if not isinstance(where, str) or not isinstance(what, str):
            return False
        return _TEXT_TESTS[self.how](where.casefold(), what.casefold())


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


@dataclass(frozen=True)
class Filter:
    condition: Expression
    # The members of an item, in lower case, that it asks about.
    names: frozenset[str]

    def fits(self, item: Shown) -> bool:
        return self.condition.of({"": item}) is True


def parse(text: str, names: Container[str] | None = None) -> Filter:
    """
    `names` are the members that items have, in lower case; null takes any.

    Raises:
        Refusal: it cannot be read, or speaks of a member that nothing has.
    """
    parser = _Parser(_tokens(text), names)
    condition = parser.whole()
    return Filter(condition, frozenset(parser.seen))


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


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str

    def says(self, *words: str) -> bool:
        return self.kind in {"word", "mark"} and self.text.lower() in words


_END = _Token("end", "")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise not_understood(text[position:])
        found.append(_Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return [*found, _END]


class _Parser:
    """Reads from the weakest bond to the strongest: `or`, `and`, `not`, comparison."""

    def __init__(self, tokens: list[_Token], names: Container[str] | None) -> None:
        self._tokens = tokens
        self._names = names
        self._position = 0
        self._depth = 0
        self._variables: list[str] = []
        self.seen: set[str] = set()

    def whole(self) -> Expression:
        condition = self._condition()
        if self._next is not _END:
            raise not_understood(self._next.text)
        return condition

    @property
    def _next(self) -> _Token:
        return self._tokens[self._position]

    def _take(self, *words: str) -> _Token:
        """The next token; if `words` are given, it must be one of them."""
        token = self._next
        if token is _END or (words and not token.says(*words)):
            raise not_understood(token.text or "it ends too early.")
        self._position += 1
        return token

    def _accept(self, *words: str) -> bool:
        if not self._next.says(*words):
            return False
        self._position += 1
        return True

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise not_understood("it is too deep.")
        yield
        self._depth -= 1

    def _condition(self) -> Expression:
        with self._deeper():
            parts = [self._all_of()]
            while self._accept("or"):
                parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else Joined(any, tuple(parts))

    def _all_of(self) -> Expression:
        parts = [self._one()]
        while self._accept("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Joined(all, tuple(parts))

    def _one(self) -> Expression:
        negations = 0
        while self._accept("not"):
            negations += 1
        condition = self._plain()
        return Not(condition) if negations % 2 else condition

    def _plain(self) -> Expression:
        if self._accept("("):
            condition = self._condition()
            self._take(")")
            return condition
        left = self._operand()
        if self._next.says(*_COMPARISONS):
            how = self._take().text.lower()
            return self._compare(how, left, self._operand())
        if isinstance(left, Literal | Cast):
            raise not_understood("a value is no condition.")
        return left

    def _compare(self, how: str, left: Expression, right: Expression) -> Expression:
        sides = [left, right]
        for mine, other in ((0, 1), (1, 0)):
            literal, path = sides[mine], sides[other]
            if isinstance(literal, Literal) and isinstance(path, Path) and path.is_time:
                sides[mine] = Literal(_time(literal.value))
        exact = any(isinstance(side, Path) and side.is_id for side in sides)
        return Compare(how, sides[0], sides[1], exact)

    def _operand(self) -> Expression:
        token = self._take()
        match token.kind:
            case "text":
                return Literal(token.text[token.text.index("'") + 1 : -1].replace("''", "'"))
            case "time":
                return Literal(_time(token.text))
            case "number":
                return Literal(float(token.text) if "." in token.text else int(token.text))
            case "word":
                return self._word(token.text)
            case _:
                raise not_understood(token.text)

    def _word(self, word: str) -> Expression:
        if word.lower() in _CONSTANTS:
            return Literal(_CONSTANTS[word.lower()])
        if not self._next.says("("):
            return self._path(word)
        *path, function = word.split("/")
        if path:
            return self._quantified("/".join(path), function.lower())
        if function.lower() == "cast":
            return self._cast()
        if function.lower() not in _TEXT_TESTS:
            raise not_understood(f"there is no function {function}.")
        self._take("(")
        with self._deeper():
            where = self._operand()
            self._take(",")
            what = self._operand()
        self._take(")")
        return TextTest(function.lower(), where, what)

    def _cast(self) -> Expression:
        self._take("(")
        with self._deeper():
            inner = self._operand()
        self._take(",")
        kind = self._take().text.lower()
        self._take(")")
        if kind not in _CASTS:
            raise not_understood(f"nothing is cast to {kind}.")
        return Cast(inner, _CASTS[kind])

    def _quantified(self, path: str, function: str) -> Expression:
        if function not in {"any", "all"}:
            raise not_understood(f"there is no function {function}.")
        how: Callable[[Any], bool] = any if function == "any" else all
        listed = self._path(path)
        self._take("(")
        if function == "any" and self._accept(")"):
            return Quantified(how, listed, "", None)
        variable = self._take()
        if variable.kind != "word" or "/" in variable.text:
            raise not_understood(variable.text)
        self._take(":")
        self._variables.append(variable.text.lower())
        condition = self._condition()
        self._variables.pop()
        self._take(")")
        return Quantified(how, listed, variable.text.lower(), condition)

    def _path(self, text: str) -> Path:
        words = tuple(text.lower().split("/"))
        if words[0] in self._variables:
            return Path(words[1:], words[0])
        if self._names is not None and words[0] not in self._names:
            raise not_understood(f"could not find a property named '{text.partition('/')[0]}'.")
        self.seen.add(words[0])
        return Path(words)


def _time(value: Any) -> datetime | None:
    """The instant that a literal means, quoted or not."""
    if value is None or isinstance(value, datetime):
        return value
    try:
        # A plus sign that a client forgot to encode arrives as a blank.
        return read_instant(str(value).strip().replace(" ", "+"))
    except ValueError as error:
        raise not_understood(f"no date: {value}") from error


_CASTS: dict[str, Callable[[str], Any]] = {
    "edm.string": str,
    "edm.boolean": lambda text: text.lower() == "true",
    "edm.datetimeoffset": read_instant,
    **dict.fromkeys(("edm.int16", "edm.int32", "edm.int64"), int),
    **dict.fromkeys(("edm.double", "edm.single", "edm.decimal"), float),
}
