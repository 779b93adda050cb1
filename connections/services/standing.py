"""How a connection stands: opening it, what its successes and failures make of it, and leaving it."""

from datetime import datetime

import structlog

from connections.graph import (
    ApprovalRequired,
    GraphClient,
    GraphError,
    Misconfigured,
    ReconnectRequired,
    Refused,
)
from connections.graph.tokens import StoredTokens
from connections.identity import allow_writing
from connections.models import FAILURE, Connection, Secret, Status
from connections.services import consent
from connections.services.withdrawing import CONSENT_GONE, note_broken, wait_for_approval
from tenants.models import Access, ConsentState, MicrosoftTenant, Organization
from tenants.scoping import organization_scope

log = structlog.get_logger(__name__)

# What an error makes of a connection. What is not named passes by itself, or is ours to mend: nobody is disconnected.
_STATUS_AFTER: dict[type[GraphError], tuple[Status, str]] = {
    ReconnectRequired: (Status.RECONNECT, "sign_in_again"),
    ApprovalRequired: (Status.APPROVAL, "approval_needed"),
    Refused: (Status.BLOCKED, "access_refused"),
}


class ConnectionNotActive(Exception):
    """The connection is not there, or its state or a policy of the organization says that nobody may use it now."""


def open_graph(*, organization_id: int, connection_id: int, now: datetime, leaving: bool = False) -> GraphClient:
    """
    A client for this connection's mailbox. Asks Microsoft nothing yet: the first call may need a new token.

    Opens its own scope; the client is used outside of every scope. `now` is aware, in UTC. With `leaving` a connection
    that was just disconnected or paused is opened once more, to tell Microsoft so, as long as its tokens are there.

    The client can write only where the organization lets Almanac write and the person has granted it.

    Raises:
        ConnectionNotActive: see there.
    """
    statuses = [Status.ACTIVE, Status.DISCONNECTED, Status.PAUSED] if leaving else [Status.ACTIVE]
    with organization_scope(organization_id):
        policies = Organization.objects.of(organization_id).get()
        usable = Connection.objects.of(organization_id).filter(
            pk=connection_id, status__in=statuses, secret__isnull=False
        )
        if not leaving:
            # Whoever was removed a moment ago is out, before beat has come by.
            usable = usable.filter(member__removed_at__isnull=True)
            usable = usable.admitted(policies, organization_id=organization_id)
        scopes = usable.values_list("scopes", flat=True).first()
        if scopes is None:
            raise ConnectionNotActive(connection_id)
    tokens = StoredTokens(organization_id=organization_id, connection_id=connection_id, leaving=leaving)
    may_write = policies.access == Access.WRITE and allow_writing(scopes) and not leaving
    return GraphClient(tokens, opened_at=now, read_only=not may_write)


def record_success(*, organization_id: int, connection_id: int, now: datetime) -> None:
    """Note that Graph answered. Opens its own scope; changes no state: only a sign-in makes a connection active."""
    with organization_scope(organization_id):
        Connection.objects.of(organization_id).filter(pk=connection_id).update(succeeded_at=now)


def record_failure(*, organization_id: int, connection_id: int, error: GraphError, now: datetime) -> None:
    """
    Note a failure of the whole mailbox, and change the connection's state if the error says that somebody must act.

    Opens its own scope. Waits and faults of ours change no state. Only an active connection changes, and not by an
    error of a client that was opened before the person signed in anew: both would undo what a person did.
    """
    after = next((found for kind, found in _STATUS_AFTER.items() if isinstance(error, kind)), None)
    if isinstance(error, Misconfigured):
        log.error("microsoft_setup_wrong", connection=connection_id, code=error.code, reason=error.reason)
    with organization_scope(organization_id):
        tenant = _tenant_to_judge(organization_id, connection_id, error)
        connections = Connection.objects.of(organization_id).select_related("member__user", "organization")
        connection = connections.select_for_update(of=("self",)).filter(pk=connection_id).first()
        if connection is None:
            return
        outdated = error.opened_at is not None and error.opened_at < connection.connected_at
        if after is None or outdated or not connection.is_active:
            connection.failed_at, connection.failed_request_id = now, error.request_id[:64]
            connection.failed_code = code_of(error)
            connection.save(update_fields=FAILURE)
            return
        status, usual_reason = after
        if tenant is None or not _is_everybodys(tenant, connection, error, now):
            connection.become(
                status, reason=error.reason or usual_reason, request_id=error.request_id, code=code_of(error), now=now
            )
            note_broken(connection=connection, now=now)
    log.warning("connection_needs_somebody", connection=connection_id, reason=connection.reason, code=error.code)


def _tenant_to_judge(organization_id: int, connection_id: int, error: GraphError) -> MicrosoftTenant | None:
    """The Microsoft tenant whose approval may be gone, held before its connections are; None where that is not it."""
    if error.reason not in CONSENT_GONE:
        return None
    tid = Connection.objects.of(organization_id).filter(pk=connection_id).values_list("tid", flat=True)
    tenants = MicrosoftTenant.objects.of(organization_id).select_for_update(no_key=True)
    return tenants.filter(tid__in=tid).first()


def _is_everybodys(tenant: MicrosoftTenant, connection: Connection, error: GraphError, now: datetime) -> bool:
    """
    Whether a consent that is gone was the whole tenant's, and not this person's own; if so, what follows is done.

    Where an administrator is known to have approved, nobody needed a consent of their own. Where that was only
    concluded, the first to lose it leaves a doubt, and beat asks about another one (`settle_doubt`).
    """
    if tenant.state in {ConsentState.WITHDRAWN, ConsentState.WAITING}:
        wait_for_approval(connection=connection, request_id=error.request_id, now=now)
        return True
    if tenant.state != ConsentState.APPROVED:
        return False
    if not tenant.approved_by and tenant.doubted_at is None:
        tenant.doubt(now=now)
        return False
    consent.mark_withdrawn(organization_id=tenant.organization_id, tid=tenant.tid, now=now)
    # It was struck with the others; this request id is its own.
    connection.refresh_from_db()
    connection.become(
        Status(connection.status),
        reason=connection.reason,
        request_id=error.request_id,
        code=code_of(error),
        now=now,
    )
    return True


def code_of(error: GraphError) -> str:
    """What the error is called, short enough for a row: Microsoft's code, else our reason, else the kind of error."""
    return (error.code or error.reason or type(error).__name__)[:64]


def pause(*, connection: Connection, by_support: bool = False, now: datetime) -> bool:
    """
    Nobody reads the mailbox until `resume`. Tokens, calendars and events stay; the subscription is dropped by whoever
    settles it next, since nobody speaks for it any more.

    Expects the organization's scope. False, and nothing done, when the connection is not active.
    """
    locked = _locked(connection)
    if locked is None or not locked.is_active:
        return False
    locked.become(Status.PAUSED, reason="paused_by_support" if by_support else "paused", now=now)
    return True


def resume(*, connection: Connection, now: datetime) -> bool:
    """
    Back to active after a pause. Whoever calls marks the calendars: what happened meanwhile was told by nobody.

    Expects the organization's scope. False, and nothing done, when the connection is not paused.
    """
    locked = _locked(connection)
    if locked is None or not locked.is_paused:
        return False
    locked.become(Status.ACTIVE, now=now)
    return True


def _locked(connection: Connection) -> Connection | None:
    rows = Connection.objects.of(connection.organization_id).select_for_update(no_key=True)
    return rows.filter(pk=connection.pk).first()


def disconnect(*, connection: Connection, now: datetime, reason: str = "left") -> None:
    """
    From now on nobody uses the connection. State only; tokens and events are taken away afterwards.

    Expects the organization's scope. Doing it twice is harmless. `reason` is a code of `connections/reasons.py`.
    """
    connection.become(Status.DISCONNECTED, reason=reason, now=now)


def forget_tokens(*, connection: Connection) -> bool:
    """
    Delete the tokens of a disconnected connection; False, and nothing done, if it was connected again meanwhile.

    Expects the organization's scope; holds the connection's row until it ends, so a sign-in under way comes before
    or after.
    """
    rows = Connection.objects.of(connection.organization_id).select_for_update().filter(pk=connection.pk)
    if not rows.filter(status=Status.DISCONNECTED).exists():
        return False
    Secret.objects.of(connection.organization_id).filter(connection_id=connection.pk).delete()
    return True
