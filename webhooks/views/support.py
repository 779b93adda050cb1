"""
The buttons of support staff on a connection: a page that says what one does, and the POST that does it.

What is shown is read as the role of support. A POST runs outside of it (`acts_for_support`): the organization is found
by a door, and everything else happens in that one organization's scope.
"""

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from connections import doors
from connections.models import Connection
from tenants.context import support_of
from tenants.scoping import organization_scope
from tenants.support import acts_for_support
from webhooks import tasks
from webhooks.forms import ReasonForm
from webhooks.presentation.deeds import BUTTONS, sorry
from webhooks.services import looking, supporting
from webhooks.services.marking import Sync
from webhooks.services.supporting import Deed, NotDone


@acts_for_support
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, pk: int, deed: Deed) -> HttpResponse:
    """GET says what the button does and what it never touches; POST, with a reason, does it once."""
    return _do(request, pk, deed) if request.method == "POST" else _ask(request, pk, deed)


def _ask(request: HttpRequest, pk: int, deed: Deed) -> HttpResponse:
    connection = looking.find(pk)
    if connection is None:
        return missing(request, pk)
    problem = ""
    try:
        supporting.refuse(deed, connection, timezone.now())
    except NotDone as error:
        problem = sorry(error.why, connection.status)
    return _page(request, connection, deed, ReasonForm(), problem=problem)


def _do(request: HttpRequest, pk: int, deed: Deed) -> HttpResponse:
    form = ReasonForm(request.POST)
    organization_id = doors.organization_of(pk)
    if organization_id is None:
        return missing(request, pk)
    with organization_scope(organization_id):
        rows = Connection.objects.of(organization_id).select_related("organization")
        connection = rows.filter(pk=pk).first()
        if connection is None:
            return missing(request, pk)
        if not form.is_valid():
            return _page(request, connection, deed, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        ids = {"organization_id": organization_id, "connection_id": pk}
        try:
            reason = form.cleaned_data["reason"]
            marked = supporting.do(deed, **ids, by=support_of(request), reason=reason, now=timezone.now())
        except Connection.DoesNotExist:  # gone a moment ago
            return missing(request, pk)
        except NotDone as error:
            connection.refresh_from_db(fields=["status"])
            messages.warning(request, sorry(error.why, connection.status))
            return redirect("admin:connections_connection_change", pk)
        for calendar_id in marked:
            tasks.queue_sync_on_commit(Sync(organization_id, calendar_id))
        queue = _QUEUE.get(deed)
        if queue is not None:
            queue(**ids)
    messages.success(request, BUTTONS[deed].done)
    return redirect("admin:connections_connection_change", pk)


# What is said to Microsoft after the commit.
_QUEUE = {
    Deed.RESUBSCRIBE: tasks.recreate_subscription.delay_on_commit,
    Deed.PAUSE: tasks.listen_to_mailbox.delay_on_commit,
    Deed.RESUME: tasks.listen_to_mailbox.delay_on_commit,
    Deed.DISCONNECT: tasks.leave_mailbox.delay_on_commit,
}


def missing(request: HttpRequest, named: object) -> HttpResponse:
    """The page for a connection that is not there: a wrong number, or one that has gone with its organization."""
    context = _shell(request, "No such connection") | {"named": str(named)[:40]}
    return TemplateResponse(request, "admin/support/missing.html", context, status=HTTPStatus.NOT_FOUND)


def _page(
    request: HttpRequest,
    connection: Connection,
    deed: Deed,
    form: ReasonForm,
    *,
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    button = BUTTONS[deed]
    context = _shell(request, button.label) | {
        "button": button,
        "connection": connection,
        "organization": connection.organization,
        "form": form,
        "problem": problem,
        "back": reverse("admin:connections_connection_change", args=[connection.pk]),
    }
    return TemplateResponse(request, "admin/support/deed.html", context, status=status)


def _shell(request: HttpRequest, title: str) -> dict[str, Any]:
    return {**admin.site.each_context(request), "title": title}
