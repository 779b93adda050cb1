"""What a page means: pure, so every order and repetition can be tried."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.payloads import Bare, EventRow, Item, Removed, Skipped
from calendars.sync.plan import Plan, make_plan
from calendars.sync.window import Window

DAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def row(graph_id: str, *, kind: str = "single", series: str = "", subject: str = "", start: datetime = DAY) -> EventRow:
    return EventRow(
        graph_id=graph_id,
        kind=kind,
        series_id=series,
        is_all_day=False,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        start_date=None,
        end_date=None,
        original_zone="",
        zone=None,
        subject=subject,
        location="",
        organizer_name="",
        organizer_address="",
        attendees="[]",
        show_as="busy",
        sensitivity="normal",
        is_cancelled=False,
        is_organizer=True,
        response="none",
        join_url="",
        web_link="",
        body="",
        body_type="",
        recurrence=None,
        etag="",
    )


def master(graph_id: str = "M", subject: str = "Weekly") -> EventRow:
    return row(graph_id, kind="master", subject=subject, start=DAY - timedelta(days=2000))


def bare(graph_id: str, series: str = "M", *, days: int = 0) -> Bare:
    start = DAY + timedelta(days=days)
    return Bare(graph_id, series, start, start + timedelta(hours=1), "")


def plan(*items: Item, masters: dict[str, EventRow] | None = None) -> Plan:
    return make_plan(items, masters=masters or {}, window=WINDOW)


def stored(found: Plan) -> dict[str, str]:
    return {one.graph_id: one.subject for one in found.upserts}


def test_the_last_of_several_with_one_id_counts() -> None:
    assert stored(plan(row("a", subject="old"), row("b"), row("a", subject="new"))) == {"b": "", "a": "new"}


def test_a_removal_after_an_event_removes_it_and_the_other_way_round_keeps_it() -> None:
    gone = plan(row("a"), Removed("a"))
    assert (stored(gone), gone.removals) == ({}, ["a"])
    back = plan(Removed("a"), row("a"))
    assert (stored(back), back.removals) == ({"a": ""}, [])


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_a_master_fills_its_occurrences_wherever_it_stands(order: tuple[int, ...]) -> None:
    items: list[Item] = [master(), bare("o1"), bare("o2", days=7)]
    found = plan(*(items[place] for place in order))
    assert stored(found) == {"M": "Weekly", "o1": "Weekly", "o2": "Weekly"}
    assert found.wanted == []


def test_a_master_of_an_earlier_page_fills_occurrences() -> None:
    assert stored(plan(bare("o1"), masters={"M": master()})) == {"o1": "Weekly"}


def test_the_newer_master_counts() -> None:
    found = plan(bare("o1"), master(subject="Renamed"), masters={"M": master()})
    assert stored(found)["o1"] == "Renamed"


def test_an_unknown_master_is_wanted_once_and_its_occurrences_wait() -> None:
    found = plan(bare("o1"), row("a"), bare("o2"), bare("p1", "N"))
    assert found.wanted == ["M", "N"]
    assert stored(found) == {"a": ""}


def test_occurrences_of_a_master_that_is_gone_go_with_it() -> None:
    found = plan(bare("o1"), bare("o2"), Removed("M"))
    assert (stored(found), found.removals, found.wanted, found.skipped) == ({}, ["M"], [], [])


def test_exceptions_of_a_removed_master_go_with_it_unless_they_come_later() -> None:
    before = plan(row("x", kind="exception", series="M"), Removed("M"))
    assert stored(before) == {}
    after = plan(Removed("M"), row("x", kind="exception", series="M"))
    assert (stored(after), after.removals) == ({"x": ""}, ["M"])


def test_occurrences_of_a_master_that_cannot_be_read_are_skipped_and_not_shown_empty() -> None:
    found = plan(Skipped("M", "subject: odd"), bare("o1"), masters={})
    assert stored(found) == {}
    assert [one.graph_id for one in found.skipped] == ["M", "o1"]


def test_occurrences_of_what_is_no_series_are_skipped() -> None:
    found = plan(row("M"), bare("o1"))
    assert [one.graph_id for one in found.skipped] == ["o1"]


def test_an_exception_needs_no_master() -> None:
    assert stored(plan(row("x", kind="exception", series="M", subject="Moved"))) == {"x": "Moved"}


def test_what_is_outside_the_window_is_not_kept_but_masters_are() -> None:
    found = plan(row("old", start=WINDOW.start - timedelta(days=2)), row("late", start=WINDOW.end), master())
    assert stored(found) == {"M": "Weekly"}
    assert found.removals == ["old", "late"]


def test_an_event_that_reaches_into_the_window_is_kept() -> None:
    reaching = row("long", start=WINDOW.start - timedelta(hours=1))._replace(ends_at=WINDOW.start + timedelta(hours=1))
    assert stored(plan(reaching)) == {"long": ""}


ITEMS = st.one_of(
    st.builds(row, st.sampled_from("abc"), subject=st.sampled_from(["1", "2"])),
    st.builds(master, st.sampled_from("MN")),
    st.builds(bare, st.sampled_from(["o1", "o2"]), st.sampled_from("MN")),
    st.builds(Removed, st.sampled_from(["a", "M", "o1", "unknown"])),
    st.builds(Skipped, st.sampled_from(["b", "N", "o2"]), st.just("odd")),
)


@given(st.lists(ITEMS, max_size=12))
def test_every_id_has_one_fate(items: list[Item]) -> None:
    found = plan(*items)
    fates = [one.graph_id for one in found.upserts] + found.removals + [one.graph_id for one in found.skipped]
    assert len(fates) == len(set(fates))


@given(st.lists(ITEMS, max_size=12))
def test_reading_a_page_twice_means_the_same(items: list[Item]) -> None:
    once, twice = plan(*items), plan(*items, *items)
    assert {one.graph_id: one for one in once.upserts} == {one.graph_id: one for one in twice.upserts}
    assert set(once.removals) == set(twice.removals)
