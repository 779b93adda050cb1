"""Views and the rounds of delta."""

from typing import Any

from tests.contract.examples import WINDOW, Stage, plays
from tests.sandbox.graph_side import Graph

DELTA = f"/me/calendarView/delta?{WINDOW}"


def page(graph: Graph, number: int, size: int) -> Any:
    """The page of a first round with that number, as a response."""
    prefer = f"odata.maxpagesize={size}"
    response = graph.call("GET", DELTA, Prefer=prefer)
    for _ in range(1, number):
        response = graph.call("GET", response.json["@odata.nextLink"], Prefer=prefer)
    return response


def three_pages(stage: Stage) -> Stage:
    for _ in range(5):
        stage.event()
    return stage


@plays("calendarview-list")
def calendar_view(stage: Stage, _: Any) -> Any:
    stage.event()
    return stage.graph.call("GET", f"/me/calendar/calendarView?{WINDOW}")


@plays("calendarview-delta-response-1")
def first_page(stage: Stage, _: Any) -> Any:
    return page(three_pages(stage).graph, 1, 2)


@plays("calendarview-delta-response-2")
def second_page(stage: Stage, _: Any) -> Any:
    return page(three_pages(stage).graph, 2, 2)


@plays("calendarview-delta-response-3")
def last_page(stage: Stage, _: Any) -> Any:
    response = page(three_pages(stage).graph, 3, 2)
    assert len(response.json["value"]) == 1
    return response


@plays("calendarview-delta-response-next-round")
def next_round(stage: Stage, _: Any) -> Any:
    made = stage.event()
    _items, link = stage.graph.round(DELTA)
    stage.graph.delete(f"/me/events/{made['id']}")
    stage.event(subject="Attend service")
    return stage.graph.call("GET", link)


@plays("calendarview-delta-occurrence-item")
def bare_occurrence(stage: Stage, _: Any) -> Any:
    stage.series()
    stage.stand_in.door("delta", mailbox="alice.moreau@contoso.example", do="behave", series="without-master")
    response = stage.graph.call("GET", DELTA, Prefer="odata.maxpagesize=50")
    assert set(response.json["value"][0]) == {
        "@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end",
    }  # fmt: skip
    return response


@plays("calendarview-delta-series-response-1")
def series_as_a_block(stage: Stage, _: Any) -> Any:
    stage.series()
    response = page(stage.graph, 1, 1)
    assert [each["type"] for each in response.json["value"]] == ["seriesMaster", *["occurrence"] * 5]
    return response


@plays("calendarview-delta-series-response-2")
def empty_last_page(stage: Stage, _: Any) -> Any:
    stage.series()
    response = page(stage.graph, 2, 1)
    assert response.json["value"] == []
    return response


@plays("calendarview-delta-deleted-occurrence")
def series_again_after_a_deletion(stage: Stage, _: Any) -> Any:
    stage.series()
    items, link = stage.graph.round(DELTA)
    stage.graph.delete(f"/me/events/{items[2]['id']}")
    response = stage.graph.call("GET", link, Prefer="odata.maxpagesize=50")
    assert not any("@removed" in each for each in response.json["value"])
    return response
