"""
What the invited do with their link.

The link itself only puts its digest into the session and leads to a clean address; looking changes nothing, and joining
is a POST. Every link that does not work gets one page with one status, whatever the reason.
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tenants import services
from tenants.context import actor_of
from tenants.crypto import digest
from tenants.forms import OwnNameForm
from tenants.models import User
from tenants.views.landing import INVITATION_WAITS

# In the session: the digest of the link, as in the database. Whoever reads either cannot make the link of it.
LINK: Final = "invitation"
PRIVATE: Final = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@require_safe
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail. Right or wrong, it leads to the same clean address, and is forgotten on the way."""
    link = digest(token)
    if services.is_link(link_digest=link):
        request.session[LINK] = link
        request.session[INVITATION_WAITS] = True
    else:
        # Nothing is kept of what was made up: whoever tries and tries fills no table with sessions.
        for name in (LINK, INVITATION_WAITS):
            request.session.pop(name, None)
    return _private(redirect("invitations:join"))


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """GET says who invites whom to what; POST joins, if the person is signed in and the address theirs."""
    person = request.user if isinstance(request.user, User) else None
    if person is not None:
        request.session.pop(INVITATION_WAITS, None)
    link = request.session.get(LINK, "")
    now = timezone.now()
    form = OwnNameForm(request.POST if request.method == "POST" else None)
    try:
        offer = services.look_at(link_digest=link, user=person, now=now)
        if offer.is_taken:
            return _private(redirect("calendars:home", offer.slug))
        if person is not None and form.is_bound and form.is_valid():
            services.accept(
                link_digest=link, user=person, name=form.cleaned_data["name"], by=actor_of(request), now=now
            )
            messages.success(request, f"Welcome to {offer.organization}.")
            return _private(redirect("calendars:home", offer.slug))
    except services.LinkVoid as void:
        answer = render(request, "tenants/invitations/void.html", {"hint": void.hint}, status=HTTPStatus.GONE)
        return _private(answer)
    back = urlencode({"next": reverse("invitations:join")})
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"offer": offer, "form": form, "back": back}
    return _private(render(request, "tenants/invitations/join.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    for name, value in PRIVATE.items():
        response.headers[name] = value
    return response
