"""Sending the mail that waits."""

import smtplib
from datetime import datetime, timedelta
from typing import Final

import structlog

from tenants import doors
from tenants.crypto import SealError
from tenants.emails import compose, reopened

log = structlog.get_logger(__name__)

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=2)
# With the waits between them a little over a day.
MOST_ATTEMPTS: Final = 18


def send(*, mail_id: int, now: datetime) -> bool:
    """
    Send one mail that waits; whether it went out. Opens its own scopes, none of them around the sending.

    A failure that the mail server names is tried again, later and later, for a day. A worker that ends in the middle
    leaves a mail that may have gone out: it is given up (`doors.give_up_stuck_mails`) and never sent twice.
    """
    taken = doors.take_mail(mail_id, now=now)
    if taken is None:
        return False
    try:
        mail = reopened(key=taken.key, sealed_contents=taken.sealed_contents)
    except SealError:
        log.exception("mail_not_opened", mail=mail_id)
        doors.note_mail_failed(mail_id, code="not_opened", try_at=None)
        return False
    try:
        compose(mail, to=taken.address, key=taken.key).send()
    except (smtplib.SMTPException, OSError) as error:
        refused = isinstance(error, smtplib.SMTPRecipientsRefused)
        later = None if refused or taken.attempts >= MOST_ATTEMPTS else now + _wait(taken.attempts)
        doors.note_mail_failed(mail_id, code=type(error).__name__, try_at=later)
        log.warning("mail_not_sent", mail=mail_id, attempt=taken.attempts, reason=type(error).__name__)
        return False
    doors.note_mail_sent(mail_id, now=now)
    return True


def _wait(attempts: int) -> timedelta:
    return min(FIRST_WAIT * int(2 ** min(attempts - 1, 10)), LONGEST_WAIT)
