"""Two doors: Graph's calls, and a person who wants us out of a mailbox."""

from http import HTTPStatus
from typing import Final

import structlog
from django import db
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from kombu.exceptions import OperationalError as BrokerError

from connections import services as connections
from connections.models import Connection, Status
from tenants.decorators import MemberRequest, member_required
from tenants.policies import Action
from webhooks import tasks
from webhooks.payloads import LARGEST_BODY, LONGEST_VALIDATION_TOKEN, TooMuch, Unreadable
from webhooks.services import intake

log = structlog.get_logger(__name__)

# What is echoed to whoever asks must be text to every browser, however old, and load nothing.
ECHO_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """
    Graph's calls: the handshake of a new subscription, notifications, and news of subscriptions themselves.

    202 says that everything genuine is stored; whatever was forged gets the same answer. 503 says that it could not
    be stored, and Graph tries again, for up to four hours. Anything else is not from Graph.
    """
    if "validationToken" in request.GET:
        return _shake_hands(request.GET["validationToken"])
    try:
        receipt = intake.receive(body=_body_of(request), now=timezone.now())
    except Unreadable:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    except TooMuch:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except db.Error:
        log.exception("notifications_not_stored")
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    _queue(receipt)
    return HttpResponse(status=HTTPStatus.ACCEPTED)


def _shake_hands(token: str) -> HttpResponse:
    """Give the token back, decoded. Nothing is looked up: the subscription does not exist yet."""
    if not 0 < len(token.encode()) <= LONGEST_VALIDATION_TOKEN:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    return HttpResponse(token, content_type="text/plain; charset=utf-8", headers=ECHO_HEADERS)


def _body_of(request: HttpRequest) -> bytes:
    """
    The body, of which we take no more than `LARGEST_BODY` whatever length the sender claims.

    Raises:
        TooMuch: it is longer.
        Unreadable: the sender went away.
    """
    try:
        body = request.read(LARGEST_BODY + 1)
    except UnreadablePostError as error:
        raise Unreadable from error
    if len(body) > LARGEST_BODY:
        raise TooMuch
    return body


def _queue(receipt: intake.Receipt) -> None:
    """The marks are stored, so a broker that is away costs time and nothing else: beat finds them."""
    try:
        for sync in receipt.syncs:
            tasks.queue_sync(sync)
        for subscription_id in receipt.subscriptions:
            tasks.reconcile_subscription.delay(subscription_id=subscription_id)
    except BrokerError:
        log.exception("notifications_not_queued")


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
