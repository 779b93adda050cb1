"""Graph and the control doors of a sandbox in this process, as a client sees them; and somebody to notify."""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import TestResponse

from sandbox.app import create_app
from sandbox.directory import Person
from sandbox.state import Sandbox

JSON = dict[str, Any]

ALICE = "alice.moreau@contoso.example"
BOB = "bob.ito@contoso.example"
CARLA = "carla.weber@contoso.example"
LEO = "leo.park@contoso.example"
FARID = "farid.nasser@fabrikam.example"
PAULA = "paula.reyes@outlook.example"
IMMUTABLE = 'IdType="ImmutableId"'
GRAPH = "https://graph.microsoft.com"
NOON = ("2026-12-01T12:00:00", "2026-12-01T13:00:00")


class StandIn:
    """One sandbox with its doors. `graph()` gives the view of somebody with a token."""

    def __init__(self, **options: Any) -> None:
        self.sandbox = Sandbox(**options)
        self.app = create_app(self.sandbox)
        self.http = self.app.test_client()

    def person(self, address: str) -> Person:
        found = self.sandbox.directory.find_person(address)
        assert found is not None
        return found

    def graph(self, address: str = ALICE, scopes: tuple[str, ...] = ("Calendars.ReadWrite", "User.Read")) -> "Graph":
        token = self.sandbox.identity.issue_access_token(self.person(address), scopes)
        return Graph(self, token)

    def door(self, name: str, **body: Any) -> JSON:
        response = self.http.post(f"/_sandbox/{name}", json=body)
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: JSON = json.loads(response.data)
        return answer

    def look(self, name: str, **query: str) -> JSON:
        response = self.http.get(f"/_sandbox/{name}", query_string=query)
        assert response.status_code == 200, response.get_data(as_text=True)
        answer: JSON = json.loads(response.data)
        return answer

    def edit(self, op: str, *, mailbox: str = ALICE, **more: Any) -> JSON:
        return self.door("edit", mailbox=mailbox, op=op, **more)

    def truth(self, start: str, end: str, *, mailbox: str = ALICE, **more: str) -> list[JSON]:
        found: list[JSON] = self.look("truth", mailbox=mailbox, start=start, end=end, **more)["value"]
        return found


class Graph:
    """A client that believes that it talks to graph.microsoft.com."""

    def __init__(self, stand_in: StandIn, token: str, host: str = "graph.microsoft.com") -> None:
        self._http = stand_in.app.test_client()
        self._headers = {"Authorization": f"Bearer {token}", "Host": host}

    def call(self, method: str, url: str, body: Any = None, **headers: str) -> TestResponse:
        """`url` is a path below the version, or a link as the server gave it."""
        path = url.removeprefix(f"{GRAPH}/v1.0") if url.startswith("http") else url
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._http.open(f"/v1.0{path}", method=method, json=body, headers={**self._headers, **named})

    def raw(self, method: str, url: str, sent: bytes) -> TestResponse:
        """A call whose body is called JSON, whatever it is."""
        headers = {**self._headers, "Content-Type": "application/json"}
        return self._http.open(f"/v1.0{url}", method=method, data=sent, headers=headers)

    def get(self, url: str, **headers: str) -> JSON:
        return self._checked(self.call("GET", url, **headers))

    def post(self, url: str, body: JSON, **headers: str) -> JSON:
        return self._checked(self.call("POST", url, body, **headers))

    def patch(self, url: str, body: JSON, **headers: str) -> JSON:
        return self._checked(self.call("PATCH", url, body, **headers))

    def delete(self, url: str, **headers: str) -> None:
        self._checked(self.call("DELETE", url, **headers))

    def refused(self, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The status and code of a call that must fail; its error has all that Graph's errors have."""
        response = self.call(method, url, body, **headers)
        error = json.loads(response.data)["error"]
        assert set(error["innerError"]) >= {"date", "request-id", "client-request-id"}
        assert error["innerError"]["request-id"] == response.headers["request-id"]
        return response.status_code, error["code"]

    def pages(self, url: str, **headers: str) -> Iterator[JSON]:
        link: str | None = url
        while link is not None:
            page = self.get(link, **headers)
            yield page
            link = page.get("@odata.nextLink")

    def all(self, url: str, **headers: str) -> list[JSON]:
        return [item for page in self.pages(url, **headers) for item in page["value"]]

    def round(self, url: str, **headers: str) -> tuple[list[JSON], str]:
        """One round of delta: its items in order, and the link to the next."""
        items: list[JSON] = []
        for page in self.pages(url, **headers):
            items += page["value"]
        link: str = page["@odata.deltaLink"]
        return items, link

    @staticmethod
    def _checked(response: TestResponse) -> JSON:
        assert response.status_code < 300, response.get_data(as_text=True)
        body: JSON = json.loads(response.data) if response.data else {}
        return body


class Listener:
    """An address that takes notifications: shakes hands, and keeps what it is told."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.posts: queue.Queue[list[JSON]] = queue.Queue()
        # Whole bodies of the POSTs that were taken.
        self.bodies: list[JSON] = []
        # Whether POSTs are answered; until then the sender waits. `arrived` counts those that came.
        self.open = threading.Event()
        self.open.set()
        self.arrived = 0
        self.handshakes: list[str] = []
        # Statuses for the next POSTs with notifications; 202 when there are none left.
        self.answers: list[int] = []
        self.echo: Callable[[str], tuple[int, str, str]] = lambda token: (200, "text/plain", token)

    def items(self, count: int, *, within: float = 5) -> list[JSON]:
        """The next `count` items, however they were put together."""
        found: list[JSON] = []
        deadline = time.monotonic() + within
        while len(found) < count:
            found += self.posts.get(timeout=max(0.001, deadline - time.monotonic()))
        return found

    def told_nothing(self, *, within: float = 0.3) -> bool:
        try:
            self.posts.get(timeout=within)
        except queue.Empty:
            return True
        return False


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = parse_qs(urlsplit(self.path).query).get("validationToken")
            if token is not None:
                listener.handshakes.append(self.path)
                self._answer(*listener.echo(token[0]))
                return
            listener.arrived += 1
            listener.open.wait(30)
            status = listener.answers.pop(0) if listener.answers else 202
            if status < 300:
                # The tolerant reader: ids that are shown verbatim may hold half a surrogate pair.
                body = json.loads(sent)
                listener.bodies.append(body)
                listener.posts.put(body["value"])
            self._answer(status, "text/plain", "")

        def _answer(self, status: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Tests read what was kept, not a log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(f"http://127.0.0.1:{server.server_port}/notify")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener
    finally:
        listener.open.set()
        server.shutdown()
        thread.join()
        server.server_close()


def timed(subject: str, start: str, end: str, zone: str = "UTC", **more: Any) -> JSON:
    """An event as a client writes it."""
    return {
        "subject": subject,
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": zone},
        **more,
    }


def weekly(start_date: str, *days: str, **reach: Any) -> JSON:
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": list(days)},
        "range": {"type": "noEnd", "startDate": start_date, **reach},
    }
