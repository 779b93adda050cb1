"""Connections, as support staff see them: states, dates and Microsoft's ids. No event, no token."""

from uuid import UUID

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from connections.models import Connection
from connections.reasons import words_for
from tenants.admin import SupportAdmin


@admin.register(Connection)
class ConnectionAdmin(SupportAdmin[Connection]):
    """Found by a part of the address, or by Microsoft's whole tenant or object id."""

    list_display = ("id", "slug", "address", "status", "reason", "status_since", "succeeded_at", "failed_at")
    list_display_links = ("id", "address")
    list_filter = ("status", "reason")
    search_fields = ("address", "organization__slug")
    search_help_text = "A part of the address or of the organization's slug, or Microsoft's whole object or tenant id."
    ordering = ("-status_since",)
    columns = ("organization", "member")
    fields = (
        "in_a_sentence",
        "id",
        "slug",
        "member_id",
        "address",
        "display_name",
        "tid",
        "oid",
        "status",
        "reason",
        "status_since",
        "scopes",
        "connected_at",
        "succeeded_at",
        "failed_at",
        "failed_request_id",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return super().get_queryset(request).annotate(organization_slug=F("organization__slug"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Connection], search_term: str
    ) -> tuple[QuerySet[Connection], bool]:
        try:
            microsofts = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(Q(oid=microsofts) | Q(tid=microsofts)), False

    @admin.display(description="organization", ordering="organization_slug")
    def slug(self, connection: Connection) -> str:
        return str(connection.organization_slug)  # type: ignore[attr-defined]  # annotated above

    @admin.display(description="In a sentence")
    def in_a_sentence(self, connection: Connection) -> str:
        """Something that can be pasted into a reply."""
        words = words_for(connection.status, connection.reason)
        return f"{words.sentence} {words.next_step}".strip()
