"""Answers have the members of Microsoft's published samples, with values of the same type."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.graph_side import JSON, Graph, Listener, StandIn, timed, weekly
from tests.shared import shared

EVENT = timed(
    "Let's go for lunch",
    "2026-12-01T12:00:00",
    "2026-12-01T14:00:00",
    "Pacific Standard Time",
    isOnlineMeeting=True,
    location={"displayName": "Harry's Bar"},
    attendees=[{"type": "required", "emailAddress": {"name": "Adele Vance", "address": "adele@contoso.example"}}],
    recurrence=weekly("2026-12-01", "tuesday"),
)
REMINDERS = "startDateTime='2026-12-01T00:00:00Z',endDateTime='2027-01-01T00:00:00Z'"
WINDOW = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z"


def sample(name: str) -> JSON:
    found: JSON = shared(f"graph/examples/{name}.json")
    return found


def master(graph: Graph) -> JSON:
    return graph.post("/me/events", EVENT)


def subscription(graph: Graph, stand_in: StandIn, listener: Listener) -> JSON:
    ends = stand_in.sandbox.clock.now() + timedelta(days=1)
    wish = {
        "changeType": "created",
        "notificationUrl": listener.url,
        "lifecycleNotificationUrl": listener.url,
        "resource": "me/events",
        "expirationDateTime": ends.isoformat(),
        "clientState": "secret",
    }
    return graph.post("/subscriptions", wish)


def lacks(answer: Any, wanted: Any, place: str = "") -> list[str]:
    """Where the answer has not what the sample has; null stands for any type."""
    if wanted is None or answer is None:
        return []
    if isinstance(wanted, dict) and isinstance(answer, dict):
        missing = [f"{place}/{name}" for name in wanted if name not in answer]
        return missing + [
            line for name in wanted if name in answer for line in lacks(answer[name], wanted[name], f"{place}/{name}")
        ]
    if isinstance(wanted, list) and isinstance(answer, list):
        return lacks(answer[0], wanted[0], f"{place}/0") if wanted and answer else []
    return [] if type(answer) is type(wanted) else [f"{place} is {type(answer).__name__}"]


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("user-me-response", lambda graph: graph.get("/me")),
        ("calendars-list-response", lambda graph: graph.get("/me/calendars")),
        ("calendar-get-response", lambda graph: graph.get("/me/calendar")),
        ("calendar-create-response", lambda graph: graph.post("/me/calendars", {"name": "Volunteer"})),
        ("event-create-recurring-weekly-response", master),
        ("event-create-online-meeting-response", master),
        ("event-recurring-noend-response", master),
        (
            "event-instances-response",
            lambda graph: graph.get(f"/me/events/{master(graph)['id']}/instances?{WINDOW}"),
        ),
        ("reminderview-response", lambda graph: master(graph) and graph.get(f"/me/reminderView({REMINDERS})")),
        ("calendarview-list-response", lambda graph: master(graph) and graph.get(f"/me/calendarView?{WINDOW}")),
        (
            "calendarview-delta-series-response-1",
            lambda graph: (
                master(graph)
                and graph.call("GET", f"/me/calendarView/delta?{WINDOW}", Prefer="odata.maxpagesize=1").json
            ),
        ),
        ("error-404-itemnotfound", lambda graph: graph.call("DELETE", f"/me/events/{deleted(graph)}").json),
        ("error-400-malformed-id", lambda graph: graph.call("GET", "/me/events/not-an-id").json),
    ],
)
def test_an_answer_has_what_the_published_sample_has(graph: Graph, name: str, ask: Callable[[Graph], JSON]) -> None:
    assert lacks(ask(graph), sample(name)) == []


def deleted(graph: Graph) -> str:
    found: str = master(graph)["id"]
    graph.delete(f"/me/events/{found}")
    return found


@pytest.mark.parametrize("name", ["subscription-create-response", "subscription-create-outlook-response"])
def test_a_subscription_has_what_the_published_sample_has(
    stand_in: StandIn, graph: Graph, listener: Listener, name: str
) -> None:
    assert lacks(subscription(graph, stand_in, listener), sample(name)) == []


def test_a_notification_has_what_the_published_sample_has(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    subscription(graph, stand_in, listener)
    master(graph)
    assert lacks({"value": listener.items(1)}, sample("notification-created")) == []
