"""Two reminders at most, and an end after thirty days."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from config.celery import app
from connections import doors
from connections.models import ApprovalState
from connections.services import approvals, asking
from tenants import doors as of_tenants
from tenants.models import ConsentState
from tenants.scoping import organization_scope
from tenants.services import mailing
from tests.cast import Cast
from tests.connections.approving import FIONA, Administrator, Requests, ask, link_on, sent, words
from tests.connections.conftest import Traveller


@pytest.fixture
def acmes(cast: Cast) -> Requests:
    return Requests(cast.acme)


@pytest.fixture
def path(bob: Traveller) -> str:
    return ask(bob, administrator=FIONA)


def beat(after: timedelta) -> None:
    """What beat's tasks and their workers do, so long from now."""
    now = datetime.now(UTC) + after
    for card in doors.requests_to_remind(now, after=asking.REMIND_AFTER, apart=asking.REMIND_APART):
        asking.remind_if_due(organization_id=card.organization_id, request_id=card.id, now=now)
    for card in doors.requests_to_close(now):
        with organization_scope(card.organization_id):
            approvals.close(organization_id=card.organization_id, request_id=card.id, now=now)


def reminders() -> list[str]:
    # Decided on with a `now` in days to come; sending them is another matter.
    now = datetime.now(UTC) + timedelta(days=60)
    for mail_id in of_tenants.waiting_mails(now):
        mailing.send(mail_id=mail_id, now=now)
    return [str(one.subject) for one in mail.outbox if str(one.subject).startswith("Reminder")]


def test_beat_reminds_after_three_and_after_ten_days_and_never_again(path: str, acmes: Requests) -> None:
    beat(timedelta(days=2, hours=23))
    assert acmes.one.reminders == 0
    for _ in range(2):
        beat(timedelta(days=3, hours=1))
    assert acmes.one.reminders == 1
    beat(timedelta(days=9))
    assert acmes.one.reminders == 1
    for day in (10, 11, 15, 29):
        beat(timedelta(days=day, hours=1))
    assert acmes.one.reminders == 2
    assert len(reminders()) == 2
    assert {one.to[0] for one in mail.outbox} == {FIONA}
    assert acmes.acts().count("approval.reminded") == 2
    assert "This is reminder 2 of 2" in str(mail.outbox[-1].body)


def test_a_person_reminds_and_beat_counts_it(bob: Traveller, path: str, acmes: Requests) -> None:
    page = words(bob.here.post(f"{path}remind/", {"seen": 0}, follow=True))
    assert "The reminder is on its way" in page
    assert "Reminded once" in page
    beat(timedelta(days=4))
    assert acmes.one.reminders == 1
    beat(timedelta(days=11))
    assert acmes.one.reminders == 2
    assert "reminded twice, which is the most" in words(bob.here.post(f"{path}remind/", {"seen": 2}, follow=True))
    assert "Remind them now" not in words(bob.here.get(path))
    assert len(reminders()) == 2


def test_pressing_twice_is_one_reminder(bob: Traveller, path: str, acmes: Requests) -> None:
    for _ in range(2):
        bob.here.post(f"{path}remind/", {"seen": 0})
    assert acmes.one.reminders == 1
    assert len(reminders()) == 1


def test_nobody_is_reminded_who_was_not_written_to(bob: Traveller, acmes: Requests) -> None:
    path = ask(bob)
    beat(timedelta(days=20))
    assert acmes.one.reminders == 0
    assert "nobody to remind" in words(bob.here.post(f"{path}remind/", {"seen": 0}, follow=True))
    assert reminders() == []


def test_who_has_answered_is_not_reminded(bob: Traveller, path: str, acmes: Requests) -> None:
    administrator = Administrator(link_on(bob, path))
    administrator.open()
    administrator.press("decline")
    beat(timedelta(days=3, hours=1))
    beat(timedelta(days=10, hours=1))
    assert reminders() == []


def test_after_a_new_link_nobody_is_reminded_of_the_old_one(bob: Traveller, path: str, acmes: Requests) -> None:
    bob.here.post(f"{path}link/")
    beat(timedelta(days=4))
    assert reminders() == []
    assert "Or let us write to them" in words(bob.here.get(path))


def test_thirty_days_without_an_answer_end_it_and_everybody_is_told_once(
    bob: Traveller, alice: Traveller, path: str, acmes: Requests
) -> None:
    ask(alice)
    beat(timedelta(days=29, hours=23))
    assert acmes.one.state == ApprovalState.WAITING
    for _ in range(2):
        beat(timedelta(days=30, hours=1))
    assert (acmes.one.state, acmes.tenant.state) == (ApprovalState.EXPIRED, ConsentState.UNKNOWN)
    reminders()
    told = [(one.to[0], str(one.subject)) for one in mail.outbox if str(one.subject).startswith("No answer")]
    assert sorted(address for address, _ in told) == ["alice@acme.example", "bob@acme.example"]
    assert acmes.acts()[-1] == "approval.expired"
    assert "Nobody answered in 30 days" in words(bob.here.get("/o/acme/"))
    assert Administrator("/approve/").open().status_code == 404


def test_whoever_asks_after_the_end_gets_a_new_request_though_beat_was_not_there(
    bob: Traveller, path: str, acmes: Requests
) -> None:
    acmes.change(expires_at=datetime.now(UTC) - timedelta(minutes=1))
    assert "Nobody answered in 30 days" in words(bob.here.get(path))
    assert ask(bob) != path
    assert [request.state for request in acmes.all()] == [ApprovalState.EXPIRED, ApprovalState.WAITING]


def test_beats_tasks_are_on_the_timetable(path: str) -> None:
    planned = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {"connections.tasks.close_approval_requests", "connections.tasks.remind_administrators"} <= planned
    assert sent() != []
