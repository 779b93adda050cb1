"""What every customer's row has in common."""

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from tenants.models.people import Organization

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class TenantQuerySet(models.QuerySet[Row_co]):
    """Rows of customers. Every query begins with `.of(organization)`: the first wall."""

    def of(self, organization: "Organization | int") -> Self:
        key = organization if isinstance(organization, int) else organization.pk
        return self.filter(organization_id=key)


class TenantModel(models.Model):
    """A row that belongs to one organization. Its table is under a policy: see `tenants/protection.py`."""

    is_customer_data = True

    organization = models.ForeignKey("tenants.Organization", on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True
