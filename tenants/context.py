"""What every page of ours shows around its contents."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from tenants import doors
from tenants.models import User
from tenants.scoping import current_scope
from tenants.services.audit import Actor


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


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person of this request, as the audit log names them."""
    person = request.user
    assert isinstance(person, User)  # noqa: S101 - only views that somebody signed in to ask for it
    return Actor.person(person, ip=address_of(request))


def support_of(request: HttpRequest) -> Actor:
    """The support staff member of this request, as the audit log names them."""
    person = request.user
    assert isinstance(person, User)  # noqa: S101 - the middleware lets nobody else into the admin
    return Actor.support(person, ip=address_of(request))


def address_of(request: HttpRequest) -> str | None:
    """The network address that the request came from, past the proxies that we trust (TRUSTED_PROXY_COUNT)."""
    return str(get_adapter(request).get_client_ip(request)) or None
