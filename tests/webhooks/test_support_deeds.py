"""The buttons of support staff, where they reach Microsoft: done for real in the sandbox, once, with a reason."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.core import mail as outbox

from calendars.models import Calendar, Event
from calendars.tasks import sync_calendar
from connections.models import Connection, Secret, Status
from tenants import doors as tenants_doors
from tenants.acts import Act
from tenants.models import ActorKind, Membership, Organization
from tenants.scoping import organization_scope
from tenants.services import mailing
from tests.cast import Cast, signed_in
from tests.sandbox_client import SandboxClient
from tests.webhooks.conftest import Member, connect, marks_of, queued, some_mailbox, subscription_of
from tests.webhooks.mailboxes import ALICE, connect_for_real, connection_of, mailbox_of
from tests.webhooks.support_desk import WHY, address_of, desk, entries_of, page_of, press, said, work_off
from webhooks import doors
from webhooks.doors import Speaker
from webhooks.services.subscriptions import reconcile
from webhooks.services.supporting import Deed

pytestmark = pytest.mark.usefixtures("live_server")


@pytest.fixture
def speaker(alice: Member, sandbox: SandboxClient, now: datetime) -> Iterator[Speaker]:
    """Alice's mailbox, connected to acme, followed, listened to and read."""
    speaker = connect_for_real(alice, ALICE, now=now)
    for sync in reconcile(mailbox=mailbox_of(speaker), now=now).syncs:
        work_on(sync.calendar_id, speaker)
    queued()
    yield speaker
    sandbox.clear_faults()


def work_on(calendar_id: int, speaker: Speaker) -> None:
    sync_calendar(organization_id=speaker.organization_id, calendar_id=calendar_id)


@pytest.fixture
def idle(alice: Member, now: datetime) -> Speaker:
    """A connection as rows only, for what never calls Graph."""
    return connect(alice, some_mailbox(), now=now)


def become(speaker: Speaker, status: Status, now: datetime) -> None:
    with organization_scope(speaker.organization_id):
        Connection.objects.of(speaker.organization_id).get(pk=speaker.connection_id).become(status, now=now)


def followed_calendar(speaker: Speaker) -> Calendar:
    with organization_scope(speaker.organization_id):
        calendars = Calendar.objects.of(speaker.organization_id).of_connection(speaker.connection_id)
        return calendars.followed().get()


def events_of(speaker: Speaker) -> list[str]:
    with organization_scope(speaker.organization_id):
        rows = Event.objects.of(speaker.organization_id).filter(calendar__connection_id=speaker.connection_id)
        return sorted(rows.values_list("graph_id", flat=True))


# --- what each does -------------------------------------------------------------------------------------------------


def test_sync_now_reads_what_changed(cast: Cast, speaker: Speaker, sandbox: SandboxClient) -> None:
    before = followed_calendar(speaker)

    answer = press(cast, speaker, Deed.SYNC)

    assert said(answer) == ["A round of every followed calendar is on its way."]
    assert work_off() == ["calendars.tasks.sync_calendar"]
    after = followed_calendar(speaker)
    assert after.synced_at is not None
    assert before.synced_at is not None
    assert after.synced_at > before.synced_at
    assert after.round_is_full is False


def test_a_full_round_really_begins_from_nothing_and_sweeps_what_microsoft_no_longer_has(
    cast: Cast, speaker: Speaker, sandbox: SandboxClient
) -> None:
    before, kept = followed_calendar(speaker), events_of(speaker)
    with organization_scope(speaker.organization_id):
        stray = Event.objects.of(speaker.organization_id).filter(calendar=before).first()
        assert stray is not None
        stray.pk, stray.graph_id = None, "nobody-has-this"
        stray.save()

    press(cast, speaker, Deed.FULL_ROUND)

    assert "nobody-has-this" in events_of(speaker)  # until the round ends
    asked = len(sandbox.requests())
    work_off()
    after = followed_calendar(speaker)
    assert after.round_is_full
    assert after.round_number > before.round_number
    assert events_of(speaker) == kept
    first = next(entry for entry in sandbox.requests()[asked:] if "calendarView/delta" in entry["path"])
    assert "deltatoken" not in first["path"].lower()


def test_recreating_the_subscription_drops_the_old_one_and_makes_a_new_one(
    cast: Cast, speaker: Speaker, sandbox: SandboxClient
) -> None:
    [before] = sandbox.subscriptions()
    marked = marks_of(speaker)

    press(cast, speaker, Deed.RESUBSCRIBE)

    assert "webhooks.tasks.recreate_subscription" in work_off()
    [after] = sandbox.subscriptions()
    assert after["id"] != before["id"]
    row = subscription_of(mailbox_of(speaker))
    assert row is not None
    assert row.graph_id == after["id"]
    assert marks_of(speaker) != marked  # what happened in between was told by nobody


def test_recreating_waits_for_whoever_is_at_it(
    cast: Cast, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    [before] = sandbox.subscriptions()
    held = doors.claim(mailbox_of(speaker), founder=None, now=now)
    assert held is not None

    with pytest.raises(doors.Busy):
        reconcile(mailbox=mailbox_of(speaker), now=now, anew=True)

    assert sandbox.subscriptions() == [before]


def test_pausing_stops_reading_and_calls_and_keeps_everything(
    cast: Cast, speaker: Speaker, sandbox: SandboxClient
) -> None:
    kept = events_of(speaker)

    press(cast, speaker, Deed.PAUSE)
    work_off()

    assert (connection_of(speaker).status, connection_of(speaker).reason) == (Status.PAUSED, "paused_by_support")
    assert connection_of(speaker).failed_at is None
    assert sandbox.subscriptions() == []
    assert events_of(speaker) == kept
    with organization_scope(speaker.organization_id):
        assert Secret.objects.of(speaker.organization_id).filter(connection_id=speaker.connection_id).exists()


def test_resuming_listens_again_and_catches_up(
    cast: Cast, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    press(cast, speaker, Deed.PAUSE)
    work_off()
    start = now + timedelta(days=2)
    times = {"start": start, "end": start + timedelta(hours=1)}
    event = {name: {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"} for name, at in times.items()}
    sandbox.edit(ALICE, "create", event={"subject": "Made meanwhile", **event})
    assert work_off() == []  # nobody calls
    before = events_of(speaker)

    press(cast, speaker, Deed.RESUME)
    work_off()

    assert (connection_of(speaker).status, connection_of(speaker).reason) == (Status.ACTIVE, "")
    assert len(sandbox.subscriptions()) == 1
    assert len(events_of(speaker)) == len(before) + 1


def test_disconnecting_leaves_nothing_here_and_no_call_to_come(
    cast: Cast, speaker: Speaker, sandbox: SandboxClient
) -> None:
    answer = press(cast, speaker, Deed.DISCONNECT)
    work_off()

    connection = connection_of(speaker)
    assert (connection.status, connection.reason) == (Status.DISCONNECTED, "disconnected_by_support")
    assert sandbox.subscriptions() == []
    assert events_of(speaker) == []
    with organization_scope(speaker.organization_id):
        assert not Secret.objects.of(speaker.organization_id).filter(connection_id=speaker.connection_id).exists()
    assert answer.status_code == 200
    assert "Nothing: the connection is disconnected." in desk(cast).get(page_of(speaker)).content.decode()


def test_asking_to_reconnect_sends_one_mail_to_the_person_and_no_second_one_that_day(
    cast: Cast, idle: Speaker, now: datetime
) -> None:
    become(idle, Status.RECONNECT, now)

    first = press(cast, idle, Deed.ASK)
    second = press(cast, idle, Deed.ASK)

    assert said(first) == ["The mail is on its way."]
    assert said(second) == ["The person was asked within the last day. We ask once a day at most. Nothing was done."]
    later = now + timedelta(minutes=5)
    waiting = tenants_doors.waiting_mails(later)
    assert len(waiting) == 1
    mailing.send(mail_id=waiting[0], now=later)
    [mail] = outbox.outbox
    assert mail.to == [cast.alice.email]
    assert f"/o/acme/connections/{idle.connection_id}/" in mail.body
    assert WHY not in mail.body
    assert [entry.act for entry in entries_of(idle)] == [Act.SUPPORT_ASKED_TO_RECONNECT]


# --- what is kept of it ---------------------------------------------------------------------------------------------

AT_ONCE = [deed for deed in Deed if deed is not Deed.RESUME]


@pytest.mark.parametrize("deed", AT_ONCE)
def test_who_did_it_why_and_from_where_is_in_the_organizations_log(cast: Cast, idle: Speaker, deed: Deed) -> None:
    press(cast, idle, deed, f"  {WHY} ")

    [entry] = entries_of(idle)
    assert entry.act.startswith("support.")
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == (
        ActorKind.SUPPORT, cast.support.pk, cast.support.email,
    )  # fmt: skip
    assert (entry.target_kind, entry.target_id) == ("connection", idle.connection_id)
    assert entry.details == {"reason": WHY}
    assert entry.ip == "127.0.0.1"
    assert entry.organization_id == idle.organization_id
    assert WHY in desk(cast).get(page_of(idle)).content.decode()


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", "Say in a few words why."),
        ("   ", "Say in a few words why."),
        ("x" * 201, "Keep it to 200 characters."),
        ("a\x00b", "characters that cannot be shown"),
        ("turned \u202e around", "characters that cannot be shown"),
    ],
)
def test_without_a_good_reason_nothing_is_done_and_what_was_typed_stays(
    cast: Cast, idle: Speaker, reason: str, words: str
) -> None:
    answer = desk(cast).post(address_of(idle, Deed.DISCONNECT), {"reason": reason})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    if reason.startswith("xx"):
        assert reason in answer.content.decode()
    assert connection_of(idle).status == Status.ACTIVE
    assert entries_of(idle) == []
    assert queued() == []


@pytest.mark.parametrize("deed", list(Deed))
def test_asking_what_a_button_does_does_nothing(cast: Cast, idle: Speaker, deed: Deed) -> None:
    answer = desk(cast).get(address_of(idle, deed))

    assert answer.status_code == 200
    assert "What it does" in answer.content.decode()
    assert "What it never touches" in answer.content.decode()
    assert (connection_of(idle).status, entries_of(idle), queued()) == (Status.ACTIVE, [], [])


# --- not now --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", [Deed.SYNC, Deed.FULL_ROUND, Deed.RESUBSCRIBE])
def test_the_second_click_of_two_does_nothing(cast: Cast, idle: Speaker, deed: Deed) -> None:
    press(cast, idle, deed)
    queued()

    answer = press(cast, idle, deed)

    assert said(answer) == ["The same was done a moment ago. Nothing was done."]
    assert len(entries_of(idle)) == 1
    assert queued() == []


def test_a_page_that_was_opened_before_somebody_disconnected_says_so(cast: Cast, idle: Speaker, now: datetime) -> None:
    become(idle, Status.DISCONNECTED, now)

    for deed in Deed:
        assert "makes no sense" in desk(cast).get(address_of(idle, deed)).content.decode()
        answer = press(cast, idle, deed)
        assert said(answer) == [
            "The connection is in the state “Disconnected” now, so this makes no sense. Nothing was done."
        ]
    assert (entries_of(idle), queued()) == ([], [])


def test_nothing_to_read_is_said(cast: Cast, alice: Member, now: datetime) -> None:
    speaker = connect(alice, some_mailbox(), now=now, calendars=0)

    for deed in (Deed.SYNC, Deed.FULL_ROUND):
        assert "nothing to read" in said(press(cast, speaker, deed))[0]
    assert entries_of(speaker) == []


def test_nobody_is_asked_who_has_left(cast: Cast, bob: Member, now: datetime) -> None:
    speaker = connect(bob, some_mailbox(), now=now, status=Status.RECONNECT)
    with organization_scope(bob.organization_id):
        Membership.objects.of(bob.organization_id).filter(pk=bob.membership_id).update(removed_at=now)

    assert "has left the organization" in said(press(cast, speaker, Deed.ASK))[0]
    assert tenants_doors.waiting_mails(now + timedelta(hours=1)) == []


def test_in_an_organization_that_is_being_deleted_one_can_only_disconnect(
    cast: Cast, idle: Speaker, now: datetime
) -> None:
    with organization_scope(idle.organization_id):
        Organization.objects.filter(pk=idle.organization_id).update(deletion_asked_at=now)

    assert "being deleted" in said(press(cast, idle, Deed.SYNC))[0]
    assert "being deleted" in desk(cast).get(page_of(idle)).content.decode()
    press(cast, idle, Deed.DISCONNECT)

    assert connection_of(idle).status == Status.DISCONNECTED


@pytest.mark.parametrize("named", ["0", "999999", "9223372036854775807", "99999999999999999999"])
@pytest.mark.parametrize("deed", [Deed.SYNC, Deed.DISCONNECT])
def test_a_connection_that_is_not_there_gets_a_page_that_says_so(
    cast: Cast, named: str, deed: Deed, idle: Speaker
) -> None:
    address = f"/admin/connections/connection/{named}/{deed}/"
    for answer in (desk(cast).get(address), desk(cast).post(address, {"reason": WHY})):
        assert answer.status_code == 404
        assert "No such connection" in answer.content.decode()


def test_owners_members_and_strangers_find_no_button(
    cast: Cast, alice: Member, bob: Member, mallory: Member, idle: Speaker
) -> None:
    for somebody in (alice, bob, mallory):
        for deed in Deed:
            for method in ("get", "post"):
                browser = signed_in(somebody.user)
                assert getattr(browser, method)(address_of(idle, deed), {"reason": WHY}).status_code == 404
    assert (connection_of(idle).status, entries_of(idle), queued()) == (Status.ACTIVE, [], [])


def test_a_post_from_another_site_does_nothing(cast: Cast, idle: Speaker) -> None:
    browser = desk(cast)
    browser.handler.enforce_csrf_checks = True

    assert browser.post(address_of(idle, Deed.DISCONNECT), {"reason": WHY}).status_code == 403
    assert connection_of(idle).status == Status.ACTIVE
