"""
`$batch`: up to twenty calls in one. Each member is asked of the whole application in this process,
as if it had come alone: with its own log entry, faults, limits, preferences and request id.

Without `dependsOn` up to four members are under way at once, as Graph forwards them to Outlook;
with it they go one at a time, in the given order as far as their dependencies allow it.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

import orjson
from flask import Response, current_app, g, request

from sandbox import wsgi
from sandbox.graph.call import Call
from sandbox.graph.envelope import GRAPH, answer
from sandbox.graph.routing import service
from sandbox.members import spelled
from sandbox.refusals import Refusal

MOST_MEMBERS = 20
AT_ONCE = 4
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
# These change something, and say with what: Graph wants a body, be it `{}`.
_WRITES = frozenset({"POST", "PATCH", "PUT"})
# In the environ of a member: the number of its batch in the request log.
MEMBER_OF = "sandbox.batch"

_VERSION = "/v1.0"
_NAMES = {name.lower(): name for name in ("requests", "id", "method", "url", "headers", "body", "dependsOn")}
# What a member has in common with the request that brought it. Other headers of the batch are its own.
_INHERITED = (
    "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE", "REMOTE_ADDR", "HTTP_HOST",
    "HTTP_AUTHORIZATION", "wsgi.version", "wsgi.url_scheme", "wsgi.errors", "wsgi.multithread",
    "wsgi.multiprocess", "wsgi.run_once",
)  # fmt: skip
_NOT_A_MEMBERS = frozenset({"host", "authorization", "content-length", "connection", "transfer-encoding", "expect"})
_OF_THE_CONNECTION = frozenset({"content-length", "connection", "date", "server", "x-ms-ags-diagnostic"})
# All that a client may leave unencoded in a URL; a percent sign is taken to be the beginning of an escape.
_PLAIN_IN_URLS = "/%:@!$&'()*+,;=~-._?[]\""


@dataclass(frozen=True, slots=True)
class Member:
    """One call. `key` and `waits_for` are ids with their letter case folded."""

    id: str
    key: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    waits_for: frozenset[str]


@service.route("POST", "$batch", locked=False)
def answer_batch(call: Call) -> Response:
    if request.mimetype and not request.mimetype.endswith("json"):
        raise Refusal(415, "UnsupportedMediaType", "A batch is sent as application/json.")
    members = _read(spelled(call.body(), _NAMES))
    ask = _asker()
    if any(member.waits_for for member in members):
        responses = list(_one_by_one(members, ask))
    else:
        responses = _side_by_side(members, ask)
    return answer({"responses": responses})


# Reading


def _malformed(why: str) -> Refusal:
    return Refusal(400, "BadRequest", f"Invalid batch payload format. {why}")


def _read(sent: dict[str, Any]) -> list[Member]:
    """
    Raises:
        Refusal: the batch as a whole cannot be understood, so that none of it is done.
    """
    given = sent.get("requests")
    if not isinstance(given, list) or not given:
        raise _malformed("A list of requests was expected.")
    if len(given) > MOST_MEMBERS:
        raise _malformed(f"It holds {len(given)} requests; at most {MOST_MEMBERS} are allowed.")
    members = [_member(each) for each in given]
    known = {member.key for member in members}
    if len(known) < len(members):
        raise _malformed("Each request needs an id of its own; the case of letters makes no difference.")
    for member in members:
        if not member.waits_for <= known:
            raise _malformed(f"Request '{member.id}' depends on an id that no request has.")
    return _in_order(members)


def _member(given: Any) -> Member:
    if not isinstance(given, dict):
        raise _malformed("Each request is an object.")
    folded = spelled(given, _NAMES)
    id_ = folded.get("id")
    if not isinstance(id_, str) or not id_:
        raise _malformed("Each request needs an id, which is a text.")
    method = folded.get("method")
    if not isinstance(method, str) or method.upper() not in METHODS:
        raise _malformed(f"Request '{id_}' needs a method: {', '.join(sorted(METHODS))}.")
    path, query = _target(id_, folded.get("url"))
    headers = _headers(id_, folded.get("headers"))
    body = folded.get("body")
    if (body is not None or method.upper() in _WRITES) and (body is None or "content-type" not in headers):
        raise _malformed(f"Write request '{id_}' needs a body and a Content-Type header.")
    return Member(
        id=id_,
        key=id_.casefold(),
        method=method.upper(),
        path=path,
        query=query,
        headers=headers,
        body=_body(id_, body),
        waits_for=_dependencies(id_, folded.get("dependsOn")),
    )


def _target(id_: str, url: Any) -> tuple[str, str]:
    """Path and query of a member: relative to the version, or absolute as Microsoft's own SDK writes them."""
    if not isinstance(url, str) or not url.strip():
        raise _malformed(f"Request '{id_}' needs a url.")
    path, _, query = url.strip().partition("#")[0].partition("?")
    if "://" in path:
        path = _path_here(id_, path)
    words = [word for word in path.split("/") if word]
    if unquote(words[0] if words else "").lower() == "$batch":
        raise _malformed(f"Request '{id_}' is a batch itself, and batches are not nested.")
    return f"{_VERSION}/{quote('/'.join(words), safe=_PLAIN_IN_URLS)}", quote(query, safe=_PLAIN_IN_URLS)


def _path_here(id_: str, url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _malformed(f"The url of request '{id_}' cannot be read.") from error
    version, _, path = parts.path.lstrip("/").partition("/")
    here = parts.netloc.lower() in {urlsplit(GRAPH).netloc, request.host.lower()}
    if not here or f"/{version.lower()}" != _VERSION:
        raise _malformed(f"The url of request '{id_}' leads elsewhere; write it relative to {_VERSION}.")
    return path


def _headers(id_: str, given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise _malformed(f"The headers of request '{id_}' are an object of texts.")
    return {name.strip().lower(): value for name, value in given.items()}


def _body(id_: str, given: Any) -> bytes:
    if given is None:
        return b""
    if not isinstance(given, str):
        return orjson.dumps(given)
    # A text is something else than JSON, in base64url; ordinary base64 and missing padding are understood.
    text = given.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed(f"The body of request '{id_}' is neither JSON nor base64url.") from error


def _dependencies(id_: str, given: Any) -> frozenset[str]:
    if given is None:
        return frozenset()
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise _malformed(f"dependsOn of request '{id_}' is a list of ids.")
    return frozenset(each.casefold() for each in given)


def _in_order(members: list[Member]) -> list[Member]:
    """As they were given, but none before those that it depends on."""
    waiting, done, ordered = list(members), set[str](), []
    while waiting:
        ready = next((member for member in waiting if member.waits_for <= done), None)
        if ready is None:
            raise _malformed("Requests depend on one another in a circle.")
        waiting.remove(ready)
        done.add(ready.key)
        ordered.append(ready)
    return ordered


# Asking

Asker = Callable[[Member], dict[str, Any]]


def _one_by_one(members: Iterable[Member], ask: Asker) -> Iterator[dict[str, Any]]:
    failed: set[str] = set()
    for member in members:
        # In a context of its own, so that nothing which belongs to the batch is taken for the member's.
        response = _failed_dependency(member) if member.waits_for & failed else Context().run(ask, member)
        if response["status"] >= 400:
            failed.add(member.key)
        yield response


def _side_by_side(members: list[Member], ask: Asker) -> list[dict[str, Any]]:
    if len(members) == 1:
        return list(_one_by_one(members, ask))
    with ThreadPoolExecutor(min(AT_ONCE, len(members)), thread_name_prefix="sandbox-batch") as pool:
        return list(pool.map(ask, members))


def _failed_dependency(member: Member) -> dict[str, Any]:
    return {"id": member.id, "status": 424, "body": {"error": {"code": "424", "message": "Failed Dependency"}}}


def _asker() -> Asker:
    common = {name: request.environ[name] for name in _INHERITED if name in request.environ}
    entry = g.get("entry")
    return partial(_ask, current_app.wsgi_app, common, entry.n if entry is not None else 0)


def _ask(app: Any, common: dict[str, Any], batch: int, member: Member) -> dict[str, Any]:
    environ = {
        **common,
        "REQUEST_METHOD": member.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(member.path).decode("latin-1"),
        "QUERY_STRING": member.query,
        "REQUEST_URI": f"{member.path}?{member.query}" if member.query else member.path,
        "CONTENT_LENGTH": str(len(member.body)),
        "wsgi.input": BytesIO(member.body),
        MEMBER_OF: batch,
    }
    for name, value in member.headers.items():
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name not in _NOT_A_MEMBERS:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return _shown(member, wsgi.ask(app, environ))


def _shown(member: Member, given: wsgi.Answer) -> dict[str, Any]:
    headers = {name: value for name, value in given.headers if name.lower() not in _OF_THE_CONNECTION}
    shown: dict[str, Any] = {"id": member.id, "status": given.status, "headers": headers}
    if given.body:
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind.endswith("json") and _is_json(given.body):
            shown["body"] = orjson.Fragment(given.body)
        else:
            shown["body"] = base64.b64encode(given.body).decode()
    return shown


def _is_json(body: bytes) -> bool:
    """Whether it can stand in the batch's answer as it is. A fault may have spoiled it."""
    try:
        # Not orjson: what is shown verbatim may hold half a surrogate pair, which JSON's grammar allows.
        json.loads(body)
    except ValueError:
        return False
    return True
