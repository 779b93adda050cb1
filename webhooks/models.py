"""Graph's promises to call us, and what came of each call."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models

from tenants.models import TenantModel, TenantQuerySet


class SubscriptionState(models.TextChoices):
    ACTIVE = "active", "Listening"
    GONE = "gone", "Gone at Microsoft"
    DROPPING = "dropping", "Being dropped"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def renewable(self, before: datetime) -> Self:
        return self.filter(state=SubscriptionState.ACTIVE, renew_at__lte=before)


class Subscription(models.Model):
    """
    Graph's promise to call us when anything in one mailbox changes, until `expires_at`.

    It belongs to a mailbox and not to an organization: the same mailbox may be connected in two organizations, and
    Microsoft would refuse a second subscription on the same resource. So the table is reserved for the system's role
    (`webhooks/doors.py`), and no organization's scope sees a row. The connection whose token speaks for it is a weak
    reference: it may vanish, and the next reconciliation finds another.
    """

    is_customer_data: ClassVar[bool] = True

    tid = models.UUIDField()
    oid = models.UUIDField()
    graph_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    # We only ever compare the secret, so a digest is enough and cannot leak it.
    client_state_digest = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=SubscriptionState.choices, default=SubscriptionState.ACTIVE)
    # As granted by Graph, which may be less than we asked for.
    expires_at = models.DateTimeField()
    renew_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField()
    notified_at = models.DateTimeField(null=True, blank=True)
    speaker_organization_id = models.BigIntegerField()
    speaker_connection_id = models.BigIntegerField()

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tid", "oid"], name="subscription_per_mailbox")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state} until {self.expires_at:%Y-%m-%d %H:%M}"

    def __repr__(self) -> str:
        return f"<Subscription {self.pk}>"


class Delivery(TenantModel):
    """One POST from Graph that held something genuine for this organization, and what became of it."""

    connection = models.ForeignKey("connections.Connection", on_delete=models.CASCADE, related_name="deliveries")
    received_at = models.DateTimeField(db_index=True)
    items = models.PositiveIntegerField()
    # {"marked": 3, "ignored": 1}: counts by what became of the items; no ids of events, no contents.
    outcomes = models.JSONField(default=dict)

    objects = TenantQuerySet["Delivery"].as_manager()

    class Meta:
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"#{self.pk} with {self.items} items"
