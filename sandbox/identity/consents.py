"""Who has agreed to what: grants of people, grants for whole tenants, and the policies of tenants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.directory import ConsentPolicy, Directory, Person, Tenant
from sandbox.identity import permissions
from sandbox.identity.permissions import Permission, ScopeRequest
from sandbox.registration import App, Audience

# What administrators usually classify as low, as Microsoft proposes it to them.
USUALLY_LOW = frozenset({"openid", "profile", "email", "offline_access", "User.Read"})


@dataclass
class Policy:
    """
    How a tenant decides. `low` are the permissions that it has classified so; `takes_requests` shows a
    form where people may not consent; `stops_risk` sends risky apps to the administrator.
    """

    users: ConsentPolicy
    low: frozenset[str] = USUALLY_LOW
    takes_requests: bool = False
    stops_risk: bool = False


class Consents:
    def __init__(self, directory: Directory) -> None:
        self._by_person: dict[tuple[str, str], set[Permission]] = {}
        self._by_tenant: dict[tuple[str, str], set[Permission]] = {}
        self._roles: dict[tuple[str, str], set[str]] = {}
        self._policies = {tenant.id: Policy(tenant.consent) for tenant in directory.tenants}
        # The service principals: the first consent of any kind makes one, and withdrawing leaves it.
        self._known = {(app_id, tenant.id) for tenant in directory.tenants for app_id in tenant.withdrawn}

    # What holds

    def granted(self, app: App, person: Person) -> frozenset[Permission]:
        """Everything the app may do for this person: their own grant and the tenant's together."""
        everyone = self._by_tenant.get((app.client_id, person.tenant_id), set())
        return frozenset(everyone | self._by_person.get((app.client_id, person.oid), set()))

    def missing(self, app: App, person: Person, wanted: ScopeRequest) -> frozenset[Permission]:
        """What a dialog would have to ask for; nothing for `.default` once any grant exists."""
        granted = self.granted(app, person)
        if wanted.is_default and granted:
            return frozenset()
        missing = wanted.permissions - granted
        # An administrator who approved calendars for everybody has not been asked about these by name, yet
        # nobody is shown a dialog for them alone.
        if granted and all(p.is_openid for p in missing):
            return frozenset()
        return missing

    def roles(self, app: App, tenant_id: str) -> frozenset[str]:
        return frozenset(self._roles.get((app.client_id, tenant_id), set()))

    def has_service_principal(self, app: App, tenant_id: str) -> bool:
        """Whether the app is known in a tenant: somebody there has once agreed to something."""
        return (app.client_id, tenant_id) in self._known

    def objection(self, app: App, person: Person, wanted: Iterable[Permission]) -> int | None:
        """The number that keeps this person from agreeing to `wanted` for themselves; none if they may."""
        if person.approves_apps or person.is_personal:
            return None
        policy = self._policies[person.tenant_id]
        wanted = tuple(wanted)
        if policy.stops_risk and _is_risky(app, person, wanted):
            return 900981 if policy.takes_requests else 900941
        if not app.assignment_required and all(_may_grant(policy, app, person, p) for p in wanted):
            return None
        return 90095 if policy.takes_requests else 90094

    def policy(self, tenant: Tenant) -> Policy:
        return self._policies[tenant.id]

    # What changes it

    def grant(self, app: App, person: Person, wanted: Iterable[Permission]) -> None:
        self._known.add((app.client_id, person.tenant_id))
        self._by_person.setdefault((app.client_id, person.oid), set()).update(wanted)

    def grant_for_tenant(
        self, app: App, tenant_id: str, wanted: Iterable[Permission], roles: Iterable[str] = ()
    ) -> None:
        key = (app.client_id, tenant_id)
        self._known.add(key)
        self._by_tenant.setdefault(key, set()).update(wanted)
        if granted := set(roles):
            self._roles.setdefault(key, set()).update(granted)

    def grant_everything(self, app: App, tenant: Tenant) -> None:
        """The whole static list of the registration, application permissions included."""
        static = [permissions.permission(name) for name in app.delegated]
        self.grant_for_tenant(app, tenant.id, static, app.application)

    def withdraw(self, tenant: Tenant, directory: Directory) -> None:
        """Remove every grant of the tenant and of its people, for all apps."""
        people = {p.oid for p in (*directory.people, *directory.guests) if p.tenant_id == tenant.id}
        self._by_tenant = {key: held for key, held in self._by_tenant.items() if key[1] != tenant.id}
        self._roles = {key: held for key, held in self._roles.items() if key[1] != tenant.id}
        self._by_person = {key: held for key, held in self._by_person.items() if key[1] not in people}

    def forget(self, tenant: Tenant, directory: Directory) -> None:
        """As if nobody in the tenant had ever heard of any app."""
        self.withdraw(tenant, directory)
        self._known = {(app_id, tenant_id) for app_id, tenant_id in self._known if tenant_id != tenant.id}


def _may_grant(policy: Policy, app: App, person: Person, wanted: Permission) -> bool:
    if wanted.admin_only:
        return False
    match policy.users:
        case ConsentPolicy.USERS:
            return True
        case ConsentPolicy.LOW_RISK:
            is_trusted = app.publisher_verified or app.home_tenant_id == person.tenant_id
            return is_trusted and wanted.name in policy.low
        case ConsentPolicy.RECOMMENDED:
            return wanted.harmless
        case ConsentPolicy.ADMINISTRATORS:
            return False


def _is_risky(app: App, person: Person, wanted: Iterable[Permission]) -> bool:
    """A foreign app of a publisher who is not verified, and that wants more than to sign people in."""
    if app.publisher_verified or app.home_tenant_id == person.tenant_id or app.audience is Audience.ONE_ORGANIZATION:
        return False
    return any(p.name not in USUALLY_LOW for p in wanted)
