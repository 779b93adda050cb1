"""Subscriptions: who wants to be told, until when, and what they are told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from sandbox.clock import Clock
from sandbox.directory import Person
from sandbox.ids import Kind
from sandbox.push import Parcel, Sender
from sandbox.render import instant
from sandbox.world import Change

LIFECYCLE = {"missed": "missed", "removed": "subscriptionRemoved", "reauthorize": "reauthorizationRequired"}


@dataclass(slots=True)
class Subscription:
    """`kinds` is what it listens to; `immutable` was fixed when it was made."""

    id: str
    app_id: str
    person: Person
    resource: str
    kinds: frozenset[str]
    change_type: str
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: datetime
    immutable: bool
    tls: str = "v1_2"

    def same_wish(self, other: "Subscription") -> bool:
        return (self.app_id, self.person.oid, self.kinds) == (other.app_id, other.person.oid, other.kinds)


@dataclass(slots=True)
class Whims:
    """What the next notifications of a mailbox meet on their way."""

    drop: int = 0
    duplicate: int = 0
    delay: timedelta = timedelta(0)


@dataclass
class Subscriptions:
    clock: Clock
    sender: Sender
    _lock: RLock = field(default_factory=RLock)
    _all: dict[str, Subscription] = field(default_factory=dict)
    _whims: dict[str, Whims] = field(default_factory=dict)

    def alive(self) -> list[Subscription]:
        """Those that have not ended; the others are forgotten without a word, as the service does."""
        now = self.clock.now()
        with self._lock:
            for gone in [one.id for one in self._all.values() if one.expires_at <= now]:
                del self._all[gone]
            return list(self._all.values())

    def find(self, id_: str) -> Subscription | None:
        return next((one for one in self.alive() if one.id == id_.lower()), None)

    def twin_of(self, wish: Subscription) -> Subscription | None:
        """A subscription of the same app for the same changes of the same mailbox."""
        return next((one for one in self.alive() if one.same_wish(wish)), None)

    def add(self, subscription: Subscription) -> None:
        with self._lock:
            self._all[subscription.id] = subscription

    def remove(self, subscription: Subscription) -> None:
        with self._lock:
            self._all.pop(subscription.id, None)

    def of(self, person: Person) -> list[Subscription]:
        return [one for one in self.alive() if one.person.oid == person.oid]

    def whims(self, person: Person) -> Whims:
        with self._lock:
            return self._whims.setdefault(person.oid, Whims())

    def announce(self, change: Change) -> None:
        """Tell everybody who listens to the mailbox. Changes of instances arrive here as their series' change."""
        for subscription in self.of(change.mailbox.person):
            for kind, plain in _as_seen_by(subscription, change):
                if kind in subscription.kinds:
                    self._notify(subscription, _item(subscription, change, kind, plain))

    def lifecycle(self, person: Person, event: str) -> int:
        """Send a lifecycle notification to all who gave an address for them, and say to how many."""
        listening = [one for one in self.of(person) if one.lifecycle_url is not None]
        for subscription in listening:
            self._tell(subscription, event)
        if event == LIFECYCLE["removed"]:
            for subscription in self.of(person):
                self.remove(subscription)
        return len(listening)

    def _tell(self, subscription: Subscription, event: str) -> None:
        item = _head(subscription) | {"lifecycleEvent": event}
        # Told even if it has ended: that is what the news may be.
        self._send(subscription.lifecycle_url or "", [item], only_living=False)

    def _notify(self, subscription: Subscription, item: dict[str, Any]) -> None:
        whims = self.whims(subscription.person)
        with self._lock:
            if whims.drop:
                whims.drop -= 1
                return
            copies = 2 if whims.duplicate else 1
            whims.duplicate -= copies - 1
        for _ in range(copies):
            self._send(subscription.notification_url, [item], only_living=True, delay=whims.delay)

    def _send(
        self,
        url: str,
        items: list[dict[str, Any]],
        *,
        only_living: bool,
        delay: timedelta = timedelta(0),
    ) -> None:
        def still_wanted(item: dict[str, Any]) -> bool:
            return not only_living or self.find(item["subscriptionId"]) is not None

        parcel = Parcel(url, items, self.clock.now() + delay, still_wanted, self._lost)
        self.sender.post(parcel, delay=delay)

    def _lost(self, items: Iterable[dict[str, Any]]) -> None:
        """Given up after four hours: those who gave an address for it learn that they missed something."""
        for id_ in {item["subscriptionId"] for item in items if "lifecycleEvent" not in item}:
            subscription = self.find(id_)
            if subscription is not None and subscription.lifecycle_url is not None:
                self._tell(subscription, LIFECYCLE["missed"])


def _as_seen_by(subscription: Subscription, change: Change) -> list[tuple[str, int]]:
    """A move looks like a new event to those who know plain ids, and like a change to the others."""
    plain = change.event.plain
    if change.plain_before is None or subscription.immutable:
        return [(change.kind, plain)]
    return [("deleted", change.plain_before), ("created", plain)]


def _head(subscription: Subscription) -> dict[str, Any]:
    head = {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": instant(subscription.expires_at),
        "tenantId": subscription.person.tenant_id,
    }
    if subscription.client_state is not None:
        head["clientState"] = subscription.client_state
    return head


def _item(subscription: Subscription, change: Change, kind: str, plain: int) -> dict[str, Any]:
    ids = change.mailbox.ids
    if change.event.raw is not None and "id" in change.event.raw:
        id_ = str(change.event.raw["id"])
    elif subscription.immutable:
        id_ = ids.immutable(change.event.number)
    else:
        id_ = ids.plain(Kind.EVENT, plain)
    path = f"Users/{subscription.person.oid}/Events/{id_}"
    return _head(subscription) | {
        "changeType": kind,
        "resource": path,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": path,
            "@odata.etag": ids.long_etag(change.event.changed),
            "id": id_,
        },
    }
