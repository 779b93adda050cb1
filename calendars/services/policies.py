"""Making what is stored obey an organization's policies, after one was changed and every night."""

from dataclasses import dataclass, field
from datetime import datetime

import structlog

from calendars.models import Calendar
from calendars.services.keeping import tell
from calendars.sync import apply, window
from calendars.sync.policy import Keeping, is_less
from connections.services.policy import apply_who_may_connect
from tenants.acts import Act
from tenants.models import Organization
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, record

log = structlog.get_logger(__name__)


@dataclass
class Applied:
    """What applying the policies did: numbers for the audit log, and calendars that are to be read anew."""

    disconnected: int = 0
    reduced: int = 0
    removed: int = 0
    to_read: list[int] = field(default_factory=list)


def apply_policies(*, organization_id: int, now: datetime) -> Applied | None:
    """
    Disconnect who may not be connected, take away what is not kept any more, mark what is to be read anew.

    Calendar by calendar, each in a transaction of its own with its row locked, so that rounds go on meanwhile. Whoever
    is stopped in between begins again: every step may run any number of times. None if there was nothing to apply.
    Opens its own scopes.
    """
    with organization_scope(organization_id):
        organization = Organization.objects.of(organization_id).get()
        # What is decided from here on is found, and applied, by the next run.
        decided_at = organization.policies_changed_at
        if decided_at is None or organization.policies_applied_at == decided_at:
            return None
    done = Applied(disconnected=apply_who_may_connect(organization_id=organization_id, now=now))
    for calendar_id in _calendars(organization_id):
        _settle(organization_id, calendar_id, done, now)
    with organization_scope(organization_id):
        # Locked, so that of two runs at once one keeps the record.
        row = Organization.objects.of(organization_id).select_for_update(no_key=True).get()
        if row.policies_changed_at == decided_at != row.policies_applied_at:
            row.policies_applied_at = decided_at
            row.save(update_fields=["policies_applied_at"])
            record(
                organization_id=organization_id,
                act=Act.POLICY_APPLIED,
                by=Actor.system(),
                now=now,
                connections_disconnected=done.disconnected,
                events_reduced=done.reduced,
                events_removed=done.removed,
                calendars_to_read=len(done.to_read),
            )
    log.info("policies_applied", organization=organization_id, count=done.reduced + done.removed)
    return done


def forget_past(*, organization_id: int, now: datetime) -> int:
    """Delete events that are older than the organization keeps; how many. Opens its own scopes; may run twice."""
    done = Applied()
    for calendar_id in _calendars(organization_id):
        with organization_scope(organization_id):
            calendar = _locked(organization_id, calendar_id)
            if calendar is not None and _trim(calendar, Keeping.of(organization_id), done, now):
                tell(calendar)
    return done.removed


def _calendars(organization_id: int) -> list[int]:
    with organization_scope(organization_id):
        return list(Calendar.objects.of(organization_id).order_by("pk").values_list("pk", flat=True))


def _settle(organization_id: int, calendar_id: int, done: Applied, now: datetime) -> None:
    """One calendar: what is stored of it, and whether it has to be read anew."""
    with organization_scope(organization_id):
        calendar = _locked(organization_id, calendar_id)
        if calendar is None:
            return
        keeping = Keeping.of(organization_id)
        reduced = apply.reduce(calendar, keeping.detail)
        done.reduced += reduced
        removed = _trim(calendar, keeping, done, now)
        if is_less(keeping.detail, calendar.kept_detail):
            calendar.kept_detail = keeping.detail
        if calendar.is_followed and _is_outgrown(calendar, keeping, now):
            # A round under way finds its lease gone and stores nothing more: its window, or what it brought so far, is
            # not what is kept now. The next one sees by itself that it must begin from nothing.
            calendar.lease_token = calendar.lease_until = None
            calendar.page_link = ""
            calendar.changed_at = now
            done.to_read.append(calendar.pk)
        calendar.save(update_fields=["kept_detail", "lease_token", "lease_until", "page_link", "changed_at"])
        if reduced or removed:
            tell(calendar)


def _is_outgrown(calendar: Calendar, keeping: Keeping, now: datetime) -> bool:
    """Whether what is to be kept is more than the calendar's chain of links brings, or another window."""
    if calendar.window_start is None or calendar.window_end is None:
        return False
    known = window.Window(calendar.window_start, calendar.window_end)
    return is_less(calendar.kept_detail, keeping.detail) or window.is_due(known, now, keeping.days_back)


def _trim(calendar: Calendar, keeping: Keeping, done: Applied, now: datetime) -> int:
    removed = apply.trim(calendar, before=window.promised(now, keeping.days_back).start)
    done.removed += removed
    return removed


def _locked(organization_id: int, calendar_id: int) -> Calendar | None:
    rows = Calendar.objects.of(organization_id).select_related("connection")
    return rows.select_for_update(no_key=True, of=("self",)).filter(pk=calendar_id).first()
