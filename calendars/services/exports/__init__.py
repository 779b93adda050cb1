"""
Exports: everything about one person, or how an organization stands, as a file that only who asked for it can fetch.

`asking` is what pages do, `making` what a task does; `person` and `organization` say what is in the file, `ics` and
`rows` (with `tenants.sheets`) in which form, and `parts` keeps it sealed.
"""

from calendars.services.exports.asking import ExportUnderWay, NotAllowed, TooManyExports, ask, fetch, newest
from calendars.services.exports.making import KEPT, forget_expired, make
from calendars.services.exports.parts import ExportLost, read

__all__ = [
    "KEPT",
    "ExportLost",
    "ExportUnderWay",
    "NotAllowed",
    "TooManyExports",
    "ask",
    "fetch",
    "forget_expired",
    "make",
    "newest",
    "read",
]
