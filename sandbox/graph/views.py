"""`calendarView`: everything that happens in a window, series expanded."""

from datetime import datetime, timedelta

from flask import Response

from sandbox import series
from sandbox.graph import query, related
from sandbox.graph.call import READ, Call
from sandbox.graph.listing import listing
from sandbox.graph.routing import container
from sandbox.refusals import invalid_request

LONGEST_WINDOW = timedelta(days=1825)
# Views show them only where nothing is selected.
NOT_SELECTABLE = frozenset({"createddatetime", "lastmodifieddatetime"})


@container.route("GET", "calendarView")
def calendar_view(call: Call) -> Response:
    call.need(READ)
    start, end = query.window()
    refuse_too_long(start, end)
    instances = series.expanded(call.mailbox.in_calendar(call.calendar), start, end)
    return listing(call, instances, "calendarView", related.instances(call, hidden=NOT_SELECTABLE))


def refuse_too_long(start: datetime, end: datetime) -> None:
    """
    Raises:
        Refusal: no view reaches that far.
    """
    if end - start > LONGEST_WINDOW:
        raise invalid_request(
            "The range between the start and end dates is greater than the allowed range. "
            f"Maximum number of days: {LONGEST_WINDOW.days}"
        )
