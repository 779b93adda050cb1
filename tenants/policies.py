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
    SEE_ALL_CONNECTIONS = auto()


_EVERYBODY = frozenset(Role)
_ADMINS = frozenset({Role.OWNER, Role.ADMIN})

POLICY: dict[Action, frozenset[Role]] = {
    Action.SEE_ORGANIZATION: _EVERYBODY,
    Action.CONNECT_CALENDAR: _EVERYBODY,
    Action.SEE_OWN_CALENDAR: _EVERYBODY,
    Action.FOLLOW_CALENDAR: _EVERYBODY,
    Action.DISCONNECT_OWN: _EVERYBODY,
    Action.SEE_ALL_CONNECTIONS: _ADMINS,
}


def may(role: Role | str, action: Action) -> bool:
    """Whether somebody with this role may do this."""
    return Role(role) in POLICY[action]
