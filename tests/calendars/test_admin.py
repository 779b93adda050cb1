"""Support sees how calendars stand, and nothing of what they are called or hold."""

from django.urls import reverse

from tests.calendars.conftest import Mailbox
from tests.calendars.test_edits import meeting
from tests.cast import signed_in


def test_support_sees_states_and_counts_and_no_names(synced: Mailbox) -> None:
    synced.edit("create", event=meeting("Merger with Initech"))
    synced.edit("raw", event={**meeting("Odd"), "id": "odd", "type": 7})
    synced.sync()
    calendar = synced.rename("Board, confidential")
    support = signed_in(synced.people.support)

    pages = [
        support.get(reverse("admin:calendars_calendar_changelist")),
        support.get(reverse("admin:calendars_calendar_change", args=[calendar.pk])),
        support.get(reverse("admin:calendars_calendar_changelist"), {"q": str(synced.connection_id)}),
    ]

    for page in pages:
        assert page.status_code == 200
        text = page.content.decode()
        for secret in ("Merger with Initech", calendar.name, calendar.graph_id, calendar.delta_link):
            assert secret not in text
    assert f">{len(synced.stored()) + synced.masters()}<" in pages[0].content.decode()


def test_calendars_that_fail_are_filtered(synced: Mailbox) -> None:
    support = signed_in(synced.people.support)
    address = reverse("admin:calendars_calendar_changelist")
    row = reverse("admin:calendars_calendar_change", args=[synced.calendar.pk])
    assert row not in support.get(address, {"last_error__isempty": "0"}).content.decode()

    synced.sandbox.fault({"status": 503}, match={"path": "calendarView/delta"}, times=9)
    synced.sync()

    assert row in support.get(address, {"last_error__isempty": "0"}).content.decode()


def test_nobody_else_comes_in(synced: Mailbox) -> None:
    address = reverse("admin:calendars_calendar_changelist")
    assert signed_in(synced.people.mallory).get(address).status_code == 404
    assert signed_in(synced.user).get(address).status_code == 404
    assert signed_in(None).get(address).status_code == 302
