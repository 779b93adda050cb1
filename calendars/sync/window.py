"""
The window of time that is kept of a calendar: whole days in UTC.

A chain of links is tied to its window, so moving it costs a full round. It therefore reaches further ahead than
promised and moves only when that is used up, about once a week: at every moment at least `WINDOW_DAYS_BACK` days behind
today and `WINDOW_DAYS_AHEAD` days ahead are kept, and at most `SLACK` more on either side.
"""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from django.conf import settings

SLACK = timedelta(days=7)


class Window(NamedTuple):
    """[start, end), midnights in UTC."""

    start: datetime
    end: datetime


def promised(now: datetime) -> Window:
    """What must be kept at this moment: today counts as the first of the days ahead."""
    today = datetime.combine(now.astimezone(UTC).date(), time.min, UTC)
    return Window(
        today - timedelta(days=settings.WINDOW_DAYS_BACK),
        today + timedelta(days=settings.WINDOW_DAYS_AHEAD + 1),
    )


def fresh(now: datetime) -> Window:
    """The window of a chain that begins now."""
    start, end = promised(now)
    return Window(start, end + SLACK)


def is_due(window: Window, now: datetime) -> bool:
    """Whether a chain with this window no longer keeps what is promised, or keeps far more (settings have changed)."""
    start, end = promised(now)
    return not (start - SLACK <= window.start <= start and end <= window.end <= end + SLACK)
