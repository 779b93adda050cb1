"""Who waits for an administrator of a Microsoft tenant."""

import uuid
from datetime import datetime
from typing import Self

from django.db import models

from tenants.models import TenantModel, TenantQuerySet


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

    @property
    def place_of_link(self) -> str:
        """Where the link is sealed to: by the row's own key, since the seal comes before the row has an id."""
        return f"connections_approvalrequest.sealed_link:{self.key}"

    def is_live(self, now: datetime) -> bool:
        return self.state == ApprovalState.WAITING and self.expires_at > now


class ApprovalWaiterQuerySet(TenantQuerySet["ApprovalWaiter"]):
    def present(self) -> Self:
        """Without those who have left the organization; with the people, the first to wait first."""
        still_here = self.filter(member__removed_at__isnull=True)
        return still_here.select_related("member__user").order_by("since", "pk")


class ApprovalWaiter(TenantModel):
    """A member who is told, once, how an approval request ended."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.CASCADE, related_name="waiters")
    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    objects = ApprovalWaiterQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "member"], name="approval_waiter_unique")]

    def __str__(self) -> str:
        return f"#{self.pk} of request {self.request_id}"
