"""The first round of a calendar: afterwards, what is stored is what is there."""

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calendars.models import Event, Kind
from calendars.services import Outcome
from calendars.sync.window import promised
from tenants.scoping import organization_scope
from tests.calendars.conftest import Mailbox, utc_now
from tests.calendars.test_edits import meeting


def test_the_first_round_stores_the_truth_field_by_field(mailbox: Mailbox) -> None:
    mailbox.list_calendars()

    result = mailbox.sync()

    assert result.outcome == Outcome.DONE
    assert result.tally is not None
    assert result.tally.is_full
    assert len(mailbox.stored()) >= 30
    assert mailbox.stored() == mailbox.truth()


def test_the_calendar_remembers_where_the_next_round_begins(synced: Mailbox) -> None:
    calendar = synced.calendar

    assert calendar.delta_link.startswith("https://graph.microsoft.com/v1.0/me/calendars/")
    assert (calendar.page_link, calendar.lease_token, calendar.failures) == ("", None, 0)
    assert calendar.synced_at == calendar.round_started_at
    wanted = promised(utc_now(), settings.WINDOW_DAYS_BACK)
    assert calendar.window_start is not None
    assert calendar.window_end is not None
    assert calendar.window_start <= wanted.start
    assert calendar.window_end >= wanted.end


def test_occurrences_are_filled_from_their_master(synced: Mailbox) -> None:
    with organization_scope(synced.organization.pk):
        rows = Event.objects.of(synced.organization)
        masters = {row.graph_id: row for row in rows.filter(kind=Kind.MASTER)}
        occurrences = list(rows.filter(kind=Kind.OCCURRENCE))

    assert occurrences
    for row in occurrences:
        master = masters[row.series_id]
        assert (row.subject, row.location, row.show_as, row.attendees) == (
            master.subject,
            master.location,
            master.show_as,
            master.attendees,
        )
        assert row.recurrence is None
        assert master.recurrence is not None


def test_a_second_calendar_is_a_copy_of_its_own(synced: Mailbox) -> None:
    other = next(calendar for calendar in synced.calendars().values() if not calendar.is_default)
    synced.follow(other)

    assert synced.sync(other).outcome == Outcome.DONE

    other = synced.calendars()[other.name]
    assert synced.stored(other) == synced.truth(other)
    assert synced.stored() == synced.truth()


def test_a_round_asks_for_large_pages_of_immutable_ids(synced: Mailbox) -> None:
    assert len(synced.rounds_asked()) == 1
    assert set(synced.stored()) == set(synced.truth())


def test_a_page_costs_the_same_number_of_statements_whatever_is_on_it(synced: Mailbox) -> None:
    def statements(events: int) -> int:
        for number in range(events):
            synced.edit("create", event=meeting(f"Meeting {number}", day=number % 30))
        with CaptureQueriesContext(connection) as queries:
            synced.sync()
        return len(queries)

    assert statements(2) == statements(40)


def test_nothing_new_moves_no_version(synced: Mailbox) -> None:
    before = synced.calendar.version

    result = synced.sync()

    assert result.tally is not None
    assert (result.tally.is_full, result.tally.stored) == (False, 0)
    assert synced.calendar.version == before > 0
