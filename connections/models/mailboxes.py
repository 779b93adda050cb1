"""A mailbox that we may open: who connected it, how it stands, and the sealed secret apart from it."""

import uuid
from datetime import datetime
from typing import Final, Protocol, Self

from django.db import models
from django.db.models import Q

from tenants.models import Membership, MicrosoftTenant, TenantModel, TenantQuerySet, TenantsAllowed

# In which Microsoft keeps all accounts that belong to no company.
PERSONAL_TENANT: Final = uuid.UUID("9188040d-6c67-4c5b-b112-36a304b66dad")


class WhoMayConnect(Protocol):
    """What an organization has decided, or considers: itself, or values that somebody proposes."""

    @property
    def tenants_allowed(self) -> str: ...

    @property
    def personal_accounts(self) -> bool: ...


class Status(models.TextChoices):
    """How a connection stands; what to do next follows from it."""

    ACTIVE = "active", "Connected"
    RECONNECT = "reconnect", "Needs you to reconnect"
    APPROVAL = "approval", "Waits for an administrator"
    BLOCKED = "blocked", "Blocked"
    PAUSED = "paused", "Paused"
    DISCONNECTED = "disconnected", "Disconnected"


# In these somebody must act, because Microsoft refused something.
FAILED: Final = frozenset({Status.RECONNECT, Status.APPROVAL, Status.BLOCKED})
# The columns that keep the last failure.
FAILURE: Final = ("failed_at", "failed_request_id", "failed_code")


class ConnectionQuerySet(TenantQuerySet["Connection"]):
    def active(self) -> Self:
        return self.filter(status=Status.ACTIVE)

    def alive(self) -> Self:
        """All that somebody may still see and mend."""
        return self.exclude(status=Status.DISCONNECTED)

    def belonging_to(self, membership_id: int) -> Self:
        return self.filter(member_id=membership_id)

    def admitted(self, policies: WhoMayConnect, *, organization_id: int) -> Self:
        """Those of this organization's that may be connected by these policies, which need not be its own yet."""
        return self.filter(_admitted(policies, organization_id))

    def turned_away(self, policies: WhoMayConnect, *, organization_id: int) -> Self:
        """The others."""
        return self.exclude(_admitted(policies, organization_id))


def _admitted(policies: WhoMayConnect, organization_id: int) -> Q:
    """Personal accounts have a policy of their own: no company is linked that they could belong to."""
    companies = ~Q(tid=PERSONAL_TENANT)
    if policies.tenants_allowed == TenantsAllowed.LINKED:
        companies &= Q(tid__in=MicrosoftTenant.objects.of(organization_id).linked().values("tid"))
    return companies | Q(tid=PERSONAL_TENANT) if policies.personal_accounts else companies


class Connection(TenantModel):
    """
    One person's mailbox that we may open.

    `tid` and `oid` (Microsoft's tenant and object ids) are its identity; address and name are labels that may change.
    Reconnecting keeps the row and all that hangs on it.
    """

    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, related_name="connections")
    tid = models.UUIDField()
    oid = models.UUIDField()
    address = models.CharField(max_length=320, blank=True)
    display_name = models.CharField(max_length=256, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)
    # A code of ours, of which `connections/reasons.py` has the words; never Microsoft's free text.
    reason = models.CharField(max_length=64, blank=True)
    status_since = models.DateTimeField()
    scopes = models.JSONField(default=list)
    # Since when our access is unbroken: the last sign-in, or the return of an approval.
    connected_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    # Microsoft's request id of the last failure, for support tickets.
    failed_request_id = models.CharField(max_length=64, blank=True)
    # Microsoft's code of it, or the name of ours; `connections/reasons.py` has words for those that we know.
    failed_code = models.CharField(max_length=64, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "tid", "oid"], name="connection_unique"),
        ]
        indexes = [models.Index(fields=["tid", "oid"], name="connection_mailbox")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"

    def __repr__(self) -> str:
        return f"<Connection {self.pk} {self.status}>"

    @property
    def is_active(self) -> bool:
        return self.status == Status.ACTIVE

    def renew(self, *, member: Membership, address: str, display_name: str, scopes: list[str], now: datetime) -> None:
        """Somebody has signed in to this mailbox again: active from now on, and theirs. Saves."""
        self.member = member
        self.address, self.display_name, self.scopes = address, display_name, scopes
        if self.status != Status.ACTIVE:
            self.status, self.reason, self.status_since = Status.ACTIVE, "", now
        self.connected_at = now
        self.save(
            update_fields=[
                "member", "address", "display_name", "scopes", "status", "reason", "status_since", "connected_at"
            ]
        )  # fmt: skip

    def come_back(self, *, now: datetime) -> None:
        """
        Access is there again without a sign-in of the person's. Saves.

        `connected_at` moves as for a sign-in: what was read or promised before may have been lost since.
        """
        self.status, self.reason, self.status_since, self.connected_at = Status.ACTIVE, "", now, now
        self.save(update_fields=["status", "reason", "status_since", "connected_at"])

    @property
    def is_paused(self) -> bool:
        return self.status == Status.PAUSED

    def become(self, status: Status, *, reason: str = "", request_id: str = "", code: str = "", now: datetime) -> None:
        """
        Change state. `status_since` moves only when the state or its reason really changes; what somebody decided
        (a pause, a disconnection) is no failure. A failure is called by Microsoft's `code`, or by our reason. Saves.
        """
        if (self.status, self.reason) != (status, reason):
            self.status, self.reason, self.status_since = status, reason, now
        if status in FAILED:
            self.failed_at, self.failed_request_id = now, request_id[:64]
            self.failed_code = (code or reason)[:64]
        self.save(update_fields=["status", "reason", "status_since", *FAILURE])


class Secret(TenantModel):
    """The sealed MSAL token cache of one connection, apart from it so that no listing ever loads it."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="secret")
    sealed_cache = models.BinaryField()
    home_account_id = models.CharField(max_length=128)
    refreshed_at = models.DateTimeField()

    objects = TenantQuerySet["Secret"].as_manager()

    def __str__(self) -> str:
        return f"secret of connection {self.connection_id}"

    def __repr__(self) -> str:
        return f"<Secret {self.pk}>"
