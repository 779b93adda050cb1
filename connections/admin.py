"""
The list of connections, as support staff see it: states, dates and Microsoft's ids. No event, no token.

The page of one connection spans the apps above; so `webhooks.admin` registers the list together with it.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connections.models import FAILED, Connection, Status
from connections.reasons import WORDS
from tenants.models import MicrosoftTenant, Organization
from tenants.support import SupportAdmin
from tenants.templatetags.almanac import ago, icon

_TONES = {
    Status.ACTIVE: ("well", "circle-check"),
    Status.RECONNECT: ("broken", "alert-circle"),
    Status.APPROVAL: ("waits", "hourglass"),
    Status.BLOCKED: ("broken", "circle-x"),
    Status.PAUSED: ("unknown", "player-pause"),
    Status.DISCONNECTED: ("unknown", "plug-connected-x"),
}
# In a filter; whatever else there is, is found by searching, or by its address.
MOST = 15


class BrokenFilter(admin.SimpleListFilter):
    """Somebody must act, and for how long already."""

    title = "broken"
    parameter_name = "broken"
    spans: ClassVar[dict[str, timedelta]] = {
        "now": timedelta(0),
        "day": timedelta(days=1),
        "week": timedelta(days=7),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("now", "Now"), ("day", "For more than a day"), ("week", "For more than a week")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> QuerySet[Connection]:  # noqa: ARG002
        span = self.spans.get(self.value() or "")
        if span is None:
            return queryset
        return queryset.filter(status__in=FAILED, status_since__lte=timezone.now() - span)


class ReasonFilter(admin.SimpleListFilter):
    """Why it is not active, in our words."""

    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        found = set(Connection.objects.exclude(reason="").values_list("reason", flat=True).distinct())
        # Also what the address asks for and nobody has: Django would leave the filter out and show everything.
        for reason in sorted(found | ({request.GET.get("reason", "")} - {""})):
            yield reason, WORDS[reason].sentence if reason in WORDS else reason

    def queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> QuerySet[Connection]:  # noqa: ARG002
        return queryset.filter(reason=self.value()) if self.value() else queryset


class _MostFilter(admin.SimpleListFilter):
    """The commonest values of one column, and whichever the address names."""

    column: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        counted = Connection.objects.order_by().values(self.column).annotate(number=Count("pk"))
        values = list(counted.order_by("-number", self.column).values_list(self.column, flat=True)[:MOST])
        chosen = self.wanted(request.GET.get(self.parameter_name or "", ""))
        if chosen is not None and chosen not in values:
            values.append(chosen)
        names = self.names(values)
        return [(str(value), names.get(value, str(value))) for value in values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> QuerySet[Connection]:  # noqa: ARG002
        if self.value() is None:
            return queryset
        wanted = self.wanted(self.value() or "")
        return queryset.none() if wanted is None else queryset.filter(**{self.column: wanted})

    def wanted(self, text: str) -> Any:
        """The value that a text of the address means; None if it means none."""
        raise NotImplementedError

    def names(self, values: list[Any]) -> dict[Any, str]:
        """How people know these values."""
        raise NotImplementedError


class TenantFilter(_MostFilter):
    """Microsoft's tenant, by its id."""

    title = "Microsoft tenant"
    parameter_name = "tid"
    column = "tid"

    def wanted(self, text: str) -> UUID | None:
        try:
            return UUID(text)
        except ValueError:
            return None

    def names(self, values: list[UUID]) -> dict[UUID, str]:
        rows = MicrosoftTenant.objects.filter(tid__in=values).exclude(domain="").order_by("pk")
        return dict(rows.values_list("tid", "domain"))


class OrganizationFilter(_MostFilter):
    """Our customer, by its number."""

    title = "organization"
    parameter_name = "organization"
    column = "organization_id"

    def wanted(self, text: str) -> int | None:
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    def names(self, values: list[int]) -> dict[int, str]:
        return dict(Organization.objects.filter(pk__in=values).values_list("pk", "slug"))


class ConnectionList(SupportAdmin[Connection]):
    """Found by a part of the address, or by Microsoft's whole tenant or object id."""

    list_display = ("label", "slug", "state", "since", "succeeded", "failed")
    list_display_links = ("label",)
    list_filter = (BrokenFilter, "status", ReasonFilter, TenantFilter, OrganizationFilter)
    search_fields = ("address", "organization__slug")
    search_help_text = "A part of the address or of the organization's slug, or Microsoft's whole object or tenant id."
    ordering = ("-status_since",)
    columns = (
        "address", "display_name", "organization", "member", "status", "reason", "status_since", "succeeded_at",
        "failed_at", "failed_code",
    )  # fmt: skip

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

    @admin.display(description="mailbox", ordering="address")
    def label(self, connection: Connection) -> str:
        return connection.address or f"Connection {connection.pk}"

    @admin.display(description="organization", ordering="organization_slug")
    def slug(self, connection: Connection) -> str:
        return str(connection.organization_slug)  # type: ignore[attr-defined]  # annotated above

    @admin.display(description="state", ordering="status")
    def state(self, connection: Connection) -> SafeString:
        return state_pill(connection)

    @admin.display(description="since", ordering="status_since")
    def since(self, connection: Connection) -> SafeString | str:
        return ago(connection.status_since)

    @admin.display(description="Microsoft answered", ordering="succeeded_at")
    def succeeded(self, connection: Connection) -> SafeString | str:
        return ago(connection.succeeded_at)

    @admin.display(description="last error", ordering="failed_at")
    def failed(self, connection: Connection) -> SafeString:
        return format_html("{}<small>{}</small>", ago(connection.failed_at, "none"), connection.failed_code)


def state_pill(connection: Connection) -> SafeString:
    """The state as a word with its colour and icon."""
    tone, picture = _TONES[Status(connection.status)]
    return format_html(
        '<span class="state state-{}">{} {}</span>', tone, icon(picture), Status(connection.status).label
    )
