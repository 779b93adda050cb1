"""
What support staff see of Graph's calls, and of one connection with everything that hangs on it: states, dates, counts.

No client state, not even its digest; no content, no token. The buttons are addresses here; what they do is in
`webhooks.views.support`.
"""

from datetime import timedelta
from typing import Any, NoReturn

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from connections.admin import ConnectionList, state_pill
from connections.models import FAILED, Connection, Status
from tenants.admin import SupportAdmin
from tenants.support import Count as Counted
from tenants.support import SupportSite
from tenants.templatetags.almanac import ago_in_words
from webhooks.models import Delivery, Subscription
from webhooks.presentation.dates import lines, worst
from webhooks.presentation.deeds import buttons_for
from webhooks.presentation.packet import packet, written
from webhooks.presentation.sentence import sentence
from webhooks.presentation.timeline import timeline
from webhooks.services import looking
from webhooks.services.supporting import Deed
from webhooks.views import support


@admin.register(Connection)
class ConnectionAdmin(ConnectionList):
    """The list, and the page that answers: why does it not work for this person?"""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        deeds = [path(f"<int:pk>/{deed}/", wrap(support.act), {"deed": deed}, name=_name(deed)) for deed in Deed]
        return [*deeds, path("<int:pk>/packet/", wrap(download), name=_name("packet")), *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One connection. Django's own form is not here: there is nothing to type."""
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        connection = _find(object_id)
        if connection is None:
            return support.missing(request, object_id)
        now = timezone.now()
        seen = looking.look(connection, now=now)
        judged = lines(seen, now)
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": connection.address or f"Connection {connection.pk}",
            "opts": self.opts,
            "connection": connection,
            "seen": seen,
            "pill": state_pill(connection),
            "sentence": sentence(seen, judged),
            "worst": worst(judged),
            "lines": judged,
            "now": now,
            "buttons": [
                (button, reverse(f"admin:{_name(button.deed)}", args=[connection.pk]))
                for button in buttons_for(connection)
            ],
            "timeline": timeline(seen),
            "packet": written(packet(seen, judged, now)),
        }
        return TemplateResponse(request, "admin/support/connection.html", context)

    def delete_view(self, *_: Any, **__: Any) -> NoReturn:
        """Nothing is deleted here; who wants a connection gone disconnects it."""
        raise PermissionDenied


@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The packet as a file."""
    connection = looking.find(pk)
    if connection is None:
        return support.missing(request, pk)
    now = timezone.now()
    seen = looking.look(connection, now=now)
    answer = HttpResponse(written(packet(seen, lines(seen, now), now)), content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="almanac-connection-{pk}.json"'
    return answer


def _name(word: str) -> str:
    return f"connections_connection_{word.replace('-', '_')}"


def _find(object_id: str) -> Connection | None:
    is_number = object_id.isascii() and object_id.isdigit() and len(object_id) < 19
    return looking.find(int(object_id)) if is_number else None


def counts() -> list[Counted]:
    """How many connections need somebody, for the first page of the admin."""
    now = timezone.now()
    broken, old = Q(status__in=FAILED), Q(status_since__lte=now - timedelta(days=1))
    found = Connection.objects.aggregate(
        active=Count("pk", filter=Q(status=Status.ACTIVE)),
        broken=Count("pk", filter=broken),
        old=Count("pk", filter=broken & old),
        oldest=Min("status_since", filter=broken),
        approval=Count("pk", filter=Q(status=Status.APPROVAL)),
        paused=Count("pk", filter=Q(status=Status.PAUSED)),
    )
    listed = reverse("admin:connections_connection_changelist")
    oldest = f"The oldest {ago_in_words(found['oldest'], now)}." if found["oldest"] else "Nobody waits."
    oldest_first = f"o={ConnectionList.list_display.index('since')}"
    return [
        Counted(found["old"], "broken for more than a day", oldest, "broken" if found["old"] else "well",
                "alert-circle" if found["old"] else "circle-check", f"{listed}?broken=day&{oldest_first}"),
        Counted(found["broken"], "broken now", "Somebody must act.", "waits" if found["broken"] else "well",
                "alert-triangle" if found["broken"] else "circle-check", f"{listed}?broken=now&{oldest_first}"),
        Counted(found["approval"], "waiting for an administrator", "At Microsoft.",
                "waits" if found["approval"] else "well", "hourglass",
                f"{listed}?status__exact={Status.APPROVAL}&{oldest_first}"),
        Counted(found["paused"], "paused", "By support or by the person.", "unknown", "player-pause",
                f"{listed}?status__exact={Status.PAUSED}&{oldest_first}"),
        Counted(found["active"], "active", "Read and listened to.", "well", "plug-connected",
                f"{listed}?status__exact={Status.ACTIVE}"),
    ]  # fmt: skip


SupportSite.counters.append(counts)


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
