"""Continue with Microsoft: to the account that it was added to, to a new one, or to the page where it is added."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.signup import complete_signup
from allauth.account.models import Login
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import make_password
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_http_methods, require_POST

from connections import services
from connections.forms import AccountForm, ContinueForm, RemoveIdentityForm
from connections.identity import TryLater
from connections.models import AccountPurpose, MicrosoftIdentity
from connections.services import Added, NoSuchIdentity, NotRecognized, OnlyWayIn, Outcome, Recognized, Unrecognized
from connections.views.account_refusals import not_recognized_page
from connections.views.connect import SeeOther
from tenants.models import User

# As the session remembers it; no page and no policy takes it for a second step.
METHOD: Final = "microsoft"
# In the session of who was recognized by Microsoft and has no account here yet.
WAITING_KEY: Final = "microsoft_identity_waiting"
# An account can be made for this many seconds after Microsoft vouched for the person.
WAITS: Final = 30 * 60


@require_POST
def go_on(request: HttpRequest) -> HttpResponse:
    """The button on the pages for signing in and up. `next` is where to go afterwards."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    limited: HttpResponse | None = ratelimit.consume_or_429(request, action="microsoft")
    if limited is not None:
        return limited
    form = ContinueForm(request.POST)
    path = form.cleaned_data["next"] if form.is_valid() else ""
    return _begin(request, purpose=AccountPurpose.SIGN_IN, return_path=path)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]  # allauth comes without types
def identities(request: HttpRequest) -> HttpResponse:
    """The accounts at Microsoft that open one's own account. POST adds one, or takes the one away that is named."""
    if request.method == "POST" and "remove" in request.POST:
        return _remove(request)
    if request.method == "POST":
        limited: HttpResponse | None = ratelimit.consume_or_429(request, action="microsoft")
        return limited or _begin(request, purpose=AccountPurpose.LINK, return_path=reverse("microsoft:identities"))
    return _identities_page(request, status=HTTPStatus.OK)


@require_http_methods(["GET", "HEAD", "POST"])
def new_account(request: HttpRequest) -> HttpResponse:
    """For somebody whom Microsoft vouches for and whom we do not know: an account, once their address is confirmed."""
    waiting = _waiting(request)
    if request.user.is_authenticated or waiting is None:
        return redirect(settings.LOGIN_REDIRECT_URL if request.user.is_authenticated else "account_signup")
    if request.method != "POST":
        return _new_account_page(request, AccountForm(initial={"email": waiting["address"]}), waiting)
    limited: HttpResponse | None = ratelimit.consume_or_429(request, action="signup")
    if limited is not None:
        return limited
    form = AccountForm(request.POST)
    if not form.is_valid():
        return _new_account_page(request, form, waiting)
    person, answer = form.try_save(request)
    if person is None:
        # The address has an account. The page that follows is the same; the mail says what to do.
        return answer  # type: ignore[no-any-return]  # allauth comes without types
    # As slowly as for an address that has an account, or the pace would tell which have one: see the adapter.
    make_password(get_random_string(16))
    person.name = waiting["name"][:150]
    person.save(update_fields=["name"])
    # Added only when this session signs in, which takes the mail: whoever types a stranger's address must not be able
    # to open the account that the stranger may confirm one day.
    request.session[WAITING_KEY] = {**waiting, "user_id": person.pk}
    record_authentication(request, person, METHOD)
    return complete_signup(  # type: ignore[no-any-return]
        request, user=person, redirect_url=waiting["return_path"] or None
    )


def recognize(request: HttpRequest) -> HttpResponse:
    """The browser is back from Microsoft with its session. Called by the one address that Microsoft leads to."""
    try:
        found = services.finish_recognition(
            key=request.GET.get("k", ""),
            session_key=request.session.session_key or "",
            user_id=request.user.pk,
            now=timezone.now(),
        )
    except NotRecognized as refused:
        return not_recognized_page(request, refused)
    if isinstance(found, Recognized):
        return _sign_in(request, found)
    if isinstance(found, Added):
        _tell(request, "microsoft/email/added", microsoft_account=found.address or "A Microsoft account")
        messages.success(request, "This Microsoft account opens your account from now on.")
        return SeeOther(found.return_path or resolve_url("microsoft:identities"))
    return _make_wait(request, found)


def add_waiting_identity(*, request: HttpRequest, user: User, **_: Any) -> None:
    """
    After every sign-in: if this session made the account for somebody whom Microsoft had vouched for, add that now.

    Connected to allauth's signal. By now the address is confirmed, by a mail that was opened in this same browser.
    """
    waiting: Mapping[str, Any] | None = request.session.pop(WAITING_KEY, None)
    if waiting is None or waiting.get("user_id") != user.pk:
        return
    try:
        services.add_identity(
            user_id=user.pk,
            tid=UUID(waiting["tid"]),
            oid=UUID(waiting["oid"]),
            address=waiting["address"],
            name=waiting["name"],
            now=timezone.now(),
        )
    except NotRecognized:
        messages.warning(request, "This Microsoft account opens another account here, so it was not added to yours.")


def _begin(request: HttpRequest, *, purpose: AccountPurpose, return_path: str) -> HttpResponse:
    if not request.session.session_key:
        # The way back must find the same session, and strangers have none yet.
        request.session.create()
    try:
        url = services.begin_recognition(
            purpose=purpose,
            session_key=request.session.session_key or "",
            user_id=request.user.pk if purpose == AccountPurpose.LINK else None,
            redirect_uri=settings.ALMANAC_ORIGIN + reverse("sign_in:callback"),
            return_path=return_path,
            now=timezone.now(),
        )
    except TryLater:
        return not_recognized_page(request, NotRecognized(Outcome.BUSY, purpose=purpose, return_path=return_path))
    return SeeOther(url)


def _sign_in(request: HttpRequest, found: Recognized) -> HttpResponse:
    person = User.objects.get(pk=found.user_id)
    record_authentication(request, person, METHOD, identity=found.identity_id)
    # allauth's stages follow: an address that is not confirmed yet, and codes where they are switched on.
    response: HttpResponse = perform_login(request, Login(user=person, redirect_url=found.return_path or None))
    return response


def _make_wait(request: HttpRequest, found: Unrecognized) -> HttpResponse:
    request.session[WAITING_KEY] = {
        "tid": str(found.claims.tid),
        "oid": str(found.claims.oid),
        "address": found.claims.address,
        "name": found.claims.name,
        "return_path": found.return_path,
        "at": time.time(),
    }
    return SeeOther(reverse("microsoft:new"))


def _waiting(request: HttpRequest) -> dict[str, Any] | None:
    waiting: dict[str, Any] | None = request.session.get(WAITING_KEY)
    return waiting if waiting is not None and time.time() - waiting["at"] < WAITS else None


def _new_account_page(request: HttpRequest, form: AccountForm, waiting: Mapping[str, Any]) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "connections/accounts/new.html", {"form": form, "waiting": waiting}, status=status)


def _remove(request: HttpRequest) -> HttpResponse:
    form = RemoveIdentityForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        services.remove_identity(user_id=request.user.pk or 0, identity_id=form.cleaned_data["remove"])
    except NoSuchIdentity:
        raise Http404 from None
    except OnlyWayIn:
        return _identities_page(request, status=HTTPStatus.CONFLICT, only_way_in=True)
    _tell(request, "microsoft/email/removed")
    messages.success(request, "This Microsoft account no longer opens your account.")
    return SeeOther(reverse("microsoft:identities"))


def _tell(request: HttpRequest, occasion: str, **context: str) -> None:
    """A mail to the person about what now opens their account, as for every other change of it."""
    get_adapter(request).send_notification_mail(occasion, request.user, context)


def _identities_page(request: HttpRequest, *, status: HTTPStatus, only_way_in: bool = False) -> HttpResponse:
    theirs = MicrosoftIdentity.objects.filter(user_id=request.user.pk or 0).order_by("linked_at", "pk")
    context = {"identities": theirs, "only_way_in": only_way_in}
    return render(request, "connections/accounts/identities.html", context, status=status)
