"""
What support staff may do about a connection, and may not: one deed at a time, with a reason, kept in the audit log.

Each runs in the organization's own scope, with the connection's row locked: of two clicks at once, the second sees what
the first has done. Nothing here reads or changes what is in a calendar, and nothing is queued: the view does that.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from calendars import services as calendars
from connections import services as connections
from connections.models import FAILED, Connection, Status
from tenants import emails
from tenants.acts import Act
from tenants.models import AuditEntry
from tenants.services.audit import Actor, Target, record
from webhooks.emails import reconnect_wanted

# The same deed on the same connection again within this time is the second click of two.
LATELY: Final = timedelta(seconds=10)
# Between two mails that ask somebody to reconnect.
BETWEEN_MAILS: Final = timedelta(days=1)


class Deed(StrEnum):
    """What a button does; also its word in addresses."""

    SYNC = "sync"
    FULL_ROUND = "full-round"
    RESUBSCRIBE = "resubscribe"
    ASK = "ask"
    PAUSE = "pause"
    RESUME = "resume"
    DISCONNECT = "disconnect"


class Why(StrEnum):
    """Why a deed was not done."""

    STATUS = "status"
    LATELY = "lately"
    MAILED_TODAY = "mailed today"
    NOBODY_THERE = "nobody there"
    NOTHING_FOLLOWED = "nothing followed"
    ORGANIZATION_LEAVES = "organization leaves"


class NotDone(Exception):
    """The deed makes no sense now, and nothing was changed. `why` says the reason."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Rule(NamedTuple):
    """In which states of a connection a deed may be done, and how the log names it."""

    statuses: frozenset[Status]
    act: Act


_ACTIVE: Final = frozenset({Status.ACTIVE})
RULES: Final[dict[Deed, Rule]] = {
    Deed.SYNC: Rule(_ACTIVE, Act.SUPPORT_SYNCED),
    Deed.FULL_ROUND: Rule(_ACTIVE, Act.SUPPORT_FULL_ROUND),
    Deed.RESUBSCRIBE: Rule(_ACTIVE, Act.SUPPORT_RESUBSCRIBED),
    Deed.ASK: Rule(FAILED | _ACTIVE, Act.SUPPORT_ASKED_TO_RECONNECT),
    Deed.PAUSE: Rule(_ACTIVE, Act.SUPPORT_PAUSED),
    Deed.RESUME: Rule(frozenset({Status.PAUSED}), Act.SUPPORT_RESUMED),
    Deed.DISCONNECT: Rule(frozenset(Status) - {Status.DISCONNECTED}, Act.SUPPORT_DISCONNECTED),
}


def do(deed: Deed, *, organization_id: int, connection_id: int, by: Actor, reason: str, now: datetime) -> list[int]:
    """
    Do it, and keep who did it and why. Expects the organization's scope.

    Returns the calendars of which a round has to be queued.

    Raises:
        Connection.DoesNotExist: there is none with this number here, or none any more.
        NotDone: see there.
    """
    rows = Connection.objects.of(organization_id).select_for_update(no_key=True, of=("self",))
    connection = rows.select_related("organization", "member__user").get(pk=connection_id)
    refuse(deed, connection, now)
    syncs = _DOING[deed](connection, now)
    record(
        organization_id=organization_id,
        act=RULES[deed].act,
        by=by,
        now=now,
        on=Target("connection", connection.pk, connection.address),
        reason=reason,
    )
    return syncs


def refuse(deed: Deed, connection: Connection, now: datetime) -> None:
    """
    Whether the deed makes sense for this connection as it is. Expects a scope that shows it.

    Raises:
        NotDone: it does not.
    """
    if connection.status not in RULES[deed].statuses:
        raise NotDone(Why.STATUS)
    organization = connection.organization
    is_leaving = organization.deletion_asked_at is not None or organization.deleted_at is not None
    if is_leaving and deed is not Deed.DISCONNECT:
        raise NotDone(Why.ORGANIZATION_LEAVES)
    done = AuditEntry.objects.of(connection.organization_id).filter(
        act=RULES[deed].act, target_kind="connection", target_id=connection.pk
    )
    if deed is Deed.ASK:
        if not connection.member.is_present:
            raise NotDone(Why.NOBODY_THERE)
        if done.filter(at__gt=now - BETWEEN_MAILS).exists():
            raise NotDone(Why.MAILED_TODAY)
    elif done.filter(at__gt=now - LATELY).exists():
        raise NotDone(Why.LATELY)


def _sync(connection: Connection, now: datetime) -> list[int]:
    ids = calendars.mark_changed(connection_id=connection.pk, organization=connection.organization_id, now=now)
    if not ids:
        raise NotDone(Why.NOTHING_FOLLOWED)
    return ids


def _full_round(connection: Connection, now: datetime) -> list[int]:
    ids = calendars.begin_anew(connection_id=connection.pk, organization=connection.organization_id, now=now)
    if not ids:
        raise NotDone(Why.NOTHING_FOLLOWED)
    return ids


def _nothing_here(connection: Connection, now: datetime) -> list[int]:  # noqa: ARG001 - one shape for all
    """All of it is said to Microsoft, by a task."""
    return []


def _ask(connection: Connection, now: datetime) -> list[int]:
    organization = connection.organization
    mail = reconnect_wanted(
        address=connection.address, slug=organization.slug, organization=organization.name, connection_id=connection.pk
    )
    key = f"reconnect-wanted:{connection.pk}:{now:%Y-%m-%dT%H:%M}"
    emails.queue(mail, to=connection.member.user.email, key=key, now=now, organization_id=organization.pk)
    return []


def _pause(connection: Connection, now: datetime) -> list[int]:
    connections.pause(connection=connection, by_support=True, now=now)
    return []


def _resume(connection: Connection, now: datetime) -> list[int]:
    connections.resume(connection=connection, now=now)
    return calendars.mark_changed(connection_id=connection.pk, organization=connection.organization_id, now=now)


def _disconnect(connection: Connection, now: datetime) -> list[int]:
    connections.disconnect(connection=connection, reason="disconnected_by_support", now=now)
    return []


_DOING: Final[dict[Deed, Callable[[Connection, datetime], list[int]]]] = {
    Deed.SYNC: _sync,
    Deed.FULL_ROUND: _full_round,
    Deed.RESUBSCRIBE: _nothing_here,
    Deed.ASK: _ask,
    Deed.PAUSE: _pause,
    Deed.RESUME: _resume,
    Deed.DISCONNECT: _disconnect,
}
