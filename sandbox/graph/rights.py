"""
Scopes: which of a token's count for a call, and which calls they are good for.

The same name means more or less by who calls and whose mailbox it is; `counting` leaves those that mean
anything there, and a route names those of which one is enough.
"""

from sandbox.app_access import AppAccess
from sandbox.directory import Person
from sandbox.identity import Access

_OF_GROUPS = frozenset({"Group.Read.All", "Group.ReadWrite.All"})
_BASIC = frozenset({"Calendars.ReadBasic", "Calendars.ReadBasic.All"})
WRITE = frozenset({"Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "Group.ReadWrite.All"})
READ = WRITE | _BASIC | {"Calendars.Read", "Calendars.Read.Shared", "Group.Read.All"}
MY_PROFILE = frozenset({"User.Read", "User.ReadWrite"})
_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
PROFILES = _DIRECTORY | {"User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All"}
PROFILE = MY_PROFILE | PROFILES
FULL_PROFILES = PROFILES - {"User.ReadBasic.All"}
GROUPS = _DIRECTORY | _OF_GROUPS

# What only delegated permissions are called. Among an app's own roles these names say nothing.
_DELEGATED_ONLY = MY_PROFILE
# Where a path or `$expand` has one of these words, the basic right is not enough.
BEYOND_BASIC = frozenset({"attachments", "extensions", "delta", "subscriptions", "findmeetingtimes"})


def counting(
    access: Access, *, owner: Person | None, of_group: bool, policies: AppAccess, asked: frozenset[str]
) -> frozenset[str]:
    """
    The scopes of a call that mean anything for this owner's mailbox and for what is `asked`, the words, in
    lower case, of the path below the mailbox and of `$expand`.
    """
    scopes = access.scopes
    if access.person is None:
        scopes = frozenset(name for name in scopes - _DELEGATED_ONLY if not name.endswith(".Shared"))
        if owner is None:
            # Whatever belongs to no mailbox, such as subscriptions, is for whoever may do something in any.
            scopes |= policies.assigned(tenant_id=access.tenant_id, app_id=access.app_id)
        elif not of_group:
            scopes = policies.scopes(scopes, tenant_id=access.tenant_id, app_id=access.app_id, oid=owner.oid)
    elif access.person.is_personal or "subscriptions" in asked:
        # Personal accounts have none for what is shared, and nobody can watch that.
        scopes = frozenset(name for name in scopes if not name.endswith(".Shared"))
    if not BEYOND_BASIC.isdisjoint(asked):
        scopes -= _BASIC
    if of_group:
        return scopes & _OF_GROUPS
    scopes -= _OF_GROUPS
    if access.person is not None and owner is not None and owner.oid != access.person.oid:
        # Another person's mailbox.
        return frozenset(name for name in scopes if name.endswith(".Shared")) | (scopes & PROFILES)
    return scopes


def are_basic(scopes: frozenset[str]) -> bool:
    """Whether they show no more of calendars than the basics."""
    return scopes & READ <= _BASIC
