"""Open extensions of events, and extended properties of events and calendars."""

import pytest

from tests.sandbox.graph_side import JSON, NOON, Graph, StandIn, timed, weekly
from tests.shared import shared

NAME, PREFIX = "Com.Contoso.Referral", "Microsoft.OutlookServices.OpenTypeExtension."
DEAL = {
    "@odata.type": "microsoft.graph.openTypeExtension",
    "extensionName": NAME,
    "Color": "blue",
    "dealValue": 500050,
    "open": True,
    "tags": ["a", "b"],
}
FUN = "String {66f5a359-4659-4830-9070-00040ec6ac6e} Name Fun"
WEIGHT = "Integer {66F5A359-4659-4830-9070-00040EC6AC6E} Id 0x8205"
COLORS = "StringArray {66f5a359-4659-4830-9070-00040ec6ac6e} Name Palette"


def event_path(graph: Graph, **more: object) -> str:
    return f"/me/events/{graph.post('/me/events', timed('A', *NOON, **more))['id']}"


def fun(value: object, id_: str = FUN) -> JSON:
    return {"singleValueExtendedProperties": [{"id": id_, "value": value}]}


def expanded(graph: Graph, path: str, id_: str = FUN) -> list[JSON]:
    found: list[JSON] = graph.get(f"{path}?$expand=singleValueExtendedProperties($filter=id eq '{id_}')").get(
        "singleValueExtendedProperties", []
    )
    return found


# --- open extensions ------------------------------------------------------------------------------------------


def test_an_extension_is_kept_verbatim_under_both_its_names(graph: Graph) -> None:
    path = event_path(graph)
    made = graph.post(f"{path}/extensions", DEAL)
    assert made.pop("@odata.context").endswith("/extensions/$entity")
    assert made == DEAL | {"@odata.type": "#microsoft.graph.openTypeExtension", "id": f"{PREFIX}{NAME}"}
    for name in (NAME, f"{PREFIX}{NAME}", NAME.lower()):
        assert graph.get(f"{path}/extensions/{name}")["dealValue"] == 500050
    assert [each["extensionName"] for each in graph.all(f"{path}/extensions")] == [NAME]


def test_a_change_of_an_extension_keeps_what_it_does_not_name(graph: Graph) -> None:
    path = event_path(graph)
    graph.post(f"{path}/extensions", DEAL)
    changed = graph.patch(f"{path}/extensions/{NAME}", {"dealValue": 1, "more": {"a": 1}, "open": None, "id": "x"})
    assert (changed["dealValue"], changed["more"], changed["Color"]) == (1, {"a": 1}, "blue")
    assert changed["id"] == f"{PREFIX}{NAME}"
    assert "open" not in changed
    graph.delete(f"{path}/extensions/{NAME}")
    for method in ("GET", "PATCH", "DELETE"):
        assert graph.refused(method, f"{path}/extensions/{NAME}", {}) == (404, "ErrorItemNotFound")


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({}, (400, "RequestBodyRead")),
        ({"extensionName": NAME}, (400, "RequestBodyRead")),
        (DEAL | {"@odata.type": "microsoft.graph.event"}, (400, "RequestBodyRead")),
        (DEAL | {"extensionName": None}, (400, "ErrorInvalidParameter")),
        (DEAL | {"extensionName": PREFIX}, (400, "ErrorInvalidParameter")),
        (DEAL | {"extensionName": f"{PREFIX}{NAME}"}, (409, "nameAlreadyExists")),
    ],
)
def test_what_is_no_extension_is_refused_and_so_is_a_second_of_one_name(
    graph: Graph, sent: JSON, refusal: tuple[int, str]
) -> None:
    path = event_path(graph, extensions=[DEAL])
    assert graph.refused("POST", f"{path}/extensions", sent) == refusal


def test_extensions_inside_a_new_event_come_back_with_it_and_later_only_when_asked_for(graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON, Extensions=[DEAL]))
    assert [each["extensionName"] for each in made["extensions"]] == [NAME]
    path = f"/me/events/{made['id']}"
    assert "extensions" not in graph.get(path)
    for name in (NAME, f"{PREFIX}{NAME}"):
        shown = graph.get(f"{path}?$expand=extensions($filter=id eq '{name}')")["extensions"]
        assert [each["id"] for each in shown] == [f"{PREFIX}{NAME}"]
    assert "extensions" not in graph.get(f"{path}?$expand=extensions($filter=id eq 'other')")
    twice = timed("A", *NOON, extensions=[DEAL, DEAL])
    assert graph.refused("POST", "/me/events", twice) == (409, "nameAlreadyExists")
    assert graph.refused("POST", "/me/events", timed("A", *NOON, extensions={})) == (400, "RequestBodyRead")


def test_events_are_found_by_their_extension(graph: Graph) -> None:
    event_path(graph)
    wanted = event_path(graph, extensions=[DEAL])
    url = "/me/events?$filter=Extensions/any(f:f/id eq '{0}')&$expand=Extensions($filter=id eq '{0}')"
    (found,) = graph.all(url.format(NAME))
    assert wanted.endswith(found["id"])
    assert found["extensions"][0]["dealValue"] == 500050


def test_neither_delta_nor_the_version_tells_of_extensions(graph: Graph) -> None:
    path = event_path(graph)
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z"
    _, link = graph.round(f"/me/calendarView/delta?{window}")
    before = graph.get(path)["changeKey"]
    graph.post(f"{path}/extensions", DEAL)
    graph.delete(f"{path}/extensions/{NAME}")
    assert graph.get(path)["changeKey"] == before
    assert graph.round(link)[0] == []


def test_extensions_of_a_series_belong_to_all_of_it(graph: Graph) -> None:
    path = event_path(graph, recurrence=weekly("2026-12-01", "tuesday"))
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-10T00:00:00Z"
    first, second = graph.all(f"{path}/instances?{window}")
    graph.post(f"/me/events/{first['id']}/extensions", DEAL)
    assert graph.get(f"/me/events/{second['id']}/extensions/{NAME}")["extensionName"] == NAME
    assert graph.get(f"/me/events/{first['id']}")["type"] == "occurrence"


def test_who_may_not_write_adds_no_extension(stand_in: StandIn, graph: Graph) -> None:
    path = event_path(graph, extensions=[DEAL])
    reader, glancer = stand_in.graph(scopes=("Calendars.Read",)), stand_in.graph(scopes=("Calendars.ReadBasic",))
    assert reader.get(f"{path}/extensions/{NAME}")["extensionName"] == NAME
    for method in ("PATCH", "DELETE"):
        assert reader.refused(method, f"{path}/extensions/{NAME}", {}) == (403, "ErrorAccessDenied")
    assert reader.refused("POST", f"{path}/extensions", DEAL) == (403, "ErrorAccessDenied")
    assert glancer.refused("GET", f"{path}/extensions/{NAME}") == (403, "ErrorAccessDenied")


# --- extended properties -----------------------------------------------------------------------------------


def test_an_extended_property_is_not_echoed_and_comes_when_its_id_is_asked_for(graph: Graph) -> None:
    made = graph.post("/me/events", shared("graph/examples/event-create-with-extended-property-request.json"))
    assert "singleValueExtendedProperties" not in made
    path = f"/me/events/{made['id']}"
    assert "singleValueExtendedProperties" not in graph.get(path)
    assert expanded(graph, path) == [{"id": FUN, "value": "Food"}]
    other_spelling = "string  {66F5A359-4659-4830-9070-00040EC6AC6E}  name Fun"
    assert expanded(graph, path, other_spelling) == [{"id": FUN, "value": "Food"}]
    assert expanded(graph, path, FUN.replace("Fun", "fun")) == []


def test_several_properties_are_asked_for_with_or(graph: Graph) -> None:
    path = event_path(graph)
    graph.patch(path, {"SingleValueExtendedProperties": [{"Id": FUN, "Value": "a"}, {"id": WEIGHT, "value": "5"}]})
    graph.patch(path, {"multiValueExtendedProperties": [{"id": COLORS, "value": ["red", "blue"]}]})
    both = graph.get(f"{path}?$expand=singleValueExtendedProperties($filter=id eq '{FUN}' or id eq '{WEIGHT}')")
    assert {each["id"]: each["value"] for each in both["singleValueExtendedProperties"]} == {
        FUN: "a",
        WEIGHT.replace("66F5A359-4659-4830-9070-00040EC6AC6E", "66f5a359-4659-4830-9070-00040ec6ac6e"): "5",
    }
    many = graph.get(
        f"{path}?$select=subject&$expand=multiValueExtendedProperties($filter=id eq '{COLORS}'),"
        f"singleValueExtendedProperties($filter=id eq '{FUN}')"
    )
    assert many["multiValueExtendedProperties"] == [{"id": COLORS, "value": ["red", "blue"]}]
    assert many["singleValueExtendedProperties"] == [{"id": FUN, "value": "a"}]


def test_a_change_replaces_one_property_and_null_takes_it_away(graph: Graph) -> None:
    path = event_path(graph, **fun("a"))
    before = graph.get(path)["changeKey"]
    graph.patch(path, fun("b", FUN.upper().replace("FUN", "Fun")))
    assert expanded(graph, path) == [{"id": FUN, "value": "b"}]
    assert graph.get(path)["changeKey"] != before
    graph.patch(path, {"subject": "B"})
    assert expanded(graph, path) == [{"id": FUN, "value": "b"}]
    graph.patch(path, fun(None))
    assert expanded(graph, path) == []


def test_an_instance_has_the_properties_of_its_series_and_its_own(graph: Graph) -> None:
    path = event_path(graph, recurrence=weekly("2026-12-01", "tuesday"), **fun("all"))
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-10T00:00:00Z"
    first, second = (f"/me/events/{each['id']}" for each in graph.all(f"{path}/instances?{window}"))
    assert expanded(graph, first) == [{"id": FUN, "value": "all"}]
    graph.patch(first, fun("one"))
    graph.patch(first, {"subject": "Renamed"})
    assert [expanded(graph, each)[0]["value"] for each in (first, second)] == ["one", "all"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (f"ep/id eq '{FUN}' and ep/value eq 'food'", ["A"]),
        (f"ep/id eq '{FUN.upper().replace('FUN', 'Fun')}' and ep/value eq 'Food'", ["A"]),
        (f"ep/id eq '{FUN}' and ep/value ne null", ["A", "B"]),
        (f"ep/id eq '{FUN}' and startswith(ep/value, 'Dr')", ["B"]),
        (f"ep/id eq '{FUN}' and contains(ep/value,'oo')", ["A"]),
        (f"ep/id eq '{FUN}' and ep/value ne 'Food'", ["B"]),
        (f"ep/id eq '{WEIGHT}' and cast(ep/value, Edm.Int32) gt 9", ["B"]),
        (f"ep/id eq '{WEIGHT}' and cast(ep/value, Edm.Int32) lt 9", []),
    ],
)
def test_events_are_found_by_their_properties(graph: Graph, condition: str, found: list[str]) -> None:
    for subject, value in (("A", "Food"), ("B", "Drinks"), ("C", None)):
        graph.post("/me/events", timed(subject, *NOON, **(fun(value) if value else {})))
    graph.patch(f"/me/events/{graph.all('/me/events')[1]['id']}", fun("10", WEIGHT))
    listed = graph.all(f"/me/events?$filter=singleValueExtendedProperties/Any(ep: {condition})")
    assert [each["subject"] for each in listed] == found
    assert not any("singleValueExtendedProperties" in each for each in listed)


@pytest.mark.parametrize(
    "id_",
    ["", "Fun", "String Name Fun", "Text {66f5a359-4659-4830-9070-00040ec6ac6e} Name Fun", COLORS, "String 4001", None],
)
def test_an_id_that_is_none_is_refused(graph: Graph, id_: str) -> None:
    refusal = (400, "ErrorInvalidExtendedProperty")
    assert graph.refused("POST", "/me/events", timed("A", *NOON, **fun("a", id_))) == refusal
    assert graph.refused("PATCH", event_path(graph), fun("a", id_)) == refusal


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("Integer", "-5", "five"),
        ("Boolean", "true", "yes"),
        ("Double", "1.5", "one"),
        ("Binary", "bWFj", "!"),
        ("CLSID", "66f5a359-4659-4830-9070-00040ec6ac6e", "66f5"),
        ("SystemTime", "2026-12-01T00:00:00Z", "today"),
        ("String", "anything", 7),
    ],
)
def test_a_value_fits_its_type(graph: Graph, kind: str, good: str, bad: object) -> None:
    id_ = f"{kind} 0x4001"
    path = event_path(graph, **fun(good, id_))
    assert expanded(graph, path, id_) == [{"id": id_, "value": good}]
    assert graph.refused("PATCH", path, fun(bad, id_)) == (400, "ErrorInvalidExtendedPropertyValue")
    several = {"multiValueExtendedProperties": [{"id": COLORS, "value": "red"}]}
    assert graph.refused("PATCH", path, several) == (400, "ErrorInvalidExtendedPropertyValue")


def test_properties_are_never_expanded_all_at_once(graph: Graph) -> None:
    path = event_path(graph, **fun("a"))
    for name in ("singleValueExtendedProperties", "multiValueExtendedProperties"):
        assert graph.refused("GET", f"{path}?$expand={name}") == (400, "ErrorInvalidUrlQueryFilter")


def test_calendars_have_extended_properties_too(graph: Graph) -> None:
    made = graph.post("/me/calendars", {"name": "Team", **fun("a")})
    path = f"/me/calendars/{made['id']}"
    assert "singleValueExtendedProperties" not in made
    assert expanded(graph, path) == [{"id": FUN, "value": "a"}]
    graph.patch(path, fun("b"))
    assert expanded(graph, path)[0]["value"] == "b"
    named = f"/me/calendars?$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{FUN}' and ep/value eq 'b')"
    assert [each["name"] for each in graph.all(named)] == ["Team"]
    refusal = (400, "ErrorInvalidExtendedProperty")
    assert graph.refused("POST", "/me/calendars", {"name": "X", **fun("a", "Fun")}) == refusal
    assert graph.refused("PATCH", path, fun("a", "Fun")) == refusal
    assert len(graph.all("/me/calendars?$filter=name eq 'X'")) == 0
