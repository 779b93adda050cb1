"""
The calls to Microsoft that this app makes, as values of ours.

All of them raise `connections.graph.GraphError` and its kinds, and `payloads.Unreadable` for an answer that is not
what Graph documents as a whole; single odd items never raise. None may be made inside a scope.
"""

from datetime import UTC, datetime
from urllib.parse import quote

from calendars import payloads
from connections.graph import BadRequest, GraphClient, GraphError, NotFound

# A tenth of it costs five times as much, and more wins little and holds more memory.
PAGE_SIZE = 200
# Plain lists are documented to take their size from here, and have been seen to send ten items otherwise.
_TOP = {"$top": str(PAGE_SIZE)}
_MALFORMED_ID = "errorinvalididmalformed"


def list_calendars(client: GraphClient) -> list[payloads.ListedCalendar]:
    """All calendars of the mailbox, those that others share with it included."""
    values = []
    for page in client.pages("/me/calendars", params=_TOP):
        values.extend(payloads.read_values(page))
    return payloads.read_calendars(values)


def first_page(client: GraphClient, calendar_id: str, *, start: datetime, end: datetime) -> payloads.Page:
    """
    Begin a full round over the window [start, end): everything that is there now.

    Raises:
        NotFound: the calendar is gone, or cannot be seen.
    """
    window = {"startDateTime": _moment(start), "endDateTime": _moment(end)}
    return payloads.read_page(client.get(_delta_path(calendar_id), params=window, page_size=PAGE_SIZE))


def next_page(client: GraphClient, calendar_id: str, link: str) -> payloads.Page:
    """
    Go on where a page or a round ended. The link holds the window.

    Raises:
        Gone: Microsoft has forgotten the link; begin a full round.
        NotFound: the calendar is gone, or cannot be seen.
    """
    return payloads.read_page(client.get_link(link, path=_delta_path(calendar_id), page_size=PAGE_SIZE))


def event(client: GraphClient, graph_id: str) -> payloads.Item | None:
    """One event of any calendar of the mailbox, such as a master; None if it is gone."""
    try:
        return payloads.read_item(client.get(f"/me/events/{_quoted(graph_id)}"))
    except (NotFound, BadRequest) as error:
        if says_gone(error):
            return None
        raise


def instances(client: GraphClient, master_id: str, *, start: datetime, end: datetime) -> list[payloads.Item] | None:
    """Every instance of one series that overlaps the window, as it is now; None if the series is gone."""
    params = _TOP | {"startDateTime": _moment(start), "endDateTime": _moment(end)}
    values = []
    try:
        for page in client.pages(f"/me/events/{_quoted(master_id)}/instances", params=params):
            values.extend(payloads.read_values(page))
    except (NotFound, BadRequest) as error:
        if says_gone(error):
            return None
        raise
    return payloads.read_items(values)


def says_gone(error: GraphError) -> bool:
    """Whether what was asked for may be gone: Microsoft also calls an id malformed that was good once."""
    return isinstance(error, NotFound) or (isinstance(error, BadRequest) and error.code.lower() == _MALFORMED_ID)


def _delta_path(calendar_id: str) -> str:
    return f"/me/calendars/{_quoted(calendar_id)}/calendarView/delta"


def _quoted(graph_id: str) -> str:
    return quote(graph_id, safe="")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
