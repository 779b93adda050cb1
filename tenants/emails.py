"""
Every mail that we send: fixed words, one button, and why it came; as text and as HTML from one description.

Addresses begin with `ALMANAC_ORIGIN`, never with what a request's `Host` says.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from tenants import doors
from tenants.addresses import absolute
from tenants.crypto import digest, seal, unseal


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What one mail says. `path` is where its button leads on this site; words from outside do not belong here."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    button: str
    path: str
    reason: str


# How to make a mail of each kind with made-up contents. Each app's `emails` has such a table, by the names of its
# functions with hyphens; `/mail/` shows them on a developer's machine, and the tests look at all of them.
SAMPLES: dict[str, Callable[[], Mail]] = {}


def queue(mail: Mail, *, to: str, key: str, now: datetime, organization_id: int | None = None) -> None:
    """
    Have this sent once the transaction that decides it is committed; in any organization's scope, or outside of all.

    `key` names the occasion, such as "invitation:17:2": the same occasion again is no second mail, for as long as the
    row is kept (`doors.MAIL_IS_KEPT`).
    """
    doors.add_mail(
        key=key,
        address=to,
        sealed_contents=seal(orjson.dumps(asdict(mail)), place=_place(key)),
        about_organization_id=organization_id,
        now=now,
    )


def reopened(*, key: str, sealed_contents: bytes) -> Mail:
    """
    What was queued under this key.

    Raises:
        SealError: it cannot be opened.
    """
    values = orjson.loads(unseal(sealed_contents, place=_place(key)))
    return Mail(**values | {"paragraphs": tuple(values["paragraphs"])})


def _place(key: str) -> str:
    return f"tenants_outgoingmail.sealed_contents:{key}"


def compose(mail: Mail, *, to: str, key: str = "") -> EmailMultiAlternatives:
    """
    A message that is ready to be sent, to one address.

    Those of one occasion (`key`) have one Message-ID, so that whoever gets it twice after all can tell.
    """
    headers = {"Auto-Submitted": "auto-generated"}
    if key:
        host = urlsplit(settings.ALMANAC_ORIGIN).hostname or "localhost"
        headers["Message-ID"] = f"<{digest(settings.SECRET_KEY + key)[:40]}@{host}>"
    context = {"mail": mail, "url": absolute(mail.path), "origin": settings.ALMANAC_ORIGIN}
    message = EmailMultiAlternatives(
        subject=" ".join(mail.subject.split()),
        body=render_to_string("emails/message.txt", context),
        to=[to],
        # Auto-Submitted: out-of-office replies and other robots should not answer.
        headers=headers,
    )
    message.attach_alternative(render_to_string("emails/message.html", context), "text/html")
    return message
