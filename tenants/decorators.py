"""Who may stand at the door of a view under `/o/<slug>/`."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants.doors import Card
from tenants.models import Membership, Organization, User
from tenants.policies import Action


class MemberRequest(HttpRequest):
    """A request under `/o/<slug>/`, after `OrganizationMiddleware` let it in. For annotations only."""

    user: User
    organization: Organization
    membership: Membership
    memberships: list[Card]
    time_zone: str


P = ParamSpec("P")
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def member_required(
    action: Action,
) -> Callable[[Callable[Concatenate[MemberRequest, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """
    Let members pass whose role may do `action`; others get the 403 page.

    The view is called without the `slug` of its address: `request.organization` is what it stands for. Every view
    under `/o/<slug>/` needs this decorator (a rule test walks them).
    """

    def decorate(view: Callable[Concatenate[MemberRequest, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: MemberRequest, *args: Any, slug: str, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG001
            if not request.membership.may(action):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.action = action  # type: ignore[attr-defined]  # for the rule tests, which walk every address
        return guarded

    return decorate


def outside_scope(view: View) -> View:
    """
    Mark a view that calls Microsoft, or streams: it gets no scope and no transaction around the whole request.

    It still gets `request.organization` and `request.membership`, and opens short scopes of its own.
    """
    view.outside_scope = True  # type: ignore[attr-defined]  # read by OrganizationMiddleware
    return view


def while_deleted(view: View) -> View:
    """Mark a view that the owner who had the organization deleted still sees while that is under way."""
    view.while_deleted = True  # type: ignore[attr-defined]  # read by OrganizationMiddleware
    return view
