"""`manage.py demo_state`: how far the demo organization has come, as one line of JSON for `make run`."""

import json
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError

from calendars.models import Calendar, Event
from connections.models import Connection
from tenants.doors import organization_by_slug
from tenants.scoping import organization_scope

DEMO_SLUG = "acme"
PAUSE = 0.2


class State(NamedTuple):
    """Counts of the demo organization; `synced` when every followed calendar has finished a round."""

    connected: bool = False
    calendars: int = 0
    synced: bool = False
    events: int = 0


class Command(BaseCommand):
    help = "Print how many events of how many followed calendars the demo organization shows, as JSON."
    # Reads what is there; whether the settings are sound is for the servers to say.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--wait", type=float, default=0.0, metavar="SECONDS", help="look again until synced, at most so long"
        )
        parser.add_argument(
            "--since", type=moment, default=None, metavar="ISO", help="only rounds begun at or after this moment count"
        )

    def handle(self, *, wait: float, since: datetime | None, **_: Any) -> None:
        deadline = time.monotonic() + wait
        state = demo_state(since=since)
        while not state.synced and time.monotonic() < deadline:
            time.sleep(PAUSE)
            state = demo_state(since=since)
        self.stdout.write(json.dumps(state._asdict()))


def moment(text: str) -> datetime:
    """An ISO date and time; UTC if it does not say."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--since: {text!r} is not an ISO date and time.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def demo_state(*, since: datetime | None) -> State:
    """What the demo organization has at this moment; all zero when there is no such organization."""
    organization_id = organization_by_slug(DEMO_SLUG)
    if organization_id is None:
        return State()
    with organization_scope(organization_id):
        connections = Connection.objects.of(organization_id).active()
        followed = Calendar.objects.of(organization_id).filter(connection__in=connections).followed()
        ended = [
            synced_at is not None and (since is None or synced_at >= since)
            for synced_at in followed.values_list("synced_at", flat=True)
        ]
        return State(
            connected=connections.exists(),
            calendars=len(ended),
            synced=bool(ended) and all(ended),
            events=Event.objects.of(organization_id).filter(calendar__in=followed).shown().count(),
        )
