"""A stand-in of Microsoft's sign-in and Graph on this machine's loopback address."""

import argparse
import gc
import ipaddress
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from sandbox import seed
from sandbox.app import create_app
from sandbox.server import server_for
from sandbox.state import Sandbox
from sandbox.world_file import WorldFile

_AFTERWORD = """\
It forgets everything when it ends. Its start page lists the mailboxes; its control doors, for tests and demos,
are described in sandbox/README.md. Exit status: 0 after SIGTERM or Ctrl-C, 1 if the address cannot be had,
2 if an option makes no sense.
"""


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    if not _is_loopback(options.host):
        return _refuse(f"The sandbox listens on loopback only, not on {options.host}.", 2)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        world = WorldFile.load(options.world) if options.world is not None else None
        sandbox = Sandbox(seed=options.seed, mailboxes=options.mailboxes, events=options.events, world=world)
    except ValueError as error:
        return _refuse(str(error), 2)
    app = create_app(sandbox)
    try:
        server = server_for(app, options.host, options.port)
    except OSError as error:
        return _refuse(f"{options.host} port {options.port} cannot be had: {os.strerror(error.errno or 0)}.", 1)
    host = f"[{options.host}]" if ":" in options.host else options.host
    sandbox.identity.public_url = f"http://{host}:{server.port}"
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _end)
    try:
        _warm_up(sandbox)
        print(f"Sandbox on {sandbox.identity.public_url} (this is not Microsoft)", flush=True)
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
    return 0


def _warm_up(sandbox: Sandbox) -> None:
    """Do beforehand what the first caller would wait for, such as reading the tables of time zones."""
    for person in sandbox.world.owners()[:1]:
        sandbox.world.mailbox(person)
    # What is there now stays: looking for garbage in it again and again would only take time.
    gc.freeze()


def _end(_number: int, _frame: FrameType | None) -> None:
    """The same way out for SIGTERM as for Ctrl-C, with no traceback shown."""
    # It may be told twice: Ctrl-C reaches every process of a terminal, and then `make run` ends each by itself.
    # Not SIG_IGN, for Python complains about a signal that came just before.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: None)
    raise KeyboardInterrupt


def _refuse(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__, epilog=_AFTERWORD)
    where = parser.add_argument_group("where")
    where.add_argument("--host", default="127.0.0.1", help="a loopback address (default: %(default)s)")
    where.add_argument(
        "--port", type=_port, default=8400, help="a TCP port; 0 takes a free one, and says which (default: %(default)s)"
    )
    made = parser.add_argument_group("a world that is made up")
    made.add_argument(
        "--seed",
        type=int,
        default=seed.DEFAULT_SEED,
        help="the same seed on the same day makes the same world (default: %(default)s)",
    )
    made.add_argument(
        "--events",
        type=int,
        help="events that each default calendar shows, series expanded, from 90 days back to 365 days ahead "
        f"(default: {seed.DEFAULT_EVENTS})",
    )
    made.add_argument(
        "--mailboxes",
        type=int,
        help="how many people have a mailbox, Alice first; beyond the fixed people more are made up "
        "(default: all fixed people)",
    )
    written = parser.add_argument_group("a world that was written down")
    written.add_argument(
        "--world",
        type=Path,
        metavar="FILE",
        help="tenants, people and their calendars as JSON, such as sandbox/examples/world.json",
    )
    options = parser.parse_args(arguments)
    if options.world is not None and (options.events is not None or options.mailboxes is not None):
        parser.error("--world says which mailboxes and events there are: leave out --events and --mailboxes")
    if options.events is None:
        options.events = seed.DEFAULT_EVENTS
    return options


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is no port: they go from 0 to 65535")
    return int(text)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" and all(
            ipaddress.ip_address(found[4][0]).is_loopback for found in socket.getaddrinfo(host, None)
        )


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Nothing outlives the process, so nobody waits for an answer that is held back or a notification on its way.
    os._exit(status)
