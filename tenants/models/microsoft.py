"""Directories at Microsoft, as one organization knows them."""

from datetime import datetime
from typing import Self

from django.db import models

from tenants.models.base import TenantModel, TenantQuerySet


class ConsentState(models.TextChoices):
    """How consent stands in a Microsoft tenant, as far as this organization's own people have shown."""

    UNKNOWN = "unknown", "Nobody has tried yet"
    OPEN = "open", "People may connect by themselves"
    WAITING = "waiting", "Waits for an administrator"
    APPROVED = "approved", "Approved by an administrator"
    WITHDRAWN = "withdrawn", "Approval was withdrawn"


class MicrosoftTenantQuerySet(TenantQuerySet["MicrosoftTenant"]):
    def linked(self) -> Self:
        """Those that an admin has linked, and not only seen because somebody came from there."""
        return self.filter(linked_at__isnull=False)


class MicrosoftTenant(TenantModel):
    """
    A directory at Microsoft (`tid`) of which people connect here, and how consent stands there.

    Its state is proven by tokens that this organization's people (or an administrator by this organization's link) were
    given, and by nothing else: what another customer's people caused proves nothing here. Name and domain are labels.
    """

    tid = models.UUIDField()
    name = models.CharField(max_length=256, blank=True)
    domain = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=12, choices=ConsentState.choices, default=ConsentState.UNKNOWN)
    state_since = models.DateTimeField()
    # When an admin said that people of this directory belong here; null: somebody of it has come by.
    linked_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    # Who approved, as the verified token of that directory names them; empty when only the fact is proven.
    approved_by = models.CharField(max_length=320, blank=True)
    # The permissions that were approved, in Microsoft's spelling.
    approved_scopes = models.JSONField(default=list)
    # When somebody of ours who seems to come from here was last refused for want of consent: a warning, and no proof.
    refused_at = models.DateTimeField(null=True, blank=True)
    # One connection lost its consent, and who approved is not known by name: is it one person's, or everybody's?
    doubted_at = models.DateTimeField(null=True, blank=True)

    objects = MicrosoftTenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "tid"], name="microsoft_tenant_unique")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.state}"

    def __repr__(self) -> str:
        return f"<MicrosoftTenant {self.pk} {self.state}>"

    @property
    def label(self) -> str:
        """How people know it."""
        return self.domain or self.name or str(self.tid)

    def become(self, state: ConsentState, *, now: datetime) -> None:
        """Change the state; `state_since` moves only when it really changes. Saves."""
        if self.state != state:
            self.state, self.state_since, self.doubted_at = state, now, None
            self.save(update_fields=["state", "state_since", "doubted_at"])

    def approve(self, *, by: str, scopes: list[str], now: datetime) -> None:
        """An administrator has approved. Saves."""
        self.become(ConsentState.APPROVED, now=now)
        self.approved_at, self.approved_by, self.approved_scopes = now, by[:320], scopes
        self.refused_at = self.doubted_at = None
        self.save(update_fields=["approved_at", "approved_by", "approved_scopes", "refused_at", "doubted_at"])

    def doubt(self, *, now: datetime) -> None:
        """One connection lost its consent, and whether the approval is gone is to be found out. Saves."""
        self.doubted_at = now
        self.save(update_fields=["doubted_at"])

    def trust(self) -> None:
        """Another connection has shown that the approval still holds. Saves."""
        self.doubted_at = None
        self.save(update_fields=["doubted_at"])
