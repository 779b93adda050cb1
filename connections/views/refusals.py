"""The pages for "nothing was connected": one each, all of one shape, never a blank error."""

from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from connections.reasons import WORDS
from connections.services import ConnectRefused, Outcome

# Most are the truthful end of a conversation with Microsoft, and no error of the request.
_STATUS: Final = {
    Outcome.EXPIRED: HTTPStatus.GONE,
    Outcome.OTHER_PERSON: HTTPStatus.FORBIDDEN,
    Outcome.PERSONAL: HTTPStatus.FORBIDDEN,
    Outcome.TENANT_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Outcome.WRONG_MAILBOX: HTTPStatus.CONFLICT,
    Outcome.TAKEN: HTTPStatus.CONFLICT,
    Outcome.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Outcome.OUR_SETUP: HTTPStatus.SERVICE_UNAVAILABLE,
    Outcome.UNREADABLE: HTTPStatus.BAD_REQUEST,
}


# Where people may have met "Need admin approval" without our hearing of it.
_MAY_BE_APPROVAL: Final = frozenset({Outcome.DECLINED, Outcome.EXPIRED, Outcome.BLOCKED, Outcome.SIGN_IN_AGAIN})


def refusal_page(request: HttpRequest, refused: ConnectRefused) -> HttpResponse:
    """
    What happened, who can solve it, the one button, what happens then. Microsoft's number and ids stand small below.

    The way back is known only where the person is: with an organization the button begins again, else it leads home.
    """
    refusal = refused.refusal
    context = {
        "slug": refused.slug,
        "connection_id": refused.connection_id,
        "next": refused.return_path,
        "expected": refused.expected,
        "found": refused.found,
        "refusal": refusal,
        "outcome": refused.outcome,
        "may_be_approval": _MAY_BE_APPROVAL,
        "words": WORDS.get(refusal.reason) if refusal else None,
        "code": refusal.reason if refusal else refused.outcome.value,
    }
    status = _STATUS.get(refused.outcome, HTTPStatus.OK)
    return render(request, f"connections/refusals/{refused.outcome}.html", context, status=status)
