"""
A world that somebody wrote down: tenants, people, and what is in their calendars, as JSON.
`sandbox/examples/world.json` shows all of it. The same file always gives the same ids.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import NAMESPACE_DNS, uuid5

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sandbox import drafts, edit_door, edits, series
from sandbox.bodies import preview_of
from sandbox.clock import Clock
from sandbox.directory import GUID, PERSONAL_TENANT_ID, ConsentPolicy, Directory, Person, Tenant
from sandbox.edit_door import EditRequest
from sandbox.identity.numbers import FAULTS
from sandbox.items import COLORS, Calendar, Event, Override
from sandbox.refusals import Refusal, invalid_property, unreadable
from sandbox.sentences import sentence
from sandbox.world import Mailbox, World
from sandbox.zones import to_wall

JSON = dict[str, Any]
_GUID = rf"(?i)^{GUID}$"
_ADDRESS = r"^[^@\s]+@[^@\s]+$"
_DOMAIN = r"^[^@\s]+\.[^@\s]+$"


class WrongWorld(ValueError):
    """The world cannot be made as it is written; the sentence says where and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TenantInFile(_Strict):
    """`personal` makes it the one of personal accounts, of which there is one in all the world."""

    name: str = Field(min_length=1)
    domain: str = Field(pattern=_DOMAIN)
    id: str | None = Field(default=None, pattern=_GUID)
    consent: ConsentPolicy = ConsentPolicy.USERS
    personal: bool = False

    @property
    def tenant_id(self) -> str:
        if self.personal:
            return PERSONAL_TENANT_ID
        return self.id.lower() if self.id else str(uuid5(NAMESPACE_DNS, self.domain.lower()))


class CalendarInFile(_Strict):
    """
    `events` are Graph's events. A series may have `exceptionOccurrences`, each with the `date` on which
    the rule put it, and `cancelledOccurrences`, which are such dates.
    """

    name: str = Field(min_length=1)
    default: bool = False
    color: str = "auto"
    events: list[JSON] = []

    @field_validator("color")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in COLORS:
            raise ValueError(f"{value} is no color: they are {', '.join(COLORS)}")
        return value


class PersonInFile(_Strict):
    """
    `address` is the user principal name; its domain, or `tenant`, names the tenant by domain. `trouble` is the
    AADSTS number in which every sign-in of this person ends. `settings` are Graph's mailboxSettings.
    Where no calendar is called the default one, there is another, "Calendar"; `events` are the default one's.
    """

    name: str = Field(min_length=1)
    address: str = Field(pattern=_ADDRESS)
    tenant: str | None = None
    id: str | None = Field(default=None, pattern=_GUID)
    mail: str | None = Field(default=None, pattern=_ADDRESS)
    admin: bool = False
    mailbox: bool = True
    trouble: int | None = None
    note: str = ""
    settings: JSON = {}
    calendars: list[CalendarInFile] = []
    events: list[JSON] = []

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if sum(calendar.default for calendar in self.calendars) > 1:
            raise ValueError("only one calendar can be the default one")
        if not self.mailbox and (self.calendars or self.events or self.settings):
            raise ValueError("somebody without a mailbox has no calendars, events and settings")
        if self.trouble is not None and self.trouble not in FAULTS:
            raise ValueError(f"trouble: the sandbox knows no AADSTS{self.trouble}")
        return self

    @property
    def domain(self) -> str:
        return (self.tenant or self.address.partition("@")[2]).lower()

    def person(self, tenant_id: str) -> Person:
        oid = self.id.lower() if self.id else str(uuid5(NAMESPACE_DNS, self.address.lower()))
        if self.id is None and tenant_id == PERSONAL_TENANT_ID:
            # The object id of a personal account always begins with two empty groups.
            oid = f"00000000-0000-0000-{oid[19:]}"
        return Person(
            oid=oid,
            tenant_id=tenant_id,
            name=self.name,
            upn=self.address,
            mail=self.mail or self.address,
            is_admin=self.admin,
            has_mailbox=self.mailbox,
            trouble=self.trouble,
            note=self.note,
        )


class WorldFile(_Strict):
    """`name` is in every id: another name makes ids that those of before are not mistaken for."""

    name: str = "written"
    tenants: list[TenantInFile] = Field(min_length=1)
    people: list[PersonInFile] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _refuse_doubles("tenants", (tenant.domain for tenant in self.tenants))
        _refuse_doubles("tenants", (tenant.tenant_id for tenant in self.tenants))
        # Whoever has another address for mail is counted once for each.
        names = ({each.address.lower(), (each.mail or each.address).lower()} for each in self.people)
        _refuse_doubles("people", (name for both in names for name in both))
        domains = {tenant.domain.lower() for tenant in self.tenants}
        for person in self.people:
            if person.domain not in domains:
                raise ValueError(f"{person.address}: there is no tenant {person.domain}")
        _refuse_doubles("people", (person.oid for person in self.directory().people))
        return self

    @classmethod
    def load(cls, path: Path) -> Self:
        """
        Raises:
            WrongWorld: it cannot be read, or not be made.
        """
        try:
            world = cls.model_validate(orjson.loads(path.read_bytes()))
        except OSError as error:
            raise WrongWorld(f"{path} cannot be read: {error.strerror}.") from error
        except orjson.JSONDecodeError as error:
            raise WrongWorld(f"{path} is no JSON: {error}.") from error
        except ValidationError as error:
            raise WrongWorld(sentence(error)) from error
        world.check()
        return world

    def directory(self) -> Directory:
        """Everybody in the file. The registered apps are those of the fixed cast."""
        tenants = {tenant.domain.lower(): tenant for tenant in self.tenants}
        return Directory(
            tenants=[Tenant(each.tenant_id, each.name, each.domain, each.consent) for each in self.tenants],
            people=[person.person(tenants[person.domain].tenant_id) for person in self.people],
        )

    def check(self) -> None:
        """
        Make everything once, to see whether it can be made.

        Raises:
            WrongWorld: something in a mailbox cannot be.
        """
        trial = World(self.directory(), Clock(), name=self.name, mailboxes=None, fill=self.fill)
        for person in trial.owners():
            trial.mailbox(person)

    def fill(self, mailbox: Mailbox, today: date) -> None:
        """
        Raises:
            WrongWorld: as `check` does.
        """
        addresses = [person.address for person in self.people]
        number = addresses.index(mailbox.person.upn)
        _Filler(mailbox, today, place=f"people.{number}").fill(self.people[number])


def _refuse_doubles(what: str, names: Iterable[str]) -> None:
    for name, count in Counter(name.lower() for name in names).items():
        if count > 1:
            raise ValueError(f"{what}: {name} is there {count} times")


class _Filler:
    """Puts into one mailbox what the file says. `place` says where in the file we are."""

    def __init__(self, mailbox: Mailbox, today: date, *, place: str) -> None:
        self._mailbox = mailbox
        # Everything was there before the world began.
        self._made = datetime.combine(today, time(), UTC) - timedelta(days=1)
        self._place = place

    def fill(self, person: PersonInFile) -> None:
        if not any(calendar.default for calendar in person.calendars):
            self._mailbox.add_calendar("Calendar", is_default=True)
        for number, wish in enumerate(person.calendars):
            calendar = self._mailbox.add_calendar(wish.name, is_default=wish.default, color=wish.color)
            self._put_all(calendar, wish.events, f"{self._place}.calendars.{number}.events")
        self._put_all(self._mailbox.default_calendar, person.events, f"{self._place}.events")
        if person.settings:
            self._set(person.settings)

    def _set(self, settings: JSON) -> None:
        wish = EditRequest(mailbox=self._mailbox.person.upn, op="settings", settings=settings)
        try:
            edit_door.perform(self._mailbox, wish, calendar=self._mailbox.default_calendar)
        except Refusal as refused:
            raise _wrong(f"{self._place}.settings", refused) from refused

    def _put_all(self, calendar: Calendar, events: list[JSON], place: str) -> None:
        for number, given in enumerate(events):
            try:
                self._put(calendar, given)
            except Refusal as refused:
                raise _wrong(f"{place}.{number}", refused) from refused
            except ValueError as error:
                raise WrongWorld(f"{place}.{number}: {error}.") from error

    def _put(self, calendar: Calendar, given: JSON) -> None:
        event = edits.compose(self._mailbox, calendar, drafts.read(given, trusted=True))
        event.created = _moment(given, "createdDateTime", self._made)
        event.modified = max(event.created, _moment(given, "lastModifiedDateTime", self._made))
        # Taken out before anything is moved: nothing can be in the way of what is gone.
        for each in _list(given, "cancelledOccurrences"):
            slot = series.instance_at(event, _day(each)).slot
            if slot is not None:
                event.cancelled[slot] = event.changed
        for each in _list(given, "exceptionOccurrences"):
            self._except(event, each)
        event.cache.clear()
        self._mailbox.put(event)

    def _except(self, event: Event, given: Any) -> None:
        if not isinstance(given, dict):
            raise unreadable("An exception is an object.")
        slot = _slot(event, given)
        if slot in event.overrides:
            raise unreadable(f"There are two exceptions of {slot}.")
        usual = series.instance_at(event, slot)
        draft = drafts.read(given, trusted=True)
        own = Override(members=draft.members, start=draft.start, end=draft.end, all_day=draft.all_day)
        if "body" in own.members:
            own.members["bodyPreview"] = preview_of(own.members["body"])
        moved = series.with_override(usual, own)
        if moved.end < moved.start:
            raise invalid_property()
        series.refuse_crossing(event, slot, moved)
        event.overrides[slot] = own


def _list(given: JSON, name: str) -> list[Any]:
    found = given.get(name) or []
    if not isinstance(found, list):
        raise unreadable(f"{name} is a list.")
    return found


def _slot(event: Event, given: JSON) -> date:
    """The day on which the rule put it: said as such, by its occurrence id, or by its original start."""
    day = given.get("date") or given.get("occurrenceId")
    if day is not None:
        return _day(day)
    start = given.get("originalStart")
    if not isinstance(start, str):
        raise unreadable("An exception needs the date on which the rule put it.")
    moment = drafts.read_instant(start)
    return moment.date() if event.all_day else to_wall(moment, event.start.zone).date()


def _day(given: Any) -> date:
    """`2026-12-08`, also at the end of an occurrence id."""
    return date.fromisoformat(str(given).rpartition(".")[2])


def _moment(given: JSON, name: str, usual: datetime) -> datetime:
    value = given.get(name)
    return usual if value is None else drafts.read_instant(str(value))


def _wrong(place: str, refused: Refusal) -> WrongWorld:
    return WrongWorld(f"{place}: {refused.code}: {refused.message}")
