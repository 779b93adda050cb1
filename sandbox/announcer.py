"""Tells those who have subscribed: which changes they hear of, in what way, and with what trouble on the way."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox import notices
from sandbox.clock import Clock
from sandbox.directory import Person
from sandbox.identity import Identity
from sandbox.push import Note, Sender, Verdict
from sandbox.render import Form, Renderer
from sandbox.subscriptions import Subscription, Subscriptions
from sandbox.tokens import validation_token
from sandbox.whims import Whims
from sandbox.world import Change


@dataclass
class Announcer:
    """
    The origin of all notes. With `hold_expired` notifications wait while the app has no living token for the
    person, or the tenant, in whose name it subscribed.
    """

    clock: Clock
    sender: Sender
    subscriptions: Subscriptions
    identity: Identity
    hold_expired: bool = True
    _whims: dict[str, Whims] = field(default_factory=dict)

    def whims(self, person: Person) -> Whims:
        return self._whims.setdefault(person.oid, Whims())

    def announce(self, change: Change) -> None:
        """Tell everybody who listens to the mailbox. Changes of instances arrive here as their series' change."""
        whims = self.whims(change.mailbox.person)
        notes = []
        for subscription in self.subscriptions.of(change.mailbox.person):
            for kind, plain in _as_seen_by(subscription, change):
                for told in whims.kinds(kind):
                    if told in subscription.kinds:
                        item = notices.of_change(subscription, change, told, plain, whims)
                        notes.append(self._note(subscription, item, whims))
        self._send(notes, whims)

    def tell(self, subscription: Subscription, event: str) -> bool:
        """Send a lifecycle notification to whoever gave an address for them, and say whether there is one."""
        if subscription.lifecycle_url is None:
            return False
        item = notices.of_lifecycle(subscription, event)
        url, now = subscription.lifecycle_url, self.clock.now()
        self.sender.post([Note(url, item, self, subscription.id, now, steady=True)])
        return True

    # What the sender asks

    def verdict(self, subscription_id: str) -> Verdict:
        subscription = self.subscriptions.find(subscription_id)
        if subscription is None:
            return Verdict.FORGET
        return Verdict.HOLD if self.hold_expired and not self._has_token(subscription) else Verdict.SEND

    def envelope(self, notes: Sequence[Note]) -> dict[str, Any]:
        body: dict[str, Any] = {"value": [note.item for note in notes]}
        audiences = list(dict.fromkeys(note.audience for note in notes if note.audience is not None))
        if audiences or any("encryptedContent" in note.item for note in notes):
            now = self.clock.now()
            tokens = [
                validation_token(self.identity.keys, tenant_id=tenant_id, app_id=app_id, now=now)
                for app_id, tenant_id in audiences
            ]
            body["validationTokens"] = tokens or None
        return body

    def lost(self, notes: Iterable[Note]) -> None:
        """Those who gave an address for it learn that they missed something."""
        for id_ in dict.fromkeys(note.subscription_id for note in notes if not note.steady):
            subscription = self.subscriptions.find(id_)
            if subscription is not None:
                self.tell(subscription, notices.MISSED)

    def _has_token(self, subscription: Subscription) -> bool:
        end = self.identity.token_end(subscription.app_id, subscription.creator, subscription.tenant_id)
        return end is not None and end > self.clock.now()

    # What happens on the way

    def _note(self, subscription: Subscription, item: dict[str, Any], whims: Whims) -> Note:
        audience = None
        if subscription.with_data and whims.validation_tokens:
            audience = (subscription.url_app_id or subscription.app_id, subscription.tenant_id)
        return Note(
            subscription.notification_url,
            item,
            self,
            subscription.id,
            self.clock.now() + whims.delay,
            audience=audience,
        )

    def _send(self, notes: list[Note], whims: Whims) -> None:
        by_delay: dict[timedelta, list[Note]] = defaultdict(list)
        for note in notes:
            if whims.drop:
                whims.drop -= 1
                continue
            delay = whims.delay
            if whims.late:
                whims.late -= 1
                delay += whims.late_by
                note.since += whims.late_by
            by_delay[delay] += self._in_order(self._with_company(note, whims), whims)
        for delay, together in by_delay.items():
            self.sender.post(together, delay=delay)

    def _with_company(self, note: Note, whims: Whims) -> list[Note]:
        """The note, once or twice, and the forgeries that travel with it."""
        copies = 1
        if whims.duplicate:
            whims.duplicate -= 1
            copies = 2
        tenants = [tenant.id for tenant in self.identity.directory.tenants]
        forged = list(notices.forgeries(note.item, whims, tenants))
        return [
            Note(note.url, item, self, note.subscription_id, note.since, audience=note.audience)
            for item in (*forged, *[note.item] * copies)
        ]

    @staticmethod
    def _in_order(notes: list[Note], whims: Whims) -> list[Note]:
        """Those that may go now: the newest first if the order was to be disturbed."""
        if not whims.reorder:
            return notes
        whims.reorder -= 1
        whims.kept = [*notes, *whims.kept]
        if whims.reorder:
            return []
        released, whims.kept = whims.kept, []
        return released


def _as_seen_by(subscription: Subscription, change: Change) -> Iterator[tuple[str, int]]:
    """
    The kinds of change, each with the plain number that goes with it. A move looks like a new event to those who
    know plain ids, and like a change to the others; entering and leaving a filter look like birth and death.
    """
    number, plain = change.event.number, change.event.plain
    before = plain if change.plain_before is None else change.plain_before
    if subscription.admits is not None:
        was = number in subscription.inside
        renderer = Renderer(change.mailbox.ids, Form(immutable=subscription.immutable))
        now = change.kind != "deleted" and subscription.admits(renderer.single(change.event))
        subscription.inside.discard(number)
        if now:
            subscription.inside.add(number)
        if was != now:
            yield ("created", plain) if now else ("deleted", before)
        if not (was and now):
            return
    if change.plain_before is None or subscription.immutable:
        yield change.kind, plain
    else:
        yield "deleted", before
        yield "created", plain
