"""How much of an event is kept: decided by the organization, and true of every row at every moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection, connections
from django.db.models import CharField, JSONField, TextField
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from calendars.models import Calendar, Event, Kind
from calendars.payloads import BODY_LENGTH, Bare, EventRow, fill, read_item
from calendars.services import Outcome
from calendars.sync import apply as storing
from calendars.sync.policy import BLANKS, KEPT
from tenants.acts import Act
from tenants.models import Detail
from tenants.scoping import organization_scope
from tests.calendars.comparing import Facts
from tests.calendars.conftest import Mailbox, utc_now
from tests.calendars.deciding import acts_of, apply, as_it_is, decide, events_of
from tests.calendars.making import make_calendar, make_connection
from tests.calendars.test_convergence import Life
from tests.calendars.test_edits import meeting, weekly
from tests.calendars.test_interruptions import DELTA, later, stopped_after
from tests.cast import Cast
from tests.conftest import eventually

NOTE = {"contentType": "html", "content": "<html><body><p>Bring the <b>numbers</b></p></body></html>"}


def kept_of(truth: dict[str, Facts], detail: Detail) -> dict[str, Facts]:
    """What is to be found of it here."""
    return {key: facts._replace(subject="") for key, facts in truth.items()} if detail == Detail.BUSY else truth


def decide_for(mailbox: Mailbox, detail: Detail) -> None:
    decide(mailbox.organization, mailbox.user, detail=detail)


@pytest.fixture
def told(mailbox: Mailbox) -> Mailbox:
    """A mailbox with a text in a meeting and in a series, read under `details`."""
    mailbox.edit("create", event=meeting("Budget", body=NOTE, location={"displayName": "Room 7"}))
    mailbox.edit("create", event=weekly("Planning") | {"body": NOTE})
    mailbox.list_calendars()
    assert mailbox.sync().outcome == Outcome.DONE
    return mailbox


# --- what a row holds -----------------------------------------------------------------------------------------------


def test_without_a_decision_everything_but_the_text_is_kept(told: Mailbox) -> None:
    rows = events_of(told.organization)
    assert any(row.subject == "Budget" and row.location == "Room 7" for row in rows)
    assert {(row.body, row.body_type) for row in rows} == {("", "")}


def test_more_is_kept_after_one_full_round_and_occurrences_repeat_no_text(told: Mailbox) -> None:
    decide_for(told, Detail.FULL)
    applied = apply(told.organization)
    assert applied is not None
    assert applied.to_read == [told.calendar.pk]

    result = told.sync()

    assert result.tally is not None
    assert result.tally.is_full
    rows = events_of(told.organization)
    texts = {row.subject: row for row in rows if row.body}
    assert "numbers" in texts["Budget"].body
    assert texts["Budget"].body_type == "html"
    assert texts["Planning"].kind == Kind.MASTER
    assert not any(row.body for row in rows if row.kind == Kind.OCCURRENCE)
    assert told.calendar.kept_detail == Detail.FULL


def test_only_busy_empties_every_row_at_once_and_stays_so(told: Mailbox) -> None:
    before = told.calendar
    decide_for(told, Detail.BUSY)

    applied = apply(told.organization)

    assert applied is not None
    assert applied.reduced == len(events_of(told.organization))
    assert applied.to_read == []
    assert told.calendar.version > before.version
    assert_only_busy(told)
    told.edit("create", event=meeting("Secret plan", location={"displayName": "Cellar"}))
    told.edit("create", event=weekly("Secret series"))
    told.mark()
    assert told.sync().outcome == Outcome.DONE
    assert_only_busy(told)
    assert told.stored() == kept_of(told.truth(), Detail.BUSY)


def assert_only_busy(mailbox: Mailbox) -> None:
    for row in events_of(mailbox.organization):
        held = {name: getattr(row, name) for name in BLANKS}
        assert held == {**BLANKS, "attendees": []}, row.kind


def test_every_column_is_either_kept_when_busy_or_has_a_blank() -> None:
    ours = {"id", "organization", "calendar", "round_number"}
    columns = {field.name for field in Event._meta.get_fields()} - ours
    assert columns == set(EventRow._fields)
    assert columns == KEPT[Detail.BUSY] | set(BLANKS)
    assert KEPT[Detail.BUSY].isdisjoint(BLANKS)


def test_texts_go_and_the_rest_stays(told: Mailbox) -> None:
    decide_for(told, Detail.FULL)
    apply(told.organization)
    told.sync()
    decide_for(told, Detail.DETAILS)

    applied = apply(told.organization)

    assert applied is not None
    assert applied.reduced >= 2
    assert not any(row.body for row in events_of(told.organization))
    assert told.stored() == told.truth()


def test_back_from_busy_everything_returns(told: Mailbox) -> None:
    decide_for(told, Detail.BUSY)
    apply(told.organization)
    decide_for(told, Detail.DETAILS)
    apply(told.organization)

    assert told.sync().outcome == Outcome.DONE

    assert told.stored() == told.truth()
    assert any(row.location == "Room 7" for row in events_of(told.organization))


def test_a_text_is_bounded_and_what_cannot_be_stored_of_it_is_left_out() -> None:
    sent = {
        "id": "one", "type": "singleInstance", "subject": "S", **meeting(),
        "body": {"contentType": "text", "content": "a\0b\ud800c" + "x" * 2 * BODY_LENGTH},
    }  # fmt: skip
    row = read_item(sent)
    assert isinstance(row, EventRow)
    assert row.body.startswith("abcx")
    assert len(row.body) <= BODY_LENGTH
    assert row.body_type == "text"


# --- a round under way ----------------------------------------------------------------------------------------------


def test_a_round_under_way_stores_no_more_than_was_decided_meanwhile(told: Mailbox) -> None:
    told.edit("create", event=meeting("Told too late", body=NOTE))
    told.mark()
    begun = utc_now()
    told.sandbox.fault({"delay": 0.7}, match=DELTA, times=1)
    calendar = told.calendar

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(closing, lambda: told.sync(calendar))
        eventually(lambda: (started := told.calendar.round_started_at) and started >= begun)
        decide_for(told, Detail.BUSY)
        apply(told.organization)
        running.result()

    assert_only_busy(told)
    told.sync(clock=later(400))
    assert_only_busy(told)
    assert told.stored() == kept_of(told.truth(), Detail.BUSY)


def test_a_writer_that_has_the_lock_is_cleaned_up_after(told: Mailbox) -> None:
    """It read the old policy and commits after the new one: the cleaning waits for its lock."""
    calendar = told.calendar
    row = row_of("Late", "late-1")

    with ThreadPoolExecutor(2) as threads:
        with organization_scope(told.organization.pk):
            locked = Calendar.objects.of(told.organization).select_for_update(no_key=True).get(pk=calendar.pk)
            storing.upsert(locked, [row])
            threads.submit(closing, lambda: decide_for(told, Detail.BUSY)).result()
            cleaning = threads.submit(closing, lambda: apply(told.organization))
        cleaning.result()
    assert_only_busy(told)


def row_of(subject: str, graph_id: str, **more: Any) -> EventRow:
    sent = {"id": graph_id, "type": "singleInstance", **meeting(subject), "subject": subject, **more}
    row = read_item(sent)
    assert isinstance(row, EventRow)
    return row


def test_a_full_round_that_stopped_under_busy_begins_anew_when_more_is_kept(mailbox: Mailbox) -> None:
    mailbox.list_calendars()
    decide_for(mailbox, Detail.BUSY)
    apply(mailbox.organization)
    mailbox.behave(page_limit=10)
    stopped_after(mailbox, pages=2)
    assert mailbox.calendar.page_link
    decide_for(mailbox, Detail.DETAILS)

    # Whether the policies were applied by then or not.
    assert mailbox.sync(clock=later(60)).outcome == Outcome.DONE

    assert mailbox.stored() == mailbox.truth()


def test_to_loosen_and_tighten_again_before_the_round_leaves_nothing(told: Mailbox) -> None:
    decide_for(told, Detail.BUSY)
    apply(told.organization)
    decide_for(told, Detail.FULL)
    with organization_scope(told.organization.pk):
        locked = Calendar.objects.of(told.organization).select_for_update(no_key=True).get(pk=told.calendar.pk)
        storing.upsert(locked, [row_of("In between", "between-1", body=NOTE)])
    decide_for(told, Detail.BUSY)
    assert_only_busy(told)


# --- applying -------------------------------------------------------------------------------------------------------


def test_applying_twice_changes_nothing_and_is_recorded_once(told: Mailbox) -> None:
    decide_for(told, Detail.BUSY)
    assert not as_it_is(told.organization).are_policies_applied

    first, second = apply(told.organization), apply(told.organization)

    assert first is not None
    assert second is None
    assert as_it_is(told.organization).are_policies_applied
    [entry] = acts_of(told.organization, Act.POLICY_APPLIED)
    assert entry.details["events_reduced"] == first.reduced
    [changed] = acts_of(told.organization, Act.POLICY_CHANGED)
    assert changed.details == {"policy": "detail", "former": "details", "new": "busy"}
    assert changed.actor_label == told.user.email


def test_a_newer_decision_is_not_taken_for_applied(told: Mailbox) -> None:
    decide_for(told, Detail.BUSY)

    with ThreadPoolExecutor(2) as threads:
        with organization_scope(told.organization.pk):
            Calendar.objects.of(told.organization).select_for_update().get(pk=told.calendar.pk)
            applying = threads.submit(closing, lambda: apply(told.organization))
            # It has read what was decided, and waits for the calendar.
            eventually(somebody_waits_for_a_lock)
            threads.submit(closing, lambda: decide_for(told, Detail.DETAILS)).result()
        applying.result()

    assert not as_it_is(told.organization).are_policies_applied
    assert apply(told.organization) is not None
    assert as_it_is(told.organization).are_policies_applied


def closing(work: Callable[[], Any]) -> Any:
    """In a thread: what it does, and then its own connection is given back."""
    try:
        return work()
    finally:
        connections.close_all()


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return cursor.fetchone() is not None


# --- in any mix -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detail", [Detail.BUSY, Detail.FULL])
def test_any_mix_of_edits_and_faults_converges_at_every_level(synced: Mailbox, detail: Detail) -> None:
    decide_for(synced, detail)
    apply(synced.organization)

    class Decided(Life):
        def teardown(self) -> None:
            self.mailbox.sandbox.clear_faults()
            assert self.once() == Outcome.DONE
            assert self.mailbox.stored() == kept_of(self.mailbox.truth(), detail)
            if detail == Detail.BUSY:
                assert_only_busy(self.mailbox)

    Decided.mailbox = synced
    run_state_machine_as_test(
        Decided,
        settings=settings(
            max_examples=4, stateful_step_count=12, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


WORD = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=4, max_size=30).map(lambda text: f"§{text}§")


@pytest.fixture
def bare_calendar(cast: Cast) -> Calendar:
    return make_calendar(make_connection(cast.acme, cast.alice))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    words=st.lists(WORD, min_size=12, max_size=12, unique=True),
    kind=st.sampled_from(["singleInstance", "occurrence", "exception", "seriesMaster"]),
    tightened=st.booleans(),
)
def test_busy_rows_hold_nothing_of_an_event_in_any_text(
    bare_calendar: Calendar, words: list[str], kind: str, tightened: bool
) -> None:
    """Stored under `busy`, or stored whole and cleaned; bare occurrences filled from their master among them."""
    sent = {
        "id": "event-1", "type": kind, "seriesMasterId": None if kind in {"singleInstance", "seriesMaster"} else "m-1",
        **meeting(), "@odata.etag": words[0], "subject": words[1], "location": {"displayName": words[2]},
        "organizer": {"emailAddress": {"name": words[3], "address": words[4]}},
        "attendees": [{"emailAddress": {"name": words[5], "address": words[6]}, "status": {"response": "accepted"}}],
        "onlineMeeting": {"joinUrl": f"https://join.example/{words[7]}"}, "webLink": f"https://web.example/{words[8]}",
        "originalStartTimeZone": words[9], "sensitivity": "private",
        "body": {"contentType": "html", "content": words[10]},
        "recurrence": {"pattern": {"type": "daily", "index": "first"}, "range": {"type": words[11]}},
    }  # fmt: skip
    row = read_item(sent)
    assert isinstance(row, EventRow)
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    rows = [row]
    if row.kind == Kind.MASTER:
        rows.append(fill(Bare("bare-1", "event-1", moment, moment + timedelta(hours=1), words[0]), row))
    organization_id = bare_calendar.organization_id
    with organization_scope(organization_id):
        bare_calendar.organization.detail = Detail.FULL if tightened else Detail.BUSY
        bare_calendar.organization.save(update_fields=["detail"])
        bare_calendar.kept_detail = Detail.FULL
        storing.empty(bare_calendar)
        storing.upsert(bare_calendar, rows)
        if tightened:
            assert (
                any(words[10] in found.body for found in Event.objects.of(organization_id)) or row.kind == "occurrence"
            )
            storing.reduce(bare_calendar, Detail.BUSY)
        texts = [field.name for field in Event._meta.fields if isinstance(field, CharField | TextField | JSONField)]
        stored = [orjson.dumps(list(found)).decode() for found in Event.objects.of(organization_id).values_list(*texts)]
    assert len(stored) == len(rows)
    assert not any(word in text for word in words for text in stored)
    assert not any("§" in text for text in stored)
