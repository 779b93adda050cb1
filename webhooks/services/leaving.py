"""Leaving a mailbox: nothing of it stays here, and Microsoft is told to stop calling."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from calendars import services as calendars
from connections import services as connections
from connections.graph import GraphError
from connections.models import Connection, Status
from tenants.acts import Act
from tenants.models import AuditEntry, Membership
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, Target, record
from webhooks.doors import Busy, Mailbox
from webhooks.payloads import Unreadable
from webhooks.services.subscriptions import reconcile

log = structlog.get_logger(__name__)

# We promise an hour. Beat looks every five minutes, so the last look before the hour must be able to end it.
GIVE_UP_AFTER: Final = timedelta(minutes=50)


def leave(*, organization_id: int, connection_id: int, now: datetime) -> None:
    """
    Finish a disconnection: forget calendars and events, drop the subscription or hand it over, forget the tokens.

    Each step may run any number of times, and a connection that was reconnected meanwhile is left alone. What is here
    goes first, because it needs nobody's answer; the tokens go last, because dropping takes one. When Graph has not
    answered for `GIVE_UP_AFTER`, the subscription is left to its end (its calls find nobody) and the tokens go anyway.

    Calls Graph and opens its own scopes.

    Raises:
        Busy, GraphError, Unreadable: the subscription could not be dropped yet; call again.
    """
    with organization_scope(organization_id):
        leaver = _leaver(organization_id, connection_id)
        if leaver is None:
            return
        calendars.forget_connection(connection_id=connection_id, organization=organization_id)
    try:
        reconcile(mailbox=Mailbox(leaver.tid, leaver.oid), now=now)
    except (Busy, GraphError, Unreadable):
        if now < leaver.status_since + GIVE_UP_AFTER:
            raise
        log.warning("left_without_an_answer", connection=connection_id, organization=organization_id)
    with organization_scope(organization_id):
        leaver = _leaver(organization_id, connection_id)
        if leaver is not None:
            connections.forget_tokens(connection=leaver)


def disconnect_member(*, organization_id: int, member_id: int, now: datetime) -> list[int]:
    """
    Disconnect what somebody who has left the organization had connected in it, and end their sign-ins under way.

    State only: each connection is then to be finished by `leave`. Gives their ids; none for somebody who has come back
    meanwhile. The same mailbox in another organization is another connection, and stays. Opens its own scope.
    """
    with organization_scope(organization_id):
        # Locked: a sign-in that is being stored comes before, and is seen here, or after, and is refused.
        members = Membership.objects.of(organization_id).select_for_update(no_key=True)
        member = members.filter(pk=member_id, removed_at__isnull=False).first()
        if member is None:
            return []
        connections.forget_sign_ins_of(member=member)
        reason = _why_left(member)
        theirs = Connection.objects.of(organization_id).alive().belonging_to(member_id).select_for_update()
        ended = list(theirs.order_by("pk"))
        for connection in ended:
            connections.disconnect(connection=connection, reason=reason, now=now)
            record(
                organization_id=organization_id,
                act=Act.CONNECTION_DISCONNECTED,
                by=Actor.system(),
                on=Target("connection", connection.pk, connection.address),
                now=now,
                reason=reason,
            )
    return [connection.pk for connection in ended]


def _why_left(member: Membership) -> str:
    """A code of `connections/reasons.py`, by what the log says last about how this member went."""
    entries = AuditEntry.objects.of(member.organization_id).filter(
        act__in=[Act.MEMBER_REMOVED, Act.MEMBER_LEFT], target_kind="member", target_id=member.pk
    )
    last = entries.order_by("-at", "-pk").first()
    return "left_organization" if last is not None and last.act == Act.MEMBER_LEFT else "removed"


def _leaver(organization_id: int, connection_id: int) -> Connection | None:
    """The connection, locked, if it is still disconnected: reconnecting waits, or has come first."""
    found = Connection.objects.of(organization_id).select_for_update(no_key=True).filter(pk=connection_id)
    return found.filter(status=Status.DISCONNECTED).first()
