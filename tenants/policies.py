"""Who may do what: the one table that views, services and pages ask."""

from enum import StrEnum, auto

from django.db import models


class Role(models.TextChoices):
    """What a member is in an organization, from most to least."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"


class Action(StrEnum):
    """What can be done under `/o/<slug>/`."""

    SEE_ORGANIZATION = auto()
    CONNECT_CALENDAR = auto()
    SEE_OWN_CALENDAR = auto()
    FOLLOW_CALENDAR = auto()
    DISCONNECT_OWN = auto()
    ASK_ADMINISTRATOR = auto()
    SEE_PEOPLE = auto()
    LEAVE = auto()
    EXPORT_OWN = auto()
    DELETE_OWN = auto()
    SEE_ALL_CONNECTIONS = auto()
    SEE_ONBOARDING = auto()
    INVITE = auto()
    CHANGE_ROLE = auto()
    REMOVE_MEMBER = auto()
    LINK_TENANT = auto()
    SEE_SETTINGS = auto()
    CHANGE_POLICIES = auto()
    RENAME = auto()
    SEE_ACTIVITY = auto()
    TRANSFER_OWNERSHIP = auto()
    EXPORT_ORGANIZATION = auto()
    DELETE_ORGANIZATION = auto()


_EVERYBODY = frozenset(Role)
_ADMINS = frozenset({Role.OWNER, Role.ADMIN})
_OWNERS = frozenset({Role.OWNER})

POLICY: dict[Action, frozenset[Role]] = {
    Action.SEE_ORGANIZATION: _EVERYBODY,
    Action.CONNECT_CALENDAR: _EVERYBODY,
    Action.SEE_OWN_CALENDAR: _EVERYBODY,
    Action.FOLLOW_CALENDAR: _EVERYBODY,
    Action.DISCONNECT_OWN: _EVERYBODY,
    Action.ASK_ADMINISTRATOR: _EVERYBODY,
    Action.SEE_PEOPLE: _EVERYBODY,
    Action.LEAVE: _EVERYBODY,
    Action.EXPORT_OWN: _EVERYBODY,
    Action.DELETE_OWN: _EVERYBODY,
    Action.SEE_ALL_CONNECTIONS: _ADMINS,
    Action.SEE_ONBOARDING: _ADMINS,
    Action.INVITE: _ADMINS,
    Action.CHANGE_ROLE: _ADMINS,
    Action.REMOVE_MEMBER: _ADMINS,
    Action.LINK_TENANT: _ADMINS,
    Action.SEE_SETTINGS: _ADMINS,
    Action.CHANGE_POLICIES: _ADMINS,
    Action.RENAME: _ADMINS,
    Action.SEE_ACTIVITY: _ADMINS,
    Action.TRANSFER_OWNERSHIP: _OWNERS,
    Action.EXPORT_ORGANIZATION: _OWNERS,
    Action.DELETE_ORGANIZATION: _OWNERS,
}
_RANK = {Role.MEMBER: 0, Role.ADMIN: 1, Role.OWNER: 2}


def may(role: Role | str, action: Action) -> bool:
    """Whether somebody with this role may do this."""
    return Role(role) in POLICY[action]


def may_grant(role: Role | str, wanted: Role | str) -> bool:
    """Whether somebody with this role may give (or take) another role: nobody one above their own."""
    return _RANK[Role(wanted)] <= _RANK[Role(role)]
