"""A threaded HTTP server on loopback whose connections stay open, as Microsoft's do."""

import socket
import time
from email.utils import formatdate
from io import BytesIO
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, DechunkedInput, WSGIRequestHandler, make_server

from sandbox import wsgi
from sandbox.app import LARGEST_BODY
from sandbox.failing import BROKEN_OFF, DRIP
from sandbox.members import digits

# What a client is still sending of a body that was refused: this much is thrown away, so that it reads the answer.
LARGEST_WASTE = 8 * LARGEST_BODY
DRIPS = 20
WAITING = 128


class Unreadable(ValueError):
    """The body is not framed as HTTP wants it."""


class Handler(WSGIRequestHandler):
    """
    Werkzeug's own way closes every connection, because what an application leaves unread of one
    request would be taken for the next. Here the body is read before the application is asked,
    and the answer is whole before it is sent, so the connection can stay.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # One write for the head and one for the body, not one for every line.
    wbufsize = -1

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        try:
            self._take_body(environ)
            given = wsgi.ask(self.server.app, environ)
            self._send(given, environ)
        except Unreadable as error:
            self.close_connection = True
            self._send(_sorry(str(error)), environ)
        except (ConnectionError, TimeoutError) as error:
            # The client went away, or a fault closed the connection.
            self.close_connection = True
            self.connection_dropped(error, environ)

    def handle_expect_100(self) -> bool:
        """Not yet: the body is asked for once it is known not to be too large."""
        return True

    def _take_body(self, environ: dict[str, Any]) -> None:
        """
        Read the body, and put it into `environ` with its length.

        Raises:
            Unreadable: nobody knows where it ends.
        """
        chunked = "wsgi.input_terminated" in environ
        told = None if "Transfer-Encoding" in self.headers else digits(self.headers.get("Content-Length") or "0")
        if not chunked and told is None:
            raise Unreadable("The length of the body is not told.")
        length = told or 0
        too_large = length > LARGEST_BODY
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            if too_large:
                # Refused unsent; whether the client sends it all the same is not known, so the connection ends.
                self.close_connection = True
                environ["wsgi.input"] = BytesIO()
                return
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        body = self._chunks(environ["wsgi.input"]) if chunked else self._exactly(length)
        environ["wsgi.input"] = BytesIO(body)
        if chunked:
            # For the application it is a body like any other.
            del environ["wsgi.input_terminated"], environ["HTTP_TRANSFER_ENCODING"]
            environ["CONTENT_LENGTH"] = str(len(body))

    def _chunks(self, source: DechunkedInput) -> bytes:
        """All chunks; of what is too large, a little more than is taken, and its connection ends with it."""
        parts, size = [], 0
        try:
            while part := source.read(65_536):
                size += len(part)
                if size <= LARGEST_BODY + 65_536:
                    parts.append(part)
                if size > LARGEST_WASTE:
                    self.close_connection = True
                    break
        except OSError as error:
            raise Unreadable(f"The chunks of the body cannot be read: {error}.") from error
        return b"".join(parts)

    def _exactly(self, length: int) -> bytes:
        if length <= LARGEST_BODY:
            return self.rfile.read(length)
        # It is refused for its length alone, but a client that is still sending would not hear why.
        left = min(length, LARGEST_WASTE)
        while left and (part := self.rfile.read(min(left, 65_536))):
            left -= len(part)
        self.close_connection = self.close_connection or length > LARGEST_WASTE
        return b""

    def _send(self, given: wsgi.Answer, environ: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in given.headers}
        self.send_response_only(given.status, given.reason)
        for name, value in given.headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        if "date" not in headers:
            self.send_header("Date", formatdate(usegmt=True))
        if given.status not in {204, 304}:
            # To HEAD, as long as the body would have been.
            usual = headers.get("content-length", "0") if self.command == "HEAD" else str(len(given.body))
            self.send_header("Content-Length", usual)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and given.status not in {204, 304}:
            self._send_body(given.body, environ)
        self.wfile.flush()

    def _send_body(self, body: bytes, environ: dict[str, Any]) -> None:
        if environ.get(BROKEN_OFF):
            body = body[: len(body) // 2]
            self.close_connection = True
        pause = environ.get(DRIP, 0.0) / DRIPS
        if not pause:
            self.wfile.write(body)
            return
        step = max(1, -(-len(body) // DRIPS))
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            self.wfile.flush()
            time.sleep(pause)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Silent: `/_sandbox/requests` tells what was asked."""


def _sorry(sentence: str) -> wsgi.Answer:
    return wsgi.Answer(400, "Bad Request", [("Content-Type", "text/plain")], f"{sentence}\n".encode())


def listen(host: str, port: int) -> socket.socket:
    """
    A socket that listens there. Port 0 takes a free one.

    Raises:
        OSError: the port is taken or not ours to take, or the host is none of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=WAITING)


def server_for(app: Flask, host: str, port: int) -> BaseWSGIServer:
    """
    A server that answers once its `serve_forever` runs.

    Raises:
        OSError: as `listen` does.
    """
    # Bound here, because Werkzeug would end the process if that fails.
    with listen(host, port) as bound:
        server = make_server(host, port, app, threaded=True, request_handler=Handler, fd=bound.fileno())
    # What is set where a server binds itself.
    server.server_name, server.server_port = host, server.port
    return server
