"""Reminders: when they fire, and what becomes of those that are put off or dismissed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox import series
from sandbox.items import Event
from sandbox.series import Instance
from sandbox.world import Mailbox
from sandbox.zones import to_utc

# Whoever wants to be reminded earlier than this is not: no view looks further ahead.
EARLIEST = timedelta(days=366)
MOST_MINUTES = EARLIEST // timedelta(minutes=1)
# All-day events are dates, and are matched as if their midnights were UTC's.
ZONES_APART = timedelta(days=1)
FIRST, LAST = series.ALWAYS[0] + ZONES_APART, series.ALWAYS[1] - EARLIEST - 4 * ZONES_APART


@dataclass(frozen=True, slots=True)
class Reminder:
    one: Instance
    fires: datetime


def between(mailbox: Mailbox, start: datetime, end: datetime) -> list[Reminder]:
    """Every reminder of the mailbox that fires in the window, in the order in which they do."""
    found = [each for event in mailbox.events.values() for each in _of(event, start, end) if start <= each.fires < end]
    return sorted(found, key=lambda each: (each.fires, each.one.event.number))


def snooze(mailbox: Mailbox, event: Event, slot: date | None, until: datetime) -> None:
    """Put a reminder off. Of a series as a whole, it is the next occurrence's."""
    _settle(mailbox, event, slot, until)


def dismiss(mailbox: Mailbox, event: Event, slot: date | None) -> None:
    """Remind no more. Of a series as a whole, it is the next occurrence's."""
    _settle(mailbox, event, slot, None)


def _settle(mailbox: Mailbox, event: Event, slot: date | None, until: datetime | None) -> None:
    if event.rule is not None and slot is None:
        coming = series.next_instance(event, mailbox.clock.now())
        slot = coming.slot if coming is not None else None
    event.reminders[slot] = until
    mailbox.publish(event)


def _of(event: Event, start: datetime, end: datetime) -> Iterator[Reminder]:
    """Reminders of one event, all that fire in the window and perhaps others."""
    if event.raw is not None:
        return
    for slot, until in event.reminders.items():
        if until is not None and (event.rule is None or (slot is not None and series.happens(event, slot))):
            one = series.as_single(event) if slot is None else series.instance_at(event, slot)
            if _minutes(one) is not None:
                yield Reminder(one, until)
    after, before = _reach(event)
    first = (max(start, FIRST + after) - after) - ZONES_APART
    for one in series.view(event, first, min(end, LAST) + before + ZONES_APART):
        minutes = _minutes(one)
        if one.slot not in event.reminders and minutes is not None:
            yield Reminder(one, _begins(one) - timedelta(minutes=minutes))


def _reach(event: Event) -> tuple[timedelta, timedelta]:
    """How long after an instance has begun it may still remind, and how long before."""
    wanted = (event.members, *(own.members for own in event.overrides.values()))
    minutes = [each.get("reminderMinutesBeforeStart", 0) for each in wanted]
    after, before = (min(max(each, 0), MOST_MINUTES) for each in (-min(minutes), max(minutes)))
    return timedelta(minutes=after), timedelta(minutes=before)


def _minutes(one: Instance) -> int | None:
    """How long before its start somebody is reminded; null if not at all."""
    members = one.members
    minutes = int(members["reminderMinutesBeforeStart"])
    wanted = members["isReminderOn"] and not members["isCancelled"]
    return minutes if wanted and abs(minutes) <= MOST_MINUTES else None


def _begins(one: Instance) -> datetime:
    return to_utc(one.start.replace(tzinfo=None), one.event.start.zone) if one.all_day else one.start
