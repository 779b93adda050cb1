"""
`make run` as a whole, as its own process on other ports with data of its own: what a newcomer meets, and what
Ctrl-C, a second start and `kill -9` do.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from scripts import ports
from scripts.environment import ROOT
from scripts.forms import Page
from tests.conftest import eventually

READY_WITHIN = 120.0


class Launcher:
    """`python -m scripts.launch` with what it said so far."""

    def __init__(self, var: Path, port: int, sandbox_port: int) -> None:
        self.origin = f"http://localhost:{port}"
        places = {"ALMANAC_VAR": str(var), "PORT": str(port), "SANDBOX_PORT": str(sandbox_port)}
        self.environment = {name: value for name, value in os.environ.items() if name != "MAKELEVEL"} | places
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.launch"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.said()
            return "Ctrl-C stops everything" in self.said()

        eventually(ready, within=READY_WITHIN)

    def manage(self, command: str) -> str:
        """What a command of manage.py prints, as `make code` and `make shell` run it beside."""
        return subprocess.run(
            [sys.executable, "-m", "scripts.manage", command],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def family(self) -> list[psutil.Process]:
        """Every process that it started, and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> int:
        code = self.process.wait(30)
        self._reader.join(5)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.rstrip("\n") for line in self.process.stdout)


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, int, int]:
    return tmp_path / "data of this test", ports.any_free(), ports.any_free()


@pytest.fixture
def launched(places: tuple[Path, int, int]) -> Iterator[list[Launcher]]:
    """Starts one whenever it is called."""
    running: list[Launcher] = []

    def launch() -> Launcher:
        running.append(Launcher(*places))
        return running[-1]

    yield launch
    for launcher in running:
        if launcher.process.poll() is None:
            launcher.process.kill()
            launcher.end()


def gone(family: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in family)


def fill_in(browser: requests.Session, address: str, **typed: str) -> str:
    """Open a page, type into the form that asks for this, and send it; the address that it leads to."""
    page = browser.get(address, timeout=10)
    form = next(form for form in Page(page.text).forms if typed.keys() <= form.fields.keys())
    answer = browser.post(address, data=form.fields | typed, headers={"Referer": address}, timeout=10)
    assert answer.ok, answer.text
    return answer.url


def invited_by_the_demos_owner(origin: str, address: str) -> None:
    with requests.Session() as browser:
        fill_in(browser, f"{origin}/accounts/login/", login="alice@acme.example", password="almanac-demo")
        assert fill_in(browser, f"{origin}/o/acme/people/invite/", email=address) == f"{origin}/o/acme/people/"


def test_a_run_is_ready_with_its_demo_survives_kill_and_ends_whole(launched):
    first = launched()
    first.wait_until_ready()
    assert f"Almanac is ready: {first.origin}" in first.lines
    assert "  Sign in as alice@acme.example with almanac-demo (owner)" in first.lines
    assert "Warning" not in first.said()
    events = int(re.search(r"(\d+) events synced", first.said())[1])
    assert events > 300
    assert requests.get(f"{first.origin}/healthz", timeout=5).json() == {"status": "ok"}

    assert any("`make code`" in line for line in first.lines)
    assert re.search(r"^\d{6}\b", first.manage("demo_code"), re.MULTILINE)

    # A link in a mail is in the console as it was mailed, and works.
    invited_by_the_demos_owner(first.origin, "dora@acme.example")
    [path] = eventually(lambda: set(re.findall(r"/invite/[\w-]{20,}/", first.said())), within=30)
    assert "Join Acme" in requests.get(first.origin + path, timeout=10).text

    second = launched()
    assert second.end() == 1
    assert f"already running from this directory (process {first.process.pid})" in second.said()
    assert "Traceback" not in second.said()

    family = first.family()
    assert len(family) >= 7
    first.process.kill()
    first.end()
    eventually(lambda: gone(family), within=30)

    third = launched()
    third.wait_until_ready()
    assert f"{events} events synced" in third.said()
    family = third.family()
    third.process.send_signal(signal.SIGTERM)
    assert third.end() == 0
    assert gone(family)
    assert third.lines[-1] == "Almanac has stopped."
    assert "Traceback" not in third.said()


def test_a_program_that_dies_ends_the_run_and_is_named(launched):
    launcher = launched()
    sandbox = eventually(lambda: next((each for each in launcher.family() if "sandbox" in each.cmdline()), None))

    sandbox.kill()

    assert launcher.end() == 1
    assert "sandbox was ended by SIGKILL" in launcher.said()
    assert "Traceback" not in launcher.said()


def test_a_taken_port_stops_the_start_before_anything_is_made(launched, places):
    var, port, _ = places
    with socket_on(port):
        launcher = launched()
        assert launcher.end() == 1

    assert f"Port {port} is taken" in launcher.said()
    assert f"make run PORT={port + 1}" in launcher.said()
    assert not (var / "postgres").exists()


def socket_on(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))
