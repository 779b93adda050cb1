"""Who may connect, as an organization has decided it: newcomers at the door, and those who are in already."""

from datetime import datetime
from uuid import UUID

import structlog

from connections import emails
from connections.models import PERSONAL_TENANT, Connection, Status
from connections.services.outcomes import Outcome
from tenants.acts import Act
from tenants.emails import queue
from tenants.models import MicrosoftTenant, Organization, TenantsAllowed
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, Target, record

log = structlog.get_logger(__name__)

REASON = "not_allowed_here"


def refusal_of_newcomer(*, organization: Organization, tid: UUID) -> Outcome | None:
    """Why an account of this Microsoft tenant may not be connected here; None if it may. Expects the scope."""
    if tid == PERSONAL_TENANT:
        return None if organization.personal_accounts else Outcome.PERSONAL
    if organization.tenants_allowed == TenantsAllowed.ANY:
        return None
    is_linked = MicrosoftTenant.objects.of(organization).linked().filter(tid=tid).exists()
    return None if is_linked else Outcome.TENANT_NOT_ALLOWED


def apply_who_may_connect(*, organization_id: int, now: datetime) -> int:
    """
    Disconnect every connection that the organization's policies do not admit, and tell its person once; how many.

    State only: events, subscription and tokens are taken away afterwards, as when a person leaves. To be called after a
    policy was tightened or a Microsoft tenant unlinked. Opens its own scope, or uses the one that is open; running it
    again finds nobody.
    """
    with organization_scope(organization_id):
        # Locked, so that a sign-in under way is either found here or finds the policy.
        organization = Organization.objects.of(organization_id).select_for_update(no_key=True).get()
        if organization.admits_everybody:
            return 0
        alive = Connection.objects.of(organization_id).alive().select_related("member__user")
        unwanted = alive.turned_away(organization, organization_id=organization_id)
        found = list(unwanted.order_by("pk").select_for_update(no_key=True, of=("self",)))
        for connection in found:
            connection.become(Status.DISCONNECTED, reason=REASON, now=now)
            record(
                organization_id=organization_id,
                act=Act.CONNECTION_DISCONNECTED,
                by=Actor.system(),
                now=now,
                on=Target("connection", connection.pk, connection.address),
                reason=REASON,
            )
            if connection.member.is_present:
                queue(
                    emails.not_allowed_here(organization, connection),
                    to=connection.member.user.email,
                    key=f"not-allowed-here:{connection.pk}:{now:%Y%m%d%H%M%S%f}",
                    now=now,
                    organization_id=organization_id,
                )
    if found:
        log.info("connections_not_allowed", organization=organization_id, count=len(found))
    return len(found)
