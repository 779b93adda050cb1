"""Reading the audit log: what a page shows, and all of it for a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from django.db.models import Q

from tenants.acts import Act, acts_of
from tenants.models import ActorKind, AuditEntry, Membership, TenantQuerySet
from tenants.policies import Action
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, record

PAGE = 50
# Rows of a file that are read at once: one short transaction, and what of a file is in memory.
CHUNK = 500


class Place(NamedTuple):
    """Where in the log a page begins: after the entry of this moment and id, going back in time."""

    at: datetime
    id: int


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which entries somebody wants to see: all of them, unless something is given. `since` counts, `until` does not."""

    person: int | None = None
    actor_kind: ActorKind | None = None
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def condition(self) -> Q:
        found = Q()
        if self.person is not None:
            found &= Q(actor_kind=ActorKind.PERSON, actor_id=self.person)
        if self.actor_kind is not None:
            found &= Q(actor_kind=self.actor_kind)
        if self.kind:
            found &= Q(act__in=[act.value for act in acts_of(self.kind)])
        if self.since is not None:
            found &= Q(at__gte=self.since)
        if self.until is not None:
            found &= Q(at__lt=self.until)
        return found


class Page(NamedTuple):
    """Some entries, newest first, and where the older ones begin; None at the end of the log."""

    entries: list[AuditEntry]
    older: Place | None

    @classmethod
    def of(cls, rows: list[AuditEntry], *, most: int) -> Self:
        last = rows[most - 1] if len(rows) > most else None
        return cls(rows[:most], Place(last.at, last.pk) if last else None)


def page(*, organization_id: int, wanted: Wanted, before: Place | None = None, most: int = PAGE) -> Page:
    """One page of the log, inside the organization's scope. It costs the same however far back it begins."""
    return Page.of(list(_entries(organization_id, wanted, before)[: most + 1]), most=most)


def _entries(organization_id: int, wanted: Wanted, before: Place | None) -> TenantQuerySet[AuditEntry]:
    rows = AuditEntry.objects.of(organization_id).filter(wanted.condition())
    if before is not None:
        # The first condition is what the index is read by; several entries may have one moment.
        rows = rows.filter(at__lte=before.at).exclude(at=before.at, pk__gte=before.id)
    return rows.order_by("-at", "-pk")


def people(*, organization_id: int) -> list[Membership]:
    """Everybody who is or was a member, for whoever looks for one of them; inside the organization's scope."""
    members = Membership.objects.of(organization_id).select_related("user")
    return list(members.order_by("user__name", "user__email", "pk"))


def note_export(*, organization_id: int, by: Actor, now: datetime, wanted: Wanted) -> None:
    """Keep that somebody took the log with them, and whether it was a part; inside the organization's scope."""
    part = wanted != Wanted()
    record(organization_id=organization_id, act=Act.ACTIVITY_EXPORTED, by=by, now=now, filtered=part)


class NoLongerAllowed(Exception):
    """Whoever reads has left the organization, or may not see its activity any more."""


def everything(
    *, organization_id: int, member_id: int, wanted: Wanted, now: datetime, chunk: int = CHUNK
) -> Iterator[list[AuditEntry]]:
    """
    The entries up to `now`, newest first, in lists of at most `chunk`. Outside of every scope: each list opens its own
    and asks again whether this member may see it, since the reader may take an hour.

    Raises:
        NoLongerAllowed: that member may not go on.
    """
    before: Place | None = Place(now, 0)
    while before is not None:
        with organization_scope(organization_id):
            reader = Membership.objects.of(organization_id).present().filter(pk=member_id).first()
            if reader is None or not reader.may(Action.SEE_ACTIVITY):
                raise NoLongerAllowed
            found = page(organization_id=organization_id, wanted=wanted, before=before, most=chunk)
        yield found.entries
        before = found.older
