"""A mailbox that we may open: who connected it, how it stands, and the sealed secrets apart from it."""

import uuid
from datetime import datetime
from typing import Self

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


class Purpose(models.TextChoices):
    """What a trip to Microsoft is for; an answer is good for no other purpose."""

    CONNECT = "connect", "Connect a mailbox"


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

    def become(self, status: Status, *, reason: str = "", request_id: str = "", now: datetime) -> None:
        """Change state. `status_since` moves only when the state or its reason really changes. Saves."""
        if (self.status, self.reason) != (status, reason):
            self.status, self.reason, self.status_since = status, reason, now
        if status != Status.ACTIVE:
            self.failed_at, self.failed_request_id = now, request_id[:64]
        self.save(update_fields=["status", "reason", "status_since", "failed_at", "failed_request_id"])


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
    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, related_name="+")
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
