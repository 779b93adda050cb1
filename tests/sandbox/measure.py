"""
How much the sandbox costs, as a table: `python -m tests.sandbox.measure`.

It takes some twenty seconds, starts one server of its own on loopback, and ends it.
"""

import multiprocessing
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlencode

from sandbox.render import instant
from sandbox.server import server_for
from tests.sandbox.graph_side import ALICE, StandIn, listening, timed, weekly

PAGE = 200
SECONDS = 3.0
WINDOW = {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2027-12-31T00:00:00Z"}


def main() -> int:
    rows = [
        ("delta page of 200 full events", f"{full_page():.1f} ms CPU"),
        ("delta page of 200, nearly all occurrences", f"{occurrences_page():.1f} ms CPU"),
        ("reset of 3 mailboxes of 500 events, all filled", f"{fresh_worlds():.1f} ms CPU"),
        ("change in Outlook to notification", f"{push_latency():.1f} ms"),
    ]
    with served() as server:
        for clients in (1, 4):
            found = small_requests(server, clients)
            rows.append((f"small requests over HTTP, {clients} at once", f"{found.rate:.0f} / s"))
            if found.cpu is not None:
                rows.append(("    of which the server's", f"{found.cpu * 1000:.2f} ms CPU each"))
    width = max(len(name) for name, _ in rows)
    sys.stdout.writelines(f"{name:<{width}}  {figure:>16}\n" for name, figure in rows)
    return 0


# In this process


def full_page() -> float:
    stand_in = StandIn(events=0)
    graph = stand_in.graph()
    for number in range(PAGE * 2):
        body = {"contentType": "html", "content": f"<p>Notes about number {number}</p>" * 5}
        graph.post("/me/events", timed(f"Event {number}", "2026-12-01T12:00:00", "2026-12-01T13:00:00", body=body))
    return _page(stand_in)


def occurrences_page() -> float:
    stand_in = StandIn(events=0)
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    rule = weekly("2026-01-05", *days)
    for number in range(2):
        stand_in.graph().post(
            "/me/events", timed(f"{number}", "2026-01-05T12:00:00", "2026-01-05T13:00:00", recurrence=rule)
        )
    return _page(stand_in)


def _page(stand_in: StandIn) -> float:
    graph = stand_in.graph()
    url = f"/me/calendarView/delta?{urlencode(WINDOW)}"

    def ask() -> None:
        page = graph.get(url, Prefer=f"odata.maxpagesize={PAGE}")
        assert len(page["value"]) >= PAGE, len(page["value"])

    return _cpu(ask, times=10)


def fresh_worlds() -> float:
    stand_in = StandIn()

    def begin() -> None:
        stand_in.door("reset", seed=1, mailboxes=3, events=500)
        for person in stand_in.sandbox.world.owners():
            stand_in.sandbox.world.mailbox(person)

    return _cpu(begin, times=10)


def _cpu(work: Callable[[], None], *, times: int) -> float:
    """Milliseconds of processor time, the median of some times; the first is for warming up."""
    work()
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def push_latency() -> float:
    stand_in, taken = StandIn(events=0), []
    with listening() as listener:
        ends = instant(stand_in.sandbox.clock.now() + timedelta(days=1))
        wish = {"changeType": "created", "resource": "me/events", "expirationDateTime": ends}
        stand_in.graph().post("/subscriptions", wish | {"notificationUrl": listener.url})
        for number in range(20):
            began = time.perf_counter()
            stand_in.edit("create", event=timed(f"{number}", "2026-12-01T12:00:00", "2026-12-01T13:00:00"))
            listener.items(1)
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


# Over HTTP, with the server in a process of its own


@dataclass(frozen=True)
class Server:
    pid: int
    port: int
    token: str

    def cpu(self) -> float | None:
        """Seconds of processor time so far, where the system tells."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Rate:
    rate: float
    cpu: float | None


@contextmanager
def served() -> Iterator[Server]:
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe()
    process = spawning.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        if not here.poll(30):
            raise TimeoutError("the server has not started")
        port, token = here.recv()
        yield Server(process.pid or 0, port, token)
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection) -> None:
    stand_in = StandIn(events=0)
    # What is measured is the sandbox, not how it holds clients back.
    stand_in.door("limits", on=False)
    server = server_for(stand_in.app, "127.0.0.1", 0)
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE))
    pipe.send((server.port, token))
    server.serve_forever()


def small_requests(server: Server, clients: int) -> Rate:
    asked = (
        f"GET /v1.0/me HTTP/1.1\r\nHost: graph.microsoft.com\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode()
    )
    counts = [0] * clients
    until = time.monotonic() + SECONDS

    def ask(number: int) -> None:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            while time.monotonic() < until:
                connection.sendall(asked)
                _whole_answer(connection)
                counts[number] += 1

    before, began = server.cpu(), time.monotonic()
    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, after = time.monotonic() - began, server.cpu()
    cpu = (after - before) / sum(counts) if before is not None and after is not None else None
    return Rate(sum(counts) / took, cpu)


def _whole_answer(connection: socket.socket) -> None:
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += _more(connection)
    head, _, body = heard.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    assert lines[0].startswith("HTTP/1.1 200"), lines[0]
    length = next(int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length:"))
    while len(body) < length:
        body += _more(connection)


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(65_536)
    if not part:
        raise ConnectionError("the server has closed the connection")
    return part


if __name__ == "__main__":
    sys.exit(main())
