"""
Keeping Graph's calls coming: one subscription for each mailbox that somebody follows, and none for others.

`reconcile` looks at one mailbox, compares what should be with what is, and does the one thing that is missing. It may
run at any time, any number of times, on any number of workers: whoever holds the row's claim works, the others leave.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import structlog
from django.conf import settings
from django.urls import reverse

from connections.graph import (
    ApprovalRequired,
    Conflict,
    GraphClient,
    GraphError,
    NotFound,
    ReconnectRequired,
    Refused,
)
from connections.services import ConnectionNotActive, open_graph, record_failure
from tenants.crypto import digest
from webhooks import doors, remote
from webhooks.doors import Busy, Claim, Mailbox, Speaker
from webhooks.payloads import Granted, Unreadable
from webhooks.services.marking import Sync, mark_all

log = structlog.get_logger(__name__)

# Asked for. Graph documents 10,080 minutes and has been seen to refuse more than 10,070.
LIFE: Final = timedelta(minutes=10_000)


class Outcome(StrEnum):
    NOTHING = "nothing"  # nobody wants it, and there is none
    KEPT = "kept"
    CREATED = "created"
    RENEWED = "renewed"
    HANDED_OVER = "handed over"  # another connection speaks for it
    DROPPED = "dropped"
    SILENT = "silent"  # no connection may speak for the mailbox; it waits for one, or for its end


class Settled(NamedTuple):
    """What became of a mailbox's subscription, and the rounds that the door has to queue because of it."""

    outcome: Outcome
    syncs: list[Sync]


def reconcile(*, mailbox: Mailbox, now: datetime, anew: bool = False) -> Settled:
    """
    Make Graph's side of one mailbox what it should be: create, renew, hand over or drop its subscription.

    With `anew` one that is wanted is dropped at Graph and made again, however well it seems to be.
    Calls Graph and opens its own scopes; no lock is held meanwhile, because Graph calls us back before it answers. A
    subscription made anew leaves marks: what happened before it is not told by anybody.

    Raises:
        Busy: somebody else is at it.
        GraphError, Unreadable: Graph did not do it. That is noted in the row, and beat comes back to it in time.
    """
    wanted = doors.speakers(mailbox)
    held = doors.claim(mailbox, founder=wanted[0] if wanted else None, now=now)
    if held is None:
        return Settled(Outcome.NOTHING, [])
    try:
        outcome = _listen(held, wanted, now, anew=anew) if wanted else _drop(held, mailbox, now)
    except (GraphError, Unreadable) as error:
        doors.note_failure(held, code=_code(error), wait=_asked_to_wait(error), now=now)
        raise
    finally:
        doors.release(held)
    return Settled(outcome, mark_all(wanted, now=now) if outcome is Outcome.CREATED else [])


def notification_url() -> str:
    """Where Graph calls us, for changes and for its own news."""
    return f"{settings.NOTIFICATION_ORIGIN}{reverse('webhooks:receive')}"


def _listen(held: Claim, wanted: Sequence[Speaker], now: datetime, *, anew: bool) -> Outcome:
    """Have a subscription. The speaker stays while it may; a connection that must be mended is left to its person."""
    is_due = anew or held.renew_at is None or held.renew_at <= now or held.is_doubtful
    if held.is_listening(now) and not is_due:
        if held.speaker in wanted:
            return Outcome.KEPT
        doors.store_speaker(held, wanted[0])
        return Outcome.HANDED_OVER
    for speaker in sorted(wanted, key=lambda one: one != held.speaker):
        try:
            client = open_graph(organization_id=speaker.organization_id, connection_id=speaker.connection_id, now=now)
            return _renew_or_create(client, held, speaker, now, anew=anew)
        except ConnectionNotActive:
            continue
        except (ReconnectRequired, ApprovalRequired) as error:
            record_failure(
                organization_id=speaker.organization_id, connection_id=speaker.connection_id, error=error, now=now
            )
    return Outcome.SILENT


def _renew_or_create(client: GraphClient, held: Claim, speaker: Speaker, now: datetime, *, anew: bool) -> Outcome:
    if held.graph_id is not None and anew:
        remote.drop(client, held.graph_id)
        doors.store_gone(held)
    elif held.graph_id is not None:
        try:
            granted = remote.renew(client, held.graph_id, until=now + LIFE)
        except NotFound:
            doors.store_gone(held)
        else:
            _store(client, held, speaker, granted, client_state=None, now=now)
            return Outcome.RENEWED
    client_state = secrets.token_urlsafe(32)
    granted = _create(client, held, client_state, now)
    _store(client, held, speaker, granted, client_state=client_state, now=now)
    return Outcome.CREATED


def _create(client: GraphClient, held: Claim, client_state: str, now: datetime) -> Granted:
    """
    A new subscription, in place of one of ours that we lost track of.

    A worker that ended between Graph's answer and our storing it leaves one whose client state nobody knows. One that
    calls another address belongs to another installation with the same registration, and stays.
    """
    url, until = notification_url(), now + LIFE
    try:
        return remote.create(client, client_state=client_state, url=url, until=until)
    except Conflict:
        stale = remote.ours(client, url)
        # Whoever took over because we waited too long may have made one of them.
        if not stale or not doors.is_held(held):
            raise
    for graph_id in stale:
        remote.drop(client, graph_id)
    return remote.create(client, client_state=client_state, url=url, until=until)


def _store(
    client: GraphClient, held: Claim, speaker: Speaker, granted: Granted, *, client_state: str | None, now: datetime
) -> None:
    stored = doors.store_listening(
        held,
        graph_id=granted.id.lower(),
        client_state_digest=None if client_state is None else digest(client_state),
        speaker=speaker,
        expires_at=granted.expires_at,
        now=now,
    )
    if stored:
        return
    if client_state is not None:
        # Nobody will ever recognise its calls.
        remote.drop(client, granted.id)
    raise Busy


def _drop(held: Claim, mailbox: Mailbox, now: datetime) -> Outcome:
    """End a subscription that nobody wants, through any connection of the mailbox that still has a token."""
    if held.graph_id is None or held.expires_at is None or held.expires_at <= now:
        doors.forget(held)
        return Outcome.DROPPED
    speakers = doors.last_speakers(mailbox)
    if speakers:
        doors.store_dropping(held)
    for speaker in speakers:
        try:
            client = open_graph(
                organization_id=speaker.organization_id,
                connection_id=speaker.connection_id,
                now=now,
                leaving=True,
            )
            remote.drop(client, held.graph_id)
        except (ConnectionNotActive, ReconnectRequired, ApprovalRequired, Refused):
            continue
        doors.forget(held)
        return Outcome.DROPPED
    # It ends by itself within days, and its calls find no active connection.
    return Outcome.SILENT


def _code(error: GraphError | Unreadable) -> str:
    return (error.code if isinstance(error, GraphError) else "") or type(error).__name__


def _asked_to_wait(error: GraphError | Unreadable) -> timedelta | None:
    seconds = error.retry_after if isinstance(error, GraphError) else None
    return None if seconds is None else timedelta(seconds=seconds)
