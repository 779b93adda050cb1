"""Sending the mail that waits."""

import smtplib
from datetime import datetime, timedelta
from typing import Final

import structlog

from tenants import doors
from tenants.crypto import SealError
from tenants.emails import compose, reopened
from tenants.services.smtp import OutcomeUnknown

log = structlog.get_logger(__name__)

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=2)
# With the waits between them a little over a day.
MOST_ATTEMPTS: Final = 20


def send(*, mail_id: int, now: datetime) -> bool:
    """
    Send one mail that waits; whether it went out. Opens its own scopes, none of them around the sending.

    What surely did not go out is tried again, later and later, for a day, unless the mail server refuses it for good.
    What may have gone out is given up and never sent twice: when the line breaks while the server takes the mail, and
    when a worker ends in the middle (`doors.give_up_stuck_mails`).
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
    except (OutcomeUnknown, smtplib.SMTPException, OSError, ValueError) as error:
        later = None if _is_final(error) or taken.attempts >= MOST_ATTEMPTS else now + _wait(taken.attempts)
        doors.note_mail_failed(mail_id, code=_code(error), try_at=later)
        log.warning("mail_not_sent", mail=mail_id, attempt=taken.attempts, reason=_code(error))
        return False
    doors.note_mail_sent(mail_id, now=now)
    return True


def _is_final(error: Exception) -> bool:
    """Whether there is nothing to try again."""
    match error:
        # An address that cannot be written into a mail's head stays one.
        case OutcomeUnknown() | ValueError():
            return True
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            return all(_is_permanent(code) for code, _ in refused.values())
        case smtplib.SMTPDataError(smtp_code=code):
            return _is_permanent(code)
        # The sender refused, a wrong password, no line: our own set-up, which somebody will mend.
        case _:
            return False


def _is_permanent(code: int) -> bool:
    return 500 <= code < 600


def _code(error: Exception) -> str:
    """What support reads: the kind of error and the server's number, never its words, which quote the address."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused):
            number = next((code for code, _ in refused.values()), "")
        case smtplib.SMTPResponseException(smtp_code=code):
            number = code
        case _:
            number = ""
    return f"{type(error).__name__} {number}".strip()


def _wait(attempts: int) -> timedelta:
    return min(FIRST_WAIT * int(2 ** min(attempts - 1, 10)), LONGEST_WAIT)
