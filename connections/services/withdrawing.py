"""What follows for connections when an approval is gone: they wait for an administrator, and people hear of it once."""

from datetime import datetime

from connections import emails
from connections.models import Connection, Status
from tenants.acts import Act
from tenants.emails import queue
from tenants.models import Membership, MicrosoftTenant
from tenants.policies import POLICY, Action
from tenants.services.audit import Actor, Target, record

# Microsoft's words for "this permission does not hold any more": one person's, or a whole tenant's.
CONSENT_GONE = frozenset({"consent_withdrawn", "approval_needed"})


def take_access(*, tenant: MicrosoftTenant, now: datetime) -> int:
    """
    Every connection of this tenant that was in use waits for an administrator from now on; how many.

    Expects the organization's scope, with the tenant's row held. Those that broke a moment ago, before it was known
    that everybody's consent is gone, are among them. Each person and each admin gets one mail for the incident.
    """
    organization_id = tenant.organization_id
    of_tenant = Connection.objects.of(organization_id).filter(tid=tenant.tid).order_by("pk")
    struck = of_tenant.active() | of_tenant.filter(status=Status.RECONNECT, reason__in=CONSENT_GONE)
    count = 0
    for connection in struck.select_for_update(of=("self",)).select_related("member__user", "organization"):
        wait_for_approval(connection=connection, now=now)
        count += 1
    _tell_admins(tenant, count, now)
    return count


def wait_for_approval(*, connection: Connection, request_id: str = "", now: datetime) -> None:
    """This connection waits for an administrator, because the approval was withdrawn. Its person is told once."""
    connection.become(Status.APPROVAL, reason="approval_withdrawn", request_id=request_id, now=now)
    note_broken(connection=connection, now=now)


def note_broken(*, connection: Connection, now: datetime) -> None:
    """
    A connection has stopped working and somebody must act: it is recorded, and its person gets one mail.

    Expects the organization's scope, in the transaction that changed the state.
    """
    record(
        organization_id=connection.organization_id,
        act=Act.CONNECTION_BROKEN,
        by=Actor.system(),
        now=now,
        on=target(connection),
        reason=connection.reason,
    )
    if not connection.member.is_present:
        return
    queue(
        emails.connection_needs_you(connection),
        to=connection.member.user.email,
        # The moment names the incident: whoever is told of it again would learn nothing.
        key=f"connection-needs-you:{connection.pk}:{int(connection.status_since.timestamp())}",
        now=now,
        organization_id=connection.organization_id,
    )


def target(connection: Connection) -> Target:
    """The connection as the audit log names it."""
    return Target("connection", connection.pk, connection.address)


def _tell_admins(tenant: MicrosoftTenant, count: int, now: datetime) -> None:
    roles = POLICY[Action.SEE_ONBOARDING]
    admins = Membership.objects.of(tenant.organization_id).present().filter(role__in=roles).order_by("pk")
    for admin in admins.select_related("user", "organization"):
        queue(
            emails.approval_withdrawn(admin.organization, tenant, count),
            to=admin.user.email,
            key=f"approval-withdrawn:{tenant.pk}:{int(tenant.state_since.timestamp())}:{admin.pk}",
            now=now,
            organization_id=tenant.organization_id,
        )
