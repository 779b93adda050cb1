"""The tenants, people and registered apps that the sandbox knows: fixed, so that tests may rest on them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import NAMESPACE_DNS, uuid5

PERSONAL_TENANT_ID = "9188040d-6c67-4c5b-b112-36a304b66dad"
CONTOSO_ID = "3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001"
FABRIKAM_ID = "9b1d60f2-7c35-4e88-8f21-6ea4d570f002"
NORTHWIND_ID = "5e82b9d4-0a6f-4c17-b3d9-72c1f4a8d003"
ALMANAC_ID = "8f1c2f0e-6a43-4a57-9d0b-3c5de8a1a7c4"

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text.lower()) is not None


class ConsentPolicy(StrEnum):
    """Who may say yes to calendars in a tenant."""

    USERS = "users"
    ADMINISTRATORS = "administrators"


@dataclass(frozen=True)
class Tenant:
    """A directory. `consent` is how it starts; `Identity.set_consent` changes it for a while."""

    id: str
    name: str
    domain: str
    consent: ConsentPolicy = ConsentPolicy.USERS

    @property
    def is_personal(self) -> bool:
        return self.id == PERSONAL_TENANT_ID


@dataclass(frozen=True)
class Person:
    """
    Somebody who can sign in.

    `trouble` is the AADSTS number that every sign-in and every token request of this person ends in;
    `note` is what the account page says about it.
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

    @property
    def is_personal(self) -> bool:
        return self.tenant_id == PERSONAL_TENANT_ID

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
        return Person(self.id, self.tenant_id, self.name, self.mail, self.mail)


@dataclass(frozen=True)
class App:
    """A registration: what it may ask for, where answers may go."""

    client_id: str
    name: str
    publisher: str
    secret: str
    redirect_uris: tuple[str, ...]
    delegated: tuple[str, ...]
    application: tuple[str, ...]

    def accepts_redirect(self, uri: str) -> bool:
        """Letter for letter, except that the port of `localhost` does not matter."""
        return any(uri == known or _portless(uri) == _portless(known) for known in self.redirect_uris)


def _portless(uri: str) -> str:
    """`uri` without its port when it is an http address of localhost; otherwise unchanged."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return uri
    if parts.scheme != "http" or parts.hostname != "localhost" or port is None:
        return uri
    return uri.replace(f"localhost:{port}", "localhost", 1)


class Directory:
    """Look-up of tenants, people and apps. Holds no state that changes."""

    def __init__(
        self,
        tenants: Iterable[Tenant],
        people: Iterable[Person],
        apps: Iterable[App],
        groups: Iterable[Group] = (),
    ) -> None:
        self.groups = tuple(groups)
        self.tenants = tuple(tenants)
        self.people = tuple(people)
        self.apps = tuple(apps)
        self._tenants = {key: t for t in self.tenants for key in (t.id, t.domain)}
        self._people = {key.lower(): p for p in self.people for key in (p.oid, p.upn, p.mail)}
        self._apps = {app.client_id: app for app in self.apps}

    @classmethod
    def default(cls, more_people: int = 0) -> Directory:
        """The fixed cast, and `more_people` ordinary people of Contoso after it."""
        crowd = (_one_of_the_crowd(n) for n in range(1, more_people + 1))
        return cls(TENANTS, (*CAST, *crowd), APPS, GROUPS)

    def find_tenant(self, id_or_domain: str) -> Tenant | None:
        return self._tenants.get(id_or_domain.lower())

    def find_person(self, oid_or_address: str) -> Person | None:
        """By object id, user principal name or mail address, in any case of letters."""
        return self._people.get(oid_or_address.strip().lower())

    def find_group(self, id_or_address: str) -> Group | None:
        wanted = id_or_address.strip().lower()
        return next((group for group in self.groups if wanted in {group.id, group.mail}), None)

    def find_app(self, client_id: str) -> App | None:
        return self._apps.get(client_id.lower())

    def tenant_of(self, person: Person) -> Tenant:
        return self._tenants[person.tenant_id]


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
) -> Person:
    return Person(oid, tenant_id, name, address, address, is_admin, has_mailbox, trouble, note)


TENANTS = (
    Tenant(CONTOSO_ID, "Contoso", "contoso.example"),
    Tenant(FABRIKAM_ID, "Fabrikam", "fabrikam.example", ConsentPolicy.ADMINISTRATORS),
    Tenant(NORTHWIND_ID, "Northwind", "northwind.example"),
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

APPS = (
    App(
        client_id=ALMANAC_ID,
        name="Almanac",
        publisher="Almanac",
        secret="sandbox-secret-of-almanac",
        redirect_uris=("http://localhost/connections/callback/",),
        delegated=(
            "openid",
            "profile",
            "email",
            "offline_access",
            "User.Read",
            "Calendars.Read",
            "Calendars.ReadWrite",
            "MailboxSettings.Read",
        ),
        application=("Calendars.Read", "Calendars.ReadWrite", "MailboxSettings.Read", "User.Read.All"),
    ),
)
