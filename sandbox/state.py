"""All that one sandbox knows, in memory, on one object."""

from datetime import timedelta
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from threading import RLock
from typing import cast

import requests
from flask import current_app

from sandbox import rooms
from sandbox import seed as seeds
from sandbox.announcer import Announcer
from sandbox.app_access import AppAccess
from sandbox.clock import Clock
from sandbox.directory import Directory
from sandbox.faults import Faults
from sandbox.identity import Identity
from sandbox.identity.service import PUBLIC_URL
from sandbox.lifecycle import Lifecycle
from sandbox.log import RequestLog
from sandbox.push import Sender
from sandbox.sharing import Switches
from sandbox.subscriptions import CALL_LIMITS, Subscriptions
from sandbox.throttling import Throttle
from sandbox.tracking import DeltaTokens
from sandbox.windows import Windows
from sandbox.world import World
from sandbox.world_file import WorldFile


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
        world: WorldFile | None = None,
        public_url: str = PUBLIC_URL,
        session: requests.Session | None = None,
    ) -> None:
        self.lock = RLock()
        self.clock = Clock()
        self.log = RequestLog()
        self.sender = Sender(self.clock, session or _local_session())
        self.identity = Identity(Directory.default(), self.clock, public_url=public_url, lock=self.lock)
        self._build(seed, mailboxes, events, world)

    def reset(
        self,
        seed: int = seeds.DEFAULT_SEED,
        mailboxes: int | None = None,
        events: int = seeds.DEFAULT_EVENTS,
        world: WorldFile | None = None,
    ) -> None:
        """
        Begin again: another world, no tokens, subscriptions, faults or log, and the right time.

        `mailboxes` counts the people who have one (null: the fixed cast; Alice is the first; beyond
        the cast, further people of Contoso are made up). `events` is how many events each default
        calendar shows around today. With `world` that world is made, and these two do not matter.

        Raises:
            ValueError: a number or a world that cannot be; nothing has changed.
        """
        with self.lock:
            self._build(seed, mailboxes, events, world)
            self.log.clear()

    def advance(self, by: timedelta) -> None:
        """Put the clock forward, and let what waits for it look at it again."""
        self.clock.advance(by)
        self.sender.wake()

    def _build(self, seed: int, mailboxes: int | None, events: int, written: WorldFile | None) -> None:
        if not 0 <= events <= seeds.MOST_EVENTS:
            raise ValueError(f"events must be between 0 and {seeds.MOST_EVENTS}.")
        if mailboxes is not None and not 1 <= mailboxes <= seeds.MOST_MAILBOXES:
            raise ValueError(f"mailboxes must be between 1 and {seeds.MOST_MAILBOXES}.")
        if written is not None:
            written.check()
            directory, name, fill = written.directory(), f"file/{written.name}", written.fill
            mailboxes = None
        else:
            directory, name = _cast(mailboxes), f"{seed}/{events}"
            fill = partial(seeds.fill, seed=seed, events=events)
        self.seed = seed
        self.clock.reset()
        self.sender.clear()
        self.directory = directory
        self.identity.reset(seed=seed, directory=directory)
        self.world = World(
            directory,
            self.clock,
            name=name,
            mailboxes=mailboxes,
            fill=fill,
        )
        self.faults = Faults(seed)
        # Whether mailbox servers offer the zones of autumn 2026; see `zones.NEW_IN_2026`.
        self.knows_new_zones = True
        self.throttle = Throttle(self.clock)
        self.delta = DeltaTokens()
        self.subscriptions = Subscriptions(self.clock)
        self.announcer = Announcer(self.clock, self.sender, self.subscriptions, self.identity)
        self.lifecycle = Lifecycle(self.clock, self.sender, self.subscriptions, self.announcer, self.identity)
        self.subscription_calls = Windows(self.clock, dict(CALL_LIMITS))
        self.world.listeners.append(self.announcer.announce)
        self.world.listeners.append(rooms.answer_invitation)
        self.app_access = AppAccess()
        self.sharing = Switches()


def _cast(mailboxes: int | None) -> Directory:
    """The fixed people, and as many more as are missing for that many mailboxes."""
    directory = Directory.default()
    missing = (mailboxes or 0) - sum(person.has_mailbox for person in directory.people)
    return Directory.default(more_people=missing) if missing > 0 else directory


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
