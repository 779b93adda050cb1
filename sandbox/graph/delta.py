"""`calendarView/delta`: rounds, pages and their links, with what integrators have observed of them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import Response

from sandbox import series
from sandbox.graph import query
from sandbox.graph.call import READ, Call
from sandbox.graph.envelope import answer, base_url, context
from sandbox.graph.routing import container
from sandbox.items import Event, Tombstone
from sandbox.refusals import Refusal
from sandbox.render import Renderer
from sandbox.tracking import Chain, Cursor, Oddities, Round

UNSUPPORTED = ("filter", "orderby", "expand", "search")
# Nobody has seen it: no item ever gets this number.
_NOBODY = 2**40

Items = list[dict[str, Any]]


@container.route("GET", "calendarView/delta")
def track(call: Call) -> Response:
    """One page: the first of a new chain, the next of a round, or the first of the next round."""
    call.need(READ)
    odd = call.sandbox.delta.oddities(call.person.oid)
    token = query.option("skiptoken") or query.option("deltatoken")
    cursor = _start(call) if token is None else _resume(call, token, odd)
    return _page(call, cursor, odd)


def _start(call: Call) -> Cursor:
    refused = [f"${name}" for name in UNSUPPORTED if query.option(name)]
    if refused:
        raise Refusal(
            400,
            "ErrorInvalidUrlQuery",
            "The following parameters are not supported with change tracking over the 'CalendarView' "
            f"resource: '{', '.join(refused)}'.",
        )
    start, end = query.window()
    chain = Chain(call.person.oid, call.calendar.number, start, end, query.selected(), call.mailbox.person.oid)
    return Cursor(chain, _round(call, chain, since=None))


def _resume(call: Call, token: str, odd: Oddities) -> Cursor:
    cursor = call.sandbox.delta.find(token)
    if cursor is None or (cursor.chain.oid, cursor.chain.lies_with) != (call.person.oid, call.mailbox.person.oid):
        raise _expired(odd)
    if call.reach.role is not None and cursor.chain.calendar != call.calendar.number:
        # What was allowed in one calendar of somebody says nothing of the others.
        raise _expired(odd)
    if cursor.chain.calendar not in call.mailbox.calendars:
        raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    if cursor.round is None:
        return Cursor(cursor.chain, _round(call, cursor.chain, since=cursor.since))
    return cursor


def _expired(odd: Oddities) -> Refusal:
    headers = {}
    if odd.expired_location:
        headers["Location"] = f"{base_url()}{query.path_below_version()}?$deltatoken="
    return Refusal(
        odd.expired_status,
        "SyncStateNotFound",
        "The sync state generation is not found; a full sync is required.",
        headers=headers,
    )


def _round(call: Call, chain: Chain, *, since: int | None) -> Round:
    """What the round will report, fixed now: changes from now on belong to the next one."""
    mailbox = call.mailbox
    lag = timedelta(seconds=call.sandbox.delta.oddities(chain.oid).lag)
    upto = mailbox.sequence_at(call.sandbox.clock.now() - lag)
    calendar = mailbox.calendars[chain.calendar]
    entries: list[int | Tombstone] = []
    if since is not None:
        entries += [
            grave for grave in mailbox.tombstones if grave.calendar == chain.calendar and since < grave.sequence <= upto
        ]
    entries += [
        event.number for event in mailbox.in_calendar(calendar) if since is None or since < event.changed <= upto
    ]
    return Round(chain, since, upto, tuple(entries))


def _page(call: Call, cursor: Cursor, odd: Oddities) -> Response:
    round_ = cursor.round
    if round_ is None:
        raise _expired(odd)
    if odd.empty_page and not cursor.opened:
        items: Items = []
        position, done = cursor.position, False
    else:
        size = min(call.prefer.page_size or query.DEFAULT_PAGE, odd.page_limit or query.LARGEST_PAGE)
        items, position = _collect(call, round_, cursor.position, size, odd)
        if odd.unknown_removal and cursor.position == 0:
            items.insert(0, call.renderer.removed(call.mailbox.ids.immutable(_NOBODY)))
        # A full page cannot know that it is the last: an empty one follows it.
        done = len(items) < size and position == len(round_.entries)
    if done:
        name, following = "deltatoken", Cursor(round_.chain, None, since=round_.upto)
    else:
        name, following = "skiptoken", Cursor(round_.chain, round_, position, opened=True)
    token = call.sandbox.delta.issue(following)
    return answer(
        {
            "@odata.context": context("Collection(event)"),
            "value": [query.narrow(item, round_.chain.select) for item in items],
            f"@odata.{'delta' if done else 'next'}Link": f"{base_url()}{query.path_below_version()}?${name}={token}",
        }
    )


def _collect(call: Call, round_: Round, position: int, size: int, odd: Oddities) -> tuple[Items, int]:
    """Items from an entry on until the page is full, and the entry that comes next. A series is never split."""
    items: Items = []
    renderer = call.renderer
    while position < len(round_.entries) and len(items) < size:
        entry = round_.entries[position]
        if isinstance(entry, Tombstone):
            block = [renderer.buried(entry)]
        else:
            # Deleted or moved away since the round began: the next round tells.
            event = call.mailbox.events.get(entry)
            here = event is not None and event.calendar == round_.chain.calendar
            block = _block(renderer, event, round_, odd) if event is not None and here else []
        if position == 0 and odd.duplicate:
            block = [*block, *block[:1]]
        items += block
        position += 1
    return items, position


def _block(renderer: Renderer, event: Event, round_: Round, odd: Oddities) -> Items:
    """What a round says of one event: itself, or a series as a whole, or that it is not in the window."""
    instances = series.view(event, round_.chain.start, round_.chain.end)
    later = round_.since is not None
    if not instances:
        # Whatever happens outside the window is told as a removal, even of what was never inside.
        return [renderer.removed(renderer.id_of(event))] if later else []
    if event.rule is None or event.raw is not None:
        return [renderer.in_delta(one) for one in instances]
    master = renderer.master_in_delta(event)
    if later and odd.series == "only-master":
        return [master]
    shown = [renderer.in_delta(one) for one in instances]
    if odd.series == "without-master":
        return shown
    return [master, *shown, *_taken_out(renderer, event, round_, odd)]


def _taken_out(renderer: Renderer, event: Event, round_: Round, odd: Oddities) -> Iterator[dict[str, Any]]:
    """Removals for deleted occurrences, which are not sent unless that was asked for."""
    if odd.series != "removal" or round_.since is None:
        return
    for day, sequence in event.cancelled.items():
        if sequence > round_.since:
            yield renderer.removed(renderer.id_of(event, day))
