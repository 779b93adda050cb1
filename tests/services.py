"""
Everything outside our process that tests talk to, started before Django reads its settings.

Loaded by `-p tests.services` in pyproject.toml. PostgreSQL and Redis are thrown away afterwards; where
DATABASE_URL (with DATABASE_OWNER_URL) or REDIS_URL is set, that server is used instead. The sandbox is
always our own, on a free port.
"""

import base64
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts import ports, processes
from scripts.embedded import Postgres, Redis
from scripts.problems import Problem

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """A wrapper, because pytest-django imports the settings in the plain hook of this name."""
    running = ExitStack()
    early_config.add_cleanup(running.close)
    # PostgreSQL would end with us in any case, but its files would stay.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        start(running)
    except Problem as problem:
        raise pytest.UsageError(str(problem)) from None
    return (yield)


def start(running: ExitStack) -> None:
    """
    Start what is not given, and export the whole environment of `config/settings.py`.

    `running` ends all of it.
    """
    # Where collected static files would be; WhiteNoise warns when it is missing.
    (ROOT / "var" / "static").mkdir(parents=True, exist_ok=True)
    directory = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="almanac-tests-")))
    # pytest-django's live server takes its address from here: it must be where links and redirects lead.
    address = f"localhost:{ports.any_free()}"
    environment = {**constants(), "ALMANAC_ORIGIN": f"http://{address}", "DJANGO_LIVE_TEST_SERVER_ADDRESS": address}
    # First, because it takes its time to seed a world while the database starts.
    port = ports.any_free()
    sandbox = _start_sandbox(port, directory / "sandbox.log")
    running.callback(processes.stop, sandbox)
    environment["SANDBOX_URL"] = f"http://127.0.0.1:{port}"

    if "DATABASE_URL" not in os.environ:
        postgres = Postgres(directory, durable=False)
        postgres.start()
        running.callback(postgres.stop)
        environment["DATABASE_URL"] = postgres.url("almanac_app")
        environment["DATABASE_OWNER_URL"] = postgres.url("almanac_owner")
    elif "DATABASE_OWNER_URL" not in os.environ:
        raise Problem("With DATABASE_URL, tests need DATABASE_OWNER_URL too: the owner makes the test database.")
    if "REDIS_URL" not in os.environ:
        redis = Redis(directory, durable=False)
        redis.start()
        running.callback(redis.stop)
        environment["REDIS_URL"] = redis.url

    os.environ.update(environment)


def constants() -> dict[str, str]:
    """What no server decides: the same in every run, but for the keys, which nothing may rest on."""
    return {
        # With DEBUG off, settings refuse a sandbox; pytest-django turns it off again for the views.
        "DEBUG": "true",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SEAL_KEYS": f"test1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "MICROSOFT_CLIENT_ID": "8f1c2f0e-6a43-4a57-9d0b-3c5de8a1a7c4",
        "MICROSOFT_CLIENT_SECRET": "sandbox-secret-of-almanac",
        "WINDOW_DAYS_BACK": "90",
        "WINDOW_DAYS_AHEAD": "365",
        "EMAIL_URL": "memorymail://",
        "DEFAULT_FROM_EMAIL": "Almanac <almanac@localhost>",
        "LOG_LEVEL": "WARNING",
    }


def _start_sandbox(port: int, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return processes.spawn(
            [sys.executable, "-m", "tests.checked_sandbox", str(port)], output=output, directory=ROOT
        )


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
