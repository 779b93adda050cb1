"""
For a Microsoft administrator who was sent a link: what is asked, the way to Microsoft, and what came of it.

Outside every organization, and without an account. The first GET puts the link into the session and goes on to a clean
address; what is wrong, used, taken back or too old looks like what never was.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Final, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from connections.identity import TryLater
from connections.identity.permissions import asked_of_administrators, in_words
from connections.models import ApprovalState
from connections.services import approvals, proving
from connections.services.approvals import LinkDead
from connections.services.proving import AnsweredBefore, Doubt, NotAClaim, NotProven
from connections.views.connect import SeeOther
from connections.views.guessing import count_guess, guesses_too_much
from tenants.context import address_of

P = ParamSpec("P")

# In the session: the digest of the link that was opened here, and of the request that Microsoft came back for.
_OPENED: Final = "approval"
_CLAIMED: Final = "approval_claimed"
_STATUS: Final = {Doubt.BUSY: HTTPStatus.SERVICE_UNAVAILABLE, Doubt.OUR_SETUP: HTTPStatus.SERVICE_UNAVAILABLE}


def discreet(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Nobody stores the answer, no other site is told where the reader was, and no search engine lists it."""

    @wraps(view)
    def careful(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return careful


@discreet
@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """The link itself: kept in the session, so that it stands in no address from here on."""
    if guesses_too_much(request):
        return _render(request, "too_many", status=HTTPStatus.TOO_MANY_REQUESTS)
    link_digest = approvals.digest_of_link(token)
    try:
        approvals.read_link(link_digest=link_digest, now=timezone.now())
    except LinkDead:
        count_guess(request)
        return _dead(request)
    request.session[_OPENED] = link_digest
    return redirect("approvals:page")


@discreet
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What is asked, by whom, for what, and what it does not mean. Changes nothing."""
    try:
        letter = approvals.read_link(link_digest=_opened(request), now=timezone.now())
    except LinkDead:
        return _dead(request)
    return _render(
        request,
        "letter",
        letter=letter,
        permissions=in_words(asked_of_administrators(letter.scopes)),
        writes=any(scope.lower().endswith("readwrite") for scope in letter.scopes),
        publisher=settings.PUBLISHER,
        is_verified=settings.PUBLISHER_VERIFIED,
        client_id=settings.MICROSOFT_CLIENT_ID,
    )


@discreet
@require_POST
def go_on(request: HttpRequest) -> HttpResponse:
    """To Microsoft's own page for administrators."""
    now = timezone.now()
    try:
        letter = approvals.read_link(link_digest=_opened(request), now=now)
    except LinkDead:
        return _dead(request)
    return SeeOther(
        proving.address_at_microsoft(
            letter=letter, redirect_uri=settings.ALMANAC_ORIGIN + reverse("sign_in:approved"), now=now
        )
    )


@discreet
@require_POST
def refuse(request: HttpRequest) -> HttpResponse:
    """No, and everybody who waits is told."""
    try:
        told = approvals.decline(link_digest=_opened(request), ip=address_of(request), now=timezone.now())
    except LinkDead:
        return _dead(request)
    _forget(request)
    return _render(request, "declined", told=told)


# Not by HEAD: a state is good once, and what only looks must not use it up.
@discreet
@require_GET
def approved(request: HttpRequest) -> HttpResponse:
    """Microsoft sends the browser back. Whatever stands in the address is a claim, and is proven at once."""
    now, given = timezone.now(), request.GET
    state = given.get("state", "")
    try:
        if "error" in given:
            letter = proving.read_state(state=state, now=now)
            return _render(request, "refused", letter=letter, is_same_browser=_opened(request) == letter.link_digest)
        letter = proving.claim(
            state=state,
            tenant=given.get("tenant", ""),
            admin_consent=given.get("admin_consent", ""),
            ip=address_of(request),
            now=now,
        )
    except NotAClaim:
        return _dead(request)
    # This browser may prove the claim; to decline it would have to open the link itself.
    request.session[_CLAIMED] = letter.link_digest
    return _prove(request, letter.link_digest, prompt="none")


@discreet
@require_POST
def prove(request: HttpRequest) -> HttpResponse:
    """Once more, and this time Microsoft may ask who it is."""
    return _prove(request, request.session.get(_CLAIMED) or _opened(request), prompt="select_account")


def _prove(request: HttpRequest, link_digest: str, *, prompt: str) -> HttpResponse:
    if request.session.session_key is None:
        request.session.save()
    try:
        url = proving.begin_proof(
            link_digest=link_digest,
            session_key=request.session.session_key or "",
            redirect_uri=settings.ALMANAC_ORIGIN + reverse("sign_in:callback"),
            prompt=prompt,
            now=timezone.now(),
        )
    except LinkDead:
        return _dead(request)
    except TryLater:
        return _doubted(request, NotProven(Doubt.BUSY))
    return SeeOther(url)


def finish_proof(request: HttpRequest, key: str) -> HttpResponse:
    """The browser is back from the sign-in that proves the approval; called where all sign-ins end."""
    try:
        proven = proving.finish_proof(
            key=key, session_key=request.session.session_key or "", ip=address_of(request), now=timezone.now()
        )
    except LinkDead:
        return _dead(request)
    except NotProven as doubted:
        return _doubted(request, doubted)
    except AnsweredBefore as before:
        _forget(request)
        was_approved = before.state == ApprovalState.APPROVED
        return _render(request, "answered_before", was_approved=was_approved, domain=before.domain)
    _forget(request)
    return _render(request, "done", told=proven.told, domain=proven.domain)


def _doubted(request: HttpRequest, doubted: NotProven) -> HttpResponse:
    return _render(
        request,
        "not_proven",
        status=_STATUS.get(doubted.doubt, HTTPStatus.OK),
        doubt=doubted.doubt.value,
        domain=doubted.domain,
        refusal=doubted.refusal,
        may_prove=_CLAIMED in request.session,
    )


def _dead(request: HttpRequest) -> HttpResponse:
    return _render(request, "dead", status=HTTPStatus.NOT_FOUND)


def _render(request: HttpRequest, name: str, *, status: HTTPStatus = HTTPStatus.OK, **context: object) -> HttpResponse:
    context["support_address"] = settings.SUPPORT_ADDRESS
    return render(request, f"connections/approve/{name}.html", context, status=status)


def _opened(request: HttpRequest) -> str:
    return str(request.session.get(_OPENED, ""))


def _forget(request: HttpRequest) -> None:
    for name in (_OPENED, _CLAIMED):
        request.session.pop(name, None)
