"""What an organization decides for all of its members."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from tenants.acts import Act
from tenants.models import Membership, Organization
from tenants.policies import Action
from tenants.services.acting import acting_now
from tenants.services.audit import Actor, Target, record

# How the policies are called on pages and in the audit log.
NAMES = {
    "tenants_allowed": "Which companies may connect",
    "personal_accounts": "Personal Microsoft accounts",
    "access": "What Almanac may do in a calendar",
    "detail": "How much of an event is kept",
    "past_days": "How long past events stay",
}
# Two years: further back a calendar is an archive.
MOST_DAYS = 730


class ChangedMeanwhile(Exception):
    """Somebody else has changed a policy since this one was looked at."""


@dataclass(frozen=True, kw_only=True)
class Policies:
    """About connections and events, as they are or as somebody wants them; see `tenants.models.Organization`."""

    tenants_allowed: str
    personal_accounts: bool
    access: str
    detail: str
    past_days: int | None

    @classmethod
    def of(cls, organization: Organization) -> Self:
        return cls(**{name: getattr(organization, name) for name in cls.__dataclass_fields__})

    def changed_from(self, former: "Policies") -> list[str]:
        """The names of those that differ."""
        return [name for name, value in asdict(self).items() if value != getattr(former, name)]


def change_policies(
    *, acting: Membership, wanted: Policies, seen_at: datetime | None, by: Actor, now: datetime
) -> list[str]:
    """
    Decide. It holds for whatever comes from the commit on; what is stored is made to obey by a task afterwards.

    `seen_at` is the moment of the last change that whoever decides has seen. Expects the organization's scope. Returns
    the names of what has changed; each is an entry of its own in the audit log.

    Raises:
        NotAllowed: `acting` may not, perhaps since a moment ago.
        ChangedMeanwhile: see there; nothing was changed.
    """
    organization = acting_now(acting, Action.CHANGE_POLICIES).organization
    if organization.policies_changed_at != seen_at:
        raise ChangedMeanwhile
    former = Policies.of(organization)
    changed = wanted.changed_from(former)
    if not changed:
        return []
    for name in changed:
        setattr(organization, name, getattr(wanted, name))
        record(
            organization_id=organization.pk,
            act=Act.POLICY_CHANGED,
            by=by,
            now=now,
            on=Target("policy", None, NAMES[name]),
            policy=name,
            former=getattr(former, name),
            new=getattr(wanted, name),
        )
    organization.policies_changed_at = now
    organization.save(update_fields=[*changed, "policies_changed_at"])
    return changed
