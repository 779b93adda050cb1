"""The page on which a person takes us out of their mailbox."""

from datetime import datetime

import pytest
from django.test import Client

from connections.models import Status
from tests.cast import signed_in
from tests.webhooks.conftest import Member, connect, queued, some_mailbox
from tests.webhooks.mailboxes import connection_of
from tests.webhooks.test_intake import unreachable_broker
from webhooks import doors
from webhooks.doors import Speaker

__all__ = ["unreachable_broker"]

CONNECTIONS = "/o/acme/connections/"


@pytest.fixture
def speaker(bob: Member, now: datetime) -> Speaker:
    """Bob's connection in acme."""
    return connect(bob, some_mailbox(), now=now)


def address(speaker: Speaker, slug: str = "acme") -> str:
    return f"/o/{slug}/connections/{speaker.connection_id}/disconnect/"


def test_the_page_says_what_goes_and_what_stays_and_changes_nothing(bob: Member, speaker: Speaker) -> None:
    answer = signed_in(bob.user).get(address(speaker))

    assert answer.status_code == 200
    assert "What goes" in answer.content.decode()
    assert "What stays" in answer.content.decode()
    assert answer.content.decode().count("btn-danger") == 1
    assert connection_of(speaker).status == Status.ACTIVE


def test_a_post_disconnects_and_queues_the_rest_after_it_is_stored(bob: Member, speaker: Speaker) -> None:
    answer = signed_in(bob.user).post(address(speaker))

    assert (answer.status_code, answer.headers["Location"]) == (302, CONNECTIONS)
    assert connection_of(speaker).status == Status.DISCONNECTED
    assert queued() == [("webhooks.tasks.leave_mailbox", speaker._asdict())]


@pytest.mark.usefixtures("unreachable_broker")
def test_without_a_broker_the_person_is_told_what_is_so_and_beat_does_the_rest(bob: Member, speaker: Speaker) -> None:
    answer = signed_in(bob.user).post(address(speaker))

    assert (answer.status_code, answer.headers["Location"]) == (302, CONNECTIONS)
    assert connection_of(speaker).status == Status.DISCONNECTED
    assert doors.departures() == [speaker]


def test_the_second_click_leads_to_the_same_place_and_does_nothing(bob: Member, speaker: Speaker) -> None:
    browser = signed_in(bob.user)
    browser.post(address(speaker))
    since = connection_of(speaker).status_since
    queued()

    answer = browser.post(address(speaker))

    assert (answer.status_code, answer.headers["Location"]) == (302, CONNECTIONS)
    assert connection_of(speaker).status_since == since
    assert queued() == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_disconnects_a_colleagues_mailbox(alice: Member, ada: Member, speaker: Speaker, method: str) -> None:
    for colleague in (alice, ada):
        answer = getattr(signed_in(colleague.user), method)(address(speaker))

        assert answer.status_code == 404
    assert connection_of(speaker).status == Status.ACTIVE


@pytest.mark.parametrize("method", ["get", "post"])
def test_mallory_gets_404_through_acme_and_through_her_own_organization(
    mallory: Member, speaker: Speaker, method: str
) -> None:
    browser = signed_in(mallory.user)

    for slug in ("acme", "globex"):
        answer = getattr(browser, method)(address(speaker, slug))

        assert answer.status_code == 404
    assert connection_of(speaker).status == Status.ACTIVE


def test_who_is_not_signed_in_is_asked_to(speaker: Speaker, client: Client) -> None:
    answer = client.get(address(speaker))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_a_post_without_a_csrf_token_is_refused(bob: Member, speaker: Speaker) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(bob.user)

    assert browser.post(address(speaker)).status_code == 403
    assert connection_of(speaker).status == Status.ACTIVE
