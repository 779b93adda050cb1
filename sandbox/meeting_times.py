"""
Finding times to meet: what a request wishes for, and which times answer it.

Whoever is free comes for sure, of whom nothing is known comes or not, who is busy does not come; how
sure a meeting is, is the mean over those who are asked.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.freebusy import Timeline

CHANCES = {"free": 100, "workingElsewhere": 100, "tentative": 49, "unknown": 49, "busy": 0, "oof": 0}
STEP = timedelta(minutes=30)
ABSENT = frozenset({"busy", "oof"})


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is asked. Nothing is known of when they are taken where `line` is null."""

    address: str
    kind: str
    line: Timeline | None

    def status(self, start: datetime, end: datetime) -> str:
        return "unknown" if self.line is None else self.line.status(start, end)


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to meet; only a place with a `line` can be taken."""

    name: str
    address: str | None = None
    line: Timeline | None = None

    def is_free(self, start: datetime, end: datetime) -> bool:
        return self.line is None or self.line.status(start, end) not in ABSENT


@dataclass(frozen=True, slots=True)
class Wish:
    """`slots` are the times to look in; `fits` says whether a time lies in the hours that were asked for."""

    slots: Sequence[tuple[datetime, datetime]]
    length: timedelta
    organizer: Timeline
    # Null where every hour is as good as another.
    fits: Callable[[datetime, datetime], bool] | None = None
    guests: Sequence[Guest] = ()
    places: Sequence[Place] = ()
    most: int = 20
    least_confidence: float = 50
    organizer_optional: bool = False
    place_required: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    start: datetime
    end: datetime
    confidence: float
    organizer: str
    guests: Sequence[tuple[Guest, str]]
    places: Sequence[Place]


@dataclass(slots=True)
class Found:
    """`empty` says why nothing was found; it is empty if something was."""

    suggestions: list[Suggestion] = field(default_factory=list)
    empty: str = ""


def find(wish: Wish) -> Found:
    """The best times, no two of which overlap: the surest first, then the earliest."""
    times = [time for time in _times(wish) if wish.fits is None or wish.fits(*time)]
    if not times:
        return Found(empty="unknown")
    held = [each for each in (_suggestion(wish, *time) for time in times) if _organizer_comes(wish, each)]
    if not held:
        return Found(empty="organizerUnavailable")
    sure = [each for each in held if each.confidence >= wish.least_confidence]
    if not sure:
        doubtful = any(status == "unknown" for each in held for _, status in each.guests)
        return Found(empty="attendeesUnavailableOrUnknown" if doubtful else "attendeesUnavailable")
    housed = [each for each in sure if each.places or not wish.place_required]
    if not housed:
        return Found(empty="locationsUnavailable")
    housed.sort(key=lambda each: (-each.confidence, each.start))
    return Found(list(_apart(housed, wish.most)))


def _times(wish: Wish) -> Iterator[tuple[datetime, datetime]]:
    """Every full and half hour in the slots at which the meeting can begin, each once."""
    seen: set[datetime] = set()
    for begins, ends in wish.slots:
        start = _rounded_up(begins)
        while start + wish.length <= ends:
            if start not in seen:
                seen.add(start)
                yield start, start + wish.length
            start += STEP


def _rounded_up(moment: datetime) -> datetime:
    over = timedelta(minutes=moment.minute % 30, seconds=moment.second, microseconds=moment.microsecond)
    return moment + (STEP - over) if over else moment


def _suggestion(wish: Wish, start: datetime, end: datetime) -> Suggestion:
    guests = [(guest, guest.status(start, end)) for guest in wish.guests]
    chances = [CHANCES[status] for _, status in guests]
    return Suggestion(
        start=start,
        end=end,
        # Nobody to wait for: the organizer comes.
        confidence=sum(chances) / len(chances) if chances else 100,
        organizer=wish.organizer.status(start, end),
        guests=guests,
        places=[place for place in wish.places if place.is_free(start, end)],
    )


def _organizer_comes(wish: Wish, each: Suggestion) -> bool:
    return wish.organizer_optional or each.organizer not in ABSENT


def _apart(suggestions: Sequence[Suggestion], most: int) -> Iterator[Suggestion]:
    chosen: list[Suggestion] = []
    for each in suggestions:
        if len(chosen) == most:
            return
        if all(each.end <= other.start or other.end <= each.start for other in chosen):
            chosen.append(each)
            yield each
