"""
What the organizer of a meeting does reaches the mailboxes of those who are invited.

Each of them has a copy in the default calendar with ids, categories, a reminder and an answer of
its own; everything else is the organizer's. Nothing here refuses: the organizer's change was
checked before, and the caller holds the sandbox's lock, so all of it is one step.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sandbox import series
from sandbox.drafts import NEVER, NO_ANSWER
from sandbox.items import Event, Override
from sandbox.world import Mailbox
from sandbox.zones import Moment, to_wall

Members = dict[str, Any]
Attendees = list[dict[str, Any]]

CANCELED = "Canceled: "
# What an attendee has who has not said anything yet.
UNANSWERED: Members = {
    "responseStatus": {"response": "notResponded", "time": NEVER},
    "showAs": "tentative",
    "isCancelled": False,
}
# The organizer's word: what every copy shows alike.
SHARED = (
    "subject", "body", "bodyPreview", "importance", "sensitivity", "responseRequested", "onlineMeetingUrl",
    "isOnlineMeeting", "onlineMeetingProvider", "onlineMeeting", "allowNewTimeProposals", "hideAttendees",
    "location", "locations", "attendees", "organizer", "hasAttachments",
)  # fmt: skip
# What an attendee may have set for one occurrence, and keeps.
OWN_OF_OCCURRENCE = ("categories", "isReminderOn", "reminderMinutesBeforeStart", "showAs", "responseStatus")


class Seat(NamedTuple):
    """Somebody who is invited: to all of a meeting, or to one occurrence of a series."""

    oid: str
    slot: date | None


def forget_answers(host: Mailbox, before: Event, event: Event) -> None:
    """To another time than `before` nobody has agreed yet: the organizer's list says so."""
    if not _is_hosts(host, event) or event.members["isDraft"]:
        return
    known = _last_sent(host, before, event)
    if known is None:
        return
    if _when(known) != _when(event):
        event.members = event.members | {"attendees": _unanswered(event.members["attendees"])}
        return
    for slot in _moved_slots(known, event):
        own = event.overrides[slot]
        asked = _unanswered((event.members | own.members)["attendees"])
        event.overrides[slot] = replace(own, members=different(own.members | {"attendees": asked}, event.members))


def carry(host: Mailbox, before: Event | None, event: Event) -> None:
    """
    Bring all copies in line with what the organizer has made of a meeting. `before` is how it
    was (null for a new one): who was not invited then gets a copy, who no longer is gets it called off.
    """
    if not _is_hosts(host, event):
        return
    before = _last_sent(host, before, event)
    if event.members["isDraft"]:
        event.sent = before
        return
    event.sent = None
    was = _seats(host, before) if before is not None else {}
    now = _seats(host, event)
    moved = before is not None and _when(before) != _when(event)
    moved_slots = set() if before is None or moved else _moved_slots(before, event)
    changed = before is None or _said(before) != _said(event)
    for seat, guest in now.items():
        source = event if seat.slot is None else alone(event, seat.slot)
        copy = guest.of_meeting(source.meeting)
        again = moved or (seat.slot in moved_slots)
        if copy is None:
            # Who took the copy away is not asked again until there is another time to agree to.
            if seat not in was or again:
                invite(guest, source)
        elif copy.raw is None and (changed or seat not in was):
            anew = again or copy.members["isCancelled"]
            _reflect(guest, copy, source, anew=anew, moved_slots=moved_slots)
            guest.publish(copy)
    for seat in was.keys() - now.keys():
        copy = was[seat].of_meeting(event.meeting.at(seat.slot))
        if copy is None:
            continue
        if Seat(seat.oid, None) in now:
            # The copy of the whole series has that occurrence.
            was[seat].remove(copy)
        else:
            _call_off(was[seat], copy)


def call_off(host: Mailbox, event: Event) -> None:
    """The organizer took the meeting away: the copies stay, and say that it is cancelled."""
    known = event.sent if event.members["isDraft"] else event
    if known is None or not _is_hosts(host, known):
        return
    for seat, guest in _seats(host, known).items():
        copy = guest.of_meeting(event.meeting.at(seat.slot))
        if copy is not None:
            _call_off(guest, copy)


def invite(guest: Mailbox, source: Event) -> None:
    """
    A copy of `source`, a meeting or `alone` an occurrence, in somebody's default calendar. One that
    was called off is there already, and counts again.
    """
    old = guest.of_meeting(source.meeting)
    if old is not None:
        _reflect(guest, old, source, anew=True, moved_slots=set())
        guest.publish(old)
        return
    sequence, now = guest.next_sequence(), guest.clock.now()
    copy = Event(
        number=guest.next_number(),
        plain=guest.next_number(),
        calendar=guest.default_calendar.number,
        meeting=source.meeting,
        members={
            "categories": [],
            "transactionId": None,
            "reminderMinutesBeforeStart": 15,
            "isReminderOn": not guest.person.is_group,
            "hasAttachments": False,
            "isOrganizer": False,
            "isDraft": False,
        },
        start=source.start,
        end=source.end,
        all_day=source.all_day,
        created=now,
        modified=now,
        changed=sequence,
        original_zones=source.original_zones,
    )
    _reflect(guest, copy, source, anew=True, moved_slots=set())
    guest.put(copy)
    guest.announce("created", copy)


def alone(event: Event, slot: date) -> Event:
    """One occurrence as somebody sees it who is invited to no other: a meeting by itself."""
    one, own = series.instance_at(event, slot), event.overrides.get(slot) or Override()
    return replace(
        event,
        meeting=event.meeting.at(slot),
        members=event.members | own.members,
        start=own.start or _moment(one.start, event.start.zone, all_day=one.all_day),
        end=own.end or _moment(one.end, event.start.zone, all_day=one.all_day),
        all_day=one.all_day,
        attachments=event.attachments if own.attachments is None else own.attachments,
        rule=None,
        overrides={},
        cancelled={},
        reminders={},
        sent=None,
        cache={},
    )


def guests(host: Mailbox, attendees: Iterable[dict[str, Any]]) -> dict[str, Mailbox]:
    """The mailboxes of those in a list who have one in this world, by their owners' ids; never the host's."""
    found: dict[str, Mailbox] = {}
    for each in attendees:
        guest = host.neighbour(each["emailAddress"]["address"])
        if guest is not None and guest is not host:
            found[guest.person.oid] = guest
    return found


def address_of(person: dict[str, Any]) -> str:
    """What tells an attendee, an organizer or a recipient from the others: letter case does not."""
    return str(person["emailAddress"]["address"]).lower()


def answered(attendee: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The attendee with another answer; a time that was proposed before it counts no more."""
    return {name: value for name, value in attendee.items() if name != "proposedNewTime"} | answer


def is_of(mailbox: Mailbox, attendee: dict[str, Any]) -> bool:
    """Whether an entry in a list of attendees is the owner of the mailbox."""
    return mailbox.neighbour(attendee["emailAddress"]["address"]) is mailbox


def different(own: Members, usual: Members) -> Members:
    """What an occurrence has of its own: all that is not as in the series."""
    return {name: value for name, value in own.items() if value != usual.get(name)}


def _is_hosts(host: Mailbox, event: Event) -> bool:
    """Whether the meeting is the owner's to tell others of."""
    return event.raw is None and event.members["isOrganizer"] and event.meeting.mailbox == host.ids.key


def _last_sent(host: Mailbox, before: Event | None, event: Event) -> Event | None:
    """What the attendees know: how it was before, unless that was held back already."""
    if before is None or not _is_hosts(host, before):
        return None
    return event.sent if before.members["isDraft"] else before


def _unanswered(attendees: Attendees) -> Attendees:
    return [answered(each, {"status": dict(NO_ANSWER)}) for each in attendees]


def _seats(host: Mailbox, event: Event) -> dict[Seat, Mailbox]:
    everybody = guests(host, event.members["attendees"])
    seats = {Seat(oid, None): guest for oid, guest in everybody.items()}
    for slot, own in event.overrides.items():
        for oid, guest in guests(host, own.members.get("attendees", ())).items():
            if oid not in everybody:
                seats[Seat(oid, slot)] = guest
    return seats


def _when(event: Event) -> tuple[Any, ...]:
    one = series.as_single(event)
    return one.start, one.end, one.all_day, event.rule


def _moved_slots(before: Event, event: Event) -> set[date]:
    return {
        slot for slot in event.overrides if slot in before.cancelled or _time_at(before, slot) != _time_at(event, slot)
    }


def _time_at(event: Event, slot: date) -> tuple[datetime, datetime, bool]:
    one = series.instance_at(event, slot)
    return one.start, one.end, one.all_day


def _said(event: Event) -> tuple[Any, ...]:
    """All that attendees are told. What the organizer keeps for himself, and answers, are no news to them."""
    overrides = {slot: (_words(own.members), own.start, own.end, own.all_day) for slot, own in event.overrides.items()}
    return _when(event), _words(event.members), overrides, set(event.cancelled), event.original_zones


def _words(members: Members) -> Members:
    told = {name: members[name] for name in SHARED if name in members}
    if "attendees" in told:
        told["attendees"] = [(each["type"], each["emailAddress"]) for each in told["attendees"]]
    return told


def _reflect(guest: Mailbox, copy: Event, source: Event, *, anew: bool, moved_slots: set[date]) -> None:
    """Write the organizer's word into a copy. `anew`: what its owner had answered no longer counts."""
    if anew:
        copy.members = copy.members | UNANSWERED
        copy.overrides, copy.reminders = {}, {}
        copy.cancelled = dict.fromkeys(source.cancelled, copy.changed)
    copy.members = copy.members | _seen_by(guest, source.members, copy.members["responseStatus"])
    copy.attachments = source.attachments
    copy.start, copy.end, copy.all_day = source.start, source.end, source.all_day
    copy.rule, copy.original_zones = source.rule, source.original_zones
    if copy.rule is None:
        copy.overrides, copy.cancelled = {}, {}
        return
    for slot in moved_slots:
        # Another time for it: it comes back even to those who took it out.
        copy.cancelled.pop(slot, None)
        copy.reminders.pop(slot, None)
    slots = (source.overrides.keys() | source.cancelled.keys() | copy.overrides.keys()) - copy.cancelled.keys()
    found = {slot: _override(guest, copy, source, slot, moved=slot in moved_slots) for slot in sorted(slots)}
    copy.overrides = {slot: own for slot, own in found.items() if own != Override()}


def _override(guest: Mailbox, copy: Event, source: Event, slot: date, *, moved: bool) -> Override:
    mine = copy.overrides.get(slot) or Override()
    if slot in source.cancelled:
        return _called_off(copy, mine)
    theirs = source.overrides.get(slot) or Override()
    own = {name: mine.members[name] for name in OWN_OF_OCCURRENCE if name in mine.members}
    if moved or mine.members.get("isCancelled"):
        own |= UNANSWERED
    answer = own.get("responseStatus", copy.members["responseStatus"])
    shown = _seen_by(guest, source.members | theirs.members, answer)
    found = replace(theirs, members=different(own | shown, copy.members), properties=mine.properties)
    asked = theirs.members.get("attendees", source.members["attendees"])
    return found if any(is_of(guest, each) for each in asked) else _called_off(copy, found)


def _seen_by(guest: Mailbox, members: Members, answer: dict[str, str]) -> Members:
    """
    What of the organizer's members a copy shows. How the others have answered is between them and
    the organizer; who may not see the others finds only himself.
    """
    mine = answer if answer["response"] != "notResponded" else NO_ANSWER
    people = [
        {
            "type": each["type"],
            "status": dict(mine if is_of(guest, each) else NO_ANSWER),
            "emailAddress": each["emailAddress"],
        }
        for each in members["attendees"]
    ]
    if members["hideAttendees"]:
        people = [each for each in people if is_of(guest, each)]
    return {name: members[name] for name in SHARED} | {"attendees": people}


def _call_off(guest: Mailbox, copy: Event) -> None:
    if copy.members["isCancelled"]:
        return
    before, copy.members = copy.members, copy.members | cancelled(copy.members)
    for slot, own in copy.overrides.items():
        members = own.members | cancelled(before | own.members)
        copy.overrides[slot] = replace(own, members=different(members, copy.members))
    guest.publish(copy)


def _called_off(copy: Event, own: Override) -> Override:
    return replace(own, members=own.members | cancelled(copy.members | own.members))


def cancelled(members: Members) -> Members:
    """What becomes of members once the meeting is called off."""
    subject = str(members["subject"])
    title = subject if members["isCancelled"] else f"{CANCELED}{subject}"
    return {"isCancelled": True, "showAs": "free", "subject": title}


def _moment(moment: datetime, zone: str, *, all_day: bool) -> Moment:
    return Moment(moment.replace(tzinfo=None) if all_day else to_wall(moment, zone), zone)
