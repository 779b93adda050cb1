"""
Somebody is refused by their company's rules, asks, and an administrator without an account approves in another browser.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery.worker import WorkController
from django.conf import settings
from django.core import mail
from playwright.sync_api import Browser, BrowserContext, Page, expect

from connections.services import forget_old_sign_ins
from tenants.scoping import organization_scope
from tenants.tasks import send_waiting_mail
from tests.cast import Cast, signed_in
from tests.conftest import eventually

Picture = Callable[[Page, str], Path]
FARID = "farid.nasser@fabrikam.example"
FIONA = "fiona.admin@fabrikam.example"
SIZES = {"360": {"width": 360, "height": 780}, "1280": {"width": 1280, "height": 900}}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return Cast.found()


def enter(browser: BrowserContext, cast: Cast) -> Page:
    """A tab of Bob, who is signed in."""
    value = signed_in(cast.bob).cookies[settings.SESSION_COOKIE_NAME].value
    browser.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "domain": "localhost", "path": "/"}])
    return browser.new_page()


def shoot(page: Page, picture: Picture, name: str) -> None:
    """Narrow and wide, light and dark."""
    for width, size in SIZES.items():
        for scheme in ("light", "dark"):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            picture(page, f"approval-{name}-{width}-{scheme}")
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{name} is wider than {width}"


def choose_at_microsoft(page: Page, address: str) -> None:
    page.locator(f'button[data-person="{address}"]').first.click()


def mail_to(address: str) -> str:
    """The text of the latest mail to somebody, once it is sent."""

    def found() -> str:
        send_waiting_mail.delay()
        return next((str(one.body) for one in reversed(mail.outbox) if one.to == [address]), "")

    return eventually(found)


@pytest.mark.django_db(transaction=True)
def test_a_refused_member_asks_the_administrator_approves_elsewhere_and_the_member_connects(
    browser: BrowserContext,
    chromium: Browser,
    cast: Cast,
    worker: WorkController,
    picture: Picture,
) -> None:
    page = enter(browser, cast)
    page.goto("/o/acme/connect/")
    page.get_by_role("button", name="Continue to Microsoft").click()
    choose_at_microsoft(page, FARID)
    expect(page.get_by_role("heading", name="Need admin approval")).to_be_visible()
    page.get_by_role("link", name=re.compile("Return to")).click()
    expect(page.get_by_role("heading", name="Your company decides which apps may see calendars")).to_be_visible()
    shoot(page, picture, "1-refused")
    page.get_by_role("link", name="Ask an administrator").click()

    page.get_by_label("Your company's domain").fill("fabrikam.example")
    page.get_by_label(re.compile("administrator's address")).fill(FIONA)
    shoot(page, picture, "2-ask")
    page.get_by_role("button", name="Prepare the request").click()
    expect(page.get_by_role("heading", name="Waiting for an administrator of fabrikam.example")).to_be_visible()
    shoot(page, picture, "3-waiting")
    waiting = page.url

    [link] = re.findall(r"http\S+/approve/\S+", mail_to(FIONA))
    with chromium.new_context(base_url=settings.ALMANAC_ORIGIN, locale="en-GB", reduced_motion="reduce") as elsewhere:
        administrators = elsewhere.new_page()
        blocked: list[str] = []
        administrators.on("console", lambda line: blocked.append(line.text) if "Policy" in line.text else None)
        administrators.goto(link)
        expect(administrators).to_have_url(re.compile("/approve/$"))
        expect(administrators.get_by_role("heading", name="Acme asks for your approval")).to_be_visible()
        shoot(administrators, picture, "4-letter")
        administrators.get_by_role("button", name="Continue to Microsoft").click()
        choose_at_microsoft(administrators, FIONA)
        administrators.locator('button[value="cancel"]').click()
        expect(administrators.get_by_role("heading", name="Nothing was approved")).to_be_visible()
        shoot(administrators, picture, "5-refused-at-microsoft")
        administrators.get_by_role("button", name="Try again at Microsoft").click()
        choose_at_microsoft(administrators, FIONA)
        administrators.locator('button[value="accept"]').click()
        expect(administrators.get_by_role("heading", name="Done. One person has been told.")).to_be_visible()
        shoot(administrators, picture, "6-done")
        administrators.goto(link)
        expect(administrators.get_by_role("heading", name="There is nothing to approve here")).to_be_visible()
        shoot(administrators, picture, "7-dead-link")
        assert blocked == []

    assert "Microsoft will not ask for an approval any more" in " ".join(mail_to(cast.bob.email).split())
    page.goto(waiting)
    expect(page.get_by_role("heading", name="Approved for fabrikam.example")).to_be_visible()
    shoot(page, picture, "8-approved")
    page.goto("/o/acme/")
    expect(page.get_by_text("Approved: you can connect now")).to_be_visible()
    shoot(page, picture, "9-home")
    page.locator("main").get_by_role("link", name="Connect my calendar").click()
    page.get_by_role("button", name="Continue to Microsoft").click()
    if "localhost" not in page.url:
        choose_at_microsoft(page, FARID)
    page.wait_for_url("**/welcome/**")


@pytest.mark.django_db(transaction=True)
def test_an_administrator_declines_and_the_member_reads_so(
    browser: BrowserContext, chromium: Browser, cast: Cast, sandbox: object, picture: Picture
) -> None:
    page = enter(browser, cast)
    page.goto("/o/acme/ask/")
    page.get_by_label("Your company's domain").fill("fabrikam")
    page.get_by_role("button", name="Prepare the request").click()
    expect(page.get_by_text("This is no domain")).to_be_visible()
    shoot(page, picture, "10-ask-error")
    page.get_by_label("Your company's domain").fill("fabrikam.example")
    page.get_by_role("button", name="Prepare the request").click()
    link = page.get_by_label("Only the link").input_value()
    shoot(page, picture, "11-not-mailed")
    with chromium.new_context(base_url=settings.ALMANAC_ORIGIN, java_script_enabled=False) as elsewhere:
        administrators = elsewhere.new_page()
        administrators.goto(link)
        administrators.get_by_role("button", name="Decline and tell them").click()
        expect(administrators.get_by_role("heading", name="Declined. Nothing was approved")).to_be_visible()
        shoot(administrators, picture, "12-declined")
    page.goto("/o/acme/")
    expect(page.get_by_text("An administrator declined")).to_be_visible()
    shoot(page, picture, "13-home-declined")


@pytest.mark.django_db(transaction=True)
def test_who_is_no_longer_signed_in_at_microsoft_takes_one_more_step(
    browser: BrowserContext, chromium: Browser, cast: Cast, sandbox: object, picture: Picture
) -> None:
    page = enter(browser, cast)
    page.goto("/o/acme/ask/")
    page.get_by_label("Your company's domain").fill("fabrikam.example")
    page.get_by_role("button", name="Prepare the request").click()
    link = page.get_by_label("Only the link").input_value()
    with chromium.new_context(base_url=settings.ALMANAC_ORIGIN) as elsewhere:
        administrators = elsewhere.new_page()
        administrators.goto(link)
        ours = [cookie for cookie in elsewhere.cookies() if cookie["name"] == settings.SESSION_COOKIE_NAME]
        administrators.get_by_role("button", name="Continue to Microsoft").click()
        choose_at_microsoft(administrators, FIONA)
        with administrators.expect_request("**/connections/approved/**") as returned:
            administrators.route("**/connections/approved/**", lambda route: route.abort())
            administrators.locator('button[value="accept"]').click()
        # Their session at Microsoft ends before they are back.
        administrators.unroute_all()
        elsewhere.clear_cookies()
        elsewhere.add_cookies(ours)  # type: ignore[arg-type]
        administrators.goto(returned.value.url)
        expect(administrators.get_by_role("heading", name=re.compile("One more step"))).to_be_visible()
        shoot(administrators, picture, "16-one-more-step")
        administrators.get_by_role("button", name="Sign in at Microsoft").click()
        choose_at_microsoft(administrators, FIONA)
        expect(administrators.get_by_role("heading", name="Done. One person has been told.")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_the_question_after_a_sign_in_that_never_came_back(
    browser: BrowserContext, cast: Cast, sandbox: object, picture: Picture
) -> None:
    page = enter(browser, cast)
    page.goto("/o/acme/connect/")
    shoot(page, picture, "14-connect")
    page.get_by_role("button", name="Continue to Microsoft").click()
    choose_at_microsoft(page, FARID)
    with organization_scope(cast.acme.pk):
        forget_old_sign_ins(organization_id=cast.acme.pk, now=datetime.now(UTC) + timedelta(minutes=11))
    page.goto("/o/acme/")
    expect(page.get_by_text("Did Microsoft ask for an approval?")).to_be_visible()
    shoot(page, picture, "15-question")
    page.get_by_role("button", name="No", exact=True).click()
    page.goto("/o/acme/")
    expect(page.get_by_text("Did Microsoft ask for an approval?")).to_have_count(0)
