"""Organizations and people, as support staff see them."""

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from tenants.models import Membership, Organization, OutgoingMail, User
from tenants.policies import Role
from tenants.support import SupportAdmin

__all__ = ["OrganizationAdmin", "OutgoingMailAdmin", "PersonAdmin", "SupportAdmin"]


@admin.register(Organization)
class OrganizationAdmin(SupportAdmin[Organization]):
    list_display = ("name", "slug", "created_at", "people", "owners")
    list_display_links = ("name", "slug")
    list_filter = ("created_at",)
    search_fields = ("name", "slug")
    ordering = ("-created_at",)
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        members = Membership.objects.filter(organization_id=OuterRef("pk")).order_by()
        return (
            super()
            .get_queryset(request)
            .annotate(people_count=_count(members), owners_count=_count(members.filter(role=Role.OWNER)))
        )

    @admin.display(description="people", ordering="people_count")
    def people(self, organization: Organization) -> int:
        return int(organization.people_count)  # type: ignore[attr-defined]  # annotated above

    @admin.display(description="owners", ordering="owners_count")
    def owners(self, organization: Organization) -> int:
        return int(organization.owners_count)  # type: ignore[attr-defined]  # annotated above


@admin.register(User)
class PersonAdmin(SupportAdmin[User]):
    """People, found by their whole address or a part of it. Names, passwords and rights are not shown."""

    list_display = ("id", "email", "is_active", "is_staff", "date_joined", "last_login")
    list_display_links = ("id", "email")
    list_filter = ("is_active", "is_staff", "date_joined", "last_login")
    search_fields = ("email",)
    ordering = ("-date_joined",)


@admin.register(OutgoingMail)
class OutgoingMailAdmin(SupportAdmin[OutgoingMail]):
    """Whether mails go out. To whom and what is not shown: the person who misses one says which it is."""

    list_display = ("id", "state", "queued_at", "attempts", "try_at", "sent_at", "last_error", "about_organization_id")
    list_filter = ("state", "queued_at")
    search_fields = ("=about_organization_id",)
    search_help_text = "The id of an organization."
    ordering = ("-queued_at",)
    date_hierarchy = "queued_at"


def _count(members: QuerySet[Membership]) -> Coalesce:
    counted = members.values("organization_id").annotate(found=Count("pk")).values("found")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
