"""Tables as CSV, for programs that take a cell for a formula when it looks like one."""

import csv
import io
from collections.abc import Sequence
from typing import Final

# OWASP's list: what a spreadsheet may run begins with one of these.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def line(cells: Sequence[object]) -> bytes:
    """One row of a table, with its line end, and nothing in it that a spreadsheet would calculate."""
    text = io.StringIO()
    csv.writer(text).writerow([harmless(value) for value in cells])
    return text.getvalue().encode("utf-8", "replace")


def harmless(value: object) -> str:
    """A cell's text, with an apostrophe in front of what would be a formula."""
    text = "" if value is None else str(value).replace("\x00", "")
    return f"'{text}" if text.startswith(_FORMULAS) else text
