"""What each permission lets us do, in words: for people who decide on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Permission:
    """`name` as in Microsoft's documents, `title` as on its page for administrators, `why` in words of ours."""

    name: str
    title: str
    why: str


_KNOWN: Final = {
    permission.name.lower(): permission
    for permission in (
        Permission(
            "User.Read",
            "Sign in and read user profile",
            "To know whose calendar it is: the name and address of each person who connects.",
        ),
        Permission(
            "Calendars.Read",
            "Read user calendars",
            "To show people their own week, and to hear when something in it moves.",
        ),
        Permission(
            "Calendars.ReadWrite",
            "Have full access to user calendars",
            "To write to Outlook what people change here themselves, in their own calendar.",
        ),
        Permission(
            "offline_access",
            "Maintain access to data you have given it access to",
            "To stay current while the person is away, until they disconnect or you withdraw.",
        ),
        Permission(
            "openid",
            "Sign users in",
            "So that people sign in at Microsoft and never type their password here.",
        ),
        Permission(
            "profile",
            "View users' basic profile",
            "Belongs to signing in: the name that Microsoft shows for the person.",
        ),
    )
}
# What every sign-in asks for beside the permissions of Graph.
OF_EVERY_SIGN_IN: Final = ("openid", "profile", "offline_access")


def asked_of_administrators(scopes: Iterable[str]) -> list[str]:
    """The whole list that an administrator approves, so that nobody is asked for anything afterwards."""
    return [*scopes, *OF_EVERY_SIGN_IN]


def in_words(scopes: Iterable[str]) -> list[Permission]:
    """Each permission with its reason; one that we have no words for is named as it is."""
    names = [scope.rpartition("/")[2] for scope in scopes]
    return [_KNOWN.get(name.lower(), Permission(name, name, "")) for name in names]


def lacking(wanted: Iterable[str], granted: Iterable[str]) -> set[str]:
    """Which of the wanted permissions were not granted, in small letters; Microsoft spells them in two ways."""
    held = {scope.rpartition("/")[2].lower() for scope in granted}
    return {scope.rpartition("/")[2].lower() for scope in wanted} - held
