"""The tenant part of an address: `common`, `organizations`, `consumers`, a GUID or a domain."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.directory import PERSONAL_TENANT_ID, Directory, Person, Tenant, is_guid

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

    def admits(self, person: Person) -> bool:
        if self.tenant is not None:
            return person.tenant_id == self.tenant.id
        return self.name == "common" or not person.is_personal


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
