"""Doors for a person: pausing, resuming, and taking us out of a mailbox."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from calendars import services as calendars
from connections import services as connections
from connections.models import Connection, Status
from tenants.acts import Act
from tenants.context import actor_of
from tenants.decorators import MemberRequest, member_required
from tenants.policies import Action
from tenants.services.audit import Target, record
from webhooks import tasks
from webhooks.services.marking import Sync


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.DISCONNECT_OWN)
def disconnect(request: MemberRequest, pk: int) -> HttpResponse:
    """GET says what goes and what stays; POST takes us out of the mailbox."""
    # A colleague's connection is as little theirs to end as a stranger's: the same 404.
    own = Connection.objects.of(request.organization).belonging_to(request.membership.pk)
    connection = get_object_or_404(own, pk=pk)
    if connection.status == Status.DISCONNECTED:
        # The second click of two, or an old page: what was wanted is so.
        return redirect("calendars:connections", request.organization.slug)
    if request.method != "POST":
        return render(request, "webhooks/disconnect.html", {"connection": connection})
    now = timezone.now()
    connections.disconnect(connection=connection, now=now)
    _record(request, connection, Act.CONNECTION_DISCONNECTED, now)
    tasks.leave_mailbox.delay_on_commit(organization_id=request.organization.pk, connection_id=connection.pk)
    messages.success(
        request, f"{connection.address or 'The mailbox'} is disconnected. Its calendars are being removed from Almanac."
    )
    return redirect("calendars:connections", request.organization.slug)


@require_POST
@member_required(Action.DISCONNECT_OWN)
def pause(request: MemberRequest, pk: int) -> HttpResponse:
    """Stop reading for a while. Whoever may disconnect may do less, too."""
    connection = _own(request, pk)
    now = timezone.now()
    if connections.pause(connection=connection, now=now):
        _record(request, connection, Act.CONNECTION_PAUSED, now)
        _settle(connection)
        messages.success(request, "Paused. What we hold stays as it is until you resume.")
    else:
        messages.info(request, "This calendar is not being read, so there is nothing to pause.")
    return redirect("calendars:connection", request.organization.slug, pk)


@require_POST
@member_required(Action.DISCONNECT_OWN)
def resume(request: MemberRequest, pk: int) -> HttpResponse:
    """Read again, and catch up with what happened meanwhile."""
    connection = _own(request, pk)
    now = timezone.now()
    if connections.resume(connection=connection, now=now):
        marked = calendars.mark_changed(connection_id=pk, organization=request.organization, now=now)
        _record(request, connection, Act.CONNECTION_RESUMED, now)
        _settle(connection)
        for calendar_id in marked:
            tasks.queue_sync_on_commit(Sync(request.organization.pk, calendar_id))
        messages.success(request, "Resumed. We are reading what happened meanwhile.")
    else:
        messages.info(request, "This calendar is not paused.")
    return redirect("calendars:connection", request.organization.slug, pk)


def _own(request: MemberRequest, pk: int) -> Connection:
    """The viewer's own connection; a colleague's is as little theirs as a stranger's: the same 404."""
    own = Connection.objects.of(request.organization).alive().belonging_to(request.membership.pk)
    return get_object_or_404(own, pk=pk)


def _settle(connection: Connection) -> None:
    """Have Microsoft stop calling, or call again, after commit; beat would see to it, but later."""
    tasks.listen_to_mailbox.delay_on_commit(organization_id=connection.organization_id, connection_id=connection.pk)


def _record(request: MemberRequest, connection: Connection, act: Act, now: datetime) -> None:
    record(
        organization_id=request.organization.pk,
        act=act,
        by=actor_of(request),
        now=now,
        on=Target("connection", connection.pk, connection.address),
    )
