"""
The second step of signing in: whether this session has taken it, and the page for who has not.

The first step may have been a password or an account at Microsoft; what Microsoft asked for there is not known here.
"""

from http import HTTPStatus
from typing import Any, Final

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from tenants.models import User

# As allauth writes it into the session, by whichever page a code was taken.
METHOD: Final = "mfa"
# Where to go on after setting it up: the page that shows recovery codes leads there.
BACK_KEY: Final = "second_step_back"


def has_taken_second_step(request: HttpRequest) -> bool:
    """Whether this session has shown a code of an authenticator that the person still has."""
    records = get_authentication_records(request, request.user)
    shown = {record.get("id") for record in records if record.get("method") == METHOD}
    return bool(shown) and Authenticator.objects.filter(user_id=request.user.pk, pk__in=shown - {None}).exists()


def ask_for_second_step(request: HttpRequest, *, asker: str, start: str) -> HttpResponse:
    """
    The 403 page that leads to a code, or to setting codes up, and back.

    `asker` is who wants it, in words; `start` a page of theirs, for requests that cannot be come back to.
    """
    if "HX-Request" in request.headers:
        # htmx would put this page into the middle of the open one.
        return HttpResponse(status=HTTPStatus.FORBIDDEN, headers={"HX-Redirect": start})
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else start
    has_codes = is_mfa_enabled(request.user, [Authenticator.Type.TOTP])
    if not has_codes:
        request.session[BACK_KEY] = back
    address = reverse("mfa_reauthenticate" if has_codes else "mfa_activate_totp")
    context = {"asker": asker, "has_codes": has_codes, "go": f"{address}?{urlencode({'next': back})}"}
    return render(request, "tenants/second_step.html", context, status=HTTPStatus.FORBIDDEN)


def remember_set_up(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Whoever has just set up an authenticator has shown a code of it: the session need not ask for another."""
    record_authentication(request, user, METHOD, id=authenticator.pk, type=authenticator.type)
