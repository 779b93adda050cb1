"""Taking one's data along, and leaving, in a real browser."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from celery.worker import WorkController
from playwright.sync_api import Page, expect

from tenants.models import Membership
from tenants.scoping import organization_scope
from tests.calendars.making import make_calendar, make_connection, make_event
from tests.cast import PASSWORD, Cast, cast
from tests.webhooks.conftest import CONTOSO
from webhooks.models import Erasure, ErasureKind

__all__ = ["cast"]

pytestmark = pytest.mark.django_db(transaction=True)
Picture = Callable[[Page, str], Path]


def sign_in(page: Page, who: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(f"{who}@acme.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/o/acme/**")


def pictured(page: Page, picture: Picture, name: str) -> None:
    """Wide and narrow, light and dark; nothing may be wider than the screen."""
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            picture(page, f"{name}-{width}-{scheme}")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def test_a_member_downloads_everything_and_then_has_it_deleted(
    page: Page, cast: Cast, worker: WorkController, picture: Picture, tmp_path: Path
) -> None:
    make_event(make_calendar(make_connection(cast.acme, cast.bob), "Work"), "Standup")
    sign_in(page, "bob")
    page.get_by_label("Account:").click()
    page.get_by_role("link", name="My data").click()
    pictured(page, picture, "my-data")

    page.get_by_role("button", name="Export my data").click()

    link = page.get_by_role("link", name="Download the file")
    expect(link).to_be_visible(timeout=20_000)
    pictured(page, picture, "my-data-ready")
    with page.expect_download() as downloading:
        link.click()
    downloading.value.save_as(tmp_path / "mine.zip")
    assert "SUMMARY:Standup" in ZipFile(tmp_path / "mine.zip").read("calendars/01-work.ics").decode()
    page.get_by_role("link", name="Delete my data here").click()
    pictured(page, picture, "delete-mine")
    page.get_by_label("Type your e-mail address").fill("bob")
    page.get_by_role("button", name="Delete my data here").click()
    expect(page.get_by_text("That is not bob@acme.example")).to_be_visible()
    pictured(page, picture, "delete-mine-refused")
    page.get_by_label("Type your e-mail address").fill("bob@acme.example")
    page.get_by_role("button", name="Delete my data here").click()
    expect(page.get_by_text("You have left Acme")).to_be_visible()


def test_an_owner_deletes_the_organization_and_sees_how_far_it_is(page: Page, cast: Cast, picture: Picture) -> None:
    now = datetime.now(UTC)
    connection = make_connection(cast.acme, cast.bob, tid=CONTOSO)
    make_calendar(connection)
    with organization_scope(cast.acme.pk):
        for label, finished_at in (("carl.with.a.very.long.name@subsidiary.acme.example", None), ("d@x.example", now)):
            Erasure.objects.create(
                organization=cast.acme, kind=ErasureKind.PERSON, membership_id=len(label), label=label, asked_by_id=1,
                asked_by_label=label, asked_at=now, finished_at=finished_at,
            )  # fmt: skip
        assert Membership.objects.of(cast.acme).count() == 3
    sign_in(page, "alice")
    page.goto("/o/acme/my-data/delete/")
    pictured(page, picture, "last-owner")
    page.goto("/o/acme/settings/data/")
    pictured(page, picture, "data")
    page.get_by_role("link", name="Delete Acme").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    pictured(page, picture, "delete-organization")
    page.get_by_label("Type the organization's address").fill("acme")
    page.get_by_role("button", name="Delete Acme").click()

    expect(page.get_by_role("heading", name="Acme is being deleted")).to_be_visible()
    expect(page.get_by_text("1 mailbox left")).to_be_visible()
    pictured(page, picture, "deletion")
    page.goto("/accounts/delete/")
    pictured(page, picture, "delete-account")
