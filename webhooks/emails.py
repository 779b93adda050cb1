"""The mails of this app: about what was deleted, and what support asks for. Fixed words, and names."""

from collections.abc import Callable

from django.urls import reverse

from tenants.emails import Mail


def person_deleted(*, organization: str) -> Mail:
    return Mail(
        subject="Your data was deleted",
        heading="Your data was deleted",
        paragraphs=(
            (
                f"Everything that you had in {organization} at Almanac is deleted: your place there, your connections, "
                "and the copies of your calendars and events. Nothing was changed in Outlook."
            ),
            "The organization's activity log still says that you were a member and what you did there.",
        ),
        button="Go to Almanac",
        path=reverse("tenants:landing"),
        reason="You get this mail because you asked for your data to be deleted.",
    )


def account_deleted() -> Mail:
    return Mail(
        subject="Your account was deleted",
        heading="Your account was deleted",
        paragraphs=(
            "Your account at Almanac is deleted, with everything that you had in your organizations.",
            "Nothing was changed in Outlook. This is the last mail that you get from us.",
        ),
        button="Go to Almanac",
        path=reverse("tenants:landing"),
        reason="You get this mail because you asked for your account to be deleted.",
    )


def organization_is_deleted(*, organization: str) -> Mail:
    return Mail(
        subject="An organization of yours is being deleted",
        heading="An organization of yours is being deleted",
        paragraphs=(
            (
                f"An owner of {organization} has asked Almanac to delete it. Nobody can open it any more, and its "
                "connections are being ended. Nothing is changed in Outlook."
            ),
        ),
        button="Go to Almanac",
        path=reverse("tenants:landing"),
        reason="You get this mail because you were an owner of this organization at Almanac.",
    )


def organization_deleted(*, organization: str) -> Mail:
    return Mail(
        subject="The organization was deleted",
        heading="The organization was deleted",
        paragraphs=(
            (
                f"{organization} is deleted at Almanac: its people's places, connections, tokens and the copies of "
                "their calendars and events. Nothing was changed in Outlook."
            ),
            "What stays is the activity log, as a proof of what was done. Nobody can open it.",
        ),
        button="Go to Almanac",
        path=reverse("tenants:landing"),
        reason="You get this mail because you asked for the organization to be deleted.",
    )


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
        reason="You get this mail because our support looked at your connection. It comes once a day at most.",
    )


# Made up, for the development address that shows every mail, and for the tests that look at them.
SAMPLES: dict[str, Callable[[], Mail]] = {
    "person-deleted": lambda: person_deleted(organization="Acme"),
    "account-deleted": account_deleted,
    "organization-is-deleted": lambda: organization_is_deleted(organization="Acme"),
    "organization-deleted": lambda: organization_deleted(organization="Acme"),
    "reconnect-wanted": lambda: reconnect_wanted(
        address="alice.moreau@contoso.example", slug="acme", organization="Acme", connection_id=1
    ),
}
