"""
A real Chromium against the real pages.

The server is pytest-django's `live_server`: threads of this process over the same database, pool and Redis, and with
`worker` everything that `make run` has but beat. Its address is ALMANAC_ORIGIN (by `tests/services.py`), so that
Microsoft's redirects and notifications find it. A gunicorn of its own would be nearer to production but could not see
the settings that a test changes; the launcher's test runs that one.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # there is none for root, and we open our own pages only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium of this machine. Where there is none, tests that need it are skipped, save in `.ci/run`."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.skip("no Chromium on this machine")
    # Playwright keeps an event loop in this thread, and Django would refuse to query beside it. Nothing of ours runs in
    # that loop.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=[*FLAGS])
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def browser(chromium: Browser, live_server: LiveServer, sandbox: object) -> Iterator[BrowserContext]:
    """One person's browser, with nothing in it: `browser.new_page().goto("/")` opens the landing page."""
    with chromium.new_context(
        base_url=live_server.url,
        viewport={"width": 1280, "height": 900},
        locale="en-GB",
        timezone_id="Europe/Paris",
        reduced_motion="reduce",
    ) as context:
        context.set_default_timeout(15_000)
        yield context


@pytest.fixture
def page(browser: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """One tab. A script error or a breach of the content security policy in it fails the test."""
    tab = browser.new_page()
    broken: list[str] = []
    tab.on("pageerror", lambda error: broken.append(str(error)))
    tab.on("console", lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None)
    failed_before = request.session.testsfailed
    yield tab
    if request.session.testsfailed > failed_before:
        _shoot(tab, f"failed-{request.node.name}")
    assert broken == []


@pytest.fixture
def picture() -> Callable[[Page, str], Path]:
    """`picture(page, "week")` leaves var/screenshots/week.png, the whole page."""
    return _shoot


def _shoot(page: Page, name: str) -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{re.sub(r'[^a-z0-9-]+', '-', name.lower()).strip('-')}.png"
    page.screenshot(path=path, full_page=True)
    return path
