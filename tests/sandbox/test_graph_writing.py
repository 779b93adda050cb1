"""Details of writing events: what is taken once, what is never taken, and what a change makes of a series."""

import pytest

from tests.sandbox.graph_side import ALICE, JSON, NOON, Graph, StandIn, timed, weekly
from tests.sandbox.meeting_side import NEVER, asked, every_tuesday, in_december, meeting


def test_what_clients_may_not_write_is_ignored(graph: Graph) -> None:
    wish: JSON = {
        "title": "No such member",
        "organizer": asked("mallory@elsewhere.example"),
        "isOrganizer": False,
        "isCancelled": True,
        "isDraft": True,
        "hasAttachments": True,
        "responseStatus": {"response": "accepted", "time": "2026-01-01T00:00:00Z"},
        "changeKey": "mine",
        "iCalUId": "mine",
        "createdDateTime": "2001-01-01T00:00:00Z",
        "seriesMasterId": "mine",
        "onlineMeeting": {"joinUrl": "https://elsewhere.example"},
        "attendees": [asked("bob@elsewhere.example", status={"response": "accepted", "time": "2026-01-01T00:00:00Z"})],
    }
    made = graph.post("/me/events", timed("Lunch", *NOON, **wish))
    changed = graph.patch(f"/me/events/{made['id']}", wish)
    for shown in (made, changed):
        assert "title" not in shown
        assert shown["organizer"]["emailAddress"]["address"] == ALICE
        assert (shown["isOrganizer"], shown["isCancelled"], shown["isDraft"], shown["hasAttachments"]) == (
            True, False, False, False,
        )  # fmt: skip
        assert shown["responseStatus"] == {"response": "organizer", "time": NEVER}
        assert shown["attendees"][0]["status"] == {"response": "none", "time": NEVER}
        assert (shown["seriesMasterId"], shown["onlineMeeting"]) == (None, None)
    assert changed["iCalUId"] == made["iCalUId"] != "mine"


@pytest.mark.parametrize("provider", ["skypeForBusiness", "SkypeForConsumer"])
def test_a_provider_that_the_calendar_does_not_have_makes_no_meeting(graph: Graph, provider: str) -> None:
    made = graph.post("/me/events", timed("A", *NOON, isOnlineMeeting=True, onlineMeetingProvider=provider))
    assert (made["isOnlineMeeting"], made["onlineMeetingProvider"], made["onlineMeeting"]) == (False, "unknown", None)


def test_an_online_meeting_is_made_once_and_its_provider_stays(graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON, onlineMeetingProvider="teamsForBusiness"))
    assert made["isOnlineMeeting"] is False
    online = graph.patch(f"/me/events/{made['id']}", {"isOnlineMeeting": True})
    assert online["onlineMeetingProvider"] == "teamsForBusiness"
    after = graph.patch(
        f"/me/events/{made['id']}", {"isOnlineMeeting": False, "onlineMeetingProvider": "skypeForBusiness"}
    )
    assert (after["isOnlineMeeting"], after["onlineMeeting"]) == (True, online["onlineMeeting"])
    assert after["onlineMeetingProvider"] == "teamsForBusiness"


def test_a_series_without_its_rule_is_its_first_occurrence(graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON, recurrence=weekly("2026-12-01", "thursday")))
    single = graph.patch(f"/me/events/{made['id']}", {"recurrence": None})
    assert (single["type"], single["recurrence"], single["id"]) == ("singleInstance", None, made["id"])
    assert single["start"]["dateTime"] == "2026-12-03T12:00:00.0000000"
    assert single["end"]["dateTime"] == "2026-12-03T13:00:00.0000000"
    assert "originalStart" not in single


def test_a_single_event_with_a_rule_is_a_series(graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON))
    series = graph.patch(f"/me/events/{made['id']}", {"recurrence": weekly("2026-12-01", "tuesday")})
    assert (series["type"], series["id"]) == ("seriesMaster", made["id"])
    assert len(in_december(graph, series)) == 5


def test_an_occurrence_has_no_rule_of_its_own(graph: Graph) -> None:
    made = graph.post("/me/events", every_tuesday())
    day = in_december(graph, made)["2026-12-08"]
    rule = {"subject": "No", "recurrence": weekly("2026-12-08", "tuesday")}
    assert graph.refused("PATCH", f"/me/events/{day['id']}", rule) == (400, "ErrorPropertyValidationFailure")
    assert graph.get(f"/me/events/{day['id']}")["type"] == "occurrence"


def test_what_was_deleted_cannot_be_deleted_again(graph: Graph) -> None:
    made = graph.post("/me/events", every_tuesday())
    day = in_december(graph, made)["2026-12-08"]
    for id_ in (day["id"], made["id"]):
        graph.delete(f"/me/events/{id_}")
        assert graph.refused("DELETE", f"/me/events/{id_}") == (404, "ErrorItemNotFound")
        assert graph.refused("POST", f"/me/events/{id_}/permanentDelete") == (404, "ErrorItemNotFound")


def test_nobody_invites_more_than_five_hundred_people(graph: Graph) -> None:
    crowd = [f"person{n}@elsewhere.example" for n in range(501)]
    assert graph.refused("POST", "/me/events", meeting(*crowd)) == (400, "ErrorPropertyValidationFailure")
    made = graph.post("/me/events", meeting(*crowd[:500]))
    more = {"attendees": [asked(address) for address in crowd]}
    assert graph.refused("PATCH", f"/me/events/{made['id']}", more) == (400, "ErrorPropertyValidationFailure")


def test_a_stale_tag_changes_nothing_in_any_mailbox(stand_in: StandIn, graph: Graph) -> None:
    made = graph.post("/me/events", meeting("bob.ito@contoso.example"))
    graph.patch(f"/me/events/{made['id']}", {"subject": "Second"}, If_Match=made["@odata.etag"])
    for method in ("PATCH", "DELETE"):
        refused = graph.refused(method, f"/me/events/{made['id']}", {"subject": "No"}, If_Match=made["@odata.etag"])
        assert refused == (412, "ErrorIrresolvableConflict")
    assert [each["subject"] for each in stand_in.graph("bob.ito@contoso.example").all("/me/events")] == ["Second"]


@pytest.mark.parametrize(
    ("moment", "zone"), [("0001-01-01T00:00:00", "Asia/Tokyo"), ("9999-12-31T23:59:59", "Pacific Standard Time")]
)
def test_a_time_that_no_zone_can_reckon_with_is_refused(graph: Graph, moment: str, zone: str) -> None:
    refused = graph.refused("POST", "/me/events", timed("A", moment, moment, zone))
    assert refused == (400, "ErrorPropertyValidationFailure")
