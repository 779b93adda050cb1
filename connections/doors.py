"""
What this app may find across organizations, by name: ids, organizations and states, never a row.

The only place here that opens the system's scope; the columns are granted one by one in the migration.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from connections.models import Connection, SignInAnswer, SignInFlow, Status
from tenants.scoping import system_scope


class ConnectionCard(NamedTuple):
    """Enough of a connection to open its organization's scope and find it there."""

    organization_id: int
    id: int
    member_id: int
    tid: UUID
    oid: UUID
    status: str
    status_since: datetime


class FlowCard(NamedTuple):
    organization_id: int
    id: int
    expires_at: datetime


class AnswerCard(NamedTuple):
    organization_id: int
    id: int
    flow_id: int
    expires_at: datetime


def flow_by_state(state_digest: str) -> FlowCard | None:
    """The sign-in that a state belongs to, live or not."""
    with system_scope("a sign-in is found by what Microsoft sends back"):
        rows = SignInFlow.objects.filter(state_digest=state_digest).values_list("organization_id", "id", "expires_at")
        return next((FlowCard(*row) for row in rows), None)


def answer_by_key(key_digest: str) -> AnswerCard | None:
    """The kept answer that a one-time key belongs to, live or not."""
    with system_scope("an answer is found by its one-time key"):
        rows = SignInAnswer.objects.filter(key_digest=key_digest).values_list(
            "organization_id", "id", "flow_id", "expires_at"
        )
        return next((AnswerCard(*row) for row in rows), None)


def organizations_with_old_sign_ins(now: datetime) -> list[int]:
    """Organizations in which a sign-in has expired."""
    with system_scope("old sign-ins are forgotten everywhere"):
        return list(
            SignInFlow.objects.filter(expires_at__lte=now)
            .order_by("organization_id")
            .values_list("organization_id", flat=True)
            .distinct()
        )


def connections_of_mailbox(tid: UUID | str, oid: UUID | str) -> list[ConnectionCard]:
    """One mailbox may be connected in several organizations: all of its connections, in any state."""
    return _cards("a mailbox is shared by organizations", tid=tid, oid=oid)


def active_mailboxes() -> list[ConnectionCard]:
    """Every connection that we may use now, grouped by mailbox."""
    return _cards("mailboxes are listened to and read everywhere", status=Status.ACTIVE)


def disconnected_with_secrets() -> list[ConnectionCard]:
    """Connections whose person has left while their tokens are still here, so their leaving is not finished."""
    return _cards(
        "what was left is cleaned up everywhere", status=Status.DISCONNECTED, secret__connection_id__isnull=False
    )


def _cards(reason: str, **wanted: object) -> list[ConnectionCard]:
    with system_scope(reason):
        rows = (
            Connection.objects.filter(**wanted)
            .order_by("tid", "oid", "id")
            .values_list("organization_id", "id", "member_id", "tid", "oid", "status", "status_since")
        )
        return [ConnectionCard(*row) for row in rows]
