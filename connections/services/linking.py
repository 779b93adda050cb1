"""Which Microsoft tenants belong to an organization, as its admins say."""

from datetime import datetime

from connections.identity.directories import Directory
from connections.services import consent
from tenants.acts import Act
from tenants.models import MicrosoftTenant, Organization, TenantsAllowed
from tenants.services.audit import Actor, record


def link(*, organization: Organization, directory: Directory, by: Actor, now: datetime) -> MicrosoftTenant:
    """
    People of this Microsoft tenant belong here. Expects the organization's scope. Twice is harmless.

    It proves nothing about consent: how that stands is as it was.
    """
    tenant = consent.ensure_tenant(organization_id=organization.pk, tid=directory.tid, domain=directory.domain, now=now)
    if directory.domain and tenant.domain != directory.domain and tenant.linked_at is None:
        # What an admin typed and Microsoft confirmed is a better label than the address of somebody who came by.
        tenant.domain = directory.domain
        tenant.save(update_fields=["domain"])
    if tenant.linked_at is None:
        tenant.linked_at = now
        tenant.save(update_fields=["linked_at"])
        record(organization_id=organization.pk, act=Act.TENANT_LINKED, by=by, now=now, on=consent.target(tenant))
    return tenant


def unlink(*, organization: Organization, tenant: MicrosoftTenant, by: Actor, now: datetime) -> None:
    """
    People of this Microsoft tenant do not belong here any more, as far as a policy asks. Expects the organization's
    scope. Twice is harmless.

    What its people connected stays, unless only linked tenants are allowed: then the policy is to be applied anew.
    """
    if tenant.linked_at is None:
        return
    tenant.linked_at = None
    tenant.save(update_fields=["linked_at"])
    record(organization_id=organization.pk, act=Act.TENANT_UNLINKED, by=by, now=now, on=consent.target(tenant))
    if organization.tenants_allowed == TenantsAllowed.LINKED:
        organization.policies_changed_at = now
        organization.save(update_fields=["policies_changed_at"])
