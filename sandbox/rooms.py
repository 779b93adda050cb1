"""
Who answers without anybody's doing: rooms and equipment accept what finds them free, and decline everything
else; groups accept whatever they are invited to.
"""

from datetime import date, timedelta

from sandbox import answers, freebusy, series
from sandbox.answers import Answer, Reply
from sandbox.items import Event
from sandbox.world import Change, Mailbox

ANSWERING = frozenset({"room", "equipment", "group"})
# How far ahead of a meeting's first day it is looked whether the room is free each time.
BOOKED_AHEAD = timedelta(days=180)


def answer_invitation(change: Change) -> None:
    """To be told of every change: those that leave a room with something to answer are answered."""
    room, event = change.mailbox, change.event
    if room.person.purpose not in ANSWERING or change.kind == "deleted" or event.raw is not None:
        return
    slots = [slot for slot in (None, *event.overrides) if _waits(event, slot)]
    for slot in slots:
        # A series that was declined as a whole is gone, with all its days.
        if event.number in room.events:
            comes = room.person.is_group or _is_free(room, event, slot)
            answers.respond(room, event, slot, Answer.ACCEPTED if comes else Answer.DECLINED, Reply())


def _waits(event: Event, slot: date | None) -> bool:
    members = event.members_at(slot)
    unanswered: bool = members["responseStatus"]["response"] == "notResponded"
    return unanswered and not members["isOrganizer"] and not members["isCancelled"]


def _is_free(room: Mailbox, event: Event, slot: date | None) -> bool:
    if slot is None:
        first = series.as_single(event)
        times = series.view(event, first.start, max(first.end, first.start + BOOKED_AHEAD))
    else:
        times = [series.instance_at(event, slot)]
    if not times:
        return True
    line = freebusy.timeline(
        room,
        min(one.start for one in times),
        max(one.end for one in times),
        zone=room.settings.time_zone,
        without=event,
    )
    return all(line.status(one.start, one.end) == "free" for one in times)
