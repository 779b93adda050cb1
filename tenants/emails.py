"""
Every mail that we send: fixed words, one button, and why it came; as text and as HTML from one description.

Addresses begin with `ALMANAC_ORIGIN`, never with what a request's `Host` says.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from tenants import doors
from tenants.addresses import absolute
from tenants.crypto import digest, seal, unseal
from tenants.models import User


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What one mail says. `path` is where its button leads on this site; words from outside do not belong here."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    button: str
    path: str
    reason: str


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


# --- names of other people's making -----------------------------------------------------------------------------------

NAME_IN_MAIL = 60
# What begins a link, and what would be a tag.
_LINKISH = re.compile(r"[a-z][a-z0-9+.-]*://+|//+|\b(?:mailto|javascript|data|tel):|\bwww\.|[<>]", re.IGNORECASE)
# Two marks that spell names in some languages, and draw some emoji.
_JOINERS = "\u200c\u200d"
_INNER_DOT = re.compile(r"(?<=\w)\.(?=\w)")


def as_data(name: str) -> str:
    """
    A name that somebody typed, fit for a mail: one line, not long, nothing that hides or turns text, and no link.

    Mail programs make links of whatever looks like one, so a dot within a word is followed by a mark that joins words:
    it is not seen, and no program takes it for a host's name.
    """
    plain = unicodedata.normalize("NFC", name)
    hidden = {char for char in plain if unicodedata.category(char)[0] in "CZ" and char not in _JOINERS}
    visible = "".join(" " if char in hidden else char for char in plain)
    line = " ".join(_LINKISH.sub(" ", visible).replace("@", " at ").split())
    if len(line) > NAME_IN_MAIL:
        line = f"{line[: NAME_IN_MAIL - 1].rstrip()}…"
    return _INNER_DOT.sub(".\u2060", line)


def called(person: User) -> str:
    """Somebody by name, or by the address that they have proven to be theirs."""
    return as_data(person.name) or person.email


# --- what we write to people in organizations -------------------------------------------------------------------------

_AS_ROLE = {"Owner": "an owner", "Admin": "an admin", "Member": "a member"}


def invitation(*, organization: str, inviter: User, role: str, token: str) -> Mail:
    """To somebody who may never have heard of us."""
    name, who = as_data(organization), called(inviter)
    exactly = f"{who} ({inviter.email})" if inviter.name else who
    return Mail(
        subject=f"{who} invites you to {name} on Almanac",
        heading=f"Join {name} on Almanac",
        paragraphs=(
            f"{exactly} invites you to {name} as {_AS_ROLE[role]}.",
            "Almanac keeps the Outlook calendars of an organization in step. Yours is read only if you connect it.",
            "The link works once, for seven days, and only for this address.",
        ),
        button="See the invitation",
        path=reverse("invitations:invite", args=[token]),
        reason="You get this mail because somebody invited this address at Almanac. If you do not know them, there is"
        " nothing to do: without you nothing happens.",
    )


def removed(*, organization: str) -> Mail:
    """To somebody who was taken out of an organization."""
    name = as_data(organization)
    return Mail(
        subject=f"You are no longer a member of {name}",
        heading=f"You are no longer a member of {name}",
        paragraphs=(
            f"One of its owners or admins has taken you out of {name}. Its pages are closed to you from now on.",
            "Calendars that you had connected there are being disconnected, and our copy of them is deleted.",
            "Nothing in Outlook has changed, and your account at Almanac stays.",
            "If you think that this is a mistake, ask the people there: they can invite you again.",
        ),
        button="Open Almanac",
        path=reverse("tenants:entrance"),
        reason=f"You get this mail because you were a member of {name}.",
    )


def handed_over(*, organization: str, slug: str, giver: User, taker: User) -> Mail:
    """To everybody who owns, or has just owned, an organization."""
    name, former, new = as_data(organization), called(giver), called(taker)
    return Mail(
        subject=f"{name} has another owner",
        heading=f"{name} has another owner",
        paragraphs=(
            f"{former} has handed {name} over to {new}, who is an owner from now on. {former} is an admin now.",
            "Nobody's calendars have changed.",
        ),
        button="See who belongs to it",
        path=reverse("organization:people", args=[slug]),
        reason=f"You get this mail because you own {name}, or did until now.",
    )


# --- samples ----------------------------------------------------------------------------------------------------------

_ALICE = User(name="Alice Moreau", email="alice@acme.example")
_BOB = User(name="Bob Ito", email="bob@acme.example")
# How to make a mail of each kind with made-up contents. Each app's `emails` has such a table, by the names of its
# functions with hyphens; `/mail/` shows them on a developer's machine, and the tests look at all of them.
SAMPLES: dict[str, Callable[[], Mail]] = {
    "invitation": lambda: invitation(organization="Acme", inviter=_ALICE, role="Member", token="a" * 43),
    "removed": lambda: removed(organization="Acme"),
    "handed-over": lambda: handed_over(organization="Acme", slug="acme", giver=_ALICE, taker=_BOB),
}
