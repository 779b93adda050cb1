"""Every oddity of delta that was ever reported can be switched on, one by one, and off again."""

from collections import Counter
from typing import Any

import pytest

from sandbox.tracking import Chain, Cursor, DeltaTokens
from tests.sandbox.graph_side import ALICE, BOB, IMMUTABLE, JSON, Graph, StandIn, timed, weekly
from tests.sandbox.test_graph_delta import END, ROUND, START, event, instances, series


class Switches:
    """The door of one mailbox."""

    def __init__(self, stand_in: StandIn, mailbox: str = ALICE) -> None:
        self._stand_in = stand_in
        self._mailbox = mailbox

    def behave(self, **odd: Any) -> None:
        self._stand_in.door("delta", mailbox=self._mailbox, do="behave", **odd)

    def normal(self) -> None:
        self._stand_in.door("delta", mailbox=self._mailbox, do="normal")

    def expire(self) -> int:
        return int(self._stand_in.door("delta", mailbox=self._mailbox, do="expire")["expired"])


@pytest.fixture
def switches(stand_in: StandIn) -> Switches:
    return Switches(stand_in)


def kinds(items: list[JSON]) -> list[str]:
    return ["removed" if "@removed" in each else each["type"] for each in items]


def sizes(graph: Graph, url: str = ROUND, **headers: str) -> list[int]:
    return [len(page["value"]) for page in graph.pages(url, **headers)]


def many(graph: Graph, count: int) -> None:
    for day in range(1, count + 1):
        graph.post("/me/events", event(day, f"Day {day}"))


# Tokens


@pytest.mark.parametrize("status", [410, 400, 404])
@pytest.mark.parametrize("code", ["SyncStateNotFound", "syncStateNotFound", "resyncRequired", "syncStateInvalid"])
def test_an_expired_token_is_refused_in_every_way_that_was_seen(
    graph: Graph, switches: Switches, status: int, code: str
) -> None:
    _, link = graph.round(ROUND)
    switches.behave(expired_status=status, expired_code=code)
    assert switches.expire() == 1
    response = graph.call("GET", link)
    assert (response.status_code, response.get_json()["error"]["code"]) == (status, code)
    assert "Location" not in response.headers


def test_the_location_of_a_reset_leads_to_a_full_round_of_the_same_window(graph: Graph, switches: Switches) -> None:
    graph.post("/me/events", event(2))
    graph.post("/me/events", event(2, month=3))
    _, link = graph.round(ROUND)
    switches.behave(expired_location=True)
    switches.expire()
    location = graph.call("GET", link).headers["Location"]
    assert location == "https://graph.microsoft.com/v1.0/me/calendarView/delta?$deltatoken="
    items, following = graph.round(location)
    assert kinds(items) == ["singleInstance"]
    assert graph.round(following)[0] == []


def test_an_empty_token_of_a_calendar_that_nobody_has_tracked_needs_a_window(graph: Graph) -> None:
    url = "/me/calendarView/delta?$deltatoken="
    assert graph.refused("GET", url) == (400, "ErrorInvalidParameter")
    items, _ = graph.round(f"{url}&startDateTime={START}&endDateTime={END}")
    assert items == []


def test_a_token_can_be_made_to_last_for_so_many_uses(graph: Graph, switches: Switches) -> None:
    _, link = graph.round(ROUND)
    switches.behave(uses=2)
    for _ in range(2):
        assert graph.round(link)[0] == []
    assert graph.refused("GET", link) == (410, "SyncStateNotFound")
    switches.normal()
    assert graph.refused("GET", link) == (410, "SyncStateNotFound")


def test_old_tokens_fall_out_of_a_small_cache_of_the_mailbox(
    stand_in: StandIn, graph: Graph, switches: Switches
) -> None:
    bob = stand_in.graph(BOB)
    _, theirs = bob.round(ROUND)
    switches.behave(tokens=2)
    links = [graph.round(ROUND)[1] for _ in range(3)]
    assert graph.refused("GET", links[0]) == (410, "SyncStateNotFound")
    assert graph.round(links[2])[0] == []
    assert bob.round(theirs)[0] == []


def test_all_mailboxes_share_a_cache_of_limited_size() -> None:
    start = end = StandIn(events=0).sandbox.clock.now()
    tokens = DeltaTokens(most=3)
    cursor = Cursor(Chain("somebody", 1, start, end), None)
    issued = [tokens.issue(cursor) for _ in range(5)]
    assert [tokens.find(token) is not None for token in issued] == [False, False, True, True, True]
    assert len(set(issued)) == 5


def test_links_belong_to_one_mailbox(stand_in: StandIn, graph: Graph) -> None:
    _, link = graph.round(ROUND)
    assert stand_in.graph(BOB).refused("GET", link) == (410, "SyncStateNotFound")
    assert graph.refused("GET", link.replace("deltatoken=", "deltatoken=x")) == (410, "SyncStateNotFound")
    assert graph.refused("GET", "/me/calendarView/delta?$deltatoken=latest") == (400, "BadRequest")
    assert graph.round(link)[0] == []


def test_a_calendar_that_is_gone_is_another_refusal_than_a_token_that_is(graph: Graph, switches: Switches) -> None:
    other = graph.post("/me/calendars", {"name": "Other"})["id"]
    _, gone = graph.round(ROUND.replace("/me/", f"/me/calendars/{other}/"))
    _, link = graph.round(ROUND)
    graph.delete(f"/me/calendars/{other}")
    switches.expire()
    assert graph.refused("GET", gone) == (404, "ErrorItemNotFound")
    assert graph.refused("GET", link)[0] == 410


# Parameters


def test_further_parameters_of_a_link_change_nothing_unless_they_are_refused(graph: Graph, switches: Switches) -> None:
    graph.post("/me/events", event(2))
    _, link = graph.round(ROUND)
    graph.post("/me/events", event(3))
    longer = f"{link}&startDateTime=2020-01-01T00:00:00Z&endDateTime=2020-02-01T00:00:00Z&$select=id&$top=1"
    plain = graph.get(link)["value"]
    assert graph.get(longer)["value"] == plain
    switches.behave(strict_links=True)
    assert graph.refused("GET", longer) == (400, "ErrorInvalidUrlQuery")
    assert graph.get(link)["value"] == plain


def test_ids_can_be_made_immutable_between_two_rounds(graph: Graph) -> None:
    kept, gone = graph.post("/me/events", event(2)), graph.post("/me/events", event(3))
    master = series(graph)
    stays = {each["id"]: graph.get(f"/me/events/{each['id']}", Prefer=IMMUTABLE)["id"] for each in (kept, gone, master)}
    _, link = graph.round(ROUND)
    graph.delete(f"/me/events/{gone['id']}")
    graph.patch(f"/me/events/{kept['id']}", {"subject": "New"})
    graph.patch(f"/me/events/{master['id']}", {"subject": "New"})
    plain, _ = graph.round(link)
    items, following = graph.round(link, Prefer=IMMUTABLE)
    assert [each["id"] for each in items[:3]] == [stays[each["id"]] for each in plain[:3]]
    assert {each["seriesMasterId"] for each in items[3:]} == {stays[master["id"]]}
    graph.delete(f"/me/events/{kept['id']}")
    assert [each["id"] for each in graph.round(following, Prefer=IMMUTABLE)[0]] == [stays[kept["id"]]]
    assert [each["id"] for each in graph.round(following)[0]] == [kept["id"]]


@pytest.mark.parametrize(("style", "members"), [("reduce", 4), ("ignore", 30)])
def test_a_selection_reduces_items_or_does_nothing(graph: Graph, switches: Switches, style: str, members: int) -> None:
    switches.behave(select=style)
    graph.post("/me/events", event(2))
    items, link = graph.round(f"{ROUND}&$select=subject")
    assert (len(items[0]) == members) if style == "reduce" else (len(items[0]) > members)
    graph.post("/me/events", event(3))
    later, _ = graph.round(link)
    assert set(later[0]) == set(items[0])


def test_a_selection_can_be_refused_as_documented(graph: Graph, switches: Switches) -> None:
    switches.behave(select="refuse")
    assert graph.refused("GET", f"{ROUND}&$select=subject") == (400, "ErrorInvalidUrlQuery")
    assert graph.round(ROUND)[0] == []


def test_a_wished_page_size_counts_only_if_it_is_heeded(graph: Graph, switches: Switches) -> None:
    many(graph, 5)
    assert sizes(graph, f"{ROUND}&$top=2") == [5]
    switches.behave(top=True)
    assert sizes(graph, f"{ROUND}&$top=2") == [2, 2, 1]
    assert sizes(graph, f"{ROUND}&$top=2", Prefer="odata.maxpagesize=3") == [3, 2]
    assert graph.refused("GET", f"{ROUND}&$top=none") == (400, "BadRequest")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "startDateTime=&endDateTime=",
        f"startDateTime={START}",
        f"startDateTime={START}&endDateTime=",
        f"startDateTime=soon&endDateTime={END}",
        f"startDateTime={END}&endDateTime={START}",
    ],
)
def test_a_first_request_needs_a_window(graph: Graph, query: str) -> None:
    assert graph.refused("GET", f"/me/calendarView/delta()?{query}") == (400, "ErrorInvalidParameter")


# Pages


def test_pages_can_be_smaller_than_asked(graph: Graph, switches: Switches) -> None:
    many(graph, 5)
    switches.behave(page_limit=2)
    assert sizes(graph, Prefer="odata.maxpagesize=50") == [2, 2, 1]


def test_a_round_can_open_with_an_empty_page(graph: Graph, switches: Switches) -> None:
    many(graph, 2)
    switches.behave(empty_page=True)
    first, second = graph.pages(ROUND)
    assert (first["value"], len(second["value"])) == ([], 2)
    assert "@odata.nextLink" in first
    assert sizes(graph, second["@odata.deltaLink"]) == [0, 0]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_last_page_can_hold_nothing_but_the_link(graph: Graph, switches: Switches, count: int) -> None:
    many(graph, count)
    switches.behave(empty_last_page=True)
    pages = list(graph.pages(ROUND))
    assert [len(page["value"]) for page in pages] == ([count, 0] if count else [0])
    assert [("@odata.deltaLink" in page) for page in pages] == [False] * (len(pages) - 1) + [True]


def test_the_empty_last_page_goes_with_all_other_oddities(graph: Graph, switches: Switches) -> None:
    switches.behave(empty_last_page=True, empty_page=True, unknown_removal=True)
    assert sizes(graph) == [0, 1, 0]


def test_a_series_is_a_block_unless_it_may_be_split(graph: Graph, switches: Switches) -> None:
    series(graph)
    assert sizes(graph, Prefer="odata.maxpagesize=2") == [6, 0]
    switches.behave(split_series=True)
    pages = list(graph.pages(ROUND, Prefer="odata.maxpagesize=4"))
    assert [kinds(page["value"]) for page in pages] == [["seriesMaster", *["occurrence"] * 3], ["occurrence"] * 2]
    assert len({each["id"] for page in pages for each in page["value"]}) == 6


# Items


def test_an_item_can_come_twice_in_a_round(graph: Graph, switches: Switches) -> None:
    many(graph, 2)
    switches.behave(duplicate=True)
    assert [each["subject"] for each in graph.round(ROUND)[0]] == ["Day 1", "Day 1", "Day 2"]


def test_an_item_can_come_again_in_the_next_round_as_it_was(graph: Graph, switches: Switches) -> None:
    switches.behave(replay=True)
    assert graph.round(ROUND)[0] == []
    many(graph, 2)
    items, link = graph.round(ROUND)
    again, link = graph.round(link)
    assert again == items[-1:]
    graph.post("/me/events", event(9, "New"))
    assert [each["subject"] for each in graph.round(link)[0]] == ["Day 2", "New"]
    switches.normal()
    assert [each["subject"] for each in graph.round(link)[0]] == ["New"]


def test_a_round_can_begin_with_the_removal_of_what_nobody_has_seen(graph: Graph, switches: Switches) -> None:
    switches.behave(unknown_removal=True)
    [unknown], link = graph.round(ROUND)
    assert unknown["@removed"] == {"reason": "deleted"}
    assert graph.refused("GET", f"/me/events/{unknown['id']}") == (404, "ErrorItemNotFound")
    assert kinds(graph.round(link)[0]) == ["removed"]


def test_removals_can_give_the_other_reason(stand_in: StandIn, graph: Graph, switches: Switches) -> None:
    made = graph.post("/me/events", event(2))
    _, link = graph.round(ROUND)
    graph.delete(f"/me/events/{made['id']}")
    stand_in.edit("raw", event={"id": "raw", "@removed": {"reason": "deleted"}})
    switches.behave(removed_reason="changed", undeclared=True)
    [removal, raw] = graph.round(link)[0]
    assert (removal["id"], removal["@removed"]) == (made["id"], {"reason": "changed"})
    # What is shown verbatim stays so.
    assert raw == {"id": "raw", "@removed": {"reason": "deleted"}}


def test_items_can_hold_members_that_no_schema_has(graph: Graph, switches: Switches) -> None:
    graph.post("/me/events", event(2))
    series(graph)
    switches.behave(undeclared=True)
    items, _ = graph.round(ROUND)
    odd = [each["type"] for each in items if each.get("IsRoomRequested") is False and "AutoRoomBookingStatus" in each]
    assert odd == ["singleInstance", "seriesMaster"]


def test_items_can_stand_in_any_order(graph: Graph, switches: Switches) -> None:
    many(graph, 8)
    master = series(graph)
    usual, _ = graph.round(ROUND)
    switches.behave(shuffle=True)
    items, link = graph.round(ROUND)
    ids = [each["id"] for each in items]
    assert ids != [each["id"] for each in usual]
    assert Counter(ids) == Counter(each["id"] for each in usual)
    for number in range(20):
        graph.patch(f"/me/events/{master['id']}", {"subject": f"Change {number}"})
        later, link = graph.round(link)
        if kinds(later)[0] == "occurrence":
            break
    else:
        pytest.fail("The master always stood before its instances.")


def test_what_left_and_came_back_is_there_in_any_order(stand_in: StandIn, graph: Graph, switches: Switches) -> None:
    many(graph, 4)
    moved = graph.all("/me/events", Prefer=IMMUTABLE)[0]["id"]
    switches.behave(shuffle=True)
    _, link = graph.round(ROUND)
    for _ in range(10):
        stand_in.edit("move", id=moved, calendar="Private")
        stand_in.edit("move", id=moved, calendar="Calendar")
        items, link = graph.round(link, Prefer=IMMUTABLE)
        assert [("@removed" in each) for each in items if each["id"] == moved][-1] is False


def test_changes_can_show_up_late_and_a_change_of_the_lag_loses_none(
    stand_in: StandIn, graph: Graph, switches: Switches
) -> None:
    _, link = graph.round(ROUND)
    switches.behave(lag=3600)
    graph.post("/me/events", event(2))
    items, link = graph.round(link)
    assert items == []
    switches.normal()
    items, link = graph.round(link)
    assert kinds(items) == ["singleInstance"]
    assert graph.round(link)[0] == []


# Series


def old_series(graph: Graph) -> JSON:
    """It begins in November, before the window."""
    rule = weekly("2026-11-02", "monday")
    return graph.post("/me/events", timed("Old", "2026-11-02T10:00:00", "2026-11-02T11:00:00", recurrence=rule))


@pytest.mark.parametrize(
    ("style", "first", "later"),
    [
        ("whole", 2, 2),
        ("without-master", 0, 0),
        ("without-old-master", 1, 1),
        ("only-master", 2, 2),
        ("removal", 2, 2),
    ],
)
def test_masters_come_or_are_missing_as_they_were_seen_to(
    graph: Graph, switches: Switches, style: str, first: int, later: int
) -> None:
    old, new = old_series(graph), series(graph)
    switches.behave(series=style)
    items, link = graph.round(ROUND)
    assert kinds(items).count("seriesMaster") == first
    assert kinds(items).count("occurrence") == 9
    for master in (old, new):
        graph.delete(f"/me/events/{instances(graph, master['id'])[0]['id']}")
    items, _ = graph.round(link)
    found = Counter(kinds(items))
    assert found["seriesMaster"] == later
    assert found["occurrence"] == (0 if style == "only-master" else 7)
    assert found["removed"] == (2 if style == "removal" else 0)


def test_a_master_shows_its_first_instance_though_it_lies_outside_the_window(graph: Graph) -> None:
    old_series(graph)
    master, *occurrences = graph.round(ROUND)[0]
    assert master["start"]["dateTime"].startswith("2026-11-02")
    assert {each["start"]["dateTime"][:7] for each in occurrences} == {"2026-12"}


@pytest.mark.parametrize("prefer", ["return=representation", IMMUTABLE])
@pytest.mark.parametrize(("style", "removals"), [("master", 1), ("instances", 4), ("both", 5)])
def test_a_deleted_series_is_told_by_its_master_or_by_its_instances(
    graph: Graph, switches: Switches, style: str, removals: int, prefer: str
) -> None:
    master = series(graph)
    graph.delete(f"/me/events/{instances(graph, master['id'])[2]['id']}")
    before, link = graph.round(ROUND, Prefer=prefer)
    graph.delete(f"/me/events/{master['id']}")
    switches.behave(series_removal=style)
    items, _ = graph.round(link, Prefer=prefer)
    assert kinds(items) == ["removed"] * removals
    whole, each = [one["id"] for one in before if one["type"] == "seriesMaster"], [one["id"] for one in before[1:]]
    told = {"master": whole, "instances": each, "both": [*whole, *each]}
    assert [one["id"] for one in items] == told[style]


def test_a_series_that_moved_away_is_named_by_its_former_ids(
    stand_in: StandIn, graph: Graph, switches: Switches
) -> None:
    master = series(graph)
    before, link = graph.round(ROUND)
    stand_in.edit("move", id=master["id"], calendar="Private")
    switches.behave(series_removal="both")
    items, _ = graph.round(link)
    assert {each["id"] for each in items} == {each["id"] for each in before}


def test_a_deleted_series_without_instances_in_the_window_is_told_by_its_master(
    graph: Graph, switches: Switches
) -> None:
    reach = {"type": "numbered", "startDate": "2026-03-02", "numberOfOccurrences": 2}
    rule = {"pattern": {"type": "daily", "interval": 1}, "range": reach}
    master = graph.post("/me/events", event(2, month=3, recurrence=rule))
    _, link = graph.round(ROUND)
    graph.delete(f"/me/events/{master['id']}")
    switches.behave(series_removal="instances")
    assert [each["id"] for each in graph.round(link)[0]] == [master["id"]]


# The door


def test_switches_are_of_one_mailbox_and_are_taken_back(stand_in: StandIn, graph: Graph, switches: Switches) -> None:
    switches.behave(unknown_removal=True, empty_page=True)
    assert sizes(stand_in.graph(BOB)) == [0]
    assert sizes(graph) == [0, 1]
    switches.behave(empty_page=False)
    assert sizes(graph) == [1]
    switches.normal()
    assert sizes(graph) == [0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"series": "sometimes"},
        {"series_removal": "none"},
        {"select": "maybe"},
        {"removed_reason": "bored"},
        {"page_limit": 0},
        {"uses": -1},
        {"tokens": -1},
        {"lag": -1},
        {"expired_status": 200},
        {"expired_code": "no code"},
        {"shuffle": "certainly"},
        {"unheard_of": True},
    ],
)
def test_a_switch_that_does_not_exist_is_refused(stand_in: StandIn, wrong: JSON) -> None:
    response = stand_in.http.post("/_sandbox/delta", json={"mailbox": ALICE, "do": "behave", **wrong})
    assert response.status_code == 400
    assert next(iter(wrong)) in response.get_json()["error"]
