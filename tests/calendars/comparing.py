"""What of an event must be the same here and at Microsoft, read from either side without our own code."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from calendars.models import Event


class Facts(NamedTuple):
    """What a person sees of an event, and how it belongs together."""

    subject: str
    start: datetime | date
    end: datetime | date
    is_all_day: bool
    is_cancelled: bool
    show_as: str
    kind: str
    series: str


KINDS = {"singleInstance": "single", "occurrence": "occurrence", "exception": "exception", "seriesMaster": "master"}


def facts_of_row(row: Event) -> Facts:
    start, end = (row.start_date, row.end_date) if row.is_all_day else (row.starts_at, row.ends_at)
    assert start is not None
    assert end is not None
    return Facts(row.subject, start, end, row.is_all_day, row.is_cancelled, row.show_as, row.kind, row.series_id)


def facts_of_truth(event: dict[str, Any]) -> Facts:
    start, end = (_moment(event[name]["dateTime"], is_date=event["isAllDay"]) for name in ("start", "end"))
    return Facts(
        event["subject"],
        start,
        end,
        event["isAllDay"],
        event["isCancelled"],
        event["showAs"],
        KINDS[event["type"]],
        event["seriesMasterId"] or "",
    )


def _moment(text: str, *, is_date: bool) -> datetime | date:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return moment.date() if is_date else moment
