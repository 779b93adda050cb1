"""Addresses, links and JSON as they travel between Graph and us."""

import json
import re
from typing import Any
from urllib.parse import unquote

import orjson
from django.conf import settings

from connections.graph.errors import BadRequest, Unavailable

VERSION = "/v1.0"
LONGEST_LINK = 16 * 1024

# What a path of ours may consist of: quoted ids and names, so no query, no second host, no way up.
_PATH = re.compile(r"/[A-Za-z0-9$_.~!'()*,;:@=+%/-]*")
_PRINTABLE = re.compile(r"[!-~]+")
_KEY_IN_BRACKETS = re.compile(r"([^/(]+)\('([^/]*)'\)")


class UntrustedLink(BadRequest):
    """A next or delta link that leads elsewhere than the call it continues. Nothing was sent there."""


def address_of(path: str) -> str:
    """
    The full address of a path below the version, such as `/me/calendars`. Ids in it are quoted with `safe=""`.

    Raises:
        ValueError: not a plain path.
    """
    path = path if path.startswith("/") else f"/{path}"
    if not _PATH.fullmatch(path) or "//" in path or ".." in path.split("/"):
        raise ValueError("a Graph path holds quoted segments only")
    return f"{settings.GRAPH_ORIGIN}{VERSION}{path}"


def checked_link(link: object, *, path: str) -> str:
    """
    The link, if it is on Graph's own host and continues the call of `path`. Checked at each use: it may come from a
    row.

    Raises:
        UntrustedLink: it leads elsewhere.
    """
    if not isinstance(link, str) or len(link) > LONGEST_LINK or not _PRINTABLE.fullmatch(link):
        raise UntrustedLink(reason="untrusted_link")
    place, _, rest = link.partition("?")
    if not link.startswith(f"{settings.GRAPH_ORIGIN}/") or "#" in rest or "\\" in place:
        raise UntrustedLink(reason="untrusted_link")
    if _segments(place) != _segments(address_of(path)):
        raise UntrustedLink(reason="untrusted_link")
    return link


def _segments(address: str) -> list[str]:
    """Path segments by meaning: Graph writes `calendars('id')` for `calendars/id`, and quotes as it likes."""
    path = address.removeprefix(settings.GRAPH_ORIGIN)
    return [unquote(segment) for segment in _KEY_IN_BRACKETS.sub(r"\1/\2", path).strip("/").split("/")]


def parsed(body: bytes) -> Any:
    """
    The JSON of a body.

    orjson refuses lone surrogates, which events of careless clients hold; the standard library reads them, and who
    stores the item decides. One bad item must not cost the page.

    Raises:
        ValueError: not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


def parsed_object(body: bytes, *, status: int, request_id: str) -> dict[str, Any]:
    """
    The JSON object of a successful answer; {} when there is no body.

    Raises:
        Unavailable: anything else, such as the HTML of a gateway in between.
    """
    if not body:
        return {}
    try:
        found = parsed(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unavailable("unreadable", status=status, request_id=request_id)
    return found
