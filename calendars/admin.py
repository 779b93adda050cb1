"""Calendars, as support staff see them: states, dates and counts. No name of a calendar, nothing of an event."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from calendars.models import Calendar, Event, SkippedEvent
from tenants.admin import SupportAdmin


@admin.register(Calendar)
class CalendarAdmin(SupportAdmin[Calendar]):
    """Found by the id of the calendar or of its connection."""

    list_display = (
        "id",
        "organization_id",
        "connection_id",
        "is_default",
        "followed_at",
        "synced_at",
        "changed_at",
        "retry_at",
        "last_error",
        "events",
        "skipped",
    )
    list_display_links = ("id",)
    list_filter = (
        "is_default",
        ("followed_at", admin.EmptyFieldListFilter),
        ("vanished_at", admin.EmptyFieldListFilter),
        ("last_error", admin.EmptyFieldListFilter),
    )
    search_fields = ("id__exact", "connection__exact")
    search_help_text = "The number of a calendar, or of its connection."
    ordering = ("-synced_at", "pk")
    fields = (
        "id",
        "organization_id",
        "connection_id",
        "is_default",
        "can_edit",
        "followed_at",
        "vanished_at",
        "window_start",
        "window_end",
        "round_number",
        "round_is_full",
        "round_started_at",
        "synced_at",
        "changed_at",
        "version",
        "lease_until",
        "retry_at",
        "failures",
        "last_error",
        "events",
        "skipped",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Calendar]:
        return (
            super()
            .get_queryset(request)
            .annotate(number_of_events=_count(Event.objects), number_of_skipped=_count(SkippedEvent.objects))
        )

    @admin.display(description="Events")
    def events(self, calendar: Any) -> int:
        """How many rows, masters of series included."""
        number: int = calendar.number_of_events
        return number

    @admin.display(description="Skipped")
    def skipped(self, calendar: Any) -> int:
        """How many events that Microsoft sent could not be understood."""
        number: int = calendar.number_of_skipped
        return number


def _count(rows: Any) -> Coalesce:
    """How many of these rows a calendar has, by columns that support may see."""
    counted = rows.filter(calendar_id=OuterRef("pk")).order_by().values("calendar_id").annotate(number=Count("pk"))
    return Coalesce(Subquery(counted.values("number"), output_field=IntegerField()), 0)
