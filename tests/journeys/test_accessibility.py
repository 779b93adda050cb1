"""Every page, on a phone and on a desk, light and dark: nothing for axe to find, nothing that sticks out sideways."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from calendars.models import Calendar
from connections.models import Status
from tenants import services
from tenants.policies import Role
from tenants.services.audit import Actor
from tests.calendars.making import (
    make_calendar,
    make_connection,
    make_day,
    make_event,
    make_skipped,
    membership_of,
)
from tests.cast import PASSWORD, Cast
from tests.journeys.streams import end_streams

AXE = (Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js").read_text()
# FullCalendar names the heads of its grid by `aria-label`, which the rule that is left out does not count as text.
FIND = """async () => {
    const rules = {"empty-table-header": {enabled: false}};
    const {violations} = await axe.run(document, {resultTypes: ["violations"], rules});
    return violations.map(({id, nodes}) => ({id, at: nodes.map(node => `${node.target}: ${node.failureSummary}`)}));
}"""
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & friends"

PAGES = {
    "home": "/o/acme/",
    "connections": "/o/acme/connections/",
    "connection": "/o/acme/connections/{well}/",
    "connection-broken": "/o/acme/connections/{broken}/",
    "choose": "/o/acme/connections/{well}/calendars/",
    "week": "/o/acme/calendar/?view=week",
    "day": "/o/acme/calendar/?view=day",
    "month": "/o/acme/calendar/?view=month",
    "agenda": "/o/acme/calendar/?view=agenda",
    "agenda-list": "/o/acme/calendar/agenda/",
    "event": "/o/acme/calendar/events/{event}/",
    "bad-request": "/o/acme/calendar/?view=decade",
    "connect": "/o/acme/connect/",
    "onboarding": "/o/acme/onboarding/",
    "link-tenant": "/o/acme/onboarding/link/",
    "disconnect": "/o/acme/connections/{well}/disconnect/",
    "activity": "/o/acme/activity/",
    "activity-nothing": "/o/acme/activity/?kind=exports",
    "activity-refused": "/o/acme/activity/?kind=x&since=2027-02-01&until=2027-01-01",
    "people": "/o/acme/people/",
    "invite": "/o/acme/people/invite/",
    "member": "/o/acme/people/{bob}/",
    "member-last-owner": "/o/acme/people/{alice}/",
    "remove": "/o/acme/people/{bob}/remove/",
    "transfer": "/o/acme/people/{bob}/transfer/",
    "leave-last-owner": "/o/acme/people/leave/",
    "settings": "/o/acme/settings/",
    "data": "/o/acme/settings/data/",
    "my-data": "/o/acme/my-data/",
    "found": "/new/",
    "not-found": "/o/nowhere/",
}
OPEN_PAGES = {
    "landing": "/",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
    "mails": "/mail/",
    "mail": "/mail/password-reset-key/",
    "invitation-void": "/invite/",
}
EMPTY_PAGES = {
    "nothing-home": "/o/globex/",
    "nothing-people": "/o/globex/people/",
    "nothing-onboarding": "/o/globex/onboarding/",
    "nothing-connections": "/o/globex/connections/",
    "nothing-calendar": "/o/globex/calendar/?date=2027-01-01",
    "nothing-agenda": "/o/globex/calendar/agenda/",
}
# Each width and each theme once: a theme changes no layout, and a width no colour. `make screenshots` takes all four.
SIGHTS = [(360, "dark"), (1280, "light")]
if os.environ.get("ALMANAC_ALL_SIGHTS"):
    SIGHTS += [(360, "light"), (1280, "dark")]


@pytest.fixture
def ids(transactional_db: None) -> dict[str, int]:
    """Alice with a full week in one mailbox and a broken second one, in an organization with a very long name."""
    people = Cast.found()
    well = make_connection(people.acme, people.alice)
    broken = make_connection(
        people.acme, people.alice, address=f"{'very-long-address-' * 4}@contoso.example",
        status=Status.RECONNECT, reason="password_expired", failed_request_id="4b0e9a6c-1d2e-8b90-c001-3f7a4c1e52d8",
    )  # fmt: skip
    make_connection(people.acme, people.bob, status=Status.APPROVAL, reason="approval_needed")
    calendar = make_calendar(well, is_default=True)
    make_calendar(well, LONG, color="lightPink", synced_at=None)
    make_skipped(calendar)
    now = datetime.now(UTC)
    alice, bob = membership_of(people.acme, people.alice), membership_of(people.acme, people.bob)
    for email, role, at in (
        ("carol@acme.example", Role.OWNER, now),
        (f"{'very-long-address-' * 3}@contoso.example", Role.MEMBER, now - timedelta(days=8)),
    ):
        services.invite(acting=alice, email=email, role=role, by=Actor.person(people.alice), now=at)
    return {
        "well": well.pk,
        "broken": broken.pk,
        "event": fill_week(calendar),
        "alice": alice.pk,
        "bob": bob.pk,
    }


def fill_week(calendar: Calendar) -> int:
    """Events of every kind around today; the id of one that has everything."""
    today = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    for number, kind in enumerate(("busy", "tentative", "free", "oof", "workingElsewhere", "busy", "busy")):
        start = today + timedelta(days=number - 3, hours=number)
        make_event(calendar, f"Meeting {number}", starts_at=start, show_as=kind, location="Room Ada")
        make_event(calendar, LONG, starts_at=start, ends_at=start + timedelta(minutes=15), sensitivity="private")
        make_event(
            calendar, "Off", starts_at=start + timedelta(hours=2), is_cancelled=number % 2 == 0, response="declined"
        )
    make_day(calendar, "Conference in Lisbon", date.today() - timedelta(days=1), days=3, show_as="free")  # noqa: DTZ011
    people = [
        {"name": "Bob Ito", "address": "bob@contoso.example", "type": "required", "response": "accepted"},
        {"name": LONG, "address": "long@contoso.example", "type": "optional", "response": "notResponded"},
        {"name": "Room Ada", "address": "ada@contoso.example", "type": "resource", "response": "declined"},
    ]
    return make_event(
        calendar, LONG, starts_at=today, location="https://maps.example/room", attendees=people, zone="Asia/Tokyo",
        original_zone="Tokyo Standard Time", join_url="https://teams.example/join", organizer_name="Carla Weber",
        web_link="https://outlook.example/event", sensitivity="private",
    ).pk  # fmt: skip


@pytest.fixture(params=SIGHTS, ids=lambda sight: f"{sight[0]}-{sight[1]}")
def sight(request: pytest.FixtureRequest, chromium: Browser, live_server: LiveServer) -> Iterator[tuple[Page, str]]:
    """A tab of this width in this theme, and both in a word."""
    width, theme = request.param
    context = chromium.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": 780},
        color_scheme=theme,
        locale="en-GB",
        timezone_id="Europe/Paris",
        reduced_motion="reduce",
    )
    with context:
        tab = context.new_page()
        yield tab, f"{width}-{theme}"
    end_streams()


def test_every_page_is_accessible_and_fits(
    ids: dict[str, int], sight: tuple[Page, str], picture: Callable[[Page, str], Path]
):
    tab, name = sight
    refused: list[str] = []
    tab.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    tab.on("pageerror", lambda error: refused.append(str(error)))
    found: dict[str, Any] = {}
    for title, address in OPEN_PAGES.items():
        found |= look(tab, title, address, picture, name)
    sign_in(tab)
    for title, address in PAGES.items():
        found |= look(tab, title, address.format(**ids), picture, name)
    found |= look_into_drawer(tab, picture, name)
    tab.context.clear_cookies()
    sign_in(tab, "mallory@globex.example")
    for title, address in EMPTY_PAGES.items():
        found |= look(tab, title, address, picture, name)

    assert found == {}, json.dumps(found, indent=2)
    assert refused == []


def sign_in(tab: Page, address: str = "alice@acme.example") -> None:
    tab.goto("/accounts/login/")
    tab.locator("input[name=login]").fill(address)
    tab.locator("input[name=password]").fill(PASSWORD)
    tab.get_by_role("main").get_by_role("button", name="Sign in").click()
    tab.wait_for_url("**/o/*/")


def look(tab: Page, title: str, address: str, picture: Callable[[Page, str], Path], name: str) -> dict[str, Any]:
    """What is wrong with the page, by its name; and a picture of it."""
    tab.goto(address)
    if "/calendar/?view" in address and title != "bad-request":
        tab.locator(".ev, .line").first.wait_for()
    picture(tab, f"{title}-{name}")
    return judge(tab, title)


def look_into_drawer(tab: Page, picture: Callable[[Page, str], Path], name: str) -> dict[str, Any]:
    """By keyboard alone: open the first event, be in the drawer, close it, be where one was."""
    tab.goto("/o/acme/calendar/?view=agenda")
    event = tab.locator(".line").first
    event.focus()
    tab.keyboard.press("Enter")
    tab.locator("#drawer .event").wait_for()
    assert tab.evaluate("document.activeElement.closest('#drawer') !== null")
    picture(tab, f"drawer-{name}")
    found = judge(tab, "drawer")
    tab.keyboard.press("Escape")
    assert event.evaluate("event => event === document.activeElement")
    return found


def judge(tab: Page, title: str) -> dict[str, Any]:
    tab.evaluate(AXE)
    violations = tab.evaluate(FIND)
    sideways = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    if sideways > 0:
        violations.append({"id": "sticks out sideways", "at": sideways})
    return {title: violations} if violations else {}
