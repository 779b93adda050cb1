"""Which ports of this machine are free."""

import socket

from scripts.problems import Problem


def is_free(port: int) -> bool:
    """Whether a server may listen there, on loopback. Somebody else may still be faster."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def any_free() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wanted(name: str, given: str | None, default: int) -> int:
    """
    The port that the variable `name` asks for, when it can be had.

    Raises:
        Problem: it is no port, or somebody listens on it.
    """
    text = (given or "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise Problem(f"{name} is {text!r}, and a port is a number from 1 to 65535.")
    port = int(text)
    if not is_free(port):
        raise Problem(
            f"Port {port} is taken by another program (or not allowed): choose another one, "
            f"for example `make run {name}={port + 1}`."
        )
    return port
