"""Mail that is decided on in a transaction, and sent after it: once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import ProgrammingError, connection, transaction
from django.test import override_settings

from tenants import doors
from tenants.emails import Mail, queue
from tenants.scoping import organization_scope, system_scope
from tenants.services import mailing
from tests.cast import Cast
from tests.mailing import deliver

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
LETTER = Mail(
    subject="Hello", heading="Hello", paragraphs=("One.", "Two."), button="Go", path="/secret/abc/", reason="A test."
)


def kept() -> list[tuple[Any, ...]]:
    with system_scope("a test looks"), connection.cursor() as cursor:
        cursor.execute("SELECT state, attempts, sealed_contents FROM tenants_outgoingmail ORDER BY id")
        return [(state, attempts, bytes(sealed)) for state, attempts, sealed in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_what_was_decided_and_rolled_back_is_not_mailed(cast: Cast):
    with organization_scope(cast.acme.pk):
        queue(LETTER, to="bob@acme.example", key="a:1", now=NOW, organization_id=cast.acme.pk)
        transaction.set_rollback(True)
    deliver()
    assert mail.outbox == []


def test_the_same_occasion_is_one_mail_and_its_contents_are_gone_afterwards(cast: Cast):
    for _ in range(2):
        with organization_scope(cast.acme.pk):
            queue(LETTER, to="bob@acme.example", key="a:1", now=NOW, organization_id=cast.acme.pk)
    ((state, _, sealed),) = kept()
    assert state == "waiting"
    assert b"secret/abc" not in sealed
    deliver()
    deliver()
    (sent,) = mail.outbox
    assert sent.to == ["bob@acme.example"]
    assert "/secret/abc/" in sent.body
    assert kept() == [("sent", 1, b"")]


def test_a_mail_about_a_persons_own_account_needs_no_organization(db: None):
    queue(LETTER, to="new@acme.example", key="account:1", now=NOW)
    deliver()
    assert [one.to for one in mail.outbox] == [["new@acme.example"]]


def test_a_server_that_cannot_be_reached_is_tried_again_later(cast: Cast):
    queue(LETTER, to="bob@acme.example", key="a:2", now=NOW)
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=9
    ):
        deliver()
    assert [(state, attempts) for state, attempts, _ in kept()] == [("waiting", 1)]
    assert doors.waiting_mails(datetime.now(UTC)) == []
    (mail_id,) = doors.waiting_mails(datetime.now(UTC) + timedelta(minutes=2))
    assert mailing.send(mail_id=mail_id, now=datetime.now(UTC) + timedelta(minutes=2))
    assert len(mail.outbox) == 1


def test_a_mail_whose_sender_ended_in_the_middle_is_not_sent_a_second_time(cast: Cast):
    queue(LETTER, to="bob@acme.example", key="a:3", now=NOW)
    (mail_id,) = doors.waiting_mails(datetime.now(UTC))
    assert doors.take_mail(mail_id, now=datetime.now(UTC)) is not None
    assert doors.take_mail(mail_id, now=datetime.now(UTC)) is None
    assert doors.give_up_stuck_mails(datetime.now(UTC)) == 0
    assert doors.give_up_stuck_mails(datetime.now(UTC) + timedelta(hours=1)) == 1
    deliver()
    assert mail.outbox == []
    assert kept() == [("failed", 1, b"")]


def test_the_application_can_read_no_mail_that_waits(cast: Cast):
    query = "SELECT * FROM tenants_outgoingmail"
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        organization_scope(cast.acme.pk),
        connection.cursor() as look,
    ):
        look.execute(query)
