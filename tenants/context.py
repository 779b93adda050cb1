"""What every page of ours shows around its contents."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tenants import doors
from tenants.scoping import current_scope


def shell(request: HttpRequest) -> dict[str, Any]:
    """`memberships`: the viewer's organizations, for the switcher. `time_zone`: the viewer's, by IANA name."""
    return {
        "memberships": SimpleLazyObject(lambda: memberships_of(request)),
        "time_zone": getattr(request, "time_zone", "UTC"),
    }


def memberships_of(request: HttpRequest) -> list[doors.Card]:
    """
    The viewer's organizations, asked for once per request.

    Inside a scope they are what the middleware found before it opened it, since scopes do not nest: none for
    support staff in the Django admin.
    """
    known: list[doors.Card] | None = getattr(request, "memberships", None)
    if known is not None:
        return known
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or current_scope() is not None:
        return []
    cards = doors.organizations_of(user.pk)
    request.memberships = cards  # type: ignore[attr-defined]  # as in MemberRequest
    return cards
