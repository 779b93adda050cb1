"""Microsoft Graph v1.0 for calendars: finding what a path means, and answering in Graph's shape."""

from flask import Blueprint, Response, g, request

from sandbox.directory import Group, Person
from sandbox.graph import (
    absent,
    attachments,
    batch,
    calendar_groups,
    calendars,
    delta,
    envelope,
    events,
    exchange_ids,
    extensions,
    groups,
    meeting_times,
    permissions,
    prefer,
    reminders,
    responses,
    schedule,
    settings,
    subscriptions,
    timezones,
    users,
    views,
)
from sandbox.graph.call import Call, Place
from sandbox.graph.routing import IN_DEFAULT_CALENDAR, Route, container, mailbox, service, words_of_path
from sandbox.identity import Access, InvalidToken
from sandbox.refusals import Refusal, nobody_is_me, unknown_object, unknown_segment
from sandbox.state import Sandbox, current

blueprint = Blueprint("graph", __name__)

# The functions hang themselves on the routers when their modules are imported.
HANDLERS = (
    absent,
    attachments,
    batch,
    calendar_groups,
    calendars,
    delta,
    events,
    exchange_ids,
    extensions,
    groups,
    meeting_times,
    permissions,
    reminders,
    responses,
    schedule,
    settings,
    subscriptions,
    timezones,
    users,
    views,
)
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


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


def addressed_mailbox(words: tuple[str, ...]) -> str | None:
    """The address of the mailbox that a path is about, if its words and the token of the request tell."""
    access = caller()
    if access is None:
        return None
    owner = _owner(current(), access, words)
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
    _place(call, words)
    # Werkzeug takes the body away from what answers HEAD.
    method = "GET" if request.method == "HEAD" else request.method
    found = _ROUTERS[call.place].find(method, call.rest)
    if found is None:
        raise unknown_segment(words[-1] if words else "")
    route, call.path_ids, call.parameters = found
    response = _answer(call, route)
    if call.prefer.applied:
        response.headers["Preference-Applied"] = ", ".join(call.prefer.applied)
    return response


def _answer(call: Call, route: Route) -> Response:
    with call.sandbox.lock:
        call.guard()
        if route.locked:
            return route.handler(call)
    return route.handler(call)


_ROUTERS = {Place.SERVICE: service, Place.MAILBOX: mailbox, Place.CALENDAR: container}


def _place(call: Call, words: tuple[str, ...]) -> None:
    """Note in the call what the path says of owner and calendar, and what remains of it there."""
    call.owner = _owner(call.sandbox, call.access, words)
    call.rest = words
    match [word.lower() for word in words]:
        case ["me", *_]:
            if call.access.is_application:
                raise nobody_is_me()
            _place_below_owner(call, words[1:])
        case ["users", _, *_]:
            _require_colleague(call, words)
            _place_below_owner(call, words[2:])
        case ["groups", _, _, *_]:
            call.group = groups.find(call, words[1])
            call.place, call.rest = Place.CALENDAR, groups.below_calendar(words[2:])


def _place_below_owner(call: Call, rest: tuple[str, ...]) -> None:
    call.place, call.rest = Place.CALENDAR, rest
    match [word.lower() for word in rest]:
        case ["calendar", *_]:
            call.rest = rest[1:]
        case ["calendars", _, *_]:
            call.calendar_id, call.rest = rest[1], rest[2:]
        case ["calendargroups", _, "calendars", _, *_]:
            call.calendar_group_id, call.calendar_id, call.rest = rest[1], rest[3], rest[4:]
        case [first, *_] if first in IN_DEFAULT_CALENDAR:
            pass
        case _:
            call.place = Place.MAILBOX


def _owner(sandbox: Sandbox, access: Access, words: tuple[str, ...]) -> Person | None:
    match [word.lower() for word in words[:2]]:
        case ["users", _]:
            return sandbox.directory.find_person(words[1])
        case ["groups", _]:
            group: Group | None = sandbox.directory.find_group(words[1])
            return group.as_owner() if group is not None else None
    return access.person


def _require_colleague(call: Call, words: tuple[str, ...]) -> None:
    """
    Raises:
        Refusal: nobody of the caller's tenant is called so.
    """
    if call.owner is None or call.owner.tenant_id != call.access.tenant_id:
        if len(words) == 2:
            raise unknown_object(words[1])
        raise Refusal(404, "ErrorInvalidUser", f"The requested user '{words[1]}' is invalid.")
