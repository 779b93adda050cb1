"""Support's desk in a real browser: looked at wide and narrow, light and dark, and one button pressed by keyboard."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from connections.models import Connection, Status
from tenants.scoping import organization_scope
from tests.calendars.making import make_calendar, make_connection, make_skipped
from tests.cast import Cast, signed_in
from tests.journeys.test_accessibility import judge, sight

__all__ = ["sight"]

LONG = f"{'a-very-long-name-' * 4}@{'subdomain.' * 4}contoso.example"


@pytest.fixture
def desk(transactional_db: None) -> dict[str, Any]:
    """A mailbox that is well and one with a very long name that is not; `session` is that of support."""
    people = Cast.found()
    well = make_connection(people.acme, people.bob)
    broken = make_connection(
        people.globex, people.mallory, address=LONG, status=Status.RECONNECT, reason="sessions_reset",
        failed_code="InvalidAuthenticationToken", failed_request_id="4b0e9a6c-1d2e-8b90-c001-3f7a4c1e52d8",
    )  # fmt: skip
    make_skipped(make_calendar(well, is_default=True))
    session = signed_in(people.support).cookies[settings.SESSION_COOKIE_NAME].value
    return {"people": people, "well": well, "broken": broken, "session": session}


def be_support(context: BrowserContext, desk: dict[str, Any], server: LiveServer) -> None:
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": desk["session"], "url": server.url}
    context.add_cookies([cookie])  # type: ignore[list-item]


def test_every_page_of_the_desk_is_accessible_and_fits(
    desk: dict[str, Any], sight: tuple[Page, str], live_server: LiveServer, picture: Callable[[Page, str], Path]
):
    tab, name = sight
    be_support(tab.context, desk, live_server)
    refused: list[str] = []
    tab.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    base = "/admin/connections/connection/"
    found: dict[str, Any] = {}
    for title, address in {
        "support-first": "/admin/",
        "support-list": base,
        "support-well": f"{base}{desk['well'].pk}/change/",
        "support-broken": f"{base}{desk['broken'].pk}/change/",
        "support-deed": f"{base}{desk['well'].pk}/disconnect/",
        "support-not-now": f"{base}{desk['well'].pk}/resume/",
        "support-missing": f"{base}999999/change/",
    }.items():
        tab.goto(address)
        picture(tab, f"{title}-{name}")
        found |= judge(tab, title)

    assert found == {}, json.dumps(found, indent=2)
    assert refused == []


def test_a_button_is_pressed_by_keyboard_alone(desk: dict[str, Any], page: Page, live_server: LiveServer):
    be_support(page.context, desk, live_server)
    well = desk["well"]
    page.goto(f"/admin/connections/connection/{well.pk}/change/")
    page.get_by_role("link", name="Pause").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Reason").focus()
    page.keyboard.type("Ticket 4711")
    page.keyboard.press("Enter")
    page.get_by_text("The connection is paused.").wait_for()

    assert "Ticket 4711" in page.inner_text("ol.desk-timeline")
    with organization_scope(well.organization_id):
        assert Connection.objects.of(well.organization_id).get(pk=well.pk).status == Status.PAUSED
