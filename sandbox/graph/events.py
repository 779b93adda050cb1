"""Single events and series: listing, showing, making, changing and deleting them."""

import hashlib
from typing import Any

import orjson
from flask import Response, request

from sandbox import attachments, drafts, edits, extensions, series
from sandbox.drafts import Draft
from sandbox.graph import expand, groups, query, related
from sandbox.graph.addressing import addressed
from sandbox.graph.call import READ, WRITE, Call
from sandbox.graph.envelope import GRAPH, answer, base_url, context, empty
from sandbox.graph.listing import count, listing
from sandbox.graph.query import Shown
from sandbox.graph.routing import container
from sandbox.items import Event
from sandbox.refusals import Refusal


@container.route("GET", "events")
def list_events(call: Call) -> Response:
    """Singles and masters of one calendar."""
    call.need(READ)
    return listing(call, list(call.mailbox.in_calendar(call.calendar)), "events", related.singles(call))


@container.route("GET", "events/$count")
def count_events(call: Call) -> Response:
    call.need(READ)
    return count(list(call.mailbox.in_calendar(call.calendar)), related.singles(call))


@container.route("POST", "events")
def create_event(call: Call) -> Response:
    call.need(WRITE)
    sent = call.body()
    draft = _draft(call, sent)
    if call.reach.copy is not None:
        # Nobody asked the owner whether to be reminded of what others plan.
        draft.members.setdefault("isReminderOn", False)
    digest = hashlib.sha256(orjson.dumps(sent, option=orjson.OPT_SORT_KEYS)).hexdigest()
    transaction = draft.members.get("transactionId")
    event = _made_before(call, transaction, digest)
    if event is None:
        draft.attachments = attachments.read_all(call.mailbox, drafts.given(sent, "attachments"))
        if draft.attachments and call.group is not None:
            raise groups.not_supported("attachments")
        event = edits.create(call.mailbox, call.calendar, draft)
        if transaction:
            call.mailbox.transactions[transaction] = (event.number, digest)
    if call.prefer.takes_minimal():
        response = empty(204)
    else:
        shown = query.narrow(call.renderer.single(event), query.selected())
        if draft.extensions:
            shown["extensions"] = [extensions.shown(each) for each in event.extensions.values()]
        response = answer(_entity(call, shown), 201)
    response.headers["Location"] = f"{base_url()}/{call.root}/events('{call.renderer.id_of(event)}')"
    response.headers["ETag"] = call.mailbox.ids.etag(event.changed)
    return response


def _draft(call: Call, sent: dict[str, Any]) -> Draft:
    draft = drafts.read(sent)
    if call.group is not None:
        # Nobody is reminded by the calendar of a group.
        draft.members.pop("isReminderOn", None)
    return draft


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
    place = event, slot = addressed(call)
    query.refuse_search()
    expanders = related.one_event(call)
    wishes = expand.read(expanders)
    names = query.selected()
    if "cancelledoccurrences" in names and event.rule is not None and slot is None:
        # In the published sample these two come along unasked.
        shown = query.narrow(related.show_place(call.renderer, place), (*names, "icaluid", "uid"))
        shown["cancelledOccurrences"] = [call.renderer.occurrence_id(event, day) for day in sorted(event.cancelled)]
    else:
        shown = query.narrow(related.show_place(call.renderer, place), names)
    for wish in wishes:
        shown = shown | expanders[wish.name](place, wish)
    if not names:
        calendar = "calendar" if call.group is not None else f"calendars('{call.calendar_id_of(event)}')"
        link = f"{GRAPH}/v1.0/{call.root}/{calendar}"
        shown = shown | {"calendar@odata.associationLink": f"{link}/$ref", "calendar@odata.navigationLink": link}
    response = answer(_entity(call, shown))
    response.headers["ETag"] = call.mailbox.ids.etag(event.changed)
    return response


@container.route("PATCH", "events/*")
def update_event(call: Call) -> Response:
    call.need(WRITE)
    event, slot = addressed(call)
    _require_match(call, event)
    draft = _draft(call, call.body())
    if slot is None:
        edits.update(call.mailbox, event, draft)
    else:
        edits.edit_occurrence(call.mailbox, event, slot, draft)
    if call.prefer.takes_minimal():
        response = empty(204)
    else:
        shown = related.show_place(call.renderer, (event, slot))
        response = answer(_entity(call, query.narrow(shown, query.selected())))
    response.headers["ETag"] = call.mailbox.ids.etag(event.changed)
    return response


@container.route("DELETE", "events/*")
def delete_event(call: Call) -> Response:
    call.need(WRITE)
    event, slot = addressed(call)
    _require_match(call, event)
    if slot is None:
        edits.delete(call.mailbox, event)
    else:
        edits.delete_occurrence(call.mailbox, event, slot)
    return empty(204)


@container.route("POST", "events/*/permanentDelete")
def delete_event_for_good(call: Call) -> Response:
    """As if it had been deleted: nobody sees that it skips Deleted Items."""
    return delete_event(call)


@container.route("GET", "events/*/instances")
def list_instances(call: Call) -> Response:
    """Occurrences and exceptions of one series in a window."""
    call.need(READ)
    event, slot = addressed(call)
    start, end = query.window()
    if event.rule is None or slot is not None:
        raise Refusal(
            400, "ErrorInvalidRequest", "Your request can't be completed. Only a series master has instances."
        )
    what = f"events('{call.path_ids[0]}')/instances"
    return listing(call, series.view(event, start, end), what, related.instances(call))


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


def _entity(call: Call, shown: Shown) -> dict[str, Any]:
    where = f"{call.root}/events{query.selection()}/$entity"
    return {"@odata.context": context(where), **shown}
