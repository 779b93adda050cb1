"""The sign-in pages in a real browser: by keyboard, on a phone's screen, with and without scripts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, request
from playwright.sync_api import Browser, Page, ViewportSize
from werkzeug.serving import make_server

from sandbox.directory import ALMANAC_ID
from tests.sandbox.identity_platform import Platform

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}


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


def choose(page: Page, address: str) -> None:
    page.locator(f"button[data-person='{address}']").click()


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("screen", [PHONE, DESK])
def test_asking_for_approval_and_getting_it_needs_no_script_and_fits_every_screen(
    platform: Platform,
    chromium: Browser,
    callback: tuple[str, list[dict[str, str]]],
    screen: ViewportSize,
    scripts: bool,
) -> None:
    uri, posted = callback
    for word in ("administrators", "requests-on", "step-up-on"):
        platform.identity.set_consent("contoso.example", word)
    platform.identity.require_second_factor("contoso.example")
    url = platform.authorize_url(redirect_uri=uri, response_mode="form_post")

    def fits() -> None:
        assert not scripts or page.evaluate("document.documentElement.scrollWidth") <= screen["width"]
        assert page.get_by_text("Sandbox: this is not Microsoft.").is_visible()

    with chromium.new_context(java_script_enabled=scripts, viewport=screen) as context:
        page = context.new_page()
        page.goto(url)
        choose(page, "alice.moreau@contoso.example")
        fits()
        # The Enter key in the field is "Verify", although "Cancel" stands before it.
        page.get_by_label("Code from your authenticator").fill("123456")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Approval required").wait_for()
        fits()
        page.get_by_label("Why do you want to use this app?").fill("I plan our meetings with it.")
        page.get_by_role("button", name="Request approval").click()
        page.get_by_role("heading", name="Request sent").wait_for()
        fits()
        page.get_by_role("link", name="inbox").click()
        choose(page, "ines.admin@contoso.example")
        fits()
        page.get_by_role("button", name="Approve for everybody").click()
        page.get_by_text("approved").wait_for()
        fits()
        page.goto(url + "&login_hint=alice.moreau@contoso.example")
        if not scripts:
            page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="Received").wait_for()
    assert "code" in posted[0]


def test_signing_out_loads_the_apps_frames_and_goes_on_without_a_script(
    platform: Platform, chromium: Browser, callback: tuple[str, list[dict[str, str]]]
) -> None:
    uri, _ = callback
    origin = uri.removesuffix("/connections/callback/")
    platform.door("apps", client_id=ALMANAC_ID, logout_url=f"{origin}/signed-out")
    with chromium.new_context(java_script_enabled=False, viewport=PHONE) as context:
        page = context.new_page()
        page.goto(platform.authorize_url(redirect_uri=uri, response_mode="query"))
        choose(page, "alice.moreau@contoso.example")
        page.get_by_role("button", name="Accept").click()
        page.wait_for_url(f"{uri}?code=*")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{platform.url}/common/oauth2/v2.0/logout?post_logout_redirect_uri={uri}")
        page.wait_for_url(uri)
    assert any(url.startswith(f"{origin}/signed-out?sid=") for url in asked)
