"""What lies in a mailbox: calendars and events, as stored; nothing here is shown as it is."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sandbox.recurrence import Rule
from sandbox.roles import Role
from sandbox.zones import Moment


@dataclass(slots=True)
class CalendarGroup:
    """A heading under which calendars stand. Those that every mailbox has can be neither renamed nor deleted."""

    number: int
    id: str
    name: str
    class_id: str
    changed: int
    built_in: bool = False


@dataclass(slots=True)
class Permission:
    """
    What one person, or (without `address`) everybody of the organization, may do in a calendar. `oid` is
    null for whoever is nobody here. With `old_mechanism` the sharing has to be made anew before it works.
    """

    id: str
    role: Role
    name: str
    address: str | None = None
    oid: str | None = None
    inside: bool = True
    old_mechanism: bool = False


@dataclass(slots=True)
class Calendar:
    """A folder of events. Its id never changes, so it has no immutable form."""

    number: int
    id: str
    name: str
    is_default: bool
    owner_name: str
    owner_address: str
    changed: int
    color: str = "auto"
    # False for a calendar that is filled from elsewhere, such as one subscribed to: nobody writes into it.
    can_edit: bool = True
    removable: bool = True
    # The number of the calendar group.
    group: int = 1
    # The provider that was chosen for online meetings; null leaves it to the kind of account.
    provider: str | None = None
    # Who else may do what here, by the id of the entry.
    permissions: dict[str, Permission] = field(default_factory=dict)


@dataclass(slots=True)
class Override:
    """What one instance of a series has of its own; null and absent members are the series'."""

    members: dict[str, Any] = field(default_factory=dict)
    start: Moment | None = None
    end: Moment | None = None
    all_day: bool | None = None


@dataclass(slots=True)
class Event:
    """
    A single event, or a whole series with all that was changed in it.

    `members` are those members of Graph's event that are shown as they are stored. `number`
    stays for life, `plain` changes when the event moves. `changed` is the mailbox's sequence
    at the last change, of the event or of any instance: instances have no version of their own.
    """

    number: int
    plain: int
    calendar: int
    members: dict[str, Any]
    start: Moment
    end: Moment
    all_day: bool
    created: datetime
    modified: datetime
    changed: int
    # Names as they were when the event was made; they may be names that nobody can resolve.
    original_zones: tuple[str, str]
    rule: Rule | None = None
    overrides: dict[date, Override] = field(default_factory=dict)
    # The days taken out of the series, each with the sequence at which it went.
    cancelled: dict[date, int] = field(default_factory=dict)
    # Shown instead of everything else, verbatim.
    raw: dict[str, Any] | None = None
    # Expansions and rendered answers; emptied with every change.
    cache: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An event left a calendar: deleted, or moved to another one."""

    sequence: int
    at: datetime
    calendar: int
    number: int
    plain: int
    raw_id: str | None
