"""What was done, and what is still to be mailed."""

from typing import ClassVar

from django.db import models

from tenants.models.base import TenantModel, TenantQuerySet


class ActorKind(models.TextChoices):
    """Who can do something that is kept in the audit log."""

    PERSON = "person", "A member"
    SUPPORT = "support", "Almanac's support"
    ADMINISTRATOR = "administrator", "A Microsoft administrator"
    SYSTEM = "system", "Almanac by itself"


class AuditEntry(TenantModel):
    """
    Who did what, on what, when and from where. The database lets nobody change or delete a row.

    Actor and target are kept as ids and as the labels of that moment, without keys: an entry outlives what it is about.
    """

    at = models.DateTimeField()
    # `tenants.acts.Act`; without choices, so that an act that we no longer know can still be read.
    act = models.CharField(max_length=48)
    actor_kind = models.CharField(max_length=16, choices=ActorKind.choices)
    # The user's id, of people and support staff.
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_label = models.CharField(max_length=320, blank=True)
    target_kind = models.CharField(max_length=24, blank=True)
    target_id = models.BigIntegerField(null=True, blank=True)
    target_label = models.CharField(max_length=320, blank=True)
    # Short values of our own: the former and the new role, a count. No contents, no secrets.
    details = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True, blank=True)

    objects = TenantQuerySet["AuditEntry"].as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["organization", "-at"], name="audit_by_time")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.act}"

    def __repr__(self) -> str:
        return f"<AuditEntry {self.pk} {self.act}>"


class MailState(models.TextChoices):
    WAITING = "waiting", "To be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class OutgoingMail(models.Model):
    """
    One mail that was decided on, in the transaction that decided it, and is sent after its commit.

    `key` names the occasion, so that the same occasion is one mail. The contents are sealed (they hold links that are
    keys) and gone once the mail is. The table belongs to nobody's organization: people are written to who have none.
    """

    is_customer_data: ClassVar[bool] = True

    key = models.CharField(max_length=160, unique=True)
    # Whose occasion it was, for support and limits; null for mails about a person's own account.
    about_organization_id = models.BigIntegerField(null=True, blank=True)
    address = models.CharField(max_length=320)
    # Empty once it was sent or given up.
    sealed_contents = models.BinaryField()
    state = models.CharField(max_length=12, choices=MailState.choices, default=MailState.WAITING)
    queued_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    try_at = models.DateTimeField(db_index=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=64, blank=True)

    objects = models.Manager["OutgoingMail"]()

    class Meta:
        # Limits count what one address was sent of late.
        indexes = [models.Index(fields=["address", "queued_at"], name="mail_by_address")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"

    def __repr__(self) -> str:
        return f"<OutgoingMail {self.pk} {self.state}>"
