"""Founding an organization."""

import re
import unicodedata
from datetime import datetime

from django.db import IntegrityError, connection

from tenants import doors
from tenants.acts import Act
from tenants.models import Membership, Organization, User
from tenants.policies import Role
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, Target, record

SLUG_LENGTH = 50
# Words that an address of ours, or of somebody who pretends to be us, might need one day.
RESERVED_SLUGS = frozenset(
    {
        "about", "account", "accounts", "admin", "administrator", "almanac", "api", "approve", "auth", "billing",
        "blog", "calendar", "connect", "connections", "contact", "docs", "help", "healthz", "home", "invite",
        "legal", "login", "logout", "mail", "me", "microsoft", "new", "o", "official", "privacy", "root",
        "security", "settings", "signup", "static", "status", "support", "system", "team", "terms", "webhooks",
        "www",
    }
)  # fmt: skip
# Enough for anybody who means it, and an end for a script.
ORGANIZATIONS_PER_OWNER = 20
# What remains of a deleted organization has one of these; see `webhooks/services/erasing.py`.
_DELETED = re.compile(r"deleted-[0-9]+")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class SlugTaken(Exception):
    """Another organization has this slug."""


class SlugRefused(ValueError):
    """The slug is reserved, or not of lower-case letters, digits and single hyphens."""


class TooManyOrganizations(Exception):
    """This person owns as many organizations as anybody may."""


def found_organization(*, name: str, slug: str, by: User, now: datetime, ip: str | None = None) -> Membership:
    """
    Found an organization and make `by` its owner. Opens its own scope, so call it outside every scope.

    Raises:
        SlugRefused: the slug is not one that an organization may have.
        SlugTaken: somebody has it, perhaps since a moment ago. Nothing is stored.
        TooManyOrganizations: `by` owns `ORGANIZATIONS_PER_OWNER` already.
    """
    if not is_allowed_slug(slug):
        raise SlugRefused(slug)
    if sum(card.role == Role.OWNER for card in doors.organizations_of(by.pk)) >= ORGANIZATIONS_PER_OWNER:
        raise TooManyOrganizations
    organization_id = _next_organization_id()
    try:
        with organization_scope(organization_id):
            organization = Organization.objects.create(pk=organization_id, name=name, slug=slug, created_at=now)
            membership = Membership.objects.create(organization=organization, user=by, role=Role.OWNER, created_at=now)
            record(
                organization_id=organization_id,
                act=Act.ORGANIZATION_FOUNDED,
                by=Actor.person(by, ip=ip),
                on=Target("organization", organization_id, name),
                now=now,
            )
            return membership
    except IntegrityError as error:
        # The id is fresh and so is the membership: only the slug can be somebody else's.
        raise SlugTaken(slug) from error


def is_allowed_slug(slug: str) -> bool:
    """Whether an organization may have this slug, be it free or not."""
    return len(slug) <= SLUG_LENGTH and bool(_SLUG.fullmatch(slug)) and not _is_reserved(slug)


def _is_reserved(slug: str) -> bool:
    return slug in RESERVED_SLUGS or _DELETED.fullmatch(slug) is not None


def suggest_slug(name: str) -> str:
    """
    A free slug made from a name, such as `smith-sons` of "Smith & Sons"; empty when the name offers nothing.

    Opens a scope, so call it outside every scope. It may be taken by the time somebody wants it.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", ""))[: SLUG_LENGTH - 3].strip("-")
    if not base:
        return ""
    for candidate in (base, *(f"{base}-{number}" for number in range(2, 100))):
        if is_allowed_slug(candidate) and doors.organization_by_slug(candidate) is None:
            return candidate
    return ""


def _next_organization_id() -> int:
    """From the sequence, before the row: a scope must be named by an id, and an id comes with the row otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('tenants_organization_id_seq')")
        (value,) = cursor.fetchone()
    return int(value)
