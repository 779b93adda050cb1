"""Answers and errors in the shape that Graph gives them."""

import json
import re
import uuid
from typing import Any

import orjson
from flask import Response, g, request

from sandbox.refusals import Refusal
from sandbox.state import current

GRAPH = "https://graph.microsoft.com"
_SERVED_BY = json.dumps(
    {"ServerInfo": {"DataCenter": "Sandbox", "Slice": "E", "Ring": "0", "ScaleUnit": "000", "RoleInstance": "sandbox"}}
)
_GUID_LIKE = re.compile(r"[0-9A-Za-z-]{1,64}")


def request_id() -> str:
    """The id of this request, the same wherever the answer shows it."""
    found: str | None = g.get("request_id")
    if found is None:
        found = g.request_id = str(uuid.uuid4())
    return found


def client_request_id() -> str:
    """What the client called this request; the request's own id if it gave no usable name."""
    given = request.headers.get("client-request-id", "")
    return given if _GUID_LIKE.fullmatch(given) else request_id()


def base_url() -> str:
    """
    The root of links: Graph's where the client believes that it talks to Graph, else the host it
    asked. Clients follow links as they stand.
    """
    host = request.host
    root = GRAPH if host.partition(":")[0].lower() == "graph.microsoft.com" else f"http://{host}"
    return f"{root}/v1.0"


def undecoded_path() -> str:
    """The path that was asked, as it was written. Clients behind a proxy write the whole address."""
    raw = str(request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or request.path)
    path = raw.partition("?")[0]
    return "/" + path.partition("://")[2].partition("/")[2] if "://" in path else path


def context(path: str) -> str:
    return f"{GRAPH}/v1.0/$metadata#{path}"


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(
        _dumps(body),
        status,
        content_type="application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
    )


def _dumps(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:
        # Only what is shown verbatim gets here: half a surrogate pair, a number of a hundred digits.
        return json.dumps(body).encode("ascii")


def empty(status: int) -> Response:
    response = Response(status=status)
    # Of what is not there, no kind is told.
    del response.headers["Content-Type"]
    return response


def stamp(response: Response) -> Response:
    """The headers that every answer of Graph carries."""
    response.headers["request-id"] = request_id()
    response.headers["client-request-id"] = client_request_id()
    response.headers["x-ms-ags-diagnostic"] = _SERVED_BY
    response.headers["Cache-Control"] = "private"
    if "Content-Type" not in response.headers or response.content_length == 0:
        response.headers.pop("Content-Type", None)
    return response


def refuse(refusal: Refusal) -> Response:
    """An error in Graph's envelope."""
    error = {
        "code": refusal.code,
        "message": refusal.message,
        **refusal.more,
        "innerError": {
            **refusal.inner,
            "date": f"{current().clock.now():%Y-%m-%dT%H:%M:%S}",
            "request-id": request_id(),
            "client-request-id": client_request_id(),
        },
    }
    response = Response(orjson.dumps({"error": error}), refusal.status, content_type="application/json")
    response.headers.update(refusal.headers)
    return stamp(response)
