"""What is known of an organization's way to Microsoft, read once for the whole board."""

from datetime import timedelta
from typing import Final, NamedTuple, Self

from connections.models import ApprovalRequest, ApprovalWaiter, Connection, LastRefusal
from tenants.models import MicrosoftTenant, Organization

# A refusal that is older says little about how things stand.
LATELY: Final = timedelta(days=30)


class Look(NamedTuple):
    """A state for the eye: `tone` as everywhere, icon and word say the same."""

    tone: str
    icon: str
    word: str


class Known(NamedTuple):
    """Rows of people who are present. `requests` are the open ones, by tenant."""

    organization: Organization
    tenants: list[MicrosoftTenant]
    connections: list[Connection]
    requests: dict[int, ApprovalRequest]
    waiters: list[ApprovalWaiter]
    refusals: list[LastRefusal]

    @classmethod
    def read(cls, organization: Organization) -> Self:
        """Expects the organization's scope."""
        requests = ApprovalRequest.objects.of(organization).open()
        connections = Connection.objects.of(organization).alive().filter(member__removed_at__isnull=True)
        waiters = ApprovalWaiter.objects.of(organization).filter(request__in=requests, member__removed_at__isnull=True)
        refusals = LastRefusal.objects.of(organization).filter(member__removed_at__isnull=True)
        return cls(
            organization=organization,
            tenants=list(MicrosoftTenant.objects.of(organization).order_by("pk")),
            connections=list(connections.select_related("member__user").order_by("status_since", "pk")),
            requests={request.tenant_id: request for request in requests},
            waiters=list(waiters.select_related("member__user").order_by("pk")),
            refusals=list(refusals.select_related("member__user", "tenant").order_by("pk")),
        )
