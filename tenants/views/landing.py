"""The first page, and the way from signing in to somebody's organization."""

from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tenants.context import memberships_of

# In the session of somebody who came by an invitation's link and has not seen since what became of it.
INVITATION_WAITS: Final = "invitation_waits"


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What Almanac is, for everybody."""
    return render(request, "tenants/landing.html")


@require_safe
@login_required
def entrance(request: HttpRequest) -> HttpResponse:
    """After signing in: to the invitation that they came for, to the first organization, or to founding one."""
    if request.session.pop(INVITATION_WAITS, False):
        return redirect("invitations:join")
    cards = memberships_of(request)
    if not cards:
        return redirect("tenants:new")
    return redirect("calendars:home", cards[0].slug)
