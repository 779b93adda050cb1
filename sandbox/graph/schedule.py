"""`getSchedule`: when people and rooms are taken, and as much of why as the caller may see."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response

from sandbox import freebusy, sharing
from sandbox.drafts import read_wish
from sandbox.freebusy import OPEN, TOO_MANY, Entry, Timeline, Unknown, reach
from sandbox.graph.call import READ, Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.routing import container
from sandbox.members import folded, integer, texts
from sandbox.refusals import Refusal, access_denied
from sandbox.settings import shown_hours
from sandbox.world import Mailbox
from sandbox.zones import Moment, shown_wall

MOST_SCHEDULES = 20
MOST_ENTRIES = 1000
LONGEST = timedelta(days=62)
# Exchange knows no dates beyond these years.
EARLIEST, LATEST = 1602, 4499
_KNOWN = ("schedules", "startTime", "endTime", "availabilityViewInterval", "dateTime", "timeZone")
_NAMES = {name.lower(): name for name in _KNOWN}


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is asked about. `zone` is the one in which it was asked: all-day events begin at its midnight."""

    start: datetime
    end: datetime
    zone: str
    interval: timedelta


@container.route("POST", "getSchedule")
def get_schedule(call: Call) -> Response:
    call.need(READ)
    if call.person.is_personal:
        raise access_denied()
    # It does not matter which calendar is named, but there must be one.
    _ = call.calendar
    sent = folded(call.body(), _NAMES)
    schedules = _schedules(sent)
    window = _window(sent)
    return answer(
        {
            "@odata.context": context("Collection(microsoft.graph.scheduleInformation)"),
            "value": [_information(call, address, window) for address in schedules],
        }
    )


def _schedules(sent: dict[str, Any]) -> list[str]:
    wanted = texts(sent.get("schedules"))
    if not wanted:
        raise Refusal(400, "ErrorMailboxDataArrayEmpty", "At least one schedule must be asked for.")
    if len(wanted) > MOST_SCHEDULES:
        raise Refusal(
            400,
            "ErrorMailboxDataArrayTooBig",
            f"At most {MOST_SCHEDULES} schedules can be asked for at once; these are {len(wanted)}.",
        )
    return wanted


def _window(sent: dict[str, Any]) -> Window:
    given = sent.get("availabilityViewInterval")
    minutes = 30 if given is None else integer(given)
    if not 5 <= minutes <= 1440:
        raise Refusal(
            400, "ErrorInvalidMergedFreeBusyInterval", "The interval of a view must be between 5 and 1440 minutes."
        )
    begins = _time(sent, "startTime")
    start, end = begins.utc(), _time(sent, "endTime").utc()
    require_window(start, end)
    return Window(start, end, begins.zone, timedelta(minutes=minutes))


def _time(sent: dict[str, Any], name: str) -> Moment:
    if sent.get(name) is None:
        raise invalid_window()
    return read_wish(sent[name])


def require_window(start: datetime, end: datetime) -> None:
    """
    Raises:
        Refusal: the time ends before it begins, or is longer than free/busy can be asked for.
    """
    if end <= start or start.year < EARLIEST or end.year > LATEST:
        raise invalid_window()
    if end - start > LONGEST:
        raise Refusal(
            400, "ErrorTimeIntervalTooBig", f"Free/busy can be asked for {LONGEST.days} days at once, and not for more."
        )


def invalid_window() -> Refusal:
    return Refusal(
        400, "ErrorInvalidTimeInterval", "The time that is asked for is invalid: it must end after its start."
    )


def _information(call: Call, address: str, window: Window) -> dict[str, Any]:
    try:
        mailbox = reach(call.sandbox.world, call.person.tenant_id, address)
        line = _line(mailbox, window)
    except Unknown as unknown:
        # Members that nothing is known of stay out: some clients stumble over null.
        return {"scheduleId": address, "error": {"message": unknown.message, "responseCode": unknown.code}}
    return {
        "scheduleId": address,
        "availabilityView": line.view(window.start, window.end, window.interval),
        "scheduleItems": _items(call, mailbox, line),
        "workingHours": shown_hours(mailbox.settings),
    }


def _line(mailbox: Mailbox, window: Window) -> Timeline:
    line = freebusy.timeline(mailbox, window.start, window.end, zone=window.zone)
    count = len(line.entries)
    if count > MOST_ENTRIES:
        raise Unknown(TOO_MANY, f"There are too many entries: {MOST_ENTRIES} are allowed, and {count} were found.")
    return line


def _items(call: Call, mailbox: Mailbox, line: Timeline) -> list[dict[str, Any]]:
    details, zone = sees_details(call, mailbox), call.prefer.form.zone
    return [_item(entry, zone, details=details) for entry in line.entries]


def _item(entry: Entry, zone: str, *, details: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if details:
        shown["isPrivate"] = entry.sensitivity == "private"
    shown["status"] = entry.status
    if details and entry.sensitivity in OPEN:
        shown |= {"subject": entry.subject, "location": entry.location}
    return shown | {"start": shown_wall(entry.start, zone), "end": shown_wall(entry.end, zone)}


def sees_details(call: Call, mailbox: Mailbox) -> bool:
    """Whether it is shown what events are called: to the owner, to applications, to whom the calendar is shared."""
    caller = call.access.person
    if caller is None or caller.oid == mailbox.person.oid:
        return True
    return sharing.role_of(mailbox, mailbox.default_calendar, caller).reads
