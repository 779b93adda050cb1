"""
How an example is played: its request as it was published, the answer held against the published one.

`plays(...)` registers a play under the name of its example. A play gets a `Stage`, with a world of its own, and the
body of the request, and returns the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.sandbox.graph_side import ALICE, BOB, JSON, Graph, Listener, StandIn, timed, weekly
from tests.sandbox.samples import lacks, sample

PACIFIC = 'outlook.timezone="Pacific Standard Time"'
WINDOW = "startDateTime=2027-03-01T00:00:00Z&endDateTime=2027-04-01T00:00:00Z"


@dataclass
class Stage:
    """A fresh sandbox, with what plays need of it."""

    listener: Listener
    stand_in: StandIn = field(default_factory=lambda: StandIn(events=0))

    @cached_property
    def graph(self) -> Graph:
        """Graph as Alice's client sees it."""
        return self.of(ALICE)

    @cached_property
    def bob(self) -> Graph:
        return self.of(BOB)

    @cached_property
    def app(self) -> Graph:
        """Graph as the app itself sees it, in Contoso."""
        roles = ["Calendars.ReadWrite", "MailboxSettings.ReadWrite", "User.Read.All", "Group.Read.All"]
        tenant = self.stand_in.person(ALICE).tenant_id
        return Graph(self.stand_in, self.stand_in.sandbox.identity.issue_access_token(None, roles, tenant_id=tenant))

    def of(self, address: str, *scopes: str) -> Graph:
        usual = (
            "Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "MailboxSettings.ReadWrite", "User.Read",
            "Group.ReadWrite.All",
        )  # fmt: skip
        return self.stand_in.graph(address, scopes or usual)

    def event(self, graph: Graph | None = None, **more: Any) -> JSON:
        usual = timed("Let's go for lunch", "2027-03-02T12:00:00", "2027-03-02T14:00:00")
        return (graph or self.graph).post("/me/events", {**usual, "location": {"displayName": "Harry's Bar"}, **more})

    def series(self) -> JSON:
        return self.event(recurrence=weekly("2027-03-02", "tuesday"))

    def invitation(self) -> JSON:
        """A meeting of Bob's, as it lies in Alice's calendar."""
        self.event(self.bob, attendees=[{"emailAddress": {"address": ALICE, "name": "Alice Moreau"}}])
        [found] = self.graph.get("/me/events")["value"]
        return dict(found)


Body = Any
Perform = Callable[[Stage, Body], Any]


@dataclass(frozen=True)
class Play:
    """`without` names what the sample has and the answer has not, each place with the reason."""

    name: str
    status: int
    perform: Perform
    without: dict[str, str]
    # Placeholders and past dates of the published text, replaced before it is sent.
    filled: JSON


# Plays find these here, beside what else they need.
__all__ = ["NOT_PLAYED", "PACIFIC", "PLAYS", "WINDOW", "Stage", "lacks", "plays", "sample"]

PLAYS: dict[str, Play] = {}
# Examples that are not played, each with the reason.
NOT_PLAYED: dict[str, str] = {
    "message-invitation-with-event": "mail is not imitated, calendars are",
    "notification-message-created": "about mail; the same for events is played",
}


def plays(
    name: str, *, status: int = 200, without: dict[str, str] | None = None, filled: JSON | None = None
) -> Callable[[Perform], Perform]:
    """Register a play: `name` is that of the files, without `-request` and `-response`."""

    def register(perform: Perform) -> Perform:
        assert name not in PLAYS, name
        PLAYS[name] = Play(name, status, perform, without or {}, filled or {})
        return perform

    return register
