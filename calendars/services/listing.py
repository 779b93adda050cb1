"""Which calendars a mailbox has."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from calendars import remote
from calendars.models import Calendar
from calendars.payloads import ListedCalendar
from calendars.services.keeping import empty
from connections.models import Connection
from connections.services import ConnectionNotActive, open_graph
from tenants.scoping import organization_scope


def list_calendars(*, organization_id: int, connection_id: int, now: datetime) -> list[int]:
    """
    Ask Microsoft which calendars the mailbox has, and make ours the same: add, rename, mark vanished.

    The first time, the default calendar is followed. Running it twice is harmless. Opens its own scopes: call it
    outside of every scope.

    Returns:
        ids of followed calendars that need a round: new ones, marked ones, and those not read for `POLL_AFTER` or since
        the mailbox was connected anew.

    Raises:
        ConnectionNotActive: the connection may not be used as it stands.
        GraphError: Microsoft failed; nothing is changed. The caller decides whether to wait or to record it.
        Unreadable: Microsoft's answer is no list.
    """
    client = open_graph(organization_id=organization_id, connection_id=connection_id, now=now)
    return store_listing(organization_id, connection_id, remote.list_calendars(client), now=now)


def store_listing(
    organization_id: int, connection_id: int, listed: list[ListedCalendar], *, now: datetime
) -> list[int]:
    """
    Make our calendars those that were listed; returns what `list_calendars` does. Opens its own scope.

    Raises:
        ConnectionNotActive: the person has left while Microsoft was asked; nothing is stored.
    """
    with organization_scope(organization_id):
        # Locked before the calendars, as leaving does: what leaving has deleted must not come back.
        connections = Connection.objects.of(organization_id).select_for_update(no_key=True).filter(pk=connection_id)
        if connections.active().first() is None:
            raise ConnectionNotActive(connection_id)
        # Locked in one order, so that two listings at once follow each other.
        known = {
            calendar.graph_id: calendar
            for calendar in Calendar.objects.of(organization_id)
            .of_connection(connection_id)
            .select_related("connection")
            .select_for_update(no_key=True, of=("self",))
            .order_by("pk")
        }
        # Nothing that we know of is there any more, if we ever knew something: as if connected for the first time.
        is_first = known.keys().isdisjoint(one.graph_id for one in listed)
        fields = [name for name in ListedCalendar._fields if name != "graph_id"]
        Calendar.objects.bulk_create(
            [
                Calendar(
                    organization_id=organization_id,
                    connection_id=connection_id,
                    followed_at=now if is_first and one.is_default else None,
                    changed_at=now if is_first and one.is_default else None,
                    **one._asdict(),
                )
                for one in listed
                if one.graph_id not in known
            ],
            # Two first listings at once: the second one finds rows that it has not seen.
            ignore_conflicts=True,
        )
        for one in listed:
            calendar = known.pop(one.graph_id, None)
            if calendar is not None:
                _describe(calendar, one, fields)
        for calendar in known.values():
            if calendar.vanished_at is None:
                _vanish(calendar, now=now)
        followed = Calendar.objects.of(organization_id).of_connection(connection_id).followed()
        return [
            calendar.pk
            for calendar in followed.select_related("connection").order_by("pk")
            if calendar.needs_round
            or calendar.was_read_before(now - settings.POLL_AFTER)
            or calendar.was_read_before(calendar.connection.connected_at)
        ]


def _describe(calendar: Calendar, listed: ListedCalendar, fields: Iterable[str]) -> None:
    """Take over names and rights. A calendar that had vanished and is back begins anew."""
    for name in fields:
        setattr(calendar, name, getattr(listed, name))
    calendar.vanished_at = None
    calendar.save(update_fields=[*fields, "vanished_at"])


def _vanish(calendar: Calendar, *, now: datetime) -> None:
    calendar.vanished_at = now
    calendar.save(update_fields=["vanished_at"])
    empty(calendar)
