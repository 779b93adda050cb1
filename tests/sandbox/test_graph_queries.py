"""Query options: which items of a list, in what order, how many, with what; and what cannot be asked."""

import pytest

from tests.sandbox.graph_side import IMMUTABLE, JSON, NOON, Graph, StandIn, timed, weekly
from tests.shared import shared

WINDOW = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z"
VIEW = f"/me/calendarView?{WINDOW}"


@pytest.fixture
def week(graph: Graph) -> Graph:
    """Seven events on seven days, from low to high importance."""
    for day in range(1, 8):
        graph.post(
            "/me/events",
            timed(
                f"Day {day}",
                f"2026-12-0{day}T10:00:00",
                f"2026-12-0{day}T11:00:00",
                importance=("low", "normal", "high")[day % 3],
                categories=["Even" if day % 2 == 0 else "Odd"],
                isAllDay=False,
                attendees=[{"emailAddress": {"address": f"p{day}@contoso.example", "name": "P"}}],
            ),
        )
    return graph


def days(graph: Graph, query: str, path: str = "/me/events") -> list[int]:
    return [int(each["subject"][-1]) for each in graph.all(f"{path}{'&' if '?' in path else '?'}{query}")]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("subject eq 'day 3'", [3]),
        ("startswith(subject,'Day') and endswith(subject,'4')", [4]),
        ("contains(subject,'6') or importance eq 'high'", [2, 5, 6]),
        ("not (importance eq 'low' or importance eq 'high')", [1, 4, 7]),
        ("start/dateTime ge '2026-12-06T00:00'", [6, 7]),
        ("start/dateTime ge 2026-12-06T11:00:00%2B01:00 and end/dateTime lt 2026-12-07", [6]),
        ("isAllDay eq false and seriesMasterId eq null and subject ne null", [1, 2, 3, 4, 5, 6, 7]),
        ("categories/any(c:c eq 'Even')", [2, 4, 6]),
        ("attendees/any(a:a/emailAddress/address eq 'p5@contoso.example')", [5]),
        ("organizer/emailAddress/address eq 'alice.moreau@contoso.example' and subject le 'Day 2'", [1, 2]),
    ],
)
def test_lists_and_views_are_filtered(week: Graph, condition: str, found: list[int]) -> None:
    assert days(week, f"$filter={condition}") == found
    assert days(week, f"$filter={condition}", VIEW) == found


def test_filters_compare_instants_in_whatever_zone_the_answer_comes(week: Graph) -> None:
    for zone in ("UTC", "Tokyo Standard Time"):
        listed = week.all(
            "/me/events?$filter=start/dateTime ge '2026-12-07T10:00' and start/dateTime lt 2026-12-07T10:00:01Z",
            Prefer=f'outlook.timezone="{zone}"',
        )
        assert [each["subject"] for each in listed] == ["Day 7"]


def test_lists_are_put_in_order_by_several_keys(week: Graph) -> None:
    assert days(week, "$orderby=importance desc, start/dateTime DESC") == [7, 4, 1, 6, 3, 5, 2]
    assert days(week, "$orderby=importance,subject asc") == [2, 5, 3, 6, 1, 4, 7]
    assert days(week, "$orderby=createdDateTime desc&$top=2&$filter=startswith(subject,'Day')") == [7, 6, 5, 4, 3, 2, 1]
    # What has no value comes first, and with it everything stays as it was.
    assert days(week, "$orderby=originalStart") == [1, 2, 3, 4, 5, 6, 7]


def test_pages_have_the_size_that_was_asked_for_and_links_keep_the_question(week: Graph) -> None:
    pages = list(week.pages(f"{VIEW}&$top=3&$filter=subject ne 'Day 1'&$count=true&$select=subject"))
    assert [len(page["value"]) for page in pages] == [3, 3]
    assert [page["@odata.count"] for page in pages] == [6, 6]
    assert days(week, "$skip=5") == [6, 7]
    assert week.get("/me/events?$skip=7")["value"] == []
    assert len(week.get("/me/events", Prefer="odata.maxpagesize=2")["value"]) == 2
    assert "@odata.count" not in week.get("/me/events?$count=false")


def test_events_can_be_counted_without_being_listed(week: Graph) -> None:
    response = week.call("GET", "/me/events/$count")
    assert (response.data, response.content_type.partition(";")[0]) == (b"7", "text/plain")
    assert week.call("GET", "/me/events/$count?$filter=importance eq 'high'").data == b"2"
    assert week.refused("GET", "/me/events/$count?$filter=nonsense eq") == (400, "ErrorInvalidUrlQueryFilter")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$top=0", "BadRequest"),
        ("$top=-1", "BadRequest"),
        ("$top=many", "BadRequest"),
        ("$top=", "BadRequest"),
        ("$top=٣", "BadRequest"),
        ("$skip=-1", "BadRequest"),
        ("$skip=few", "BadRequest"),
        ("$count=perhaps", "BadRequest"),
        ("$filter=nonsense", "ErrorInvalidUrlQueryFilter"),
        ("$filter=subjekt eq 'A'", "ErrorInvalidUrlQueryFilter"),
        ("$filter=subject eq 'A' and", "ErrorInvalidUrlQueryFilter"),
        ("$filter=start/dateTime ge 'soon'", "ErrorInvalidUrlQueryFilter"),
        ("$orderby=body", "ErrorInvalidUrlQuery"),
        ("$orderby=subject upwards", "ErrorInvalidUrlQuery"),
        ("$orderby=subject asc desc", "ErrorInvalidUrlQuery"),
        ("$search=lunch", "ErrorInvalidUrlQuery"),
        ("$expand=attachments(", "ErrorInvalidUrlQuery"),
        ("$expand=attachments($select=name", "ErrorInvalidUrlQuery"),
        ("$expand=attachments(name)", "ErrorInvalidUrlQuery"),
        ("$expand=extensions($filter=id eq 'a)", "ErrorInvalidUrlQuery"),
        ("$expand=subject", "ExpandNotSupported"),
        ("$expand=instances", "ExpandNotSupported"),
        ("$expand=exceptionOccurrences", "ExpandNotSupported"),
    ],
)
def test_what_cannot_be_asked_of_a_list_is_refused(graph: Graph, query: str, code: str) -> None:
    graph.post("/me/events", timed("A", *NOON, recurrence=weekly("2026-12-01", "tuesday")))
    assert graph.refused("GET", f"/me/events?{query}") == (400, code)
    assert graph.refused("GET", f"{VIEW}&{query}") == (400, code)


def test_what_graph_does_not_know_it_ignores(week: Graph) -> None:
    assert days(week, "$format=json&nonsense=1&$select=subject,nonsense&$skiptoken=x") == [1, 2, 3, 4, 5, 6, 7]


def test_the_largest_page_has_a_thousand_items(graph: Graph) -> None:
    assert graph.get("/me/events?$top=1000")["value"] == []
    assert graph.get("/me/events?$top=100000")["value"] == []


def test_selected_are_members_by_name_and_what_is_inside_them(week: Graph) -> None:
    page = week.get("/me/events?$top=1&$select=Subject, start/dateTime,organizer/emailAddress/name")
    assert page["@odata.context"].endswith("/events(Subject,start/dateTime,organizer/emailAddress/name)")
    (item,) = page["value"]
    assert set(item) == {"@odata.etag", "id", "subject", "start", "organizer"}
    assert set(item["start"]) == {"dateTime"}
    assert item["organizer"] == {"emailAddress": {"name": "Alice Moreau"}}
    people = week.get("/me/events?$top=1&$select=attendees/emailAddress,attendees/type")["value"][0]["attendees"]
    assert [set(each) for each in people] == [{"emailAddress", "type"}]
    whole = week.get("/me/events?$top=1&$select=start,start/dateTime")["value"][0]["start"]
    assert set(whole) == {"dateTime", "timeZone"}
    assert "bodyPreview" in week.get("/me/events?$top=1&$select=*")["value"][0]
    assert set(week.get("/me/events?$top=1&$select=nonsense")["value"][0]) == {"@odata.etag", "id"}


def test_views_show_when_something_was_made_only_where_nothing_is_selected(week: Graph) -> None:
    assert {"createdDateTime", "lastModifiedDateTime"} <= set(week.get(VIEW)["value"][0])
    item = week.get(f"{VIEW}&$select=createdDateTime,lastModifiedDateTime,subject")["value"][0]
    assert set(item) == {"@odata.etag", "id", "subject"}
    assert set(week.get(f"{VIEW}&$select=createdDateTime")["value"][0]) == {"@odata.etag", "id"}
    assert "createdDateTime" in week.get("/me/events?$select=createdDateTime")["value"][0]


def test_an_event_comes_with_its_calendar_if_that_is_asked_for(graph: Graph) -> None:
    calendar = graph.post("/me/calendars", {"name": "Team"})
    made = graph.post(f"/me/calendars/{calendar['id']}/events", timed("A", *NOON))
    for shown in (
        graph.get(f"/me/events/{made['id']}?$expand=calendar($select=name)"),
        graph.get(f"/me/calendars/{calendar['id']}/events?$select=subject&$expand=Calendar($select=name)")["value"][0],
    ):
        assert (shown["calendar"]["id"], shown["calendar"]["name"]) == (calendar["id"], "Team")
        assert "color" not in shown["calendar"]
    own = graph.get(f"/me/events/{made['id']}/calendar")
    assert own.pop("@odata.context").endswith("/calendars/$entity")
    assert own == {name: value for name, value in calendar.items() if name != "@odata.context"}


def test_a_series_comes_with_its_instances_in_a_window_and_with_its_exceptions(graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON, recurrence=weekly("2026-12-01", "tuesday")))
    path = f"/me/events/{made['id']}"
    assert graph.refused("GET", f"{path}?$expand=instances") == (400, "ErrorInvalidParameter")
    shown = graph.get(f"{path}?{WINDOW}&$expand=instances($select=type;$top=2)")
    assert [each["type"] for each in shown["instances"]] == ["occurrence", "occurrence"]
    first = graph.all(f"{path}/instances?{WINDOW}")[0]["id"]
    graph.patch(f"/me/events/{first}", {"subject": "Renamed"})
    both = "$select=subject,exceptionOccurrences&$expand=exceptionOccurrences"
    assert [each["subject"] for each in graph.get(f"{path}?{both}")["exceptionOccurrences"]] == ["Renamed"]
    assert "exceptionOccurrences" not in graph.get(f"{path}?$expand=exceptionOccurrences")
    assert "exceptionOccurrences" not in graph.get(f"/me/events/{first}?{both}")
    assert "instances" not in graph.get(f"/me/events/{first}?{WINDOW}&$expand=instances")


def test_what_cannot_be_expanded_is_named_as_in_the_published_sample(graph: Graph) -> None:
    wanted = shared("graph/examples/error-400-expand-not-supported.json")["error"]
    error = graph.call("GET", "/me?$expand=photo").get_json()["error"]
    assert (error["code"], error["message"]) == (wanted["code"], wanted["message"])
    path = f"/me/events/{graph.post('/me/events', timed('A', *NOON))['id']}"
    for url in (f"{path}?$expand=subject", "/me/calendars?$expand=events", "/me/calendar?$expand=events"):
        assert graph.refused("GET", url) == (400, "ExpandNotSupported")
    assert graph.refused("GET", f"{path}?$search=x") == (400, "ErrorInvalidUrlQuery")


def test_odd_items_do_not_stand_in_the_way_of_a_query(stand_in: StandIn, graph: Graph) -> None:
    odd: list[JSON] = [{"subject": 7}, {"subject": ["x"], "start": "soon"}, {"start": {"dateTime": 1, "timeZone": 2}}]
    for each in odd:
        stand_in.edit("raw", event=each)
    graph.post("/me/events", timed("A", *NOON))
    assert len(graph.all("/me/events?$orderby=subject,start/dateTime desc")) == 4
    assert len(graph.all("/me/events?$filter=start/dateTime ge 2026-01-01 and startswith(subject,'A')")) == 1
    assert len(graph.all("/me/events?$select=start/dateTime")) == 4


# --- preferences -----------------------------------------------------------------------------------------------


def test_several_preferences_are_heeded_at_once_and_the_answer_says_which(graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON, body={"contentType": "html", "content": "<p>Hello</p>"}))
    response = graph.call(
        "GET",
        f"/me/events/{made['id']}",
        Prefer=f'respond-async, outlook.timezone="Tokyo Standard Time"; x=1, {IMMUTABLE}, '
        'outlook.body-content-type="text", nonsense="a, b", return=minimal',
    )
    shown = response.get_json()
    assert shown["start"] == {"dateTime": "2026-12-01T21:00:00.0000000", "timeZone": "Tokyo Standard Time"}
    assert shown["body"] == {"contentType": "text", "content": "Hello"}
    assert shown["id"] != made["id"]
    assert response.headers["Preference-Applied"] == (
        f'outlook.timezone="Tokyo Standard Time", outlook.body-content-type="text", {IMMUTABLE}'
    )


def test_without_a_known_preference_the_answer_says_nothing_of_them(graph: Graph) -> None:
    for value in ("nonsense", 'IdType="Short"', "odata.maxpagesize=0", 'outlook.body-content-type="rtf"', "return=x"):
        assert "Preference-Applied" not in graph.call("GET", "/me/events", Prefer=value).headers


def test_html_can_be_preferred_too(graph: Graph) -> None:
    path = f"/me/events/{graph.post('/me/events', timed('A', *NOON))['id']}"
    response = graph.call("GET", path, Prefer='outlook.body-content-type="HTML"')
    assert response.get_json()["body"]["contentType"] == "html"
    assert response.headers["Preference-Applied"] == 'outlook.body-content-type="html"'


def test_writes_may_be_answered_with_nothing(graph: Graph) -> None:
    made = graph.call("POST", "/me/events", timed("A", *NOON), Prefer="return=minimal")
    assert (made.status_code, made.data) == (204, b"")
    assert made.headers["Preference-Applied"] == "return=minimal"
    event = graph.all("/me/events")[0]
    assert made.headers["Location"].endswith(f"/events('{event['id']}')")
    changed = graph.call("PATCH", f"/me/events/{event['id']}", {"subject": "B"}, Prefer="return=minimal")
    assert (changed.status_code, changed.data) == (204, b"")
    assert changed.headers["ETag"] != event["@odata.etag"]
    assert graph.all("/me/events")[0]["subject"] == "B"
