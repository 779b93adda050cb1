"""Ids for beat, over all organizations: the only place in this app that opens a system scope."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import DateTimeField, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from calendars.models import Calendar, CalendarQuerySet, Export, ExportState
from connections.models import Connection, Status
from tenants.models import Organization
from tenants.scoping import system_scope

# A mark comes with a message of its own, and a sign-in with a page; only when that seems lost is beat to see to it.
PATIENCE = timedelta(seconds=20)
# For one tick; the next one finds the rest.
MOST = 1000


class CalendarKey(NamedTuple):
    organization_id: int
    calendar_id: int


class ConnectionKey(NamedTuple):
    organization_id: int
    connection_id: int


def marked_calendars(*, now: datetime) -> list[CalendarKey]:
    """
    Followed calendars with a change that no finished round has answered, the longest waiting first; and those that were
    not read since access to their mailbox came back, as nobody told us of changes meanwhile.
    """
    with system_scope("marks that nobody has answered"):
        unanswered = Q(synced_at__isnull=True) | Q(changed_at__gt=F("synced_at"))
        came_back = Q(synced_at__lt=F("connection__connected_at"), connection__connected_at__lt=now - PATIENCE)
        return _keys(_free(now).filter(Q(unanswered, changed_at__lt=now - PATIENCE) | came_back).order_by("changed_at"))


def quiet_calendars(*, now: datetime) -> list[CalendarKey]:
    """Followed calendars that were not read for `POLL_AFTER`: the net below lost notifications."""
    with system_scope("calendars that were not read for a while"):
        since = now - settings.POLL_AFTER
        return _keys(
            _free(now)
            .filter(Q(synced_at__isnull=True) | Q(synced_at__lt=since))
            .order_by(F("synced_at").asc(nulls_first=True))
        )


def calendars_with_windows(
    *, now: datetime, today: datetime, slack: timedelta, ending_before: datetime
) -> list[CalendarKey]:
    """
    Followed calendars whose window ends before a moment, or begins more than `slack` before what their organization
    keeps, counted from `today`, a midnight.
    """
    days = Coalesce(F("organization__past_days"), Value(settings.WINDOW_DAYS_BACK))
    kept = ExpressionWrapper(days * Value(timedelta(days=1)), output_field=DurationField())
    earliest = ExpressionWrapper(Value(today - slack) - kept, output_field=DateTimeField())
    with system_scope("windows that have to move"):
        due = _free(now).filter(Q(window_start__lt=earliest) | Q(window_end__lt=ending_before))
        return _keys(due.order_by("window_end"))


def organizations_with_policies_to_apply() -> list[int]:
    """Organizations that have changed a policy which is not yet true of all that is stored."""
    unapplied = Q(policies_applied_at__isnull=True) | Q(policies_applied_at__lt=F("policies_changed_at"))
    with system_scope("policies that were changed"):
        rows = Organization.objects.filter(unapplied, policies_changed_at__isnull=False, deleted_at__isnull=True)
        return list(rows.order_by("policies_changed_at").values_list("pk", flat=True)[:MOST])


def organizations_that_decided_on_days() -> list[int]:
    """Organizations that have said how long past events stay."""
    with system_scope("past events that are not kept"):
        rows = Organization.objects.filter(past_days__isnull=False, deleted_at__isnull=True)
        return list(rows.order_by("pk").values_list("pk", flat=True))


def active_connections() -> list[ConnectionKey]:
    """Connections that may be used: whose calendars are listed again now and then."""
    with system_scope("calendars may be added, renamed or gone"):
        rows = Connection.objects.filter(status=Status.ACTIVE).order_by("pk").values_list("organization_id", "pk")
        return [ConnectionKey(*row) for row in rows]


def unlisted_connections(*, now: datetime) -> list[ConnectionKey]:
    """Active connections without a single calendar: whoever connected never came back to the page that lists them."""
    calendars = Calendar.objects.filter(connection_id=OuterRef("pk"))
    with system_scope("mailboxes whose calendars nobody has listed"):
        rows = Connection.objects.filter(~Exists(calendars), status=Status.ACTIVE, connected_at__lt=now - PATIENCE)
        return [ConnectionKey(*row) for row in rows.order_by("pk").values_list("organization_id", "pk")[:MOST]]


class ExportKey(NamedTuple):
    organization_id: int
    export_id: int


def unmade_exports(*, now: datetime) -> list[ExportKey]:
    """Exports that wait without a message, or whose maker ended in the middle."""
    waiting = Q(state=ExportState.WAITING, asked_at__lt=now - PATIENCE)
    with system_scope("exports that nobody makes"):
        rows = Export.objects.filter(waiting | Q(state=ExportState.MAKING, lease_until__lte=now)).order_by("asked_at")
        return [ExportKey(*row) for row in rows.values_list("organization_id", "pk")[:MOST]]


def organizations_with_old_exports(*, now: datetime, failed_before: datetime) -> list[int]:
    """Organizations in which an export's time is over."""
    with system_scope("exports are kept for a day"):
        over = Q(expires_at__lte=now) | Q(state=ExportState.FAILED, asked_at__lte=failed_before)
        rows = Export.objects.filter(over).order_by("organization_id")
        return list(rows.values_list("organization_id", flat=True).distinct())


def _free(now: datetime) -> CalendarQuerySet:
    """Followed, of a usable connection, held by nobody and not waiting."""
    return (
        Calendar.objects.followed()
        .filter(connection__status=Status.ACTIVE)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))
        .filter(Q(retry_at__isnull=True) | Q(retry_at__lte=now))
    )


def _keys(calendars: CalendarQuerySet) -> list[CalendarKey]:
    return [CalendarKey(*row) for row in calendars.values_list("organization_id", "pk")[:MOST]]
