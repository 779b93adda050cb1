"""Keeping who did what: one entry for each act, in the transaction of the act itself."""

from datetime import datetime
from typing import Any, NamedTuple, Self

from tenants.acts import Act
from tenants.models import ActorKind, AuditEntry, User


class Actor(NamedTuple):
    """Who acts, as the log will name them, and from which network address."""

    kind: ActorKind
    id: int | None = None
    label: str = ""
    ip: str | None = None

    @classmethod
    def person(cls, user: User, *, ip: str | None = None) -> Self:
        return cls(ActorKind.PERSON, user.pk, user.email, ip)

    @classmethod
    def support(cls, user: User, *, ip: str | None = None) -> Self:
        return cls(ActorKind.SUPPORT, user.pk, user.email, ip)

    @classmethod
    def administrator(cls, label: str, *, ip: str | None = None) -> Self:
        """Somebody who looks after a Microsoft tenant and has no account here."""
        return cls(ActorKind.ADMINISTRATOR, None, label, ip)

    @classmethod
    def system(cls) -> Self:
        """A task: nobody did it just now, or it follows from what somebody did before."""
        return cls(ActorKind.SYSTEM)


class Target(NamedTuple):
    """What was acted on: its kind in one word, its id, and how people know it."""

    kind: str
    id: int | None
    label: str = ""


def record(
    *, organization_id: int, act: Act, by: Actor, now: datetime, on: Target | None = None, **details: Any
) -> None:
    """
    Add one entry. Expects the organization's scope, so that act and entry are stored together or not at all.

    `details` are short values of ours (a role, a count); no contents of calendars and nothing secret.
    """
    AuditEntry.objects.create(
        organization_id=organization_id,
        at=now,
        act=act.value,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_label=by.label[:320],
        target_kind=on.kind if on else "",
        target_id=on.id if on else None,
        target_label=on.label[:320] if on else "",
        details=details,
        ip=by.ip,
    )
