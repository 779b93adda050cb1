"""The sandbox as an HTTP server and as a command: connections, bodies, paths, options, the end."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.__main__ import main
from sandbox.app import LARGEST_BODY
from sandbox.server import listen
from tests.sandbox.graph_side import ALICE, Graph, StandIn
from tests.sandbox.http_side import Wire, served_at

ROOT = Path(__file__).parents[2]


@pytest.fixture
def wire(stand_in: StandIn) -> Iterator[Wire]:
    with served_at(stand_in.app) as url, Wire(url) as found:
        yield found


@pytest.fixture
def bearer(stand_in: StandIn) -> str:
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE), ("Calendars.ReadWrite", "User.Read"))
    return f"Authorization: Bearer {token}"


# Connections and bodies


def test_head_is_get_without_its_body(wire: Wire, bearer: str) -> None:
    for path in ("/v1.0/me/calendars", "/v1.0/me/none", "/common/v2.0/.well-known/openid-configuration"):
        wire.send(f"GET {path} HTTP/1.1", bearer)
        whole = wire.hear()
        wire.send(f"HEAD {path} HTTP/1.1", bearer)
        head = wire.hear(without_body=True)
        assert head.status == whole.status
        assert head.headers["content-type"] == whole.headers["content-type"]
        assert int(head.headers["content-length"]) == len(whole.body)


def test_a_body_is_asked_for_before_it_is_sent(wire: Wire, bearer: str) -> None:
    body = json.dumps({"name": "Asked for"}).encode()
    wire.send("POST /v1.0/me/calendars HTTP/1.1", bearer, "Expect: 100-continue", f"Content-Length: {len(body)}")
    assert wire.hear().status == 100
    wire.more(body)
    assert wire.hear().status == 201


def test_what_is_too_large_is_not_asked_for(wire: Wire, bearer: str) -> None:
    length = f"Content-Length: {LARGEST_BODY + 1}"
    wire.send("POST /v1.0/me/calendars HTTP/1.1", bearer, "Expect: 100-continue", length)
    heard = wire.hear()
    assert heard.status == 413
    assert json.loads(heard.body)["error"]["code"] == "RequestEntityTooLarge"
    assert heard.headers["connection"] == "close"
    assert wire.is_closed()


def test_a_body_may_come_in_chunks_and_the_connection_stays(wire: Wire, bearer: str) -> None:
    for name in ("One", "Two"):
        body = json.dumps({"name": name}).encode()
        wire.send("POST /v1.0/me/calendars HTTP/1.1", bearer, "Transfer-Encoding: chunked")
        for part in (body[:5], body[5:]):
            wire.more(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        wire.more(b"0\r\n\r\n")
        heard = wire.hear()
        assert (heard.status, json.loads(heard.body)["name"]) == (201, name)


@pytest.mark.parametrize("framing", ["Transfer-Encoding: gzip", "Content-Length: many", "Transfer-Encoding: chunked"])
def test_a_body_without_an_end_is_refused_and_ends_the_connection(wire: Wire, bearer: str, framing: str) -> None:
    wire.send("POST /v1.0/me/calendars HTTP/1.1", bearer, framing, body=b"nonsense\r\n")
    assert wire.hear().status == 400
    assert wire.is_closed()


def test_a_body_that_is_too_large_is_refused_and_the_connection_stays(wire: Wire, bearer: str) -> None:
    body = b" " * (LARGEST_BODY + 1)
    wire.send("POST /v1.0/me/calendars HTTP/1.1", bearer, f"Content-Length: {len(body)}", body=body)
    heard = wire.hear()
    assert (heard.status, json.loads(heard.body)["error"]["code"]) == (413, "RequestEntityTooLarge")
    wire.send("GET /v1.0/me HTTP/1.1", bearer)
    assert wire.hear().status == 200


def test_chunks_that_are_too_large_together_are_refused(wire: Wire, bearer: str) -> None:
    wire.send("POST /v1.0/me/calendars HTTP/1.1", bearer, "Transfer-Encoding: chunked")
    part = b" " * 1024 * 1024
    for _ in range(LARGEST_BODY // len(part) + 1):
        wire.more(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    wire.more(b"0\r\n\r\n")
    assert wire.hear().status == 413


def test_a_door_takes_no_larger_bodies_either(stand_in: StandIn) -> None:
    body = json.dumps({"seed": 1, "x": " " * LARGEST_BODY})
    response = stand_in.http.post("/_sandbox/reset", data=body, content_type="application/json")
    assert response.status_code == 413
    assert response.get_json()["error"]


def test_answers_carry_the_sandboxs_time_and_not_the_name_of_a_server(stand_in: StandIn, wire: Wire) -> None:
    stand_in.door("clock", advance=400 * 86_400)
    wire.send("GET /v1.0/me HTTP/1.1")
    headers = wire.hear().headers
    assert f"{stand_in.sandbox.clock.now():%Y}" in headers["date"]
    assert "server" not in headers


def test_http_1_0_is_answered_and_done_with(wire: Wire, bearer: str) -> None:
    wire.send("GET /v1.0/me HTTP/1.0", bearer)
    assert wire.hear().status == 200
    assert wire.is_closed()


# Paths and methods


@pytest.mark.parametrize(
    "path",
    [
        "/v1.0/me/calendars/",
        "/v1.0//me//calendars",
        "//v1.0/me/calendars",
        "/V1.0/ME/Calendars",
        "/v1.0/%6De/c%61lendars",
        "/v1.0/users('alice.moreau@contoso.example')/calendars",
        "/v1.0/users/alice.moreau%40contoso.example/calendars",
    ],
)
def test_a_path_is_understood_however_it_is_written(wire: Wire, bearer: str, path: str) -> None:
    wire.send(f"GET {path} HTTP/1.1", bearer)
    heard = wire.hear()
    assert (heard.status, json.loads(heard.body)["value"][0]["name"]) == (200, "Calendar")


def test_a_whole_address_may_stand_in_the_request_line(wire: Wire, bearer: str) -> None:
    wire.send("GET http://graph.microsoft.com/v1.0/me/calendars HTTP/1.1", bearer)
    assert wire.hear().status == 200


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v1.0/me/attic", (404, "ResourceNotFound")),
        ("GET", "/v1.0/attic", (404, "ResourceNotFound")),
        ("GET", "/attic", (404, "ResourceNotFound")),
        ("PUT", "/v1.0/me/calendars", (405, "Request_BadRequest")),
        ("PROPFIND", "/v1.0/me/calendars", (405, "Request_BadRequest")),
        ("GET", "/v1.0", (501, "notImplemented")),
        ("GET", "/v1.0/", (501, "notImplemented")),
        ("GET", "/v1.0/$metadata", (501, "notImplemented")),
        ("GET", "/beta", (501, "notImplemented")),
        ("GET", "/BETA/me/calendars", (501, "notImplemented")),
        ("POST", "/beta/$batch", (501, "notImplemented")),
    ],
)
def test_what_is_not_there_is_refused_in_the_envelope(
    stand_in: StandIn, bearer: str, method: str, path: str, expected: tuple[int, str]
) -> None:
    name, _, value = bearer.partition(": ")
    response = stand_in.http.open(path, method=method, headers={name: value})
    error = response.get_json()["error"]
    assert (response.status_code, error["code"]) == expected
    assert error["innerError"]["request-id"] == response.headers["request-id"]
    if response.status_code == 405:
        assert "GET" in response.headers["Allow"]


def test_json_that_is_none_is_a_bad_request(stand_in: StandIn, graph: Graph) -> None:
    response = graph.call("POST", "/me/calendars", None, Content_Type="application/json")
    assert response.status_code == 400
    bad = stand_in.http.post(
        "/v1.0/me/calendars",
        data="{",
        headers={"Authorization": f"Bearer {stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE))}"},
    )
    assert (bad.status_code, bad.get_json()["error"]["code"]) == (400, "BadRequest")


def test_the_sign_in_host_shows_people_a_page_for_what_is_not_there(stand_in: StandIn) -> None:
    response = stand_in.http.get("/a/b/c/d", headers={"Host": "login.microsoftonline.com"})
    assert (response.status_code, response.mimetype) == (404, "text/html")


def test_a_door_that_is_not_there_and_one_that_opens_otherwise_say_so(stand_in: StandIn) -> None:
    assert stand_in.http.get("/_sandbox/attic").get_json()["error"].startswith("Not Found")
    response = stand_in.http.get("/_sandbox/reset")
    assert response.status_code == 405
    assert response.get_json()["error"]


# The command


def test_a_port_that_is_taken_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port), "--events", "0"]) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert said.err.endswith(f"port {port} cannot be had: Address already in use.\n")
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "options",
    [["--events", "-1"], ["--mailboxes", "0"], ["--events", "999999"], ["--world", "/no/such/file.json"]],
)
def test_options_that_make_no_sense_are_one_sentence(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    assert main(options) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "options", [["--port", "70000"], ["--port", "x"], ["--world", "f", "--events", "1"], ["--surprise"]]
)
def test_options_that_cannot_be_read_are_explained(capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_command_names_all_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("--host", "--port", "--seed", "--events", "--mailboxes", "--world"))


def test_it_serves_a_written_world_and_ends_cleanly_when_it_is_told_to() -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--world", "sandbox/examples/world.json"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        # A connection that stays open must not keep it alive.
        with requests.Session() as session:
            people = session.get(f"{url}/_sandbox/world", timeout=10).json()["people"]
            process.send_signal(signal.SIGTERM)
            _, complaints = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert people[0]["userPrincipalName"] == "grace.okafor@tailspin.example"
    assert (process.returncode, complaints) == (0, "")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5)


def test_it_ends_without_complaint_when_it_is_told_to_again_and_again() -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--world", "sandbox/examples/world.json"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        # Until it is gone, so that one of them meets each step of its end.
        for _ in range(20_000):
            if process.poll() is not None:
                break
            process.send_signal(signal.SIGTERM)
            time.sleep(0.001)
        _, complaints = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, complaints) == (0, "")


def test_it_can_listen_on_the_other_loopback_address() -> None:
    with listen("::1", 0) as bound:
        assert bound.getsockname()[0] == "::1"
