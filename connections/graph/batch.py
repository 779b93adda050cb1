"""Several calls in one: `$batch`, with each part's own fate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connections.graph.errors import GraphError, Unavailable, error_of
from connections.graph.wire import VERSION, address_of

# Graph's own limit; a 21st part would cost all of them.
MOST_PARTS = 20


@dataclass(frozen=True)
class Part:
    """One call of a batch: `path` as for the client, `body` as JSON."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PartAnswer:
    """What became of one part. `error` is None when it went well."""

    status: int
    body: dict[str, Any]
    error: GraphError | None

    def result(self) -> dict[str, Any]:
        """
        The body.

        Raises:
            GraphError: the part failed.
        """
        if self.error:
            raise self.error
        return self.body


def requests_of(parts: Sequence[Part], *, prefer: str) -> dict[str, Any]:
    """The body of `POST /$batch`; parts are numbered from 0 in their order."""
    return {"requests": [_request(str(number), part, prefer) for number, part in enumerate(parts)]}


def _request(number: str, part: Part, prefer: str) -> dict[str, Any]:
    address = address_of(part.path)
    # Outer headers do not reach the members.
    headers = {"Prefer": prefer, **part.headers}
    url = address.partition(VERSION)[2]
    request: dict[str, Any] = {"id": number, "method": part.method, "url": url}
    if part.body is not None:
        headers["Content-Type"] = "application/json"
        request["body"] = dict(part.body)
    return request | {"headers": headers}


def answers_of(body: Mapping[str, Any], count: int) -> list[PartAnswer]:
    """One answer for each part, in the order of the parts; a part that nobody answered is `Unavailable`."""
    responses = body.get("responses")
    found = {
        response.get("id"): response
        for response in (responses if isinstance(responses, list) else [])
        if isinstance(response, dict) and isinstance(response.get("id"), str)
    }
    return [_answer(found.get(str(number))) for number in range(count)]


def _answer(response: dict[str, Any] | None) -> PartAnswer:
    status = response.get("status") if response else None
    if response is None or not isinstance(status, int):
        return PartAnswer(0, {}, Unavailable("unanswered"))
    body, headers = response.get("body"), response.get("headers")
    if 200 <= status < 300:
        return PartAnswer(status, body if isinstance(body, dict) else {}, None)
    return PartAnswer(status, {}, error_of(status, body, headers if isinstance(headers, dict) else {}))
