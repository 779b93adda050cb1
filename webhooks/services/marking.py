"""Marks: what a call of Graph's leaves behind, so that a lost message loses nothing."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from calendars import services as calendars
from tenants.scoping import organization_scope
from webhooks.doors import Speaker


class Sync(NamedTuple):
    """A marked calendar, for the door that queues its round."""

    organization_id: int
    calendar_id: int


def mark(listener: Speaker, *, now: datetime) -> list[Sync]:
    """Mark what this connection follows as changed. Expects the scope of its organization."""
    marked = calendars.mark_changed(
        connection_id=listener.connection_id, organization=listener.organization_id, now=now
    )
    return [Sync(listener.organization_id, calendar_id) for calendar_id in marked]


def mark_all(listeners: Iterable[Speaker], *, now: datetime) -> list[Sync]:
    """Mark what these connections follow. Opens a scope for each."""
    syncs: list[Sync] = []
    for listener in listeners:
        with organization_scope(listener.organization_id):
            syncs += mark(listener, now=now)
    return syncs
