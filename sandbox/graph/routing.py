"""
Which function answers which path. Words are matched without regard to letter case, `*` stands
for an id, and a calendar's part of the path is the same wherever the calendar is reached from.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from flask import Response, request

from sandbox.graph.call import Call
from sandbox.refusals import Refusal

Handler = Callable[[Call], Response]

_KEYED = re.compile(r"(\w+)\('(.+)'\)")


@dataclass(frozen=True)
class Route:
    handler: Handler
    # Whether the sandbox's lock is held meanwhile; not where the handler waits for somebody else.
    locked: bool = True


@dataclass
class Router:
    """The routes below one kind of place."""

    _routes: dict[tuple[str, ...], dict[str, Route]] = field(default_factory=dict)

    def route(self, method: str, *patterns: str, locked: bool = True) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            for pattern in patterns:
                words = tuple(pattern.lower().split("/")) if pattern else ()
                self._routes.setdefault(words, {})[method] = Route(handler, locked)
            return handler

        return register

    def absent(self, *lines: str) -> None:
        """Paths of Graph that are not built here, as `METHOD pattern`: they answer 501 and name themselves."""
        for line in lines:
            method, _, pattern = line.partition(" ")
            self.route(method, pattern)(_absent)

    def find(self, method: str, words: tuple[str, ...]) -> tuple[Route, tuple[str, ...]] | None:
        """
        The route and the ids in the path, or null if nothing is there.

        Raises:
            Refusal: there is something, for other methods.
        """
        matched: dict[str, tuple[Route, tuple[str, ...]]] = {}
        for pattern, methods in self._routes.items():
            ids = _match(pattern, words)
            if ids is not None:
                for name, route in methods.items():
                    # A word in the pattern is meant; an id that happens to look like it is not.
                    if name not in matched or len(ids) < len(matched[name][1]):
                        matched[name] = (route, ids)
        if matched and method not in matched:
            raise Refusal(
                405,
                "Request_BadRequest",
                f"Specified HTTP method is not allowed for the request target: {method}.",
                headers={"Allow": ", ".join(sorted(matched))},
            )
        return matched.get(method)


def _match(pattern: tuple[str, ...], words: tuple[str, ...]) -> tuple[str, ...] | None:
    if len(pattern) != len(words):
        return None
    ids = []
    for expected, word in zip(pattern, words, strict=True):
        if expected == "*":
            ids.append(word)
        elif expected != _plain_word(word):
            return None
    return tuple(ids)


def _plain_word(word: str) -> str:
    """`delta()` and `microsoft.graph.delta` name `delta`."""
    return word.lower().removeprefix("microsoft.graph.").removesuffix("()")


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
