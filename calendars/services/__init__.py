"""What is done with calendars: listed, followed, marked, brought into step, forgotten."""

from calendars.services.keeping import (
    begin_anew,
    follow,
    forget_connection,
    mark_changed,
    mark_many_changed,
    unfollow,
)
from calendars.services.listing import list_calendars
from calendars.services.policies import Applied, apply_policies, forget_past
from calendars.services.rounds import Outcome, RoundResult, sync_calendar
from calendars.sync.round import Clock

__all__ = [
    "Applied",
    "Clock",
    "Outcome",
    "RoundResult",
    "apply_policies",
    "begin_anew",
    "follow",
    "forget_connection",
    "forget_past",
    "list_calendars",
    "mark_changed",
    "mark_many_changed",
    "sync_calendar",
    "unfollow",
]
