"""Mailboxes and what is in them: look-ups by id, the log of changes, and who wants to know."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sandbox import ids
from sandbox.clock import Clock
from sandbox.directory import Directory, Person
from sandbox.ids import Ids, Kind, SharedIds
from sandbox.items import Calendar, CalendarGroup, Event, MeetingId, Permission, Tombstone, Upload
from sandbox.refusals import item_not_found, malformed_id
from sandbox.roles import Role
from sandbox.settings import Settings

MY_CALENDARS, OTHER_CALENDARS = 1, 2
# The groups that every mailbox has, with the class ids by which Outlook knows them.
_BUILT_IN_GROUPS = {
    MY_CALENDARS: ("My Calendars", "0006f0b7-0000-0000-c000-000000000046"),
    OTHER_CALENDARS: ("Other Calendars", "0006f0b8-0000-0000-c000-000000000046"),
}
# In base64, "Default": Exchange's word for everybody of the organization.
EVERYBODY_ID = "RGVmYXVsdA=="


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to an event. `plain_before` is its former plain id when it moved."""

    mailbox: "Mailbox"
    kind: str
    event: Event
    plain_before: int | None = None


@dataclass(slots=True)
class Copy:
    """A calendar of `mailbox` as it stands in another mailbox, whose id, name and colour for it are its own."""

    number: int
    id: str
    mailbox: "Mailbox"
    calendar: Calendar
    name: str
    changed: int
    color: str = "auto"
    group: int = OTHER_CALENDARS

    def ids(self, inside: Ids) -> SharedIds:
        """The ids that the owner's events have in the mailbox of the copy."""
        return SharedIds(self.mailbox.ids.key, inside, self.number)

    def owners_id(self, inside: Ids, text: str) -> str:
        """
        What the owner's mailbox calls an event of the copy.

        Raises:
            Refusal: the id is malformed, or of anything else.
        """
        if text in self.mailbox.raw_ids:
            return text
        try:
            reference = inside.read(text)
        except ids.Malformed as error:
            raise malformed_id() from error
        if reference.kind is not Kind.SHARED_EVENT or reference.copy != self.number:
            raise item_not_found()
        owners = self.mailbox.ids
        if reference.immutable:
            return owners.immutable(reference.beyond, reference.slot)
        return owners.plain(Kind.EVENT, reference.beyond, reference.slot)


Listener = Callable[[Change], None]
Neighbours = Callable[[str], "Mailbox | None"]


class Mailbox:
    """
    One person's calendars and events. Whoever changes it holds the sandbox's lock.

    `neighbour` finds the mailbox of an address in the same world, in whatever tenant.
    """

    def __init__(self, person: Person, key: UUID, clock: Clock, announce: Listener, neighbour: Neighbours) -> None:
        self.person = person
        self.ids = Ids(key)
        self.settings = Settings()
        # Whether meetings that the owner declines stay in the calendar.
        self.keeps_declined = False
        self.calendars: dict[int, Calendar] = {}
        # Calendars of others that are shared with this person, as they stand among the own ones.
        self.copies: dict[int, Copy] = {}
        self.groups = {
            number: CalendarGroup(number, self.ids.plain(Kind.CALENDAR_GROUP, number), *words, changed=0, built_in=True)
            for number, words in _BUILT_IN_GROUPS.items()
        }
        self.events: dict[int, Event] = {}
        self.tombstones: list[Tombstone] = []
        # transactionId -> the number of its event and the digest of the request.
        self.transactions: dict[str, tuple[int, str]] = {}
        self.raw_ids: dict[str, int] = {}
        self.uploads: dict[str, Upload] = {}
        # How many bytes attachments, and what is on its way, may take.
        self.quota = 512 * 1024 * 1024
        self.clock = clock
        self.neighbour = neighbour
        self._announce = announce
        self._plain: dict[int, int] = {}
        self._meetings: dict[MeetingId, int] = {}
        self._sequence = 0
        self._numbers = 0

    # Numbers and versions

    def next_number(self) -> int:
        """A number that nothing in this mailbox has had before."""
        self._numbers += 1
        return self._numbers

    def next_sequence(self) -> int:
        """The version of the change that is being made."""
        self._sequence += 1
        return self._sequence

    @property
    def sequence(self) -> int:
        """The version of the latest change."""
        return self._sequence

    def sequence_at(self, moment: datetime) -> int:
        """The version before the first change that is younger than `moment`."""
        younger = [event.changed for event in self.events.values() if event.modified > moment]
        younger += [grave.sequence for grave in self.tombstones if grave.at > moment]
        return min(younger) - 1 if younger else self._sequence

    # Calendars

    @property
    def default_calendar(self) -> Calendar:
        return next(calendar for calendar in self.calendars.values() if calendar.is_default)

    def add_calendar(
        self, name: str, *, is_default: bool = False, color: str = "auto", group: int = MY_CALENDARS
    ) -> Calendar:
        number = self.next_number()
        calendar = Calendar(
            number=number,
            id=self.ids.plain(Kind.CALENDAR, number),
            name=name,
            is_default=is_default,
            owner_name=self.person.name,
            owner_address=self.person.mail,
            changed=self.next_sequence(),
            color=color,
            group=group,
        )
        if not self.person.is_personal:
            # Colleagues see when somebody is busy in the main calendar, and nothing of the others.
            role = Role.FREE_BUSY if is_default else Role.NONE
            calendar.permissions[EVERYBODY_ID] = Permission(EVERYBODY_ID, role, "My Organization")
        self.calendars[number] = calendar
        return calendar

    def calendar(self, text: str) -> Calendar:
        """
        Raises:
            Refusal: the id is malformed, or no calendar of this person's own has it.
        """
        found = self.calendars.get(self._number(text, Kind.CALENDAR))
        if found is None:
            raise item_not_found()
        return found

    def calendar_or_copy(self, text: str) -> Calendar | Copy:
        """
        Raises:
            Refusal: the id is malformed, or nothing among the calendars has it.
        """
        copy = self.copies.get(self._number(text, Kind.CALENDAR))
        return self.calendar(text) if copy is None else copy

    def add_group(self, name: str) -> CalendarGroup:
        # Past the numbers of the built-in ones.
        number, sequence = len(_BUILT_IN_GROUPS) + self.next_number(), self.next_sequence()
        class_id = str(uuid5(self.ids.key, f"calendar group:{number}:{sequence}"))
        group = CalendarGroup(number, self.ids.plain(Kind.CALENDAR_GROUP, number), name, class_id, sequence)
        self.groups[number] = group
        return group

    def group(self, text: str) -> CalendarGroup:
        """
        Raises:
            Refusal: the id is malformed, or no calendar group has it.
        """
        found = self.groups.get(self._number(text, Kind.CALENDAR_GROUP))
        if found is None:
            raise item_not_found()
        return found

    def _number(self, text: str, kind: Kind) -> int:
        """The number in an id of that kind; zero, which nothing has, in an id of another."""
        try:
            reference = self.ids.read(text)
        except ids.Malformed as error:
            raise malformed_id() from error
        return reference.number if reference.kind is kind else 0

    # Events

    def find(self, text: str) -> tuple[Event, date | None]:
        """
        The event of an id in either form, and the day of the slot if the id is an instance's.

        Raises:
            Refusal: the id is malformed, or nothing has it any more.
        """
        if text in self.raw_ids:
            return self.events[self.raw_ids[text]], None
        try:
            reference = self.ids.read(text)
        except ids.Malformed as error:
            raise malformed_id() from error
        number = reference.number if reference.immutable else self._plain.get(reference.number, 0)
        event = self.events.get(number) if reference.kind is Kind.EVENT else None
        if event is None:
            raise item_not_found()
        return event, reference.slot

    def in_calendar(self, calendar: Calendar) -> Iterator[Event]:
        return (event for event in self.events.values() if event.calendar == calendar.number)

    def of_meeting(self, meeting: MeetingId) -> Event | None:
        """The copy of a meeting in this mailbox, in whatever calendar."""
        return self.events.get(self._meetings.get(meeting, 0))

    def put(self, event: Event) -> None:
        """Take a new event in, silently: seeding announces nothing."""
        self.events[event.number] = event
        self._plain[event.plain] = event.number
        self._meetings[event.meeting] = event.number
        if event.raw is not None and isinstance(event.raw.get("id"), str):
            self.raw_ids[event.raw["id"]] = event.number

    def bury(self, event: Event, *, sequence: int) -> None:
        """Remember for delta that the event is no longer in its calendar under its present plain id."""
        raw_id = event.raw.get("id") if event.raw is not None else None
        was = event.snapshot() if event.rule is not None else None
        self.tombstones.append(
            Tombstone(sequence, self.clock.now(), event.calendar, event.number, event.plain, raw_id, was)
        )

    def drop(self, event: Event) -> None:
        del self.events[event.number]
        self._plain.pop(event.plain, None)
        self._meetings.pop(event.meeting, None)
        for text in [text for text, number in self.raw_ids.items() if number == event.number]:
            del self.raw_ids[text]

    def remove(self, event: Event) -> None:
        """Take an event out of the mailbox, so that delta and listeners learn of it."""
        sequence = self.next_sequence()
        self.bury(event, sequence=sequence)
        self.drop(event)
        event.changed = sequence
        self.announce("deleted", event)

    def renumber(self, event: Event) -> int:
        """Give the event a new plain id, and return the old number."""
        before = event.plain
        del self._plain[before]
        event.plain = self.next_number()
        self._plain[event.plain] = event.number
        return before

    def touch(self, event: Event, *, sequence: int) -> None:
        """Make the event a new version; whatever was computed from the old one is forgotten."""
        event.changed = sequence
        event.modified = self.clock.now()
        event.cache.clear()

    def publish(self, event: Event) -> None:
        """A changed event gets its next version, and whoever listens learns of it."""
        self.touch(event, sequence=self.next_sequence())
        self.announce("updated", event)

    def announce(self, kind: str, event: Event, plain_before: int | None = None) -> None:
        self._announce(Change(self, kind, event, plain_before))


class World:
    """All mailboxes of the directory. Each is filled, by `fill`, when it is first looked at."""

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        *,
        name: str,
        mailboxes: int | None,
        fill: Callable[[Mailbox, date], None],
    ) -> None:
        self.directory = directory
        self.listeners: list[Listener] = []
        # Today as it was when the world was made: its calendars do not wander with the clock.
        self.began = clock.now().date()
        self._clock = clock
        self._name = name
        self._fill = fill
        self._built: dict[str, Mailbox] = {}
        owners = [person for person in directory.people if person.has_mailbox]
        self._owners = {person.oid for person in (*owners[:mailboxes], *directory.resources)}
        # A group has one calendar, whoever else is there.
        self._groups = {group.id for group in directory.groups}

    def has_mailbox(self, person: Person) -> bool:
        return person.oid in self._owners or person.oid in self._groups

    def mailbox(self, person: Person) -> Mailbox | None:
        """The person's mailbox, or null for somebody without one."""
        if not self.has_mailbox(person):
            return None
        found = self._built.get(person.oid)
        if found is None:
            # The name of the world is in every id, so what a client kept from another one is refused.
            key = uuid5(NAMESPACE_URL, f"mailbox:{self._name}:{person.oid}")
            found = Mailbox(person, key, self._clock, self._announce, self.mailbox_at)
            if person.oid in self._groups:
                found.add_calendar("Calendar", is_default=True)
            else:
                self._fill(found, self.began)
            self._built[person.oid] = found
        return found

    def mailbox_at(self, address: str) -> Mailbox | None:
        """The mailbox that mail to this address arrives in, whatever its letter case; null outside this world."""
        if "@" not in address:
            return None
        group = self.directory.find_group(address)
        person = self.directory.find_person(address) if group is None else group.as_owner()
        return self.mailbox(person) if person is not None else None

    def owners(self) -> list[Person]:
        """Every person who has a mailbox, in the directory's order; rooms and their like are no persons."""
        return [person for person in self.directory.people if self.has_mailbox(person)]

    def _announce(self, change: Change) -> None:
        for listener in self.listeners:
            listener(change)
