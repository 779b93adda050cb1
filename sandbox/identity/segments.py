"""The tenant part of an address: `common`, `organizations`, `consumers`, a GUID or a domain."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.directory import PERSONAL_TENANT_ID, Directory, Person, Tenant, is_guid
from sandbox.registration import App, Audience

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_EVERYBODY = ("common", "organizations", "consumers")


class UnknownTenant(Exception):
    """`is_name` tells whether it could at least be the name of a tenant."""

    def __init__(self, text: str, *, is_name: bool) -> None:
        super().__init__(text)
        self.text = text
        self.is_name = is_name

    @property
    def number(self) -> int:
        return 90002 if self.is_name else 900023

    @property
    def sentence(self) -> str:
        if self.is_name:
            return f"Tenant '{self.text}' not found. Check that it is the right one and in this cloud."
        return f"Specified tenant identifier '{self.text}' is neither a valid DNS name nor a GUID."


@dataclass(frozen=True)
class Segment:
    """`name` is how Microsoft spells it in the addresses of its answers: a domain becomes its GUID."""

    name: str
    tenant: Tenant | None

    @property
    def is_one_organization(self) -> bool:
        return self.tenant is not None and not self.tenant.is_personal

    def known_as(self, person: Person, directory: Directory) -> Person | None:
        """
        Who an account is at this address; none if it is not admitted.

        A guest is somebody else in the tenant's own address, and at home everywhere else.
        """
        if self.tenant is not None:
            return directory.known_in(self.tenant.id, person)
        home = directory.at_home(person)
        return home if self.name == "common" or not home.is_personal else None

    def admits(self, person: Person, directory: Directory) -> bool:
        return self.known_as(person, directory) is not None

    def objection(self, app: App) -> tuple[int, str] | None:
        """The number and sentence that keep the app from this address altogether, by whom it takes."""
        tenant = self.tenant
        match app.audience:
            case Audience.PERSONAL if tenant is None or not tenant.is_personal:
                return 9002331, f"'{app.client_id}' takes personal accounts only. Use the /consumers endpoint."
            case Audience.ORGANIZATIONS | Audience.ONE_ORGANIZATION if tenant is not None and tenant.is_personal:
                return 9002332, f"'{app.client_id}' takes work accounts only. Do not use the /consumers endpoint."
            case Audience.ONE_ORGANIZATION if tenant is None:
                return 50194, f"'{app.client_id}' is not multitenant. The /{self.name} endpoint is not for it."
            case Audience.ONE_ORGANIZATION if tenant is not None and tenant.id != app.home_tenant_id:
                return 700016, f"Application '{app.client_id}' was not found in the directory '{tenant.name}'."
            case _:
                return None


def parse(text: str, directory: Directory) -> Segment:
    """
    Read the tenant part of a path.

    Raises:
        UnknownTenant: it is none.
    """
    lowered = text.lower()
    if lowered == "consumers":
        return Segment("consumers", directory.find_tenant(PERSONAL_TENANT_ID))
    if lowered in _EVERYBODY:
        return Segment(lowered, None)
    tenant = directory.find_tenant(lowered)
    if tenant is None:
        raise UnknownTenant(text, is_name=is_guid(lowered) or _DOMAIN.fullmatch(lowered) is not None)
    return Segment(tenant.id, tenant)
