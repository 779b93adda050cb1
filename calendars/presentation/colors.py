"""A calendar's own colour, from Microsoft's names to our palette."""

import re
from typing import NamedTuple

from calendars.models import Calendar

# Ours are darker and lighter by theme (static/css/almanac.css), so that each is readable on both.
_PALETTE = {
    "lightBlue": "blue",
    "lightGreen": "green",
    "lightOrange": "orange",
    "lightGray": "gray",
    "lightYellow": "yellow",
    "lightTeal": "teal",
    "lightPink": "pink",
    "lightBrown": "brown",
    "lightRed": "red",
    "maxColor": "purple",
}
_UNCHOSEN = ("blue", "teal", "orange", "purple", "green", "pink", "brown", "red")
_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


class Swatch(NamedTuple):
    """One of our palette's classes, or a colour that the person chose freely in Outlook; the other is empty."""

    css: str
    fill: str


def swatch(calendar: Calendar) -> Swatch:
    """
    The colour to show this calendar in.

    A colour that nobody chose is given by the row's number: it stays the same, and neighbours differ.
    """
    name = _PALETTE.get(calendar.color)
    if name is None and _HEX.match(calendar.hex_color):
        return Swatch("", calendar.hex_color.lower())
    return Swatch(f"cal-{name or _UNCHOSEN[(calendar.pk or 0) % len(_UNCHOSEN)]}", "")
