"""An admin decides what is kept, in a real browser, on a phone and on a desk: what goes is shown before it goes."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.worker import WorkController
from playwright.sync_api import Page, expect

from calendars.models import Event
from tenants.models import Access, Detail, Organization
from tenants.scoping import organization_scope
from tests.calendars.making import make_calendar, make_connection, make_event
from tests.cast import Cast
from tests.journeys.test_accessibility import judge, sight, sign_in

__all__ = ["sight"]
Picture = Callable[[Page, str], Path]
PAGE = "/o/acme/settings/policies/"
TEXT = """
<html><body><p>Hello all,</p><p>please bring the <b>numbers of last quarter</b> and read
<a href="https://wiki.example/q3">the notes</a> before. <img src="https://tracker.example/p.gif"></p>
<ul><li>Opening</li><li>Numbers, by region and by product, with what changed since spring</li><li>Questions</li></ul>
<table><tr><th>Dial in</th><td>+33 1 23 45 67 89</td></tr><tr><th>Code</th><td>424 242</td></tr></table>
<script>document.title = "taken over"</script><p style="position:fixed;inset:0">Best<br>Carla</p></body></html>
"""


@pytest.fixture
def acme(transactional_db: None) -> Organization:
    """Alice with a few events, Bob and Ada from other companies."""
    people = Cast.found()
    now = datetime.now(UTC)
    decide(people.acme, detail=Detail.FULL, access=Access.WRITE)
    calendar = make_calendar(
        make_connection(people.acme, people.alice),
        "Calendar",
        kept_detail=Detail.FULL,
        window_start=now - timedelta(days=90),
        window_end=now + timedelta(days=370),
    )
    for number in range(30):
        starts_at = now - timedelta(days=number * 3)
        make_event(calendar, f"Past {number}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
    make_event(
        calendar, "Quarterly numbers", starts_at=now, location="Room Ada", organizer_name="Carla Weber",
        organizer_address="carla.weber@contoso.example", join_url="https://teams.example/join",
        web_link="https://outlook.example/event", body=TEXT, body_type="html",
    )  # fmt: skip
    make_connection(people.acme, people.bob)
    return people.acme


def decide(organization: Organization, **policies: Any) -> None:
    with organization_scope(organization.pk):
        for name, value in policies.items():
            setattr(organization, name, value)
        organization.save(update_fields=list(policies))


def test_an_admin_sees_what_goes_and_decides(
    acme: Organization, sight: tuple[Page, str], worker: WorkController, sandbox: object, picture: Picture
) -> None:
    tab, name = sight
    refused: list[str] = []
    tab.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    tab.on("pageerror", lambda error: refused.append(str(error)))
    found: dict[str, Any] = {}
    sign_in(tab)
    picture(tab, f"policies-home-{name}")

    with organization_scope(acme.pk):
        event = Event.objects.of(acme).get(subject="Quarterly numbers")
    tab.goto(f"/o/acme/calendar/events/{event.pk}/")
    expect(tab.get_by_role("region", name="Text of the event")).to_contain_text("numbers of last quarter")
    assert tab.title() != "taken over"
    picture(tab, f"policies-event-{name}")
    found |= judge(tab, "event")
    tab.goto("/o/acme/connect/")
    picture(tab, f"policies-connect-{name}")

    tab.goto(PAGE)
    picture(tab, f"policies-page-{name}")
    found |= judge(tab, "page")
    tab.get_by_label("Only the companies linked here").check()
    tab.get_by_label("Only when somebody is busy").check()
    tab.get_by_role("radio", name=re.compile("^30 days")).check()
    tab.get_by_role("button", name="Save policies").click()
    expect(tab.get_by_role("heading", name="This removes something")).to_be_visible()
    expect(tab.locator("main")).to_contain_text("You would disconnect yourself")
    picture(tab, f"policies-confirm-{name}")
    found |= judge(tab, "confirm")
    tab.get_by_role("link", name="Keep everything as it is").click()

    tab.get_by_label("Only when somebody is busy").check()
    tab.get_by_role("button", name="Save policies").click()
    tab.get_by_role("button", name="Save, and remove this").click()
    expect(tab.locator("#messages")).to_contain_text("Saved")
    # The page follows by itself until it is so.
    expect(tab.locator("#applying")).not_to_contain_text("Being applied")
    picture(tab, f"policies-saved-{name}")
    with organization_scope(acme.pk):
        rows = Event.objects.of(acme)
        assert not rows.exclude(subject="", body="", location="", organizer_name="", join_url="").exists()
    tab.goto("/o/acme/calendar/agenda/")
    expect(tab.locator("main")).to_contain_text("Busy")
    expect(tab.locator("main")).not_to_contain_text("Quarterly")
    tab.goto(f"/o/acme/calendar/events/{event.pk}/")
    picture(tab, f"policies-busy-{name}")

    decide(acme, policies_changed_at=datetime.now(UTC))
    tab.goto(PAGE)
    expect(tab.locator("#applying")).to_contain_text("Being applied")
    picture(tab, f"policies-applying-{name}")
    found |= judge(tab, "applying")
    assert found == {}, json.dumps(found, indent=2)
    assert refused == []
