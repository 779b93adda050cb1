"""
The package O365 against the sandbox: calendars, recurring events, attendees, responses, free/busy, subscriptions.

Where it had to be helped: its sign-in knows one address only, so it is given an MSAL application that is led to the
sandbox, and its session an adapter. Both are attributes that its documentation names.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msal
import pytest
import requests
from O365 import Account, MSGraphProtocol
from O365.calendar import Event, Schedule
from O365.utils.token import MemoryTokenBackend

from sandbox.directory import ALMANAC_ID
from tests.contract.stand_in import Microsoft
from tests.sandbox.graph_side import ALICE, BOB, Listener
from tests.sandbox.identity_platform import CALLBACK, LOGIN, SECRET

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2027, 3, 1, 9, tzinfo=BERLIN)
SCOPES = ["https://graph.microsoft.com/Calendars.ReadWrite", "https://graph.microsoft.com/User.Read"]


def account(microsoft: Microsoft, address: str = ALICE) -> Account:
    """An account of O365 whose person has signed in through the pages."""
    backend = MemoryTokenBackend()
    found = Account(
        (ALMANAC_ID, SECRET),
        token_backend=backend,
        protocol=MSGraphProtocol(timezone="Europe/Berlin"),
        requests_delay=0,
    )
    found.con._msal_client = msal.ConfidentialClientApplication(
        ALMANAC_ID,
        client_credential=SECRET,
        authority=f"{LOGIN}/common",
        token_cache=backend,
        http_client=microsoft.http_client(),
        instance_discovery=False,
    )
    url, flow = found.con.get_authorization_url(SCOPES, redirect_uri=CALLBACK)
    assert found.con.request_token(microsoft.sign_in(address, url), flow=flow)
    found.con.session = microsoft.lead_here(found.con.get_session(load_token=True))
    return found


def schedule(microsoft: Microsoft, address: str = ALICE) -> Schedule:
    return account(microsoft, address).schedule()


def meeting(calendars: Schedule, subject: str = "Planning", **more: object) -> Event:
    event = calendars.new_event(subject)
    event.start, event.end = MONDAY, MONDAY + timedelta(hours=1)
    for name, value in more.items():
        setattr(event, name, value)
    return event


def test_calendars_are_listed_found_by_name_made_renamed_and_deleted(microsoft: Microsoft) -> None:
    calendars = schedule(microsoft)
    assert {each.name for each in calendars.list_calendars()} == {"Calendar", "Private"}
    made = calendars.new_calendar("Travel")
    assert calendars.get_calendar(calendar_name="Travel").calendar_id == made.calendar_id
    made.name = "Trips"
    assert made.update()
    assert calendars.get_calendar(calendar_id=made.calendar_id).name == "Trips"
    assert made.delete()
    assert {each.name for each in calendars.list_calendars()} == {"Calendar", "Private"}
    assert calendars.get_default_calendar().owner.address == ALICE


def test_an_event_is_made_read_changed_and_deleted(microsoft: Microsoft) -> None:
    calendars = schedule(microsoft)
    event = meeting(calendars, location="Room 5", body="<p>Bring your plans</p>", remind_before_minutes=20)
    assert event.save()
    calendar = calendars.get_default_calendar()
    read = calendar.get_event(event.object_id)
    assert (read.subject, read.start, read.end) == ("Planning", MONDAY, MONDAY + timedelta(hours=1))
    assert read.location["displayName"] == "Room 5"
    assert "<p>Bring your plans</p>" in read.body
    assert read.remind_before_minutes == 20
    assert not read.is_online_meeting, "a provider alone makes no meeting"
    read.subject, read.end = "Planning, longer", MONDAY + timedelta(hours=2)
    assert read.save()
    assert calendar.get_event(event.object_id).end == MONDAY + timedelta(hours=2)
    assert read.delete()
    with pytest.raises(requests.HTTPError, match="not found in the store"):
        calendar.get_event(event.object_id)


def test_an_event_of_whole_days_keeps_its_days(microsoft: Microsoft) -> None:
    calendars = schedule(microsoft)
    event = calendars.new_event("Fair")
    event.start, event.end, event.is_all_day = date(2027, 3, 29), date(2027, 3, 31), True
    assert event.save()
    read = calendars.get_default_calendar().get_event(event.object_id)
    assert read.is_all_day
    assert (read.start.date(), read.end.date()) == (date(2027, 3, 29), date(2027, 3, 31))


def test_lists_are_filtered_ordered_and_paged(microsoft: Microsoft) -> None:
    calendars = schedule(microsoft)
    for number in range(30):
        event = meeting(calendars, f"Number {number:02}")
        event.start = MONDAY + timedelta(days=29 - number)
        event.end = event.start + timedelta(hours=1)
        assert event.save()
    calendar = calendars.get_default_calendar()
    assert len(list(calendar.get_events(limit=None, batch=7, include_recurring=False))) == 30
    late = calendar.new_query().greater_equal("start", MONDAY + timedelta(days=20))
    found = calendar.get_events(query=late, order_by="start/dateTime", include_recurring=False)
    assert [each.subject for each in found] == [f"Number {number:02}" for number in range(9, -1, -1)]
    named = calendar.new_query().startswith("subject", "Number 1")
    assert len(list(calendar.get_events(query=named, include_recurring=False))) == 10


def test_a_series_happens_at_its_hour_on_both_sides_of_a_change_of_clocks(microsoft: Microsoft) -> None:
    calendars = schedule(microsoft)
    event = meeting(calendars, "Weekly")
    event.recurrence.set_weekly(
        1, days_of_week=["monday", "thursday"], first_day_of_week="monday", start=MONDAY.date(), occurrences=12
    )
    assert event.save()
    until = MONDAY + timedelta(days=60)
    found = list(calendars.get_default_calendar().get_events(start_recurring=MONDAY, end_recurring=until, limit=50))
    assert len(found) == 12
    assert {each.start.astimezone(BERLIN).hour for each in found} == {9}
    assert {each.start.utcoffset() for each in found} == {timedelta(hours=1), timedelta(hours=2)}
    [master] = list(calendars.get_default_calendar().get_events(include_recurring=False))
    assert (master.recurrence.interval, master.recurrence.occurrences) == (1, 12)
    assert set(master.recurrence.days_of_week) == {"monday", "thursday"}
    occurrences = list(master.get_occurrences(MONDAY, until, limit=50))
    assert len(occurrences) == 12
    occurrences[3].subject = "Weekly: year plan"
    assert occurrences[3].save()
    assert occurrences[5].delete()
    left = list(master.get_occurrences(MONDAY, until, limit=50))
    assert [each.subject for each in left].count("Weekly: year plan") == 1
    assert len(left) == 11


@pytest.mark.parametrize("pattern", ["daily", "monthly", "relative", "yearly"])
def test_every_pattern_that_it_can_write_comes_back_as_written(microsoft: Microsoft, pattern: str) -> None:
    calendars = schedule(microsoft)
    event = meeting(calendars)
    until = {"start": MONDAY.date(), "end": date(2029, 3, 1)}
    match pattern:
        case "daily":
            event.recurrence.set_daily(3, **until)
        case "monthly":
            event.recurrence.set_monthly(2, day_of_month=1, **until)
        case "relative":
            event.recurrence.set_monthly(1, days_of_week=["monday"], index="first", **until)
        case "yearly":
            event.recurrence.set_yearly(1, 3, day_of_month=1, **until)
    assert event.save()
    read = calendars.get_default_calendar().get_event(event.object_id).recurrence
    assert (read.interval, read.start_date, read.end_date) == (
        event.recurrence.interval,
        MONDAY.date(),
        date(2029, 3, 1),
    )
    assert (
        read.recurrence_type
        == {"daily": "daily", "monthly": "absoluteMonthly", "relative": "relativeMonthly", "yearly": "absoluteYearly"}[
            pattern
        ]
    )


def test_who_is_invited_gets_the_meeting_and_answers_it(microsoft: Microsoft) -> None:
    alice, bob = schedule(microsoft), schedule(microsoft, BOB)
    event = meeting(alice)
    event.attendees.add([("Bob Ito", BOB)])
    assert event.save()
    [invitation] = list(bob.get_default_calendar().get_events(include_recurring=False))
    assert (invitation.subject, invitation.organizer.address) == ("Planning", ALICE)
    assert invitation.response_status.status.name == "NotResponded"
    assert invitation.accept_event("With pleasure")
    [answered] = list(alice.get_default_calendar().get_event(event.object_id).attendees)
    assert (answered.address, answered.response_status.status.name) == (BOB, "Accepted")
    assert invitation.accept_event(tentatively=True, send_response=False)
    [unchanged] = list(alice.get_default_calendar().get_event(event.object_id).attendees)
    assert unchanged.response_status.status.name == "Accepted"
    assert alice.get_default_calendar().get_event(event.object_id).cancel_event("Not this week")
    [cancelled] = list(bob.get_default_calendar().get_events(include_recurring=False))
    assert cancelled.subject == "Canceled: Planning"


def test_who_declines_has_the_meeting_no_longer_in_the_calendar(microsoft: Microsoft) -> None:
    alice, bob = schedule(microsoft), schedule(microsoft, BOB)
    event = meeting(alice)
    event.attendees.add([("Bob Ito", BOB)])
    assert event.save()
    [invitation] = list(bob.get_default_calendar().get_events(include_recurring=False))
    assert invitation.decline_event("Away")
    assert list(bob.get_default_calendar().get_events(include_recurring=False)) == []
    [answered] = list(alice.get_default_calendar().get_event(event.object_id).attendees)
    assert answered.response_status.status.name == "Declined"


def test_nobody_answers_a_meeting_of_their_own(microsoft: Microsoft) -> None:
    event = meeting(schedule(microsoft))
    assert event.save()
    with pytest.raises(requests.HTTPError, match="400"):
        event.accept_event()


def test_free_and_busy_of_two_people(microsoft: Microsoft) -> None:
    alice = schedule(microsoft)
    assert meeting(alice).save()
    start = MONDAY - timedelta(hours=1)
    found = alice.get_availability([ALICE, BOB], start, start + timedelta(hours=4))
    assert [(each["scheduleId"], each["availabilityView"]) for each in found] == [
        (ALICE, ["free", "busy", "free", "free"]),
        (BOB, ["free"] * 4),
    ]


def test_a_subscription_is_made_listed_renewed_and_deleted(microsoft: Microsoft, listener: Listener) -> None:
    subscriptions = account(microsoft).subscriptions()
    made = subscriptions.create_subscription(
        listener.url, "me/events", ["created", "updated"], client_state="secret", expiration_minutes=60
    )
    assert made["resource"] == "/me/events", "it puts a slash in front, and the answer repeats what was sent"
    [listed] = subscriptions.list_subscriptions()
    assert listed["id"] == made["id"]
    renewed = subscriptions.renew_subscription(made["id"], expiration_minutes=120)
    assert renewed["expirationDateTime"] > made["expirationDateTime"]
    microsoft.edit("create", event={"subject": "Tea", "start": _time(9), "end": _time(10)})
    [item] = listener.items(1)
    assert (item["changeType"], item["clientState"]) == ("created", "secret")
    assert subscriptions.delete_subscription(made["id"])
    assert subscriptions.list_subscriptions() == []


def test_its_own_retries_bear_a_busy_service(microsoft: Microsoft) -> None:
    calendars = schedule(microsoft)
    microsoft.fault({"status": 429, "retry_after": 0}, "/me/calendars")
    assert calendars.list_calendars()
    assert [each["status"] for each in microsoft.asked() if "/me/calendars" in each["path"]] == [429, 200]


def _time(hour: int) -> dict[str, str]:
    return {"dateTime": f"2027-03-02T{hour:02}:00:00", "timeZone": "UTC"}
