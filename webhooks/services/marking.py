"""Marks: what a call of Graph's leaves behind, so that a lost message loses nothing."""

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from calendars import services as calendars
from tenants.scoping import organization_scope
from webhooks.doors import Speaker


class Sync(NamedTuple):
    """A marked calendar, for the door that queues its round."""

    organization_id: int
    calendar_id: int


def mark(listeners: Collection[Speaker], *, organization_id: int, now: datetime) -> dict[Speaker, list[Sync]]:
    """
    Mark what these connections of one organization follow as changed, in two statements for all of them.

    Expects the organization's scope. Every listener is in the answer, also one that follows nothing.
    """
    marked = calendars.mark_many_changed(
        connection_ids=[listener.connection_id for listener in listeners], organization=organization_id, now=now
    )
    return {
        listener: [Sync(organization_id, calendar_id) for calendar_id in marked[listener.connection_id]]
        for listener in listeners
    }


def mark_all(listeners: Collection[Speaker], *, now: datetime) -> list[Sync]:
    """Mark what these connections follow. Opens a scope for each organization."""
    syncs: list[Sync] = []
    for organization_id, group in groupby(sorted(listeners), key=attrgetter("organization_id")):
        with organization_scope(organization_id):
            marked = mark(list(group), organization_id=organization_id, now=now)
        syncs += [sync for found in marked.values() for sync in found]
    return syncs
