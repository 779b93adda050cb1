"""What people read when who belongs where cannot be changed as they wished."""

from http import HTTPStatus
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render

from tenants import services
from tenants.decorators import MemberRequest


class Words(NamedTuple):
    status: HTTPStatus
    heading: str
    sentences: tuple[str, ...]


WORDS: dict[type[Exception], Words] = {
    services.NotAllowed: Words(
        HTTPStatus.FORBIDDEN,
        "Your role does not include this any more",
        ("Somebody changed your role a moment ago. Nothing else was changed.",),
    ),
    services.AboveOwnRole: Words(
        HTTPStatus.FORBIDDEN,
        "Only an owner can do this",
        ("Nobody gives or takes a role above their own. Ask one of the owners. Nothing was changed.",),
    ),
    services.HasLeft: Words(
        HTTPStatus.CONFLICT,
        "This person is not a member any more",
        ("They have left, or somebody removed them a moment ago. There is nothing left to change.",),
    ),
    services.LastOwner: Words(
        HTTPStatus.CONFLICT,
        "An organization needs an owner",
        (
            "This is the only owner, so nothing was changed.",
            "Make another member an owner, or hand the organization over. What nobody needs any more can be deleted.",
        ),
    ),
    services.NoSuchInvitation: Words(
        HTTPStatus.CONFLICT,
        "This invitation is not open any more",
        ("It was used or taken back a moment ago. There is nothing left to change.",),
    ),
}
REFUSALS = tuple(WORDS)


def refused(request: MemberRequest, error: Exception) -> HttpResponse:
    """The page for one of `REFUSALS`: what happened, and who can do something about it."""
    words = WORDS[type(error)]
    return render(request, "tenants/people/refused.html", {"words": words}, status=words.status)
