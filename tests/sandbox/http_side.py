"""A sandbox of this process over HTTP, as whoever listens on the wire sees it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from flask import Flask

from sandbox.server import server_for


@contextmanager
def served_at(app: Flask) -> Iterator[str]:
    """The address of a server that ends with the block."""
    server = server_for(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Heard:
    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One connection, on which bytes are sent as they stand."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=10)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, *lines: str, body: bytes = b"") -> None:
        """A request line and headers, without the host, and what follows them."""
        head = "\r\n".join((lines[0], "Host: graph.microsoft.com", *lines[1:], "", ""))
        self._socket.sendall(head.encode("latin-1") + body)

    def more(self, body: bytes) -> None:
        self._socket.sendall(body)

    def hear(self, *, without_body: bool = False) -> Heard:
        """The next answer; to HEAD there is none but its head."""
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if without_body else int(headers.get("content-length", 0))
        return Heard(status, headers, self._file.read(length))

    def is_closed(self) -> bool:
        """Whether the other side has ended the connection. Waits for it."""
        return self._file.read(1) == b""
