"""
How consent stands in a Microsoft tenant, as one organization knows it: the one place that changes the state.

What proves what:

- A member was given a verified token, and nobody here has asked an administrator: people may consent (open).
- A member whose mailbox had no grant before was given one while this organization waits: an administrator approved.
- An administrator proved it by signing in on this organization's request: approved, by name.
- Microsoft no longer renews tokens of a tenant that was approved: withdrawn.

What comes with a browser (a refusal, `admin_consent=True`) proves nothing and moves no state. Nor does anything that
another organization's people caused: every query here is within one organization.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from connections.identity.directories import Directory, NoSuchDirectory, find_directory
from connections.models import PERSONAL_TENANT, ApprovalRequest, Connection, LastRefusal
from connections.services.withdrawing import take_access
from tenants.acts import Act
from tenants.models import ConsentState, Membership, MicrosoftTenant
from tenants.services.audit import Actor, Target, record

__all__ = [
    "Directory",
    "NoSuchDirectory",
    "ensure_tenant",
    "find_directory",
    "guess_tenant",
    "mark_approved",
    "mark_unanswered",
    "mark_waiting",
    "mark_withdrawn",
    "note_connected",
    "note_refused",
    "target",
]

log = structlog.get_logger(__name__)


def ensure_tenant(
    *, organization_id: int, tid: UUID, domain: str = "", name: str = "", now: datetime
) -> MicrosoftTenant:
    """
    The organization's row of this Microsoft tenant, made if there is none; locked until the scope ends.

    Expects the organization's scope. Labels that are known already stay. Whoever locks connections, too, locks them
    after this row.
    """
    tenant, made = MicrosoftTenant.objects.of(organization_id).get_or_create(
        tid=tid,
        defaults={
            "organization_id": organization_id,
            "domain": domain[:255],
            "name": name[:256],
            "state_since": now,
        },
    )
    if made:
        return tenant
    tenant = MicrosoftTenant.objects.of(organization_id).select_for_update(no_key=True).get(pk=tenant.pk)
    labels = {"domain": tenant.domain or domain[:255], "name": tenant.name or name[:256]}
    if labels != {"domain": tenant.domain, "name": tenant.name}:
        tenant.domain, tenant.name = labels["domain"], labels["name"]
        tenant.save(update_fields=["domain", "name"])
    return tenant


def note_connected(
    *,
    organization_id: int,
    tid: UUID,
    member: Membership,
    address: str,
    scopes: list[str],
    now: datetime,
    anew: bool = True,
) -> MicrosoftTenant | None:
    """
    A member of this organization was given a verified token of that tenant; what follows for it. None for personal
    accounts, which no administrator looks after.

    Expects the organization's scope. `anew`: this mailbox had no grant that still held, so Microsoft asked for consent;
    a grant from before proves nothing about today. Running it twice is harmless.
    """
    LastRefusal.objects.of(organization_id).filter(member=member).delete()
    if tid == PERSONAL_TENANT:
        return None
    tenant = ensure_tenant(organization_id=organization_id, tid=tid, domain=_domain_of(address), now=now)
    if not anew:
        return tenant
    if tenant.state == ConsentState.APPROVED:
        tenant.trust()
        return tenant
    asked = ApprovalRequest.objects.of(organization_id).open().filter(tenant=tenant)
    if tenant.state == ConsentState.WAITING or asked.exists():
        by = Actor.administrator(f"An administrator of {tenant.label}")
        _approve(tenant, by_label="", scopes=scopes, by=by, now=now, proof="a member could connect")
    else:
        tenant.become(ConsentState.OPEN, now=now)
    return tenant


def note_refused(
    *, organization_id: int, member: Membership, reason: str, tid: UUID | None, lacks_consent: bool, now: datetime
) -> None:
    """
    Remember that this member's last trip connected nothing, and why; at most one note for each member.

    Expects the organization's scope. The answer came with a browser and names no tenant: the tenant is known by `tid`
    (a connection that was to be renewed), or guessed. So no state moves; the next person is warned before the trip.
    """
    tenants = MicrosoftTenant.objects.of(organization_id)
    tenant = tenants.filter(tid=tid).first() if tid else None
    tenant = tenant or guess_tenant(organization_id=organization_id, address=member.user.email)
    note, made = LastRefusal.objects.of(organization_id).get_or_create(
        member=member,
        defaults={
            "organization_id": organization_id,
            "tenant": tenant,
            "reason": reason,
            "since": now,
            "refused_at": now,
        },
    )
    if not made:
        note.repeat(tenant=tenant, reason=reason, now=now)
    if tenant is not None and lacks_consent:
        tenants.filter(pk=tenant.pk).update(refused_at=now)


def guess_tenant(*, organization_id: int, address: str) -> MicrosoftTenant | None:
    """
    From which of the organization's Microsoft tenants somebody with this address most likely comes; a guess.

    Expects the organization's scope. By the domain of the address, else the only linked one.
    """
    domain = _domain_of(address)
    known = MicrosoftTenant.objects.of(organization_id)
    found = known.filter(domain=domain).order_by("pk").first() if domain else None
    if found is not None:
        return found
    linked = list(known.linked().order_by("pk")[:2])
    return linked[0] if len(linked) == 1 else None


def mark_waiting(*, organization_id: int, tenant: MicrosoftTenant, now: datetime) -> None:
    """Somebody here asks an administrator of the tenant. Expects the organization's scope. Twice is harmless."""
    _hold(organization_id, tenant).become(ConsentState.WAITING, now=now)
    tenant.refresh_from_db()


def mark_unanswered(*, organization_id: int, tenant: MicrosoftTenant, now: datetime) -> None:
    """
    Nobody is asked any more (declined, expired, taken back), and nothing was proven: back to what was known before.

    Expects the organization's scope. Does nothing for a tenant that is not waiting.
    """
    held = _hold(organization_id, tenant)
    if held.state == ConsentState.WAITING:
        connected = Connection.objects.of(organization_id).active().filter(tid=held.tid)
        if held.approved_at is not None:
            before = ConsentState.WITHDRAWN
        elif held.refused_at is None and connected.exists():
            before = ConsentState.OPEN
        else:
            before = ConsentState.UNKNOWN
        held.become(before, now=now)
    tenant.refresh_from_db()


def mark_approved(
    *,
    organization_id: int,
    tenant: MicrosoftTenant,
    by_label: str,
    scopes: list[str],
    by: Actor,
    now: datetime,
) -> None:
    """
    An administrator of the tenant signed in on a request of this organization: approved, by whom (`by_label`).

    Expects the organization's scope. Connections that wait for it are tried again by beat. Twice, or by two
    administrators at once, is harmless: the first stays.
    """
    held = _hold(organization_id, tenant)
    if held.state != ConsentState.APPROVED or not held.approved_by:
        _approve(held, by_label=by_label, scopes=scopes, by=by, now=now, proof="an administrator signed in")
    else:
        # Those who were refused since are tried again, too.
        held.approve(by=held.approved_by, scopes=sorted({*held.approved_scopes, *scopes}), now=now)
    tenant.refresh_from_db()


def mark_withdrawn(*, organization_id: int, tid: UUID, now: datetime) -> None:
    """
    The approval of this tenant is gone: its connections here wait for an administrator, and people are told, once.

    Expects the organization's scope. Does nothing for a tenant that is not approved.
    """
    tenants = MicrosoftTenant.objects.of(organization_id).select_for_update(no_key=True)
    tenant = tenants.filter(tid=tid, state=ConsentState.APPROVED).first()
    if tenant is None:
        return
    tenant.become(ConsentState.WITHDRAWN, now=now)
    record(
        organization_id=organization_id,
        act=Act.TENANT_WITHDRAWN,
        by=Actor.system(),
        now=now,
        on=target(tenant),
    )
    count = take_access(tenant=tenant, now=now)
    log.warning("approval_withdrawn", organization=organization_id, count=count)


def target(tenant: MicrosoftTenant) -> Target:
    """The tenant as the audit log names it."""
    return Target("tenant", tenant.pk, tenant.label)


def _approve(
    tenant: MicrosoftTenant, *, by_label: str, scopes: list[str], by: Actor, now: datetime, **details: Any
) -> None:
    tenant.approve(by=by_label, scopes=scopes, now=now)
    record(
        organization_id=tenant.organization_id, act=Act.TENANT_APPROVED, by=by, now=now, on=target(tenant), **details
    )


def _hold(organization_id: int, tenant: MicrosoftTenant) -> MicrosoftTenant:
    return MicrosoftTenant.objects.of(organization_id).select_for_update(no_key=True).get(pk=tenant.pk)


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()
