"""The pages of connections: what is mine, what an admin sees of others, choosing calendars, syncing now, welcome."""

from datetime import UTC, datetime, timedelta

import pytest
from celery.worker import WorkController
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from calendars.models import Calendar
from connections.models import Connection, Status
from tenants.scoping import organization_scope
from tests.calendars.conftest import Mailbox
from tests.calendars.making import make_calendar, make_connection, make_event, make_skipped
from tests.cast import Cast, signed_in
from tests.conftest import eventually

HOME = "/o/acme/"
CONNECTIONS = "/o/acme/connections/"


@pytest.fixture
def bobs(cast: Cast) -> Connection:
    """Bob's mailbox in acme, with a calendar whose name is nobody else's business."""
    connection = make_connection(cast.acme, cast.bob)
    make_calendar(connection, "Bob's job hunt")
    return connection


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return " ".join(answer.content.decode().split())


# --- who sees what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["", "calendars/", "welcome/"])
def test_a_stranger_gets_404_for_every_page_of_a_connection(cast: Cast, bobs: Connection, address: str):
    mallory = signed_in(cast.mallory)

    assert mallory.get(f"{CONNECTIONS}{bobs.pk}/{address}").status_code == 404
    # Her own organization does not lead to it either.
    assert mallory.get(f"/o/globex/connections/{bobs.pk}/{address}").status_code == 404


@pytest.mark.parametrize("address", ["calendars/", "sync/"])
@pytest.mark.parametrize("who", ["alice", "ada", "mallory"])
def test_nobody_else_changes_a_connection_not_even_an_admin(cast: Cast, bobs: Connection, who: str, address: str):
    client = signed_in(getattr(cast, who))

    assert client.post(f"{CONNECTIONS}{bobs.pk}/{address}").status_code == 404
    with organization_scope(cast.acme.pk):
        assert Calendar.objects.of(cast.acme).followed().count() == 1


def test_admins_see_states_and_dates_of_all_and_nothing_that_is_in_them(cast: Cast, bobs: Connection):
    ada = signed_in(cast.ada)

    listed, one = text(ada, CONNECTIONS), text(ada, f"{CONNECTIONS}{bobs.pk}/")

    for page in (listed, one):
        assert "Bob Ito" in page
        assert "Connected" in page
        assert "job hunt" not in page
    assert "Sync now" not in one
    assert "Disconnect" not in one


def test_members_see_their_own_connections_only(cast: Cast, bobs: Connection):
    alices = make_connection(cast.acme, cast.alice)
    bob = signed_in(cast.bob)

    page = text(bob, CONNECTIONS)

    assert bobs.address in page
    assert alices.address not in page
    assert "Everybody in" not in page
    assert bob.get(f"{CONNECTIONS}{alices.pk}/").status_code == 404


def test_the_lists_take_no_more_queries_for_more_connections(cast: Cast, bobs: Connection):
    ada = signed_in(cast.ada)
    pages = [HOME, CONNECTIONS]

    def counts() -> list[int]:
        found = []
        for page in pages:
            ada.get(page)
            with CaptureQueriesContext(database) as queries:
                ada.get(page)
            found.append(len(queries))
        return found

    make_calendar(make_connection(cast.acme, cast.ada))
    few = counts()
    for _ in range(4):
        make_calendar(make_connection(cast.acme, cast.ada))
        make_calendar(make_connection(cast.acme, cast.bob))

    assert counts() == few


# --- home ---------------------------------------------------------------------------------------------------


def test_home_invites_whoever_has_nothing_connected(cast: Cast):
    page = text(signed_in(cast.bob), HOME)

    assert "Connect your Outlook calendar" in page
    assert "/o/acme/connect/" in page
    assert "Everybody in" not in page


def test_home_says_when_a_connection_needs_its_person_and_leads_there(cast: Cast):
    broken = make_connection(cast.acme, cast.bob, status=Status.RECONNECT, reason="sign_in_again")

    page = text(signed_in(cast.bob), HOME)

    assert "One connection needs you" in page
    assert f"/o/acme/connect/?connection={broken.pk}" in page


def test_home_says_what_comes_next_without_what_is_cancelled(cast: Cast, bobs: Connection):
    with organization_scope(cast.acme.pk):
        calendar = Calendar.objects.of(cast.acme).get(connection=bobs)
    soon = datetime.now(UTC) + timedelta(minutes=20)
    make_event(calendar, "Coffee with Zoë", starts_at=soon)
    make_event(calendar, "Called off", starts_at=soon, is_cancelled=True)
    make_event(calendar, "Over", starts_at=soon - timedelta(days=1))

    page = text(signed_in(cast.bob), HOME)

    assert "in step with Outlook" in page
    assert "Coffee with Zoë" in page
    assert "Called off" not in page
    assert "Over<" not in page


def test_home_gives_admins_a_summary_in_numbers(cast: Cast, bobs: Connection):
    make_connection(cast.acme, cast.alice, status=Status.APPROVAL, reason="approval_needed")

    page = text(signed_in(cast.ada), HOME)

    assert "<b>1</b> connected" in page
    assert "<b>1</b> waiting for a Microsoft administrator" in page


# --- one connection -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason", "word"),
    [
        (Status.RECONNECT, "consent_withdrawn", "Reconnect needed"),
        (Status.APPROVAL, "approval_needed", "Waits for an administrator"),
        (Status.BLOCKED, "no_mailbox", "Blocked"),
        (Status.PAUSED, "", "Paused"),
        (Status.RECONNECT, "a reason of tomorrow", "Reconnect needed"),
    ],
)
def test_every_state_has_a_word_a_sentence_and_a_next_step(cast: Cast, status: Status, reason: str, word: str):
    broken = make_connection(cast.acme, cast.bob, status=status, reason=reason, failed_request_id="request-7")

    page = text(signed_in(cast.bob), f"{CONNECTIONS}{broken.pk}/")

    assert word in page
    assert "request-7" in page
    assert "Sync now" not in page
    # Where an administrator has to act, the way there begins with reading so.
    assert ("Reconnect</a>" in page) == (status not in {Status.PAUSED, Status.APPROVAL})
    assert ("See what helps</a>" in page) == (status == Status.APPROVAL)


def test_it_says_what_is_shown_what_was_skipped_and_what_we_may_do(cast: Cast, bobs: Connection):
    with organization_scope(cast.acme.pk):
        calendar = Calendar.objects.of(cast.acme).get(connection=bobs)
    make_skipped(calendar)
    make_calendar(bobs, "Choir", followed_at=None)

    page = text(signed_in(cast.bob), f"{CONNECTIONS}{bobs.pk}/")

    assert "job hunt" in page
    assert "1 more in this mailbox is not shown" in page
    assert "1 event could not be understood" in page
    assert "Read your calendars and the events in them" in page
    assert "0 seconds ago" not in page


def test_a_disconnected_mailbox_is_no_longer_there(cast: Cast):
    gone = make_connection(cast.acme, cast.bob, status=Status.DISCONNECTED)

    assert signed_in(cast.bob).get(f"{CONNECTIONS}{gone.pk}/").status_code == 404
    assert gone.address not in text(signed_in(cast.bob), CONNECTIONS)


# --- choosing calendars -------------------------------------------------------------------------------------


def test_what_is_chosen_is_followed_and_the_rest_forgets_its_events(cast: Cast, bobs: Connection):
    choir = make_calendar(bobs, "Choir", followed_at=None, synced_at=None)
    bob = signed_in(cast.bob)

    answer = bob.post(f"{CONNECTIONS}{bobs.pk}/calendars/", {"calendar": [choir.pk]})

    assert answer.status_code == 302
    assert answer["Location"] == f"{CONNECTIONS}{bobs.pk}/"
    with organization_scope(cast.acme.pk):
        assert [calendar.name for calendar in Calendar.objects.of(cast.acme).followed()] == ["Choir"]


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_after_choosing_nobody_is_led_off_the_site(cast: Cast, bobs: Connection, away: str):
    answer = signed_in(cast.bob).post(f"{CONNECTIONS}{bobs.pk}/calendars/", {"next": away})

    assert answer["Location"] == f"{CONNECTIONS}{bobs.pk}/"


def test_calendars_of_another_connection_cannot_be_chosen(cast: Cast, bobs: Connection):
    alices = make_calendar(make_connection(cast.acme, cast.alice), followed_at=None)
    bob = signed_in(cast.bob)

    assert bob.post(f"{CONNECTIONS}{bobs.pk}/calendars/", {"calendar": [alices.pk]}).status_code == 404
    with organization_scope(cast.acme.pk):
        assert not Calendar.objects.of(cast.acme).get(pk=alices.pk).is_followed


@pytest.mark.parametrize("calendar", ["x", "-1", "1.5", "\x00", "9" * 40])
def test_nonsense_instead_of_a_calendar_is_a_400_and_changes_nothing(cast: Cast, bobs: Connection, calendar: str):
    answer = signed_in(cast.bob).post(f"{CONNECTIONS}{bobs.pk}/calendars/", {"calendar": [calendar]})

    assert answer.status_code == 400
    with organization_scope(cast.acme.pk):
        assert Calendar.objects.of(cast.acme).followed().count() == 1


# --- with Microsoft -----------------------------------------------------------------------------------------


def test_sync_now_brings_what_was_changed_in_outlook(synced: Mailbox, worker: WorkController):
    alice = signed_in(synced.people.alice)
    synced.edit("create", event=lunch())

    answer = alice.post(f"{CONNECTIONS}{synced.connection_id}/sync/", follow=True)

    assert "We are asking Microsoft now" in answer.content.decode()
    eventually(lambda: "Lunch with Noor" in subjects(synced))


def test_sync_now_pressed_twice_asks_microsoft_once(synced: Mailbox, worker: WorkController):
    alice = signed_in(synced.people.alice)

    alice.post(f"{CONNECTIONS}{synced.connection_id}/sync/")
    again = alice.post(f"{CONNECTIONS}{synced.connection_id}/sync/", follow=True)

    assert "We asked Microsoft a moment ago" in again.content.decode()


def test_without_redis_the_wish_to_sync_is_kept_and_the_person_sees_a_page(synced: Mailbox, settings: Settings):
    """The broker is the same server; in this test it is there, so that only counting fails."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    before = synced.calendar.changed_at

    answer = signed_in(synced.people.alice).post(f"{CONNECTIONS}{synced.connection_id}/sync/")

    assert answer.status_code == 302
    assert synced.calendar.changed_at != before


def test_welcome_lists_the_calendars_follows_the_default_one_and_shows_its_events(
    mailbox: Mailbox, worker: WorkController
):
    alice = signed_in(mailbox.people.alice)

    page = text(alice, f"{CONNECTIONS}{mailbox.connection_id}/welcome/?next=/o/acme/")

    assert "is connected" in page
    assert 'name="next" value="/o/acme/"' in page
    assert set(mailbox.calendars()) <= {name for name in mailbox.calendars() if name in page}
    assert [calendar.is_default for calendar in mailbox.calendars().values() if calendar.is_followed] == [True]
    eventually(lambda: "Reading your events" not in text(alice, f"{CONNECTIONS}{mailbox.connection_id}/welcome/"))


def test_welcome_stays_calm_when_microsoft_is_away(mailbox: Mailbox, worker: WorkController):
    mailbox.sandbox.fault({"status": 503, "retry_after": 1}, match={"path": "/me/calendars"})

    page = text(signed_in(mailbox.people.alice), f"{CONNECTIONS}{mailbox.connection_id}/welcome/")

    assert "Microsoft is slow to answer" in page
    mailbox.sandbox.clear_faults()
    eventually(lambda: mailbox.calendars() != {}, within=30)


def test_the_asking_of_an_open_welcome_page_asks_microsoft_nothing(mailbox: Mailbox):
    alice = signed_in(mailbox.people.alice)
    before = len(mailbox.sandbox.requests())

    answer = alice.get(f"{CONNECTIONS}{mailbox.connection_id}/welcome/", headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert len(mailbox.sandbox.requests()) == before


def lunch() -> dict[str, object]:
    day = datetime.now(UTC).date() + timedelta(days=3)
    return {
        "subject": "Lunch with Noor",
        "start": {"dateTime": f"{day}T12:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"{day}T13:00:00", "timeZone": "UTC"},
    }


def subjects(mailbox: Mailbox) -> set[str]:
    with organization_scope(mailbox.organization.pk):
        return set(mailbox.calendar.events.of(mailbox.organization).values_list("subject", flat=True))
