"""What an organization is called, and how its people sign in."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled

from tenants.acts import Act
from tenants.models import Membership, Organization, User
from tenants.policies import Action
from tenants.services.acting import acting_now
from tenants.services.audit import Actor, Target, record


class NeedsOwnSecondStep(Exception):
    """Whoever wants everybody to take a second step takes none themself, and would be shut out first."""


def rename(*, acting: Membership, name: str, by: Actor, now: datetime) -> Organization:
    """
    Call the organization something else; its slug stays. Expects the organization's scope.

    Raises:
        NotAllowed: `acting` may not, perhaps since a moment ago.
    """
    organization = acting_now(acting, Action.RENAME).organization
    former = organization.name
    if former != name:
        organization.name = name
        organization.save(update_fields=["name"])
        on = Target("organization", organization.pk, name)
        record(organization_id=organization.pk, act=Act.ORGANIZATION_RENAMED, by=by, on=on, now=now, former=former)
    return organization


def require_second_factor(*, acting: Membership, required: bool, by: Actor, now: datetime) -> Organization:
    """
    Have everybody take a second step to get in, or no longer. Expects the organization's scope.

    Raises:
        NotAllowed: `acting` may not, perhaps since a moment ago.
        NeedsOwnSecondStep: see there.
    """
    acting = acting_now(acting, Action.CHANGE_POLICIES)
    organization = acting.organization
    if required and not has_second_factor(acting.user):
        raise NeedsOwnSecondStep
    if organization.requires_second_factor != required:
        organization.requires_second_factor = required
        organization.save(update_fields=["requires_second_factor"])
        on = Target("organization", organization.pk, organization.name)
        record(
            organization_id=organization.pk, act=Act.POLICY_CHANGED, by=by, on=on, now=now,
            policy="requires_second_factor", former=not required, new=required,
        )  # fmt: skip
    return organization


def has_second_factor(user: User) -> bool:
    """Whether this person has set up a second step for signing in: recovery codes alone are none."""
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP]))
