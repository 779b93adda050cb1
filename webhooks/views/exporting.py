"""Asking for an export, and fetching the file."""

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from calendars import tasks as calendars_tasks
from calendars.models import ExportKind
from calendars.services import exports
from tenants.context import actor_of
from tenants.decorators import MemberRequest, member_required, outside_scope
from tenants.policies import Action
from tenants.scoping import organization_scope

NAMES = {ExportKind.PERSON: "my-data", ExportKind.ORGANIZATION: "organization"}


@require_POST
@member_required(Action.EXPORT_OWN)
def export_mine(request: MemberRequest) -> HttpResponse:
    return _ask(request, ExportKind.PERSON, "webhooks_members:my_data")


@require_POST
@member_required(Action.EXPORT_ORGANIZATION)
def export_organization(request: MemberRequest) -> HttpResponse:
    return _ask(request, ExportKind.ORGANIZATION, "webhooks_members:data")


def _ask(request: MemberRequest, kind: ExportKind, page: str) -> HttpResponse:
    try:
        export = exports.ask(member=request.membership, kind=kind, by=actor_of(request), now=timezone.now())
    except exports.ExportUnderWay:
        messages.info(request, "An export of yours is being made. When it is ready, you can ask for another one.")
    except exports.TooManyExports:
        messages.error(request, "You have asked for many exports today. Tomorrow you can ask for a new one.")
    else:
        # The page itself says that it is being made, and then that it is ready.
        calendars_tasks.make_export.delay_on_commit(organization_id=request.organization.pk, export_id=export.pk)
    return redirect(page, request.organization.slug)


@require_safe
@outside_scope
@member_required(Action.EXPORT_OWN)
def fetch(request: MemberRequest, pk: int) -> HttpResponseBase:
    """The file, for the member who asked for it and nobody else; part by part, so that its size does not matter."""
    with organization_scope(request.organization.pk):
        export = exports.fetch(
            member=request.membership,
            export_id=pk,
            by=actor_of(request),
            now=timezone.now(),
            note=request.method == "GET",
        )
    if export is None or export.made_at is None:
        raise Http404
    name = f"almanac-{request.organization.slug}-{NAMES[ExportKind(export.kind)]}-{export.made_at:%Y-%m-%d}.zip"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(export.size),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip", headers=headers)
    return StreamingHttpResponse(exports.read(export), content_type="application/zip", headers=headers)
