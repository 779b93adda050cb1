"""Which Microsoft tenant a domain belongs to: asked of Microsoft's metadata, which is there for everybody."""

import re
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import UUID

import orjson
import requests
import structlog
from django.conf import settings

from connections import http
from connections.identity.application import LARGEST_ANSWER
from connections.identity.errors import TryLater
from connections.models import PERSONAL_TENANT

log = structlog.get_logger(__name__)

LONGEST_DOMAIN: Final = 253
# What stands for many tenants in Microsoft's addresses, and is none.
_NO_TENANTS: Final = frozenset({"common", "organizations", "consumers"})
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_ISSUER = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/v2\.0$")


class Directory(NamedTuple):
    """A Microsoft tenant. `domain` is what was asked for, in its ASCII form, or "" if it was an id."""

    tid: UUID
    domain: str


class Problem(StrEnum):
    """Why there is no tenant to be found by what was typed."""

    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"
    PERSONAL = "personal"
    MANY = "many"


class NoSuchDirectory(Exception):
    """No Microsoft tenant is to be found by this; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem


def find_directory(*, domain_or_id: str) -> Directory:
    """
    The Microsoft tenant that has this domain, or this id. Calls Microsoft: outside every scope. An address will do.

    Raises:
        NoSuchDirectory: there is none, or it is not a company's.
        TryLater: Microsoft gave no usable answer.
    """
    name = _readable(domain_or_id)
    url = f"{settings.LOGIN_ORIGIN}/{quote(name, safe='')}/v2.0/.well-known/openid-configuration"
    try:
        answer = http.send("GET", url, limit=LARGEST_ANSWER)
        document: Any = orjson.loads(answer.body)
    except (requests.RequestException, orjson.JSONDecodeError):
        raise TryLater from None
    if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
        raise NoSuchDirectory(Problem.UNKNOWN)
    found = _ISSUER.search(str(document.get("issuer", ""))) if isinstance(document, dict) else None
    if answer.status != HTTPStatus.OK or found is None:
        log.warning("directory_answer_unreadable", code=str(answer.status))
        raise TryLater
    tid = UUID(found[1])
    if tid == PERSONAL_TENANT:
        raise NoSuchDirectory(Problem.PERSONAL)
    return Directory(tid, "" if name == str(tid) else name)


def _readable(text: str) -> str:
    """A domain in its ASCII form, or an id in Microsoft's spelling."""
    text = text.strip().strip(".").lower().rpartition("@")[2]
    if text in _NO_TENANTS:
        raise NoSuchDirectory(Problem.MANY)
    try:
        tid = UUID(text)
    except ValueError:
        return _domain(text)
    if tid == PERSONAL_TENANT:
        raise NoSuchDirectory(Problem.PERSONAL)
    return str(tid)


def _domain(text: str) -> str:
    if len(text) > LONGEST_DOMAIN:
        raise NoSuchDirectory(Problem.UNREADABLE)
    try:
        # The codec of the standard library refuses what no domain may hold, and long labels.
        domain = text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError:
        raise NoSuchDirectory(Problem.UNREADABLE) from None
    labels = domain.split(".")
    if len(domain) > LONGEST_DOMAIN or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise NoSuchDirectory(Problem.UNREADABLE)
    return domain
