"""What happened to a connection, newest first: who did what, when Microsoft called, when rounds were read."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from calendars.models import Calendar
from connections.reasons import explain
from tenants.acts import SENTENCES, Act
from tenants.models import ActorKind, AuditEntry
from webhooks.models import Delivery
from webhooks.services.looking import Seen

# Calls that are named one by one; the others are one line for each day.
SINGLE_CALLS: Final = 10
MOST: Final = 80


class Happening(NamedTuple):
    """One line of the timeline."""

    at: datetime
    icon: str
    tone: str
    words: str
    # Who did it, or a further word about it.
    who: str = ""
    # What support gave as a reason.
    reason: str = ""


_WORDS: Final = {
    "marked": "changes",
    "missed": "lost calls",
    "removed": "end of the subscription",
    "reauthorize": "wish to renew",
    "unfollowed": "changes in calendars that are not followed",
}


def timeline(seen: Seen) -> list[Happening]:
    """At most `MOST` of them."""
    found = [*_entries(seen.entries), *_moments(seen), *_rounds(seen.followed), *_calls(seen.deliveries)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST]


def _entries(entries: list[AuditEntry]) -> Iterator[Happening]:
    for entry in entries:
        words = SENTENCES[Act(entry.act)] if entry.act in set(Act) else entry.act
        is_support = entry.actor_kind == ActorKind.SUPPORT
        who = entry.actor_label or ActorKind(entry.actor_kind).label
        icon = "lifebuoy" if is_support else "activity"
        reason = str(entry.details.get("reason", "")) if is_support else ""
        yield Happening(entry.at, icon, "unknown", f"{'Support' if is_support else 'Somebody'} {words}", who, reason)


def _moments(seen: Seen) -> Iterator[Happening]:
    connection, row = seen.connection, seen.subscription
    yield Happening(connection.connected_at, "plug-connected", "well", "Signed in at Microsoft")
    if connection.status_since != connection.connected_at:
        yield Happening(connection.status_since, "circle-dot", "unknown", f"Became “{seen.status.label}”")
    if connection.failed_at is not None:
        words = explain(connection.failed_code) or "Microsoft refused something"
        yield Happening(connection.failed_at, "alert-circle", "broken", words, connection.failed_code)
    if row is not None:
        yield Happening(row.created_at, "bell", "unknown", "Began to listen to the mailbox")
        if row.renewed_at is not None:
            yield Happening(row.renewed_at, "bell", "well", "Microsoft confirmed the subscription")


def _rounds(calendars: list[Calendar]) -> Iterator[Happening]:
    for calendar in calendars:
        if calendar.synced_at is not None:
            yield Happening(calendar.synced_at, "refresh", "well", f"Read calendar {calendar.pk} to its end")
        begun = calendar.round_started_at
        if begun is not None and (calendar.synced_at is None or begun > calendar.synced_at):
            kind = "full round" if calendar.round_is_full else "round"
            yield Happening(begun, "refresh", "waits", f"Began a {kind} of calendar {calendar.pk}")


def _calls(deliveries: list[Delivery]) -> Iterator[Happening]:
    """The newest calls by themselves, the older ones by day; `deliveries` come newest first."""
    newest = iter(deliveries)
    for delivery in islice(newest, SINGLE_CALLS):
        yield Happening(delivery.received_at, "bolt", "well", f"Microsoft called: {_counts(delivery)}")
    days: dict[object, list[Delivery]] = {}
    for delivery in newest:
        days.setdefault(delivery.received_at.date(), []).append(delivery)
    for calls in days.values():
        items = sum(call.items for call in calls)
        words = f"Microsoft called {len(calls)} times more that day, about {items} changes"
        yield Happening(calls[0].received_at, "bolt", "well", words if len(calls) > 1 else "Microsoft called once more")


def _counts(delivery: Delivery) -> str:
    """Such as "changes (3), lost calls (1)"."""
    named = [f"{_WORDS.get(outcome, outcome)} ({count})" for outcome, count in sorted(delivery.outcomes.items())]
    return ", ".join(named) or "nothing"
