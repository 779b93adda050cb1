"""
Deleting what a person has in an organization, or a whole organization.

Asking for it is one transaction: from then on nobody gets in, and no connection is used. What follows is done piece by
piece, each piece as often as needed: mailboxes are left (`leaving`), rows are deleted in batches, and when nothing
is left that is kept in the activity log, which is the only thing that stays.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet

from calendars.models import Calendar
from connections import services as connections
from connections.models import Connection, ConnectionQuerySet, Secret, SignInFlow, Status
from tenants import doors as tenants_doors
from tenants import emails
from tenants.acts import Act
from tenants.models import Invitation, Membership
from tenants.policies import Action, Role
from tenants.scoping import organization_scope
from tenants.services.acting import LastOwner, acting_now, lock
from tenants.services.audit import Actor, Target, record
from tenants.services.people import is_last_owner
from webhooks import emails as words
from webhooks.models import Erasure, ErasureKind
from webhooks.services import tables
from webhooks.services.tables import Table

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]
# What has to wait until every mailbox is left: leaving needs the connection, and whoever watches needs the rest.
LAST: frozenset[Table] = frozenset({Connection, Secret, Membership, Erasure})


# --- asking -------------------------------------------------------------------------------------------------------


def ask_for_person(*, member: Membership, by: Actor, now: datetime) -> Erasure:
    """
    A member wants their data in the organization deleted: they are out, and their mailboxes are disconnected.

    Expects the organization's scope; whoever calls queues the work after commit, and beat finds it should that get
    lost. Asking again is harmless. Somebody who has left already may ask, too.

    Raises:
        LastOwner: nobody else owns the organization. Nothing was changed.
    """
    organization_id = member.organization_id
    lock(organization_id)
    members = Membership.objects.of(organization_id).select_related("user", "organization")
    member = members.select_for_update(no_key=True, of=("self",)).get(pk=member.pk)
    under_way = Erasure.objects.of(organization_id).under_way().filter(membership_id=member.pk).first()
    if under_way is not None and not member.is_present:
        return under_way
    if is_last_owner(member):
        raise LastOwner
    if member.is_present:
        member.leave(at=now)
    on = Target("member", member.pk, member.user.email)
    record(organization_id=organization_id, act=Act.PERSON_DELETION_ASKED, by=by, on=on, now=now)
    SignInFlow.objects.of(organization_id).filter(member_id=member.pk).delete()
    mine = Connection.objects.of(organization_id).belonging_to(member.pk)
    _disconnect(mine, organization_id, by, now)
    erasure = under_way or Erasure.objects.create(
        organization_id=organization_id,
        kind=ErasureKind.PERSON,
        membership_id=member.pk,
        user_id=member.user_id,
        label=member.user.email,
        asked_by_id=by.id or 0,
        asked_by_label=by.label,
        asked_at=now,
    )
    log.info("person_erasure_asked", organization=organization_id)
    return erasure


def ask_for_organization(*, owner: Membership, by: Actor, now: datetime) -> Erasure:
    """
    An owner wants the organization deleted: from now on nobody gets in, and every mailbox is disconnected.

    The owner who asked sees how far it is until nothing is left; the other owners are told by mail. Expects the
    organization's scope. Asking again is harmless.

    Raises:
        NotAllowed: they own it no more.
    """
    owner = acting_now(owner, Action.DELETE_ORGANIZATION)
    organization = owner.organization
    whole = Erasure.objects.of(organization).filter(kind=ErasureKind.ORGANIZATION)
    under_way = whole.first()
    if under_way is not None:
        return under_way
    organization.deletion_asked_at = now
    organization.save(update_fields=["deletion_asked_at"])
    on = Target("organization", organization.pk, organization.name)
    record(organization_id=organization.pk, act=Act.ORGANIZATION_DELETION_ASKED, by=by, on=on, now=now)
    others = Membership.objects.of(organization).present().exclude(pk=owner.pk)
    for other in others.filter(role=Role.OWNER).select_related("user"):
        emails.queue(
            words.organization_is_deleted(organization=organization.name),
            to=other.user.email,
            key=f"organization-deletion-asked:{organization.pk}:{other.pk}",
            now=now,
        )
    others.update(removed_at=now)
    SignInFlow.objects.of(organization).delete()
    # A link that is still in somebody's mailbox leads nowhere from now on.
    Invitation.objects.of(organization).delete()
    _disconnect(Connection.objects.of(organization), organization.pk, by, now)
    log.info("organization_erasure_asked", organization=organization.pk)
    return Erasure.objects.create(
        organization=organization,
        kind=ErasureKind.ORGANIZATION,
        label=organization.name,
        asked_by_id=owner.user_id,
        asked_by_label=owner.user.email,
        asked_at=now,
    )


def _disconnect(rows: ConnectionQuerySet, organization_id: int, by: Actor, now: datetime) -> None:
    for connection in rows.alive().select_for_update().order_by("pk"):
        connections.disconnect(connection=connection, now=now)
        on = Target("connection", connection.pk, connection.address)
        record(organization_id=organization_id, act=Act.CONNECTION_DISCONNECTED, by=by, on=on, now=now)


# --- doing it -----------------------------------------------------------------------------------------------------


def mailboxes_left(erasure: Erasure) -> list[int]:
    """Connections of which tokens or calendars are still here: the promise that Microsoft keeps or not. In scope."""
    here = Exists(Calendar.objects.of(erasure.organization_id).filter(connection_id=OuterRef("pk")))
    open_still = Exists(Secret.objects.of(erasure.organization_id).filter(connection_id=OuterRef("pk")))
    rows = Connection.objects.of(erasure.organization_id).filter(Q(here) | Q(open_still), status=Status.DISCONNECTED)
    if erasure.membership_id is not None:
        rows = rows.belonging_to(erasure.membership_id)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def erase(*, organization_id: int, erasure_id: int, clock: Clock) -> list[int]:
    """
    Do what can be done now: delete rows in batches, and finish when every mailbox is left.

    Returns the connections that have to be left first, for whoever queues that; none once it is finished. Calls nobody,
    opens its own short scopes, and may run at any time, any number of times.
    """
    with organization_scope(organization_id):
        erasure = Erasure.objects.of(organization_id).under_way().filter(pk=erasure_id).first()
        if erasure is None:
            return []
        Erasure.objects.of(organization_id).filter(pk=erasure_id).update(tried_at=clock())
    ordered = [model for model in tables.emptied_in_order() if model not in LAST]
    for model in ordered:
        while _delete_some(erasure, model, now=clock()):
            pass
    with organization_scope(organization_id):
        left = mailboxes_left(erasure)
    if left:
        return left
    for model in (Secret, Connection):
        while _delete_some(erasure, model, now=clock()):
            pass
    if erasure.kind == ErasureKind.PERSON:
        _finish_person(erasure, clock())
    else:
        _finish_organization(erasure, clock())
    return []


def _delete_some(erasure: Erasure, model: Table, *, now: datetime) -> int:
    """One batch of one table, with its count; 0 when nothing is left that may go."""
    organization_id = erasure.organization_id
    with organization_scope(organization_id):
        found = _locked(erasure)
        if found is None or not _may_go_on(found):
            return 0
        if found.membership_id is None:
            rows = tables.rows_of(model, organization_id)
        else:
            of_member = tables.rows_of_member(model, organization_id, found.membership_id)
            if of_member is None:
                return 0
            rows = of_member
        if model is Connection:
            _note_removed(rows, now=now)
        count = tables.delete_batch(rows)
        if count:
            found.deleted = dict(Counter(found.deleted) + Counter({tables.name_of(model): count}))
            found.save(update_fields=["deleted"])
        return count


def _note_removed(rows: QuerySet[Connection], *, now: datetime) -> None:
    """The connections of the next batch, one by one: the log says of each what became of it."""
    for organization_id, pk, address in rows.order_by("pk").values_list("organization_id", "pk", "address")[
        : tables.BATCH
    ]:
        on = Target("connection", pk, address)
        record(organization_id=organization_id, act=Act.CONNECTION_REMOVED, by=Actor.system(), on=on, now=now)


def _may_go_on(erasure: Erasure) -> bool:
    """Whoever was invited again meanwhile keeps what they have connected since."""
    if erasure.membership_id is None:
        return True
    members = Membership.objects.of(erasure.organization_id).select_for_update(no_key=True)
    member = members.filter(pk=erasure.membership_id).first()
    return member is not None and not member.is_present


def _finish_person(erasure: Erasure, now: datetime) -> None:
    organization_id = erasure.organization_id
    tenants_doors.forget_mails(about_organization_id=organization_id, address=erasure.label)
    with organization_scope(organization_id):
        found = _locked(erasure)
        if found is None:
            return
        assert found.membership_id is not None  # noqa: S101 - of every person's; for the type checker
        name = found.organization.name
        if _may_go_on(found):
            for model, key in tables.pointing_at_members():
                tables.rows_of(model, organization_id).filter(**{key: found.membership_id}).update(**{key: None})
            Invitation.objects.of(organization_id).filter(email=found.label.lower()).delete()
            Membership.objects.of(organization_id).filter(pk=found.membership_id).delete()
            emails.queue(
                words.person_deleted(organization=name), to=found.label, key=f"person-deleted:{found.pk}", now=now
            )
        found.finished_at = now
        found.save(update_fields=["finished_at"])
        on = Target("member", found.membership_id, found.label)
        record(
            organization_id=organization_id, act=Act.PERSON_DELETED, by=Actor.system(), on=on, now=now, **found.deleted
        )
    log.info("person_erased", organization=organization_id)


def _finish_organization(erasure: Erasure, now: datetime) -> None:
    """The last transaction: who belonged to it, its name and its address go, and the activity log says so."""
    organization_id = erasure.organization_id
    tenants_doors.forget_mails(about_organization_id=organization_id)
    with organization_scope(organization_id):
        organization = lock(organization_id)
        found = _locked(erasure)
        if found is None:
            return
        counts = Counter(found.deleted)
        for model in tables.emptied_in_order():
            while count := tables.delete_batch(tables.rows_of(model, organization_id)):
                counts[tables.name_of(model)] += count
        on = Target("organization", organization_id, found.label)
        kept = {name: count for name, count in sorted(counts.items()) if count and name != "erasure"}
        by = Actor.system()
        record(organization_id=organization_id, act=Act.ORGANIZATION_DELETED, by=by, on=on, now=now, **kept)
        organization.name = "Deleted organization"
        organization.slug = f"deleted-{organization_id}"
        organization.deleted_at = now
        organization.save(update_fields=["name", "slug", "deleted_at"])
        emails.queue(
            words.organization_deleted(organization=found.label),
            to=found.asked_by_label,
            key=f"organization-deleted:{organization_id}",
            now=now,
        )
    log.info("organization_erased", organization=organization_id)


def _locked(erasure: Erasure) -> Erasure | None:
    """The erasure as it is now, if it is not finished; two workers take turns."""
    rows = Erasure.objects.of(erasure.organization_id).under_way().select_related("organization")
    return rows.select_for_update(no_key=True, of=("self",)).filter(pk=erasure.pk).first()
