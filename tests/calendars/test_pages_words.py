"""Words and colours: series in sentences, how long ago, what a calendar's colour becomes."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from calendars.models import Calendar
from calendars.presentation.colors import swatch
from calendars.presentation.series import series_in_words
from tenants.templatetags.almanac import ago, ago_in_words, near

NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)
SERIES = [
    ({"type": "daily", "interval": 1}, {"type": "noEnd"}, "Every day"),
    ({"type": "daily", "interval": 3}, {"type": "numbered", "numberOfOccurrences": 5}, "Every 3 days, 5 times"),
    ({"type": "weekly", "interval": 1, "daysOfWeek": ["thursday", "monday"]}, {}, "Every week on Monday and Thursday"),
    (
        {"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"]},
        {"type": "endDate", "endDate": "2027-06-30"},
        "Every 2 weeks on weekdays, until 30 June 2027",
    ),
    ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 15}, {}, "Every month on day 15"),
    (
        {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"},
        {"type": "endDate", "endDate": "nonsense"},
        "Every month on the last Friday",
    ),
    ({"type": "absoluteYearly", "dayOfMonth": 24, "month": 12}, {}, "Every year on 24 December"),
    (
        {"type": "relativeYearly", "daysOfWeek": ["monday"], "index": "first", "month": 9},
        {},
        "Every year on the first Monday of September",
    ),
    ({"type": "lunar"}, {}, "Part of a series"),
    ({"type": "absoluteYearly", "dayOfMonth": 1, "month": 13}, {}, "Every year"),
]


@pytest.mark.parametrize(("pattern", "span", "words"), SERIES, ids=[words for _, _, words in SERIES])
def test_a_series_is_said_in_a_sentence(pattern: dict[str, Any], span: dict[str, Any], words: str):
    assert series_in_words({"pattern": pattern, "range": span}) == words


def test_a_series_without_a_rule_is_still_a_series():
    assert series_in_words(None) == "Part of a series"


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=20), "20 seconds ago"),
        (timedelta(seconds=119), "1 minute ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=40), "on 29 January 2027"),
    ],
)
def test_moments_are_said_as_people_say_them(age: timedelta, words: str):
    assert ago_in_words(NOW - age, NOW) == words


def test_a_moment_carries_its_exact_time_in_the_viewers_zone():
    with timezone.override("Europe/Paris"):
        said = str(ago(NOW))

    assert 'datetime="2027-03-10T13:00:00+01:00"' in said
    assert 'title="Wednesday 10 March 2027, 13:00"' in said
    assert ago(None, "not yet") == "not yet"


def test_days_close_to_today_have_names():
    today = timezone.localdate()

    assert [near(today + timedelta(days=n)) for n in (-1, 0, 1, 2)] == ["Yesterday", "Today", "Tomorrow", ""]
    assert near(date(2000, 1, 1)) == ""


@pytest.mark.parametrize(
    ("color", "hex_color", "expected"),
    [
        ("lightTeal", "", ("cal-teal", "")),
        ("lightTeal", "#123456", ("cal-teal", "")),
        ("auto", "#A1B2C3", ("", "#a1b2c3")),
        ("auto", 'red" onload="x', ("cal-blue", "")),
        ("auto", "#12345", ("cal-blue", "")),
        ("auto", "#123456\n", ("cal-blue", "")),
        ("a colour of tomorrow", "", ("cal-blue", "")),
    ],
)
def test_a_calendar_keeps_its_own_colour_and_nothing_else_gets_through(
    color: str, hex_color: str, expected: tuple[str, str]
):
    assert swatch(Calendar(pk=8, color=color, hex_color=hex_color)) == expected


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_state_and_text_colours_have_enough_contrast_on_their_grounds(theme: str):
    tokens = read_tokens(theme)
    pairs = [("ink", ground) for ground in ("paper", "sheet", "sheet-sunk", "sheet-raised")]
    pairs += [("ink-soft", ground) for ground in ("paper", "sheet", "sheet-raised")]
    pairs += [(state, f"{state}-tint") for state in ("well", "waits", "broken", "unknown")]
    pairs += [("accent-ink", "accent-tint"), ("accent-ink", "sheet"), ("accent-ink", "paper"), ("broken", "sheet")]

    poor = {pair: contrast(tokens[pair[0]], tokens[pair[1]]) for pair in pairs}

    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}
    assert contrast("#ffffff", tokens["accent"]) >= 4.5
    # The bar of a calendar is a graphic: three to one is enough.
    bars = [name for name in tokens if name.startswith("cal-")]
    assert len(bars) == 10
    assert [name for name in bars if contrast(tokens[name], tokens["sheet"]) < 3] == []


def read_tokens(theme: str) -> dict[str, str]:
    css = (Path(__file__).parents[2] / "static" / "css" / "almanac.css").read_text()
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", css)
    return {name: light if theme == "light" else dark for name, light, dark in found}


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
