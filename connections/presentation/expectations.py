"""What usually happens at Microsoft to people of a tenant, so that nobody makes the trip for nothing."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

from connections.models import (
    PERSONAL_TENANT,
    ApprovalRequest,
    ApprovalState,
    ApprovalWaiter,
    Connection,
    LastRefusal,
    Status,
)
from connections.services.consent import guess_tenant
from connections.services.withdrawing import CONSENT_GONE
from tenants.models import ConsentState, Membership, MicrosoftTenant


class Outlook(StrEnum):
    """How a trip to Microsoft will most likely end."""

    # Nothing is known; most companies want an administrator first.
    UNKNOWN = "unknown"
    # Nothing stands in the way, and nothing need be said.
    USUAL = "usual"
    OPEN = "open"
    APPROVED = "approved"
    WAITING = "waiting"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Expectation(NamedTuple):
    """
    What to say before the trip. `company` is how the tenant is called, `is_guess` whether only the address says that
    the person comes from it; `request_id` is the open request, and `is_told` whether the person is told of its end.
    """

    outlook: Outlook
    company: str = ""
    is_guess: bool = True
    asked_at: datetime | None = None
    request_id: int | None = None
    is_told: bool = False

    @property
    def asks_first(self) -> bool:
        """Whether asking an administrator is the main road, and trying the quiet one."""
        return self.outlook in {Outlook.UNKNOWN, Outlook.WAITING, Outlook.REFUSED, Outlook.WITHDRAWN}

    @property
    def query(self) -> str:
        """For the address where an administrator is asked."""
        return f"?company={quote(self.company, safe='')}" if self.company else ""


def expectation(membership: Membership, connection: Connection | None) -> Expectation:
    """
    What this member has to expect, with the connection that is to be renewed. Expects the organization's scope.

    A guess from what this organization's own people have met, and from nothing else.
    """
    organization_id = membership.organization_id
    if connection is not None:
        if connection.tid == PERSONAL_TENANT or not _needs_consent(connection):
            return Expectation(Outlook.USUAL, is_guess=False)
        tenant = MicrosoftTenant.objects.of(organization_id).filter(tid=connection.tid).first()
    else:
        tenant = (
            _tenant_asked_about(membership)
            or _tenant_of_own(membership)
            or guess_tenant(organization_id=organization_id, address=membership.user.email)
        )
    own = LastRefusal.objects.of(organization_id).filter(member=membership, reason="approval_needed").first()
    if tenant is None:
        return Expectation(Outlook.REFUSED if own else Outlook.UNKNOWN, is_guess=own is None)
    request = ApprovalRequest.objects.of(organization_id).open().filter(tenant=tenant).first()
    is_told = request is not None and (
        ApprovalWaiter.objects.of(organization_id).filter(request=request, member=membership).exists()
    )
    return Expectation(
        _outlook(tenant, own, request),
        company=tenant.label,
        is_guess=connection is None,
        asked_at=request.asked_at if request else None,
        request_id=request.pk if request else None,
        is_told=is_told,
    )


def _tenant_asked_about(membership: Membership) -> MicrosoftTenant | None:
    """The tenant whose administrator the member has asked last, if they have no mailbox there yet."""
    organization_id = membership.organization_id
    own = Connection.objects.of(organization_id).alive().belonging_to(membership.pk)
    waits = ApprovalWaiter.objects.of(organization_id).filter(member=membership)
    last = (
        waits.exclude(request__state=ApprovalState.REVOKED).select_related("request__tenant").order_by("-since", "-pk")
    )
    asked = last.first()
    if asked is None or own.filter(tid=asked.request.tenant.tid).exists():
        return None
    return asked.request.tenant


def _tenant_of_own(membership: Membership) -> MicrosoftTenant | None:
    """Where the member's newest mailbox comes from: the next one most likely comes from there, too."""
    own = Connection.objects.of(membership.organization_id).alive().belonging_to(membership.pk)
    tid = own.exclude(tid=PERSONAL_TENANT).order_by("-connected_at").values("tid")[:1]
    return MicrosoftTenant.objects.of(membership.organization_id).filter(tid__in=tid).first()


def _outlook(tenant: MicrosoftTenant, own: LastRefusal | None, request: ApprovalRequest | None) -> Outlook:
    if tenant.state == ConsentState.APPROVED:
        return Outlook.APPROVED
    if request is not None:
        return Outlook.WAITING
    if tenant.state in {ConsentState.WITHDRAWN, ConsentState.WAITING}:
        # Waiting without a request: it has just ended, and nothing was proven.
        return Outlook.WITHDRAWN if tenant.approved_at else Outlook.REFUSED
    if own is not None or tenant.refused_at is not None:
        return Outlook.REFUSED
    return Outlook.OPEN if tenant.state == ConsentState.OPEN else Outlook.UNKNOWN


def _needs_consent(connection: Connection) -> bool:
    """Whether consent is what is missing; for everything else signing in again will do."""
    return connection.status == Status.APPROVAL or connection.reason in CONSENT_GONE
