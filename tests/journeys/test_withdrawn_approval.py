"""An approval is withdrawn: the calendar waits, people are told, and a new approval brings it back as it was."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery.worker import WorkController
from django.conf import settings
from django.core import mail
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from calendars import doors
from calendars.models import Event
from calendars.tasks import refresh_calendar_lists, sync_calendar
from connections.identity import HTTP_CACHE
from connections.models import Connection, Status
from connections.tasks import try_waiting_connections
from tenants.models import User
from tenants.scoping import organization_scope
from tenants.tasks import send_waiting_mail
from tests.cast import Cast, signed_in
from tests.conftest import eventually
from tests.sandbox_client import SandboxClient

Picture = Callable[[Page, str], Path]
NORA = "nora.lind@northwind.example"
NILS = "nils.admin@northwind.example"
SIZES = {"360": {"width": 360, "height": 780}, "1280": {"width": 1280, "height": 900}}


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return Cast.found()


def enter(browser: BrowserContext, user: User) -> Page:
    """A tab in which this person is signed in, and nobody else."""
    value = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    browser.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "domain": "localhost", "path": "/"}])
    return browser.new_page()


def shoot(page: Page, picture: Picture, name: str) -> None:
    """Narrow and wide, light and dark."""
    for width, size in SIZES.items():
        for scheme in ("light", "dark"):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            picture(page, f"withdrawn-{name}-{width}-{scheme}")
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{name} is wider than {width}"


def approve(chromium: Browser, live_server: LiveServer, link: str) -> None:
    """The administrator, in a browser of their own."""
    with chromium.new_context(base_url=live_server.url, locale="en-GB") as elsewhere:
        page = elsewhere.new_page()
        page.goto(link)
        page.get_by_role("button", name="Continue to Microsoft").click()
        page.locator(f'button[data-person="{NILS}"]').first.click()
        page.locator('button[value="accept"]').click()
        expect(page.get_by_role("heading", name=re.compile("^Done"))).to_be_visible()


def ask(page: Page) -> str:
    """From the page that asks for the company's domain to the link for its administrator."""
    page.get_by_role("button", name="Prepare the request").click()
    return page.get_by_label("Only the link").input_value()


def subjects_to(user: User) -> list[str]:
    send_waiting_mail.delay()
    return [one.subject for one in mail.outbox if one.to == [user.email]]


def the_connection(cast: Cast) -> Connection:
    with organization_scope(cast.acme.pk):
        return Connection.objects.of(cast.acme).get()


def subjects(cast: Cast) -> set[str]:
    with organization_scope(cast.acme.pk):
        return set(Event.objects.of(cast.acme).values_list("subject", flat=True))


@pytest.mark.django_db(transaction=True)
def test_consent_is_withdrawn_people_are_told_once_and_an_approval_brings_everything_back(
    browser: BrowserContext,
    chromium: Browser,
    live_server: LiveServer,
    cast: Cast,
    worker: WorkController,
    sandbox: SandboxClient,
    picture: Picture,
) -> None:
    ada = enter(browser, cast.ada)
    ada.goto("/o/acme/onboarding/")
    ada.locator("main").get_by_role("link", name="Link your Microsoft tenant").click()
    ada.get_by_label("Domain or tenant id").fill("northwind.example")
    ada.get_by_role("button", name="Link this tenant").click()
    expect(ada.get_by_role("heading", name="northwind.example")).to_be_visible()
    shoot(ada, picture, "1-linked")
    ada.goto("/o/acme/ask/?company=northwind.example")
    approve(chromium, live_server, ask(ada))
    ada.goto("/o/acme/onboarding/")
    expect(ada.get_by_text(re.compile(f"by .*{NILS}"))).to_be_visible()

    bob = enter(browser, cast.bob)
    bob.goto("/o/acme/connect/")
    expect(bob.get_by_role("heading", name="northwind.example has approved Almanac")).to_be_visible()
    shoot(bob, picture, "2-approved")
    bob.get_by_role("button", name="Continue to Microsoft").click()
    bob.locator(f'button[data-person="{NORA}"]').first.click()
    bob.wait_for_url("**/welcome/**")
    eventually(lambda: subjects(cast))
    before = the_connection(cast)

    sandbox.consent("northwind.example", "withdraw")
    sandbox.tokens(NORA, "expire-access")
    HTTP_CACHE.clear()
    refresh_calendar_lists.delay()
    eventually(lambda: the_connection(cast).status == Status.APPROVAL)
    waits, gone = (
        "Your calendar waits for approval by an administrator",
        "The approval for northwind.example was withdrawn",
    )
    eventually(lambda: subjects_to(cast.bob).count(waits) == 1 and subjects_to(cast.ada).count(gone) == 1)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0, tzinfo=None)
    times = {
        name: {"dateTime": (tomorrow + timedelta(hours=hours)).isoformat(), "timeZone": "UTC"}
        for name, hours in (("start", 0), ("end", 1))
    }
    sandbox.edit(NORA, "create", event={"subject": "While nobody looked", **times})

    bob.goto("/o/acme/")
    expect(bob.get_by_text("An administrator of your company withdrew the approval for Almanac.")).to_be_visible()
    shoot(bob, picture, "3-home")
    bob.goto(f"/o/acme/connect/?connection={before.pk}")
    shoot(bob, picture, "4-connect")
    ada = enter(browser, cast.ada)
    ada.goto("/o/acme/onboarding/")
    expect(ada.get_by_text("Approval withdrawn")).to_be_visible()
    shoot(ada, picture, "5-board")
    ada.get_by_role("link", name="Ask the administrator of northwind.example").click()
    link = ask(ada)
    ada.goto("/o/acme/onboarding/")
    expect(ada.get_by_text("Waits for approval")).to_be_visible()
    shoot(ada, picture, "6-asked")
    approve(chromium, live_server, link)

    HTTP_CACHE.clear()
    try_waiting_connections.delay()
    eventually(lambda: the_connection(cast).is_active)
    assert the_connection(cast).pk == before.pk
    well = "Your calendar is connected again"
    eventually(lambda: subjects_to(cast.bob).count(well) == 1)
    eventually(lambda: "While nobody looked" in subjects(cast) or _read_again(cast))
    assert subjects_to(cast.bob).count(waits) == 1
    ada.goto("/o/acme/onboarding/")
    expect(ada.get_by_text("Nobody.")).to_be_visible()
    shoot(ada, picture, "7-back")


def _read_again(cast: Cast) -> bool:
    """What beat does half a minute later."""
    for key in doors.marked_calendars(now=datetime.now(UTC) + timedelta(seconds=30)):
        sync_calendar.delay(organization_id=key.organization_id, calendar_id=key.calendar_id)
    return False
