"""
What an attendee does with an invitation: answer it, and pass it on.

As everywhere, `Refusal` is raised before anything has changed, and the caller holds the lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sandbox import edits, meetings, series
from sandbox.drafts import MOST_ATTENDEES, NO_ANSWER, fold, read_person, read_slot
from sandbox.items import Event, Override
from sandbox.meetings import address_of
from sandbox.members import boolean, mappings, text
from sandbox.refusals import Refusal, invalid_property, invalid_request
from sandbox.render import instant
from sandbox.world import Mailbox


class Answer(StrEnum):
    ACCEPTED = "accepted"
    TENTATIVE = "tentativelyAccepted"
    DECLINED = "declined"


# By the word that says it.
ANSWERS = {"accept": Answer.ACCEPTED, "tentativelyAccept": Answer.TENTATIVE, "decline": Answer.DECLINED}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes with an answer. `send`: the organizer is to know; `proposed`: the time that would suit better."""

    send: bool = True
    proposed: dict[str, datetime] | None = None
    comment: str = ""


def read_reply(sent: Mapping[str, Any]) -> Reply:
    """
    The body of accept, decline and tentativelyAccept, every member of which may be missing.

    Raises:
        Refusal: a member has the wrong type, or a time is proposed to nobody.
    """
    given = fold(dict(sent))
    send = given.get("sendResponse")
    reply = Reply(
        send=True if send is None else boolean(send),
        proposed=read_slot(given.get("proposedNewTime")),
        comment=text(given.get("comment")),
    )
    if reply.proposed is not None and not reply.send:
        raise Refusal(
            400, "ErrorInvalidParameter", "A new time can be proposed only in a response that is sent: proposedNewTime."
        )
    return reply


def read_recipients(sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    Those to whom a meeting is forwarded.

    Raises:
        Refusal: there are none, or one of them has no address.
    """
    given = fold(dict(sent))
    text(given.get("comment"))
    people = [read_person(each) for each in mappings(given.get("toRecipients"))]
    if not people or any("@" not in each["emailAddress"]["address"] for each in people):
        raise Refusal(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    return people


def respond(mailbox: Mailbox, event: Event, slot: date | None, answer: Answer, reply: Reply) -> None:
    """
    Answer for a single event, a whole series, or (`slot`) one occurrence. A declined one leaves the
    calendar, unless the mailbox keeps them; the organizer's list shows the answer if it was sent.
    An answer for the series counts for every occurrence.

    Raises:
        Refusal: it is one's own meeting, or cancelled, or its organizer wants no proposals.
    """
    members = event.members_at(slot)
    if members["isOrganizer"]:
        raise invalid_request(
            "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer."
        )
    if members["isCancelled"]:
        raise invalid_request("Your request can't be completed. You can't respond to a meeting that's been cancelled.")
    proposed = reply.proposed if answer is not Answer.ACCEPTED else None
    if proposed is not None and not members["allowNewTimeProposals"]:
        raise Refusal(400, "ErrorInvalidParameter", "The organizer doesn't allow new times to be proposed.")
    status = {"response": answer.value, "time": instant(mailbox.clock.now())}
    # The day as the organizer knows it: a copy may be of one occurrence only.
    organizer, day = _organizers(mailbox, event, slot), slot or event.meeting.slot
    if answer is Answer.DECLINED and not mailbox.keeps_declined:
        _put_away(mailbox, event, slot)
    else:
        meeting = organizer[1] if organizer is not None else None
        _note(mailbox, event, slot, status, _show_as(answer, meeting, day))
    if reply.send and members["responseRequested"] and organizer is not None:
        said = {"status": status} if proposed is None else {"status": status, "proposedNewTime": proposed}
        _tell(*organizer, mailbox, day, said)


def forward(mailbox: Mailbox, event: Event, slot: date | None, recipients: list[dict[str, Any]]) -> None:
    """
    Pass a meeting, or one occurrence of it, on: whoever has a mailbox here gets a copy, and the
    organizer's list shows everybody whom it did not show before.

    Raises:
        Refusal: there would be more people than a meeting may have.
    """
    owned = event.members["isOrganizer"]
    organizer = (mailbox, event) if owned else _organizers(mailbox, event, slot)
    host, meeting = organizer or (mailbox, event)
    day = slot or event.meeting.slot if organizer is not None else slot
    listed = meeting.members_at(day)["attendees"]
    known = {address_of(each) for each in (*listed, meeting.members["organizer"])}
    new = {address_of(each): _guest(each) for each in recipients if address_of(each) not in known}
    people = [*listed, *new.values()]
    if len(people) > MOST_ATTENDEES:
        raise invalid_property()
    if organizer is not None and new:
        _set_members(meeting, day, {"attendees": people})
        host.publish(meeting)
    source = meeting.snapshot() if day is None else meetings.alone(meeting, day)
    source.members = source.members | {"attendees": people}
    for guest in meetings.guests(host, recipients).values():
        copies = (guest.of_meeting(source.meeting), guest.of_meeting(source.meeting.at(None)))
        if guest is not mailbox and all(copy is None or copy.members["isCancelled"] for copy in copies):
            meetings.invite(guest, source)


def _set_members(event: Event, slot: date | None, changes: dict[str, Any]) -> None:
    if slot is None:
        event.members = event.members | changes
        return
    own = event.overrides.get(slot) or Override()
    own = replace(own, members=meetings.different(own.members | changes, event.members))
    if own == Override():
        event.overrides.pop(slot, None)
    else:
        event.overrides[slot] = own


def _organizers(mailbox: Mailbox, event: Event, slot: date | None) -> tuple[Mailbox, Event] | None:
    """The organizer's mailbox and meeting; null where they are not of this world, or the day is gone from it."""
    host = mailbox.neighbour(event.members["organizer"]["emailAddress"]["address"])
    meeting = host.of_meeting(event.meeting.at(None)) if host is not None and host is not mailbox else None
    if host is None or meeting is None or not meeting.members["isOrganizer"]:
        return None
    day = slot or event.meeting.slot
    return (host, meeting) if day is None or series.happens(meeting, day) else None


def _show_as(answer: Answer, meeting: Event | None, slot: date | None) -> str:
    if answer is Answer.DECLINED:
        return "free"
    if answer is Answer.TENTATIVE:
        return "tentative"
    return str(meeting.members_at(slot)["showAs"]) if meeting is not None else "busy"


def _put_away(mailbox: Mailbox, event: Event, slot: date | None) -> None:
    """To Deleted Items, where the sandbox sees nothing any more."""
    if slot is None:
        edits.delete(mailbox, event)
    else:
        edits.delete_occurrence(mailbox, event, slot)


def _note(mailbox: Mailbox, event: Event, slot: date | None, status: dict[str, str], show_as: str) -> None:
    """The answer in one's own copy."""
    for day in _answered_for(event, slot):
        members = event.members_at(day)
        if not members["isCancelled"]:
            listed = [_with_answer(mailbox, each, {"status": status}) for each in members["attendees"]]
            _set_members(event, day, {"responseStatus": dict(status), "showAs": show_as, "attendees": listed})
    mailbox.publish(event)


def _tell(host: Mailbox, meeting: Event, attendee: Mailbox, slot: date | None, answer: dict[str, Any]) -> None:
    """The answer in the organizer's list. Who is not on it, is not heard."""
    heard = False
    for day in _answered_for(meeting, slot):
        listed = meeting.members_at(day)["attendees"]
        answered = [_with_answer(attendee, each, answer) for each in listed]
        heard = heard or answered != listed
        _set_members(meeting, day, {"attendees": answered})
    if heard:
        host.publish(meeting)


def _answered_for(event: Event, slot: date | None) -> list[date | None]:
    """One occurrence; or the series first, so that exceptions keep only what differs from it."""
    return [slot] if slot is not None else [None, *event.overrides]


def _with_answer(attendee: Mailbox, each: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    return meetings.answered(each, answer) if meetings.is_of(attendee, each) else each


def _guest(recipient: dict[str, Any]) -> dict[str, Any]:
    return {"type": "optional", "status": dict(NO_ANSWER), **recipient}
