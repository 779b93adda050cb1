"""
A real Chromium against the real pages.

The server is pytest-django's `live_server`: threads of this process over the same database, pool and Redis, and with
`worker` everything that `make run` has but beat. Its address is ALMANAC_ORIGIN (by `tests/services.py`), so that
Microsoft's redirects and notifications find it. A gunicorn of its own would be nearer to production but could not see
the settings that a test changes; the launcher's test runs that one.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from tests.journeys.streams import end_streams

SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"


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
    end_streams()


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
