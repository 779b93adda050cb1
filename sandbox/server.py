"""A threaded HTTP server on loopback whose connections stay open, as Microsoft's do."""

from io import BytesIO

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.test import run_wsgi_app

from sandbox.app import LARGEST_BODY


class Handler(WSGIRequestHandler):
    """
    Werkzeug's own way closes every connection, because what an application leaves unread of one
    request would be taken for the next. Here the body is read before the application is asked,
    and the answer is whole before it is sent, so the connection can stay.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        environ = self.make_environ()
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > LARGEST_BODY:
            # Whatever is left unread of this one goes away with its connection.
            self.close_connection = True
        else:
            environ["wsgi.input"] = BytesIO(self.rfile.read(int(length)))
        try:
            parts, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
            self._send(status, list(headers.items()), b"".join(parts))
        except (ConnectionError, TimeoutError) as error:
            # The client went away, or a fault closed the connection.
            self.close_connection = True
            self.connection_dropped(error, environ)

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, words = status.partition(" ")
        self.send_response(int(code), words)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        if int(code) not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Silent: `/_sandbox/requests` tells what was asked."""


def server_for(app: Flask, host: str, port: int) -> BaseWSGIServer:
    """A server that answers once its `serve_forever` runs. Port 0 takes a free one."""
    return make_server(host, port, app, threaded=True, request_handler=Handler)
