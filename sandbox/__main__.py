"""`python -m sandbox`: a stand-in of Microsoft on this machine's loopback address."""

import argparse
import ipaddress
import logging
import socket
import sys

from sandbox import seed
from sandbox.app import create_app
from sandbox.server import server_for
from sandbox.state import Sandbox


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    if not _is_loopback(options.host):
        print(f"The sandbox listens on loopback only, not on {options.host}.", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    address = f"http://{options.host}:{options.port}"
    app = create_app(Sandbox(seed=options.seed, events=options.events, public_url=address))
    server = server_for(app, options.host, options.port)
    print(f"Sandbox on {address} (this is not Microsoft)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8400, help="default: %(default)s")
    parser.add_argument(
        "--seed", type=int, default=seed.DEFAULT_SEED, help="same seed, same world (default: %(default)s)"
    )
    parser.add_argument(
        "--events",
        type=int,
        default=seed.DEFAULT_EVENTS,
        help="events that each default calendar shows around today (default: %(default)s)",
    )
    return parser.parse_args(arguments)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" and all(
            ipaddress.ip_address(found[4][0]).is_loopback for found in socket.getaddrinfo(host, None)
        )


if __name__ == "__main__":
    sys.exit(main())
