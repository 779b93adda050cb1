"""The client of Microsoft Graph: one mailbox's token, one call at a time, typed errors."""

import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NoReturn, Protocol

import orjson
import requests
import structlog

from connections import http
from connections.graph import batch as batches
from connections.graph.batch import MOST_PARTS, Part, PartAnswer
from connections.graph.errors import BadRequest, GraphError, ReadOnly, Unavailable, error_of
from connections.graph.wire import address_of, checked_link, parsed, parsed_object
from tenants.scoping import ScopeError, current_scope

log = structlog.get_logger(__name__)

PREFER: Final = 'IdType="ImmutableId", outlook.timezone="UTC"'
# A GET may be repeated. Twice, briefly: whoever needs more patience has a queue.
TRIES: Final = 3
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 2.0
_PASSING: Final = frozenset({502, 503, 504})
# Being told of changes changes nothing in a mailbox.
_SUBSCRIPTIONS: Final = re.compile(r"/?subscriptions(/[^/]+(/reauthorize)?)?")


class Tokens(Protocol):
    """Where a client gets its access token."""

    def __call__(self, *, rejected: str | None) -> str:
        """
        A token that should work: another one than `rejected`, which Graph has refused.

        Raises:
            GraphError: there is none; the type says who can help.
        """


class GraphClient:
    """
    Calls Graph for one mailbox. Paths are relative to the version, ids in them quoted with `safe=""`.

    Every call is bounded in time and size, asks for immutable ids and times in UTC, and raises `GraphError`. May be
    used from several threads, never inside a scope of the database: a transaction would stay open as long as Graph
    takes.

    One that is `read_only` refuses, with `ReadOnly` and before anything is sent, whatever would change something in the
    mailbox: all but GET, save for subscriptions.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        opened_at: datetime | None = None,
        read_only: bool = False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.read_only = read_only
        self._tokens = tokens
        self._token: str | None = None
        self._opened_at = opened_at
        self._pause = pause

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        page_size: int | None = None,
    ) -> dict[str, Any]:
        return self._call("GET", address_of(path), params=params, headers=headers, page_size=page_size)

    def get_link(self, link: str, *, path: str, page_size: int | None = None) -> dict[str, Any]:
        """
        Follow a next or delta link, unchanged. `path` is that of the call which the link continues.

        Raises:
            UntrustedLink: the link leads elsewhere; no token was sent.
        """
        return self._call("GET", self._checked(link, path), page_size=page_size)

    def pages(
        self, path: str, *, params: Mapping[str, str] | None = None, page_size: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every page as Graph answered it, each asked for when it is wanted. The last may hold `@odata.deltaLink`."""
        page = self.get(path, params=params, page_size=page_size)
        yield page
        while link := page.get("@odata.nextLink"):
            page = self.get_link(link, path=path, page_size=page_size)
            yield page

    def post(self, path: str, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Never repeated by itself: after `Unavailable` it may have happened or not."""
        self._check_writing("POST", path)
        return self._call("POST", address_of(path), body=body, headers=headers)

    def patch(self, path: str, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Never repeated by itself, like `post`. Give `If-Match` in `headers`."""
        self._check_writing("PATCH", path)
        return self._call("PATCH", address_of(path), body=body, headers=headers)

    def delete(self, path: str, *, headers: Mapping[str, str] | None = None) -> None:
        """Never repeated by itself; a second one is `NotFound`."""
        self._check_writing("DELETE", path)
        self._call("DELETE", address_of(path), headers=headers)

    def batch(self, parts: Sequence[Part]) -> list[PartAnswer]:
        """
        All parts, up to 20 in one call, without an order among them. The answers are in the order of `parts`.

        A failed part is an answer with an `error`; only a failure of a whole call raises.

        Raises:
            ReadOnly: a part would change something. None was sent.
        """
        for part in parts:
            self._check_writing(part.method, part.path)
        answers: list[PartAnswer] = []
        for start in range(0, len(parts), MOST_PARTS):
            some = parts[start : start + MOST_PARTS]
            body = self._call("POST", address_of("/$batch"), body=batches.requests_of(some, prefer=PREFER))
            answers += batches.answers_of(body, len(some))
        for answer in answers:
            if answer.error:
                answer.error.opened_at = self._opened_at
        return answers

    def _check_writing(self, method: str, path: str) -> None:
        if self.read_only and method.upper() != "GET" and not _SUBSCRIPTIONS.fullmatch(path):
            self._fail(ReadOnly("read_only", reason="read_only"))

    def _checked(self, link: object, path: str) -> str:
        try:
            return checked_link(link, path=path)
        except BadRequest as error:
            self._fail(error)

    def _call(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        page_size: int | None = None,
    ) -> dict[str, Any]:
        if current_scope() is not None:
            raise ScopeError("Graph is not called inside a scope: the transaction would wait for it")
        sent = self._headers(headers, body=body, page_size=page_size)
        data = None if body is None else orjson.dumps(body)
        token = self._token or self._new_token(rejected=None)
        answer = self._patiently(method, url, token, params=params, headers=sent, data=data)
        if answer.status == 401:
            # Once: the token may have ended early. Who refuses the next one, too, wants to see the person.
            token = self._new_token(rejected=token)
            answer = self._patiently(method, url, token, params=params, headers=sent, data=data)
        if not 200 <= answer.status < 300:
            self._fail(error_of(answer.status, _json_or_none(answer.body), answer.headers))
        try:
            return parsed_object(answer.body, status=answer.status, request_id=answer.headers.get("request-id", ""))
        except GraphError as error:
            self._fail(error)

    def _patiently(self, method: str, url: str, token: str, **request: Any) -> http.Answer:
        """Send; a GET again after what passes by itself, with growing pauses."""
        tries = TRIES if method == "GET" else 1
        for attempt in range(1, tries + 1):
            pause = FIRST_PAUSE * 4 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, no secret
            try:
                answer = self._send(method, url, token, **request)
            except http.RefusedDestination:
                raise
            except requests.RequestException as error:
                # Its text holds the address, and that may hold tokens of a link.
                if attempt == tries:
                    self._fail(Unavailable(type(error).__name__))
            else:
                if answer.status not in _PASSING or attempt == tries:
                    return answer
                asked = error_of(answer.status, None, answer.headers).retry_after
                if asked is not None and asked > LONGEST_PAUSE:
                    return answer
                pause = max(pause, asked or 0)
            self._pause(pause)
        raise AssertionError("unreachable: the last try returns or raises")

    @staticmethod
    def _send(method: str, url: str, token: str, *, headers: dict[str, str], **request: Any) -> http.Answer:
        # New at each try, so that Microsoft's support can tell them apart.
        ids = {"client-request-id": str(uuid.uuid4()), "return-client-request-id": "true"}
        return http.send(method, url, headers={**headers, **ids, "Authorization": f"Bearer {token}"}, **request)

    def _new_token(self, *, rejected: str | None) -> str:
        try:
            self._token = self._tokens(rejected=rejected)
        except GraphError as error:
            self._fail(error)
        return self._token

    def _fail(self, error: GraphError) -> NoReturn:
        error.opened_at = self._opened_at
        log.info(
            "graph_refused",
            code=error.code,
            status=error.status,
            reason=error.reason,
            graph_request_id=error.request_id,
        )
        raise error

    @staticmethod
    def _headers(
        extra: Mapping[str, str] | None, *, body: Mapping[str, Any] | None, page_size: int | None
    ) -> dict[str, str]:
        prefer = PREFER if page_size is None else f"{PREFER}, odata.maxpagesize={page_size}"
        headers = {"Accept": "application/json", "Prefer": prefer, **(extra or {})}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return headers


def _json_or_none(body: bytes) -> Any:
    """An error's body may be missing or the HTML of a gateway: then the status alone speaks."""
    try:
        return parsed(body)
    except (ValueError, RecursionError):
        return None
