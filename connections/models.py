"""A mailbox that we may open: who connected it, how it stands, and the sealed secrets apart from it."""

import uuid
from datetime import datetime
from typing import Final, Self

from django.db import models

from tenants.models import Membership, TenantModel, TenantQuerySet


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


class Purpose(models.TextChoices):
    """What a trip to Microsoft is for; an answer is good for no other purpose."""

    CONNECT = "connect", "Connect a mailbox"
    APPROVE = "approve", "Prove an administrator's approval"


class ConnectionQuerySet(TenantQuerySet["Connection"]):
    def active(self) -> Self:
        return self.filter(status=Status.ACTIVE)

    def alive(self) -> Self:
        """All that somebody may still see and mend."""
        return self.exclude(status=Status.DISCONNECTED)

    def belonging_to(self, membership_id: int) -> Self:
        return self.filter(member_id=membership_id)


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

    @property
    def is_paused(self) -> bool:
        return self.status == Status.PAUSED

    def become(self, status: Status, *, reason: str = "", request_id: str = "", code: str = "", now: datetime) -> None:
        """
        Change state. `status_since` moves only when the state or its reason really changes; what somebody decided
        (a pause, a disconnection) is no failure. Saves.
        """
        if (self.status, self.reason) != (status, reason):
            self.status, self.reason, self.status_since = status, reason, now
        if status in FAILED:
            self.failed_at, self.failed_request_id, self.failed_code = now, request_id[:64], code[:64]
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


class SignInFlow(TenantModel):
    """
    One trip to Microsoft that somebody began and nobody has finished.

    It is taken once, by deleting it, before anything in it is compared; ten minutes after its start it is void.
    """

    # A random key of the row's own, so that the seal can name the row before it has an id.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state_digest = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    # Null for an administrator without an account here, who came by the link of an approval request.
    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    approval = models.ForeignKey(
        "connections.ApprovalRequest", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    session_digest = models.CharField(max_length=64)
    # Set when an existing connection is renewed: only this mailbox may come back.
    expected_tid = models.UUIDField(null=True, blank=True)
    expected_oid = models.UUIDField(null=True, blank=True)
    return_path = models.CharField(max_length=512, blank=True)
    sealed_flow = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    objects = TenantQuerySet["SignInFlow"].as_manager()

    def __str__(self) -> str:
        return f"#{self.pk} {self.purpose}"

    def __repr__(self) -> str:
        return f"<SignInFlow {self.pk}>"


class SignInAnswer(TenantModel):
    """
    What Microsoft posted for a live flow, sealed, for two minutes.

    The POST comes from another site and has no session; the GET that follows has it. `key_digest` belongs to a
    one-time key that has nothing to do with the state.
    """

    flow = models.OneToOneField(SignInFlow, on_delete=models.CASCADE, related_name="answer")
    key_digest = models.CharField(max_length=64, unique=True)
    sealed_fields = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    objects = TenantQuerySet["SignInAnswer"].as_manager()

    def __str__(self) -> str:
        return f"answer to flow {self.flow_id}"

    def __repr__(self) -> str:
        return f"<SignInAnswer {self.pk}>"


class ApprovalState(models.TextChoices):
    """How a request for an administrator's approval stands."""

    WAITING = "waiting", "Waits for an administrator"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Not answered in time"
    REVOKED = "revoked", "Taken back"


class ApprovalRequestQuerySet(TenantQuerySet["ApprovalRequest"]):
    def open(self) -> Self:
        return self.filter(state=ApprovalState.WAITING)


class ApprovalRequest(TenantModel):
    """
    Somebody in this organization waits for an administrator of one Microsoft tenant; one open request per tenant.

    The link is for that administrator, who needs no account here. Its token is kept as a digest to find it by, and
    sealed to write it into reminders. It never stays open for ever: `expires_at`.
    """

    tenant = models.ForeignKey("tenants.MicrosoftTenant", on_delete=models.CASCADE, related_name="approval_requests")
    asked_by = models.ForeignKey(
        "tenants.Membership", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=12, choices=ApprovalState.choices, default=ApprovalState.WAITING)
    # The permissions that are asked for, as they were shown.
    scopes = models.JSONField(default=list)
    # A random key of the row's own, so that the seal can name the row before it has an id.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_digest = models.CharField(max_length=64, unique=True)
    sealed_link = models.BinaryField()
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    administrator_address = models.EmailField(max_length=254, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)
    # Microsoft sent somebody back who said yes: a claim. It says "try now", and proves nothing.
    claimed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(state="waiting"), name="approval_request_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"

    def __repr__(self) -> str:
        return f"<ApprovalRequest {self.pk} {self.state}>"

    def is_live(self, now: datetime) -> bool:
        return self.state == ApprovalState.WAITING and self.expires_at > now


class ApprovalWaiter(TenantModel):
    """A member who is told, once, how an approval request ended."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="waiters")
    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet["ApprovalWaiter"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "member"], name="approval_waiter_unique")]

    def __str__(self) -> str:
        return f"#{self.pk} of request {self.request_id}"
