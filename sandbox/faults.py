"""Faults on request: wrong statuses, delays and closed connections, for those who test how they are borne."""

import re
import socket
import time
from random import Random
from threading import Lock
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Match(BaseModel):
    """Which requests a fault is for; what is left out matches everything."""

    model_config = ConfigDict(extra="forbid")

    method: str | None = None
    path: str | None = None
    mailbox: str | None = None

    @field_validator("path")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"path is not a regular expression: {error}") from error
        return value

    def fits(self, method: str, path: str, mailbox: str | None) -> bool:
        if self.method is not None and self.method.upper() != method:
            return False
        if self.mailbox is not None and self.mailbox.lower() != (mailbox or "").lower():
            return False
        return self.path is None or re.search(self.path, path) is not None


class Fault(BaseModel):
    """What happens instead of an answer, or before it, or (`after`) once the request has taken effect."""

    model_config = ConfigDict(extra="forbid")

    status: int | None = Field(default=None, ge=200, le=599)
    code: str | None = None
    message: str = "The sandbox was asked to fail here."
    # Graph shows whole seconds, a fraction or a date; whatever is given here is sent as it stands.
    retry_after: int | float | str | None = None
    delay: float = Field(default=0, ge=0, le=120)
    close: bool = False
    after: bool = False

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.status is None and not self.close and not self.delay:
            raise ValueError("do needs one of status, delay and close")
        return self

    def wait(self) -> None:
        """Hold the request by `delay` seconds of real time."""
        if self.delay:
            time.sleep(self.delay)


class Rule(BaseModel):
    """One fault that was asked for: for the next `times` requests that match, or for a share of them."""

    model_config = ConfigDict(extra="forbid")

    match: Match = Match()
    do: Fault
    times: int | None = Field(default=None, ge=1)
    rate: float | None = Field(default=None, gt=0, le=1)


class Faults:
    """The rules in force, oldest first. At most one of them answers a request."""

    def __init__(self, seed: int) -> None:
        self._lock = Lock()
        self._random = Random(seed)
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> int:
        """Take all rules back, and say how many there were."""
        with self._lock:
            count = len(self._rules)
            self._rules.clear()
        return count

    def pick(self, method: str, path: str, mailbox: str | None) -> Fault | None:
        """The fault for this request, used up by one if it is counted."""
        with self._lock:
            for rule in self._rules:
                if not rule.match.fits(method, path, mailbox):
                    continue
                if rule.rate is not None and self._random.random() >= rule.rate:
                    continue
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times == 0:
                        self._rules.remove(rule)
                return rule.do
        return None

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.model_dump(exclude_none=True, exclude_defaults=True) for rule in self._rules]


class ConnectionClosed(ConnectionError):
    """The sandbox was asked to close the connection, and there is no socket to close: served in process."""


def drop_connection(environ: dict[str, Any]) -> None:
    """
    Close the client's connection without an answer.

    Raises:
        ConnectionClosed: the application is mounted in process; the test sees this instead.
    """
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is None:
        raise ConnectionClosed("The sandbox closed the connection.")
    connection.shutdown(socket.SHUT_RDWR)
