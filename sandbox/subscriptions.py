"""Subscriptions: who wants to be told of what, and until when."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from sandbox.clock import Clock
from sandbox.directory import Person
from sandbox.rich import Certificate
from sandbox.windows import Limit

# Over all applications, for what lies in mailboxes.
MOST_FOR_A_MAILBOX = 1000
_SPAN = timedelta(seconds=20)
# How often calls are allowed: for one app in all tenants, and for one app in one tenant.
CALL_LIMITS = {
    "write/app": Limit(2000, _SPAN),
    "write/tenant": Limit(500, _SPAN),
    "reauthorize/app": Limit(4000, _SPAN),
    "reauthorize/tenant": Limit(1000, _SPAN),
    "get/app": Limit(2000, _SPAN),
    "get/tenant": Limit(500, _SPAN),
    "list/app": Limit(40, _SPAN),
    "list/tenant": Limit(25, _SPAN),
}


@dataclass(slots=True)
class Subscription:
    """
    `person` is whose mailbox it is, `creator` the person or the app in that tenant who asked. `kinds` is what
    it listens to; `wish` is the resource without the ways in which it may be written. `immutable` was fixed when
    it was made.
    """

    id: str
    app_id: str
    person: Person
    creator: Person | None
    creator_id: str
    resource: str
    wish: tuple[tuple[str, ...], str]
    kinds: frozenset[str]
    change_type: str
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: datetime
    immutable: bool
    tls: str
    # Null where the request did not say.
    with_data: bool | None = None
    certificate: Certificate | None = None
    query_options: str | None = None
    # The app for which validation tokens are made, if not the one that asked.
    url_app_id: str | None = None
    # Whether an event as Graph shows it passes the filter; null without one. `inside` are those that did.
    admits: Callable[[dict[str, Any]], bool] | None = None
    inside: set[int] = field(default_factory=set)

    @property
    def select(self) -> tuple[str, ...]:
        return self.wish[0]

    @property
    def tenant_id(self) -> str:
        return self.person.tenant_id

    def same_wish(self, other: "Subscription") -> bool:
        mine = (self.app_id, self.person.oid, self.kinds, self.wish)
        return mine == (other.app_id, other.person.oid, other.kinds, other.wish)


@dataclass
class Subscriptions:
    """
    All of them. `most` is how many a mailbox may have at a time; with `strict_scopes` the right to write is not
    taken for the right to read.
    """

    clock: Clock
    most: int = MOST_FOR_A_MAILBOX
    strict_scopes: bool = False
    _lock: RLock = field(default_factory=RLock)
    _all: dict[str, Subscription] = field(default_factory=dict)

    def alive(self) -> list[Subscription]:
        """Those that have not ended; the others are forgotten without a word, as the service does."""
        now = self.clock.now()
        with self._lock:
            for gone in [one.id for one in self._all.values() if one.expires_at <= now]:
                del self._all[gone]
            return list(self._all.values())

    def find(self, id_: str) -> Subscription | None:
        with self._lock:
            found = self._all.get(id_.lower())
        return found if found is not None and found.expires_at > self.clock.now() else None

    def twin_of(self, wish: Subscription) -> Subscription | None:
        """A subscription of the same app for the same changes of the same events."""
        return next((one for one in self.alive() if one.same_wish(wish)), None)

    def has_room_for(self, person: Person) -> bool:
        return len(self.of(person)) < self.most

    def add(self, subscription: Subscription) -> None:
        with self._lock:
            self._all[subscription.id] = subscription

    def remove(self, subscription: Subscription) -> None:
        with self._lock:
            self._all.pop(subscription.id, None)

    def of(self, person: Person) -> list[Subscription]:
        """Those on somebody's mailbox."""
        return [one for one in self.alive() if one.person.oid == person.oid]
