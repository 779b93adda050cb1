"""
When events happen: singles as they stand, series expanded in the zone of their rule.

Every time that leaves this module is an instant in UTC, except that all-day events are
dates: their midnights are given as if they were UTC's, which is also how the service
matches them to a window (timezones.md, section 5).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sandbox.items import Event, Override
from sandbox.recurrence import Rule
from sandbox.refusals import Refusal, item_not_found
from sandbox.zones import LAST_DAY, Moment, to_utc, to_wall

ONE_DAY = timedelta(days=1)
CACHED_VIEWS = 32
# As far as can be computed in every zone.
ALWAYS = (datetime.min.replace(tzinfo=UTC) + ONE_DAY, datetime.max.replace(tzinfo=UTC) - ONE_DAY)


@dataclass(frozen=True, slots=True)
class Instance:
    """One time at which an event happens. `slot` is the day of the rule, null for a single event."""

    event: Event
    slot: date | None
    start: datetime
    end: datetime
    all_day: bool
    override: Override | None = None

    @property
    def members(self) -> dict[str, Any]:
        """The event's, with what this instance has of its own."""
        return self.event.members if self.override is None else self.event.members | self.override.members

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether any of it lies in the window; an instant without length does if the window holds it."""
        return self.start < end and (self.end > start or self.start == self.end == start)


def as_single(event: Event) -> Instance:
    """A single event, or the master of a series at its first instance."""
    if event.raw is not None:
        return _as_it_says(event, event.raw)
    if event.rule is not None:
        return _ordinary(event, event.rule.first() or event.rule.start)
    if event.all_day:
        start, end = event.start.wall.replace(tzinfo=UTC), event.end.wall.replace(tzinfo=UTC)
    else:
        start, end = event.start.utc(), event.end.utc()
    return Instance(event, None, start, end, event.all_day)


def view(event: Event, start: datetime, end: datetime) -> list[Instance]:
    """Everything of one event that overlaps the window, in order of time."""
    if event.rule is None or event.raw is not None:
        single = as_single(event)
        return [single] if single.overlaps(start, end) else []
    key = ("view", start, end)
    found: list[Instance] | None = event.cache.get(key)
    if found is None:
        found = sorted(
            (one for one in _instances(event, event.rule, start, end) if one.overlaps(start, end)),
            key=lambda one: one.start,
        )
        if len(event.cache) > CACHED_VIEWS:
            event.cache.clear()
        event.cache[key] = found
    return found


def instance_at(event: Event, slot: date) -> Instance:
    """
    The instance that stands for a day of the rule.

    Raises:
        Refusal: the rule has no such day, or it was taken out.
    """
    if not happens(event, slot):
        raise item_not_found()
    return _at(event, slot)


def next_instance(event: Event, after: datetime) -> Instance | None:
    """The first occurrence of a series that ends after a moment; null if all of them are over."""
    if event.rule is None:
        return None
    since = _days_from_year_one(after.date(), _reach(event))
    coming = (_at(event, slot) for slot in event.rule.slots(LAST_DAY, since) if slot not in event.cancelled)
    return next((one for one in coming if one.end > after), None)


def happens(event: Event, slot: date) -> bool:
    """Whether the rule has that day, and nobody has taken it out."""
    return event.rule is not None and slot not in event.cancelled and _has_slot(event.rule, slot)


def _as_it_says(event: Event, raw: dict[str, Any]) -> Instance:
    """What is shown verbatim happens when it says, and always if it says nothing readable."""
    try:
        start, end = (
            to_utc(datetime.fromisoformat(raw[name]["dateTime"]).replace(tzinfo=None), raw[name]["timeZone"])
            for name in ("start", "end")
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        start, end = ALWAYS
    start, end = (min(max(moment, ALWAYS[0]), ALWAYS[1]) for moment in (start, end))
    return Instance(event, None, start, end, all_day=False)


def usual_start(event: Event, slot: date) -> datetime:
    """Where the rule puts an instance, whatever became of it."""
    return _ordinary(event, slot).start


def expanded(events: Iterable[Event], start: datetime, end: datetime) -> list[Instance]:
    """Everything of all these events that overlaps the window, in order of time."""
    found = [one for event in events for one in view(event, start, end)]
    found.sort(key=lambda one: (one.start, one.event.number))
    return found


def refuse_crossing(event: Event, slot: date, moved: Instance) -> None:
    """
    An instance may not be moved to or past the day of its neighbours.

    Raises:
        Refusal: it would.
    """
    crossing = Refusal(
        400,
        "ErrorOccurrenceCrossingBoundary",
        "Modified occurrence is crossing or overlapping adjacent occurrence.",
    )
    day = partial(_day, event)
    before, after = _neighbours(event, slot)
    if before is not None and (day(moved.start) <= day(before.start) or moved.start < before.end):
        raise crossing
    if after is not None and (day(moved.start) >= day(after.start) or moved.end > after.start):
        raise crossing


def _day(event: Event, moment: datetime) -> date:
    return moment.date() if event.all_day else to_wall(moment, event.start.zone).date()


def _has_slot(rule: Rule, slot: date) -> bool:
    return any(day == slot for day in rule.slots(slot, slot))


def _neighbours(event: Event, slot: date) -> tuple[Instance | None, Instance | None]:
    before = after = None
    # Two remaining days of any rule lie at most a few of its steps apart; a year of days beyond
    # the slot and its longest step finds the next one, if there is one.
    rule = event.rule
    if rule is None:
        return None, None
    far = timedelta(days=366) * (rule.interval + 1)
    since = _days_from_year_one(min(slot, *event.cancelled), far) if event.cancelled else _days_from_year_one(slot, far)
    for day in rule.slots(slot + far, since):
        if day == slot or day in event.cancelled:
            continue
        if day > slot:
            after = _at(event, day)
            break
        before = day
    return (_at(event, before) if before is not None else None), after


def _instances(event: Event, rule: Rule, start: datetime, end: datetime) -> Iterator[Instance]:
    first = _days_from_year_one(start.date(), _reach(event))
    for slot in rule.slots(min(end.date(), LAST_DAY) + ONE_DAY, first):
        if slot >= first and slot not in event.cancelled and slot not in event.overrides:
            yield _ordinary(event, slot)
    # A changed instance may lie far from its slot, so it is looked at wherever the window is.
    for slot in event.overrides:
        yield _at(event, slot)


def _reach(event: Event) -> timedelta:
    """How long before a moment an occurrence can have begun that is not over then."""
    return event.end.wall - event.start.wall + 2 * ONE_DAY


def _days_from_year_one(day: date, back: timedelta) -> date:
    return date.min if day - date.min <= back else day - back


def _ordinary(event: Event, slot: date) -> Instance:
    """An instance as the rule makes it: the series' time of day and length, by the clock on the wall."""
    zone = event.start.zone
    wall = datetime.combine(slot, event.start.wall.time())
    ends = event.end.wall if event.end.zone == zone else to_wall(event.end.utc(), zone)
    until = wall + (ends - event.start.wall)
    if event.all_day:
        return Instance(event, slot, wall.replace(tzinfo=UTC), until.replace(tzinfo=UTC), all_day=True)
    start = to_utc(wall, zone)
    # A start that a gap pushed forward may pass an end that lies behind the gap.
    return Instance(event, slot, start, max(start, to_utc(until, zone)), all_day=False)


def _at(event: Event, slot: date) -> Instance:
    usual = _ordinary(event, slot)
    own = event.overrides.get(slot)
    return usual if own is None else with_override(usual, own)


def with_override(usual: Instance, own: Override) -> Instance:
    """The instance with what it has of its own."""
    all_day = usual.all_day if own.all_day is None else own.all_day
    start = usual.start if own.start is None else _instant(own.start, all_day=all_day)
    end = usual.end if own.end is None else _instant(own.end, all_day=all_day)
    return Instance(usual.event, usual.slot, start, end, all_day, own)


def _instant(moment: Moment, *, all_day: bool) -> datetime:
    return moment.wall.replace(tzinfo=UTC) if all_day else moment.utc()
