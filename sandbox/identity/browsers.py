"""Browsers that came by: who is signed in there, and which sign-ins are under way."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import uuid4

from sandbox.directory import Person
from sandbox.registration import App

MOST_ATTEMPTS = 10_000

Asked = TypeVar("Asked")


@dataclass
class BrowserSession:
    """
    The cookie's other half. `signed_in` maps object ids (of accounts at home) to the moment of the
    sign-in, latest last; `second_factor` are those who have shown one; `apps` have got an answer here.
    """

    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    id: str = field(default_factory=lambda: str(uuid4()))
    signed_in: dict[str, datetime] = field(default_factory=dict)
    second_factor: set[str] = field(default_factory=set)
    apps: dict[str, App] = field(default_factory=dict)

    def sign_in(self, person: Person, now: datetime) -> None:
        self.signed_in.pop(person.home_oid, None)
        self.signed_in[person.home_oid] = now

    def sign_out(self, oid: str) -> None:
        self.signed_in.pop(oid, None)
        self.second_factor.discard(oid)


class Interrupt(StrEnum):
    """A page between the account and the answer."""

    SECOND_FACTOR = "second-factor"
    STAY_SIGNED_IN = "stay-signed-in"
    CONFIRM_APP = "confirm-app"


@dataclass
class Attempt(Generic[Asked]):
    """
    A sign-in or an approval between its first page and its answer, bound to one browser session.

    `interrupts` are the pages that still stand before the answer; `objection` is the number that sent the
    person to an administrator.
    """

    key: str
    session: BrowserSession
    asked: Asked
    person: Person | None = None
    interrupts: list[Interrupt] = field(default_factory=list)
    objection: int | None = None


class Attempts(Generic[Asked]):
    """Those under way. The oldest are forgotten, as people close tabs without a word."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Attempt[Asked]] = OrderedDict()

    def open(self, session: BrowserSession, asked: Asked) -> Attempt[Asked]:
        attempt = Attempt(secrets.token_urlsafe(24), session, asked)
        self._open[attempt.key] = attempt
        while len(self._open) > MOST_ATTEMPTS:
            self._open.popitem(last=False)
        return attempt

    def find(self, key: str, session: BrowserSession | None) -> Attempt[Asked] | None:
        """The attempt with this key, if it was begun in this very browser session."""
        attempt = self._open.get(key)
        return attempt if attempt is not None and attempt.session is session else None

    def close(self, attempt: Attempt[Asked]) -> None:
        self._open.pop(attempt.key, None)


class Sessions:
    def __init__(self) -> None:
        self._by_key: dict[str, BrowserSession] = {}

    def find(self, key: str | None) -> BrowserSession | None:
        return self._by_key.get(key) if key else None

    def open(self) -> BrowserSession:
        session = BrowserSession()
        self._by_key[session.key] = session
        return session

    def close(self, session: BrowserSession) -> None:
        self._by_key.pop(session.key, None)
