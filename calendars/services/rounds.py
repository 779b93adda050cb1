"""Bringing a calendar into step, and what its failures lead to."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto

import structlog

from calendars import remote
from calendars.payloads import Unreadable
from calendars.services.listing import store_listing
from calendars.sync import lease
from calendars.sync.lease import Lease, LeaseLost
from calendars.sync.round import Clock, Round, Tally
from connections.graph import ApprovalRequired, GraphClient, GraphError, ReconnectRequired, Refused, Throttled
from connections.services import ConnectionNotActive, open_graph, record_failure, record_success

log = structlog.get_logger(__name__)

# The first wait after a failure that names none, and the longest; each failure in a row doubles it.
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
# Microsoft refuses one calendar and not its mailbox: somebody no longer shares it, and perhaps will again.
REFUSED_WAIT = timedelta(hours=6)


class Outcome(StrEnum):
    """What became of a wish for a round."""

    DONE = auto()
    # Somebody else is at it, a wait is running, or the calendar is not followed: nothing to do now.
    NOT_NOW = auto()
    # It failed in a way that passes: again at `retry_at`.
    LATER = auto()
    # The connection must be mended by a person, an administrator or us.
    STOPPED = auto()
    # Microsoft no longer has the calendar; its events are gone here, too.
    VANISHED = auto()


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What became of a wish for a round, and whether it should be wished for again."""

    outcome: Outcome
    # A change was announced while the round was under way: begin another one now.
    again: bool = False
    retry_at: datetime | None = None
    tally: Tally | None = None


def sync_calendar(*, organization_id: int, calendar_id: int, clock: Clock) -> RoundResult:
    """
    Bring one calendar into step with Microsoft: one round, or the rest of one that was interrupted.

    Failures that pass leave `retry_at` on the row and come back as `LATER`; those that a person must mend are recorded
    on the connection. Opens its own scopes: call it outside of every scope. Running it twice at once makes one round.

    Raises:
        Exception: anything unforeseen, after a wait was noted on the row. The mark stays, so beat finds it again.
    """
    held = lease.acquire(organization_id=organization_id, calendar_id=calendar_id, now=clock())
    if held is None:
        return RoundResult(Outcome.NOT_NOW)
    try:
        client = open_graph(organization_id=organization_id, connection_id=held.connection_id, now=clock())
        try:
            tally = Round(client, held, clock).run()
        except (GraphError, Unreadable) as error:
            if isinstance(error, GraphError) and _is_of_the_calendar(error):
                return _ask_the_list(held, client, error, clock)
            return _answer(held, error, clock)
    except LeaseLost:
        return RoundResult(Outcome.NOT_NOW)
    except ConnectionNotActive:
        lease.release(held)
        return RoundResult(Outcome.STOPPED)
    except Exception:
        _wait(held, "internal", clock)
        raise
    record_success(organization_id=organization_id, connection_id=held.connection_id, now=clock())
    log.info(
        "round", calendar=calendar_id, connection=held.connection_id, round=tally.number, pages=tally.pages,
        stored=tally.stored, removed=tally.removed, skipped=tally.skipped,
    )  # fmt: skip
    return RoundResult(Outcome.DONE, again=tally.is_marked_again, tally=tally)


def _answer(held: Lease, error: GraphError | Unreadable, clock: Clock) -> RoundResult:
    """Wait, or leave it to somebody: as the kind of failure asks."""
    if isinstance(error, GraphError) and not isinstance(error, Throttled):
        # Changes the connection's state only where somebody must act; what passes is noted for support.
        record_failure(organization_id=held.organization_id, connection_id=held.connection_id, error=error, now=clock())
    if isinstance(error, ReconnectRequired | ApprovalRequired | Refused):
        lease.release(held)
        return RoundResult(Outcome.STOPPED)
    code = (error.code or type(error).__name__) if isinstance(error, GraphError) else "unreadable"
    asked = error.retry_after if isinstance(error, GraphError) else None
    if not isinstance(error, Throttled):
        log.warning("round_failed", calendar=held.calendar_id, connection=held.connection_id, code=code)
    return _wait(held, code, clock, seconds=asked)


def _is_of_the_calendar(error: GraphError) -> bool:
    """Whether the calendar may be gone, or be refused by itself, while the mailbox is fine."""
    return isinstance(error, Refused) or remote.says_gone(error)


def _ask_the_list(held: Lease, client: GraphClient, error: GraphError, clock: Clock) -> RoundResult:
    """One refusal is no proof: a calendar is gone when the list of calendars says so."""
    try:
        listed = remote.list_calendars(client)
    except (GraphError, Unreadable) as other:
        return _answer(held, other, clock)
    store_listing(held.organization_id, held.connection_id, listed, now=clock())
    if all(one.graph_id != held.graph_id for one in listed):
        return RoundResult(Outcome.VANISHED)
    seconds = REFUSED_WAIT.total_seconds() if isinstance(error, Refused) else None
    return _wait(held, error.code or type(error).__name__, clock, seconds=seconds)


def _wait(held: Lease, code: str, clock: Clock, *, seconds: float | None = None) -> RoundResult:
    """Give the lease back and note when to try again: after `seconds`, or longer after each failure in a row."""
    now = clock()
    try:
        with held.fenced(now) as calendar:
            if seconds is None:
                usual = min(FIRST_WAIT * 2 ** min(calendar.failures, 16), LONGEST_WAIT)
                # Apart from each other, so that those who failed together do not come back together.
                seconds = usual.total_seconds() * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, no secret
            calendar.failures = min(calendar.failures + 1, 1000)
            calendar.last_error = code[:64]
            calendar.retry_at = now + timedelta(seconds=seconds)
            calendar.lease_token = calendar.lease_until = None
            return RoundResult(Outcome.LATER, retry_at=calendar.retry_at)
    except LeaseLost:
        return RoundResult(Outcome.NOT_NOW)
