"""What support staff see of Graph's calls: states, dates and counts; no client state, not even its digest."""

from django.contrib import admin

from tenants.admin import SupportAdmin
from webhooks.models import Delivery, Subscription


@admin.register(Subscription)
class SubscriptionAdmin(SupportAdmin[Subscription]):
    """Whether Graph calls us about a mailbox, until when, and what it said when it refused."""

    list_display = (
        "id", "state", "tid", "oid", "expires_at", "renew_at", "notified_at", "failures", "last_error",
        "speaker_organization_id", "speaker_connection_id",
    )  # fmt: skip
    list_filter = ("state", "expires_at", "notified_at", "last_error")
    search_fields = ("=tid", "=oid", "=graph_id", "=speaker_organization_id", "=speaker_connection_id")
    ordering = ("-id",)
    fields = (
        "tid", "oid", "graph_id", "state", "created_at", "renewed_at", "expires_at", "renew_at", "notified_at",
        "speaker_organization_id", "speaker_connection_id", "claimed_until", "failures", "retry_at", "last_error",
    )  # fmt: skip


@admin.register(Delivery)
class DeliveryAdmin(SupportAdmin[Delivery]):
    """What Graph's calls of the last days held for which connection, in numbers."""

    list_display = ("id", "organization_id", "connection_id", "received_at", "items", "outcomes")
    list_filter = ("received_at",)
    search_fields = ("=organization__id", "=connection__id")
    ordering = ("-id",)
    fields = ("organization_id", "connection_id", "received_at", "items", "outcomes")
