"""
What people and clients do with events. Each verb checks, changes, gives the event its next
version and tells the listeners; what an organizer does then reaches the attendees' mailboxes
(`sandbox.meetings`). The caller holds the sandbox's lock.

All of them raise `Refusal`, and then nothing has changed.
"""

import copy
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid5

from sandbox import extended, meetings, series
from sandbox.bodies import html_of, preview_of, teams_meeting, with_meeting
from sandbox.drafts import NEVER, Draft
from sandbox.items import Attachment, Calendar, Event, MeetingId, Override
from sandbox.meetings import address_of
from sandbox.places import NOWHERE
from sandbox.recurrence import Rule, read_rule
from sandbox.refusals import invalid_property, invalid_request
from sandbox.world import Mailbox
from sandbox.zones import Moment, UnknownZone, same

Attendees = list[dict[str, Any]]

_REMINDER = frozenset({"isReminderOn", "reminderMinutesBeforeStart"})


def create(mailbox: Mailbox, calendar: Calendar, draft: Draft) -> Event:
    """A new event of the mailbox's owner, to which all attendees are invited."""
    event = compose(mailbox, calendar, draft)
    mailbox.put(event)
    mailbox.announce("created", event)
    meetings.carry(mailbox, None, event)
    return event


def compose(mailbox: Mailbox, calendar: Calendar, draft: Draft) -> Event:
    """The event that a draft describes, checked, but not yet in the mailbox."""
    if draft.start is None or draft.end is None:
        raise invalid_request("Your request can't be completed. The start and the end of an event are required.")
    all_day = bool(draft.all_day)
    check_times(draft.start, draft.end, all_day=all_day)
    number, sequence, now = mailbox.next_number(), mailbox.next_sequence(), mailbox.clock.now()
    event = Event(
        number=number,
        plain=mailbox.next_number(),
        calendar=calendar.number,
        meeting=MeetingId(mailbox.ids.key, number),
        members=default_members(mailbox) | draft.members,
        start=draft.start,
        end=draft.end,
        all_day=all_day,
        created=now,
        modified=now,
        changed=sequence,
        original_zones=(
            draft.original_zones[0] or draft.start.zone,
            draft.original_zones[1] or draft.end.zone,
        ),
        attachments={each.key: each for each in draft.attachments},
        properties=extended.merged({}, draft.properties),
        extensions=draft.extensions,
    )
    if draft.attachments:
        event.members["hasAttachments"] = has_attachments(draft.attachments)
    if draft.recurrence is not None:
        event.rule = _rule(event.start, draft.recurrence)
    _settle(mailbox, event.members, event.number)
    return event


def update(mailbox: Mailbox, event: Event, draft: Draft) -> None:
    """
    Change a single event or a whole series. New times or a new rule make the instances anew:
    what was changed or taken out before comes back as the rule says.
    """
    start, end = draft.start or event.start, draft.end or event.end
    all_day = event.all_day if draft.all_day is None else draft.all_day
    check_times(start, end, all_day=all_day)
    before, rule = event.snapshot(), event.rule
    if draft.drops_rule:
        if rule is not None and draft.start is None and draft.end is None:
            # What remains is the first instance, which need not be on the first day of the rule.
            start, end = _first_times(event, rule)
        rule = None
    elif draft.recurrence is not None:
        rule = _rule(start, draft.recurrence)
    elif rule is not None and draft.start is not None:
        if not same(draft.start.zone, event.start.zone):
            # A new zone without the rule would leave the rule in the old one.
            raise invalid_property()
        start, end = _keep_day(event, start, end)
    members = _merged(event.members, draft.members)
    _settle(mailbox, members, event.number)
    anew = (rule, start, end, all_day) != (event.rule, event.start, event.end, event.all_day)
    if event.rule is not None and anew:
        event.overrides.clear()
        event.cancelled.clear()
    for slot, own in event.overrides.items():
        event.overrides[slot] = _with_guests_of_series(own, event.members["attendees"], members["attendees"])
    if anew or not _REMINDER.isdisjoint(draft.members):
        event.reminders.clear()
    event.members, event.start, event.end = members, start, end
    event.all_day, event.rule = all_day, rule
    event.properties = extended.merged(event.properties, draft.properties)
    event.raw = None
    meetings.forget_answers(mailbox, before, event)
    mailbox.publish(event)
    meetings.carry(mailbox, before, event)


def edit_occurrence(mailbox: Mailbox, event: Event, slot: date, draft: Draft) -> None:
    """Change one instance of a series: it becomes, or stays, an exception."""
    usual = series.instance_at(event, slot)
    if draft.recurrence is not None:
        raise invalid_property()
    before, now = event.snapshot(), event.overrides.get(slot) or Override()
    own = replace(
        now,
        members=_merged(event.members | now.members, draft.members, only=now.members),
        start=draft.start or now.start,
        end=draft.end or now.end,
        all_day=now.all_day if draft.all_day is None else draft.all_day,
        properties=extended.merged(now.properties, draft.properties),
    )
    moved = series.with_override(usual, own)
    if moved.end < moved.start or (moved.all_day and moved.end == moved.start):
        raise invalid_property()
    if moved.all_day:
        _check_midnights(own.start or event.start, own.end or event.end)
    series.refuse_crossing(event, slot, moved)
    shown = event.members | own.members
    _settle(mailbox, shown, event.number)
    own.members = meetings.different(shown, event.members)
    event.overrides[slot] = own
    if draft.start is not None or not _REMINDER.isdisjoint(draft.members):
        event.reminders.pop(slot, None)
    meetings.forget_answers(mailbox, before, event)
    mailbox.publish(event)
    meetings.carry(mailbox, before, event)


def delete_occurrence(mailbox: Mailbox, event: Event, slot: date) -> None:
    """Take one instance out of a series; the series counts as updated."""
    series.instance_at(event, slot)
    before, sequence = event.snapshot(), mailbox.next_sequence()
    event.overrides.pop(slot, None)
    event.reminders.pop(slot, None)
    event.cancelled[slot] = sequence
    mailbox.touch(event, sequence=sequence)
    mailbox.announce("updated", event)
    meetings.carry(mailbox, before, event)


def delete(mailbox: Mailbox, event: Event) -> None:
    """Take a single event or a whole series out of the mailbox. Of the organizer's meeting, the attendees hear."""
    mailbox.remove(event)
    meetings.call_off(mailbox, event)


def move(mailbox: Mailbox, event: Event, calendar: Calendar) -> None:
    """To another calendar of the same mailbox: the plain id changes, the immutable one stays."""
    if calendar.number == event.calendar:
        return
    sequence = mailbox.next_sequence()
    mailbox.bury(event, sequence=sequence)
    before = mailbox.renumber(event)
    event.calendar = calendar.number
    mailbox.touch(event, sequence=sequence)
    mailbox.announce("updated", event, plain_before=before)


def cancel(mailbox: Mailbox, event: Event, slot: date | None = None) -> None:
    """
    Call a meeting, or one instance of it, off. The organizer's copy goes to Deleted Items, so it
    leaves the calendar; an attendee's copy stays and says that it is cancelled. Done to an attendee's
    copy it is what somebody outside has called off.
    """
    if event.members["isOrganizer"]:
        if slot is None:
            delete(mailbox, event)
        else:
            delete_occurrence(mailbox, event, slot)
        return
    called_off = Draft(members=meetings.cancelled(event.members_at(slot)))
    if slot is None:
        update(mailbox, event, called_off)
    else:
        edit_occurrence(mailbox, event, slot, called_off)


def put_raw(mailbox: Mailbox, calendar: Calendar, payload: dict[str, Any], event: Event | None) -> Event:
    """
    Show `payload` verbatim, however odd it is: as a new item, or in place of an existing one.
    Only an absent id is filled in when it is shown.
    """
    sequence, now = mailbox.next_sequence(), mailbox.clock.now()
    if event is None:
        number = mailbox.next_number()
        nowhere = Moment(now.replace(tzinfo=None, microsecond=0), "UTC")
        event = Event(
            number=number,
            plain=mailbox.next_number(),
            calendar=calendar.number,
            meeting=MeetingId(mailbox.ids.key, number),
            members=default_members(mailbox),
            start=nowhere,
            end=nowhere,
            all_day=False,
            created=now,
            modified=now,
            changed=sequence,
            original_zones=("UTC", "UTC"),
            raw=copy.deepcopy(payload),
        )
        mailbox.put(event)
        mailbox.announce("created", event)
    else:
        event.raw = copy.deepcopy(payload)
        mailbox.put(event)
        mailbox.touch(event, sequence=sequence)
        mailbox.announce("updated", event)
    return event


def default_members(mailbox: Mailbox) -> dict[str, Any]:
    """What an event has that nobody said anything about."""
    person = mailbox.person
    return {
        "categories": [],
        "transactionId": None,
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": not person.is_group,
        "hasAttachments": False,
        "subject": "",
        "bodyPreview": "",
        "body": html_of("", is_html=True),
        "importance": "normal",
        "sensitivity": "normal",
        "isCancelled": False,
        "isOrganizer": True,
        "responseRequested": True,
        "showAs": "busy",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": False,
        "onlineMeetingProvider": "unknown",
        "onlineMeeting": None,
        "allowNewTimeProposals": True,
        "isDraft": False,
        "hideAttendees": False,
        "responseStatus": {"response": "organizer", "time": NEVER},
        "location": dict(NOWHERE),
        "locations": [],
        "attendees": [],
        "organizer": {"emailAddress": {"name": person.name, "address": person.mail}},
    }


def has_attachments(kept: Iterable[Attachment]) -> bool:
    """What an event with these says of itself: pictures inside its body do not count."""
    return any(not each.is_inline for each in kept)


def check_times(start: Moment, end: Moment, *, all_day: bool) -> None:
    """
    Raises:
        Refusal: the end lies before the start, or an all-day event does not run from midnight to midnight.
    """
    if all_day:
        _check_midnights(start, end)
        if end.wall <= start.wall:
            raise invalid_property()
    elif end.utc() < start.utc():
        raise invalid_property()


def _check_midnights(start: Moment, end: Moment) -> None:
    for name, moment in (("Start", start), ("End", end)):
        if not moment.at_midnight():
            raise invalid_request(f"The Event.{name} property for an all-day event needs to be set to midnight.")
    if not same(start.zone, end.zone):
        raise invalid_request("The start and the end of an all-day event must be in the same time zone.")


def _rule(start: Moment, given: dict[str, Any]) -> Rule:
    rule = read_rule(given["pattern"], given["range"], zone=start.zone, start=start.wall.date())
    if rule.start != start.wall.date():
        raise invalid_property()
    try:
        matches = same(rule.zone, start.zone)
    except UnknownZone as error:
        raise invalid_property() from error
    if not matches:
        raise invalid_property()
    return rule


def _keep_day(event: Event, start: Moment, end: Moment) -> tuple[Moment, Moment]:
    """New times of a series whose rule stays: the hours are taken, the day is still the rule's first."""
    if event.rule is None or start.wall.date() == event.rule.start:
        return start, end
    first = event.rule.first()
    if first is None or start.wall.date() != first:
        raise invalid_property()
    # A client that read the first instance writes its date back, which need not be the rule's start.
    back = first - event.rule.start
    return replace(start, wall=start.wall - back), replace(end, wall=end.wall - back)


def _merged(now: dict[str, Any], changes: dict[str, Any], *, only: dict[str, Any] | None = None) -> dict[str, Any]:
    """`now` (or of an instance, `only` its own members) with the changes; answers of attendees survive."""
    changes = dict(changes)
    # Written once, when the event was made.
    changes.pop("transactionId", None)
    if "attendees" in changes:
        answers = {address_of(person): _answer(person) for person in now["attendees"]}
        changes["attendees"] = [person | answers.get(address_of(person), {}) for person in changes["attendees"]]
    if now["isOnlineMeeting"]:
        # Once a meeting, always this meeting, until its block is taken out of the body.
        changes.pop("isOnlineMeeting", None)
        changes.pop("onlineMeetingProvider", None)
        meeting = now["onlineMeeting"]
        if "body" in changes and meeting is not None and meeting["joinUrl"] not in changes["body"]:
            changes |= {"isOnlineMeeting": False, "onlineMeeting": None, "onlineMeetingProvider": "unknown"}
    return (now if only is None else only) | changes


def _answer(attendee: dict[str, Any]) -> dict[str, Any]:
    return {name: attendee[name] for name in ("status", "proposedNewTime") if name in attendee}


def _with_guests_of_series(own: Override, before: Attendees, now: Attendees) -> Override:
    """Who joins or leaves a series joins or leaves the occurrences that have a list of their own as well."""
    if before == now or "attendees" not in own.members:
        return own
    listed = {address_of(each): each for each in own.members["attendees"]}
    known, invited = ({address_of(each) for each in people} for people in (before, now))
    of_series = ((address_of(each), each) for each in now)
    people = [listed.get(address, each) for address, each in of_series if address in listed or address not in known]
    people += [each for address, each in listed.items() if address not in known | invited]
    return replace(own, members=own.members | {"attendees": people})


def _first_times(event: Event, rule: Rule) -> tuple[Moment, Moment]:
    later = (rule.first() or rule.start) - event.start.wall.date()
    return replace(event.start, wall=event.start.wall + later), replace(event.end, wall=event.end.wall + later)


def _settle(mailbox: Mailbox, members: dict[str, Any], number: int) -> None:
    """Fill in what follows from the rest: the meeting that was asked for, and the preview."""
    if members["isOnlineMeeting"] and members["onlineMeeting"] is None:
        if mailbox.person.is_personal or members["onlineMeetingProvider"] not in {"unknown", "teamsForBusiness"}:
            # A calendar without that provider ignores the wish, and says nothing.
            members["isOnlineMeeting"] = False
        else:
            _give_meeting(mailbox, members, number)
    if not members["isOnlineMeeting"]:
        members["onlineMeetingProvider"] = "unknown"
    members["bodyPreview"] = preview_of(members["body"])


def _give_meeting(mailbox: Mailbox, members: dict[str, Any], number: int) -> None:
    info, block = teams_meeting(
        uuid5(mailbox.ids.key, f"meeting:{number}"),
        tenant_id=mailbox.person.tenant_id,
        organizer_oid=mailbox.person.oid,
    )
    members["onlineMeeting"] = info
    members["onlineMeetingProvider"] = "teamsForBusiness"
    members["body"] = with_meeting(members["body"], block)
