"""Making the file of an export, outside of every request."""

import uuid
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import F, Q
from django.urls import reverse

from calendars.emails import export_ready
from calendars.models import Export, ExportKind, ExportPart, ExportQuerySet, ExportState
from calendars.services.exports import organization, person
from calendars.services.exports.asking import delete, target
from calendars.services.exports.parts import LEASE_LASTS, Archive, Clock, ExportLost, SealedFile
from tenants import emails
from tenants.acts import Act
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, record

log = structlog.get_logger(__name__)

KEPT: Final = timedelta(hours=24)
MOST_ATTEMPTS: Final = 5
PAGES: Final = {ExportKind.PERSON: "webhooks_members:my_data", ExportKind.ORGANIZATION: "webhooks_members:data"}


def make(*, organization_id: int, export_id: int, clock: Clock) -> bool:
    """
    Make the file, keep it for `KEPT` and tell whoever asked; whether that was done here.

    Opens its own short scopes. Of two at once one works; a maker that ended in the middle is replaced once its lease is
    over, and what it had written is deleted. After `MOST_ATTEMPTS` it is given up, and the page says so.
    """
    now = clock()
    token = uuid.uuid4()
    export = _take(organization_id, export_id, token, now)
    if export is None:
        return False
    file = SealedFile(export=export, token=token, clock=clock)
    try:
        archive = Archive(file, now=now)
        if export.kind == ExportKind.PERSON:
            events, skipped = person.write(archive, export, now=now)
        else:
            events, skipped = organization.write(archive, export, now=now), 0
        archive.close()
    except ExportLost:
        log.info("export_lost", organization=organization_id)
        return False
    with organization_scope(organization_id):
        held = _held(export, token)
        made = held.update(
            state=ExportState.READY,
            lease_token=None,
            lease_until=None,
            made_at=now,
            expires_at=clock() + KEPT,
            size=file.size,
            parts=file.parts,
            events=events,
            skipped=skipped,
        )
        if not made:
            return False
        record(
            organization_id=organization_id,
            act=Act.EXPORT_READY,
            by=Actor.system(),
            on=target(export),
            now=clock(),
            bytes=file.size,
            events=events,
        )
        _tell(export, clock())
    log.info("export_made", organization=organization_id, count=events)
    return True


def forget_expired(*, organization_id: int, now: datetime) -> int:
    """Delete exports whose time is over, and those that failed a day ago; how many. Expects the scope."""
    over = Q(expires_at__lte=now) | Q(state=ExportState.FAILED, asked_at__lte=now - KEPT)
    expired = list(Export.objects.of(organization_id).filter(over))
    for export in expired:
        delete(export)
    return len(expired)


def _take(organization_id: int, export_id: int, token: uuid.UUID, now: datetime) -> Export | None:
    """The export, for whoever makes it now, with nothing of a former attempt."""
    with organization_scope(organization_id):
        rows = Export.objects.of(organization_id).filter(pk=export_id)
        free = Q(state=ExportState.WAITING) | Q(state=ExportState.MAKING, lease_until__lte=now)
        spent = rows.filter(free, attempts__gte=MOST_ATTEMPTS)
        if spent.update(state=ExportState.FAILED, lease_token=None, lease_until=None):
            log.error("export_given_up", organization=organization_id)
        taken = rows.filter(free).update(
            state=ExportState.MAKING, lease_token=token, lease_until=now + LEASE_LASTS, attempts=F("attempts") + 1
        )
        if not taken:
            return None
        parts = ExportPart.objects.of(organization_id).filter(export_id=export_id)
        parts._raw_delete(parts.db)
        return rows.select_related("requested_by__user", "organization").get()


def _held(export: Export, token: uuid.UUID) -> ExportQuerySet:
    return Export.objects.of(export.organization_id).filter(pk=export.pk, state=ExportState.MAKING, lease_token=token)


def _tell(export: Export, now: datetime) -> None:
    path = reverse(PAGES[ExportKind(export.kind)], args=[export.organization.slug])
    emails.queue(
        export_ready(path=path, hours=KEPT // timedelta(hours=1)),
        to=export.requested_by.user.email,
        key=f"export:{export.key}",
        now=now,
        organization_id=export.organization_id,
    )
