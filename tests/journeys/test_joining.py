"""An owner founds an organization and invites; whoever is invited signs up, joins and connects a calendar."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from celery.worker import WorkController
from django.core import mail
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from tenants.tasks import send_waiting_mail
from tests.cast import PASSWORD, person
from tests.conftest import eventually

Picture = Callable[[Page, str], Path]
DORA = "dora@harbour.example"
MAILBOX = "bob.ito@contoso.example"


def link_in_mail(address: str, path: str) -> str:
    """The link below this path in the latest mail to somebody, once a worker has sent it."""

    def found() -> str:
        send_waiting_mail.delay()
        for one in reversed(mail.outbox):
            if one.to == [address] and (link := re.search(rf"http\S+{path}\S+", str(one.body))):
                return link[0]
        return ""

    return eventually(found)


def shoot(page: Page, picture: Picture, name: str) -> None:
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        picture(page, f"joining-{name}-{width}")
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.django_db(transaction=True)
def test_an_owner_founds_and_invites_and_the_member_joins_and_connects(
    page: Page,
    chromium: Browser,
    live_server: LiveServer,
    browser: BrowserContext,
    worker: WorkController,
    picture: Picture,
) -> None:
    owner = person("olive", "Olive Hart", host="harbour.example")
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Name").fill("Harbour")
    page.get_by_role("button", name="Found this organization").click()
    page.wait_for_url("**/o/harbour/")
    page.get_by_role("link", name="People").click()
    shoot(page, picture, "1-only-the-owner")
    page.get_by_role("main").get_by_role("link", name="Invite somebody").click()
    page.get_by_label("E-mail address").fill(DORA)
    shoot(page, picture, "2-invite")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_role("heading", name="Open invitations")).to_be_visible()
    shoot(page, picture, "3-invited")

    invitation = link_in_mail(DORA, "/invite/")
    with chromium.new_context(base_url=live_server.url, locale="en-GB", reduced_motion="reduce") as elsewhere:
        dora = elsewhere.new_page()
        broken: list[str] = []
        dora.on("pageerror", lambda error: broken.append(str(error)))
        dora.on("console", lambda line: broken.append(line.text) if "Policy" in line.text else None)
        dora.goto(invitation)
        expect(dora).to_have_url(re.compile(r"/invite/$"))
        expect(dora.get_by_role("heading", name="Join Harbour")).to_be_visible()
        shoot(dora, picture, "4-invited-person")
        dora.get_by_role("link", name="Sign up and join").click()
        dora.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(DORA)
        dora.get_by_label("Password").fill("a harbour at dawn 9")
        dora.get_by_role("button", name="Sign up", exact=True).click()
        dora.goto(link_in_mail(DORA, "/accounts/confirm-email/"))
        dora.locator("main form button[type=submit]").click()
        expect(dora.get_by_role("heading", name="Join Harbour")).to_be_visible()
        dora.get_by_label("Your name").fill("Dora Winter")
        shoot(dora, picture, "5-join")
        dora.get_by_role("button", name=f"Join as {DORA}").click()
        dora.wait_for_url("**/o/harbour/")
        shoot(dora, picture, "6-home")
        dora.locator("main").get_by_role("link", name="Connect a calendar").first.click()
        dora.get_by_role("button", name="Continue to Microsoft").click()
        dora.locator(f"button[data-person='{MAILBOX}']").click()
        dora.get_by_role("button", name="Accept").click()
        dora.wait_for_url("**/welcome/")
        expect(dora.locator("main")).to_contain_text(MAILBOX)
        shoot(dora, picture, "7-connected")
        assert broken == []
    # The link was good for one person, once.
    with chromium.new_context(base_url=live_server.url) as somebody_elses:
        stranger = somebody_elses.new_page()
        stranger.goto(invitation)
        expect(stranger.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
        shoot(stranger, picture, "8-used-link")

    page.goto("/o/harbour/people/")
    expect(page.get_by_text("Dora Winter")).to_be_visible()
    page.goto("/o/harbour/onboarding/")
    shoot(page, picture, "9-board")
    page.goto("/o/harbour/activity/")
    for words in ("Olive Hart", "invited", "joined", "connected"):
        expect(page.locator("main")).to_contain_text(words)
    shoot(page, picture, "10-activity")
