"""
What Graph sends, understood item by item: the only place that knows Microsoft's field names.

`shapes` is what comes in, `rows` what comes out, `reading` the way between, `text` what may be stored.
"""

from calendars.payloads.reading import BODY_LENGTH, read_calendars, read_item, read_items, read_page, read_values
from calendars.payloads.rows import Bare, EventRow, Item, ListedCalendar, Page, Removed, Skipped, fill
from calendars.payloads.text import Unreadable

__all__ = [
    "BODY_LENGTH",
    "Bare",
    "EventRow",
    "Item",
    "ListedCalendar",
    "Page",
    "Removed",
    "Skipped",
    "Unreadable",
    "fill",
    "read_calendars",
    "read_item",
    "read_items",
    "read_page",
    "read_values",
]
