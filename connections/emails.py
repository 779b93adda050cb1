"""What people are told by mail about their connections."""

from django.urls import reverse

from connections.models import Connection
from tenants.emails import Mail
from tenants.models import Organization


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
        reason=f"You get this mail because you connected a calendar to {organization.name} in Almanac.",
    )
