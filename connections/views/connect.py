"""Before Microsoft: what will be asked and why, and the button that leads there."""

from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from connections import services
from connections.forms import ConnectForm
from connections.identity import TryLater, allow_writing
from connections.models import Connection
from connections.presentation.expectations import expectation
from connections.services import ConnectRefused, NoSuchConnection, Outcome
from connections.views.refusals import refusal_page
from tenants.decorators import MemberRequest, member_required, outside_scope
from tenants.models import Access, Detail, Organization
from tenants.policies import Action
from tenants.scoping import organization_scope


class SeeOther(HttpResponseRedirect):
    """303: whatever brought the browser here, it goes on by GET."""

    status_code = 303


# Microsoft is asked for its metadata on the way out, so there is no scope around the request.
@outside_scope
@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.CONNECT_CALENDAR)
def connect(request: MemberRequest) -> HttpResponse:
    """The page, and on POST the way to Microsoft. `connection` names one to renew, `next` where to go afterwards."""
    if request.method == "POST":
        return _begin(request)
    # What does not fit is left out: a link in an old mail still leads to a page that works.
    form = ConnectForm(request.GET)
    form.is_valid()
    return _page(request, form, status=HTTPStatus.OK)


def _begin(request: MemberRequest) -> HttpResponse:
    form = ConnectForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.BAD_REQUEST)
    wanted = form.cleaned_data
    try:
        url = services.begin_connect(
            organization_id=request.organization.pk,
            membership_id=request.membership.pk,
            session_key=request.session.session_key or "",
            redirect_uri=settings.ALMANAC_ORIGIN + reverse("sign_in:callback"),
            prompt=wanted["prompt"],
            return_path=wanted["next"],
            connection_id=wanted["connection"],
            now=timezone.now(),
        )
    except NoSuchConnection:
        raise Http404 from None
    except TryLater:
        refused = ConnectRefused(
            Outcome.BUSY,
            slug=request.organization.slug,
            connection_id=wanted["connection"],
            return_path=wanted["next"],
        )
        return refusal_page(request, refused)
    return SeeOther(url)


def _page(request: MemberRequest, form: ConnectForm, *, status: HTTPStatus) -> HttpResponse:
    wanted = form.cleaned_data
    connection = _own_connection(request, wanted.get("connection"))
    organization: Organization = request.organization
    asks_for_changes = organization.access == Access.WRITE
    with organization_scope(request.organization.pk):
        expected = expectation(request.membership, connection)
    context = {
        "expected": expected,
        "connection": connection,
        "asks_for_changes": asks_for_changes,
        # Nothing is the matter with it: one permission more is what this trip is for.
        "adds_changes": bool(
            connection and connection.is_active and asks_for_changes and not allow_writing(connection.scopes)
        ),
        "only_busy": organization.detail == Detail.BUSY,
        "next": wanted.get("next", ""),
        "prompt": wanted.get("prompt", ""),
        "errors": form.errors if request.method == "POST" else {},
    }
    return render(request, "connections/connect.html", context, status=status)


def _own_connection(request: MemberRequest, connection_id: int | None) -> Connection | None:
    """The member's own connection to renew; another's is a 404 like one that never was."""
    if connection_id is None:
        return None
    with organization_scope(request.organization.pk):
        mine = Connection.objects.of(request.organization).belonging_to(request.membership.pk)
        connection = mine.filter(pk=connection_id).first()
    if connection is None:
        raise Http404
    return connection
