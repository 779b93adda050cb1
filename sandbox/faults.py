"""Faults on request: wrong statuses, delays, spoilt answers, closed connections; for who tests how they are borne."""

import re
import time
from random import Random
from threading import Lock
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# What can stand in a header.
HeaderText = Annotated[str, Field(pattern=r"^[\x20-\x7e]+$")]


class Match(BaseModel):
    """Which requests a fault is for; what is left out matches everything."""

    model_config = ConfigDict(extra="forbid")

    method: str | None = None
    path: str | None = None
    mailbox: str | None = None
    # Only members of batches, or only what came alone.
    batch: bool | None = None

    @field_validator("path")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"path is not a regular expression: {error}") from error
        return value

    def fits(self, method: str, path: str, mailbox: str | None, *, batch: bool) -> bool:
        if self.method is not None and self.method.upper() != method:
            return False
        if self.batch is not None and self.batch is not batch:
            return False
        if self.mailbox is not None and self.mailbox.lower() != (mailbox or "").lower():
            return False
        return self.path is None or re.search(self.path, path) is not None


# What becomes of an answer's body: an error in the shape of the host that was asked (or, without a status, the real
# answer); the page of a gateway; nothing; the first half of it; words that are called JSON; or the first half of what
# was announced, and then the end of the connection.
Body = Literal["error", "html", "empty", "truncated", "not-json", "broken-off"]


class Fault(BaseModel):
    """
    What happens instead of an answer, or before it, or (`after`) once the request has taken effect.
    Without a status, `body`, `content_type` and `drip` spoil the answer that would have been given.
    """

    model_config = ConfigDict(extra="forbid")

    status: int | None = Field(default=None, ge=200, le=599)
    code: str | None = None
    message: str = "The sandbox was asked to fail here."
    # Graph shows whole seconds, a fraction or a date; whatever is given here is sent as it stands.
    retry_after: int | float | HeaderText | None = None
    body: Body = "error"
    content_type: HeaderText | None = None
    delay: float = Field(default=0, ge=0, le=120)
    # Seconds over which the body trickles out.
    drip: float = Field(default=0, ge=0, le=120)
    close: bool = False
    after: bool = False

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.status is None and not self.close and not self.delay and not self.spoils:
            raise ValueError("do needs one of status, delay, close, body, content_type and drip")
        return self

    @property
    def spoils(self) -> bool:
        """Whether something is done to an answer that is there already."""
        return self.body != "error" or self.content_type is not None or self.drip > 0

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

    def pick(self, method: str, path: str, mailbox: str | None, *, batch: bool = False) -> Fault | None:
        """The fault for this request, used up by one if it is counted."""
        with self._lock:
            for rule in self._rules:
                if not rule.match.fits(method, path, mailbox, batch=batch):
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
