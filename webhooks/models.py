"""Graph's promises to call us, and what came of each call."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from tenants.models import TenantModel, TenantQuerySet


class SubscriptionState(models.TextChoices):
    PENDING = "pending", "Not yet listening"
    ACTIVE = "active", "Listening"
    GONE = "gone", "Gone at Microsoft"
    DROPPING = "dropping", "Being dropped"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def of_mailbox(self, tid: object, oid: object) -> Self:
        return self.filter(tid=tid, oid=oid)

    def listening(self, now: datetime) -> Self:
        return self.filter(state=SubscriptionState.ACTIVE, expires_at__gt=now)

    def resting(self, now: datetime) -> Self:
        """Somebody is at work on it, or a failure asked for time."""
        return self.filter(Q(claimed_until__gt=now) | Q(retry_at__gt=now))


class Subscription(models.Model):
    """
    Graph's promise to call us when anything in one mailbox changes, until `expires_at`.

    It belongs to a mailbox and not to an organization: the same mailbox may be connected in two organizations, and
    Microsoft would refuse a second subscription on the same resource. So the table is reserved for the system's role
    (`webhooks/doors.py`), and no organization's scope sees a row. The connection whose token speaks for it is a weak
    reference: it may vanish, and the next reconciliation finds another.

    The row comes first and Graph's id later: the unique mailbox keeps two workers from asking Graph twice, and nobody
    holds a lock on it while Graph calls us back for the handshake. Whoever works on it holds a claim that expires.
    """

    is_customer_data: ClassVar[bool] = True

    tid = models.UUIDField()
    oid = models.UUIDField()
    # In small letters. Null until Graph has answered, and again when Graph has forgotten it.
    graph_id = models.CharField(max_length=64, unique=True, null=True, blank=True)
    # We only ever compare the secret, so a digest is enough and cannot leak it.
    client_state_digest = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=12, choices=SubscriptionState.choices, default=SubscriptionState.PENDING)
    created_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True, blank=True)
    # As granted by Graph, which may be less than we asked for.
    expires_at = models.DateTimeField(null=True, blank=True)
    renew_at = models.DateTimeField(null=True, blank=True, db_index=True)
    # The last genuine call, to the minute.
    notified_at = models.DateTimeField(null=True, blank=True)
    speaker_organization_id = models.BigIntegerField()
    speaker_connection_id = models.BigIntegerField()

    claim_token = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    # After failures in a row: not before this moment.
    failures = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=64, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tid", "oid"], name="subscription_per_mailbox"),
            models.CheckConstraint(
                name="subscription_active_is_whole",
                condition=~Q(state=SubscriptionState.ACTIVE)
                | Q(graph_id__isnull=False, expires_at__isnull=False, renew_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        until = f" until {self.expires_at:%Y-%m-%d %H:%M}" if self.expires_at else ""
        return f"#{self.pk} {self.state}{until}"

    def __repr__(self) -> str:
        return f"<Subscription {self.pk} {self.state}>"


class Delivery(TenantModel):
    """One POST from Graph that held something genuine for this connection, and what became of it."""

    connection = models.ForeignKey("connections.Connection", on_delete=models.CASCADE, related_name="deliveries")
    received_at = models.DateTimeField(db_index=True)
    items = models.PositiveIntegerField()
    # {"marked": 3, "missed": 1}: counts by what became of the items; no ids of events, no contents.
    outcomes = models.JSONField(default=dict)

    objects = TenantQuerySet["Delivery"].as_manager()

    class Meta:
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"#{self.pk} with {self.items} items"

    def __repr__(self) -> str:
        return f"<Delivery {self.pk}>"


class ErasureKind(models.TextChoices):
    PERSON = "person", "A person's data in one organization"
    ORGANIZATION = "organization", "An organization"


class ErasureQuerySet(TenantQuerySet["Erasure"]):
    def under_way(self) -> Self:
        return self.filter(finished_at__isnull=True)


class Erasure(TenantModel):
    """
    Somebody's data, or a whole organization, is to be deleted: asked for, and finished once nothing is left.

    What cannot be done at once (Microsoft does not answer) is tried again by beat. The row outlives the membership that
    it is about, so it holds ids and labels and no keys. What is left is not kept here: it is counted in the rows.
    """

    kind = models.CharField(max_length=16, choices=ErasureKind.choices)
    # Whose data; null for an organization.
    membership_id = models.BigIntegerField(null=True, blank=True)
    user_id = models.BigIntegerField(null=True, blank=True)
    label = models.CharField(max_length=320)
    asked_by_id = models.BigIntegerField()
    asked_by_label = models.CharField(max_length=320)
    asked_at = models.DateTimeField()
    # {"events": 512, "calendars": 2}: what was deleted so far, by kind.
    deleted = models.JSONField(default=dict)
    tried_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "membership_id"],
                condition=Q(finished_at__isnull=True),
                nulls_distinct=False,
                name="erasure_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} of a{'n' if self.kind == 'organization' else ''} {self.kind}"

    def __repr__(self) -> str:
        return f"<Erasure {self.pk} {self.kind}>"
