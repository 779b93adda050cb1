"""Who acts, as they are now: asked with the organization locked, so that what is counted then stays true."""

from tenants.models import Membership, Organization
from tenants.policies import Action, Role, may_grant


class NotAllowed(Exception):
    """The role of whoever acts does not include this, perhaps since a moment ago."""


class AboveOwnRole(Exception):
    """The role that is to be given or taken is above the one of whoever acts."""


class HasLeft(Exception):
    """The person is no member any more, perhaps since a moment ago."""


class LastOwner(Exception):
    """The organization would have no owner left."""


def lock(organization_id: int) -> Organization:
    """
    The organization, locked until the transaction ends. Expects its scope.

    Of two who change who belongs to it, the second one waits here and then sees what the first one did.
    """
    # Without the key, so that rows which only point at the organization are not held up.
    return Organization.objects.select_for_update(no_key=True).get(pk=organization_id)


def acting_now(acting: Membership, action: Action) -> Membership:
    """
    Whoever acts, read again with the organization locked. Expects its scope.

    Raises:
        NotAllowed: they have left, or have another role by now.
    """
    organization = lock(acting.organization_id)
    members = Membership.objects.of(organization).present().select_related("user")
    found = members.filter(pk=acting.pk).first()
    if found is None or not found.may(action):
        raise NotAllowed
    found.organization = organization
    return found


def must_reach(acting: Membership, *roles: Role | str) -> None:
    """
    Raises:
        AboveOwnRole: one of these roles is above the one of whoever acts.
    """
    if not all(may_grant(acting.role, role) for role in roles):
        raise AboveOwnRole
