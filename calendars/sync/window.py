"""
The window of time that is kept of a calendar: whole days in UTC.

A chain of links is tied to its window, so moving it costs a full round. It therefore reaches further ahead than
promised and moves only when that is used up, about once a week: at every moment at least `days_back` days behind
today and `WINDOW_DAYS_AHEAD` days ahead are kept, and at most `SLACK` more on either side. The days behind today are an
organization's to decide; where it has, what is older is deleted every night, and nothing of the slack stays there.
"""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from django.conf import settings

SLACK = timedelta(days=7)


class Window(NamedTuple):
    """[start, end), midnights in UTC."""

    start: datetime
    end: datetime


def promised(now: datetime, days_back: int) -> Window:
    """What must be kept at this moment: today counts as the first of the days ahead."""
    today = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    return Window(
        today - timedelta(days=days_back),
        today + timedelta(days=settings.WINDOW_DAYS_AHEAD + 1),
    )


def fresh(now: datetime, days_back: int) -> Window:
    """The window of a chain that begins now."""
    start, end = promised(now, days_back)
    return Window(start, end + SLACK)


def is_due(window: Window, now: datetime, days_back: int) -> bool:
    """Whether a chain with this window no longer keeps what is promised, or keeps far more (a policy has changed)."""
    start, end = promised(now, days_back)
    return not (start - SLACK <= window.start <= start and end <= window.end <= end + SLACK)
