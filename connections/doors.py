"""
What this app may find across organizations, by name: ids, organizations and moments, never a row.

The only place here that opens the system's scope; the columns are granted one by one in the migration.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, F, OuterRef, Q

from connections.models import (
    ApprovalRequest,
    ApprovalState,
    Connection,
    Purpose,
    SignInAnswer,
    SignInFlow,
    Status,
)
from tenants.models import ConsentState, MicrosoftTenant
from tenants.scoping import system_scope

# For one tick; the next one finds the rest.
MOST = 200


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


def is_proof(key_digest: str) -> bool:
    """Whether a one-time key belongs to an administrator's trip, and not to a member's."""
    with system_scope("an answer is found by its one-time key"):
        return SignInAnswer.objects.filter(key_digest=key_digest, flow__purpose=Purpose.APPROVE).exists()


class RequestCard(NamedTuple):
    organization_id: int
    id: int


def request_by_link(link_digest: str) -> RequestCard | None:
    """The approval request that a link belongs to, open or not."""
    with system_scope("an approval request is found by its link"):
        rows = ApprovalRequest.objects.filter(link_digest=link_digest).values_list("organization_id", "id")
        return next((RequestCard(*row) for row in rows), None)


def requests_to_close(now: datetime) -> list[RequestCard]:
    """Open approval requests whose time is over, or whose tenant turned out to be approved."""
    approved = MicrosoftTenant.objects.filter(pk=OuterRef("tenant_id"), state=ConsentState.APPROVED)
    with system_scope("approval requests end everywhere"):
        waiting = ApprovalRequest.objects.filter(state=ApprovalState.WAITING)
        rows = waiting.filter(Q(expires_at__lte=now) | Exists(approved)).order_by("pk")
        return [RequestCard(*row) for row in rows.values_list("organization_id", "id")]


def requests_to_remind(now: datetime, *, after: Sequence[timedelta], apart: timedelta) -> list[RequestCard]:
    """Open approval requests whose administrator was written to, `after` so long without an answer, and not lately."""
    due = Q(pk__in=[])
    for count, wait in enumerate(after):
        due |= Q(reminders=count, mailed_at__lte=now - wait)
    with system_scope("administrators are reminded everywhere"):
        waiting = ApprovalRequest.objects.filter(state=ApprovalState.WAITING, expires_at__gt=now)
        quiet = Q(reminded_at__isnull=True) | Q(reminded_at__lte=now - apart)
        rows = waiting.filter(due, quiet).order_by(F("mailed_at"), "pk")
        return [RequestCard(*row) for row in rows.values_list("organization_id", "id")]


def organization_of(connection_id: int) -> int | None:
    """Whose connection this is, for support staff, who name it by its number alone."""
    with system_scope("support staff act on a connection"):
        return Connection.objects.filter(pk=connection_id).values_list("organization_id", flat=True).first()


def organizations_with_old_sign_ins(now: datetime) -> list[int]:
    """Organizations in which a sign-in has expired."""
    with system_scope("old sign-ins are forgotten everywhere"):
        return list(
            SignInFlow.objects.filter(expires_at__lte=now)
            .order_by("organization_id")
            .values_list("organization_id", flat=True)
            .distinct()
        )


class ConnectionKey(NamedTuple):
    organization_id: int
    connection_id: int


def connections_to_try() -> list[ConnectionKey]:
    """
    Connections that wait for an administrator of a Microsoft tenant of which consent was proven since; the longest
    waiting first.
    """
    since = OuterRef("status_since")
    proven = Q(state=ConsentState.APPROVED, approved_at__gt=since) | Q(state=ConsentState.OPEN, state_since__gt=since)
    tenants = MicrosoftTenant.objects.filter(proven, organization_id=OuterRef("organization_id"), tid=OuterRef("tid"))
    with system_scope("connections that may have come back"):
        rows = Connection.objects.filter(Exists(tenants), status=Status.APPROVAL).order_by("status_since", "pk")
        return [ConnectionKey(*row) for row in rows.values_list("organization_id", "pk")[:MOST]]


def connections_to_ask_about() -> list[ConnectionKey]:
    """One active connection of each Microsoft tenant of which it is doubtful whether the approval still holds."""
    doubtful = MicrosoftTenant.objects.filter(
        organization_id=OuterRef("organization_id"), tid=OuterRef("tid"), doubted_at__isnull=False
    )
    with system_scope("approvals that are in doubt"):
        rows = Connection.objects.filter(Exists(doubtful), status=Status.ACTIVE)
        first = rows.order_by("organization_id", "tid", "pk").distinct("organization_id", "tid")
        return [ConnectionKey(*row) for row in first.values_list("organization_id", "pk")[:MOST]]
