"""One event that makes no sense: it is recorded, and the rest of its page is stored."""

from typing import Any

import pytest

from calendars.services import Outcome
from tests.calendars.conftest import Mailbox
from tests.calendars.test_edits import at, instances_of, meeting, weekly
from tests.cast import signed_in


def odd(**changes: Any) -> dict[str, Any]:
    """An event that Graph should never send."""
    return {"id": "odd-1", "type": "singleInstance", "isAllDay": False, **meeting("Odd"), **changes}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"subject": 7}, "subject"),
        ({"subject": "a\0b"}, "subject"),
        ({"subject": "half \ud83d of a pair"}, "subject"),
        ({"start": {"dateTime": "soon", "timeZone": "UTC"}}, "start"),
        ({"start": None}, "start"),
        ({"isAllDay": True}, "start and end"),
        ({"end": at(-30)}, "end"),
        ({"type": "party"}, "type"),
        # In the zone of whoever looks, both ends would be beyond what Python counts.
        ({"start": {"dateTime": "0001-01-01T00:00:00", "timeZone": "UTC"}}, "start or end"),
        ({"end": {"dateTime": "9999-12-31T23:59:59.9999999", "timeZone": "UTC"}}, "start or end"),
    ],
)
def test_it_is_recorded_with_its_id_and_a_reason_and_the_rest_is_stored(
    synced: Mailbox, changes: dict[str, Any], field: str
) -> None:
    synced.edit("raw", event=odd(**changes))
    good = synced.edit("create", event=meeting("Good"))["immutableId"]

    assert synced.sync().outcome == Outcome.DONE

    [(graph_id, reason)] = synced.skipped().items()
    assert graph_id == "odd-1"
    assert reason.startswith(field)
    assert good in synced.stored()
    assert synced.stored() == synced.truth()


def test_it_is_forgotten_when_it_comes_through_later(synced: Mailbox) -> None:
    synced.edit("raw", event=odd(subject=7))
    synced.sync()
    assert list(synced.skipped()) == ["odd-1"]

    synced.edit("raw", id="odd-1", event=odd(subject="Mended"))
    synced.sync()

    assert synced.skipped() == {}
    assert synced.stored()["odd-1"].subject == "Mended"


def test_it_is_forgotten_when_it_is_deleted(synced: Mailbox) -> None:
    synced.edit("raw", event=odd(subject=7))
    synced.sync()

    synced.edit("delete", id="odd-1")
    synced.sync()

    assert synced.skipped() == {}


def test_an_event_that_becomes_odd_keeps_its_last_good_state(synced: Mailbox) -> None:
    good = synced.edit("create", event=meeting("Good"))["immutableId"]
    synced.sync()

    synced.edit("raw", id=good, event=odd(id=good, subject=7))
    synced.sync()
    assert synced.stored()[good].subject == "Good"

    # Nor does a full round sweep it away: Microsoft still has it.
    synced.sandbox.expire_delta(synced.address)
    synced.sync()
    assert synced.stored()[good].subject == "Good"
    assert list(synced.skipped()) == [good]


def test_a_full_round_forgets_what_was_skipped_and_is_gone(synced: Mailbox) -> None:
    synced.edit("raw", event=odd(subject=7))
    synced.sync()

    synced.edit("delete", id="odd-1")
    synced.sandbox.expire_delta(synced.address)
    synced.sync()

    assert synced.skipped() == {}


def test_a_series_whose_master_is_odd_is_not_shown_without_a_subject(synced: Mailbox) -> None:
    series = synced.edit("create", event=weekly())["immutableId"]
    master = synced.edit("update", id=series, event={"subject": "Weekly"})["event"]
    synced.edit("raw", id=series, event={**master, "subject": 7})

    assert synced.sync().outcome == Outcome.DONE

    assert instances_of(synced, series) == []
    assert series in synced.skipped()


def test_an_event_through_all_times_breaks_no_page(synced: Mailbox) -> None:
    span = {
        "start": {"dateTime": "0002-01-01T00:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "9998-12-31T23:59:59.9999999", "timeZone": "UTC"},
    }
    synced.edit("raw", event=odd(**span))
    synced.sync()
    row = synced.row("odd-1")

    browser = signed_in(synced.user)
    for zone in ("America/New_York", "Pacific/Kiritimati"):
        browser.cookies["tz"] = zone
        for page in ("", "calendar/", "calendar/agenda/", f"calendar/events/{row.pk}/"):
            assert browser.get(f"/o/acme/{page}").status_code == 200, (zone, page)


@pytest.mark.parametrize("path", ["/instances", "/me/events/[^/?]+$"])
def test_a_series_that_microsoft_refuses_does_not_stop_the_calendar(synced: Mailbox, path: str) -> None:
    """As it does for series whose rule is damaged; a 400 stays a 400 however often one asks."""
    series = synced.edit("create", event=weekly())["immutableId"]
    synced.sync()
    before = instances_of(synced, series)
    synced.behave(series="without-master" if path.endswith("$") else "only-master")
    synced.sandbox.fault(match={"path": path}, do={"status": 400, "code": "ErrorInvalidRecurrence"})

    synced.edit("update", id=series, event={"subject": "Odd"})
    good = synced.edit("create", event=meeting("Good"))["immutableId"]
    result = synced.sync()
    synced.sandbox.clear_faults()

    assert result.outcome == Outcome.DONE
    assert good in synced.stored()
    assert series in synced.skipped()
    assert instances_of(synced, series) == before
