"""
Sharing calendars. The owner's calendar holds an entry for everybody who may do something in it; people
of this world also get a copy of it among their own calendars at once, as if they had accepted an
invitation. A copy holds nothing: it is a window on the owner's calendar.

The caller holds the sandbox's lock.
"""

import base64
from dataclasses import dataclass

from sandbox.directory import Person
from sandbox.ids import Ids, Kind, Malformed, SharedIds
from sandbox.items import Calendar, Permission
from sandbox.refusals import Refusal, access_denied, invalid_request, item_not_found, malformed_id
from sandbox.roles import DELEGATES, FOR_EVERYBODY, FOR_INSIDERS, FOR_OUTSIDERS, Role
from sandbox.world import EVERYBODY_ID, OTHER_CALENDARS, Mailbox, World


@dataclass(slots=True)
class Copy:
    """A calendar of `mailbox` as it stands in another mailbox, whose id, name and colour for it are its own."""

    number: int
    id: str
    mailbox: Mailbox
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
        except Malformed as error:
            raise malformed_id() from error
        if reference.kind is not Kind.SHARED_EVENT or reference.copy != self.number:
            raise item_not_found()
        ids = self.mailbox.ids
        if reference.immutable:
            return ids.immutable(reference.beyond, reference.slot)
        return ids.plain(Kind.EVENT, reference.beyond, reference.slot)


@dataclass
class Switches:
    """How sharing behaves beyond what is documented; the default is what was observed."""

    # How somebody else's calendar is refused that is not shared: 403, or 404 as if it were not there.
    unshared_status: int = 403


def role_of(mailbox: Mailbox, calendar: Calendar, person: Person) -> Role:
    """What a person other than the owner may do. An entry of one's own counts, even if everybody may do more."""
    entry = entry_of(calendar, person)
    if entry is None and person.tenant_id == mailbox.person.tenant_id:
        entry = calendar.permissions.get(EVERYBODY_ID)
    return Role.NONE if entry is None else entry.role


def entry_of(calendar: Calendar, person: Person) -> Permission | None:
    return next((entry for entry in calendar.permissions.values() if entry.oid == person.oid), None)


def allowed_roles(calendar: Calendar, entry: Permission) -> tuple[Role, ...]:
    """The roles that an entry may be given."""
    if entry.address is None:
        return FOR_EVERYBODY
    if not entry.inside:
        return FOR_OUTSIDERS
    # Only the main calendar has delegates, and only people of the organization can be some.
    return (*FOR_INSIDERS, *DELEGATES) if calendar.is_default else FOR_INSIDERS


def candidate(world: World, mailbox: Mailbox, address: str, name: str = "") -> Permission:
    """
    The entry that somebody would get, without any right yet.

    Raises:
        Refusal: the address is none, the owner's, or of the owner's organization where nobody has it.
    """
    address = address.strip()
    local, at, domain = address.partition("@")
    if not local or not at or not domain:
        raise invalid_request(f"Your request can't be completed. '{address}' is no e-mail address.")
    person = world.directory.find_person(address)
    if person is None:
        tenant = world.directory.find_tenant(domain)
        if tenant is not None and tenant.id == mailbox.person.tenant_id:
            raise invalid_request(f"Your request can't be completed. Nobody has the address '{address}'.")
        return Permission(_outsiders_id(address), Role.NONE, name or address, address, inside=False)
    if person.oid == mailbox.person.oid:
        raise invalid_request("Your request can't be completed. A calendar cannot be shared with its owner.")
    inside = person.tenant_id == mailbox.person.tenant_id and not person.is_personal
    id_ = _insiders_id(person) if inside else _outsiders_id(person.mail)
    return Permission(id_, Role.NONE, person.name, person.mail, person.oid, inside)


def share(world: World, mailbox: Mailbox, calendar: Calendar, entry: Permission, role: Role) -> Permission:
    """
    Give somebody a role; a second time, it replaces the former one. The sharee's copy is made, also again
    if it was taken away.

    Raises:
        Refusal: that role is not for them.
    """
    entry = calendar.permissions.get(entry.id, entry)
    change_role(calendar, entry, role)
    calendar.permissions[entry.id] = entry
    _give_copy(world, mailbox, calendar, entry)
    return entry


def change_role(calendar: Calendar, entry: Permission, role: Role) -> None:
    """
    Raises:
        Refusal: that role is not for them.
    """
    allowed = allowed_roles(calendar, entry)
    if role not in allowed:
        raise invalid_request(f"Your request can't be completed. The role must be one of {', '.join(allowed)}.")
    entry.role = role
    # Whoever is shared with anew is shared with by the present mechanism.
    entry.old_mechanism = False


def unshare(world: World, calendar: Calendar, entry: Permission) -> None:
    """
    Take an entry away, and the copy with it.

    Raises:
        Refusal: it is the one for everybody, which stays.
    """
    if entry.address is None:
        raise invalid_request("Your request can't be completed. The entry of the organization cannot be removed.")
    del calendar.permissions[entry.id]
    _take_copy(world, calendar, entry)


def end(world: World, calendar: Calendar) -> None:
    """The calendar is no more: nobody keeps a copy."""
    for entry in calendar.permissions.values():
        _take_copy(world, calendar, entry)


def _give_copy(world: World, mailbox: Mailbox, calendar: Calendar, entry: Permission) -> None:
    sharee = _mailbox_of(world, entry)
    if sharee is None or any(copy.calendar is calendar for copy in sharee.copies.values()):
        return
    number = sharee.next_number()
    sharee.copies[number] = Copy(
        number=number,
        id=sharee.ids.plain(Kind.CALENDAR, number),
        mailbox=mailbox,
        calendar=calendar,
        # Everybody's main calendar has the same name: it goes by its owner's.
        name=mailbox.person.name if calendar.is_default else calendar.name,
        changed=sharee.next_sequence(),
        color=calendar.color,
    )


def _take_copy(world: World, calendar: Calendar, entry: Permission) -> None:
    sharee = _mailbox_of(world, entry)
    if sharee is not None:
        sharee.copies = {number: copy for number, copy in sharee.copies.items() if copy.calendar is not calendar}


def _mailbox_of(world: World, entry: Permission) -> Mailbox | None:
    person = world.directory.find_person(entry.oid) if entry.oid is not None else None
    return world.mailbox(person) if person is not None else None


def _insiders_id(person: Person) -> str:
    name = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
    return _encoded(f"{name}{person.oid.replace('-', '')}-{person.upn.partition('@')[0]}")


def _outsiders_id(address: str) -> str:
    return _encoded(f"ExchangePublishedUser.{address.lower()}")


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def shared_by_old_mechanism() -> Refusal:
    """What a sharing answers that was made before calendars were really copied, until it is made anew."""
    return Refusal(500, "ErrorInternalServerTransientError", "Cannot open mailbox.")


def not_shared(switches: Switches) -> Refusal:
    return item_not_found() if switches.unshared_status == 404 else access_denied()
