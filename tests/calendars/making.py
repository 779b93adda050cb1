"""Rows as a round would leave them, made directly: for pages, which only read. Every function opens its own scope."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from calendars.models import Calendar, Event, Kind, SkippedEvent
from connections.models import Connection, Status
from tenants.models import Membership, Organization, User
from tenants.scoping import organization_scope

NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)  # a Wednesday


def membership_of(organization: Organization, user: User) -> Membership:
    with organization_scope(organization.pk):
        return Membership.objects.of(organization).get(user=user)


def make_connection(organization: Organization, user: User, **fields: Any) -> Connection:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "address": user.email.replace("acme.example", "contoso.example"),
        "tid": uuid.uuid4(),
        "oid": uuid.uuid4(),
        "status": Status.ACTIVE,
        "status_since": now,
        "connected_at": now,
        "scopes": ["Calendars.Read", "User.Read"],
    }
    member = membership_of(organization, user)
    with organization_scope(organization.pk):
        return Connection.objects.create(organization=organization, member=member, **values | fields)


def make_calendar(connection: Connection, name: str = "Calendar", **fields: Any) -> Calendar:
    now = datetime.now(UTC)
    values: dict[str, Any] = {"graph_id": uuid.uuid4().hex, "followed_at": now, "synced_at": now, "color": "lightTeal"}
    with organization_scope(connection.organization_id):
        return Calendar.objects.create(
            organization_id=connection.organization_id, connection=connection, name=name, **values | fields
        )


def make_event(calendar: Calendar, subject: str = "Standup", **fields: Any) -> Event:
    """A timed event of an hour at NOON, or what `fields` say."""
    values: dict[str, Any] = {"graph_id": uuid.uuid4().hex, "kind": Kind.SINGLE, "subject": subject, "show_as": "busy"}
    if "start_date" in fields:
        values["is_all_day"] = True
    else:
        values |= {"starts_at": NOON, "ends_at": fields.get("starts_at", NOON) + timedelta(hours=1)}
    with organization_scope(calendar.organization_id):
        return Event.objects.create(organization_id=calendar.organization_id, calendar=calendar, **values | fields)


def make_day(calendar: Calendar, subject: str, first: date, days: int = 1, **fields: Any) -> Event:
    """An all-day event of so many days."""
    return make_event(calendar, subject, start_date=first, end_date=first + timedelta(days=days), **fields)


def make_skipped(calendar: Calendar) -> SkippedEvent:
    with organization_scope(calendar.organization_id):
        return SkippedEvent.objects.create(
            organization_id=calendar.organization_id,
            calendar=calendar,
            graph_id=uuid.uuid4().hex,
            reason="start: the zone is unknown",
            skipped_at=datetime.now(UTC),
        )
