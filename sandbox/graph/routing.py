"""
Which function answers which path. Words are matched without regard to letter case, `*` stands
for an id, and a calendar's part of the path is the same wherever the calendar is reached from.

A function of Graph names its parameters in the pattern: `reminderView(startDateTime,endDateTime)`
is found by any of its spellings, with or without values; `Call.parameters` holds what was given.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from flask import Response, request

from sandbox.graph.call import Call
from sandbox.refusals import Refusal

Handler = Callable[[Call], Response]

_KEYED = re.compile(r"(\w+)\('(.+)'\)")
_CALLED = re.compile(r"([\w.]+)\((.*)\)", re.DOTALL)
# A value is bare, or quoted with doubled quotes inside; an enum's name may stand before the quotes.
_PARAMETER = re.compile(r"\s*(\w+)\s*=\s*(?:[\w.]*'(?P<quoted>(?:[^']|'')*)'|(?P<bare>[^\s',()]+))\s*(?:,(?=.)|$)")


@dataclass(frozen=True)
class Route:
    handler: Handler
    # Whether the sandbox's lock is held meanwhile; not where the handler waits for somebody else.
    locked: bool = True


class Found(NamedTuple):
    """A route, with the ids in the path and the parameters of its functions, by their names in lower case."""

    route: Route
    ids: tuple[str, ...]
    parameters: dict[str, str]


class _Word(NamedTuple):
    """A word of a pattern, in lower case, and the parameters it may be given."""

    text: str
    parameters: frozenset[str]


@dataclass
class Router:
    """The routes below one kind of place."""

    _routes: dict[tuple[_Word, ...], dict[str, Route]] = field(default_factory=dict)

    def route(self, method: str, *patterns: str, locked: bool = True) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            for pattern in patterns:
                words = tuple(_word(word) for word in pattern.lower().split("/")) if pattern else ()
                methods = self._routes.setdefault(words, {})
                if method in methods:
                    raise ValueError(f"Two functions answer {method} {pattern}.")
                methods[method] = Route(handler, locked)
            return handler

        return register

    def absent(self, *lines: str) -> None:
        """Paths of Graph that are not built here, as `METHOD pattern`: they answer 501 and name themselves."""
        for line in lines:
            method, _, pattern = line.partition(" ")
            self.route(method, pattern)(_absent)

    def find(self, method: str, words: tuple[str, ...]) -> Found | None:
        """
        What the path leads to, or null if nothing is there.

        Raises:
            Refusal: there is something, for other methods; or a function's parameters cannot be read.
        """
        matched: dict[str, Found] = {}
        for pattern, methods in self._routes.items():
            match = _match(pattern, words)
            if match is not None:
                ids, parameters = match
                for name, route in methods.items():
                    # A word in the pattern is meant; an id that happens to look like it is not.
                    if name not in matched or len(ids) < len(matched[name].ids):
                        matched[name] = Found(route, ids, parameters)
        if matched and method not in matched:
            raise Refusal(
                405,
                "Request_BadRequest",
                f"Specified HTTP method is not allowed for the request target: {method}.",
                headers={"Allow": ", ".join(sorted(matched))},
            )
        return matched.get(method)


def _word(text: str) -> _Word:
    called = _CALLED.fullmatch(text)
    if called is None:
        return _Word(text, frozenset())
    return _Word(called[1], frozenset(called[2].split(",")))


def _match(pattern: tuple[_Word, ...], words: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, str]] | None:
    if len(pattern) != len(words):
        return None
    ids: list[str] = []
    parameters: dict[str, str] = {}
    for expected, word in zip(pattern, words, strict=True):
        if expected.text == "*":
            ids.append(word)
            continue
        called = _CALLED.fullmatch(word)
        if expected.text != _plain_word(called[1] if called else word):
            return None
        if called is None or not called[2]:
            continue
        given = _parameters(called[2]) if expected.parameters else None
        if given is None or not given.keys() <= expected.parameters:
            return None
        parameters |= given
    return tuple(ids), parameters


def _plain_word(word: str) -> str:
    """`delta` and `microsoft.graph.delta` name the same."""
    return word.lower().removeprefix("microsoft.graph.")


def _parameters(text: str) -> dict[str, str]:
    """What stands between the parentheses of a function."""
    found: dict[str, str] = {}
    rest = text.strip()
    while rest:
        match = _PARAMETER.match(rest)
        if match is None:
            raise Refusal(400, "BadRequest", f"The parameters of a function cannot be read: ({text})")
        quoted, bare = match["quoted"], match["bare"]
        found[match[1].lower()] = bare if quoted is None else quoted.replace("''", "'")
        rest = rest[match.end() :]
    return found


def _absent(call: Call) -> Response:
    path = "/".join(call.words)
    raise Refusal(501, "notImplemented", f"The sandbox does not imitate {request.method} /{path} yet.")


# What belongs to no mailbox; what belongs to a mailbox; what belongs to a calendar.
service = Router()
mailbox = Router()
container = Router()


def words_of_path() -> tuple[str, ...]:
    """The words after `/v1.0/`, decoded one by one: an id may hold an encoded slash."""
    raw = str(request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or request.path)
    # Clients behind a proxy send the whole address.
    path = raw.partition("?")[0]
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    words: list[str] = []
    # The first word is the version, however many slashes stand before it.
    for word in path.lstrip("/").split("/")[1:]:
        keyed = _KEYED.fullmatch(unquote(word))
        if keyed is not None:
            # OData's way to write a key: users('id') is users/id.
            words += [keyed[1], keyed[2].replace("''", "'")]
        elif word:
            words.append(unquote(word))
    return tuple(words)
