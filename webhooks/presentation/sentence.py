"""One sentence or two about a connection that support staff can paste into a reply to its person."""

from datetime import UTC, datetime

from django.utils.dateformat import format as format_date

from connections.models import FAILED, Status
from connections.reasons import words_for
from webhooks.presentation.dates import BROKEN, LATE, Line, worst
from webhooks.services.looking import Seen


def sentence(seen: Seen, judged: list[Line]) -> str:
    """How it stands, since when, and what to do; moments in UTC, since it is read elsewhere."""
    mailbox = seen.connection.address or "Your mailbox"
    if seen.is_active:
        return f"{mailbox} is connected. {_freshness(seen, judged)}"
    words = words_for(seen.connection.status, seen.connection.reason)
    since = f"since {said(seen.connection.status_since)}"
    verb = {
        Status.PAUSED: f"is paused {since}.",
        Status.DISCONNECTED: f"is disconnected {since}.",
    }.get(seen.status, f"could not be read {since}." if seen.status in FAILED else f"is not read {since}.")
    return f"{mailbox} {verb} {words.sentence} {words.next_step}".strip()


def _freshness(seen: Seen, judged: list[Line]) -> str:
    followed = seen.followed
    if not followed:
        return "None of its calendars is shown in Almanac: choose some on the connection's page."
    read = [calendar.synced_at for calendar in followed if calendar.synced_at is not None]
    if len(read) < len(followed):
        return "We are reading it for the first time."
    last = f"Almanac last read it {said(min(read))}"
    tone = worst(judged)
    if tone == BROKEN:
        return f"{last}, which is longer ago than it should be, or something else about it is wrong. We look into it."
    if tone == LATE:
        return f"{last}. Something about it is late; we try again by ourselves."
    return f"{last}, and everything is as it should be."


def said(moment: datetime) -> str:
    """Such as "on 27 November 2026 at 19:20 UTC"."""
    return format_date(moment.astimezone(UTC), r"\o\n j F Y \a\t H:i \U\T\C")
