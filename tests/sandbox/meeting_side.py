"""What tests of meetings share: inviting somebody, and finding the copy of a meeting in a mailbox."""

from typing import Any

from tests.sandbox.graph_side import JSON, NOON, Graph, timed

NEVER = "0001-01-01T00:00:00Z"
DECEMBER = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"


def asked(address: str, **more: Any) -> JSON:
    """An attendee as a client writes one."""
    return {"type": "required", "emailAddress": {"address": address, "name": address.split("@", maxsplit=1)[0]}, **more}


def times(start: str, end: str, zone: str = "UTC") -> JSON:
    """Another time for an event."""
    return {name: {"dateTime": text, "timeZone": zone} for name, text in (("start", start), ("end", end))}


def meeting(*addresses: str, subject: str = "Lunch", **more: Any) -> JSON:
    return timed(subject, *NOON, attendees=[asked(address) for address in addresses], **more)


def every_tuesday(*addresses: str, **more: Any) -> JSON:
    rule = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"]},
        "range": {"type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 4},
    }
    return meeting(*addresses, recurrence=rule, **more)


def copies(graph: Graph, event: JSON) -> list[JSON]:
    """What a mailbox has in its default calendar of a meeting that somebody else may have made."""
    return [each for each in graph.all("/me/events?$top=100") if each["iCalUId"] == event["iCalUId"]]


def copy_of(graph: Graph, event: JSON) -> JSON:
    (found,) = copies(graph, event)
    return found


def in_december(graph: Graph, master: JSON) -> dict[str, JSON]:
    """The occurrences of a series by their day, as one mailbox sees them."""
    shown = graph.all(f"/me/events/{master['id']}/instances?{DECEMBER}&$top=100")
    return {each["occurrenceId"][-10:]: each for each in shown}


def answers(event: JSON) -> dict[str, str]:
    """Who has answered what, after the list of attendees."""
    return {each["emailAddress"]["address"]: each["status"]["response"] for each in event["attendees"]}
