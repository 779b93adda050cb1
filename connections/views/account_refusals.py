"""The page for "nobody was recognized": of the shape of all refusals, with words about signing in."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from connections.models import AccountPurpose
from connections.reasons import WORDS
from connections.services import NotRecognized, Outcome


@dataclass(frozen=True)
class _Page:
    """`what` may be a sentence of `reasons.WORDS` instead, where Microsoft said more."""

    heading: str
    what: str
    who: str
    then: str
    icon: str = "alert-circle"
    tone: str = "waits"
    status: HTTPStatus = HTTPStatus.OK


_AGAIN: Final = "you, by trying again."
_ADMINISTRATOR: Final = (
    "the people who look after Microsoft 365 in your company. You can also sign in here by password."
)
_NOTHING: Final = "Nothing was stored about you."

_PAGES: Final = {
    Outcome.DECLINED: _Page(
        "You said no at Microsoft",
        "Almanac asks there for your name and address, and for nothing else. Without a yes nobody is signed in.",
        _AGAIN,
        "Signing in by password goes on without Microsoft.",
        icon="circle-x",
    ),
    Outcome.APPROVAL: _Page(
        "Your company decides which apps you may sign in to",
        "Microsoft sent you back without an answer. Where companies restrict apps, an administrator approves Almanac "
        "first. If you only pressed “back”, try again.",
        _ADMINISTRATOR,
        "Once an administrator has approved, Microsoft does not ask again.",
        icon="shield-check",
    ),
    Outcome.EXPIRED: _Page(
        "This link is too old or was used",
        "A sign-in at Microsoft is good for ten minutes and for one try. This one is over.",
        "you, by starting again.",
        "If the first try went well, you are signed in already.",
        icon="clock",
        tone="unknown",
        status=HTTPStatus.GONE,
    ),
    Outcome.OTHER_PERSON: _Page(
        "Somebody else began this",
        "This sign-in was begun by another person or in another browser, so it cannot be finished here.",
        "you, by starting in this browser.",
        "If somebody sent you the link that brought you here, do not follow it again.",
        icon="user",
        tone="broken",
        status=HTTPStatus.FORBIDDEN,
    ),
    Outcome.TAKEN: _Page(
        "This Microsoft account opens another account",
        "It was added to another account at Almanac before, and it can belong to one only.",
        "whoever has that account, by taking it away there; or you, by choosing another Microsoft account.",
        "Both accounts stay as they are.",
        icon="users",
        status=HTTPStatus.CONFLICT,
    ),
    Outcome.BLOCKED: _Page(
        "Microsoft does not let you in",
        "A rule of your company does not allow this.",
        _ADMINISTRATOR,
        _NOTHING,
        icon="lock",
        tone="broken",
    ),
    Outcome.NOT_ASSIGNED: _Page(
        "You are not on the list of your company",
        "Your company decides by name who may use Almanac, and you are not on the list.",
        _ADMINISTRATOR,
        "Once you are on the list, try again.",
        icon="lock",
    ),
    Outcome.PERSONAL: _Page(
        "Please use your work account",
        "This is a personal Microsoft account. Here, only accounts of companies and schools can be used.",
        "you, by choosing your work or school account.",
        "Microsoft shows your accounts; take the one from your company.",
        icon="building",
        status=HTTPStatus.FORBIDDEN,
    ),
    Outcome.SIGN_IN_AGAIN: _Page(
        "Microsoft wants you to sign in again",
        "Microsoft did not take your sign-in this time.",
        _AGAIN,
        "Microsoft asks for your password or a second step, then you are back here.",
        icon="refresh",
    ),
    Outcome.BUSY: _Page(
        "Microsoft is not answering just now",
        "We could not finish your sign-in because Microsoft did not answer in time. It is not your fault.",
        "nobody has to. It passes by itself, mostly within minutes.",
        "Signing in by password goes on meanwhile.",
        icon="hourglass",
        tone="unknown",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
    ),
    Outcome.OUR_SETUP: _Page(
        "Our own set-up at Microsoft is wrong",
        "We cannot sign anybody in by Microsoft at the moment. It is not your fault.",
        "our operators, who have been told.",
        "Signing in by password goes on meanwhile.",
        icon="settings",
        tone="broken",
        status=HTTPStatus.SERVICE_UNAVAILABLE,
    ),
    Outcome.UNREADABLE: _Page(
        "We could not read the answer",
        "What came back from Microsoft does not fit what we had asked, so we did not believe it.",
        "you, by starting again. If it happens twice, tell our support.",
        _NOTHING,
        tone="broken",
        status=HTTPStatus.BAD_REQUEST,
    ),
}


def not_recognized_page(request: HttpRequest, refused: NotRecognized) -> HttpResponse:
    """What happened, who can solve it, the one button, what happens then; Microsoft's number and ids small below."""
    page, refusal = _PAGES[refused.outcome], refused.refusal
    words = WORDS.get(refusal.reason) if refusal and refused.outcome == Outcome.BLOCKED else None
    context = {
        "page": page,
        "what": words.sentence if words else page.what,
        "adds": refused.purpose == AccountPurpose.LINK,
        "next": refused.return_path,
        "found": refused.found,
        "refusal": refusal,
        "code": refusal.reason if refusal else refused.outcome.value,
    }
    return render(request, "connections/accounts/refused.html", context, status=page.status)
