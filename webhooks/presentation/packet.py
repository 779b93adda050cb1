"""
The support packet: what a ticket at Microsoft, or a colleague, needs to know of a connection, in plain JSON.

Ids, states, dates, counts and request ids. No contents, no secret, no free text, and no address but the mailbox's own,
masked: a packet is pasted into places that we do not know.
"""

import platform
from datetime import UTC, datetime
from typing import Any

import django
import orjson
from django.conf import settings

from webhooks.presentation.dates import Line
from webhooks.services.looking import Kept, Seen


def packet(seen: Seen, judged: list[Line], now: datetime) -> dict[str, Any]:
    """Everything, by name; moments in UTC."""
    connection, row = seen.connection, seen.subscription
    return {
        "made_at": _moment(now),
        "versions": {
            "almanac": settings.VERSION,
            "django": django.get_version(),
            "python": platform.python_version(),
        },
        "connection": {
            "id": connection.pk,
            "organization_id": connection.organization_id,
            "member_id": connection.member_id,
            "mailbox": masked(connection.address),
            "microsoft_tenant_id": str(connection.tid),
            "microsoft_object_id": str(connection.oid),
            "status": connection.status,
            "reason": connection.reason,
            "status_since": _moment(connection.status_since),
            "scopes": connection.scopes,
            "connected_at": _moment(connection.connected_at),
            "token_refreshed_at": _moment(seen.refreshed_at),
            "succeeded_at": _moment(connection.succeeded_at),
            "failed_at": _moment(connection.failed_at),
            "failed_code": connection.failed_code,
            "failed_request_id": connection.failed_request_id,
            "same_mailbox_elsewhere": seen.elsewhere,
        },
        "subscription": None
        if row is None
        else {
            "id": row.pk,
            "graph_id": row.graph_id,
            "state": row.state,
            "created_at": _moment(row.created_at),
            "renewed_at": _moment(row.renewed_at),
            "expires_at": _moment(row.expires_at),
            "renew_at": _moment(row.renew_at),
            "notified_at": _moment(row.notified_at),
            "failures": row.failures,
            "retry_at": _moment(row.retry_at),
            "last_error": row.last_error,
        },
        "calendars": [_calendar(kept) for kept in seen.calendars],
        "skipped_events": seen.skipped,
        "deliveries_of_a_week": {
            "count": seen.deliveries_count,
            "newest": [
                {"received_at": _moment(one.received_at), "items": one.items, "outcomes": one.outcomes}
                for one in seen.deliveries[:20]
            ],
        },
        "microsoft_tenant": None
        if seen.tenant is None
        else {
            "state": seen.tenant.state,
            "state_since": _moment(seen.tenant.state_since),
            "linked_at": _moment(seen.tenant.linked_at),
            "approved_at": _moment(seen.tenant.approved_at),
        },
        "judged": [
            {"what": line.label, "state": line.judged.tone.word, "at": _moment(line.judged.moment)} for line in judged
        ],
        "acts": [{"at": _moment(entry.at), "act": entry.act, "by": entry.actor_kind} for entry in seen.entries[:50]],
    }


def written(contents: dict[str, Any]) -> str:
    """As text that can be read and copied."""
    return orjson.dumps(contents, option=orjson.OPT_INDENT_2).decode()


def masked(address: str) -> str:
    """Enough to recognise an address that one knows already: "a…@contoso.example"."""
    name, at, host = address.rpartition("@")
    return f"{name[:1]}…@{host}" if at else ""


def _calendar(kept: Kept) -> dict[str, Any]:
    calendar = kept.calendar
    return {
        "id": calendar.pk,
        "is_default": calendar.is_default,
        "followed_at": _moment(calendar.followed_at),
        "vanished_at": _moment(calendar.vanished_at),
        "window_start": _moment(calendar.window_start),
        "window_end": _moment(calendar.window_end),
        "round_number": calendar.round_number,
        "round_is_full": calendar.round_is_full,
        "round_started_at": _moment(calendar.round_started_at),
        "changed_at": _moment(calendar.changed_at),
        "synced_at": _moment(calendar.synced_at),
        "lease_until": _moment(calendar.lease_until),
        "retry_at": _moment(calendar.retry_at),
        "failures": calendar.failures,
        "last_error": calendar.last_error,
        "events": kept.events,
        "skipped": kept.skipped,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
