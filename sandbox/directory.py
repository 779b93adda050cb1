"""The tenants and people that the sandbox knows: fixed, so that tests may rest on them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import NAMESPACE_DNS, uuid5

PERSONAL_TENANT_ID = "9188040d-6c67-4c5b-b112-36a304b66dad"
CONTOSO_ID = "3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001"
FABRIKAM_ID = "9b1d60f2-7c35-4e88-8f21-6ea4d570f002"
NORTHWIND_ID = "5e82b9d4-0a6f-4c17-b3d9-72c1f4a8d003"
ALMANAC_ID = "8f1c2f0e-6a43-4a57-9d0b-3c5de8a1a7c4"

# In lower case.
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def is_guid(text: str) -> bool:
    return re.fullmatch(GUID, text.lower()) is not None


class ConsentPolicy(StrEnum):
    """What the people of a tenant may agree to for themselves."""

    # Whatever is not reserved to administrators.
    USERS = "users"
    # What the tenant has classified as low, for apps of verified publishers or of its own.
    LOW_RISK = "low-risk"
    # What Microsoft finds harmless at present; calendars are not among it.
    RECOMMENDED = "recommended"
    # Nothing at all, not even signing in.
    ADMINISTRATORS = "administrators"


@dataclass(frozen=True)
class Tenant:
    """
    A directory. `consent` is how it starts; `Identity.set_consent` changes it for a while.

    `withdrawn` are the apps (client ids) that it agreed to once and then no longer: it knows them, and
    they may nothing.
    """

    id: str
    name: str
    domain: str
    consent: ConsentPolicy = ConsentPolicy.USERS
    withdrawn: tuple[str, ...] = ()

    @property
    def is_personal(self) -> bool:
        return self.id == PERSONAL_TENANT_ID


@dataclass(frozen=True)
class Home:
    """Where a guest comes from: who they are there."""

    oid: str
    tenant_id: str
    upn: str


@dataclass(frozen=True)
class Person:
    """
    Somebody who can sign in.

    `trouble` is the AADSTS number that every sign-in and every token request of this person ends in;
    `note` is what the account page says about it. `is_admin` makes a Global Administrator, `manages_apps`
    an Application Administrator. `home` is set where the person is a guest. `purpose` is what the mailbox
    is for: a `user`, or a `room`, a piece of `equipment`, a `shared` mailbox or a `group`, which are nobody's
    and sign in nowhere.
    """

    oid: str
    tenant_id: str
    name: str
    upn: str
    mail: str
    is_admin: bool = False
    has_mailbox: bool = True
    trouble: int | None = None
    note: str = ""
    manages_apps: bool = False
    needs_second_factor: bool = False
    home: Home | None = None
    purpose: str = "user"

    @property
    def is_group(self) -> bool:
        return self.purpose == "group"

    @property
    def is_resource(self) -> bool:
        return self.purpose != "user"

    @property
    def is_personal(self) -> bool:
        return self.tenant_id == PERSONAL_TENANT_ID

    @property
    def is_guest(self) -> bool:
        return self.home is not None

    @property
    def home_oid(self) -> str:
        """The object id in the tenant that the account belongs to; a guest has another one here."""
        return self.home.oid if self.home else self.oid

    @property
    def home_tenant_id(self) -> str:
        return self.home.tenant_id if self.home else self.tenant_id

    @property
    def approves_apps(self) -> bool:
        """Whether they may say yes for the whole tenant, at least to delegated permissions."""
        return self.is_admin or self.manages_apps

    @property
    def initials(self) -> str:
        words = self.name.split()
        return (words[0][0] + words[-1][0]).upper()


@dataclass(frozen=True)
class Group:
    """A Microsoft 365 group: people with one calendar among them. `members` are user principal names."""

    id: str
    tenant_id: str
    name: str
    mail: str
    description: str
    members: tuple[str, ...]

    def has(self, person: Person) -> bool:
        return person.upn in self.members

    def as_owner(self) -> Person:
        """The group as somebody who owns a mailbox; nobody can sign in as it."""
        return Person(self.id, self.tenant_id, self.name, self.mail, self.mail, purpose="group")


@dataclass(frozen=True)
class Guest:
    """An invitation that was accepted: the account of `address` is `oid` in the tenant."""

    oid: str
    tenant_id: str
    address: str


class Directory:
    """
    Look-up of tenants and people. Holds no state that changes. `guests` and `resources` are found like
    people, but are not among them.
    """

    def __init__(
        self,
        tenants: Iterable[Tenant],
        people: Iterable[Person],
        guests: Iterable[Guest] = (),
        resources: Iterable[Person] = (),
        groups: Iterable[Group] = (),
    ) -> None:
        self.groups = tuple(groups)
        self.tenants = tuple(tenants)
        self.people = tuple(people)
        self.resources = tuple(resources)
        self._tenants = {key: t for t in self.tenants for key in (t.id, t.domain)}
        everybody = (*self.people, *self.resources)
        self._people = {key.lower(): p for p in everybody for key in (p.oid, p.upn, p.mail)}
        self.guests = tuple(self._invited(guest) for guest in guests)
        # A guest's address means the account at home; here they are found by what is theirs here.
        self._people |= {key.lower(): p for p in self.guests for key in (p.oid, p.upn)}
        self._guests = {(p.home_oid, p.tenant_id): p for p in self.guests}

    @classmethod
    def default(cls, more_people: int = 0) -> Directory:
        """The fixed cast, and `more_people` ordinary people of Contoso after it."""
        crowd = (_one_of_the_crowd(n) for n in range(1, more_people + 1))
        return cls(TENANTS, (*CAST, *crowd), GUESTS, RESOURCES, GROUPS)

    def _invited(self, guest: Guest) -> Person:
        person, tenant = self._people[guest.address], self._tenants[guest.tenant_id]
        return replace(
            person,
            oid=guest.oid,
            tenant_id=tenant.id,
            upn=f"{person.upn.replace('@', '_')}#EXT#@{tenant.domain}",
            is_admin=False,
            manages_apps=False,
            has_mailbox=False,
            home=Home(person.oid, person.tenant_id, person.upn),
        )

    def find_tenant(self, id_or_domain: str) -> Tenant | None:
        return self._tenants.get(id_or_domain.lower())

    def find_person(self, oid_or_address: str) -> Person | None:
        """By object id, user principal name or mail address, in any case of letters."""
        return self._people.get(oid_or_address.strip().lower())

    def at_home(self, person: Person) -> Person:
        """The account itself, for somebody who may be a guest."""
        return self._people[person.home.oid] if person.home else person

    def known_in(self, tenant_id: str, person: Person) -> Person | None:
        """Who the person is in a tenant: a member, a guest under another object id, or nobody."""
        home = self.at_home(person)
        return home if home.tenant_id == tenant_id else self._guests.get((home.oid, tenant_id))

    def find_group(self, id_or_address: str) -> Group | None:
        wanted = id_or_address.strip().lower()
        return next((group for group in self.groups if wanted in {group.id, group.mail}), None)

    def tenant_of(self, person: Person) -> Tenant:
        return self._tenants[person.tenant_id]


def _resource(oid: str, name: str, address: str, purpose: str) -> Person:
    # The account behind such a mailbox is disabled: who knows its address cannot sign in as the room.
    return Person(oid, CONTOSO_ID, name, address, address, trouble=50057, purpose=purpose)


def _one_of_the_crowd(number: int) -> Person:
    address = f"person{number:04}@contoso.example"
    return Person(str(uuid5(NAMESPACE_DNS, address)), CONTOSO_ID, f"Person {number}", address, address)


def _person(
    oid: str,
    tenant_id: str,
    name: str,
    address: str,
    *,
    is_admin: bool = False,
    has_mailbox: bool = True,
    trouble: int | None = None,
    note: str = "",
    manages_apps: bool = False,
    needs_second_factor: bool = False,
) -> Person:
    return Person(
        oid,
        tenant_id,
        name,
        address,
        address,
        is_admin,
        has_mailbox,
        trouble,
        note,
        manages_apps=manages_apps,
        needs_second_factor=needs_second_factor,
    )


TENANTS = (
    Tenant(CONTOSO_ID, "Contoso", "contoso.example"),
    Tenant(FABRIKAM_ID, "Fabrikam", "fabrikam.example", ConsentPolicy.RECOMMENDED),
    Tenant(NORTHWIND_ID, "Northwind", "northwind.example", withdrawn=(ALMANAC_ID,)),
    Tenant(PERSONAL_TENANT_ID, "Personal accounts", "outlook.example"),
)

CAST = (
    _person("a11ce000-1b52-4c0d-8d5e-0c1f3a7be001", CONTOSO_ID, "Alice Moreau", "alice.moreau@contoso.example"),
    _person("b0b17000-2c63-4d1e-9e6f-1d204b8cf002", CONTOSO_ID, "Bob Ito", "bob.ito@contoso.example"),
    _person("ca71a000-3d74-4e2f-af70-2e315c9d0003", CONTOSO_ID, "Carla Weber", "carla.weber@contoso.example"),
    _person(
        "19e5a000-4e85-4f30-b081-3f426dae1004",
        CONTOSO_ID,
        "Ines Admin",
        "ines.admin@contoso.example",
        is_admin=True,
    ),
    _person("fa41d000-5f96-4041-8192-40537ebf2005", FABRIKAM_ID, "Farid Nasser", "farid.nasser@fabrikam.example"),
    _person(
        "f104a000-60a7-4152-92a3-51648fc03006",
        FABRIKAM_ID,
        "Fiona Admin",
        "fiona.admin@fabrikam.example",
        is_admin=True,
    ),
    _person("40a11000-71b8-4263-a3b4-627590d14007", NORTHWIND_ID, "Nora Lind", "nora.lind@northwind.example"),
    # The object id of a personal account always begins with two empty groups.
    _person("00000000-0000-0000-4a6f-0c9d5e1b7a21", PERSONAL_TENANT_ID, "Paula Reyes", "paula.reyes@outlook.example"),
    # People with whom something is wrong from the start.
    _person(
        "1ee00000-82c9-4374-b4c5-7386a1e25009",
        CONTOSO_ID,
        "Leo Park",
        "leo.park@contoso.example",
        note="no mailbox",
        has_mailbox=False,
    ),
    _person(
        "06000000-93da-4485-85d6-8497b2f3600a",
        CONTOSO_ID,
        "Ugo Barros",
        "ugo.barros@contoso.example",
        note="not assigned",
        trouble=50105,
    ),
    _person(
        "7e4a0000-a4eb-4596-96e7-95a8c304700b",
        CONTOSO_ID,
        "Vera Stone",
        "vera.stone@contoso.example",
        note="blocked by policy",
        trouble=53003,
    ),
    _person(
        "d04a0000-b5fc-46a7-a7f8-a6b9d415800c",
        CONTOSO_ID,
        "Dora Klein",
        "dora.klein@contoso.example",
        note="account disabled",
        trouble=50057,
    ),
    _person(
        "313a0000-c60d-47b8-88a9-b7cae526900d",
        CONTOSO_ID,
        "Mia Tan",
        "mia.tan@contoso.example",
        note="second factor",
        needs_second_factor=True,
    ),
    # Accounts that only administer have no mailbox, as is usual.
    _person(
        "ada31000-d71e-48c9-99ba-c8dbf637a00e",
        CONTOSO_ID,
        "Adam Apps",
        "adam.apps@contoso.example",
        note="application administrator",
        has_mailbox=False,
        manages_apps=True,
    ),
    _person(
        "71150000-e82f-49da-aacb-d9ec0748b00f",
        NORTHWIND_ID,
        "Nils Admin",
        "nils.admin@northwind.example",
        has_mailbox=False,
        is_admin=True,
    ),
    _person(
        "90500000-f930-4aeb-bbdc-eafd1859c010",
        FABRIKAM_ID,
        "Gus Hale",
        "gus.hale@fabrikam.example",
        note="guest in Contoso",
    ),
    _person(
        "00000000-0000-0000-5b70-1daea2f0c811",
        PERSONAL_TENANT_ID,
        "Petra Quist",
        "petra.quist@outlook.example",
        note="guest in Contoso",
    ),
)

RESOURCES = (
    _resource("20070ada-0001-4c0d-8d5e-0c1f3a7be101", "Room Ada", "room.ada@contoso.example", "room"),
    _resource("20070ce1-0002-4d1e-9e6f-1d204b8cf102", "Room Celsius", "room.celsius@contoso.example", "room"),
    _resource("e9019000-0003-4e2f-af70-2e315c9d0103", "Projector", "projector@contoso.example", "equipment"),
    _resource("54a7ed00-0004-4f30-b081-3f426dae1104", "Front Desk", "front.desk@contoso.example", "shared"),
)

GROUPS = (
    Group(
        "96000000-b60d-48b8-b9c9-c8daf637a001",
        CONTOSO_ID,
        "HR Taskforce",
        "hr.taskforce@contoso.example",
        "Benefits, hiring and everything about people.",
        ("alice.moreau@contoso.example", "bob.ito@contoso.example"),
    ),
    Group(
        "96000000-c71e-49c9-8ada-d9eb0748b002",
        CONTOSO_ID,
        "Design Guild",
        "design.guild@contoso.example",
        "Those who draw before they build.",
        ("carla.weber@contoso.example", "ines.admin@contoso.example"),
    ),
)

GUESTS = (
    Guest("90500001-0a41-4bfc-8ced-fb0e296ad012", CONTOSO_ID, "gus.hale@fabrikam.example"),
    Guest("9e72a001-1b52-4c0d-9dfe-0c1f3a7be013", CONTOSO_ID, "petra.quist@outlook.example"),
)
