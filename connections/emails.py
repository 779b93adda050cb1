"""
What this app writes to people: fixed words, one button, and why it came.

Mails to a Microsoft administrator go to somebody who did not ask for them, on the word of a member: two names that are
cleaned, one link of ours, and nothing that a member has typed.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from django.urls import reverse

from connections.identity.permissions import in_words
from connections.models import Connection, Status
from connections.reasons import words_for
from tenants.emails import Mail, as_data
from tenants.models import MicrosoftTenant, Organization

_WHY_MINE: Final = "You get this mail because you connected this calendar in Almanac."
_WHY_ADMIN: Final = "You get this mail because you look after this organization in Almanac."
_WHY_ADMINISTRATOR: Final = (
    "You get this mail because the person named above gave your address as the one who looks after Microsoft 365."
)
_WHY_WAITER: Final = "You get this mail because you asked for the approval, or wait for it."


def connection_needs_you(connection: Connection) -> Mail:
    """The connection's own person must act, or hears who must."""
    words = words_for(connection.status, connection.reason)
    if connection.status == Status.APPROVAL:
        subject = "Your calendar waits for approval by an administrator"
        button, path = "Open the connection", _connection_page(connection)
    else:
        subject = "Your calendar needs you"
        button = "Reconnect"
        path = f"{reverse('connections:connect', args=[connection.organization.slug])}?connection={connection.pk}"
    return Mail(
        subject=subject,
        heading=subject,
        paragraphs=(
            f"Almanac can no longer read {connection.address or 'your mailbox'} for {connection.organization.name}.",
            f"{words.sentence} {words.next_step}".strip(),
            "Nothing is lost. Until then we show what we last read.",
        ),
        button=button,
        path=path,
        reason=_WHY_MINE,
    )


def connection_is_well(connection: Connection) -> Mail:
    """The connection works again, and its person had been told that it did not."""
    return Mail(
        subject="Your calendar is connected again",
        heading="Your calendar is connected again",
        paragraphs=(
            f"Almanac reads {connection.address or 'your mailbox'} for {connection.organization.name} again.",
            "Nothing to do for you. What changed in Outlook meanwhile appears in a moment.",
        ),
        button="Open the connection",
        path=_connection_page(connection),
        reason=_WHY_MINE,
    )


def approval_withdrawn(organization: Organization, tenant: MicrosoftTenant, count: int) -> Mail:
    """An admin hears that a whole Microsoft tenant said no."""
    heading = f"The approval for {tenant.label} was withdrawn"
    people = {0: "No connection is affected.", 1: "One calendar has stopped."}.get(
        count, f"{count} calendars have stopped."
    )
    return Mail(
        subject=heading,
        heading=heading,
        paragraphs=(
            f"Microsoft no longer lets Almanac read calendars of {tenant.label} for {organization.name}. {people}",
            "A Microsoft administrator of that company can approve Almanac again.",
            "Then the calendars come back by themselves, with everything that was there.",
        ),
        button="Open the onboarding board",
        path=reverse("connections:onboarding", args=[organization.slug]),
        reason=_WHY_ADMIN,
    )


def _connection_page(connection: Connection) -> str:
    """Where the connection is shown: a page of an app above this one, known by its name only."""
    return reverse("calendars:connection", args=[connection.organization.slug, connection.pk])


def not_allowed_here(organization: Organization, connection: Connection) -> Mail:
    """An organization has decided against this account."""
    address = connection.address or "the account that you connected"
    return Mail(
        subject=f"Your calendar is no longer connected to {organization.name}",
        heading="Your calendar was disconnected",
        paragraphs=(
            f"{organization.name} has changed which accounts may be connected, and {address} is not among them.",
            "Almanac deletes its copy of the events and forgets its permission. Nothing changes in Outlook.",
            "You can connect another account. To have this one allowed, ask an owner or admin of the organization.",
        ),
        button="See what you can do",
        path=reverse("calendars:connections", args=[organization.slug]),
        reason=_WHY_MINE,
    )


# --- approvals: to the administrator, and to those who wait ---------------------------------------------------------


def named(text: str) -> str:
    """A name that a stranger reads, of somebody else's making; what has nothing to read is still called something."""
    return as_data(text) or "An organization"


def approval_wanted(
    *,
    organization: str,
    person: str,
    address: str,
    domain: str,
    scopes: Iterable[str],
    path: str,
    until: datetime,
    reminder: int,
) -> Mail:
    """To the administrator: who asks, for what exactly, and the link. `reminder` is 0 for the first mail, then 1, 2."""
    titles = ", ".join(f"“{permission.title}”" for permission in in_words(scopes))
    who = f"{named(person)} ({address})" if person else address
    again = (f"This is reminder {reminder} of 2. After that we do not write about this request again.",)
    asks = (
        f"{who} would like to connect an Outlook calendar to {named(organization)} in Almanac. In your "
        f"Microsoft tenant, {named(domain)}, only an administrator can allow that."
    )
    means = (
        f"What Microsoft will show you: {titles}. It holds for people who connect their own calendar themselves, "
        "and for nobody else. Almanac reads no mail, no files and no contacts, and never sees a password."
    )
    link = (
        "The link leads to a page that explains each permission, who asks, and how to withdraw it. Opening it "
        f"changes nothing, and you can decline there. It is good until {until.day} {until:%B %Y}."
    )
    return Mail(
        subject=f"{'Reminder: ' if reminder else ''}Approval wanted: Almanac for {named(organization)}",
        heading="Somebody waits for your approval",
        paragraphs=(asks, means, link, *(again if reminder else ())),
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
            f"An administrator of {domain} has read the request and declined it. Nothing was connected.",
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


# --- samples, for whoever looks at them -----------------------------------------------------------------------------


def _sample_connection(status: Status, reason: str = "") -> Connection:
    acme = Organization(pk=1, name="Acme", slug="acme")
    return Connection(pk=1, organization=acme, address="alice@contoso.example", status=status, reason=reason)


def _sample_wanted(reminder: int) -> Mail:
    return approval_wanted(
        organization="Acme",
        person="Alice Moreau",
        address="alice@acme.example",
        domain="contoso.example",
        scopes=["Calendars.Read", "User.Read", "offline_access"],
        path=_SAMPLE_PATH,
        until=datetime(2027, 1, 31, tzinfo=UTC),
        reminder=reminder,
    )


_SAMPLE_PATH: Final = "/o/acme/onboarding/"
SAMPLES: dict[str, Callable[[], Mail]] = {
    "connection-needs-you": lambda: connection_needs_you(_sample_connection(Status.RECONNECT, "password_expired")),
    "connection-needs-you-approval": lambda: connection_needs_you(
        _sample_connection(Status.APPROVAL, "approval_needed")
    ),
    "connection-is-well": lambda: connection_is_well(_sample_connection(Status.ACTIVE)),
    "approval-withdrawn": lambda: approval_withdrawn(
        Organization(pk=1, name="Acme", slug="acme"), MicrosoftTenant(domain="contoso.example"), 3
    ),
    "not-allowed-here": lambda: not_allowed_here(
        Organization(pk=1, name="Acme", slug="acme"), _sample_connection(Status.DISCONNECTED, "not_allowed_here")
    ),
    "approval-wanted": lambda: _sample_wanted(0),
    "approval-wanted-again": lambda: _sample_wanted(2),
    "approved": lambda: approved(domain="contoso.example", path=_SAMPLE_PATH),
    "declined": lambda: declined(domain="contoso.example", path=_SAMPLE_PATH),
    "expired": lambda: expired(domain="contoso.example", path=_SAMPLE_PATH),
}
