"""Taking us out of one mailbox."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from connections import services as connections
from connections.models import Connection, Status
from tenants.decorators import MemberRequest, member_required
from tenants.policies import Action
from webhooks import tasks


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
    connections.disconnect(connection=connection, now=timezone.now())
    tasks.leave_mailbox.delay_on_commit(organization_id=request.organization.pk, connection_id=connection.pk)
    messages.success(
        request, f"{connection.address or 'The mailbox'} is disconnected. Its calendars are being removed from Almanac."
    )
    return redirect("calendars:connections", request.organization.slug)
