"""Connections that waited for an administrator are tried again once consent was proven, without their people."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from connections import emails
from connections.graph import ApprovalRequired, GraphError, ReconnectRequired, Refused
from connections.graph.tokens import StoredTokens
from connections.models import Connection, Status
from connections.services.standing import code_of, record_failure
from connections.services.withdrawing import CONSENT_GONE, note_broken, target
from tenants.acts import Act
from tenants.emails import queue
from tenants.models import ConsentState, MicrosoftTenant
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, record

log = structlog.get_logger(__name__)

# A new grant takes some minutes until every server of Microsoft's knows it; a refusal until then says nothing.
SETTLING: Final = timedelta(minutes=10)


def restore(*, organization_id: int, connection_id: int, now: datetime) -> bool:
    """
    Try a connection that waits for an administrator: ask Microsoft for a new token; whether it is active again.

    Opens its own scopes around the call. The row, its calendars and their links stay; the higher apps find that its
    access is new (`connected_at`) and close the gap. Refused for good, it is for its own person to sign in again. Twice
    is harmless: only a connection that waits is tried.
    """
    waiting = Connection.objects.of(organization_id).filter(pk=connection_id, status=Status.APPROVAL)
    with organization_scope(organization_id):
        if not waiting.filter(member__removed_at__isnull=True).exists():
            return False
    try:
        StoredTokens(organization_id=organization_id, connection_id=connection_id)(rejected=None, fresh=True)
    except (ReconnectRequired, ApprovalRequired, Refused) as error:
        _refused(organization_id, connection_id, error, now)
        return False
    except GraphError as error:
        log.info("restoring_later", connection=connection_id, code=error.code)
        return False
    with organization_scope(organization_id):
        connection = waiting.select_for_update(of=("self",)).select_related("member__user", "organization").first()
        if connection is None:
            return False
        broken_since = connection.status_since
        connection.come_back(now=now)
        record(
            organization_id=organization_id,
            act=Act.CONNECTION_RESTORED,
            by=Actor.system(),
            now=now,
            on=target(connection),
        )
        queue(
            emails.connection_is_well(connection),
            to=connection.member.user.email,
            key=f"connection-is-well:{connection.pk}:{int(broken_since.timestamp())}",
            now=now,
            organization_id=organization_id,
        )
    log.info("connection_restored", organization=organization_id, connection=connection_id)
    return True


def settle_doubt(*, organization_id: int, connection_id: int, now: datetime) -> None:
    """
    Find out by this connection whether its tenant's approval still holds, after another one has lost its consent.

    Opens its own scopes around the call. If it holds, the other one's consent was that person's own.
    """
    try:
        StoredTokens(organization_id=organization_id, connection_id=connection_id)(rejected=None, fresh=True)
    except GraphError as error:
        # What this makes of the connection, and of the tenant, is decided where all failures are.
        record_failure(organization_id=organization_id, connection_id=connection_id, error=error, now=now)
        return
    with organization_scope(organization_id):
        tids = Connection.objects.of(organization_id).filter(pk=connection_id).values_list("tid", flat=True)
        tenants = MicrosoftTenant.objects.of(organization_id).select_for_update(no_key=True)
        for tenant in tenants.filter(tid__in=tids, doubted_at__isnull=False):
            tenant.trust()


def _refused(organization_id: int, connection_id: int, error: GraphError, now: datetime) -> None:
    """Microsoft still says no: wait a little for the approval to arrive everywhere, then it is for the person."""
    with organization_scope(organization_id):
        waiting = Connection.objects.of(organization_id).filter(pk=connection_id, status=Status.APPROVAL)
        rows = waiting.select_for_update(of=("self",)).select_related("member__user", "organization")
        connection = rows.first()
        if connection is None or (error.reason in CONSENT_GONE and _is_settling(connection, now)):
            return
        status = Status.BLOCKED if isinstance(error, Refused) else Status.RECONNECT
        reason = error.reason or "sign_in_again"
        connection.become(status, reason=reason, request_id=error.request_id, code=code_of(error), now=now)
        note_broken(connection=connection, now=now)
    log.info("connection_not_restored", connection=connection_id, reason=reason)


def _is_settling(connection: Connection, now: datetime) -> bool:
    tenants = MicrosoftTenant.objects.of(connection.organization_id).filter(tid=connection.tid)
    tenant = tenants.exclude(state=ConsentState.WITHDRAWN).first()
    if tenant is None:
        return True
    proven_at = max(tenant.state_since, tenant.approved_at or tenant.state_since)
    return now < proven_at + SETTLING
