"""What a fault answers: errors in the shape of the host that was asked, gateways' pages, spoilt bodies."""

import re
import socket
from http import HTTPStatus

from flask import Response, request

from sandbox import graph
from sandbox.faults import Fault
from sandbox.graph import batch
from sandbox.identity import token
from sandbox.identity.aadsts import TokenFault
from sandbox.state import current

# In the environ, for the server: over how many seconds to send the body, and whether to stop in the middle of it.
DRIP = "sandbox.drip"
BROKEN_OFF = "sandbox.broken_off"
# At the sign-in host programs are answered in JSON, people with a page.
_FOR_PROGRAMS = re.compile(r"/(token|devicecode|keys|instance|openid-configuration)$", re.IGNORECASE)


class ConnectionClosed(ConnectionError):
    """The sandbox was asked to close the connection, and there is no socket to close: served in process."""


def answer(fault: Fault) -> Response | None:
    """What a fault says instead of the real answer; null if it leaves that alone."""
    if fault.close:
        return _closed()
    if fault.status is None:
        return None
    if graph.is_graph(request.path):
        return graph.refusal(fault.status, fault.code, fault.message, retry_after=fault.retry_after)
    if _FOR_PROGRAMS.search(request.path):
        return _oauth_error(fault, fault.status)
    return _page(fault.status, fault.retry_after)


def spoil(response: Response, fault: Fault) -> Response:
    """The answer with what the fault does to its body."""
    whole = response.get_data()
    match fault.body:
        case "html":
            response = _page(response.status_code, response.headers.get("Retry-After"))
        case "empty":
            response.set_data(b"")
            response.headers.pop("Content-Type", None)
        case "truncated":
            response.set_data(whole[: len(whole) // 2])
        case "not-json":
            response.set_data(b"The service is unavailable.")
            response.content_type = "application/json"
        case "broken-off":
            request.environ[BROKEN_OFF] = True
        case "error":
            pass
    if fault.content_type is not None:
        response.content_type = fault.content_type
    if fault.drip:
        request.environ[DRIP] = fault.drip
    return response


def _closed() -> Response:
    """
    Close the client's connection without an answer. A member of a batch has none of its own: there
    it is the service behind Graph that hangs up.

    Raises:
        ConnectionClosed: the application is mounted in process; the test sees this instead.
    """
    if batch.MEMBER_OF in request.environ:
        return graph.refusal(502, "BadGateway", "The service behind this request closed the connection.")
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is None:
        raise ConnectionClosed("The sandbox closed the connection.")
    connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)


def _oauth_error(fault: Fault, status: int) -> Response:
    if status == 429:
        number = 90055
    elif status >= 500:
        number = 90033
    else:
        number = 7000215 if status == 401 else 90100
    refused = TokenFault(number, fault.message, error=fault.code or "", status=status)
    response = token.refuse(current().identity, refused)
    response.headers.pop("Retry-After", None)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _page(status: int, retry_after: object) -> Response:
    """The page of a gateway that stands before the service: nothing in it is for programs."""
    try:
        title = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        title = str(status)
    text = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>Gateway of the sandbox</center>\r\n</body>\r\n</html>\r\n"
    )
    response = Response(text, status, content_type="text/html")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
