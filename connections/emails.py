"""What this app writes to people: fixed words, one button, and why it came."""

from typing import Final

from django.urls import NoReverseMatch, reverse

from connections.models import Connection, Status
from connections.reasons import words_for
from tenants.emails import Mail
from tenants.models import MicrosoftTenant, Organization

_WHY_MINE: Final = "You get this mail because you connected this calendar in Almanac."
_WHY_ADMIN: Final = "You get this mail because you look after this organization in Almanac."


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
    try:
        return reverse("calendars:connection", args=[connection.organization.slug, connection.pk])
    except NoReverseMatch:  # pragma: no cover - this app alone
        return reverse("connections:connect", args=[connection.organization.slug])
