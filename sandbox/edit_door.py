"""`POST /_sandbox/edit`: changing a mailbox as people, other clients and odd servers do."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox import answers, drafts, edits, series, settings
from sandbox.items import Calendar, Event
from sandbox.refusals import Refusal
from sandbox.render import Form, Renderer
from sandbox.world import Mailbox

Operation = Literal[
    "create", "update", "delete", "move", "cancel", "edit-occurrence", "delete-occurrence", "raw", "settings",
    "accept", "tentativelyAccept", "decline", "forward",
]  # fmt: skip


class EditRequest(BaseModel):
    """
    `id` is in either form. For one instance of a series it is the instance's, or the series' with
    `date`, the day on which the rule put it.
    """

    model_config = ConfigDict(extra="forbid")

    mailbox: str
    op: Operation
    # Where to create; for move, where to.
    calendar: str | None = None
    id: str | None = None
    day: date | None = Field(default=None, alias="date")
    event: dict[str, Any] | None = None
    # What goes with an answer, or says to whom to forward, as Graph's actions take it.
    body: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None


def perform(mailbox: Mailbox, wish: EditRequest, *, calendar: Calendar) -> dict[str, Any]:
    """
    Do it, and say what came of it: both ids, and the event as Graph shows it now.

    Raises:
        Refusal: it cannot be done.
    """
    match wish.op:
        case "settings":
            return _set(mailbox, wish)
        case "create":
            return _shown(mailbox, edits.create(mailbox, calendar, _draft(wish)))
        case "raw":
            known = mailbox.find(wish.id)[0] if wish.id is not None else None
            return _shown(mailbox, edits.put_raw(mailbox, calendar, wish.event or {}, known))
        case _:
            return _change(mailbox, wish, calendar)


def _change(mailbox: Mailbox, wish: EditRequest, calendar: Calendar) -> dict[str, Any]:
    event, slot = _named(mailbox, wish)
    before = _ids(mailbox, event, slot)
    match wish.op:
        case "update" if slot is None:
            edits.update(mailbox, event, _draft(wish))
        case "update" | "edit-occurrence":
            edits.edit_occurrence(mailbox, event, _day(slot), _draft(wish))
        case "delete" if slot is None:
            edits.delete(mailbox, event)
        case "delete" | "delete-occurrence":
            edits.delete_occurrence(mailbox, event, _day(slot))
        case "move":
            if wish.calendar is None:
                raise Refusal(400, "InvalidRequest", "move needs the calendar to move to.")
            edits.move(mailbox, event, calendar)
        case "cancel":
            edits.cancel(mailbox, event, slot)
        case "accept" | "tentativelyAccept" | "decline":
            answers.respond(mailbox, event, slot, answers.ANSWERS[wish.op], answers.read_reply(wish.body or {}))
        case "forward":
            answers.forward(mailbox, event, slot, answers.read_recipients(wish.body or {}))
    if event.number not in mailbox.events or slot in event.cancelled:
        return before
    return _shown(mailbox, event, slot)


def _named(mailbox: Mailbox, wish: EditRequest) -> tuple[Event, date | None]:
    if wish.id is None:
        raise Refusal(400, "InvalidRequest", f"{wish.op} needs the id of an event.")
    event, slot = mailbox.find(wish.id)
    slot = slot or wish.day
    if slot is not None:
        series.instance_at(event, slot)
    return event, slot


def _day(slot: date | None) -> date:
    if slot is None:
        raise Refusal(400, "InvalidRequest", "That is no occurrence: give its id, or the series' id and a date.")
    return slot


def _draft(wish: EditRequest) -> drafts.Draft:
    return drafts.read(wish.event or {}, trusted=True)


def _set(mailbox: Mailbox, wish: EditRequest) -> dict[str, Any]:
    """`keepDeclined` is a switch of the sandbox, whatever else may be set is Graph's."""
    given = dict(wish.settings or wish.event or {})
    keep = given.pop("keepDeclined", None)
    if keep is not None and not isinstance(keep, bool):
        raise Refusal(400, "InvalidRequest", "keepDeclined is true or false.")
    shown = _set_as_graph(mailbox, given) if given or keep is None else {}
    if keep is None:
        return shown
    mailbox.keeps_declined = keep
    return {**shown, "keepDeclined": keep}


def _set_as_graph(mailbox: Mailbox, given: dict[str, Any]) -> dict[str, Any]:
    mailbox.settings, names = settings.read(mailbox.settings, given)
    if not names:
        raise Refusal(400, "InvalidRequest", "settings takes keepDeclined and what a PATCH of mailboxSettings takes.")
    shown = settings.shown(mailbox.settings, now=mailbox.clock.now())
    return {name: shown[name] for name in names}


def _ids(mailbox: Mailbox, event: Event, slot: date | None) -> dict[str, Any]:
    return {
        "id": Renderer(mailbox.ids, Form()).id_of(event, slot),
        "immutableId": Renderer(mailbox.ids, Form(immutable=True)).id_of(event, slot),
    }


def _shown(mailbox: Mailbox, event: Event, slot: date | None = None) -> dict[str, Any]:
    renderer = Renderer(mailbox.ids, Form(immutable=True))
    shown = renderer.single(event) if slot is None else renderer.instance(series.instance_at(event, slot))
    return {**_ids(mailbox, event, slot), "event": shown}
