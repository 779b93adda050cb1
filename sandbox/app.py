"""The Flask application: Microsoft's two hosts, the control doors and the pages on one address."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from sandbox import control, graph, identity, pages, traffic
from sandbox import seed as seeds
from sandbox.control.door import wrong
from sandbox.graph import uploads
from sandbox.state import Sandbox

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

# A page of a stranger may name this machine by a host of its own (DNS rebinding): only these are answered.
_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}")
HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "login.microsoftonline.com", "graph.microsoft.com"})
LARGEST_BODY = 8 * 1024 * 1024

_OF_GRAPH = re.compile(r"/+(v1\.0|beta)(?=/|$)", re.IGNORECASE)


class Application(Flask):
    """Takes Graph's paths as they come: with doubled slashes, and with the version in any case of letters."""

    def wsgi_app(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        version = _OF_GRAPH.match(path)
        if version is not None:
            rest = re.sub("/{2,}", "/", path[version.end() :])
            environ["PATH_INFO"] = f"/{version[1].lower()}{rest or '/'}"
        return super().wsgi_app(environ, start_response)


def create_app(
    sandbox: Sandbox | None = None, *, seed: int = seeds.DEFAULT_SEED, events: int = seeds.DEFAULT_EVENTS
) -> Flask:
    """
    A sandbox as a WSGI application. Tests may mount it in process, as often as they like: every
    application without a `sandbox` given makes a world of its own, of `seed` and `events`.
    """
    app = Application("sandbox")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions["sandbox"] = sandbox or Sandbox(seed=seed, events=events)
    app.before_request(_refuse_other_hosts)
    traffic.watch(app)
    app.before_request(_refuse_large_bodies)
    app.register_error_handler(HTTPException, _as_the_host_says_it)
    for part in (control, identity, graph, uploads, pages):
        app.register_blueprint(part.blueprint)
    return app


def _refuse_other_hosts() -> Response | None:
    host = request.host.lower()
    name = _name(host)
    # All of 127.0.0.0/8 is this machine, and `--host` may name any of it.
    if name in HOSTS or _LOOPBACK.fullmatch(name):
        return None
    return Response("This is the sandbox of this machine; it does not answer for that host.\n", 421)


def _name(host: str) -> str:
    return f"{host.partition(']')[0]}]" if host.startswith("[") else host.partition(":")[0]


def _refuse_large_bodies() -> Response | None:
    """At once, whoever would have read it: nobody need send eight megabytes to hear of it."""
    if graph.is_graph(request.path) and (request.content_length or 0) > LARGEST_BODY:
        return graph.refusal(413, None, "The request is larger than what is taken here.")
    return None


def _as_the_host_says_it(error: HTTPException) -> Response | HTTPException:
    """Errors that Flask finds: no such path, another method, a body that is too large, a mistake of ours."""
    status = error.code or 500
    if request.path.startswith("/_sandbox/"):
        return wrong(f"{error.name}. sandbox/README.md lists the doors.", status)
    if traffic.is_ours(request.path) or _name(request.host.lower()) == "login.microsoftonline.com":
        return error
    code = "ResourceNotFound" if status == 404 else None
    response = graph.refusal(status, code, error.description or error.name)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response
