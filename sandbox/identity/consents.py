"""Who has agreed to what: grants of people, grants for whole tenants, and the policies of tenants."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.directory import App, ConsentPolicy, Directory, Person, Tenant
from sandbox.identity import permissions
from sandbox.identity.permissions import Permission, ScopeRequest


class Consents:
    def __init__(self, directory: Directory) -> None:
        self._by_person: dict[tuple[str, str], set[Permission]] = {}
        self._by_tenant: dict[tuple[str, str], set[Permission]] = {}
        self._roles: dict[tuple[str, str], set[str]] = {}
        self._policies = {tenant.id: tenant.consent for tenant in directory.tenants}

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

    def has_service_principal(self, app: App, tenant_id: str, directory: Directory) -> bool:
        """The first consent of any kind makes the app known in a tenant."""
        key = (app.client_id, tenant_id)
        people = (p.oid for p in directory.people if p.tenant_id == tenant_id)
        return (
            key in self._by_tenant
            or key in self._roles
            or any((app.client_id, oid) in self._by_person for oid in people)
        )

    def may_consent(self, person: Person, wanted: Iterable[Permission]) -> bool:
        """Whether this person may agree to `wanted` for themselves."""
        if person.is_admin or self._policies[person.tenant_id] is ConsentPolicy.USERS:
            return True
        return all(p.harmless for p in wanted)

    # What changes it

    def grant(self, app: App, person: Person, wanted: Iterable[Permission]) -> None:
        self._by_person.setdefault((app.client_id, person.oid), set()).update(wanted)

    def grant_for_tenant(
        self, app: App, tenant_id: str, wanted: Iterable[Permission], roles: Iterable[str] = ()
    ) -> None:
        key = (app.client_id, tenant_id)
        self._by_tenant.setdefault(key, set()).update(wanted)
        if granted := set(roles):
            self._roles.setdefault(key, set()).update(granted)

    def grant_everything(self, app: App, tenant: Tenant) -> None:
        """The whole static list of the registration, application permissions included."""
        static = [permissions.permission(name) for name in app.delegated]
        self.grant_for_tenant(app, tenant.id, static, app.application)

    def withdraw(self, tenant: Tenant, directory: Directory) -> None:
        """Remove every grant of the tenant and of its people, for all apps."""
        people = {p.oid for p in directory.people if p.tenant_id == tenant.id}
        for app in directory.apps:
            self._by_tenant.pop((app.client_id, tenant.id), None)
            self._roles.pop((app.client_id, tenant.id), None)
        for app_id, oid in list(self._by_person):
            if oid in people:
                del self._by_person[app_id, oid]

    def set_policy(self, tenant: Tenant, policy: ConsentPolicy) -> None:
        self._policies[tenant.id] = policy

    def policy(self, tenant: Tenant) -> ConsentPolicy:
        return self._policies[tenant.id]
