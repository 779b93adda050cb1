"""Answers that are right but unusual, and answers that are no answers: what a client has to bear."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from flask import Response


class Place(StrEnum):
    TOKEN = "token"
    METADATA = "metadata"
    KEYS = "keys"


class Body(StrEnum):
    """What stands in a body that should have been JSON."""

    HTML = "html"
    TEXT = "text"
    EMPTY = "empty"
    CUT = "cut"


_BODIES = {
    Body.HTML: (
        "<!DOCTYPE html><html><title>Service Unavailable</title><h1>Our services are not available now</h1></html>",
        "text/html",
    ),
    Body.TEXT: ("upstream connect error or disconnect/reset before headers", "text/plain"),
    Body.EMPTY: ("", "application/json"),
    Body.CUT: ('{"token_type":"Bearer","scope":"User.Read","expires_in":', "application/json"),
}


@dataclass
class OddAnswer:
    """What happens instead of an answer (`body`), or before it (`seconds` of real time), `times` times or always."""

    place: Place
    body: Body | None = None
    status: int = 503
    seconds: float = 0
    retry_after: str | None = None
    times: int | None = None

    def wait(self) -> None:
        """Hold the request. Never call it with the lock."""
        if self.seconds:
            time.sleep(self.seconds)

    def response(self) -> Response | None:
        """None where the true answer follows."""
        if self.body is None:
            return None
        text, mimetype = _BODIES[self.body]
        response = Response(text, self.status, mimetype=mimetype)
        if self.retry_after is not None:
            response.headers["Retry-After"] = self.retry_after
        return response


class Spelling(StrEnum):
    """How the `scope` of a token answer is written: both ways are documented, and it may be left out."""

    SHORT = "short"
    FULL = "full"
    OMITTED = "omitted"


@dataclass
class Style:
    """How tokens are answered: further or fewer scopes than asked for, and what stands beside them."""

    more: tuple[str, ...] = ()
    fewer: frozenset[str] = frozenset()
    spelling: Spelling = Spelling.SHORT
    # None: for those alone who declare that they can be told of a revocation.
    refresh_in: bool | None = None


EVERYBODY = ""


@dataclass
class Whims:
    """By the id of a person, a tenant or an app; `EVERYBODY` is for all the others."""

    styles: dict[str, Style] = field(default_factory=dict)
    _odd: dict[tuple[str, Place], OddAnswer] = field(default_factory=dict)

    def disturb(self, key: str, odd: OddAnswer) -> None:
        self._odd[key, odd.place] = odd

    def calm(self) -> None:
        """Take all odd answers back; styles stay."""
        self._odd.clear()

    def odd_answer(self, place: Place, keys: Iterable[str]) -> OddAnswer | None:
        """The first of `keys` that is disturbed at this place, used up by one answer."""
        for key in (*keys, EVERYBODY):
            odd = self._odd.get((key, place))
            if odd is None:
                continue
            if odd.times is not None:
                odd.times -= 1
                if odd.times <= 0:
                    del self._odd[key, place]
            return odd
        return None

    def style(self, keys: Iterable[str]) -> Style:
        return next((self.styles[key] for key in (*keys, EVERYBODY) if key in self.styles), Style())
