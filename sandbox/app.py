"""The Flask application: Microsoft's two hosts, the control doors and the pages on one address."""

from flask import Flask, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from sandbox import control, graph, identity, pages
from sandbox import seed as seeds
from sandbox.faults import Fault, drop_connection
from sandbox.graph import uploads
from sandbox.state import Sandbox, current

# A page of a stranger may name this machine by a host of its own (DNS rebinding): only these are answered.
HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "login.microsoftonline.com", "graph.microsoft.com"})
LARGEST_BODY = 8 * 1024 * 1024


def create_app(
    sandbox: Sandbox | None = None, *, seed: int = seeds.DEFAULT_SEED, events: int = seeds.DEFAULT_EVENTS
) -> Flask:
    """
    A sandbox as a WSGI application. Tests may mount it in process, as often as they like: every
    application without a `sandbox` given makes a world of its own, of `seed` and `events`.
    """
    app = Flask("sandbox")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions["sandbox"] = sandbox or Sandbox(seed=seed, events=events)
    app.before_request(_refuse_other_hosts)
    app.before_request(_note_and_disturb)
    app.after_request(_finish)
    app.register_error_handler(RequestEntityTooLarge, _refuse_too_large)
    for part in (control, identity, graph, uploads, pages):
        app.register_blueprint(part.blueprint)
    return app


def _refuse_other_hosts() -> Response | None:
    host = request.host.lower()
    name = host[: host.index("]") + 1] if host.startswith("[") else host.partition(":")[0]
    if name in HOSTS:
        return None
    return Response("This is the sandbox of this machine; it does not answer for that host.\n", 421)


def _refuse_too_large(error: RequestEntityTooLarge) -> Response | RequestEntityTooLarge:
    if not graph.is_graph(request.path) and not request.path.startswith("/_upload/"):
        return error
    return graph.refusal(413, "RequestEntityTooLarge", "The request is larger than what can be taken.")


def _note_and_disturb() -> Response | None:
    """Log the request, then do what a fault for it asks."""
    if _is_ours(request.path):
        return None
    sandbox, asked = current(), graph.path_and_query()
    mailbox = graph.addressed_mailbox() if graph.is_graph(request.path) else None
    g.entry = sandbox.log.begin(at=sandbox.clock.now(), method=request.method, path=asked, mailbox=mailbox)
    g.fault = fault = sandbox.faults.pick(request.method, asked, mailbox)
    if fault is None:
        return None
    fault.wait()
    return None if fault.after else _disturbed(fault)


def _disturbed(fault: Fault) -> Response | None:
    if fault.close:
        _finish_entry(None)
        drop_connection(request.environ)
        return Response(status=500)
    if fault.status is None:
        return None
    return graph.refusal(fault.status, fault.code, fault.message, retry_after=fault.retry_after)


def _finish(response: Response) -> Response:
    fault: Fault | None = g.get("fault")
    if fault is not None and fault.after:
        # The request has taken effect; only its answer is lost.
        response = _disturbed(fault) or response
    _finish_entry(response.status_code)
    return response


def _finish_entry(status: int | None) -> None:
    entry = g.pop("entry", None)
    if entry is not None:
        current().log.finish(entry, status)


def _is_ours(path: str) -> bool:
    return path == "/" or path.startswith(("/_sandbox/", "/mailbox/", "/static/"))
