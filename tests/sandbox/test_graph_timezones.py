"""Zones: which are offered, which are known, and how times of events stand in them."""

from datetime import UTC, datetime

import pytest

from sandbox.zones import iana, to_utc
from tests.sandbox.graph_side import Graph, StandIn, timed
from tests.shared import shared

URL = "/me/outlook/supportedTimeZones"


def offered(graph: Graph, url: str = URL) -> dict[str, str]:
    return {each["alias"]: each["displayName"] for each in graph.get(url)["value"]}


@pytest.mark.parametrize(
    "call",
    [
        "",
        "()",
        "(TimeZoneStandard='Windows')",
        "(timezonestandard=microsoft.graph.timeZoneStandard'windows')",
        "(TimeZoneStandard=microsoft.graph.timeZoneStandard%27Windows%27)",
    ],
)
def test_windows_names_are_offered_unless_others_are_asked_for(graph: Graph, call: str) -> None:
    found = offered(graph, URL + call)
    assert len(found) > 130
    assert found["W. Europe Standard Time"].startswith("(UTC+01:00) Amsterdam, ")
    assert found["UTC-11"] == "(UTC-11:00) Coordinated Universal Time-11"
    assert found["UTC"] == "(UTC) Coordinated Universal Time"
    assert found["Nepal Standard Time"].startswith("(UTC+05:45) ")
    assert "tzone://Microsoft/Utc" not in found


@pytest.mark.parametrize(
    "call", ["(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')", "(TimeZoneStandard='Iana')"]
)
def test_names_of_the_zone_database_are_offered_as_they_are(graph: Graph, call: str) -> None:
    found = offered(graph, URL + call)
    assert len(found) == 99
    assert all(alias == shown for alias, shown in found.items())
    assert {"Etc/GMT+12", "Europe/Kyiv", "Pacific/Kiritimati"} <= found.keys()
    assert "Europe/Rome" not in found


def test_zones_are_offered_as_the_published_samples_say(graph: Graph) -> None:
    for standard in ("windows", "iana"):
        sample = shared(f"graph/examples/supportedtimezones-{standard}-response.json")
        answer = graph.get(f"{URL}(TimeZoneStandard='{standard}')")
        assert answer["@odata.context"] == sample["@odata.context"]
        assert set(answer["value"][0]) == set(sample["value"][0])


def test_every_zone_that_is_offered_can_be_used(graph: Graph) -> None:
    for name in [*offered(graph), *offered(graph, f"{URL}(TimeZoneStandard='Iana')")]:
        assert iana(name)


def test_a_server_may_not_have_heard_of_the_zones_of_autumn_2026(stand_in: StandIn, graph: Graph) -> None:
    new = {"Alberta Standard Time", "British Columbia Standard Time", "Manitoba Standard Time"}
    assert new <= offered(graph).keys()
    stand_in.door("zones", new_in_2026=False)
    assert not new & offered(graph).keys()
    stand_in.door("reset", events=0)
    assert new <= offered(stand_in.graph()).keys()
    assert stand_in.http.post("/_sandbox/zones", json={}).status_code == 400


def test_zones_are_refused_to_whoever_may_not_ask(stand_in: StandIn, graph: Graph) -> None:
    assert graph.refused("GET", f"{URL}(TimeZoneStandard='Posix')") == (400, "BadRequest")
    assert graph.refused("POST", URL, {})[0] == 405
    assert stand_in.graph(scopes=("MailboxSettings.Read",)).refused("GET", URL) == (403, "ErrorAccessDenied")
    assert offered(stand_in.graph(scopes=("User.Read",)))
    leo = stand_in.graph("leo.park@contoso.example")
    assert leo.refused("GET", URL) == (404, "MailboxNotEnabledForRESTAPI")


# Names in events


def test_every_name_of_the_published_table_means_its_zone() -> None:
    table = shared("graph/windows-zones.json")["windowsToIana"]
    for name, territories in table.items():
        assert iana(name) == territories["001"], name


@pytest.mark.parametrize(
    ("name", "hour"),
    [
        ("Pacific Standard Time", "04"),
        ("America/Los_Angeles", "04"),
        ("pacific standard time", "04"),
        ("US/Pacific", "04"),
        ("Europe/Rome", "13"),
        ("Asia/Calcutta", "17"),
        ("UTC", "12"),
        ("Etc/GMT+12", "00"),
        ("UTC-11", "01"),
        ("tzone://Microsoft/Utc", "12"),
        ("Alberta Standard Time", "06"),
        ("Kamchatka Standard Time", "00"),
    ],
)
def test_times_are_read_in_any_zone_under_the_name_that_was_given(graph: Graph, name: str, hour: str) -> None:
    made = graph.post("/me/events", timed("Noon", "2026-12-01T12:00:00", "2026-12-01T12:30:00"))
    response = graph.call("GET", f"/me/events/{made['id']}", Prefer=f'outlook.timezone="{name}"')
    start = response.get_json()["start"]
    assert (start["timeZone"], start["dateTime"][11:13]) == (name, hour)
    assert response.headers["Preference-Applied"] == f'outlook.timezone="{name}"'


@pytest.mark.parametrize("name", ["Customized Time Zone", "tzone://Microsoft/Custom", "(UTC+01:00) Berlin", ""])
def test_names_that_are_only_shown_cannot_be_asked_for(graph: Graph, name: str) -> None:
    refusal = (400, "TimeZoneNotSupportedException")
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-02T00:00:00Z"
    for url in ("/me/events", f"/me/calendarView?{window}", f"/me/calendarView/delta?{window}"):
        assert graph.refused("GET", url, Prefer=f'outlook.timezone="{name}"') == refusal


def test_names_that_nobody_knows_stay_verbatim_where_odd_servers_write_them(stand_in: StandIn, graph: Graph) -> None:
    odd = {"start": {"dateTime": "2026-12-01T10:00:00", "timeZone": "Customized Time Zone"}, "subject": "Odd"}
    made = stand_in.edit("raw", event=odd)
    assert graph.get(f"/me/events/{made['id']}", Prefer='outlook.timezone="Asia/Tokyo"')["start"] == odd["start"]
    times = timed("Old", "2026-12-01T10:00:00", "2026-12-01T11:00:00", originalStartTimeZone="Customized Time Zone")
    made = stand_in.edit("create", event=times)
    shown = graph.get(f"/me/events/{made['id']}")
    assert (shown["originalStartTimeZone"], shown["originalEndTimeZone"]) == ("Customized Time Zone", "UTC")


@pytest.mark.parametrize("name", ["UTC", "Tokyo Standard Time", "Hawaiian Standard Time", "Asia/Kathmandu"])
def test_whole_days_are_dates_in_every_zone(graph: Graph, name: str) -> None:
    zone = "Pacific Standard Time"
    made = graph.post("/me/events", timed("Day", "2026-12-24T00:00:00", "2026-12-26T00:00:00", zone, isAllDay=True))
    shown = graph.get(f"/me/events/{made['id']}", Prefer=f'outlook.timezone="{name}"')
    assert shown["start"] == {"dateTime": "2026-12-24T00:00:00.0000000", "timeZone": name}
    assert shown["end"] == {"dateTime": "2026-12-26T00:00:00.0000000", "timeZone": name}
    assert shown["originalStartTimeZone"] == zone
    # They lie in a window as if they were days of UTC.
    for start, end, count in (("23T00", "24T00", 0), ("25T23", "26T00", 1), ("26T00", "26T08", 0)):
        window = f"startDateTime=2026-12-{start}:00:00Z&endDateTime=2026-12-{end}:00:00Z"
        assert len(graph.all(f"/me/calendarView?{window}", Prefer=f'outlook.timezone="{name}"')) == count


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        # 02:30 does not exist when summer begins: the clock is past it already.
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00"),
        ("2026-03-29T03:00:00", "2026-03-29T01:00:00"),
        # 02:30 comes twice when summer ends: the first one counts.
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00"),
        ("2026-10-25T03:00:00", "2026-10-25T02:00:00"),
    ],
)
def test_hours_that_do_not_exist_move_forward_and_doubled_ones_are_the_first(
    graph: Graph, wall: str, instant: str
) -> None:
    later = wall.replace("-29T", "-29T1").replace("-25T", "-25T1")
    later = later.replace("T102", "T12").replace("T103", "T13")
    made = graph.post("/me/events", timed("Odd hour", wall, later, "W. Europe Standard Time"))
    assert made["start"] == {"dateTime": f"{instant}.0000000", "timeZone": "UTC"}
    assert to_utc(datetime.fromisoformat(wall), "Europe/Berlin") == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_a_time_without_a_zone_is_of_utc_and_start_and_end_may_be_of_two(graph: Graph) -> None:
    made = graph.post(
        "/me/events",
        {
            "subject": "Flight",
            "start": {"dateTime": "2026-12-01T10:00:00"},
            "end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "Eastern Standard Time"},
        },
    )
    assert [made[name]["dateTime"][11:13] for name in ("start", "end")] == ["10", "15"]
    assert (made["originalStartTimeZone"], made["originalEndTimeZone"]) == ("UTC", "Eastern Standard Time")
