"""What all control doors share: the blueprint, how a request is read, and how a wrong one is answered."""

import json
from typing import Annotated, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.directory import Person
from sandbox.graph.envelope import answer
from sandbox.identity import UnknownName
from sandbox.items import Calendar
from sandbox.members import DEEPEST, is_too_deep
from sandbox.refusals import Refusal
from sandbox.sentences import sentence
from sandbox.state import Sandbox
from sandbox.world import Mailbox

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")

Model = TypeVar("Model", bound=BaseModel)

LONGEST = 10 * 366 * 86_400
# A stretch of time that can still be added to a moment.
Seconds = Annotated[float, Field(ge=0, le=LONGEST)]


class WrongRequest(ValueError):
    """What was asked of a door makes no sense; the sentence says why."""


class Door(BaseModel):
    model_config = ConfigDict(extra="forbid")


@blueprint.before_request
def _json_only() -> Response | None:
    # A page of a stranger can post a form here without asking; JSON it cannot.
    if request.method == "POST" and request.mimetype != "application/json":
        return wrong("The control doors take application/json.", 415)
    if request.headers.get("Origin"):
        return wrong("The control doors are not for web pages.", 403)
    return None


@blueprint.errorhandler(WrongRequest)
@blueprint.errorhandler(UnknownName)
def _say_why(error: WrongRequest | UnknownName) -> Response:
    return wrong(str(error))


@blueprint.errorhandler(Refusal)
def _say_why_not(refusal: Refusal) -> Response:
    return wrong(f"{refusal.code}: {refusal.message}")


def wrong(sentence: str, status: int = 400) -> Response:
    return answer({"error": sentence}, status)


def read(model: type[Model]) -> Model:
    try:
        # The tolerant reader: what is shown verbatim may hold half a surrogate pair.
        sent = json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError) as error:
        raise WrongRequest(f"The body is no JSON: {error}.") from error
    if is_too_deep(sent):
        raise WrongRequest(f"The body is nested deeper than {DEEPEST} levels.")
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        raise WrongRequest(sentence(error)) from error


def owner(sandbox: Sandbox, address: str) -> Person:
    """Who has that address; a group, as somebody who owns a mailbox."""
    person = sandbox.directory.find_person(address)
    if person is not None:
        return person
    group = sandbox.directory.find_group(address)
    if group is None:
        raise WrongRequest(f"Nobody here is {address!r}.")
    return group.as_owner()


def mailbox_of(sandbox: Sandbox, address: str) -> Mailbox:
    found = sandbox.world.mailbox(owner(sandbox, address))
    if found is None:
        raise WrongRequest(f"{address} has no mailbox.")
    return found


def calendar_named(mailbox: Mailbox, name: str | None) -> Calendar:
    """By id or by name; the default calendar if none is named."""
    if not name:
        return mailbox.default_calendar
    for calendar in mailbox.calendars.values():
        if name in {calendar.id, calendar.name}:
            return calendar
    raise WrongRequest(f"{mailbox.person.mail} has no calendar {name!r}.")
