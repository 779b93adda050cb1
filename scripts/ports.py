"""Which ports of this machine are free."""

import errno
import socket

from scripts.problems import Problem


def is_free(port: int) -> bool:
    """Whether a server may listen there, on loopback. Somebody else may still be faster."""
    # Browsers try ::1 first for localhost, so somebody else's page there would be shown instead of ours.
    return _is_free(socket.AF_INET, "127.0.0.1", port) and (
        not socket.has_ipv6 or _is_free(socket.AF_INET6, "::1", port)
    )


def _is_free(family: socket.AddressFamily, host: str, port: int) -> bool:
    with socket.socket(family) as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            # Without IPv6 on this machine nobody can be there.
            return error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
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
