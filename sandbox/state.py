"""All that one sandbox knows, in memory, on one object."""

from datetime import timedelta
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from threading import RLock
from typing import cast

import requests
from flask import current_app

from sandbox import seed as seeds
from sandbox.announcer import Announcer
from sandbox.clock import Clock
from sandbox.directory import Directory
from sandbox.faults import Faults
from sandbox.identity import Identity
from sandbox.lifecycle import Lifecycle
from sandbox.log import RequestLog
from sandbox.push import Sender
from sandbox.subscriptions import CALL_LIMITS, Subscriptions
from sandbox.tracking import DeltaTokens
from sandbox.windows import Windows
from sandbox.world import World

PUBLIC_URL = "http://127.0.0.1:8400"


class Sandbox:
    """
    One stand-in of Microsoft. `lock` guards everything below it; nobody holds it while a
    request goes out, since the receiver may call the sandbox back.

    `public_url` is where browsers find it; `session` is what notifications are sent with.
    """

    def __init__(
        self,
        *,
        seed: int = seeds.DEFAULT_SEED,
        mailboxes: int | None = None,
        events: int = seeds.DEFAULT_EVENTS,
        public_url: str = PUBLIC_URL,
        session: requests.Session | None = None,
    ) -> None:
        self.lock = RLock()
        self.clock = Clock()
        self.log = RequestLog()
        self.sender = Sender(self.clock, session or _local_session())
        self.identity = Identity(Directory.default(), self.clock, public_url=public_url, lock=self.lock)
        self._build(seed, mailboxes, events)

    def reset(
        self,
        seed: int = seeds.DEFAULT_SEED,
        mailboxes: int | None = None,
        events: int = seeds.DEFAULT_EVENTS,
    ) -> None:
        """
        Begin again: another world, no tokens, subscriptions, faults or log, and the right time.

        `mailboxes` counts the people who have one (null: the fixed cast; Alice is the first; beyond
        the cast, further people of Contoso are made up). `events` is how many events each default
        calendar shows around today.

        Raises:
            ValueError: a number that cannot be; nothing has changed.
        """
        with self.lock:
            self._build(seed, mailboxes, events)
            self.log.clear()

    def advance(self, by: timedelta) -> None:
        """Put the clock forward, and let what waits for it look at it again."""
        self.clock.advance(by)
        self.sender.wake()

    def _build(self, seed: int, mailboxes: int | None, events: int) -> None:
        if not 0 <= events <= seeds.MOST_EVENTS:
            raise ValueError(f"events must be between 0 and {seeds.MOST_EVENTS}.")
        if mailboxes is not None and not 1 <= mailboxes <= seeds.MOST_MAILBOXES:
            raise ValueError(f"mailboxes must be between 1 and {seeds.MOST_MAILBOXES}.")
        directory = Directory.default()
        missing = (mailboxes or 0) - sum(person.has_mailbox for person in directory.people)
        if missing > 0:
            directory = Directory.default(more_people=missing)
        self.seed = seed
        self.clock.reset()
        self.sender.clear()
        self.directory = directory
        self.identity.reset(seed=seed, directory=directory)
        self.world = World(
            directory,
            self.clock,
            name=f"{seed}/{events}",
            mailboxes=mailboxes,
            fill=partial(seeds.fill, seed=seed, events=events),
        )
        self.faults = Faults(seed)
        self.delta = DeltaTokens()
        self.subscriptions = Subscriptions(self.clock)
        self.announcer = Announcer(self.clock, self.sender, self.subscriptions, self.identity)
        self.lifecycle = Lifecycle(self.clock, self.sender, self.subscriptions, self.announcer, self.identity)
        self.subscription_calls = Windows(self.clock, dict(CALL_LIMITS))
        self.world.listeners.append(self.announcer.announce)


def _local_session() -> requests.Session:
    session = requests.Session()
    # No proxy of the environment: it only ever speaks to this machine.
    session.trust_env = False
    # Receivers share it: what one of them sets must not reach another.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def current() -> Sandbox:
    """The sandbox behind the request that is being answered."""
    return cast("Sandbox", current_app.extensions["sandbox"])
