"""The pages on which people find what Almanac has of them, and of their organization."""

from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from calendars.models import Event, ExportKind
from calendars.services import exports
from connections.models import Connection
from tenants.decorators import MemberRequest, member_required
from tenants.policies import Action
from tenants.services import is_last_owner
from webhooks.models import Erasure, ErasureKind
from webhooks.services import erasing

# The finished ones that are shown below what is under way; the activity log has all of them.
MOST_FINISHED = 10


class Line(NamedTuple):
    """One deletion as admins see it."""

    erasure: Erasure
    mailboxes_left: int


@require_safe
@member_required(Action.EXPORT_OWN)
def my_data(request: MemberRequest) -> HttpResponse:
    """What I have here: take it along, or have it deleted."""
    mine = Connection.objects.of(request.organization).belonging_to(request.membership.pk)
    events = Event.objects.of(request.organization).shown().filter(calendar__connection__in=mine)
    context = {
        "export": exports.newest(member=request.membership, kind=ExportKind.PERSON),
        "now": timezone.now(),
        "connections": mine.alive().count(),
        "events": events.count(),
        "is_last_owner": is_last_owner(request.membership),
    }
    return render(request, "webhooks/my_data.html", context)


@require_safe
@member_required(Action.SEE_SETTINGS)
def data(request: MemberRequest) -> HttpResponse:
    """What the organization has here: what is being deleted, and, for owners, its export and its end."""
    rows = Erasure.objects.of(request.organization).filter(kind=ErasureKind.PERSON)
    finished = rows.filter(finished_at__isnull=False).order_by("-finished_at")[:MOST_FINISHED]
    context = {
        "export": exports.newest(member=request.membership, kind=ExportKind.ORGANIZATION),
        "now": timezone.now(),
        "may_export": request.membership.may(Action.EXPORT_ORGANIZATION),
        "may_delete": request.membership.may(Action.DELETE_ORGANIZATION),
        "under_way": [
            Line(erasure, len(erasing.mailboxes_left(erasure))) for erasure in rows.under_way().order_by("asked_at")
        ],
        "finished": finished,
    }
    return render(request, "webhooks/data.html", context)
