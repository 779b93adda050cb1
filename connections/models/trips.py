"""Trips to Microsoft for a mailbox: under way, answered, without an answer, refused."""

import uuid
from datetime import datetime

from django.db import models

from tenants.models import MicrosoftTenant, TenantModel, TenantQuerySet


class Purpose(models.TextChoices):
    """What a trip to Microsoft is for; an answer is good for no other purpose."""

    CONNECT = "connect", "Connect a mailbox"
    APPROVE = "approve", "Prove an administrator's approval"


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


class UnansweredSignIn(TenantModel):
    """
    A member went to Microsoft and never came back: perhaps Microsoft asked for an approval. The latest one of each.

    Pages offer to ask an administrator until the member says no (`dismissed_at`), asks, or connects after all.
    """

    member = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, related_name="+")
    began_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet["UnansweredSignIn"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "member"], name="unanswered_sign_in_latest")]

    def __str__(self) -> str:
        return f"#{self.pk} of member {self.member_id}"


class LastRefusal(TenantModel):
    """
    A member's last trip to Microsoft connected nothing, for a reason that somebody else can solve; one for each member.

    Gone as soon as the member connects. `tenant` is where they seem to come from: the answer itself named none.
    """

    member = models.OneToOneField("tenants.Membership", on_delete=models.CASCADE, related_name="+")
    tenant = models.ForeignKey(
        "tenants.MicrosoftTenant", on_delete=models.SET_NULL, null=True, blank=True, related_name="refusals"
    )
    # A code of ours, of which `connections/reasons.py` has the words.
    reason = models.CharField(max_length=64)
    since = models.DateTimeField()
    refused_at = models.DateTimeField()

    objects = TenantQuerySet["LastRefusal"].as_manager()

    def __str__(self) -> str:
        return f"#{self.pk} {self.reason}"

    def __repr__(self) -> str:
        return f"<LastRefusal {self.pk} {self.reason}>"

    def repeat(self, *, tenant: MicrosoftTenant | None, reason: str, now: datetime) -> None:
        """Refused once more. How long it has been so counts from the first time. Saves."""
        self.tenant, self.reason, self.refused_at = tenant, reason, now
        self.save(update_fields=["tenant", "reason", "refused_at"])
