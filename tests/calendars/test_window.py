"""The window of time that is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calendars.sync.window import SLACK, fresh, is_due, promised

MONDAY = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def usual_days(settings: Any) -> None:
    settings.WINDOW_DAYS_AHEAD = 365


def test_the_window_is_made_of_whole_days_in_utc() -> None:
    window = fresh(MONDAY, 90)
    assert window.start == datetime(2025, 12, 2, tzinfo=UTC)
    assert window.end == datetime(2027, 3, 3, tzinfo=UTC) + SLACK


def test_it_moves_about_once_a_week_and_always_keeps_what_is_promised() -> None:
    window, moves = fresh(MONDAY, 90), 0
    for day in range(1, 60):
        now = MONDAY + timedelta(days=day)
        if is_due(window, now, 90):
            window, moves = fresh(now, 90), moves + 1
        wanted = promised(now, 90)
        assert window.start <= wanted.start
        assert window.end >= wanted.end
    assert moves == 7


def test_other_decisions_and_settings_move_it_at_once(settings: Any) -> None:
    window = fresh(MONDAY, 90)
    assert not is_due(window, MONDAY, 90)
    assert is_due(window, MONDAY, 120)
    assert is_due(window, MONDAY, 30)
    settings.WINDOW_DAYS_AHEAD = 30
    assert is_due(window, MONDAY, 90)
