"""Asking Microsoft because somebody waits: rounds and listings go to the queue that has workers to spare."""

from collections.abc import Iterable

import structlog
from django.core.cache import cache
from django.utils import timezone
from redis import RedisError

from calendars import services, tasks
from connections.models import Connection
from tenants.models import Organization

log = structlog.get_logger(__name__)

# Seconds between two askings for the same connection, however often somebody presses or reloads.
PAUSE = 10


def may_ask(connection: Connection) -> bool:
    """
    Whether it is time to ask again; answering yes begins the next pause.

    Without Redis nobody can count, and yes is right: what is asked for is marked in the database, and done later.
    """
    try:
        return cache.add(f"asking:{connection.pk}", 1, PAUSE)
    except RedisError as error:
        log.warning("askings_not_counted", connection=connection.pk, reason=type(error).__name__)
        return True


def read_again(connection: Connection, organization: Organization) -> None:
    """A round of each followed calendar and a look at their list, after commit; inside the caller's scope."""
    ids = services.mark_changed(connection_id=connection.pk, organization=organization, now=timezone.now())
    queue_rounds(organization, ids)
    tasks.list_calendars.apply_async_on_commit(
        kwargs={"organization_id": organization.pk, "connection_id": connection.pk}, queue="interactive"
    )


def queue_rounds(organization: Organization, ids: Iterable[int]) -> None:
    for calendar_id in ids:
        tasks.sync_calendar.apply_async_on_commit(
            kwargs={"organization_id": organization.pk, "calendar_id": calendar_id}, queue="interactive"
        )
