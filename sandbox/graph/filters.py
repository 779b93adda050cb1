"""`$filter`: comparisons, `startswith` and its siblings, `and`, `or`, `not`, and questions about lists."""

import re
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.drafts import read_instant
from sandbox.graph.expressions import (
    COMPARISONS,
    TEXT_TESTS,
    Cast,
    Compare,
    Expression,
    Joined,
    Literal,
    Not,
    Path,
    Quantified,
    Shown,
    TextTest,
)
from sandbox.members import digits
from sandbox.refusals import Refusal

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
_CONSTANTS = {"null": None, "true": True, "false": False}


def not_understood(what: str) -> Refusal:
    return Refusal(400, "ErrorInvalidUrlQueryFilter", f"The query filter is not understood: {what}")


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
        if self._next.says(*COMPARISONS):
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
                # What is too long to be a whole number here is compared as closely as a float can.
                is_whole = digits(token.text.removeprefix("-")) is not None
                return Literal(int(token.text) if is_whole else float(token.text))
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
        if function.lower() not in TEXT_TESTS:
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
