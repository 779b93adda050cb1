"""The first hour of a newcomer, in a real browser, from signing up to leaving."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from celery.worker import WorkController
from playwright.sync_api import BrowserContext, Page, expect

from calendars.models import Calendar, Event
from connections.models import Connection, Secret, Status
from tenants.doors import organization_by_slug
from tenants.scoping import organization_scope
from tests.conftest import eventually
from tests.mailing import deliver
from tests.sandbox_client import SandboxClient
from webhooks.tasks import reconcile_unlistened

Picture = Callable[[Page, str], Path]
MAILBOX = "bob.ito@contoso.example"


@pytest.mark.django_db(transaction=True)
def test_a_newcomer_signs_up_connects_sees_the_week_change_and_leaves_without_a_trace(
    page: Page, browser: BrowserContext, worker: WorkController, sandbox: SandboxClient, picture: Picture
) -> None:
    page.goto("/")
    picture(page, "journey-01-landing")
    page.get_by_role("link", name="Start with your organization").click()
    sign_up(page, picture)
    found_organization(page, picture)
    connect(page, picture)

    organization_id = organization_by_slug("north-quay")
    assert organization_id is not None
    # As beat does every few seconds: whoever is connected and not listened to gets a subscription.
    reconcile_unlistened.delay()
    eventually(lambda: len(subscriptions_of_mailbox(sandbox)) == 1)

    outlook = browser.new_page()
    add_in_outlook(outlook, sandbox, "Budget round")
    page.goto("/o/north-quay/calendar/")
    shown = page.locator("#calendar .ev", has_text="Budget round").first
    expect(shown).to_be_visible()
    picture(page, "journey-06-week")
    shown.click()
    expect(page.get_by_role("dialog")).to_contain_text("Budget round")
    picture(page, "journey-07-event")
    page.keyboard.press("Escape")

    rename_in_outlook(outlook, "Budget round", "Budget round, final")
    # Nobody touches the page: it hears of the change by itself.
    expect(page.locator("#calendar .ev", has_text="Budget round, final").first).to_be_visible()
    picture(page, "journey-08-renamed")
    with organization_scope(organization_id):
        assert Event.objects.of(organization_id).filter(subject="Budget round, final").exists()

    leave(page, picture)
    eventually(lambda: subscriptions_of_mailbox(sandbox) == [])

    def nothing_is_left() -> bool:
        with organization_scope(organization_id):
            of_us = [kind.objects.of(organization_id) for kind in (Secret, Calendar, Event)]
            return not any(rows.exists() for rows in of_us)

    eventually(nothing_is_left)
    with organization_scope(organization_id):
        assert Connection.objects.of(organization_id).get().status == Status.DISCONNECTED
    page.goto("/o/north-quay/calendar/")
    expect(page.locator("main")).not_to_contain_text("Budget round")
    picture(page, "journey-11-after-leaving")


def sign_up(page: Page, picture: Picture) -> None:
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill("nina@north-quay.example")
    page.get_by_label("Password").fill("a harbour at dawn 9")
    picture(page, "journey-02-sign-up")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    (link,) = re.findall(r"^http\S+$", str(deliver()[-1].body), re.MULTILINE)
    page.goto(link)
    page.locator("main form button[type=submit]").click()


def found_organization(page: Page, picture: Picture) -> None:
    page.wait_for_url("**/new/")
    page.get_by_label("Name").press_sequentially("North Quay")
    # The address is suggested while the name is typed.
    expect(page.locator("#id_slug")).to_have_value("north-quay")
    picture(page, "journey-03-found")
    page.get_by_role("button", name="Found this organization").click()
    page.wait_for_url("**/o/north-quay/")


def connect(page: Page, picture: Picture) -> None:
    page.locator("main").get_by_role("link", name=re.compile("connect", re.IGNORECASE)).first.click()
    page.wait_for_url("**/connect/")
    picture(page, "journey-04-connect")
    page.get_by_role("button", name="Continue to Microsoft").click()
    page.locator(f"button[data-person='{MAILBOX}']").click()
    page.get_by_role("button", name="Accept").click()
    page.wait_for_url("**/welcome/")
    expect(page.locator("main")).to_contain_text(MAILBOX)
    picture(page, "journey-05-connected")


def add_in_outlook(outlook: Page, sandbox: SandboxClient, subject: str) -> None:
    outlook.goto(sandbox.url)
    outlook.get_by_role("link", name=re.compile("Bob Ito")).click()
    outlook.get_by_text("Add an event").click()
    outlook.locator("form:has-text('Add event') input[name=subject]").fill(subject)
    outlook.get_by_role("button", name="Add event").click()
    expect(outlook.locator("body")).to_contain_text(subject)


def rename_in_outlook(outlook: Page, subject: str, wanted: str) -> None:
    entry = outlook.locator("details", has_text=subject).last
    entry.locator("summary").click()
    entry.get_by_label("Subject").fill(wanted)
    entry.get_by_role("button", name="Rename").click()
    expect(outlook.locator("body")).to_contain_text(wanted)


def leave(page: Page, picture: Picture) -> None:
    page.goto("/o/north-quay/connections/")
    picture(page, "journey-09-connections")
    page.locator("main").get_by_role("link", name=re.compile(re.escape(MAILBOX))).click()
    page.get_by_role("link", name="Disconnect this mailbox").click()
    picture(page, "journey-10-disconnect")
    page.get_by_role("button", name="Disconnect this mailbox").click()
    page.wait_for_url("**/connections/")


def subscriptions_of_mailbox(sandbox: SandboxClient) -> list[object]:
    return [one for one in sandbox.subscriptions() if one["mailbox"] == MAILBOX]
