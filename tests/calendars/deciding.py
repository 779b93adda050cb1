"""Short words for tests in which an organization decides something. Every function opens its own scope."""

from datetime import datetime
from typing import Any

from calendars import services
from calendars.models import Event
from calendars.services import Applied
from tenants.acts import Act
from tenants.models import AuditEntry, Membership, Organization, User
from tenants.scoping import organization_scope
from tenants.services.audit import Actor
from tenants.services.policies import Policies, change_policies
from tests.calendars.conftest import utc_now


def decide(organization: Organization, by: User, **policies: Any) -> list[str]:
    """Change these policies, as the page does; nothing that is stored follows yet."""
    with organization_scope(organization.pk):
        row = Organization.objects.get(pk=organization.pk)
        return change_policies(
            acting=Membership.objects.of(organization).get(user=by),
            wanted=Policies(**{**vars(Policies.of(row)), **policies}),
            seen_at=row.policies_changed_at,
            by=Actor.person(by),
            now=utc_now(),
        )


def apply(organization: Organization, now: datetime | None = None) -> Applied | None:
    return services.apply_policies(organization_id=organization.pk, now=now or utc_now())


def as_it_is(organization: Organization) -> Organization:
    with organization_scope(organization.pk):
        return Organization.objects.get(pk=organization.pk)


def events_of(organization: Organization) -> list[Event]:
    """Every row, masters among them."""
    with organization_scope(organization.pk):
        return list(Event.objects.of(organization).order_by("pk"))


def acts_of(organization: Organization, *acts: Act) -> list[AuditEntry]:
    with organization_scope(organization.pk):
        return list(AuditEntry.objects.of(organization).filter(act__in=acts).order_by("pk"))
