"""Scopes: what they are called, what they mean in plain words, and how a request for them is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

GRAPH = "https://graph.microsoft.com"
OUTLOOK = "https://outlook.office.com"
# Spellings that mean Graph. The last two let a client whose base address is the sandbox itself ask for a token.
_RESOURCES = {
    GRAPH: GRAPH,
    "00000003-0000-0000-c000-000000000000": GRAPH,
    "http://127.0.0.1": GRAPH,
    "http://localhost": GRAPH,
    OUTLOOK: OUTLOOK,
}
DEFAULT = ".default"


class UnknownResource(Exception):
    pass


class UnknownPermission(Exception):
    pass


class BadScope(Exception):
    pass


@dataclass(frozen=True)
class Permission:
    """
    A delegated permission.

    `harmless` ones a user may grant even where Microsoft's recommended policy holds, `admin_only` ones
    nobody but an administrator grants anywhere. Personal accounts have none that are `work_only`.
    """

    resource: str
    name: str
    title: str
    detail: str
    harmless: bool = False
    admin_only: bool = False
    work_only: bool = False

    @property
    def is_openid(self) -> bool:
        return self.name in OPENID_NAMES

    @property
    def uri(self) -> str:
        return self.name if self.is_openid else f"{self.resource}/{self.name}"


OPENID_NAMES = ("profile", "openid", "email", "offline_access")

_CATALOGUE = (
    Permission(GRAPH, "openid", "Sign you in", "The app knows that it is you.", harmless=True),
    Permission(GRAPH, "profile", "View your basic profile", "Your name and your user name.", harmless=True),
    Permission(GRAPH, "email", "View your e-mail address", "Your main e-mail address.", harmless=True),
    Permission(
        GRAPH,
        "offline_access",
        "Keep access to what you allow",
        "The app can go on while you are not using it, until you take it back.",
        harmless=True,
    ),
    Permission(
        GRAPH,
        "User.Read",
        "Read your profile",
        "Your profile and basic facts about your organization.",
        harmless=True,
    ),
    Permission(
        GRAPH,
        "Calendars.ReadBasic",
        "Read your calendars, without details",
        "When and where events are, not their text or attachments.",
    ),
    Permission(GRAPH, "Calendars.Read", "Read your calendars", "All events in your calendars."),
    Permission(
        GRAPH,
        "Calendars.ReadWrite",
        "Have full access to your calendars",
        "Read, create, change and delete events in your calendars.",
    ),
    Permission(
        GRAPH,
        "Calendars.Read.Shared",
        "Read calendars you can open",
        "Your own events and those that others share with you.",
        work_only=True,
    ),
    Permission(
        GRAPH,
        "Calendars.ReadWrite.Shared",
        "Read and write calendars you can open",
        "Your own events and those that others share with you.",
        work_only=True,
    ),
    Permission(
        GRAPH,
        "MailboxSettings.Read",
        "Read your mailbox settings",
        "Your time zone, working hours and automatic replies. Not your mail.",
    ),
    Permission(
        GRAPH,
        "MailboxSettings.ReadWrite",
        "Read and change your mailbox settings",
        "Your time zone, working hours and automatic replies. Not your mail.",
    ),
    Permission(GRAPH, "Contacts.Read", "Read your contacts", "The people in your address book.", harmless=True),
    Permission(GRAPH, "Mail.Send", "Send mail as you", "The app writes to others in your name.", harmless=True),
    Permission(
        GRAPH,
        "User.ReadBasic.All",
        "Read the basic profiles of all users",
        "Names, addresses and pictures of the people of your organization.",
        work_only=True,
    ),
    Permission(
        GRAPH,
        "User.Read.All",
        "Read the full profiles of all users",
        "Everything that your organization notes about its people.",
        admin_only=True,
        work_only=True,
    ),
    Permission(
        GRAPH,
        "Group.Read.All",
        "Read all groups",
        "The groups that you can open, their members, calendars and conversations.",
        admin_only=True,
        work_only=True,
    ),
    Permission(
        GRAPH,
        "Group.ReadWrite.All",
        "Read and write all groups",
        "Create groups, and change those that you can open and what is in them.",
        admin_only=True,
        work_only=True,
    ),
    Permission(OUTLOOK, "Calendars.Read", "Read your calendars (Outlook)", "All events in your calendars."),
    Permission(
        OUTLOOK,
        "Calendars.ReadWrite",
        "Have full access to your calendars (Outlook)",
        "Read, create, change and delete events in your calendars.",
    ),
)
_BY_KEY = {(p.resource, p.name.lower()): p for p in _CATALOGUE}

APPLICATION_ROLES = {
    "Calendars.Read": "Read calendars in all mailboxes",
    "Calendars.ReadWrite": "Read and write calendars in all mailboxes",
    "Calendars.ReadBasic.All": "Read calendars in all mailboxes, without details",
    "MailboxSettings.Read": "Read all mailbox settings",
    "MailboxSettings.ReadWrite": "Read and change all mailbox settings",
    "User.Read.All": "Read the profiles of all users",
    "Group.Read.All": "Read all groups",
    "Group.ReadWrite.All": "Read and write all groups",
}


@dataclass(frozen=True)
class ScopeRequest:
    """
    A `scope` parameter, read.

    `permissions` are those named (or the whole static list of the app for `.default`), `resources` in the
    order they were named; the OpenID ones belong to no resource.
    """

    permissions: frozenset[Permission]
    resources: tuple[str, ...]
    is_default: bool

    def names(self, name: str) -> bool:
        return any(p.name == name for p in self.permissions if p.is_openid)

    def for_personal_account(self) -> ScopeRequest:
        """The same without what personal accounts do not have: they are never asked for it."""
        return replace(self, permissions=frozenset(p for p in self.permissions if not p.work_only))


def permission(name: str, resource: str = GRAPH) -> Permission:
    """
    Look a permission up by its short name, in any case of letters.

    Raises:
        UnknownPermission: the resource does not offer it.
    """
    try:
        return _BY_KEY[resource, name.lower()]
    except KeyError as error:
        raise UnknownPermission(name) from error


def parse(scope: str, static: Iterable[str]) -> ScopeRequest:
    """
    Read a `scope` parameter; `static` is the registered list that `.default` stands for.

    Raises:
        UnknownResource: a prefix that is no resource here.
        UnknownPermission: a name that the resource does not offer.
        BadScope: empty, or `.default` beside named permissions of the same resource.
    """
    words = scope.split()
    if not words:
        raise BadScope("The scope is empty.")
    permissions: set[Permission] = set()
    resources: list[str] = []
    defaults: set[str] = set()
    named: set[str] = set()
    for word in words:
        resource, name = _split(word)
        if name in OPENID_NAMES:
            permissions.add(permission(name))
            continue
        if resource not in resources:
            resources.append(resource)
        if name == DEFAULT:
            defaults.add(resource)
        else:
            named.add(resource)
            permissions.add(permission(name, resource))
    if defaults & named:
        raise BadScope(".default cannot be combined with other permissions of the same resource.")
    if GRAPH in defaults:
        permissions |= {permission(name) for name in static}
    return ScopeRequest(frozenset(permissions), tuple(resources), bool(defaults))


def _split(word: str) -> tuple[str, str]:
    """Part a scope into resource and name; without a prefix it is Graph's."""
    prefix, slash, name = word.rpartition("/")
    if not slash:
        return GRAPH, word
    # `https://graph.microsoft.com//.default` is what some libraries send.
    prefix = prefix.rstrip("/").lower()
    if prefix.startswith(("http://127.0.0.1:", "http://localhost:")):
        prefix = prefix.rpartition(":")[0]
    if prefix not in _RESOURCES:
        raise UnknownResource(prefix)
    return _RESOURCES[prefix], name


def spelled(granted: Iterable[Permission]) -> str:
    """The `scope` field of an answer: short names, the OpenID ones last, `offline_access` never."""
    permissions = set(granted)
    own = sorted(p.name for p in permissions if not p.is_openid)
    openid = [name for name in OPENID_NAMES[:3] if permission(name) in permissions]
    return " ".join((*own, *openid))
