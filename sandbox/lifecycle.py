"""When subscriptions themselves make news: rights that end, and those that were taken away."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

from sandbox.announcer import Announcer
from sandbox.clock import Clock
from sandbox.directory import Person, Tenant
from sandbox.identity import Identity
from sandbox.notices import REAUTHORIZE, REMOVED
from sandbox.push import Sender
from sandbox.subscriptions import Subscription, Subscriptions

# The documentation's illustration: a quarter of what remains, once that is no more than three hours, and four
# times in the last hour.
LONGEST_PAUSE = timedelta(minutes=180)
LAST_STRETCH = timedelta(hours=1)
LAST_PAUSE = timedelta(minutes=15)
# How long an app has to show that it may still listen, after somebody took its rights away.
GRACE = timedelta(hours=1)


def next_reminder(now: datetime, end: datetime) -> datetime:
    """When to ask for a new authorization of what ends at `end`, having just asked or just begun."""
    remaining = end - now
    if remaining / 4 > LONGEST_PAUSE:
        return end - 4 * LONGEST_PAUSE
    return now + (remaining / 4 if remaining > LAST_STRETCH else LAST_PAUSE)


@dataclass
class Lifecycle:
    """
    `automatic` sends `reauthorizationRequired` before a subscription or the token behind it ends.
    `follow_rights` sends it when a grant is revoked or a consent withdrawn, and removes the subscription an hour
    later unless it has been renewed with rights that hold.
    """

    clock: Clock
    sender: Sender
    subscriptions: Subscriptions
    announcer: Announcer
    identity: Identity
    automatic: bool = False
    follow_rights: bool = False
    _lock: Lock = field(default_factory=Lock)
    # By the ids of subscriptions: which reminder is the one to come, and whose rights are in doubt since when.
    _planned: dict[str, datetime] = field(default_factory=dict)
    _doubtful: dict[str, datetime] = field(default_factory=dict)

    def confirmed(self, subscription: Subscription) -> None:
        """It was made, renewed or authorized anew, with a token that is good."""
        with self._lock:
            if self._may_listen(subscription):
                self._doubtful.pop(subscription.id, None)
        if self.automatic:
            self._plan(subscription)

    def remind_all(self, *, on: bool) -> None:
        """Begin or stop sending reminders by themselves."""
        self.automatic = on
        for subscription in self.subscriptions.alive() if on else ():
            self._plan(subscription)

    def tell_all(self, subscriptions: Iterable[Subscription], event: str) -> int:
        """Send a lifecycle notification to all who gave an address for them, and say to how many."""
        told = 0
        for subscription in subscriptions:
            if event == REMOVED:
                self.subscriptions.remove(subscription)
            told += self.announcer.tell(subscription, event)
        return told

    def rights_lost(self, *, person: Person | None = None, tenant: Tenant | None = None) -> None:
        """The grants of a person, or all that a tenant has agreed to, were taken away."""
        if not self.follow_rights:
            return
        now = self.clock.now()
        for one in self.subscriptions.alive():
            if (tenant is not None and one.tenant_id == tenant.id) or (person is not None and one.creator == person):
                with self._lock:
                    self._doubtful[one.id] = now
                self.announcer.tell(one, REAUTHORIZE)
                self.sender.at(now + GRACE, partial(self._remove, one.id, now))

    def _may_listen(self, subscription: Subscription) -> bool:
        """Whether consent holds. It is asked only of those in doubt: tokens may be had without any."""
        if subscription.id not in self._doubtful:
            return True
        app = self.identity.directory.find_app(subscription.app_id)
        if app is None:
            return False
        consents, creator = self.identity.consents, subscription.creator
        return bool(consents.roles(app, subscription.tenant_id) if creator is None else consents.granted(app, creator))

    def _remove(self, id_: str, doubted_at: datetime) -> None:
        with self._lock:
            if self._doubtful.get(id_) != doubted_at:
                return
            del self._doubtful[id_]
        subscription = self.subscriptions.find(id_)
        if subscription is not None:
            self.tell_all([subscription], REMOVED)

    def _plan(self, subscription: Subscription) -> None:
        token_end = self.identity.token_end(subscription.app_id, subscription.creator, subscription.tenant_id)
        end = min(subscription.expires_at, token_end or subscription.expires_at)
        moment = next_reminder(self.clock.now(), end)
        with self._lock:
            self._planned[subscription.id] = moment
        self.sender.at(moment, partial(self._remind, subscription.id, moment))

    def _remind(self, id_: str, moment: datetime) -> None:
        subscription = self.subscriptions.find(id_)
        with self._lock:
            if not self.automatic or self._planned.get(id_) != moment:
                return
            if subscription is None:
                del self._planned[id_]
                return
        self.announcer.tell(subscription, REAUTHORIZE)
        self._plan(subscription)
