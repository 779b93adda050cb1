"""
Every mail that we send: fixed words, one button, and why it came; as text and as HTML from one description.

Addresses begin with `ALMANAC_ORIGIN`, never with what a request's `Host` says.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from tenants.addresses import absolute


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What one mail says. `path` is where its button leads on this site; words from outside do not belong here."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    button: str
    path: str
    reason: str


def compose(mail: Mail, *, to: str) -> EmailMultiAlternatives:
    """A message that is ready to be sent, to one address."""
    context = {"mail": mail, "url": absolute(mail.path), "origin": settings.ALMANAC_ORIGIN}
    message = EmailMultiAlternatives(
        subject=" ".join(mail.subject.split()),
        body=render_to_string("emails/message.txt", context),
        to=[to],
        # Out-of-office replies and other robots should not answer.
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("emails/message.html", context), "text/html")
    return message
