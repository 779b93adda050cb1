"""The door for Graph's calls."""

from http import HTTPStatus
from typing import Final

import structlog
from django import db
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError as BrokerError

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
