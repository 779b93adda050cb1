"""A real mail server at the other end: what it takes is never sent twice, and what it surely has not is tried again."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from threading import Barrier
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from scripts.environment import ROOT
from tenants import doors
from tenants.emails import queue
from tenants.models import OutgoingMail
from tenants.scoping import system_scope
from tenants.services import mailing
from tests.cast import PASSWORD, Cast, signed_in
from tests.mail_server import MailServer, Mood, mail_server, nobody_listens
from tests.tenants.test_mail_queue import LETTER

__all__ = ["mail_server"]

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def waiting(key: str = "a:1") -> int:
    queue(LETTER, to="bob@acme.example", key=key, now=NOW)
    return doors.waiting_mails(NOW)[-1]


def state_of(mail_id: int) -> tuple[str, str]:
    with system_scope("a test looks"):
        return OutgoingMail.objects.values_list("state", "last_error").get(pk=mail_id)


def test_a_mail_arrives_as_text_and_html_with_what_robots_need(db: None, mail_server: MailServer):
    mail_id = waiting()
    assert mailing.send(mail_id=mail_id, now=NOW)
    assert state_of(mail_id) == ("sent", "")
    (taken,) = mail_server.taken
    message = message_from_bytes(taken)
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert message["To"] == "bob@acme.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not mailing.send(mail_id=mail_id, now=NOW + timedelta(days=1))
    assert len(mail_server.taken) == 1


@pytest.mark.parametrize(
    ("mood", "code"),
    [
        (Mood.NOT_NOW, "SMTPRecipientsRefused 451"),
        (Mood.NO_SUCH_SENDER, "SMTPSenderRefused 550"),
        (Mood.FULL, "SMTPDataError 452"),
        (Mood.HANGS_UP_AT_ONCE, "SMTPServerDisconnected"),
        (Mood.HANGS_UP_BEFORE_DATA, "SMTPServerDisconnected"),
    ],
)
def test_what_surely_has_not_gone_out_is_tried_again(db: None, mail_server: MailServer, mood: str, code: str):
    mail_id = waiting()
    mail_server.mood = mood
    assert not mailing.send(mail_id=mail_id, now=NOW)
    assert state_of(mail_id) == ("waiting", code)
    assert doors.waiting_mails(NOW) == [], "not at once"
    mail_server.mood = Mood.TAKES
    later = NOW + timedelta(minutes=1)
    assert doors.waiting_mails(later) == [mail_id]
    assert mailing.send(mail_id=mail_id, now=later)
    assert len(mail_server.taken) == 1


@pytest.mark.parametrize(
    ("mood", "code"), [(Mood.NO_SUCH_PERSON, "SMTPRecipientsRefused 550"), (Mood.SPAM, "SMTPDataError 554")]
)
def test_what_is_refused_for_good_is_given_up(db: None, mail_server: MailServer, mood: str, code: str):
    mail_id = waiting()
    mail_server.mood = mood
    assert not mailing.send(mail_id=mail_id, now=NOW)
    assert state_of(mail_id) == ("failed", code), "the server's own words quote the address, and are not kept"
    assert doors.waiting_mails(NOW + timedelta(days=2)) == []


def test_what_may_have_gone_out_is_given_up_and_not_sent_twice(db: None, mail_server: MailServer):
    """The server has the contents, and the line breaks before it says so."""
    mail_id = waiting()
    mail_server.mood = Mood.HANGS_UP_AFTER_DATA
    assert not mailing.send(mail_id=mail_id, now=NOW)
    assert state_of(mail_id) == ("failed", "OutcomeUnknown")
    mail_server.mood = Mood.TAKES
    assert doors.waiting_mails(NOW + timedelta(days=2)) == []
    assert len(mail_server.taken) == 1


def test_a_mail_that_was_taken_is_sent_though_the_server_hangs_up_without_a_goodbye(db: None, mail_server: MailServer):
    mail_id = waiting()
    mail_server.mood = Mood.HANGS_UP_AT_QUIT
    assert mailing.send(mail_id=mail_id, now=NOW)
    assert state_of(mail_id) == ("sent", "")


def test_a_server_that_refuses_for_longer_than_a_day_gets_no_further_try(db: None, mail_server: MailServer):
    mail_id, now, tries = waiting(), NOW, 0
    mail_server.mood = Mood.NOT_NOW
    while state_of(mail_id)[0] == "waiting":
        if doors.waiting_mails(now):
            mailing.send(mail_id=mail_id, now=now)
            tries += 1
        now += timedelta(minutes=15)
    assert tries == mail_server.calls == mailing.MOST_ATTEMPTS
    assert timedelta(days=1) < now - NOW < timedelta(days=2)


@pytest.mark.parametrize("address", ["bob\n@acme.example", "no address", "b\u00f6b@acme.example", "@", "a@b@c"])
def test_an_address_that_cannot_be_written_to_stops_nobody_elses_mail(db: None, mail_server: MailServer, address: str):
    queue(LETTER, to=address, key="odd", now=NOW)
    queue(LETTER, to="bob@acme.example", key="fine", now=NOW)
    for mail_id in doors.waiting_mails(NOW):
        mailing.send(mail_id=mail_id, now=NOW)
    assert any(b"To: bob@acme.example" in taken for taken in mail_server.taken)


def test_nobody_who_signs_up_while_the_mail_server_is_down_is_lost(mail_server: MailServer, settings):
    up, settings.EMAIL_PORT = settings.EMAIL_PORT, nobody_listens()
    answer = Client().post("/accounts/signup/", {"email": "carol@initech.example", "password1": PASSWORD})
    assert answer.status_code == 302, "the page says to look into the mail, as ever"
    (mail_id,) = doors.waiting_mails(datetime.now(UTC))
    assert not mailing.send(mail_id=mail_id, now=datetime.now(UTC))
    settings.EMAIL_PORT = up
    assert mailing.send(mail_id=mail_id, now=datetime.now(UTC) + timedelta(minutes=2))
    assert b"To: carol@initech.example" in mail_server.taken[0]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_mail(mail_server: MailServer):
    mail_ids = [waiting(f"a:{number}") for number in range(5)]
    together = Barrier(4)

    def work(_: int) -> int:
        together.wait()
        try:
            return sum(mailing.send(mail_id=mail_id, now=NOW) for mail_id in mail_ids)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(4))) == 5
    assert len(mail_server.taken) == 5


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_the_middle_leaves_a_mail_that_nobody_sends_again(mail_server: MailServer):
    """kill -9, in a process of its own, while the mail server has the contents and has not answered."""
    mail_id = waiting()
    mail_server.mood = Mood.SAYS_NOTHING_AFTER_DATA
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    send = (
        "import django; django.setup()\n"
        "from django.utils import timezone; from tenants.services import mailing\n"
        f"mailing.send(mail_id={mail_id}, now=timezone.now())"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database,
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
    }
    with subprocess.Popen([sys.executable, "-c", send], cwd=ROOT, env=environment) as worker:
        assert mail_server.has_contents.wait(30)
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
    mail_server.mood = Mood.TAKES
    now = datetime.now(UTC)
    assert state_of(mail_id)[0] == "sending"
    assert not mailing.send(mail_id=mail_id, now=now)
    assert doors.give_up_stuck_mails(now + doors.SENDING_LASTS + timedelta(minutes=1)) == 1
    assert state_of(mail_id) == ("failed", "sender_ended")
    assert doors.waiting_mails(now + timedelta(days=2)) == []
    assert len(mail_server.taken) == 1


def test_addresses_are_forgotten_a_month_after_the_mail(db: None, mail_server: MailServer):
    sent, refused, waits = waiting("a:1"), waiting("a:2"), waiting("a:3")
    mailing.send(mail_id=sent, now=NOW)
    mail_server.mood = Mood.NO_SUCH_PERSON
    mailing.send(mail_id=refused, now=NOW)
    assert doors.forget_old_mails(NOW + timedelta(days=30)) == 0
    assert doors.forget_old_mails(NOW + timedelta(days=30, seconds=1)) == 2
    with system_scope("a test looks"):
        assert list(OutgoingMail.objects.values_list("pk", flat=True)) == [waits], "what waits is never forgotten"


def test_support_sees_that_a_mail_failed_and_neither_to_whom_nor_what(cast: Cast, mail_server: MailServer):
    mail_id = waiting("hush-hush")
    mail_server.mood = Mood.NO_SUCH_PERSON
    mailing.send(mail_id=mail_id, now=NOW)
    client = signed_in(cast.support)
    for page in ("/admin/tenants/outgoingmail/", f"/admin/tenants/outgoingmail/{mail_id}/change/"):
        shown = client.get(page)
        assert shown.status_code == 200
        assert b"SMTPRecipientsRefused 550" in shown.content
        assert b"bob@acme.example" not in shown.content
        assert b"hush-hush" not in shown.content


def test_settings_name_the_backend_that_tells_these_apart():
    show = "from django.conf import settings; print(settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT)"
    done = subprocess.run(
        [sys.executable, "-c", show], cwd=ROOT, capture_output=True, text=True, check=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "EMAIL_URL": "smtp+tls://u:p@mail.example:587"},
    )  # fmt: skip
    assert done.stdout.split() == ["tenants.services.smtp.EmailBackend", "30"]
    assert settings.DEVELOPMENT
