"""Rounds of delta: what they bring, what they leave out, and that a careful client ends with the truth."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.sandbox.graph_side import ALICE, IMMUTABLE, JSON, Graph, StandIn, timed, weekly

START, END = "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"
ROUND = f"/me/calendarView/delta?startDateTime={START}&endDateTime={END}"


def event(day: int, subject: str = "Single", month: int = 12, **more: Any) -> JSON:
    return timed(subject, f"2026-{month:02}-{day:02}T10:00:00", f"2026-{month:02}-{day:02}T11:00:00", **more)


def series(graph: Graph, subject: str = "Tuesday") -> JSON:
    return graph.post("/me/events", event(1, subject, recurrence=weekly("2026-12-01", "tuesday")))


def instances(graph: Graph, master: str) -> list[JSON]:
    return graph.all(f"/me/events/{master}/instances?startDateTime={START}&endDateTime={END}&$top=50")


def test_a_full_round_brings_singles_in_full_and_a_series_as_a_block(graph: Graph) -> None:
    single, master = graph.post("/me/events", event(2)), series(graph)
    items, link = graph.round(ROUND)
    assert link.startswith("https://graph.microsoft.com/v1.0/me/calendarView/delta?$deltatoken=")
    assert [each.get("type") for each in items] == ["singleInstance", "seriesMaster", *["occurrence"] * 5]
    assert items[0] == {"@odata.type": "#microsoft.graph.event", **without_context(single)}
    assert items[1]["id"] == master["id"]
    members = ["@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"]
    assert list(items[2]) == members
    assert items[2]["@odata.etag"].startswith('W/"DwAAABYAAA')
    assert items[2]["seriesMasterId"] == master["id"]


def without_context(shown: JSON) -> JSON:
    return {name: value for name, value in shown.items() if name != "@odata.context"}


def test_masters_show_their_first_instance_years_before_the_window(graph: Graph) -> None:
    old = timed("Old", "2020-01-07T10:00:00", "2020-01-07T11:00:00", recurrence=weekly("2020-01-07", "tuesday"))
    graph.post("/me/events", old)
    items, _ = graph.round(ROUND)
    assert items[0]["start"]["dateTime"].startswith("2020-01-07")
    assert items[1]["start"]["dateTime"].startswith("2026-12-01")


def test_exceptions_come_in_full(graph: Graph) -> None:
    master = series(graph)
    second = instances(graph, master["id"])[1]["id"]
    graph.patch(f"/me/events/{second}", {"subject": "Other"})
    items, _ = graph.round(ROUND)
    exception = next(each for each in items if each.get("type") == "exception")
    assert (exception["subject"], exception["seriesMasterId"], exception["id"]) == ("Other", master["id"], second)
    assert exception["@odata.etag"] == items[2]["@odata.etag"]


@pytest.mark.parametrize(("size", "pages"), [(1, [1, 1, 6, 0]), (2, [2, 6, 0]), (3, [8]), (100, [8])])
def test_pages_are_filled_to_their_size_but_a_series_is_never_split(graph: Graph, size: int, pages: list[int]) -> None:
    graph.post("/me/events", event(2))
    graph.post("/me/events", event(3))
    series(graph)
    wish = f"odata.maxpagesize={size}"
    found = list(graph.pages(ROUND, Prefer=wish))
    counts = [len(page["value"]) for page in found]
    assert counts == (pages if size < 3 else ([8, 0] if size == 3 else [8]))
    assert [("@odata.deltaLink" in page) for page in found] == [False] * (len(found) - 1) + [True]


def test_ten_items_make_a_page_unless_more_are_asked_for(graph: Graph) -> None:
    for day in range(1, 16):
        graph.post("/me/events", event(day))
    assert [len(page["value"]) for page in graph.pages(ROUND)] == [10, 5]


def test_a_later_round_brings_what_changed_and_links_may_be_used_again(graph: Graph) -> None:
    kept, gone = graph.post("/me/events", event(2)), graph.post("/me/events", event(3))
    _, link = graph.round(ROUND)
    graph.patch(f"/me/events/{kept['id']}", {"subject": "New"})
    graph.delete(f"/me/events/{gone['id']}")
    items, following = graph.round(link)
    assert items[0] == {
        "@odata.type": "#microsoft.graph.event",
        "id": gone["id"],
        "@removed": {"reason": "deleted"},
    }
    assert [each["subject"] for each in items[1:]] == ["New"]
    assert graph.round(link)[0] == items
    assert graph.round(following)[0] == []


def test_what_happens_outside_the_window_comes_as_a_removal(graph: Graph) -> None:
    _, link = graph.round(ROUND)
    outside = graph.post("/me/events", event(2, month=3))
    items, _ = graph.round(link)
    assert [(each["id"], "@removed" in each) for each in items] == [(outside["id"], True)]


def test_a_deleted_occurrence_brings_the_whole_series_again_and_no_removal(graph: Graph) -> None:
    master = series(graph)
    _, link = graph.round(ROUND)
    graph.delete(f"/me/events/{instances(graph, master['id'])[2]['id']}")
    items, _ = graph.round(link)
    assert [each["type"] for each in items] == ["seriesMaster", *["occurrence"] * 4]
    assert not any("@removed" in each for each in items)


@pytest.mark.parametrize(
    ("style", "types"),
    [
        ("only-master", ["seriesMaster"]),
        ("without-master", ["occurrence"] * 4),
        ("removal", ["seriesMaster", *["occurrence"] * 4, "removed"]),
    ],
)
def test_delta_can_be_told_to_report_series_as_others_have_seen_it(
    stand_in: StandIn, graph: Graph, style: str, types: list[str]
) -> None:
    master = series(graph)
    _, link = graph.round(ROUND)
    stand_in.door("delta", mailbox=ALICE, do="behave", series=style)
    graph.delete(f"/me/events/{instances(graph, master['id'])[2]['id']}")
    items, _ = graph.round(link)
    assert ["removed" if "@removed" in each else each["type"] for each in items] == types


def test_a_deleted_series_is_one_removal(graph: Graph) -> None:
    master = series(graph)
    _, link = graph.round(ROUND)
    graph.delete(f"/me/events/{master['id']}")
    items, _ = graph.round(link)
    assert [each["id"] for each in items] == [master["id"]]


def test_expired_tokens_ask_for_a_full_round(stand_in: StandIn, graph: Graph) -> None:
    _, link = graph.round(ROUND)
    assert stand_in.door("delta", mailbox=ALICE, do="expire")["expired"] > 0
    assert graph.refused("GET", link) == (410, "SyncStateNotFound")
    stand_in.door("delta", mailbox=ALICE, do="behave", expired_status=400, expired_location=True)
    response = graph.call("GET", link)
    assert response.status_code == 400
    assert response.headers["Location"].endswith("/me/calendarView/delta?$deltatoken=")


def test_odd_rounds_can_be_asked_for(stand_in: StandIn, graph: Graph) -> None:
    graph.post("/me/events", event(2))
    graph.post("/me/events", event(3))
    stand_in.door(
        "delta", mailbox=ALICE, do="behave", empty_page=True, duplicate=True, unknown_removal=True, page_limit=3
    )
    found = list(graph.pages(ROUND, Prefer="odata.maxpagesize=50"))
    assert [len(page["value"]) for page in found] == [0, 4, 0]
    first, once, twice, _ = found[1]["value"]
    assert "@removed" in first
    assert once == twice


def test_changes_can_show_up_later_than_they_are_made(stand_in: StandIn, graph: Graph) -> None:
    _, link = graph.round(ROUND)
    stand_in.door("delta", mailbox=ALICE, do="behave", lag=60)
    graph.post("/me/events", event(2))
    items, link = graph.round(link)
    assert items == []
    stand_in.door("clock", advance=61)
    assert len(graph.round(link)[0]) == 1


def test_each_calendar_is_tracked_by_itself_and_gone_with_it(graph: Graph) -> None:
    other = graph.post("/me/calendars", {"name": "Other"})["id"]
    graph.post("/me/events", event(2, "Default"))
    graph.post(f"/me/calendars/{other}/events", event(2, "Other"))
    url = ROUND.replace("/me/calendarView", f"/me/calendars/{other}/calendarView")
    items, link = graph.round(url.replace("delta?", "delta()?"))
    assert [each["subject"] for each in items] == ["Other"]
    graph.delete(f"/me/calendars/{other}")
    assert graph.refused("GET", link) == (404, "ErrorItemNotFound")


def test_what_delta_does_not_support_is_refused(graph: Graph) -> None:
    assert graph.refused("GET", f"{ROUND}&$filter=subject eq 'A'") == (400, "ErrorInvalidUrlQuery")
    assert graph.refused("GET", "/me/calendarView/delta?startDateTime=&endDateTime=") == (400, "ErrorInvalidParameter")
    assert graph.refused("GET", f"{ROUND}&$deltatoken=latest") == (400, "BadRequest")


def test_events_are_tracked_over_a_window_too_and_without_one_not_at_all(graph: Graph) -> None:
    assert graph.refused("GET", "/me/events/delta") == (400, "ErrorInvalidParameter")
    made = graph.post("/me/events", timed("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
    items, link = graph.round(ROUND.replace("/calendarView/", "/events/"))
    assert [item["id"] for item in items] == [made["id"]]
    assert "/me/events/delta?$deltatoken=" in link
    graph.delete(f"/me/events/{made['id']}")
    assert [item.get("@removed") for item in graph.round(link)[0]] == [{"reason": "deleted"}]


def test_raw_items_are_shown_as_they_are(stand_in: StandIn, graph: Graph) -> None:
    odd = {"id": "not like other ids", "type": 7, "start": None, "subject": "half a pair: \ud83d", "more": [[]]}
    made = stand_in.edit("raw", event=odd)
    assert made["id"] == odd["id"]
    items, link = graph.round(ROUND)
    assert items == [odd]
    assert graph.all(f"/me/calendarView?startDateTime={START}&endDateTime={END}") == [odd]
    assert without_context(graph.get("/me/events/not%20like%20other%20ids?$select=subject")) == {
        "id": odd["id"],
        "subject": odd["subject"],
    }
    stand_in.edit("delete", id=odd["id"])
    assert graph.round(link)[0][0]["id"] == odd["id"]


# A client that follows the advice, and nothing else.


class Client:
    """Keeps one window by delta, as delta.md advises: fill, suspect, confirm."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.link: str | None = None
        self.kept: dict[str, JSON] = {}

    def catch_up(self) -> None:
        while True:
            full = self.link is None
            response = self.graph.call("GET", self.link or ROUND, Prefer=IMMUTABLE)
            if response.status_code == 410:
                self.link = None
                continue
            break
        items, self.link = self.graph.round(self.link or ROUND, Prefer=f"{IMMUTABLE}, odata.maxpagesize=7")
        latest = {item["id"]: item for item in items}
        if full:
            self.kept = {}
        self._remove([id_ for id_, item in latest.items() if "@removed" in item])
        shown = [item for item in latest.values() if "@removed" not in item]
        masters = {item["id"]: item for item in shown if item["type"] == "seriesMaster"}
        brought: dict[str, set[str]] = {id_: set() for id_ in masters}
        for item in shown:
            if item["type"] == "seriesMaster":
                continue
            if item["type"] != "singleInstance":
                brought.setdefault(item["seriesMasterId"], set()).add(item["id"])
            filled = self._filled(item, masters)
            if filled is not None:
                self.kept[item["id"]] = filled
        for master, ids in brought.items():
            if any(each["seriesMasterId"] == master and id_ not in ids for id_, each in self.kept.items()) or not ids:
                self._confirm(master)

    def _remove(self, ids: list[str]) -> None:
        gone = set(ids)
        self.kept = {
            id_: each for id_, each in self.kept.items() if id_ not in gone and each["seriesMasterId"] not in gone
        }

    def _filled(self, item: JSON, masters: dict[str, JSON]) -> JSON | None:
        if item["type"] != "occurrence":
            return item
        master = masters.get(item["seriesMasterId"])
        if master is None:
            response = self.graph.call("GET", f"/me/events/{item['seriesMasterId']}", Prefer=IMMUTABLE)
            if response.status_code == 404:
                return None
            master = response.get_json()
        return {**master, **item}

    def _confirm(self, master: str) -> None:
        self.kept = {id_: each for id_, each in self.kept.items() if each["seriesMasterId"] != master}
        url = f"/me/events/{master}/instances?startDateTime={START}&endDateTime={END}&$top=50"
        response = self.graph.call("GET", url, Prefer=IMMUTABLE)
        if response.status_code == 404:
            return
        for item in self.graph.all(url, Prefer=IMMUTABLE):
            self.kept[item["id"]] = item

    def seen(self) -> list[JSON]:
        return sorted((essence(each) for each in self.kept.values()), key=lambda each: str(each["id"]))


def essence(shown: JSON) -> JSON:
    names = ("id", "type", "seriesMasterId", "subject", "start", "end", "showAs", "isAllDay", "sensitivity")
    return {name: shown[name] for name in names}


days = st.integers(0, 60).map(lambda offset: date(2026, 11, 15) + timedelta(days=offset))
subjects = st.sampled_from(["Coffee", "Review", "Call", "Übergabe"])


def at(day: date, hour: int = 10, zone: str = "W. Europe Standard Time") -> JSON:
    both = timed("", f"{day}T{hour:02}:00:00", f"{day}T{hour + 1:02}:00:00", zone)
    return {"start": both["start"], "end": both["end"]}


class Convergence(RuleBasedStateMachine):
    """Anybody changes anything in any order; a client that catches up now and then ends with the truth."""

    @initialize()
    def begin(self) -> None:
        self.here = StandIn(events=0)
        self.client = Client(self.here.graph())

    def _some(self, data: st.DataObject, *, series: bool) -> str | None:
        events = self.here.graph().all("/me/events?$top=200", Prefer=IMMUTABLE)
        fitting = [each["id"] for each in events if (each["type"] == "seriesMaster") is series]
        return data.draw(st.sampled_from(fitting)) if fitting else None

    def _one(self, data: st.DataObject) -> str | None:
        master = self._some(data, series=True)
        if master is None:
            return None
        url = f"/me/events/{master}/instances?startDateTime=2026-11-01T00:00:00Z&endDateTime=2027-02-01T00:00:00Z"
        found = self.here.graph().all(f"{url}&$top=200", Prefer=IMMUTABLE)
        return data.draw(st.sampled_from(found))["id"] if found else None

    @rule(day=days, subject=subjects, all_day=st.booleans())
    def add_single(self, day: date, subject: str, all_day: bool) -> None:
        times = at(day)
        if all_day:
            both = timed("", f"{day}T00:00:00", f"{day + timedelta(days=2)}T00:00:00")
            times = {"start": both["start"], "end": both["end"]}
        self.here.edit("create", event={"subject": subject, "isAllDay": all_day, **times})

    @rule(day=days, subject=subjects, interval=st.integers(1, 9), count=st.none() | st.integers(1, 12))
    def add_series(self, day: date, subject: str, interval: int, count: int | None) -> None:
        reach = {"type": "noEnd"} if count is None else {"type": "numbered", "numberOfOccurrences": count}
        rule_ = {"pattern": {"type": "daily", "interval": interval}, "range": reach}
        self.here.edit("create", event={"subject": subject, "recurrence": rule_, **at(day)})

    @rule(data=st.data(), day=days, subject=subjects, series=st.booleans())
    def change(self, data: st.DataObject, day: date, subject: str, series: bool) -> None:
        id_ = self._some(data, series=series)
        single = {"isAllDay": False, **at(day, 15)}
        if id_ is not None:
            self.here.edit("update", id=id_, event={"subject": subject, **({} if series else single)})

    @rule(data=st.data(), day=days, interval=st.integers(1, 9))
    def change_rule(self, data: st.DataObject, day: date, interval: int) -> None:
        id_ = self._some(data, series=True)
        if id_ is not None:
            rule_ = {"pattern": {"type": "daily", "interval": interval}, "range": {"type": "noEnd"}}
            self.here.edit("update", id=id_, event={"recurrence": rule_, **at(day, 12)})

    @rule(data=st.data(), subject=subjects)
    def change_occurrence(self, data: st.DataObject, subject: str) -> None:
        id_ = self._one(data)
        if id_ is not None:
            self.here.edit("edit-occurrence", id=id_, event={"subject": subject, "showAs": "tentative"})

    @rule(data=st.data())
    def delete_occurrence(self, data: st.DataObject) -> None:
        id_ = self._one(data)
        if id_ is not None:
            self.here.edit("delete-occurrence", id=id_)

    @rule(data=st.data(), series=st.booleans())
    def delete(self, data: st.DataObject, series: bool) -> None:
        id_ = self._some(data, series=series)
        if id_ is not None:
            self.here.edit("delete", id=id_)

    @rule(data=st.data(), series=st.booleans(), back=st.booleans())
    def move(self, data: st.DataObject, series: bool, back: bool) -> None:
        id_ = self._some(data, series=series)
        if id_ is not None:
            self.here.edit("move", id=id_, calendar="Private")
            if back:
                self.here.edit("move", id=id_, calendar="Calendar")

    @rule(style=st.sampled_from(["whole", "without-master", "only-master", "removal"]), odd=st.booleans())
    def behave(self, style: str, odd: bool) -> None:
        self.here.door(
            "delta", mailbox=ALICE, do="behave", series=style, empty_page=odd, duplicate=odd, unknown_removal=odd
        )

    @rule()
    def expire(self) -> None:
        self.here.door("delta", mailbox=ALICE, do="expire")

    @precondition(lambda self: hasattr(self, "client"))
    @rule()
    def catch_up(self) -> None:
        self.client.catch_up()
        truth = sorted((essence(each) for each in self.here.truth(START, END)), key=lambda each: str(each["id"]))
        assert self.client.seen() == truth

    @invariant()
    def nothing_is_told_twice(self) -> None:
        if hasattr(self, "here"):
            ids = [each["id"] for each in self.here.truth(START, END)]
            assert len(ids) == len(set(ids))


Convergence.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestConvergence = Convergence.TestCase
