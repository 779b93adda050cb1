"""People, organizations, who belongs where, and what is kept about that."""

from tenants.models.base import TenantModel, TenantQuerySet
from tenants.models.microsoft import ConsentState, MicrosoftTenant
from tenants.models.people import (
    Access,
    Detail,
    Invitation,
    Membership,
    MembershipQuerySet,
    Organization,
    TenantsAllowed,
    User,
    UserManager,
)
from tenants.models.records import ActorKind, AuditEntry, MailState, OutgoingMail

__all__ = [
    "Access",
    "ActorKind",
    "AuditEntry",
    "ConsentState",
    "Detail",
    "Invitation",
    "MailState",
    "Membership",
    "MembershipQuerySet",
    "MicrosoftTenant",
    "Organization",
    "OutgoingMail",
    "TenantModel",
    "TenantQuerySet",
    "TenantsAllowed",
    "User",
    "UserManager",
]
