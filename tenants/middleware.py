"""Whose request it is: the viewer's zone, the organization in the address, or support staff."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from zoneinfo import ZoneInfo, available_timezones

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils import timezone

from tenants import doors
from tenants.context import memberships_of
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope, support_scope
from tenants.second_step import ask_for_second_step, has_taken_second_step

GetResponse = Callable[[HttpRequest], HttpResponseBase]

ORGANIZATION_PREFIX = "o/<slug:slug>/"
TIME_ZONE_COOKIE = "tz"
# Support staff who signed in longer ago than this confirm their password before they go on.
SUPPORT_SIGN_IN_LASTS = timedelta(hours=12)


class TimeZoneMiddleware:
    """
    Says moments in the viewer's zone, which our script leaves in a cookie; UTC until then.

    Sets `request.time_zone` to the zone's IANA name.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        wanted = request.COOKIES.get(TIME_ZONE_COOKIE, "")
        name = wanted if wanted in _zones() else "UTC"
        request.time_zone = name  # type: ignore[attr-defined]  # as in MemberRequest
        with timezone.override(ZoneInfo(name)):
            return self.get_response(request)


class SupportMiddleware:
    """
    The Django admin is for staff, and sees what the database grants to `almanac_support`.

    Who is not signed in is asked to; who is no staff gets the 404 of a page that is not there. Staff also show a code
    of their authenticator once in each session. That role reads and nothing more: a view marked `@acts_for_support` is
    posted to outside of it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _match(request)
        if match is None or match.app_names[:1] != ["admin"]:
            return self.get_response(request)
        # Asked before the scope opens: the role of support may read no session, and of people only some columns.
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_staff:
            raise Http404
        if _signed_in_at(request) < timezone.now() - SUPPORT_SIGN_IN_LASTS:
            return redirect_to_login(request.get_full_path(), login_url=reverse("account_reauthenticate"))
        if not has_taken_second_step(request):
            return ask_for_second_step(request, asker="The support desk", start=reverse("admin:index"))
        if request.method == "POST" and getattr(match.func, "acts_for_support", False):
            return self.get_response(request)
        with support_scope():
            return _answer_or_roll_back(self, request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:  # noqa: ARG002
        _note_failure(request)


class OrganizationMiddleware:
    """
    Everything under `/o/<slug>/` belongs to one organization.

    Who is not signed in is asked to; strangers get the same 404 as for a slug that nobody has. While an organization is
    being deleted nobody gets in but the owner who asked for it, and only to views marked `@while_deleted`. Where the
    organization requires a second step of signing in, members whose session has not taken it get the page that asks for
    it, by whatever door they came in. All others get `request.organization`, `request.membership` and
    `request.memberships`, and the rest of the request runs in the organization's scope, rendering included: one
    transaction, rolled back when the view raises or the answer is a 5xx. A view marked `@outside_scope` opens its own
    scopes.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _match(request)
        if match is None or not match.route.startswith(ORGANIZATION_PREFIX):
            return self.get_response(request)
        if not request.user.is_authenticated:
            return _ask_to_sign_in(request)
        # One question for both: the page's switcher shows all of them, and one of them is meant.
        slug = match.kwargs["slug"]
        card = next((card for card in memberships_of(request) if card.slug == slug), None)
        if card is None:
            card = doors.being_deleted(user_id=request.user.pk, slug=slug)
            if card is None:
                raise Http404
            if not getattr(match.func, "while_deleted", False):
                return redirect("webhooks_members:deletion", slug)
        with organization_scope(card.id):
            self._introduce(request, card.id, card.membership_id)
            organization: Organization = request.organization  # type: ignore[attr-defined]  # as in MemberRequest
            if organization.requires_second_factor and not has_taken_second_step(request):
                return ask_for_second_step(request, asker=organization.name, start=f"/o/{slug}/")
            if not getattr(match.func, "outside_scope", False):
                return _answer_or_roll_back(self, request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:  # noqa: ARG002
        _note_failure(request)

    def _introduce(self, request: HttpRequest, organization_id: int, membership_id: int) -> None:
        members = Membership.objects.of(organization_id).present().select_related("organization")
        membership = members.filter(pk=membership_id).first()
        if membership is None:  # left, or was removed, a moment ago
            raise Http404
        membership.user = request.user  # type: ignore[assignment]  # loaded already; saves a query
        request.membership = membership  # type: ignore[attr-defined]  # as in MemberRequest
        request.organization = membership.organization  # type: ignore[attr-defined]


def _answer_or_roll_back(
    middleware: SupportMiddleware | OrganizationMiddleware, request: HttpRequest
) -> HttpResponseBase:
    """
    The answer, and nothing stored if the view failed.

    What a view raises is an answer by the time a middleware sees it, so without this a request that failed half-way
    would be committed.
    """
    response = middleware.get_response(request)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or getattr(request, "view_failed", False):
        transaction.set_rollback(True)
    return response


def _note_failure(request: HttpRequest) -> None:
    request.view_failed = True  # type: ignore[attr-defined]  # read by _answer_or_roll_back


def _ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    # An address that only takes POST leads nowhere after signing in.
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else resolve_url(settings.LOGIN_REDIRECT_URL)
    if "HX-Request" in request.headers:
        # htmx would put the sign-in page into the middle of the open one.
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
    answer: HttpResponseRedirect = redirect_to_login(back)
    return answer


def _signed_in_at(request: HttpRequest) -> datetime:
    """When this session last proved who it is."""
    records = get_authentication_records(request, request.user)
    if records:
        return datetime.fromtimestamp(records[-1]["at"], tz=UTC)
    never = datetime.min.replace(tzinfo=UTC)
    return (request.user.last_login or never) if request.user.is_authenticated else never


def _match(request: HttpRequest) -> ResolverMatch | None:
    """What the address leads to; Django itself resolves it only after all middleware."""
    try:
        return resolve(request.path_info)
    except Resolver404:
        return None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
