"""The sign-in pages in a real browser: by keyboard, on a phone's screen, with and without scripts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.sandbox.identity_platform import Platform

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def callback() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An app's redirect URI on another site than the sandbox, and what was posted to it."""
    app = Flask("an-app")
    posted: list[dict[str, str]] = []

    @app.post("/connections/callback/")
    def receive() -> str:
        posted.append(request.form.to_dict())
        return "<h1>Received</h1>"

    server = make_server("localhost", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}/connections/callback/", posted
    server.shutdown()
    thread.join()
    server.server_close()


def by_mouse(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).click()


def by_keyboard(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("press", [by_mouse, by_keyboard])
@pytest.mark.parametrize("scripts", [True, False])
def test_a_sign_in_ends_with_a_post_to_the_app(
    platform: Platform,
    chromium: Browser,
    callback: tuple[str, list[dict[str, str]]],
    press: Callable[[Page, str], None],
    scripts: bool,
) -> None:
    uri, posted = callback
    context = chromium.new_context(java_script_enabled=scripts, viewport=PHONE)
    page = context.new_page()
    page.goto(platform.authorize_url(redirect_uri=uri, response_mode="form_post"))
    assert not scripts or page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    press(page, "Alice Moreau")
    press(page, "Accept")
    if not scripts:
        press(page, "Continue")
    page.get_by_role("heading", name="Received").wait_for()
    [answer] = posted
    assert set(answer) == {"code", "state", "session_state"}
    context.close()
