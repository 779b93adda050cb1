"""`/me`, `/users/{id}` and the list of colleagues: enough of a person for a calendar client."""

import base64
import binascii
from typing import Any

from flask import Response, request

from sandbox.directory import Person
from sandbox.graph import expand, filters, query
from sandbox.graph.call import Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.rights import FULL_PROFILES, PROFILE, PROFILES
from sandbox.graph.routing import mailbox, service
from sandbox.refusals import Refusal, privileges_missing

DEFAULT_PAGE = 100
LARGEST_PAGE = 999
EXPANDABLE = frozenset({"manager", "memberof", "extensions"})
_BASIC = frozenset({"@odata.context", "id", "displayName", "givenName", "surname", "mail", "userPrincipalName"})
_TOKEN_HEAD = b"\x44\x53\x70\x74"


@mailbox.route("GET", "")
def show_user(call: Call) -> Response:
    _need(call, PROFILE)
    expand.read(EXPANDABLE)
    shown = {"@odata.context": context("users/$entity"), **_user(call, call.person)}
    return answer(query.narrow(shown, query.selected()))


@mailbox.route("GET", "photo", "photo/$value", "photos")
def show_photo(call: Call) -> Response:
    _need(call, PROFILE)
    raise Refusal(404, "ImageNotFound", "Nobody here has a photo.")


@service.route("GET", "users")
def list_users(call: Call) -> Response:
    """The caller's colleagues, page by page; the link holds a token, for the directory does not skip."""
    _need(call, PROFILES)
    expand.read(EXPANDABLE)
    if call.access.person is not None and call.access.person.is_personal:
        raise privileges_missing()
    if query.option("skip") is not None:
        raise Refusal(400, "Request_UnsupportedQuery", "'$skip' is not supported by the service.")
    people = [person for person in call.sandbox.directory.people if person.tenant_id == call.access.tenant_id]
    names, shown = query.selected(), [_user(call, person) for person in people]
    if text := query.option("filter"):
        wanted = filters.parse(text)
        shown = [each for each in shown if wanted.fits(each)]
    shown = [each for _, each in query.ordered(shown, shown)]
    size = min(query.count_option("top", lowest=1) or DEFAULT_PAGE, LARGEST_PAGE)
    start = _position()
    body: dict[str, Any] = {"@odata.context": context("users")}
    # Counting is an advanced query, which has to be asked for; otherwise the wish is passed over.
    if query.wants_count() and request.headers.get("ConsistencyLevel", "").lower() == "eventual":
        body["@odata.count"] = len(shown)
    body["value"] = [query.narrow(each, names) for each in shown[start : start + size]]
    if start + size < len(shown):
        body["@odata.nextLink"] = _link(start + size)
    return answer(body)


def _need(call: Call, scopes: frozenset[str]) -> None:
    """
    The directory's own way of asking for scopes.

    Raises:
        Refusal: the token holds none of them that means anything for this person.
    """
    if call.scopes.isdisjoint(scopes):
        raise privileges_missing()


def _user(call: Call, person: Person) -> dict[str, Any]:
    given, _, family = person.name.partition(" ")
    shown: dict[str, Any] = {
        "businessPhones": [],
        "displayName": person.name,
        "givenName": given,
        "jobTitle": None,
        "mail": person.mail,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": "en-US",
        "surname": family,
        "userPrincipalName": person.upn,
        "id": person.oid,
    }
    caller = call.access.person
    if (caller is not None and caller.oid == person.oid) or not call.access.scopes.isdisjoint(FULL_PROFILES):
        return shown
    return {name: value if name in _BASIC else _nothing(value) for name, value in shown.items()}


def _nothing(value: Any) -> Any:
    """What stands in a profile for what the caller may not read."""
    return [] if isinstance(value, list) else None


def _position() -> int:
    text = query.option("skiptoken")
    if text is None:
        return 0
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii"))
    except (binascii.Error, ValueError) as error:
        raise _bad_token() from error
    if len(raw) != len(_TOKEN_HEAD) + 4 or not raw.startswith(_TOKEN_HEAD):
        raise _bad_token()
    return int.from_bytes(raw[len(_TOKEN_HEAD) :], "big")


def _bad_token() -> Refusal:
    return Refusal(400, "Directory_ExpiredPageToken", "The specified page token value has expired.")


def _link(position: int) -> str:
    return query.link("skiptoken", base64.urlsafe_b64encode(_TOKEN_HEAD + position.to_bytes(4, "big")).decode())
