"""Single events and series: listing, showing, making, changing and deleting them."""

import hashlib
from datetime import date
from typing import Any

import orjson
from flask import Response, request

from sandbox import drafts, edits, series
from sandbox.graph import query
from sandbox.graph.call import READ, WRITE, Call
from sandbox.graph.envelope import answer, context, empty
from sandbox.graph.routing import container
from sandbox.items import Event
from sandbox.refusals import Refusal
from sandbox.render import Renderer


@container.route("GET", "events")
def list_events(call: Call) -> Response:
    """Singles and masters of one calendar."""
    call.need(READ)
    renderer = call.renderer
    shown = [renderer.single(event) for event in call.mailbox.in_calendar(call.calendar)]
    return listing(call, shown, "events")


@container.route("POST", "events")
def create_event(call: Call) -> Response:
    call.need(WRITE)
    sent = call.body()
    draft = drafts.read(sent)
    if call.reach.copy is not None:
        # Nobody asked the owner whether to be reminded of what others plan.
        draft.members.setdefault("isReminderOn", False)
    digest = hashlib.sha256(orjson.dumps(sent, option=orjson.OPT_SORT_KEYS)).hexdigest()
    transaction = draft.members.get("transactionId")
    event = _made_before(call, transaction, digest)
    if event is None:
        event = edits.create(call.mailbox, call.calendar, draft)
        if transaction:
            call.mailbox.transactions[transaction] = (event.number, digest)
    response = answer(_entity(call, call.renderer.single(event)), 201)
    response.headers["Location"] = (
        f"https://graph.microsoft.com/v1.0/{call.root}/events('{call.renderer.id_of(event)}')"
    )
    response.headers["ETag"] = call.mailbox.ids.etag(event.changed)
    return response


def _made_before(call: Call, transaction: str | None, digest: str) -> Event | None:
    """The event that an earlier POST with the same transactionId made, if it is still there."""
    number, before = call.mailbox.transactions.get(transaction or "", (0, ""))
    event = call.mailbox.events.get(number)
    if event is not None and before != digest:
        raise Refusal(
            400,
            "ErrorDuplicateTransactionId",
            "The TransactionId specified in the request has already been used to create a different event.",
            more={"@event.existingEventId": call.renderer.id_of(event)},
        )
    return event


@container.route("GET", "events/*")
def show_event(call: Call) -> Response:
    call.need(READ)
    event, slot = _found(call)
    renderer = call.renderer
    shown = renderer.single(event) if slot is None else renderer.instance(series.instance_at(event, slot))
    names = query.selected()
    more = _exceptions(event, renderer) if slot is None and event.rule is not None else {}
    kept = query.narrow(shown, names) | {name: value for name, value in more.items() if name.lower() in names}
    if not names:
        place = f"https://graph.microsoft.com/v1.0/{call.root}/calendars('{call.calendar_id_of(event)}')"
        kept |= {"calendar@odata.associationLink": f"{place}/$ref", "calendar@odata.navigationLink": place}
    response = answer(_entity(call, kept))
    response.headers["ETag"] = call.mailbox.ids.etag(event.changed)
    return response


def _exceptions(event: Event, renderer: Renderer) -> dict[str, Any]:
    """What a master shows only when it is asked for by name."""
    found: dict[str, Any] = {
        "cancelledOccurrences": [renderer.occurrence_id(event, day) for day in sorted(event.cancelled)]
    }
    if (query.option("expand") or "").lower().startswith("exceptionoccurrences"):
        found["exceptionOccurrences"] = [
            renderer.instance(series.instance_at(event, day)) for day in sorted(event.overrides)
        ]
    return found


@container.route("PATCH", "events/*")
def update_event(call: Call) -> Response:
    call.need(WRITE)
    event, slot = _found(call)
    _require_match(call, event)
    draft = drafts.read(call.body())
    renderer = call.renderer
    if slot is None:
        edits.update(call.mailbox, event, draft)
        shown = renderer.single(event)
    else:
        edits.edit_occurrence(call.mailbox, event, slot, draft)
        shown = renderer.instance(series.instance_at(event, slot))
    if call.prefer.minimal:
        return empty(204)
    response = answer(_entity(call, query.narrow(shown, query.selected())))
    response.headers["ETag"] = call.mailbox.ids.etag(event.changed)
    return response


@container.route("DELETE", "events/*")
def delete_event(call: Call) -> Response:
    call.need(WRITE)
    event, slot = _found(call)
    _require_match(call, event)
    if slot is None:
        edits.delete(call.mailbox, event)
    else:
        edits.delete_occurrence(call.mailbox, event, slot)
    return empty(204)


@container.route("GET", "events/*/instances")
def list_instances(call: Call) -> Response:
    """Occurrences and exceptions of one series in a window."""
    call.need(READ)
    event, slot = _found(call)
    start, end = query.window()
    if event.rule is None or slot is not None:
        raise Refusal(
            400, "ErrorInvalidRequest", "Your request can't be completed. Only a series master has instances."
        )
    renderer = call.renderer
    shown = [renderer.instance(one) for one in series.view(event, start, end)]
    return listing(call, shown, f"events('{call.path_ids[0]}')/instances")


def listing(call: Call, shown: list[dict[str, Any]], what: str) -> Response:
    """A list as the query options want it, one page of it."""
    shown = query.ordered(query.fitting(shown, query.read_filter()))
    part, next_link = query.page(shown, query.page_size(call.prefer.page_size))
    names = query.selected()
    body: dict[str, Any] = {"@odata.context": context(f"{call.root}/{what}")}
    if query.wants_count():
        body["@odata.count"] = len(shown)
    body["value"] = [query.narrow(each, names) for each in part]
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    return answer(body)


def _found(call: Call) -> tuple[Event, date | None]:
    """The event of the path. Under a named calendar it must be in that calendar."""
    event, slot = call.mailbox.find(call.ids[0])
    if call.calendar_id is not None and event.calendar != call.calendar.number:
        raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    if slot is not None:
        series.instance_at(event, slot)
    return event, slot


def _require_match(call: Call, event: Event) -> None:
    """
    Raises:
        Refusal: If-Match holds an older version, in either spelling of it.
    """
    given = request.headers.get("If-Match", "").strip()
    ids = call.mailbox.ids
    if given and given != "*" and given not in {ids.etag(event.changed), ids.long_etag(event.changed)}:
        raise Refusal(
            412,
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the "
            "request does not match the current change key for the item.",
        )


def _entity(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    return {"@odata.context": context(f"{call.root}/events/$entity"), **shown}
