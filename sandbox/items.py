"""What lies in a mailbox: calendars and events, as stored; nothing here is shown as it is."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sandbox.recurrence import Rule
from sandbox.roles import Role
from sandbox.zones import Moment


@dataclass(frozen=True, slots=True)
class ExtendedProperty:
    """Something that Exchange keeps under a name of its own; several values are a tuple of them."""

    id: str
    value: str | tuple[str, ...]


# What a calendar's color is shown as; those that leave it to the client are shown as nothing.
COLORS = {
    "auto": "",
    "lightBlue": "#a6d1f5",
    "lightGreen": "#87d28e",
    "lightOrange": "#fcab73",
    "lightGray": "#c0c0c0",
    "lightYellow": "#f5f07d",
    "lightTeal": "#4adacc",
    "lightPink": "#e88fe6",
    "lightBrown": "#c8a58c",
    "lightRed": "#f88c9b",
    "maxColor": "",
}


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
    properties: dict[str, ExtendedProperty] = field(default_factory=dict)
    removable: bool = True
    # The number of the calendar group.
    group: int = 1
    # The provider that was chosen for online meetings; null leaves it to the kind of account.
    provider: str | None = None
    # Who else may do what here, by the id of the entry.
    permissions: dict[str, Permission] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeetingId:
    """
    What an event is known by in every mailbox that has a copy of it: where it was made, and its
    number there. `slot` is set for those who were asked to one occurrence of a series only.
    """

    mailbox: UUID
    number: int
    slot: date | None = None

    def at(self, slot: date | None) -> "MeetingId":
        """One occurrence of the series, or (null) the series."""
        return replace(self, slot=slot)


@dataclass(slots=True)
class Override:
    """What one instance of a series has of its own; null and absent members are the series'."""

    members: dict[str, Any] = field(default_factory=dict)
    start: Moment | None = None
    end: Moment | None = None
    all_day: bool | None = None
    # Null as long as they are the series'; extended properties are laid over those of the series.
    attachments: "dict[UUID, Attachment] | None" = None
    properties: dict[str, ExtendedProperty] = field(default_factory=dict)


@dataclass(slots=True)
class Event:
    """
    A single event, or a whole series with all that was changed in it.

    `members` are those members of Graph's event that are shown as they are stored, but for the
    times that attendees propose, which are kept as instants. `number` stays for life, `plain`
    changes when the event moves. `changed` is the mailbox's sequence at the last change, of the
    event or of any instance: instances have no version of their own.
    """

    number: int
    plain: int
    calendar: int
    meeting: MeetingId
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
    # What became of reminders, by the day of the slot (null for a single event): the moment to which
    # one was put off, or null once it was dismissed.
    reminders: dict[date | None, datetime | None] = field(default_factory=dict)
    # The meeting as its attendees know it, while the organizer holds changes back.
    sent: "Event | None" = None
    attachments: "dict[UUID, Attachment]" = field(default_factory=dict)
    # By what all spellings of their ids and names have in common.
    properties: dict[str, ExtendedProperty] = field(default_factory=dict)
    extensions: "dict[str, Extension]" = field(default_factory=dict)
    # Shown instead of everything else, verbatim.
    raw: dict[str, Any] | None = None
    # Expansions; emptied with every change.
    cache: dict[Any, Any] = field(default_factory=dict)

    def members_at(self, slot: date | None) -> dict[str, Any]:
        """The members of one instance: the series' with what it has of its own; without `slot`, the event's."""
        own = self.overrides.get(slot) if slot is not None else None
        return self.members if own is None else self.members | own.members

    def snapshot(self) -> "Event":
        """The event as it is now, to be compared with what becomes of it."""
        return replace(self, overrides=dict(self.overrides), cancelled=dict(self.cancelled), sent=None, cache={})


AttachmentKind = Literal["fileAttachment", "itemAttachment", "referenceAttachment"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file, another item, or a link, at an event. `size` is what Exchange tells: more than the content."""

    key: UUID
    kind: AttachmentKind
    name: str
    content_type: str | None
    is_inline: bool
    modified: datetime
    size: int
    content: bytes = b""
    content_id: str | None = None
    content_location: str | None = None
    # An event that lies in no calendar, or the JSON of what is no event.
    item: Event | dict[str, Any] | None = None


@dataclass(slots=True)
class Upload:
    """A file that comes in pieces, and hangs on its event when all of it is here."""

    id: str
    secret: str
    # The app that began it, whose limits the pieces count for.
    app_id: str
    event: int
    slot: date | None
    # What was said of the attachment when the session began.
    given: dict[str, Any]
    size: int
    expires: datetime
    content: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Extension:
    """What an app keeps at an event, under its own name and in its own words."""

    name: str
    members: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """An event left a calendar: deleted, or moved to another one."""

    sequence: int
    at: datetime
    calendar: int
    number: int
    plain: int
    raw_id: str | None
    # A series as it was then, so that its instances can be named.
    series: Event | None = None
