"""Which permissions we ask for, and how Microsoft spells them."""

from collections.abc import Iterable
from typing import Final

from tenants.models import Access

# The least that reading and listening need; why each: docs/decisions/scopes.md. MSAL adds offline_access, openid and
# profile.
SCOPES: Final = ("Calendars.Read", "User.Read")
# Changing an event takes one more. It does not replace reading: subscriptions are documented for that one only.
WRITING: Final = "Calendars.ReadWrite"
# Without one of these a connection is of no use.
_READING: Final = frozenset({"calendars.read", "calendars.readwrite"})
_OPENID: Final = frozenset({"openid", "profile", "email", "offline_access"})


def scopes_for(access: str) -> tuple[str, ...]:
    """What a sign-in asks for, and what a refresh may hold, by what the organization lets Almanac do."""
    return (*SCOPES, WRITING) if access == Access.WRITE else SCOPES


def of_graph(scopes: Iterable[str]) -> list[str]:
    """Those that are about Graph, as they are spelled: without what only the sign-in itself needs."""
    return [scope for scope in scopes if _short(scope) not in _OPENID]


def allow_reading(scopes: Iterable[str]) -> bool:
    return any(_short(scope) in _READING for scope in scopes)


def allow_writing(scopes: Iterable[str]) -> bool:
    return any(_short(scope) == _short(WRITING) for scope in scopes)


def as_spelled(granted: Iterable[str], *, access: str) -> list[str]:
    """
    Of what was granted, what we ask for, in its spelling: under another one MSAL would not find what it holds.

    What was never granted is not among it: to ask for it is a sign-in's business.
    """
    wanted = {_short(scope) for scope in scopes_for(access)}
    return sorted({scope for scope in granted if _short(scope) in wanted}) or list(SCOPES)


def _short(scope: str) -> str:
    """For comparing: Microsoft writes `Calendars.Read` or `https://graph.microsoft.com/Calendars.Read`."""
    return scope.rpartition("/")[2].lower()
