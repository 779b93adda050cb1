"""
Django's SMTP backend, which also says whether a mail may have left the house. Named in settings.EMAIL_BACKEND.

Until the mail server has been handed a mail's contents, whatever goes wrong may be tried again. While it takes them the
line may break after it has taken them and before it says so: then nobody knows, and only we can tell that moment apart.
"""

import smtplib
from contextlib import suppress
from typing import Any

from django.core.mail.backends import smtp


class OutcomeUnknown(Exception):
    """The line broke while the mail server was taking the mail: it may be on its way, and may be not."""


class _Watched:
    """Goes before `smtplib.SMTP` or `SMTP_SSL`."""

    def data(self, msg: Any) -> Any:
        """
        Raises:
            OutcomeUnknown: the line broke here. A server that answers, even with a refusal, is no such case.
        """
        try:
            return super().data(msg)  # type: ignore[misc]  # of the class behind this one
        except smtplib.SMTPResponseException:
            raise
        except (smtplib.SMTPException, OSError) as error:
            raise OutcomeUnknown(type(error).__name__) from error

    def quit(self) -> Any:
        """Say goodbye; whatever goes wrong with that, the mail has been taken or refused before."""
        with suppress(smtplib.SMTPException, OSError):
            return super().quit()  # type: ignore[misc]  # of the class behind this one
        return self.close()  # type: ignore[attr-defined]  # of the class behind this one


class _WatchedSMTP(_Watched, smtplib.SMTP):
    pass


class _WatchedSMTPOverTLS(_Watched, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _WatchedSMTPOverTLS if self.use_ssl else _WatchedSMTP
