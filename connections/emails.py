"""
Mails about approvals.

Those to an administrator go to somebody who did not ask for them, on the word of a member: fixed words, two names that
are cleaned, one link of ours, and nothing that a member has typed.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from connections.id_tokens import label
from connections.identity.permissions import in_words
from tenants.emails import Mail

_LONGEST_NAME: Final = 80
_WHY_ADMINISTRATOR: Final = (
    "You get this because a person named above gave your address as the one who looks after Microsoft 365. "
    "We keep it for this request only."
)
_WHY_WAITER: Final = "You get this because you asked for the approval, or wait for it."


def named(text: str) -> str:
    """
    A name that a stranger reads: in one line, bounded, and nothing that a mail program would make a link of.

    A full stop between two letters becomes one that looks the same and means nothing to programs.
    """
    line = label(text, _LONGEST_NAME)
    line = re.sub(r"(?i)\b(?:https?|ftp)\b\W*|\bwww\.|[<>]|//+", " ", line)
    line = re.sub(r"(?<=\w)\.(?=\w)", "\N{ONE DOT LEADER}", line)
    return " ".join(line.replace("@", " at ").split()) or "An organization"


def approval_wanted(
    *, organization: str, person: str, domain: str, scopes: Iterable[str], path: str, until: datetime, reminder: int
) -> Mail:
    """To the administrator: who asks, for what exactly, and the link. `reminder` is 0 for the first mail, then 1, 2."""
    titles = ", ".join(f"“{permission.title}”" for permission in in_words(scopes))
    again = (f"This is reminder {reminder} of 2. After that we do not write about this request again.",)
    return Mail(
        subject=f"{'Reminder: ' if reminder else ''}Approval wanted: Almanac for {named(organization)}",
        heading="Somebody waits for your approval",
        paragraphs=(
            f"{named(person)} would like to connect an Outlook calendar to {named(organization)} in Almanac. In your "
            f"Microsoft tenant, {named(domain)}, only an administrator can allow that.",
            f"What Microsoft will show you: {titles}. It holds for people who connect their own calendar themselves, "
            "and for nobody else. Almanac reads no mail, no files and no contacts, and never sees a password.",
            "The link leads to a page that explains each permission, who asks, and how to withdraw it. Opening it "
            f"changes nothing, and you can decline there. It is good until {until:%-d %B %Y}.",
            *(again if reminder else ()),
        ),
        button="Read what is asked",
        path=path,
        reason=_WHY_ADMINISTRATOR,
    )


def approved(*, domain: str, path: str) -> Mail:
    return Mail(
        subject=f"Approved: you can connect your calendar ({domain})",
        heading="Approved. You can connect now",
        paragraphs=(
            f"An administrator of {domain} has approved Almanac. Microsoft will not ask for an approval any more.",
            "Connecting takes a few seconds.",
        ),
        button="Connect my calendar",
        path=path,
        reason=_WHY_WAITER,
    )


def declined(*, domain: str, path: str) -> Mail:
    return Mail(
        subject=f"Declined: Almanac was not approved ({domain})",
        heading="An administrator has declined",
        paragraphs=(
            f"An administrator of {domain} has read the request and declined to approve Almanac. Nothing was connected.",
            "If you think that it was a mistake, talk to them first. You can then ask again.",
        ),
        button="See the request",
        path=path,
        reason=_WHY_WAITER,
    )


def expired(*, domain: str, path: str) -> Mail:
    return Mail(
        subject=f"No answer: the request for approval has expired ({domain})",
        heading="Nobody answered in 30 days",
        paragraphs=(
            f"Your request to approve Almanac for {domain} was not answered, so its link works no longer.",
            "You can ask again, perhaps somebody else: the people who look after Microsoft 365 in your company.",
        ),
        button="Ask again",
        path=path,
        reason=_WHY_WAITER,
    )
