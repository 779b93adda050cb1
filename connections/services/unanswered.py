"""
Sign-ins that never came back. Where companies restrict apps, Microsoft's own page is where people get stuck, and
nothing of it reaches us; so we ask at the next visit, and believe what they say.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from connections.models import ApprovalWaiter, Connection, SignInFlow, UnansweredSignIn

# After that it is no longer worth a question.
OFFER_LASTS: Final = timedelta(days=30)


def remember(*, organization_id: int, flows: Iterable[SignInFlow], lasts: timedelta) -> None:
    """
    Keep of each member that they went and did not come back. Expects the organization's scope.

    `lasts` is how long a flow is good for: it began that long before its end.
    """
    began: dict[int, datetime] = {}
    for flow in flows:
        if flow.member_id is not None:
            at = flow.expires_at - lasts
            began[flow.member_id] = max(at, began.get(flow.member_id, at))
    for member_id, at in began.items():
        rows = UnansweredSignIn.objects.of(organization_id)
        row, made = rows.get_or_create(
            member_id=member_id, defaults={"organization_id": organization_id, "began_at": at}
        )
        if not made and row.began_at < at:
            row.began_at, row.dismissed_at = at, None
            row.save(update_fields=["began_at", "dismissed_at"])


def offer_for(*, organization_id: int, member_id: int, now: datetime) -> UnansweredSignIn | None:
    """
    The member's last sign-in that never came back, if it is worth a question. Expects the organization's scope.

    It is not once they have said no, asked an administrator since, or connected since.
    """
    rows = UnansweredSignIn.objects.of(organization_id).filter(member_id=member_id, dismissed_at__isnull=True)
    found = rows.filter(began_at__gt=now - OFFER_LASTS).first()
    if found is None:
        return None
    connections = Connection.objects.of(organization_id).belonging_to(member_id)
    waits = ApprovalWaiter.objects.of(organization_id).filter(member_id=member_id)
    is_settled = (
        connections.filter(connected_at__gte=found.began_at).exists()
        or waits.filter(since__gte=found.began_at).exists()
    )
    return None if is_settled else found


def dismiss(*, organization_id: int, member_id: int, now: datetime) -> None:
    """The member has answered the question. Expects the organization's scope."""
    rows = UnansweredSignIn.objects.of(organization_id).filter(member_id=member_id, dismissed_at__isnull=True)
    rows.update(dismissed_at=now)
