"""Accounts at Microsoft by which people sign in here; they belong to people, and to no organization."""

import uuid

from django.db import models


class MicrosoftIdentity(models.Model):
    """
    An account at Microsoft that a person signs in with, for as long as they want.

    It is a person's and no organization's. `tid` and `oid` are who it is; address and name are labels.
    """

    user = models.ForeignKey("tenants.User", on_delete=models.CASCADE, related_name="microsoft_identities")
    tid = models.UUIDField()
    oid = models.UUIDField()
    address = models.CharField(max_length=320, blank=True)
    display_name = models.CharField(max_length=256, blank=True)
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tid", "oid"], name="microsoft_identity_unique")]

    def __str__(self) -> str:
        return f"#{self.pk} of person {self.user_id}"

    def __repr__(self) -> str:
        return f"<MicrosoftIdentity {self.pk}>"


class AccountPurpose(models.TextChoices):
    """What a trip to Microsoft is for that belongs to no organization."""

    SIGN_IN = "sign_in", "Sign in"
    LINK = "link", "Add to an account"


class AccountSignIn(models.Model):
    """
    One trip to Microsoft by which somebody wants to be recognized here, and what came back of it.

    Like a sign-in flow, but before any organization is known. Taken once, by deleting it; void after ten minutes, or
    two minutes after Microsoft's answer.
    """

    # A random key of the row's own, so that the seals can name the row before it has an id.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state_digest = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=16, choices=AccountPurpose.choices)
    # Whose account is added to; nobody's while signing in.
    user = models.ForeignKey("tenants.User", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    session_digest = models.CharField(max_length=64, db_index=True)
    return_path = models.CharField(max_length=512, blank=True)
    sealed_flow = models.BinaryField()
    # Of a one-time key that has nothing to do with the state; both are empty until Microsoft has answered.
    key_digest = models.CharField(max_length=64, null=True, blank=True, unique=True)
    sealed_fields = models.BinaryField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"#{self.pk} {self.purpose}"

    def __repr__(self) -> str:
        return f"<AccountSignIn {self.pk}>"
