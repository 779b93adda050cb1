"""
The one way out to Microsoft: two hosts, no redirects, a bound on time and size, and the seam to the sandbox.

Addresses are the real ones everywhere. With `SANDBOX_URL` set, the adapters send both hosts there, and nothing else
in the program knows. A host without an adapter cannot be reached at all, so this doubles as an egress rule.
"""

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.util import Retry

# Seconds to connect, and between two pieces of an answer.
TIMEOUT = (3.05, 20.0)
# Seconds for a whole answer: a server that drips would never meet the limit above.
LONGEST_ANSWER = 60.0
# A page of 500 events with bodies stays well below; whoever sends more is not sending a calendar.
LARGEST_ANSWER = 32 * 1024 * 1024
# Seconds to wait when asked to. Less than one makes a loop, and after an hour it is better to ask again.
SHORTEST_WAIT = 1.0
LONGEST_WAIT = 3600.0
_CHUNK = 64 * 1024
# Only connecting is tried again here: what was sent once may have had its effect.
_CONNECTS = Retry(total=None, connect=2, read=False, redirect=False, status=0, other=0, backoff_factor=0.1)


class RefusedDestination(requests.RequestException):
    """A token was about to leave for a host that it was not made for. A defect of ours; nothing was sent."""


class AnswerTooLarge(requests.RequestException):
    """The answer is longer, or takes longer, than any that makes sense. It says nothing about the request."""


@dataclass(frozen=True)
class Answer:
    """A complete answer. Its body may hold tokens or people's events: never log it."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Answer {self.status}, {len(self.body)} bytes>"


def send(
    method: str,
    url: str,
    *,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    data: Any = None,
    limit: int = LARGEST_ANSWER,
) -> Answer:
    """
    One request, read to its end. Redirects are answers like others.

    Raises:
        requests.RequestException: no answer, a host that is not Microsoft's, an answer over `limit` bytes.
    """
    with session().request(
        method, url, params=params, headers=headers, data=data, stream=True, allow_redirects=False
    ) as response:
        return Answer(response.status_code, response.headers, read_limited(response, limit))


def read_limited(response: requests.Response, limit: int = LARGEST_ANSWER) -> bytes:
    """
    The decoded body of a streamed answer.

    Raises:
        AnswerTooLarge: more than `limit` bytes, or more than a minute.
    """
    deadline = time.monotonic() + LONGEST_ANSWER
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_content(_CHUNK):
        size += len(piece)
        if size > limit or time.monotonic() > deadline:
            raise AnswerTooLarge(f"an answer of more than {limit} bytes or {LONGEST_ANSWER:g} seconds")
        pieces.append(piece)
    return b"".join(pieces)


def seconds_to_wait(text: str | None, *, now: datetime | None = None) -> float | None:
    """
    `Retry-After` as seconds between 1 and 3,600: whole, with a fraction, or until a date. None when it says nothing.

    `now` is aware; by default this moment.
    """
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        seconds = (until - (now or datetime.now(UTC))).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)


@cache
def session() -> requests.Session:
    """The process's session, for all threads: connections are pooled, cookies are neither kept nor sent."""
    made = requests.Session()
    # The environment's .netrc would replace our tokens, and its proxies and certificates are not ours to trust.
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.adapters.clear()
    made.mount(f"{settings.LOGIN_ORIGIN}/", _MicrosoftAdapter(settings.SANDBOX_URL, takes_tokens=False))
    made.mount(f"{settings.GRAPH_ORIGIN}/", _MicrosoftAdapter(settings.SANDBOX_URL, takes_tokens=True))
    return made


# A forked worker must not share its parent's sockets.
os.register_at_fork(after_in_child=session.cache_clear)


class _MicrosoftAdapter(HTTPAdapter):
    """Speaks to one of Microsoft's hosts, or to the sandbox in its place."""

    def __init__(self, sandbox: str, *, takes_tokens: bool) -> None:
        super().__init__(pool_connections=1, pool_maxsize=32, max_retries=_CONNECTS)
        self.sandbox = sandbox
        self.takes_tokens = takes_tokens

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        if "Authorization" in request.headers and not self.takes_tokens:
            raise RefusedDestination("an access token for the sign-in host")
        if options.get("timeout") is None:
            options["timeout"] = TIMEOUT
        return super().send(self._redirected(request) if self.sandbox else request, *args, **options)

    def _redirected(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The same request, on its way to the sandbox; the host that was meant travels in `Host`."""
        parts = urlsplit(request.url or "")
        there = request.copy()
        there.url = self.sandbox + parts._replace(scheme="", netloc="").geturl()
        there.headers["Host"] = parts.netloc
        return there
