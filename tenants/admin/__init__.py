"""The Django admin: what support staff see. Other apps build theirs on `SupportAdmin`."""

from tenants.admin.base import SupportAdmin
from tenants.admin.people import OrganizationAdmin, PersonAdmin

__all__ = ["OrganizationAdmin", "PersonAdmin", "SupportAdmin"]
