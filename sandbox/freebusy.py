"""When somebody is taken: what free/busy look-ups know of a mailbox, and whose they can reach."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from sandbox import series
from sandbox.items import Event
from sandbox.series import ALWAYS, Instance
from sandbox.world import Mailbox, World
from sandbox.zones import to_utc

STATUSES = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
# A slot of the view tells the heaviest of what is in it. Whoever works elsewhere can be met.
_DIGITS = {"tentative": 1, "busy": 2, "oof": 3}
_WORDS = {0: "free", 1: "tentative", 2: "busy", 3: "oof"}
_A_DAY = timedelta(days=1)
OPEN = frozenset({"normal", "personal"})

# Response codes of one schedule.
TOO_MANY = "5006"
NOT_RESOLVED = "5009"
NOT_REACHED = "5016"


class Unknown(Exception):
    """Nothing is known of when they are taken. `code` is Exchange's number for the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a calendar, with its real instants."""

    start: datetime
    end: datetime
    status: str
    subject: str
    location: str
    sensitivity: str


class Timeline:
    """Entries in order of time, to be asked about many short times."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = sorted(entries, key=lambda entry: (entry.start, entry.end))
        self._starts = [entry.start for entry in self.entries]
        # How far anything up to here reaches: what ended long ago need not be looked at.
        self._reach = list(accumulate((entry.end for entry in self.entries), max))

    def between(self, start: datetime, end: datetime) -> list[Entry]:
        """What takes any of that time; an entry without length takes none."""
        first, last = bisect_right(self._reach, start), bisect_left(self._starts, end)
        return [entry for entry in self.entries[first:last] if entry.end > max(start, entry.start)]

    def digit(self, start: datetime, end: datetime) -> int:
        return max((_DIGITS.get(entry.status, 0) for entry in self.between(start, end)), default=0)

    def status(self, start: datetime, end: datetime) -> str:
        """The heaviest of what is in that time: `free`, `tentative`, `busy` or `oof`."""
        return _WORDS[self.digit(start, end)]

    def view(self, start: datetime, end: datetime, interval: timedelta) -> str:
        """One digit for each interval, the last of which may be cut short."""
        digits = []
        while start < end:
            digits.append(str(self.digit(start, min(start + interval, end))))
            start += interval
        return "".join(digits)


def reach(world: World, tenant_id: str, address: str) -> Mailbox:
    """
    The mailbox behind an address, for somebody of that tenant.

    Raises:
        Unknown: nobody has the address, they have no mailbox, or are of another organization.
    """
    person = world.directory.find_person(address) if "@" in address else None
    if person is None:
        raise Unknown(NOT_RESOLVED, f"The e-mail address {address} cannot be resolved.")
    mailbox = world.mailbox(person) if person.tenant_id == tenant_id else None
    if mailbox is None:
        raise Unknown(NOT_REACHED, f"The mailbox of {address} is missing, or its organization cannot be reached.")
    return mailbox


def timeline(mailbox: Mailbox, start: datetime, end: datetime, *, zone: str, without: Event | None = None) -> Timeline:
    """
    What is in the mailbox's default calendar in that time, but for one event if that is named. All-day
    events are from midnight to midnight of `zone`. What was called off or declined takes nobody's time.
    """
    # A date is up to a day away from the instants at which it begins and ends somewhere.
    events = (event for event in mailbox.in_calendar(mailbox.default_calendar) if event is not without)
    instances = series.expanded(events, start - _A_DAY, end + _A_DAY)
    found = (_entry(one, zone) for one in instances)
    return Timeline(
        each
        for each in found
        if each is not None and each.start < end and (each.end > start or each.start == each.end == start)
    )


def _entry(one: Instance, zone: str) -> Entry | None:
    members = one.members if one.event.raw is None else one.event.raw
    if members.get("isCancelled") is True or _word(members.get("responseStatus"), "response") == "declined":
        return None
    if (one.start, one.end) == ALWAYS:
        # Shown verbatim, with times that nobody can read.
        return None
    starts, ends = one.start, one.end
    if one.all_day:
        starts, ends = (to_utc(moment.replace(tzinfo=None), zone) for moment in (one.start, one.end))
    status = members.get("showAs")
    return Entry(
        start=starts,
        end=ends,
        status=status if status in STATUSES else "busy",
        subject=str(members.get("subject") or ""),
        location=_word(members.get("location"), "displayName"),
        sensitivity=str(members.get("sensitivity") or "normal"),
    )


def _word(value: Any, name: str) -> str:
    """A text within an object; what is shown verbatim may be anything."""
    return str(value.get(name) or "") if isinstance(value, dict) else ""
