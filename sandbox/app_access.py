"""
What administrators of a tenant allow an app that calls as itself: policies that narrow what the token
says (application access policies), and assignments that add to it (RBAC for Applications).

They take effect at once; at Microsoft it takes up to two hours.
"""

from dataclasses import dataclass, field

# An application access policy speaks of these only; the basic rights are beyond it.
NARROWED = frozenset({"Calendars.Read", "Calendars.ReadWrite", "MailboxSettings.Read", "MailboxSettings.ReadWrite"})
# Exchange's roles for apps, and what each is in Graph.
ROLES = {
    "Application Calendars.Read": "Calendars.Read",
    "Application Calendars.ReadWrite": "Calendars.ReadWrite",
    "Application MailboxSettings.Read": "MailboxSettings.Read",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """The app reaches only these people (`denies`: only the others), by object id."""

    people: frozenset[str]
    denies: bool = False

    def blocks(self, oid: str) -> bool:
        return (oid in self.people) is self.denies


@dataclass(frozen=True, slots=True)
class Assignment:
    """Scopes that the app has in these people's mailboxes; null stands for everybody's."""

    scopes: frozenset[str]
    people: frozenset[str] | None


@dataclass
class AppAccess:
    """By tenant and app; an app of null stands for every app."""

    policies: dict[tuple[str, str | None], Policy] = field(default_factory=dict)
    assignments: dict[tuple[str, str | None], Assignment] = field(default_factory=dict)

    def scopes(self, named: frozenset[str], *, tenant_id: str, app_id: str, oid: str) -> frozenset[str]:
        """What of the token's roles is left in the mailbox of `oid`, and what comes to it."""
        keys = ((tenant_id, app_id), (tenant_id, None))
        policies = [self.policies[key] for key in keys if key in self.policies]
        if any(policy.blocks(oid) for policy in policies):
            named -= NARROWED
        for assignment in self._assignments(tenant_id, app_id):
            if assignment.people is None or oid in assignment.people:
                named |= assignment.scopes
        return named

    def assigned(self, *, tenant_id: str, app_id: str) -> frozenset[str]:
        """What assignments give the app in one mailbox or another."""
        return frozenset().union(*(each.scopes for each in self._assignments(tenant_id, app_id)))

    def _assignments(self, tenant_id: str, app_id: str) -> list[Assignment]:
        keys = ((tenant_id, app_id), (tenant_id, None))
        return [self.assignments[key] for key in keys if key in self.assignments]
