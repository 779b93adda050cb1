"""Alice's mailbox at the sandbox, connected to acme, and what is stored of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from calendars import services
from calendars.models import Calendar, Event, Kind, SkippedEvent
from tenants.models import Organization, User
from tenants.scoping import organization_scope
from tests.calendars.comparing import Facts, facts_of_row, facts_of_truth
from tests.cast import Cast, cast
from tests.sandbox_client import SandboxClient
from tests.walk import connect

__all__ = ["cast"]

ALICE = "alice.moreau@contoso.example"


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Mailbox:
    """One connected mailbox, and short words for what tests do with it. Every method opens its own scope."""

    sandbox: SandboxClient
    address: str
    organization: Organization
    user: User
    connection_id: int
    people: Cast

    def list_calendars(self) -> list[int]:
        return services.list_calendars(
            organization_id=self.organization.pk, connection_id=self.connection_id, now=utc_now()
        )

    def calendars(self) -> dict[str, Calendar]:
        with organization_scope(self.organization.pk):
            found = Calendar.objects.of(self.organization).of_connection(self.connection_id)
            return {calendar.name: calendar for calendar in found}

    @property
    def calendar(self) -> Calendar:
        """The default one, as it is now."""
        with organization_scope(self.organization.pk):
            return Calendar.objects.of(self.organization).get(connection_id=self.connection_id, is_default=True)

    def sync(self, calendar: Calendar | None = None, clock: services.Clock = utc_now) -> services.RoundResult:
        calendar = calendar or self.calendar
        return services.sync_calendar(organization_id=self.organization.pk, calendar_id=calendar.pk, clock=clock)

    def stored(self, calendar: Calendar | None = None) -> dict[str, Facts]:
        """What we show of the calendar, by Graph's id."""
        calendar = calendar or self.calendar
        with organization_scope(self.organization.pk):
            rows = Event.objects.of(self.organization).of_calendar(calendar.pk).shown()
            return {row.graph_id: facts_of_row(row) for row in rows}

    def row(self, graph_id: str) -> Event:
        with organization_scope(self.organization.pk):
            return Event.objects.of(self.organization).get(graph_id=graph_id)

    def skipped(self) -> dict[str, str]:
        with organization_scope(self.organization.pk):
            return dict(SkippedEvent.objects.of(self.organization).values_list("graph_id", "reason"))

    def truth(self, calendar: Calendar | None = None) -> dict[str, Facts]:
        """What is really there in the calendar's window, by Graph's id, without what nobody could read."""
        calendar = calendar or self.calendar
        assert calendar.window_start is not None
        assert calendar.window_end is not None
        events = self.sandbox.truth(
            self.address, calendar=calendar.graph_id, start=calendar.window_start, end=calendar.window_end
        )
        skipped = self.skipped()
        return {event["id"]: facts_of_truth(event) for event in events if event["id"] not in skipped}

    def masters(self) -> int:
        """How many rows of series there are, which nobody is shown."""
        with organization_scope(self.organization.pk):
            return Event.objects.of(self.organization).filter(kind=Kind.MASTER).count()

    def of_kind(self, kind: Kind, graph_id: str) -> int:
        with organization_scope(self.organization.pk):
            return Event.objects.of(self.organization).filter(kind=kind, graph_id=graph_id).count()

    def follow(self, calendar: Calendar) -> None:
        with organization_scope(self.organization.pk):
            services.follow(calendar=calendar, now=utc_now())

    def unfollow(self, calendar: Calendar) -> None:
        with organization_scope(self.organization.pk):
            services.unfollow(calendar=calendar)

    def rename(self, name: str) -> Calendar:
        """Give the default calendar another name here, until it is listed again."""
        with organization_scope(self.organization.pk):
            Calendar.objects.of(self.organization).filter(pk=self.calendar.pk).update(name=name)
        return self.calendar

    def mark(self) -> list[int]:
        """Somebody says that something changed."""
        with organization_scope(self.organization.pk):
            return services.mark_changed(
                connection_id=self.connection_id, organization=self.organization, now=utc_now()
            )

    def edit(self, op: str, *, event: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        return self.sandbox.edit(self.address, op, event=event, **more)

    def rounds_asked(self, since: int = 0) -> list[dict[str, Any]]:
        """The pages of delta that were asked for, oldest first."""
        return [asked for asked in self.sandbox.requests(since) if "/calendarView/delta" in asked["path"]]

    def behave(self, **oddities: Any) -> None:
        """How delta behaves for this mailbox from now on, until the next reset."""
        self.sandbox.behave(self.address, **oddities)


@pytest.fixture
def mailbox(transactional_db: None, sandbox: SandboxClient) -> Mailbox:
    """Alice's mailbox, connected in acme; nothing is listed yet."""
    people = Cast.found()
    connection_id = connect(organization=people.acme, user=people.alice, address=ALICE)
    return Mailbox(sandbox, ALICE, people.acme, people.alice, connection_id, people)


@pytest.fixture
def synced(mailbox: Mailbox) -> Mailbox:
    """The same after its first round: what is stored is what is there."""
    mailbox.list_calendars()
    assert mailbox.sync().outcome == services.Outcome.DONE
    return mailbox
