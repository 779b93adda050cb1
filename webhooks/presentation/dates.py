"""
The dates of a connection in the order of the flow, each held against what it should be.

The one table of what is well, late or broken: `RULES`. Support staff see states, not guesses: what nobody can judge is
grey, and says why.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings

from calendars.models import Calendar
from connections.models import FAILED, Status
from connections.reasons import explain
from webhooks.models import SubscriptionState
from webhooks.services.looking import Seen


class Tone(NamedTuple):
    """A colour that is never the only sign: icon and word say the same."""

    name: str
    icon: str
    word: str


WELL: Final = Tone("well", "circle-check", "Well")
LATE: Final = Tone("waits", "clock", "Late")
BROKEN: Final = Tone("broken", "alert-circle", "Broken")
# Nothing to judge: paused, not wanted, or not known.
STILL: Final = Tone("unknown", "circle-dashed", "Not judged")


class Judged(NamedTuple):
    """What a rule says: the moment (None: there is none), how it looks, and what it should be or means."""

    moment: datetime | None
    tone: Tone
    words: str
    # Ids and codes of Microsoft's that belong to it, for a ticket there.
    request_id: str = ""
    code: str = ""


class Line(NamedTuple):
    """One date on the page."""

    label: str
    judged: Judged


# Microsoft's access tokens last an hour or a little longer, and whoever reads needs a new one then.
TOKEN_USUAL: Final = timedelta(hours=24)
# A mailbox that was just connected is listened to, and read, within moments.
AT_FIRST: Final = timedelta(minutes=10)
# The full reconciliation comes by every three hours.
RENEWAL_LATE: Final = timedelta(hours=4)
QUIET: Final = timedelta(days=7)
BROKEN_AFTER: Final = timedelta(hours=24)


def lines(seen: Seen, now: datetime) -> list[Line]:
    """Every date, in the order of the flow."""
    return [Line(label, rule(seen, now)) for label, rule in RULES]


def worst(judged: list[Line]) -> Tone:
    """The gravest of them; well when nothing is wrong."""
    order = (BROKEN, LATE)
    return next((tone for tone in order if any(line.judged.tone == tone for line in judged)), WELL)


def _connected(seen: Seen, now: datetime) -> Judged:  # noqa: ARG001 - one shape for all
    connection = seen.connection
    if seen.is_active:
        return Judged(connection.connected_at, WELL, "The last time the person signed in at Microsoft for it.")
    if seen.status in FAILED:
        return Judged(connection.connected_at, BROKEN, "Since then Microsoft has taken the access away.")
    return Judged(connection.connected_at, STILL, "Somebody decided that it is not used now.")


def _token(seen: Seen, now: datetime) -> Judged:
    moment = seen.refreshed_at
    if seen.status == Status.DISCONNECTED:
        if moment is None:
            return Judged(None, WELL, "The tokens are forgotten, as they should be.")
        return Judged(moment, LATE, "Disconnected, and the tokens are still here. Beat forgets them within the hour.")
    if moment is None:
        return Judged(None, BROKEN, "There are no tokens. Only a new sign-in helps.")
    return _token_of_age(seen, moment, now)


def _token_of_age(seen: Seen, moment: datetime, now: datetime) -> Judged:
    age, idle = now - moment, settings.TOKEN_IDLE_AFTER
    if age >= idle:
        return Judged(moment, BROKEN, f"Microsoft drops access that was not used for {idle.days} days.")
    if seen.is_active and age > TOKEN_USUAL:
        return Judged(moment, LATE, "A connection that is read gets a new token every hour or so.")
    if not seen.is_active:
        left = (moment + idle - now).days
        return Judged(moment, LATE if left < 30 else STILL, f"Unused, it lasts {_days(left)} more at Microsoft.")
    return Judged(moment, WELL, "Renewed every hour or so while we read.")


def _subscription(seen: Seen, now: datetime) -> Judged:
    row = seen.subscription
    if not seen.notifies:
        if row is None or row.state != SubscriptionState.ACTIVE or seen.elsewhere:
            why = "nothing of this mailbox is followed here" if seen.is_active else "the mailbox is not read now"
            return Judged(None, STILL, f"None is needed: {why}.")
        return Judged(row.expires_at, STILL, "Nobody needs it any more. It is dropped, or ends by itself.")
    if row is None:
        is_new = now - seen.connection.connected_at < AT_FIRST
        return Judged(None, LATE if is_new else BROKEN, "There is none yet. We ask Microsoft for one within a minute.")
    state = SubscriptionState(row.state).label
    if row.state == SubscriptionState.ACTIVE and row.expires_at is not None and row.expires_at > now:
        return Judged(row.expires_at, WELL, f"{state}. That is when it ends unless we renew it.")
    ended = row.expires_at if row.expires_at is not None and row.expires_at <= now else None
    is_new = row.failures == 0 and now - seen.connection.connected_at < AT_FIRST
    words = f"{state}. {explain(row.last_error)}".strip()
    if row.retry_at is not None and row.retry_at > now:
        words = f"{words} We ask again after a pause, and read every {_minutes(settings.POLL_AFTER)} meanwhile."
    return Judged(ended, LATE if is_new else BROKEN, words, code=row.last_error)


def _notified(seen: Seen, now: datetime) -> Judged:
    moment = seen.subscription.notified_at if seen.subscription else None
    if not seen.notifies:
        return Judged(moment, STILL, "No calls are expected.")
    if moment is None:
        return Judged(None, STILL, "Microsoft has not called yet. A mailbox in which nothing changes sends nothing.")
    if now - moment > QUIET:
        return Judged(moment, STILL, "Nothing has changed since, or calls get lost. Reading does not depend on them.")
    return Judged(moment, WELL, "Microsoft called because something changed.")


def _round(seen: Seen, now: datetime) -> Judged:
    followed = seen.followed
    read = [calendar.synced_at for calendar in followed if calendar.synced_at is not None]
    oldest = min(read, default=None)
    if not seen.is_active:
        return Judged(oldest, STILL, "Reading has stopped. What we hold is true as of then.")
    if not followed:
        return Judged(None, STILL, "No calendar of this mailbox is followed.")
    failing = next((calendar for calendar in followed if calendar.last_error and calendar.failures), None)
    late = 2 * settings.POLL_AFTER
    if len(read) < len(followed):
        first = min(calendar.followed_at for calendar in followed if calendar.followed_at)
        tone = LATE if now - first < AT_FIRST else BROKEN
        return Judged(None, tone, _failing_words(failing) or "A first round has not ended yet.", code=_code(failing))
    assert oldest is not None  # noqa: S101 - every followed calendar was read
    if now - oldest > BROKEN_AFTER:
        return Judged(oldest, BROKEN, _failing_words(failing) or "Nothing was read for a day.", code=_code(failing))
    if failing is not None or now - oldest > late:
        words = _failing_words(failing) or f"It should be read at least every {_minutes(late)}."
        return Judged(oldest, LATE, words, code=_code(failing))
    return Judged(oldest, WELL, "The oldest of its calendars. What we hold is true as of then.")


def _renewal(seen: Seen, now: datetime) -> Judged:
    row = seen.subscription
    if row is None or row.renew_at is None or row.state != SubscriptionState.ACTIVE or not seen.notifies:
        return Judged(None, STILL, "There is nothing to renew.")
    if row.renew_at > now:
        return Judged(row.renew_at, WELL, "At half of what Microsoft granted.")
    tone = LATE if now - row.renew_at < RENEWAL_LATE else BROKEN
    return Judged(row.renew_at, tone, "It is due. Beat comes by every three hours.", code=row.last_error)


def _failure(seen: Seen, now: datetime) -> Judged:  # noqa: ARG001 - one shape for all
    connection = seen.connection
    if connection.failed_at is None:
        return Judged(None, WELL, "None.")
    words = explain(connection.failed_code) or "What it was is not kept."
    answered = connection.succeeded_at is not None and connection.succeeded_at > connection.failed_at
    if seen.status in FAILED:
        tone = BROKEN
    elif answered or not seen.is_active:
        tone, words = STILL, f"{words} Microsoft has answered since." if answered else words
    else:
        tone = LATE
    return Judged(connection.failed_at, tone, words, connection.failed_request_id, connection.failed_code)


Rule = Callable[[Seen, datetime], Judged]
RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ("Connected", _connected),
    ("Token last refreshed", _token),
    ("Subscription", _subscription),
    ("Last notification", _notified),
    ("Last round", _round),
    ("Next renewal", _renewal),
    ("Last error", _failure),
)


def _code(calendar: Calendar | None) -> str:
    return calendar.last_error if calendar is not None else ""


def _failing_words(calendar: Calendar | None) -> str:
    if calendar is None:
        return ""
    times = "once" if calendar.failures == 1 else f"{calendar.failures} times in a row"
    return f"Calendar {calendar.pk} failed {times}. {explain(calendar.last_error)}".strip()


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _minutes(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 60)} minutes"
