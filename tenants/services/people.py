"""Who belongs to an organization and what they may do there: roles, removing, leaving, handing over."""

from datetime import datetime

from tenants import emails
from tenants.acts import Act
from tenants.models import Membership
from tenants.policies import Action, Role, may_grant
from tenants.services.acting import HasLeft, LastOwner, acting_now, must_reach
from tenants.services.audit import Actor, Target, record
from tenants.services.invitations import take_back_invitations_by, take_back_invitations_of


def change_role(*, acting: Membership, member_id: int, role: Role, by: Actor, now: datetime) -> Membership:
    """
    Give a member another role. Expects the organization's scope; the role that they have already changes nothing.

    Invitations that they sent, and could not send any more, are taken back.

    Raises:
        NotAllowed: `acting` may not, perhaps since a moment ago.
        AboveOwnRole: the former or the new role is above the one of `acting`.
        HasLeft: there is no such member.
        LastOwner: nobody else owns the organization.
    """
    acting = acting_now(acting, Action.CHANGE_ROLE)
    member = _member(acting, member_id)
    must_reach(acting, member.role, role)
    if member.role == role:
        return member
    _keep_an_owner(member)
    former, member.role = member.role, role
    member.save(update_fields=["role"])
    record(
        organization_id=acting.organization_id, act=Act.ROLE_CHANGED, by=by, on=_target(member), now=now,
        former=former, new=role,
    )  # fmt: skip
    too_high = [one for one in Role if not (member.may(Action.INVITE) and may_grant(role, one))]
    take_back_invitations_by(member, roles=too_high, by=by, now=now)
    return member


def remove_member(*, acting: Membership, member_id: int, by: Actor, now: datetime) -> Membership:
    """
    Take somebody out: from now on they get in nowhere, and beat disconnects what they connected.

    Expects the organization's scope. Open invitations that they sent, or that wait for them, are taken back; they are
    told by mail.

    Raises:
        NotAllowed, AboveOwnRole, HasLeft, LastOwner: as for `change_role`.
    """
    acting = acting_now(acting, Action.REMOVE_MEMBER)
    member = _member(acting, member_id)
    must_reach(acting, member.role)
    _keep_an_owner(member)
    member.leave(at=now)
    record(organization_id=acting.organization_id, act=Act.MEMBER_REMOVED, by=by, on=_target(member), now=now)
    take_back_invitations_by(member, roles=list(Role), by=by, now=now)
    take_back_invitations_of(member, by=by, now=now)
    emails.queue(
        emails.removed(organization=acting.organization.name),
        to=member.user.email,
        key=f"removed:{member.pk}:{now.timestamp()}",
        organization_id=acting.organization_id,
        now=now,
    )
    return member


def leave(*, acting: Membership, by: Actor, now: datetime) -> None:
    """
    Go: the same as being removed, by oneself. Invitations that they sent stay good.

    Expects the organization's scope.

    Raises:
        NotAllowed: they are no member any more.
        LastOwner: nobody else owns the organization.
    """
    member = acting_now(acting, Action.LEAVE)
    _keep_an_owner(member)
    member.leave(at=now)
    record(organization_id=member.organization_id, act=Act.MEMBER_LEFT, by=by, on=_target(member), now=now)


def transfer_ownership(*, acting: Membership, member_id: int, by: Actor, now: datetime) -> Membership:
    """
    Make another member an owner in the place of `acting`, who becomes an admin. All owners are told by mail.

    Expects the organization's scope.

    Raises:
        NotAllowed: `acting` is no owner, perhaps since a moment ago.
        HasLeft: there is no such member, or it is `acting` themself.
    """
    acting = acting_now(acting, Action.TRANSFER_OWNERSHIP)
    member = _member(acting, member_id)
    if member.pk == acting.pk:
        raise HasLeft
    former, member.role, acting.role = member.role, Role.OWNER, Role.ADMIN
    member.save(update_fields=["role"])
    acting.save(update_fields=["role"])
    record(
        organization_id=acting.organization_id, act=Act.OWNERSHIP_TRANSFERRED, by=by, on=_target(member), now=now,
        former=former,
    )  # fmt: skip
    take_back_invitations_by(acting, roles=[Role.OWNER], by=by, now=now)
    owners = Membership.objects.of(acting.organization_id).present().filter(role=Role.OWNER).select_related("user")
    letter = emails.handed_over(
        organization=acting.organization.name,
        slug=acting.organization.slug,
        giver=acting.user,
        taker=member.user,
    )
    for person in {acting.user.email, *(owner.user.email for owner in owners)}:
        key = f"handed-over:{acting.organization_id}:{now.timestamp()}:{person}"[:160]
        emails.queue(letter, to=person, key=key, organization_id=acting.organization_id, now=now)
    return member


def is_last_owner(member: Membership) -> bool:
    """Whether the organization would have no owner without this one. Expects the organization's scope."""
    others = Membership.objects.of(member.organization_id).present().filter(role=Role.OWNER).exclude(pk=member.pk)
    return member.is_present and member.role == Role.OWNER and not others.exists()


def _keep_an_owner(member: Membership) -> None:
    if is_last_owner(member):
        raise LastOwner


def _member(acting: Membership, member_id: int) -> Membership:
    members = Membership.objects.of(acting.organization_id).present().select_related("user")
    member = members.filter(pk=member_id).first()
    if member is None:
        raise HasLeft(member_id)
    return member


def _target(member: Membership) -> Target:
    return Target("member", member.pk, member.user.email)
