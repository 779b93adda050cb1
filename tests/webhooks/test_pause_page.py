"""A person pauses and resumes their own mailbox, on its page."""

from datetime import datetime

import pytest

from connections.models import Status
from tenants.acts import Act
from tenants.models import ActorKind
from tests.cast import signed_in
from tests.webhooks.conftest import Member, connect, marks_of, queued, some_mailbox
from tests.webhooks.mailboxes import connection_of
from tests.webhooks.support_desk import entries_of
from webhooks.doors import Speaker


@pytest.fixture
def speaker(bob: Member, now: datetime) -> Speaker:
    """Bob's connection in acme."""
    return connect(bob, some_mailbox(), now=now)


def page(speaker: Speaker, deed: str = "", slug: str = "acme") -> str:
    return f"/o/{slug}/connections/{speaker.connection_id}/{deed + '/' if deed else ''}"


def test_pausing_and_resuming_are_one_press_each_and_are_kept_in_the_log(bob: Member, speaker: Speaker) -> None:
    browser = signed_in(bob.user)
    assert "Pause this mailbox" in browser.get(page(speaker)).content.decode()

    browser.post(page(speaker, "pause"))

    assert (connection_of(speaker).status, connection_of(speaker).reason) == (Status.PAUSED, "paused")
    assert queued() == [("webhooks.tasks.listen_to_mailbox", speaker._asdict())]
    paused = browser.get(page(speaker)).content.decode()
    assert "You paused reading this calendar." in paused
    assert "Pause this mailbox" not in paused
    assert paused.count("btn-primary") == 1

    before = marks_of(speaker)
    browser.post(page(speaker, "resume"))

    assert connection_of(speaker).status == Status.ACTIVE
    assert marks_of(speaker) != before
    assert {name for name, _ in queued()} == {"webhooks.tasks.listen_to_mailbox", "calendars.tasks.sync_calendar"}
    entries = entries_of(speaker)
    assert [entry.act for entry in entries] == [Act.CONNECTION_PAUSED, Act.CONNECTION_RESUMED]
    assert {(entry.actor_kind, entry.actor_id) for entry in entries} == {(ActorKind.PERSON, bob.user.pk)}


def test_the_second_click_does_nothing(bob: Member, speaker: Speaker) -> None:
    browser = signed_in(bob.user)
    for deed in ("pause", "pause", "resume", "resume"):
        assert browser.post(page(speaker, deed))["Location"] == page(speaker)

    assert [entry.act for entry in entries_of(speaker)] == [Act.CONNECTION_PAUSED, Act.CONNECTION_RESUMED]


@pytest.mark.parametrize("status", [Status.RECONNECT, Status.APPROVAL, Status.BLOCKED])
def test_what_is_broken_cannot_be_paused_away_or_resumed(bob: Member, now: datetime, status: Status) -> None:
    speaker = connect(bob, some_mailbox(), now=now, status=status)
    for deed in ("pause", "resume"):
        signed_in(bob.user).post(page(speaker, deed))

    assert connection_of(speaker).status == status


def test_a_disconnection_is_kept_in_the_log_too(bob: Member, speaker: Speaker) -> None:
    signed_in(bob.user).post(page(speaker, "disconnect"))

    assert [entry.act for entry in entries_of(speaker)] == [Act.CONNECTION_DISCONNECTED]
    assert connection_of(speaker).failed_at is None


@pytest.mark.parametrize("deed", ["pause", "resume"])
def test_nobody_pauses_a_colleagues_or_a_strangers_mailbox(
    alice: Member, ada: Member, mallory: Member, speaker: Speaker, deed: str
) -> None:
    for somebody, slug in ((alice, "acme"), (ada, "acme"), (mallory, "acme"), (mallory, "globex")):
        assert signed_in(somebody.user).post(page(speaker, deed, slug)).status_code == 404
    assert connection_of(speaker).status == Status.ACTIVE
