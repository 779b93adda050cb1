"""Microsoft Graph v1.0 for calendars: finding what a path means, and answering in Graph's shape."""

from flask import Blueprint, Response, g, request

from sandbox.directory import Person
from sandbox.graph import absent, batch, calendars, delta, envelope, events, prefer, subscriptions, users, views
from sandbox.graph.call import Call
from sandbox.graph.routing import Router, container, mailbox, service, words_of_path
from sandbox.identity import Access, InvalidToken
from sandbox.refusals import Refusal, access_denied
from sandbox.state import Sandbox, current

blueprint = Blueprint("graph", __name__)

# The functions hang themselves on the routers when their modules are imported.
HANDLERS = (absent, batch, calendars, delta, events, subscriptions, users, views)
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_IN_CONTAINER = frozenset({"events", "calendarview"})


def is_graph(path: str) -> bool:
    return path.lower().startswith(("/v1.0/", "/beta/"))


def path_and_query() -> str:
    """What was asked, as it was written."""
    query = request.query_string.decode("latin-1")
    return f"{request.path}?{query}" if query else request.path


def refusal(status: int, code: str | None, message: str, *, retry_after: object = None) -> Response:
    """An error in Graph's envelope for whoever stands before Graph."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return envelope.refuse(
        Refusal(status, code or _USUAL_CODES.get(status, "generalException"), message, headers=headers)
    )


_USUAL_CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "ErrorItemNotFound",
    405: "Request_BadRequest",
    409: "ErrorIrresolvableConflict",
    410: "SyncStateNotFound",
    412: "ErrorIrresolvableConflict",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
    500: "ErrorInternalServerError",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "GatewayTimeout",
}


def caller() -> Access | None:
    """Who calls, if the token tells."""
    access = _access()
    return None if isinstance(access, InvalidToken) else access


def addressed_mailbox() -> str | None:
    """The address of the mailbox that this request is about, if its token and its path tell."""
    access = caller()
    if access is None:
        return None
    owner = _owner(current(), access, words_of_path())
    return owner.upn if owner is not None else None


@blueprint.route("/v1.0/", defaults={"path": ""}, methods=_METHODS)
@blueprint.route("/v1.0/<path:path>", methods=_METHODS)
def answer_call(path: str) -> Response:  # noqa: ARG001 - read undecoded from the request line
    try:
        return envelope.stamp(_dispatch(current()))
    except Refusal as refused:
        return envelope.refuse(refused)


@blueprint.route("/beta/", defaults={"path": ""}, methods=_METHODS)
@blueprint.route("/beta/<path:path>", methods=_METHODS)
def answer_beta(path: str) -> Response:
    return refusal(501, "notImplemented", f"The sandbox imitates v1.0 only, not /beta/{path}.")


def _access() -> Access | InvalidToken:
    """Who calls; asked once for each request."""
    known: Access | InvalidToken | None = g.get("access")
    if known is None:
        try:
            known = current().identity.authenticate(request.headers.get("Authorization"))
        except InvalidToken as invalid:
            known = invalid
        g.access = known
    return known


def _dispatch(sandbox: Sandbox) -> Response:
    access = _access()
    if isinstance(access, InvalidToken):
        raise Refusal(
            401,
            "InvalidAuthenticationToken",
            access.reason,
            headers={"WWW-Authenticate": access.challenge},
        )
    words = words_of_path()
    call = Call(sandbox, access, prefer.read(), words)
    router, rest = _place(call, words)
    # Werkzeug takes the body away from what answers HEAD.
    found = router.find("GET" if request.method == "HEAD" else request.method, rest)
    if found is None:
        last = words[-1] if words else ""
        raise Refusal(404, "ResourceNotFound", f"Resource not found for the segment '{last}'.")
    route, call.ids = found
    if route.locked:
        with sandbox.lock:
            response = route.handler(call)
    else:
        response = route.handler(call)
    if call.prefer.applied:
        response.headers["Preference-Applied"] = ", ".join(call.prefer.applied)
    return response


def _place(call: Call, words: tuple[str, ...]) -> tuple[Router, tuple[str, ...]]:
    """Which routes the path belongs to, and what remains of it there. Notes owner and calendar in the call."""
    call.owner = _owner(call.sandbox, call.access, words)
    match [word.lower() for word in words[:1]]:
        case ["me"]:
            rest = words[1:]
        case ["users"] if len(words) > 1:
            _require_right(call, words[1])
            rest = words[2:]
        case _:
            return service, words
    match [word.lower() for word in rest]:
        case ["calendar", *_]:
            return container, rest[1:]
        case ["calendars", _, *_]:
            call.calendar_id = rest[1]
            return container, rest[2:]
        case ["calendargroups", _, "calendars", _, *_]:
            call.calendar_id = rest[3]
            return container, rest[4:]
        case [first, *_] if first in _IN_CONTAINER:
            return container, rest
        case _:
            return mailbox, rest


def _owner(sandbox: Sandbox, access: Access, words: tuple[str, ...]) -> Person | None:
    if len(words) > 1 and words[0].lower() == "users":
        return sandbox.directory.find_person(words[1])
    return access.person


def _require_right(call: Call, named: str) -> None:
    """
    Nobody but a person's own token, or the app's in that person's tenant, reaches a mailbox.

    Raises:
        Refusal: nobody is called so, or somebody else.
    """
    owner, access = call.owner, call.access
    if owner is None or owner.tenant_id != access.tenant_id:
        raise Refusal(404, "ErrorInvalidUser", f"The requested user '{named}' is invalid.")
    if access.person is not None and access.person.oid != owner.oid:
        raise access_denied()
