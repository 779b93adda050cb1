"""
What the path of a call leads to: whose events, in which calendar, and what the caller is to them.

A calendar of others is reached in two ways, and their ids never mix: in the owner's mailbox, under
`/users/{owner}`, and as a copy among one's own calendars.
"""

from dataclasses import dataclass
from datetime import date

from sandbox.directory import Person
from sandbox.ids import Ids, Kind, Malformed
from sandbox.items import Calendar, Event
from sandbox.refusals import access_denied, item_not_found, malformed_id
from sandbox.roles import Role
from sandbox.sharing import Switches, entry_of, not_shared, role_of, shared_by_old_mechanism
from sandbox.sight import Sight
from sandbox.world import Copy, Mailbox

# What can be looked up of an event without looking into it.
_NOT_INSIDE = frozenset({"instances", "calendar"})


@dataclass(frozen=True, slots=True)
class Address:
    """
    The ids in a path, and who follows it. `stranger` is the caller where the mailbox is another person's,
    and null for its owner and for apps.
    """

    stranger: Person | None = None
    calendar: str | None = None
    calendar_group: str | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """
    `mailbox` and `calendar` are those in which the events lie, `event_id` is the path's in the words of
    that mailbox, and `ids` shows ids as the caller knows them. `viewer` has `role` there; both are null
    where the calendar is the owner's own.
    """

    mailbox: Mailbox
    calendar: Calendar
    ids: Ids
    event_id: str | None = None
    event: Event | None = None
    # The day of the instance that the id names.
    slot: date | None = None
    copy: Copy | None = None
    viewer: Person | None = None
    role: Role | None = None

    def sight(self, *, body: bool) -> Sight:
        return Sight.of_role(self.role, body=body)

    def require_read(self, switches: Switches) -> None:
        """
        Raises:
            Refusal: the calendar is not shared with the caller, or so that it cannot be read.
        """
        if self.viewer is None or self.role is None:
            return
        entry = entry_of(self.calendar, self.viewer)
        if entry is not None and entry.old_mechanism:
            raise shared_by_old_mechanism()
        # A copy shows at least when somebody is busy; the owner's mailbox shows so little to nobody.
        if not self.role.reads and not (self.copy is not None and self.role is Role.FREE_BUSY):
            raise not_shared(switches)

    def require_inside(self) -> None:
        """
        Raises:
            Refusal: of the event the caller may know no more than when it is.
        """
        if self.event is None:
            return
        if self.sight(body=True).hides(self.event.members_at(self.slot)):
            raise access_denied()

    def require_write(self) -> None:
        """
        Raises:
            Refusal: the caller may not change events here, or not this one; or nobody may.
        """
        if not self.calendar.can_edit or (self.role is not None and not self.role.writes):
            raise access_denied()
        self.require_inside()


def is_inside(words: tuple[str, ...]) -> bool:
    """Whether what follows the calendar in a path leads into an event: to its attachments and the like."""
    return len(words) > 2 and words[0].lower() == "events" and words[2].lower() not in _NOT_INSIDE


def follow(home: Mailbox, address: Address) -> Reach:
    """
    Follow an address in the mailbox that it names.

    Raises:
        Refusal: an id is malformed, or nothing has it.
    """
    if address.calendar is not None:
        place = home.calendar_or_copy(address.calendar)
        if address.calendar_group is not None and home.group(address.calendar_group).number != place.group:
            raise item_not_found()
    else:
        place = home.default_calendar
        copy = _copy_of_event(home, address.event) if address.event is not None else None
        place = copy or place
    if isinstance(place, Copy):
        # Copies are for their owner alone.
        if address.stranger is not None:
            raise item_not_found()
        return _through(home, place, address.event)
    return _directly(home, place, address)


def _copy_of_event(home: Mailbox, text: str) -> Copy | None:
    """The copy through which an event was seen, if the id is of that kind."""
    if text in home.raw_ids:
        return None
    try:
        reference = home.ids.read(text)
    except Malformed as error:
        raise malformed_id() from error
    if reference.kind is not Kind.SHARED_EVENT:
        return None
    copy = home.copies.get(reference.copy)
    if copy is None:
        raise item_not_found()
    return copy


def _through(home: Mailbox, copy: Copy, text: str | None) -> Reach:
    event_id = None if text is None else copy.owners_id(home.ids, text)
    event, slot = (None, None) if event_id is None else copy.mailbox.find(event_id)
    if event is not None and event.calendar != copy.calendar.number:
        raise item_not_found()
    role = role_of(copy.mailbox, copy.calendar, home.person)
    ids = copy.ids(home.ids)
    return Reach(copy.mailbox, copy.calendar, ids, event_id, event, slot, copy, viewer=home.person, role=role)


def _directly(home: Mailbox, calendar: Calendar, address: Address) -> Reach:
    event, slot = (None, None) if address.event is None else home.find(address.event)
    if event is not None and address.calendar is None:
        # Without a calendar in the path, an event is found wherever it is.
        calendar = home.calendars[event.calendar]
    viewer = address.stranger
    role = None if viewer is None else role_of(home, calendar, viewer)
    return Reach(home, calendar, home.ids, address.event, event, slot, viewer=viewer, role=role)
