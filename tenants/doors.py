"""What must be known before anybody's organization is: the only place in this app that opens a system scope."""

from typing import NamedTuple

from tenants.models import Membership, Organization
from tenants.scoping import system_scope


class Standing(NamedTuple):
    """Where somebody stands in one organization."""

    organization_id: int
    membership_id: int
    role: str


class Card(NamedTuple):
    """One of somebody's organizations, as the switcher shows it."""

    id: int
    slug: str
    name: str
    role: str
    membership_id: int


def standing(*, user_id: int, slug: str) -> Standing | None:
    """Where this person stands in that organization; None for a stranger and for a slug that nobody has."""
    with system_scope("a request names its organization by slug"):
        row = (
            Membership.objects.filter(user_id=user_id, organization__slug=slug)
            .values_list("organization_id", "pk", "role")
            .first()
        )
    return Standing(*row) if row else None


def organizations_of(user_id: int) -> list[Card]:
    """All organizations of one person, by name."""
    with system_scope("a person's organizations"):
        rows = (
            Membership.objects.filter(user_id=user_id)
            .order_by("organization__name", "organization_id")
            .values_list("organization_id", "organization__slug", "organization__name", "role", "pk")
        )
        return [Card(*row) for row in rows]


def all_organizations() -> list[int]:
    """The ids of all organizations, for tasks that fan out."""
    with system_scope("a task for each organization"):
        return list(Organization.objects.order_by("pk").values_list("pk", flat=True))


def organization_by_slug(slug: str) -> int | None:
    """The id of the organization with this slug, whoever asks: for founding, and for commands run by operators."""
    with system_scope("a slug is given"):
        return Organization.objects.filter(slug=slug).values_list("pk", flat=True).first()
