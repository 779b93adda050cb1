"""
What this app may find across organizations, by name: ids, organizations and moments, never a row.

The only place here that opens the system's scope; the columns are granted one by one in the migration.
"""

from datetime import datetime
from typing import NamedTuple

from connections.models import Connection, SignInAnswer, SignInFlow
from tenants.scoping import system_scope


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
