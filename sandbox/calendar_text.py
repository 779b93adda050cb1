"""An event as calendars exchange it: iCalendar (RFC 5545)."""

from datetime import datetime
from typing import Any

from sandbox.bodies import text_of

_LONGEST_LINE = 75


def as_calendar(shown: dict[str, Any]) -> bytes:
    """The event, shown in UTC or another zone, as a calendar with nothing else in it."""
    lines = [
        "BEGIN:VCALENDAR",
        "METHOD:PUBLISH",
        "PRODID:Microsoft Exchange Server 2010",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        f"UID:{shown['uid']}",
        f"DTSTAMP:{_stamp(shown['lastModifiedDateTime'])}Z",
        _time("DTSTART", shown["start"], all_day=shown["isAllDay"]),
        _time("DTEND", shown["end"], all_day=shown["isAllDay"]),
        f"SUMMARY:{_escaped(shown['subject'])}",
        f"LOCATION:{_escaped(shown['location']['displayName'])}",
        f"DESCRIPTION:{_escaped(text_of(shown['body']['content']))}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _time(name: str, time: dict[str, str], *, all_day: bool) -> str:
    stamp = _stamp(time["dateTime"])
    if all_day:
        return f"{name};VALUE=DATE:{stamp[:8]}"
    return f"{name}:{stamp}Z" if time["timeZone"] == "UTC" else f'{name};TZID="{time["timeZone"]}":{stamp}'


def _stamp(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y%m%dT%H%M%S}"


def _escaped(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        text = text.replace(plain, escaped)
    return text


def _folded(line: str) -> str:
    """Long lines go on below, after a blank; a character is never cut in two."""
    parts, current = [], ""
    for letter in line:
        if len((current + letter).encode()) > _LONGEST_LINE:
            parts.append(current)
            current = " "
        current += letter
    return "\r\n".join([*parts, current])
