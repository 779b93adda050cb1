"""What is said about a meeting: accepting, declining, calling it off, passing it on. All answer 202 and nothing."""

from flask import Response

from sandbox import answers, edits
from sandbox.answers import Answer
from sandbox.drafts import fold
from sandbox.graph.addressing import addressed
from sandbox.graph.call import WRITE, Call
from sandbox.graph.envelope import empty
from sandbox.graph.routing import container
from sandbox.members import text
from sandbox.refusals import invalid_request


@container.route("POST", "events/*/accept")
def accept(call: Call) -> Response:
    return _respond(call, Answer.ACCEPTED)


@container.route("POST", "events/*/tentativelyAccept")
def tentatively_accept(call: Call) -> Response:
    return _respond(call, Answer.TENTATIVE)


@container.route("POST", "events/*/decline")
def decline(call: Call) -> Response:
    return _respond(call, Answer.DECLINED)


@container.route("POST", "events/*/cancel")
def cancel(call: Call) -> Response:
    call.need(WRITE)
    event, slot = addressed(call)
    # What it says goes into the message to the attendees, and messages are not imitated.
    text(fold(call.body()).get("comment"))
    if not event.members["isOrganizer"]:
        raise invalid_request("Your request can't be completed. You need to be an organizer to cancel a meeting.")
    edits.cancel(call.mailbox, event, slot)
    return empty(202)


@container.route("POST", "events/*/forward")
def forward(call: Call) -> Response:
    call.need(WRITE)
    event, slot = addressed(call)
    answers.forward(call.mailbox, event, slot, answers.read_recipients(call.body()))
    return empty(202)


def _respond(call: Call, answer: Answer) -> Response:
    call.need(WRITE)
    event, slot = addressed(call)
    answers.respond(call.mailbox, event, slot, answer, answers.read_reply(call.body()))
    return empty(202)
