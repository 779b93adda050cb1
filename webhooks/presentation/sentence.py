"""One sentence or two about a connection that support staff can paste into a reply to its person."""

from datetime import UTC, datetime

from django.conf import settings
from django.utils.dateformat import format as format_date

from connections.models import Status
from connections.reasons import words_for
from webhooks.presentation.dates import BROKEN, LATE, WELL, Line, worst
from webhooks.services.looking import Seen


def sentence(seen: Seen, judged: list[Line]) -> str:
    """How it stands, since when, and what to do; moments in UTC, since it is read elsewhere."""
    mailbox = seen.connection.address or "Your mailbox"
    if seen.is_active:
        return f"{mailbox} is connected. {_freshness(seen, judged)}"
    words = words_for(seen.connection.status, seen.connection.reason)
    since = f"since {said(seen.connection.status_since)}"
    verb = {
        Status.PAUSED: f"has been paused {since}.",
        Status.DISCONNECTED: f"has been disconnected {since}.",
    }.get(seen.status, f"could not be read {since}.")
    return f"{mailbox} {verb} {words.sentence} {words.next_step}".strip()


def _freshness(seen: Seen, judged: list[Line]) -> str:
    followed = seen.followed
    if not followed:
        return "None of its calendars is shown in Almanac: choose some on the connection's page."
    read = [calendar.synced_at for calendar in followed if calendar.synced_at is not None]
    if len(read) < len(followed):
        return "We are reading it for the first time."
    last = f"Almanac last read it on {said(min(read))}"
    tones = {line.label: line.judged.tone for line in judged}
    if tones["Last round"] in {BROKEN, LATE}:
        return f"{last}, which is longer ago than it should be. We try again by ourselves."
    if tones["Subscription"] in {BROKEN, LATE}:
        minutes = int(settings.POLL_AFTER.total_seconds() // 60)
        return f"{last}. Changes may take up to {minutes} minutes to arrive until Microsoft calls us again."
    if worst(judged) != WELL:
        return f"{last}. Something else about it is late; we try again by ourselves."
    return f"{last}, and everything is as it should be."


def said(moment: datetime) -> str:
    """Such as "27 November 2026, 19:20 UTC"."""
    return format_date(moment.astimezone(UTC), r"j F Y, H:i \U\T\C")
