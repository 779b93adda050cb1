"""Reading Graph's answers: every item by itself, nothing that hurts another."""

import json
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calendars.payloads import (
    Bare,
    EventRow,
    Removed,
    Skipped,
    Unreadable,
    fill,
    read_calendars,
    read_item,
    read_page,
)
from tests.shared import shared

LINK = "https://graph.microsoft.com/v1.0/me/calendarView/delta?$deltatoken=x"


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = shared(f"graph/examples/{name}")
    return found


def event(**changes: Any) -> dict[str, Any]:
    """A plain event as Graph sends it, with changes; None takes a member away."""
    plain: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": 'W/"abc"',
        "id": "AAMk-1",
        "type": "singleInstance",
        "subject": "Budget",
        "start": {"dateTime": "2026-03-02T10:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-02T11:30:00.0000000", "timeZone": "UTC"},
        "isAllDay": False,
        "isCancelled": False,
        "isOrganizer": True,
        "showAs": "busy",
        "sensitivity": "normal",
        "originalStartTimeZone": "W. Europe Standard Time",
        "location": {"displayName": "Room 1", "locationType": "default"},
        "organizer": {"emailAddress": {"name": "Alice Moreau", "address": "alice.moreau@contoso.example"}},
        "attendees": [
            {
                "emailAddress": {"name": "Bob Ito", "address": "bob.ito@contoso.example"},
                "type": "optional",
                "status": {"response": "accepted", "time": "2026-03-01T10:00:00Z"},
            }
        ],
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "webLink": "https://outlook.office365.com/owa/?itemid=1",
        "onlineMeeting": {"joinUrl": "https://teams.microsoft.com/l/meetup-join/1"},
        "AutoRoomBookingStatus": "None",
    }
    plain.update(changes)
    return {name: value for name, value in plain.items() if value is not None}


def moment(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


def read(**changes: Any) -> EventRow:
    found = read_item(event(**changes))
    assert isinstance(found, EventRow), found
    return found


def reason(**changes: Any) -> str:
    found = read_item(event(**changes))
    assert isinstance(found, Skipped), found
    return found.reason


# --- what is understood -------------------------------------------------------------------------------------------


def test_a_full_event_is_understood() -> None:
    row = read()

    assert row.starts_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert row.ends_at == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
    assert (row.start_date, row.end_date) == (None, None)
    assert (row.kind, row.series_id, row.recurrence) == ("single", "", None)
    assert (row.original_zone, row.zone) == ("W. Europe Standard Time", "Europe/Berlin")
    assert (row.organizer_name, row.organizer_address) == ("Alice Moreau", "alice.moreau@contoso.example")
    assert json.loads(row.attendees) == [
        {"name": "Bob Ito", "address": "bob.ito@contoso.example", "type": "optional", "response": "accepted"}
    ]
    assert row.join_url == "https://teams.microsoft.com/l/meetup-join/1"


def test_an_all_day_event_is_a_pair_of_dates_in_whatever_zone() -> None:
    row = read(
        isAllDay=True,
        start=moment("2026-03-02T00:00:00.0000000", "Tokyo Standard Time"),
        end=moment("2026-03-04T00:00:00.0000000", "Tokyo Standard Time"),
    )

    assert (row.start_date, row.end_date) == (date(2026, 3, 2), date(2026, 3, 4))
    assert (row.starts_at, row.ends_at) == (None, None)


def test_times_in_another_zone_than_asked_for_are_converted() -> None:
    row = read(
        start=moment("2026-07-02T10:00:00", "W. Europe Standard Time"), end=moment("2026-07-02T11:00:00", "Europe/Rome")
    )
    assert row.starts_at == datetime(2026, 7, 2, 8, tzinfo=UTC)
    assert row.ends_at == datetime(2026, 7, 2, 9, tzinfo=UTC)


def test_a_removal_needs_nothing_but_its_id() -> None:
    assert read_item({"id": "x", "@removed": {"reason": "deleted"}}) == Removed("x")


def test_a_bare_occurrence_waits_for_its_master() -> None:
    [_, master, bare] = [
        None,
        read(id="master", type="seriesMaster", recurrence={"pattern": {"type": "daily"}, "range": {"type": "noEnd"}}),
        read_item(
            {
                "id": "occ",
                "@odata.etag": "e",
                "type": "occurrence",
                "seriesMasterId": "master",
                "start": moment("2026-03-03T10:00:00.0000000"),
                "end": moment("2026-03-03T11:30:00.0000000"),
            }
        ),
    ]
    assert isinstance(bare, Bare)

    filled = fill(bare, master)

    assert (filled.graph_id, filled.series_id, filled.kind) == ("occ", "master", "occurrence")
    assert filled.starts_at == datetime(2026, 3, 3, 10, tzinfo=UTC)
    assert (filled.subject, filled.show_as, filled.attendees) == (master.subject, master.show_as, master.attendees)
    assert (filled.recurrence, filled.etag) == (None, "e")


def test_an_occurrence_of_an_all_day_series_gets_dates() -> None:
    master = read(
        id="master",
        type="seriesMaster",
        isAllDay=True,
        start=moment("2026-03-02T00:00:00"),
        end=moment("2026-03-03T00:00:00"),
    )
    bare = Bare("occ", "master", datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC), "")
    filled = fill(bare, master)
    assert (filled.start_date, filled.end_date, filled.starts_at) == (date(2026, 3, 9), date(2026, 3, 10), None)


def test_a_rule_is_kept_as_microsoft_writes_it_without_what_we_do_not_know() -> None:
    rule = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "sunday", "new": 1},
        "range": {"type": "noEnd", "startDate": "2026-03-02", "endDate": "0001-01-01", "numberOfOccurrences": 0},
    }
    row = read(type="seriesMaster", recurrence=rule)
    assert row.recurrence is not None
    assert json.loads(row.recurrence) == {
        "pattern": {name: value for name, value in rule["pattern"].items() if name != "new"},
        "range": rule["range"],
    }


@pytest.mark.parametrize(
    "rule",
    [7, {"pattern": {}}, {"pattern": {"type": "x\0"}, "range": {"type": "noEnd"}}, {"pattern": {"type": "\ud800"}}],
)
def test_an_odd_rule_costs_nobody_the_series(rule: Any) -> None:
    assert read(type="seriesMaster", recurrence=rule).recurrence is None


def test_words_of_tomorrow_are_taken_cautiously() -> None:
    row = read(showAs="focusing", sensitivity="topSecret", responseStatus={"response": "perhaps"})
    assert (row.show_as, row.sensitivity, row.response) == ("unknown", "private", "none")


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "http://teams.example/",
        "//teams.example",
        "https://",
        "https://[::1",
        "https://x/" + "y" * 3000,
    ],
)
def test_only_https_links_are_kept(link: str) -> None:
    row = read(webLink=link, onlineMeeting={"joinUrl": link})
    assert (row.web_link, row.join_url) == ("", "")


def test_what_is_only_shown_is_cut_and_an_address_is_whole_or_nothing() -> None:
    row = read(
        subject="s" * 600,
        location={"displayName": "l" * 600},
        originalStartTimeZone="z" * 200,
        organizer={"emailAddress": {"name": "n" * 300, "address": "a" * 400}},
    )
    assert (len(row.subject), len(row.location), len(row.original_zone), len(row.organizer_name)) == (
        512,
        512,
        128,
        256,
    )
    assert row.organizer_address == ""


def test_more_people_than_microsoft_allows_are_cut() -> None:
    crowd = [{"emailAddress": {"name": str(n), "address": f"{n}@x.example"}} for n in range(600)]
    assert len(json.loads(read(attendees=crowd).attendees)) == 500


# --- what is skipped ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject": 7}, "subject"),
        ({"subject": "a\0b"}, "subject"),
        ({"subject": "\ud83d"}, "subject"),
        ({"location": {"displayName": "\0"}}, "location"),
        ({"attendees": [{"emailAddress": {"name": "\0"}}]}, "attendees"),
        ({"attendees": "everybody"}, "attendees"),
        ({"organizer": {"emailAddress": {"name": "\0"}}}, "organizer"),
        ({"originalStartTimeZone": "\0"}, "originalStartTimeZone"),
        ({"isAllDay": "no"}, "isAllDay"),
        ({"type": "party"}, "type"),
        ({"type": None}, "type"),
        ({"start": None}, "start"),
        ({"start": "yesterday"}, "start"),
        ({"start": moment("2026-13-01T00:00:00")}, "start"),
        ({"start": moment("2026-03-02T10:00:00Z")}, "start"),
        ({"start": moment("2026-03-02T10:00:00", "(UTC+01:00) Berlin")}, "start"),
        ({"start": moment("0001-01-01T00:00:00", "Tokyo Standard Time")}, "start"),
        ({"end": moment("2026-03-02T09:00:00")}, "end"),
        ({"isAllDay": True}, "start and end"),
        ({"isAllDay": True, "start": moment("2026-03-02T00:00:00"), "end": moment("2026-03-02T00:00:00")}, "end"),
        ({"type": "exception"}, "seriesMasterId"),
        ({"type": "occurrence", "subject": None}, "seriesMasterId"),
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": "i" * 600}, "id"),
        ({"id": "i\0"}, "id"),
    ],
)
def test_an_item_that_makes_no_sense_is_skipped_with_the_field(changes: dict[str, Any], field: str) -> None:
    assert reason(**changes).startswith(field)


@pytest.mark.parametrize("item", [None, 7, "event", [], {}, {"@removed": {"reason": "deleted"}}, {"id": 7}])
def test_what_is_no_event_at_all_is_skipped(item: Any) -> None:
    assert isinstance(read_item(item), Skipped)


def test_a_reason_never_quotes_the_contents() -> None:
    assert "salary" not in reason(subject={"secret": "salary"})
    assert "salary" not in reason(start=moment("salary"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("\ud800\0"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(sorted(event())), JSON, max_size=4))
def test_whatever_stands_in_an_event_becomes_a_storable_row_or_a_reason(changes: dict[str, Any]) -> None:
    found = read_item({**event(), **changes})

    for value in found:
        if isinstance(value, str):
            assert "\0" not in value
            value.encode()
    if isinstance(found, EventRow):
        orjson.loads(found.attendees)
    else:
        assert isinstance(found, Skipped | Bare | Removed)


# --- pages --------------------------------------------------------------------------------------------------------


def test_one_bad_item_leaves_the_rest_of_the_page() -> None:
    page = read_page({"value": [event(id="a"), {"id": "b", "type": 9}, event(id="c")], "@odata.deltaLink": LINK})

    assert [type(item).__name__ for item in page.items] == ["EventRow", "Skipped", "EventRow"]
    assert (page.next_link, page.delta_link) == ("", LINK)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"value": []},
        {"value": [], "@odata.nextLink": LINK, "@odata.deltaLink": LINK},
        {"value": {}, "@odata.deltaLink": LINK},
        {"value": [], "@odata.deltaLink": 7},
    ],
)
def test_a_page_that_does_not_say_where_to_go_on_is_no_page(answer: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read_page(answer)


def test_a_calendar_with_odd_labels_is_still_there() -> None:
    [found] = read_calendars(
        [{"id": "c", "name": "a\0\ud800b", "color": 7, "owner": {"name": None}, "canEdit": "yes"}, {}, 7]
    )
    assert (found.graph_id, found.name, found.color, found.can_edit) == ("c", "ab", "", False)


@pytest.mark.parametrize(
    "name",
    [
        "calendarview-delta-series-response-1.json",
        "calendarview-delta-series-response-2.json",
        "calendarview-delta-deleted-occurrence-response.json",
    ],
)
def test_recorded_pages_of_microsoft_are_understood_whole(name: str) -> None:
    page = read_page(example(name))
    assert [item for item in page.items if isinstance(item, Skipped)] == []


def test_recorded_lists_of_calendars_are_understood() -> None:
    listed = read_calendars(example("calendars-list-shared-response.json")["value"])
    assert listed
    assert all(one.graph_id and one.name for one in listed)
