"""The one way out: two hosts, no redirects, no cookies, no endless answers."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest
import requests
from django.conf import settings
from pytest_django import Settings

from connections import http
from connections.http import AnswerTooLarge, RefusedDestination, seconds_to_wait
from tests.sandbox_client import SandboxClient

METADATA = f"{settings.LOGIN_ORIGIN}/common/v2.0/.well-known/openid-configuration"


class OddServer(BaseHTTPRequestHandler):
    """Whoever answers here misbehaves as the path says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = {"/large": b"x" * 5000}.get(self.path, b"{}")
        self.send_response(302 if self.path == "/elsewhere" else 200)
        if self.path == "/elsewhere":
            self.send_header("Location", "http://127.0.0.1:1/stolen")
        if self.path == "/cookie":
            self.send_header("Set-Cookie", "who=somebody; Path=/")
        self.send_header("X-Cookie-Seen", self.headers.get("Cookie", "none"))
        self.send_header("X-Authorization-Seen", self.headers.get("Authorization", "none"))
        self.send_header("X-Host-Seen", self.headers["Host"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""


@pytest.fixture
def odd_server(settings: Settings) -> Iterator[None]:
    """A server in the sandbox's place."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), OddServer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.SANDBOX_URL = f"http://127.0.0.1:{server.server_port}"
    http.session.cache_clear()
    yield
    http.session.cache_clear()
    server.shutdown()
    server.server_close()
    thread.join()


def test_both_hosts_lead_to_the_sandbox_and_their_names_travel_along(sandbox: SandboxClient) -> None:
    login = http.send("GET", METADATA)
    graph = http.send("GET", f"{settings.GRAPH_ORIGIN}/v1.0/me")

    assert login.status == 200
    assert orjson.loads(login.body)["token_endpoint"] == f"{settings.LOGIN_ORIGIN}/common/oauth2/v2.0/token"
    assert graph.status == 401


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "http://graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com.example.com/v1.0/me",
        "https://graph.microsoft.com@example.com/v1.0/me",
        "https://graph.microsoft.com:444/v1.0/me",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
    ],
)
def test_no_other_host_can_be_reached(url: str) -> None:
    with pytest.raises(requests.RequestException):
        http.send("GET", url)


def test_the_sign_in_host_never_gets_an_access_token(sandbox: SandboxClient) -> None:
    before = len(sandbox.requests())
    with pytest.raises(RefusedDestination):
        http.send("GET", METADATA, headers={"Authorization": "Bearer secret"})
    assert len(sandbox.requests()) == before


def test_a_redirect_is_an_answer_and_not_followed(odd_server: None) -> None:
    assert http.send("GET", f"{settings.GRAPH_ORIGIN}/elsewhere").status == 302


def test_cookies_are_neither_kept_nor_sent(odd_server: None) -> None:
    http.send("GET", f"{settings.GRAPH_ORIGIN}/cookie")
    assert http.send("GET", f"{settings.GRAPH_ORIGIN}/").headers["X-Cookie-Seen"] == "none"


def test_the_real_host_is_named(odd_server: None) -> None:
    assert http.send("GET", f"{settings.GRAPH_ORIGIN}/").headers["X-Host-Seen"] == "graph.microsoft.com"


def test_an_answer_over_the_limit_is_refused(odd_server: None) -> None:
    with pytest.raises(AnswerTooLarge):
        http.send("GET", f"{settings.GRAPH_ORIGIN}/large", limit=4999)
    assert len(http.send("GET", f"{settings.GRAPH_ORIGIN}/large", limit=5000).body) == 5000


def test_a_netrc_file_does_not_replace_our_token(
    odd_server: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    answer = http.send("GET", f"{settings.GRAPH_ORIGIN}/", headers={"Authorization": "Bearer ours"})

    assert answer.headers["X-Authorization-Seen"] == "Bearer ours"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10", 10),
        ("2.128", 2.128),
        ("0", 1),
        ("-5", 1),
        ("86400", 3600),
        ("1e999", 3600),
        ("Mon, 23 Nov 2026 12:01:30 GMT", 90),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 1),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_every_form_and_clamped(text: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(text, now=datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds
