"""
Where Microsoft sends the browser back to.

Its form comes from another site, so the session cookie stays behind. The callback therefore only keeps what was posted
and sends the browser on, by 303, to a GET of our own that has the session and does the rest.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Final
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from connections import services
from connections.services import ConnectRefused, Outcome, UnknownState, proving
from connections.views.accounts import recognize
from connections.views.approve import finish_proof
from connections.views.connect import SeeOther
from connections.views.refusals import refusal_page
from tenants.context import address_of

# What Microsoft may send, and how much of each; its codes are about 1 KB. What else comes is not kept.
LONGEST: Final = {
    "code": 8192,
    "state": 256,
    "error": 128,
    "error_subcode": 128,
    "error_uri": 1024,
    "error_description": 8192,
}
LARGEST_BODY: Final = 32 * 1024
MOST_FIELDS: Final = 32

View = Callable[[HttpRequest], HttpResponse]


def unrecorded(view: View) -> View:
    """Addresses here hold one-time keys: nobody stores the answer, and no other site is told where the reader was."""

    @wraps(view)
    def careful(request: HttpRequest) -> HttpResponse:
        response = view(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return careful


# The state takes the place of the CSRF token: it is random, ours, and good for one sign-in.
@csrf_exempt
@require_POST
@unrecorded
def callback(request: HttpRequest) -> HttpResponse:
    """Keep what Microsoft posted, if a sign-in waits for it. Looks at no session and takes any bytes."""
    fields = _posted(request)
    if fields is None:
        return refusal_page(request, ConnectRefused(Outcome.UNREADABLE))
    try:
        key = _keep(fields)
    except UnknownState:
        return refusal_page(request, ConnectRefused(Outcome.EXPIRED))
    return SeeOther(f"{reverse('sign_in:finish')}?{urlencode({'k': key})}")


@require_GET
@unrecorded
def finish(request: HttpRequest) -> HttpResponse:
    """The browser is back with its session: go on as what it began asks for, or say why not."""
    if services.is_account_answer(key=request.GET.get("k", "")):
        return recognize(request)
    if proving.is_proof(request.GET.get("k", "")):
        return finish_proof(request, request.GET["k"])
    try:
        connected = services.finish_connect(
            key=request.GET.get("k", ""),
            session_key=request.session.session_key or "",
            user_id=request.user.pk,
            ip=address_of(request),
            now=timezone.now(),
        )
    except ConnectRefused as refused:
        return refusal_page(request, refused)
    url = reverse("calendars:welcome", args=[connected.slug, connected.connection_id])
    return SeeOther(f"{url}?{urlencode({'next': connected.return_path})}" if connected.return_path else url)


def _keep(fields: Mapping[str, str]) -> str:
    """Keep the answer for whichever trip waits for it; the one-time key."""
    try:
        return services.keep_answer(fields=fields, now=timezone.now())
    except UnknownState:
        return services.keep_account_answer(fields=fields, now=timezone.now())


def _posted(request: HttpRequest) -> Mapping[str, str] | None:
    """The fields that we know of a form that Microsoft may have sent; None for anything else."""
    if request.content_type != "application/x-www-form-urlencoded":
        return None
    try:
        body = request.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            return None
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except (UnreadablePostError, ValueError):
        return None
    # The first of each name counts, as nothing of Microsoft's comes twice.
    fields = {name: value for name, value in reversed(pairs) if name in LONGEST}
    if any(len(value) > LONGEST[name] for name, value in fields.items()) or not fields.get("state"):
        return None
    return fields
