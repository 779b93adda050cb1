"""Asking for an export and fetching it: the member who asked, and nobody else."""

from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from calendars.models import Export, ExportKind, ExportPart
from tenants.acts import Act
from tenants.models import AuditEntry, Membership
from tenants.policies import Action
from tenants.services.audit import Actor, Target, record

# Each reads everything that somebody has: enough for anybody who means it.
MOST_A_DAY: Final = 10
ACTIONS: Final = {ExportKind.PERSON: Action.EXPORT_OWN, ExportKind.ORGANIZATION: Action.EXPORT_ORGANIZATION}


class ExportUnderWay(Exception):
    """One of this member's is being made."""


class TooManyExports(Exception):
    """This member has asked for `MOST_A_DAY` within a day."""


class NotAllowed(Exception):
    """This member may not have that."""


def ask(*, member: Membership, kind: ExportKind, by: Actor, now: datetime) -> Export:
    """
    Have an export made; whoever calls queues the task after commit, and beat finds it should that get lost.

    Expects the organization's scope. A former one of the same kind is deleted.

    Raises:
        NotAllowed, ExportUnderWay, TooManyExports: see there; nothing was stored.
    """
    if not member.may(ACTIONS[kind]):
        raise NotAllowed
    organization = member.organization_id
    mine = Export.objects.of(organization).asked_by(member.pk)
    if mine.under_way().exists():
        raise ExportUnderWay
    lately = AuditEntry.objects.of(organization).filter(at__gt=now - timedelta(days=1))
    if lately.filter(act=Act.EXPORT_ASKED.value, actor_id=member.user_id).count() >= MOST_A_DAY:
        raise TooManyExports
    for former in mine.filter(kind=kind):
        delete(former)
    try:
        with transaction.atomic():
            export = Export.objects.create(organization_id=organization, requested_by=member, kind=kind, asked_at=now)
    except IntegrityError as error:
        # The other of two clicks was first.
        raise ExportUnderWay from error
    record(organization_id=organization, act=Act.EXPORT_ASKED, by=by, on=target(export), now=now)
    return export


def newest(*, member: Membership, kind: ExportKind) -> Export | None:
    """The member's last export of this kind, whatever became of it. Expects the scope."""
    mine = Export.objects.of(member.organization_id).asked_by(member.pk).filter(kind=kind)
    return mine.order_by("-asked_at", "-pk").first()


def fetch(*, member: Membership, export_id: int, by: Actor, now: datetime, note: bool = True) -> Export | None:
    """
    An export that this member asked for, may have still, and that is ready; None for all others. Expects the scope.

    `note` it when they really get the file.
    """
    export = Export.objects.of(member.organization_id).asked_by(member.pk).filter(pk=export_id).first()
    if export is None or not export.is_ready(now) or not member.may(ACTIONS[ExportKind(export.kind)]):
        return None
    if not note:
        return export
    record(organization_id=export.organization_id, act=Act.EXPORT_FETCHED, by=by, on=target(export), now=now)
    return export


def delete(export: Export) -> None:
    """The file and its row. Expects the scope."""
    parts = ExportPart.objects.of(export.organization_id).filter(export_id=export.pk)
    # Without loading what is in them.
    parts._raw_delete(parts.db)
    export.delete()


def target(export: Export) -> Target:
    """How the activity log names it."""
    label = "their own data" if export.kind == ExportKind.PERSON else "the organization"
    return Target("export", export.pk, label)
