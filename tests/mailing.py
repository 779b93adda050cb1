"""Mail in tests: what waits is sent when a test says so, as beat and a worker do it every few seconds."""

from datetime import UTC, datetime

from django.core import mail
from django.core.mail import EmailMessage

from tenants import doors
from tenants.services import mailing


def deliver() -> list[EmailMessage]:
    """Send what waits, and return all that this test has sent so far."""
    now = datetime.now(UTC)
    for mail_id in doors.waiting_mails(now):
        mailing.send(mail_id=mail_id, now=now)
    return mail.outbox
