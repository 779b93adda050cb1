"""
What an organization has decided to keep of events, where rows are made.

It is read inside the transaction that writes, after the calendar's row was locked, by a statement of its own. Whoever
tightens a policy commits it, and then locks each calendar to clean it. So a writer has either the lock first, and its
rows are cleaned, or it comes later and reads the new policy. (A join to the locking statement would not do: after a
wait PostgreSQL reads the locked row anew, and the joined one as it was before.)
"""

from typing import NamedTuple, Self

from calendars.payloads import EventRow
from tenants.models import Detail, Organization

_RANKS = {Detail.BUSY: 0, Detail.DETAILS: 1, Detail.FULL: 2}

# What stays when an organization keeps only whether somebody is busy: an allow-list, for every kind of event.
_BUSY = frozenset(
    {
        "graph_id", "kind", "series_id", "is_all_day", "starts_at", "ends_at", "start_date", "end_date", "show_as",
        "is_cancelled",
    }
)  # fmt: skip
_TEXT = frozenset({"body", "body_type"})
KEPT: dict[Detail, frozenset[str]] = {
    Detail.BUSY: _BUSY,
    Detail.DETAILS: frozenset(EventRow._fields) - _TEXT,
    Detail.FULL: frozenset(EventRow._fields),
}
# What stands in a column that is not kept. The words are those of an event of which nobody has said anything.
BLANKS: dict[str, object] = {
    **{name: "" for name in EventRow._fields if name not in _BUSY},
    "zone": None,
    "attendees": "[]",
    "sensitivity": "normal",
    "is_organizer": False,
    "response": "none",
    "recurrence": None,
}


class Keeping(NamedTuple):
    """How much of an event is kept, and for how many days after it."""

    detail: Detail
    days_back: int

    @classmethod
    def of(cls, organization_id: int) -> Self:
        """As it is decided at this moment. Expects the organization's scope."""
        organization = Organization.objects.of(organization_id).only("detail", "past_days").get()
        return cls(Detail(organization.detail), organization.days_back)


def is_less(detail: str, than: str) -> bool:
    """Whether one of two levels of detail keeps less of an event than the other."""
    return _RANKS[Detail(detail)] < _RANKS[Detail(than)]


def lesser(one: str, other: str) -> Detail:
    return Detail(one) if is_less(one, other) else Detail(other)
