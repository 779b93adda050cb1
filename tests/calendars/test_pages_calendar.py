"""The calendar's pages: the feed, the agenda, one event; whose they are, in which zone, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from calendars.models import Calendar, Kind
from connections.models import Status
from tests.calendars.making import NOON, make_calendar, make_connection, make_day, make_event
from tests.cast import Cast, signed_in

WEEK = {"start": "2027-03-08T00:00:00Z", "end": "2027-03-15T00:00:00Z"}
CALENDAR = "/o/acme/calendar/"
FEED = f"{CALENDAR}events/"


@pytest.fixture
def alices(cast: Cast) -> Calendar:
    """Alice's calendar in acme."""
    return make_calendar(make_connection(cast.acme, cast.alice), is_default=True)


@pytest.fixture
def alice(cast: Cast) -> Client:
    return signed_in(cast.alice)


def feed(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"{FEED}?{urlencode(WEEK | query, doseq=True)}")
    assert answer.status_code == 200, answer.content
    items: list[dict[str, Any]] = answer.json()
    return items


def titles(items: list[dict[str, Any]]) -> list[str]:
    return sorted(item["title"] for item in items)


# --- whose --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["", "agenda/", "freshness/", "events/", "events/{event}/", "stream/"])
def test_a_stranger_gets_the_404_of_an_organization_that_nobody_has(cast: Cast, alices: Calendar, address: str):
    event = make_event(alices)
    mallory = signed_in(cast.mallory)

    answer = mallory.get(CALENDAR + address.format(event=event.pk))
    nowhere = mallory.get(CALENDAR.replace("acme", "nowhere") + address.format(event=event.pk))

    assert answer.status_code == nowhere.status_code == 404
    assert answer.content == nowhere.content


def test_nobody_sees_a_colleagues_events_not_even_the_owner(cast: Cast, alices: Calendar):
    bobs = make_calendar(make_connection(cast.acme, cast.bob))
    secret = make_event(bobs, "Bob's interview elsewhere")
    alice = signed_in(cast.alice)

    assert feed(alice) == []
    assert alice.get(f"{FEED}{secret.pk}/").status_code == 404
    assert alice.get(f"{FEED}?{urlencode(WEEK | {'calendar': bobs.pk})}").status_code == 404
    assert "interview" not in alice.get(f"{CALENDAR}agenda/?date=2027-03-08").content.decode()


def test_the_same_person_sees_in_one_organization_nothing_of_the_other(cast: Cast, alices: Calendar, alice: Client):
    make_event(make_calendar(make_connection(cast.globex, cast.mallory)), "Globex plans")

    assert feed(alice) == []
    assert "Globex plans" not in signed_in(cast.mallory).get("/o/globex/calendar/?date=2027-01-01").content.decode()


def test_who_is_not_signed_in_is_asked_to(cast: Cast):
    answer = Client().get(CALENDAR)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


# --- the feed -----------------------------------------------------------------------------------------------


def test_timed_events_are_instants_in_utc_and_all_day_events_are_dates(alice: Client, alices: Calendar):
    make_event(alices, "Call", starts_at=NOON)
    make_day(alices, "Conference", date(2027, 3, 9), days=2)

    call, conference = sorted(feed(alice), key=lambda item: item["title"])

    assert (call["start"], call["end"], call["allDay"]) == ("2027-03-10T12:00:00Z", "2027-03-10T13:00:00Z", False)
    assert (conference["start"], conference["end"], conference["allDay"]) == ("2027-03-09", "2027-03-11", True)


def test_the_link_of_an_event_is_our_own_page_whatever_microsoft_sent(alice: Client, alices: Calendar):
    event = make_event(
        alices, web_link="javascript:alert(1)", join_url="javascript:alert(1)", location="javascript:alert(1)"
    )

    (item,) = feed(alice)

    assert item["url"] == f"/o/acme/calendar/events/{event.pk}/"
    page = alice.get(item["url"]).content.decode()
    assert 'href="javascript' not in page


def test_events_beyond_the_range_stay_out_and_those_that_reach_into_it_are_there(alice: Client, alices: Calendar):
    start = datetime(2027, 3, 8, tzinfo=UTC)
    make_event(alices, "ends as it begins", starts_at=start - timedelta(hours=1), ends_at=start)
    make_event(alices, "reaches in", starts_at=start - timedelta(hours=1), ends_at=start + timedelta(minutes=1))
    make_event(alices, "a moment", starts_at=start, ends_at=start)
    make_event(alices, "begins as it ends", starts_at=start + timedelta(days=7))
    make_day(alices, "the day before", date(2027, 3, 7))
    make_day(alices, "the first day", date(2027, 3, 8))
    make_day(alices, "the day after", date(2027, 3, 15))

    assert titles(feed(alice)) == ["a moment", "reaches in", "the first day"]


def test_all_day_events_are_compared_by_days_of_the_viewer(alice: Client, alices: Calendar):
    alice.cookies["tz"] = "Pacific/Auckland"  # thirteen hours ahead
    make_day(alices, "Monday there", date(2027, 3, 8))
    make_day(alices, "Sunday there", date(2027, 3, 7))

    there = feed(alice, start="2027-03-07T11:00:00Z", end="2027-03-08T11:00:00Z")

    assert titles(there) == ["Monday there"]


def test_a_series_is_shown_by_its_occurrences_never_by_its_master(alice: Client, alices: Calendar):
    make_event(alices, "Weekly", kind=Kind.MASTER, graph_id="series")
    make_event(alices, "Weekly, once", kind=Kind.OCCURRENCE, series_id="series")

    assert titles(feed(alice)) == ["Weekly, once"]


def test_one_calendar_can_be_asked_for_alone(alice: Client, alices: Calendar):
    other = make_calendar(alices.connection, "Private")
    make_event(alices, "Work")
    make_event(other, "Choir")

    assert titles(feed(alice, calendar=other.pk)) == ["Choir"]
    assert titles(feed(alice, calendar=[other.pk, alices.pk])) == ["Choir", "Work"]


@pytest.mark.parametrize(
    "gone", [{"followed_at": None}, {"vanished_at": NOON}], ids=["no longer followed", "gone at Microsoft"]
)
def test_calendars_that_are_not_shown_are_as_if_they_were_not_there(
    alice: Client, alices: Calendar, gone: dict[str, Any]
):
    other = make_calendar(alices.connection, "Old", **gone)
    make_event(other)

    assert feed(alice) == []
    assert alice.get(f"{FEED}?{urlencode(WEEK | {'calendar': other.pk})}").status_code == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "Say from when"),
        ({"start": "yesterday", "end": "2027-03-15"}, "ISO 8601"),
        ({"start": "2027-03-15", "end": "2027-03-08"}, "after start"),
        ({"start": "2027-01-01T00:00:00Z", "end": "2028-02-01T00:00:00Z"}, "At most a year"),
        ({"start": "0001-01-01T00:00:00Z", "end": "0001-01-02T00:00:00Z"}, "between 1900 and 2200"),
        ({"start": "9999-12-31T00:00:00Z", "end": "9999-12-31T23:59:00Z"}, "between 1900 and 2200"),
        (WEEK | {"calendar": "1 or 1=1"}, "numbers"),
        (WEEK | {"calendar": "9" * 19}, "numbers"),
        (WEEK | {"calendar": "²"}, "numbers"),
        (WEEK | {"calendar": ["1"] * 201}, "At most 200"),
        (WEEK | {"start": "2027-03-08\x00"}, "ISO 8601"),
    ],
)
def test_a_bad_question_is_a_400_with_a_sentence(alice: Client, query: dict[str, Any], said: str):
    answer = alice.get(f"{FEED}?{urlencode(query, doseq=True)}")

    assert answer.status_code == 400
    assert said in " ".join(answer.json()["errors"])


def test_a_huge_id_in_an_address_is_a_404(alice: Client):
    assert alice.get(f"{FEED}{'9' * 30}/").status_code == 404


def test_no_page_takes_more_queries_for_more_events_and_calendars(alice: Client, alices: Calendar):
    make_event(alices)
    pages = [f"{FEED}?{urlencode(WEEK)}", f"{CALENDAR}?date=2027-03-10", f"{CALENDAR}agenda/?date=2027-03-10"]
    few = [queries_of(alice, page) for page in pages]
    for number in range(5):
        calendar = make_calendar(alices.connection, f"Calendar {number}")
        for _ in range(8):
            make_event(calendar)

    assert [queries_of(alice, page) for page in pages] == few


def queries_of(client: Client, page: str) -> int:
    client.get(page)  # what is remembered after the first time does not count
    with CaptureQueriesContext(database) as queries:
        assert client.get(page).status_code == 200
    return len(queries)


# --- private ------------------------------------------------------------------------------------------------


def test_people_read_their_own_private_events_with_a_lock(alice: Client, alices: Calendar):
    event = make_event(alices, "Dentist", sensitivity="private", location="Am Markt 3")

    (item,) = feed(alice)

    assert (item["title"], item["place"], item["private"]) == ("Dentist", "Am Markt 3", True)
    assert "Am Markt 3" in alice.get(f"{FEED}{event.pk}/").content.decode()


@pytest.mark.parametrize("sensitivity", ["private", "confidential"])
def test_private_events_in_a_colleagues_shared_calendar_are_private(alice: Client, alices: Calendar, sensitivity: str):
    shared = make_calendar(alices.connection, "Bob", owner_name="Bob", owner_address="bob.ito@contoso.example")
    event = make_event(
        shared,
        "Interview elsewhere",
        sensitivity=sensitivity,
        location="Secret place",
        organizer_name="Head Hunter",
        join_url="https://teams.example/join",
        attendees=[{"name": "Guest Star", "address": "g@example.com", "type": "required", "response": "accepted"}],
    )

    (item,) = feed(alice)
    pages = [
        alice.get(address).content.decode()
        for address in (f"{FEED}{event.pk}/", f"{CALENDAR}agenda/?date=2027-03-10", f"{CALENDAR}?date=2027-03-10")
    ]

    assert (item["title"], item["place"]) == ("Private", "")
    for page in pages:
        assert "Private" in page
        for word in ("Interview", "Secret", "Hunter", "teams.example", "Guest"):
            assert word not in page


# --- one event ----------------------------------------------------------------------------------------------


def test_an_event_is_a_page_of_its_own_and_a_fragment_for_a_script(alice: Client, alices: Calendar):
    event = make_event(alices, "Roadmap")

    page = alice.get(f"{FEED}{event.pk}/").content.decode()
    fragment = alice.get(f"{FEED}{event.pk}/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" in page
    assert "<html" not in fragment
    assert "Roadmap" in page
    assert "Roadmap" in fragment


def test_times_are_the_viewers_and_the_events_own_zone_is_named_when_it_differs(alice: Client, alices: Calendar):
    alice.cookies["tz"] = "Europe/Paris"
    event = make_event(alices, original_zone="Eastern Standard Time", zone="America/New_York")

    page = alice.get(f"{FEED}{event.pk}/").content.decode()

    assert ">13:00</time>" in page  # 12:00 UTC
    assert ">07:00</time>" in page  # in New York winter time, by which the clocks go until the 14th
    assert "in America/New York" in page


def test_a_zone_with_the_same_clock_is_not_named(alice: Client, alices: Calendar):
    alice.cookies["tz"] = "Europe/Paris"
    event = make_event(alices, original_zone="W. Europe Standard Time", zone="Europe/Berlin")

    assert "Europe/Berlin" not in alice.get(f"{FEED}{event.pk}/").content.decode()


def test_a_zone_that_nobody_knows_is_named_and_not_guessed(alice: Client, alices: Calendar):
    event = make_event(alices, original_zone="Customized Time Zone", zone=None)

    page = alice.get(f"{FEED}{event.pk}/").content.decode()

    assert "Customized Time Zone" in page
    assert "which we do not know" in page


@pytest.mark.parametrize(
    "link",
    [
        "http://teams.example/join",
        "javascript:alert(1)",
        "https://user@evil.example/",
        "//evil.example",
        'https://a.example/" onclick="x',
        "https://",
        "https://[broken",
    ],
)
def test_only_a_plain_https_address_becomes_a_link(alice: Client, alices: Calendar, link: str):
    event = make_event(alices, join_url=link, location=link, web_link=link)

    page = alice.get(f"{FEED}{event.pk}/").content.decode()

    assert "Join the meeting" not in page
    assert "Open in Outlook" not in page
    assert 'target="_blank"' not in page


def test_the_join_button_leads_out_without_handing_anything_over(alice: Client, alices: Calendar):
    event = make_event(alices, join_url="https://teams.microsoft.com/l/meetup-join/1?a=b&c=d")

    page = alice.get(f"{FEED}{event.pk}/").content.decode()

    assert 'href="https://teams.microsoft.com/l/meetup-join/1?a=b&amp;c=d" rel="noopener noreferrer"' in page


def test_attendees_are_listed_with_their_answers_and_rooms_apart(alice: Client, alices: Calendar):
    people = [
        {"name": "Bob Ito", "address": "bob@x.example", "type": "optional", "response": "tentativelyAccepted"},
        {"name": "", "address": "carla@x.example", "type": "required", "response": "declined"},
        {"name": "Room Ada", "address": "ada@x.example", "type": "resource", "response": "accepted"},
    ]
    event = make_event(alices, attendees=people)

    page = " ".join(alice.get(f"{FEED}{event.pk}/").content.decode().split())

    for words in ("Bob Ito", "Maybe, optional", "carla@x.example", "Declined", "Rooms and equipment", "Room Ada"):
        assert words in page


def test_an_occurrence_says_how_its_series_repeats(alice: Client, alices: Calendar):
    rule = {"pattern": {"type": "weekly", "interval": 2, "daysOfWeek": ["monday"]}, "range": {"type": "noEnd"}}
    make_event(alices, kind=Kind.MASTER, graph_id="series", recurrence=rule)
    event = make_event(alices, kind=Kind.EXCEPTION, series_id="series")

    page = alice.get(f"{FEED}{event.pk}/").content.decode()

    assert "Every 2 weeks on Monday" in page
    assert "This one was changed" in page


def test_what_an_event_says_is_text_and_never_markup(alice: Client, alices: Calendar):
    evil = "<img src=x onerror=alert(1)></script>"
    event = make_event(alices, evil, location=evil, organizer_name=evil)

    for address in (f"{FEED}{event.pk}/", f"{CALENDAR}agenda/?date=2027-03-10", f"{CALENDAR}?date=2027-03-10"):
        page = alice.get(address).content.decode()
        assert "<img src=x" not in page
        assert "x onerror=alert(1)></script>" not in page


# --- agenda and week ----------------------------------------------------------------------------------------


def test_an_event_over_midnight_stands_on_both_days_of_the_viewer(alice: Client, alices: Calendar):
    alice.cookies["tz"] = "Europe/Paris"
    make_event(
        alices,
        "Migration",
        starts_at=datetime(2027, 3, 10, 22, tzinfo=UTC),
        ends_at=datetime(2027, 3, 11, 0, tzinfo=UTC),
    )

    page = alice.get(f"{CALENDAR}agenda/?date=2027-03-10").content.decode()

    assert page.count("Migration") == 2
    assert "from <time" in page
    assert "until <time" in page


def test_the_week_is_in_the_page_itself_for_scripts_and_for_those_without(alice: Client, alices: Calendar):
    make_event(alices, "Roadmap")

    page = alice.get(f"{CALENDAR}?view=week&date=2027-03-10").content.decode()

    assert '<script id="known-events" type="application/json">' in page
    assert page.count("Roadmap") == 2


@pytest.mark.parametrize("query", ["view=decade", "date=2027-13-01", "date=9999-12-31", "date=0001-01-01", "date=%00"])
def test_a_page_that_cannot_be_shown_is_a_400_that_says_why(alice: Client, alices: Calendar, query: str):
    answer = alice.get(f"{CALENDAR}?{query}")

    assert answer.status_code == 400
    assert "That cannot be shown" in answer.content.decode()


# --- how fresh it is ----------------------------------------------------------------------------------------


def test_what_is_as_it_should_be_only_says_as_of_when(alice: Client, alices: Calendar):
    page = alice.get(f"{CALENDAR}freshness/").content.decode()

    assert "as of" in page
    assert "note" not in page


def test_an_old_copy_says_so(cast: Cast, alice: Client, settings: Any):
    old = datetime.now(UTC) - 2 * settings.POLL_AFTER - timedelta(minutes=1)
    make_calendar(make_connection(cast.acme, cast.alice), synced_at=old)

    page = alice.get(f"{CALENDAR}freshness/").content.decode()

    assert "what we hold may be old" in page
    assert old.strftime("%Y-%m-%d") in page


def test_a_broken_connection_says_what_helps_and_keeps_what_was_read(cast: Cast, alice: Client):
    broken = make_connection(cast.acme, cast.alice, status=Status.RECONNECT, reason="password_expired")
    make_event(make_calendar(broken), "Still there")

    page = alice.get(f"{CALENDAR}freshness/").content.decode()

    assert "Your password at Microsoft has expired" in page
    assert f"/o/acme/connect/?connection={broken.pk}" in page
    assert titles(feed(alice)) == ["Still there"]


def test_a_disconnected_mailbox_shows_nothing(cast: Cast, alice: Client):
    make_event(make_calendar(make_connection(cast.acme, cast.alice, status=Status.DISCONNECTED)))

    assert feed(alice) == []
