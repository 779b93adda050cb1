"""
Taking Graph's calls in: each item is judged by itself, what is genuine leaves marks, what is forged leaves a count.

A notification is a hint. It says that something changed in a mailbox, and delta tells what: so an item's contents
matter to nobody here, and any number of items about one mailbox are one mark.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

import structlog
from django.utils.crypto import constant_time_compare

from tenants.crypto import digest
from tenants.scoping import organization_scope
from webhooks import doors, payloads
from webhooks.doors import Known, Speaker
from webhooks.models import Delivery
from webhooks.payloads import Item
from webhooks.services.marking import Sync, mark

log = structlog.get_logger(__name__)

REMOVED: Final = "subscriptionRemoved"
REAUTHORIZE: Final = "reauthorizationRequired"
# What became of an item, in a delivery's counts. A lifecycle event that we do not know yet is a change like others.
OUTCOMES: Final[Mapping[str | None, str]] = {REMOVED: "removed", REAUTHORIZE: "reauthorize", "missed": "missed"}

NOBODYS_DIGEST: Final = "0" * 64
# Graph may ask for a new authorization every few minutes; one renewal answers them all.
RENEWED_LATELY: Final = timedelta(minutes=10)
# When Graph last called is kept to the minute, not at every call.
NOTED_LATELY: Final = timedelta(minutes=1)


class Receipt(NamedTuple):
    """What the door has to queue: rounds of marked calendars, and subscriptions (by row id) to be settled."""

    syncs: list[Sync]
    subscriptions: list[int]


def receive(*, body: bytes, now: datetime) -> Receipt:
    """
    Take one POST of Graph's in. When this returns, everything genuine in it is stored; doing it twice is harmless.

    Opens its own scopes: one to recognise subscriptions, then one for each organization that is told.

    Raises:
        payloads.Unreadable, payloads.TooMuch: nothing in the body can be judged, and nothing was stored.
        django.db.Error: not everything could be stored; Graph should send it again.
    """
    items = payloads.read_items(body)
    named = {item.subscription_id.lower() for item in items if item is not None}
    known = doors.recognise(sorted(named)) if named else {}
    genuine, forged = judge(items, known)
    if forged:
        log.warning("forged_notifications", items=len(items), forged=forged)
    syncs = _tell(genuine, known, now)
    subscriptions = _note(genuine, known, now)
    return Receipt(syncs, subscriptions)


def judge(items: Iterable[Item | None], known: Mapping[str, Known]) -> tuple[dict[str, list[Item]], int]:
    """Genuine items by the id of their subscription, and how many others there were."""
    genuine: dict[str, list[Item]] = defaultdict(list)
    forged = 0
    for item in items:
        if item is not None and _is_genuine(item, known.get(item.subscription_id.lower())):
            genuine[item.subscription_id.lower()].append(item)
        else:
            forged += 1
    return genuine, forged


def _is_genuine(item: Item, subscription: Known | None) -> bool:
    # A subscription that we do not have is compared, too, so that how long we take says nothing.
    expected = subscription.client_state_digest if subscription else NOBODYS_DIGEST
    recognised = constant_time_compare(expected, digest(item.client_state))
    return recognised and subscription is not None and item.is_from(subscription.tid)


def _tell(genuine: Mapping[str, list[Item]], known: Mapping[str, Known], now: datetime) -> list[Sync]:
    """Mark and note in every organization that has connected one of these mailboxes; one transaction for each."""
    told: dict[Speaker, Counter[str]] = {}
    for graph_id, items in genuine.items():
        counts = Counter(OUTCOMES.get(item.lifecycle, "marked") for item in items)
        for listener in known[graph_id].listeners:
            told[listener] = told.get(listener, Counter()) + counts
    syncs: list[Sync] = []
    # In order of ids, so that two POSTs about the same calendars never wait for each other.
    for organization_id, listeners in groupby(sorted(told), key=attrgetter("organization_id")):
        with organization_scope(organization_id):
            syncs += _tell_organization(organization_id, {listener: told[listener] for listener in listeners}, now)
    return syncs


def _tell_organization(organization_id: int, told: Mapping[Speaker, Counter[str]], now: datetime) -> list[Sync]:
    marked = mark(told, organization_id=organization_id, now=now)
    deliveries = []
    for listener, counts in told.items():
        outcomes = dict(counts)
        if not marked[listener] and "marked" in outcomes:
            outcomes["unfollowed"] = outcomes.pop("marked")
        deliveries.append(
            Delivery(
                organization_id=organization_id,
                connection_id=listener.connection_id,
                received_at=now,
                items=counts.total(),
                outcomes=outcomes,
            )
        )
    Delivery.objects.bulk_create(deliveries)
    return [sync for syncs in marked.values() for sync in syncs]


def _note(genuine: Mapping[str, list[Item]], known: Mapping[str, Known], now: datetime) -> list[int]:
    """Keep what the items say about their subscriptions, and return the rows that somebody must see to."""
    notified, removed, to_renew = [], [], []
    for graph_id, items in genuine.items():
        events = {item.lifecycle for item in items}
        if REMOVED in events:
            removed.append(graph_id)
        elif REAUTHORIZE in events and _is_past(known[graph_id].renewed_at, now - RENEWED_LATELY):
            to_renew.append(graph_id)
        if _is_past(known[graph_id].notified_at, now - NOTED_LATELY):
            notified.append(graph_id)
    if notified or removed or to_renew:
        doors.note_call(notified=notified, removed=removed, to_renew=to_renew, now=now)
    return [known[graph_id].subscription_id for graph_id in removed + to_renew]


def _is_past(moment: datetime | None, limit: datetime) -> bool:
    return moment is None or moment < limit
