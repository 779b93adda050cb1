"""
`calendarView/delta`, and `events/delta` over a window: rounds, pages and their links, with what
integrators have observed of them.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from flask import Response, request

from sandbox import series
from sandbox.graph import query
from sandbox.graph.call import READ, Call
from sandbox.graph.envelope import answer, base_url, context
from sandbox.graph.routing import container
from sandbox.items import Event, Tombstone
from sandbox.refusals import Refusal, item_not_found
from sandbox.render import Renderer
from sandbox.tracking import Chain, Cursor, Oddities, Round

UNSUPPORTED = ("filter", "orderby", "expand", "search")
# Seen in answers of the service, and in none of its schemas.
UNDECLARED = {"IsRoomRequested": False, "AutoRoomBookingStatus": "None"}
# Nobody has seen it: no item ever gets this number.
_NOBODY = 2**40

Items = list[dict[str, Any]]
Entries = list[int | Tombstone]


@container.route("GET", "calendarView/delta", "events/delta")
def track(call: Call) -> Response:
    """One page: the first of a new chain, the next of a round, or the first of the next round."""
    call.need(READ)
    odd = call.sandbox.delta.oddities(call.person.oid)
    token = query.option("skiptoken") or query.option("deltatoken")
    if token is not None and token.lower() == "latest":
        # Directory objects can be tracked from now on; calendars only from a first round on.
        raise Refusal(400, "BadRequest", "Badly formed token.")
    cursor = _resume(call, token, odd) if token else _start(call, odd, anew=token is not None)
    return _page(call, cursor, odd)


def _start(call: Call, odd: Oddities, *, anew: bool) -> Cursor:
    """A full round. `anew`: with the empty token of a reset, which may leave the window to us."""
    unsupported = UNSUPPORTED if odd.select != "refuse" else ("select", *UNSUPPORTED)
    refused = [f"${name}" for name in unsupported if query.option(name)]
    if refused:
        raise Refusal(
            400,
            "ErrorInvalidUrlQuery",
            "The following parameters are not supported with change tracking over the 'CalendarView' "
            f"resource: '{', '.join(refused)}'.",
        )
    known = call.sandbox.delta.latest(call.person.oid, call.calendar.number) if anew else None
    if known is not None and query.option("startDateTime") is None:
        return Cursor(known, _round(call, known, since=None, odd=odd))
    start, end = query.window()
    chain = Chain(
        call.person.oid,
        call.calendar.number,
        start,
        end,
        query.selected() if odd.select == "reduce" else (),
        lies_with=call.mailbox.person.oid,
        top=query.count_option("top", lowest=1) if odd.top else None,
    )
    return Cursor(chain, _round(call, chain, since=None, odd=odd))


def _resume(call: Call, token: str, odd: Oddities) -> Cursor:
    cursor = call.sandbox.delta.find(token)
    if cursor is None or (cursor.chain.oid, cursor.chain.lies_with) != (call.person.oid, call.mailbox.person.oid):
        raise _expired(odd)
    if call.reach.role is not None and cursor.chain.calendar != call.calendar.number:
        # What was allowed in one calendar of somebody says nothing of the others.
        raise _expired(odd)
    if odd.strict_links and len(request.args) > 1:
        raise Refusal(400, "ErrorInvalidUrlQuery", "A link of change tracking takes no further parameters.")
    if cursor.chain.calendar not in call.mailbox.calendars:
        raise item_not_found()
    if cursor.round is None:
        return Cursor(cursor.chain, _round(call, cursor.chain, since=cursor.since, odd=odd))
    return cursor


def _expired(odd: Oddities) -> Refusal:
    headers = {}
    if odd.expired_location:
        headers["Location"] = f"{base_url()}{query.path_below_version()}?$deltatoken="
    return Refusal(
        odd.expired_status,
        odd.expired_code,
        "The sync state generation is not found; a full sync is required.",
        headers=headers,
    )


def _round(call: Call, chain: Chain, *, since: int | None, odd: Oddities) -> Round:
    """What the round will report, fixed now: changes from now on belong to the next one."""
    mailbox = call.mailbox
    upto = mailbox.sequence_at(call.sandbox.clock.now() - timedelta(seconds=odd.lag))
    events = list(mailbox.in_calendar(mailbox.calendars[chain.calendar]))
    graves: list[Tombstone] = []
    replayed: Entries = []
    if since is not None:
        graves = [
            each for each in mailbox.tombstones if each.calendar == chain.calendar and since < each.sequence <= upto
        ]
        before = [event for event in events if event.changed <= since]
        if odd.replay and before:
            replayed = [max(before, key=lambda event: event.changed).number]
    changed = [event.number for event in events if since is None or since < event.changed <= upto]
    entries: Entries = [*replayed, *graves, *changed]
    if odd.shuffle:
        entries = _shuffled(entries, seed=upto)
    return Round(chain, since, upto, tuple(entries))


def _shuffled(entries: Entries, *, seed: int) -> Entries:
    """In any order, except that what left and came back is told in this order: the last word counts."""
    left = {entry.number for entry in entries if isinstance(entry, Tombstone)}
    back: Entries = [entry for entry in entries if isinstance(entry, int) and entry in left]
    others = [entry for entry in entries if isinstance(entry, Tombstone) or entry not in left]
    Random(seed).shuffle(others)
    return [*others, *back]


def _page(call: Call, cursor: Cursor, odd: Oddities) -> Response:
    round_ = cursor.round
    if round_ is None:
        raise _expired(odd)
    if odd.empty_page and cursor.page == 0:
        items: Items = []
        following, done = cursor, False
    else:
        wanted = call.prefer.page_size or round_.chain.top or query.DEFAULT_PAGE
        size = min(wanted, odd.page_limit or query.LARGEST_PAGE)
        items, following = _collect(call, cursor, round_, size, odd)
        if odd.unknown_removal and cursor.page == int(odd.empty_page):
            items.insert(0, _as_odd(call.renderer.removed(call.mailbox.ids.immutable(_NOBODY)), odd))
        # A full page cannot know that it is the last: an empty one follows it.
        done = len(items) < size and following.position == len(round_.entries)
        if items and odd.empty_last_page:
            done = False
    if done:
        name, following = "deltatoken", Cursor(round_.chain, None, since=round_.upto)
    else:
        name, following = "skiptoken", replace(following, page=cursor.page + 1)
    token = call.sandbox.delta.issue(following)
    return answer(
        {
            "@odata.context": context("Collection(event)"),
            "value": [query.narrow(item, round_.chain.select) for item in items],
            f"@odata.{'delta' if done else 'next'}Link": f"{base_url()}{query.path_below_version()}?${name}={token}",
        }
    )


def _collect(call: Call, cursor: Cursor, round_: Round, size: int, odd: Oddities) -> tuple[Items, Cursor]:
    """Items from the cursor on until the page is full, and what comes next. A series is not split unless it may be."""
    items: Items = []
    position, shown, renderer = cursor.position, cursor.shown, call.renderer
    while position < len(round_.entries) and len(items) < size:
        block = _entry(call, renderer, round_, position, odd)[shown:]
        room = size - len(items)
        if odd.split_series and len(block) > room:
            items += block[:room]
            shown += room
        else:
            items += block
            position, shown = position + 1, 0
    return items, replace(cursor, position=position, shown=shown)


def _entry(call: Call, renderer: Renderer, round_: Round, position: int, odd: Oddities) -> Items:
    """All that one entry of a round brings."""
    entry, verbatim = round_.entries[position], False
    if isinstance(entry, Tombstone):
        block = _gone(renderer, entry, round_.chain, odd)
    else:
        # Deleted or moved away since the round began: the next round tells.
        event = call.mailbox.events.get(entry)
        if event is None or event.calendar != round_.chain.calendar:
            return []
        block = _block(renderer, event, round_, odd)
        verbatim = event.raw is not None
    if odd.shuffle:
        Random(f"{round_.upto}:{position}").shuffle(block)
    if position == 0 and odd.duplicate:
        block = [*block, *block[:1]]
    return block if verbatim else [_as_odd(item, odd) for item in block]


def _as_odd(item: dict[str, Any], odd: Oddities) -> dict[str, Any]:
    if "@removed" in item:
        return item | {"@removed": {"reason": odd.removed_reason}}
    # Instances are bare of these as well.
    return item | UNDECLARED if odd.undeclared and "subject" in item else item


def _gone(renderer: Renderer, grave: Tombstone, chain: Chain, odd: Oddities) -> Items:
    """What a round says of something that left the calendar: one removal, or one for each instance of a series."""
    whole = renderer.buried(grave)
    if grave.series is None or odd.series_removal == "master":
        return [whole]
    each = [renderer.buried(grave, one.slot) for one in series.view(grave.series, chain.start, chain.end)]
    return each if odd.series_removal == "instances" and each else [whole, *each]


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
    if odd.series == "without-master" or (odd.series == "without-old-master" and _is_old(event, round_.chain)):
        return shown
    return [master, *shown, *_taken_out(renderer, event, round_, odd)]


def _is_old(event: Event, chain: Chain) -> bool:
    return series.as_single(event).start < chain.start


def _taken_out(renderer: Renderer, event: Event, round_: Round, odd: Oddities) -> Iterator[dict[str, Any]]:
    """Removals for deleted occurrences, which are not sent unless that was asked for."""
    if odd.series != "removal" or round_.since is None:
        return
    for day, sequence in event.cancelled.items():
        if sequence > round_.since:
            yield renderer.removed(renderer.id_of(event, day))
