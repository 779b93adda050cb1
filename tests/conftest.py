"""What every area's tests may use: the database as the application sees it, the sandbox, a worker, a poll."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import psycopg
import pytest
import redis
from celery.contrib.testing.worker import start_worker
from celery.worker import WorkController
from django.conf import settings
from django.db import connection
from django.test import override_settings
from playwright.sync_api import Browser, sync_playwright

from config.celery import app as celery_app
from tests.sandbox_client import SandboxClient

Found = TypeVar("Found")
QUEUES = ["interactive", "changes", "backfill", "housekeeping"]
# What must not be skipped where ALMANAC_REQUIRE_BROWSER is set, as in `.ci/run`.
REQUIRED_MARKERS = ("browser", "contract")


CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    "--no-sandbox",  # there is none for root, and we open our own pages only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# --- database: the owner makes it, the application uses it --------------------------------------------------


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Create the test database and migrate it as the owner, as in production."""
    become("almanac_owner")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Then be the application: the owner's rights would hide what it may not do."""
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            # In test databases only: transactional tests are cleaned by TRUNCATE, which no policy binds.
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO almanac_app")
        become("almanac_app")
    yield
    with django_db_blocker.unblock():
        end_forgotten_sessions()
        become("almanac_owner")


def end_forgotten_sessions() -> None:
    """A thread that a test left behind may hold a connection still, and then the database could not be dropped."""
    connection.close()
    connection.close_pool()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as direct:
        direct.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )


def become(role: str) -> None:
    """Log in as another role from here on. A pool would keep the old one, and tests would prove nothing."""
    login = settings.DATABASE_OWNER if role == "almanac_owner" else APPLICATION
    connection.close()
    connection.close_pool()
    connection.settings_dict["USER"] = login["USER"]
    connection.settings_dict["PASSWORD"] = login["PASSWORD"]


# Kept before anybody becomes somebody else; `settings_dict` is the same object as in the settings.
APPLICATION = {name: settings.DATABASES["default"][name] for name in ("USER", "PASSWORD")}


# --- people ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hashing is slow on purpose; a test that signs in need not wait for that."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


# --- time ---------------------------------------------------------------------------------------------------


@pytest.fixture
def now() -> datetime:
    """This moment, aware, in UTC: for services, which take `now` as an argument."""
    return datetime.now(UTC)


def eventually(check: Callable[[], Found], within: float = 10.0) -> Found:
    """
    Ask `check` again and again until it answers with something true, and return that.

    A failed assertion inside counts as "not yet"; after `within` seconds it is raised.
    """
    deadline = time.monotonic() + within
    while True:
        late = time.monotonic() > deadline
        try:
            found = check()
        except AssertionError:
            if late:
                raise
        else:
            if found:
                return found
            if late:
                pytest.fail(f"not within {within:g} seconds: {getattr(check, '__name__', check)!s} gave {found!r}")
        time.sleep(0.02)


# --- Microsoft ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sandbox_process() -> SandboxClient:
    """The sandbox that `tests.services` has started, once it answers."""
    client = SandboxClient(settings.SANDBOX_URL)
    client.wait(within=30)
    return client


@pytest.fixture
def sandbox(sandbox_process: SandboxClient) -> SandboxClient:
    """The sandbox with a small, fresh world: no faults, its clock right, its log empty."""
    sandbox_process.reset()
    return sandbox_process


# --- Redis ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_client() -> Iterator[redis.Redis]:
    """The server behind limits, cache and queues, for tests that look into it."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def nothing_in_redis(redis_client: redis.Redis) -> None:
    """Limits, leases, queued tasks and cached pages of one test are not those of the next."""
    # By prefix and not FLUSHDB: REDIS_URL may be somebody's own server.
    keys = [*redis_client.scan_iter("almanac*"), *redis_client.scan_iter("_kombu*")]
    if keys:
        redis_client.delete(*keys)


# --- jobs ---------------------------------------------------------------------------------------------------


@pytest.fixture
def worker(transactional_db: None) -> Iterator[WorkController]:
    """
    A real Celery worker on threads of this process, for all queues.

    It sees only what was committed, so it comes with `transactional_db`. Stopping it takes up to a second.
    """
    with start_worker(
        celery_app, pool="threads", concurrency=4, queues=QUEUES, perform_ping_check=False, shutdown_timeout=20
    ) as running:
        yield running


# --- a browser -------------------------------------------------------------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine. Where there is none, tests that need it are skipped, save in `.ci/run`."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        pytest.skip("no Chromium on this machine")
    # Playwright keeps an event loop in this thread, and Django would refuse to query beside it. Nothing of ours runs in
    # that loop.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=[*CHROMIUM_FLAGS])
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


# --- what may not be skipped --------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if skipped_though_required(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name in skipped_though_required(config):
        terminalreporter.write_line(f"ALMANAC_REQUIRE_BROWSER is set, and this was skipped: {name}", red=True)


def skipped_though_required(config: pytest.Config) -> list[str]:
    """Names of the browser and contract tests that did not run although they must."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("ALMANAC_REQUIRE_BROWSER") or reporter is None:
        return []
    return [
        report.nodeid
        for report in reporter.stats.get("skipped", [])
        if any(marker in report.keywords for marker in REQUIRED_MARKERS)
    ]
