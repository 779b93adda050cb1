"""The mails of this app."""

from django.urls import reverse

from tenants.emails import Mail


def reconnect_wanted(*, address: str, slug: str, organization: str, connection_id: int) -> Mail:
    """Support asks somebody to sign in at Microsoft again for one mailbox."""
    mailbox = address or "your mailbox"
    return Mail(
        subject=f"Please reconnect {mailbox}",
        heading="Your calendar needs you",
        paragraphs=(
            f"Almanac can no longer keep {mailbox} in step for {organization}, and only you can change that.",
            "Sign in at Microsoft once more. It takes a minute, and nothing is lost.",
        ),
        button="Open the connection",
        path=reverse("calendars:connection", args=[slug, connection_id]),
        reason="Our support looked at this connection and asked for this mail. We send it once a day at most.",
    )
