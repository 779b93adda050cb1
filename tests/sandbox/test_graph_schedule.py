"""`getSchedule`: the digits, the entries, what others are told of them, and what cannot be asked."""

from typing import Any

import pytest

from sandbox.directory import CONTOSO_ID
from tests.sandbox.graph_side import ALICE, BOB, JSON, PAULA, Graph, StandIn, timed, weekly
from tests.sandbox.samples import lacks
from tests.sandbox.sharing_side import share
from tests.shared import shared

URL = "/me/calendar/getSchedule"
DAY = "2026-12-01"
FARID, LEO, ROOM = "farid.nasser@fabrikam.example", "leo.park@contoso.example", "room.ada@contoso.example"


def asked(*schedules: str, start: str = f"{DAY}T08:00:00", end: str = f"{DAY}T12:00:00", **more: Any) -> JSON:
    zone = more.pop("zone", "UTC")
    return {
        "schedules": list(schedules or (ALICE,)),
        "startTime": {"dateTime": start, "timeZone": zone},
        "endTime": {"dateTime": end, "timeZone": zone},
        **more,
    }


def at(start: str, end: str, subject: str = "Taken", **more: Any) -> JSON:
    return timed(subject, f"{DAY}T{start}:00", f"{DAY}T{end}:00", **more)


def one(graph: Graph, body: JSON, url: str = URL, **headers: str) -> JSON:
    [found] = graph.post(url, body, **headers)["value"]
    assert isinstance(found, dict)
    return found


def view(graph: Graph, body: JSON) -> str:
    return str(one(graph, body)["availabilityView"])


@pytest.mark.parametrize("name", ["getschedule", "getschedule-15min"])
def test_an_answer_has_what_the_published_samples_have(stand_in: StandIn, graph: Graph, name: str) -> None:
    """The second one writes its names with capitals, and the minutes as a text."""
    request = {key.lower(): value for key, value in shared(f"graph/examples/{name}-request.json").items()}
    sample = shared(f"graph/examples/{name}-response.json")
    stand_in.edit("settings", settings={"workingHours": sample["value"][-1]["workingHours"]})
    graph.post("/me/events", {"start": request["starttime"], "end": request["endtime"]})
    answer = graph.post(URL, {**request, "schedules": [ALICE]}, Prefer='outlook.timezone="Pacific Standard Time"')
    assert lacks(answer, sample) == []
    assert answer["value"][0]["workingHours"] == sample["value"][-1]["workingHours"]
    assert len(answer["value"][0]["availabilityView"]) == len(sample["value"][0]["availabilityView"])


def test_digits_tell_the_heaviest_of_what_is_in_a_slot(graph: Graph) -> None:
    graph.post("/me/events", at("08:10", "08:20", showAs="tentative"))
    graph.post("/me/events", at("08:45", "09:15"))
    graph.post("/me/events", at("08:50", "08:55", showAs="tentative"))
    graph.post("/me/events", at("09:10", "09:20", showAs="oof"))
    graph.post("/me/events", at("10:00", "10:30", showAs="workingElsewhere"))
    graph.post("/me/events", at("10:30", "11:00", showAs="free"))
    graph.post("/me/events", at("11:00", "11:00", "No time at all"))
    assert view(graph, asked()) == "12300000"
    assert view(graph, asked(availabilityViewInterval="60")) == "2300"
    assert view(graph, asked(AvailabilityViewInterval=15)) == "1102330000000000"
    # The last slot is cut short by the end.
    assert view(graph, asked(end=f"{DAY}T09:10:00", availabilityViewInterval=60)) == "22"
    assert view(graph, asked(availabilityViewInterval=1440)) == "3"


def test_entries_tell_all_six_kinds_of_time_in_order(graph: Graph) -> None:
    kinds = ["workingElsewhere", "oof", "unknown", "free", "busy", "tentative"]
    for hour, kind in enumerate(reversed(kinds), start=-12):
        graph.post("/me/events", at(f"{-hour:02}:00", f"{-hour:02}:30", kind, showAs=kind))
    found = one(graph, asked(start=f"{DAY}T00:00:00", end=f"{DAY}T23:00:00"))["scheduleItems"]
    assert [each["status"] for each in found] == kinds
    assert found[0] == {
        "isPrivate": False,
        "status": "workingElsewhere",
        "subject": "workingElsewhere",
        "location": "",
        "start": {"dateTime": f"{DAY}T07:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"{DAY}T07:30:00.0000000", "timeZone": "UTC"},
    }


def test_entries_are_shown_in_the_preferred_zone_whatever_zone_was_asked_in(graph: Graph) -> None:
    graph.post("/me/events", at("10:00", "11:00"))
    body = asked(start=f"{DAY}T01:00:00", end=f"{DAY}T03:00:00", zone="Pacific Standard Time")
    found = one(graph, body, Prefer='outlook.timezone="Asia/Tokyo"')
    assert found["availabilityView"] == "0022"
    assert found["scheduleItems"][0]["start"] == {"dateTime": f"{DAY}T19:00:00.0000000", "timeZone": "Asia/Tokyo"}


def test_a_whole_day_runs_from_midnight_of_the_zone_that_was_asked_in(graph: Graph) -> None:
    graph.post("/me/events", timed("Away", f"{DAY}T00:00:00", "2026-12-02T00:00:00", isAllDay=True, showAs="oof"))
    wide = {"start": "2026-11-30T00:00:00", "end": "2026-12-03T00:00:00", "availabilityViewInterval": 480}
    for zone, hours in (("UTC", "00"), ("Pacific Standard Time", "08"), ("Tokyo Standard Time", "15")):
        found = one(graph, asked(**wide, zone=zone))
        assert found["availabilityView"] == "000333000"
        assert found["scheduleItems"][0]["start"]["dateTime"][11:13] == hours


def test_occurrences_and_exceptions_take_time_like_anything_else(graph: Graph) -> None:
    master = graph.post("/me/events", at("08:00", "08:30", recurrence=weekly(DAY, "tuesday", "wednesday")))
    url = f"/me/events/{master['id']}/instances?startDateTime={DAY}T00:00:00Z&endDateTime=2026-12-03T00:00:00Z"
    first, second = graph.all(url)
    graph.patch(f"/me/events/{first['id']}", {"showAs": "oof", "location": {"displayName": "Elsewhere"}})
    body = asked(end="2026-12-02T09:00:00", availabilityViewInterval=60)
    found = one(graph, body)
    assert found["availabilityView"] == "3" + "0" * 23 + "2"
    assert [each["location"] for each in found["scheduleItems"]] == ["Elsewhere", ""]
    graph.delete(f"/me/events/{second['id']}")
    assert view(graph, body) == "3" + "0" * 24


def test_what_was_called_off_or_declined_takes_nobodys_time(stand_in: StandIn, graph: Graph) -> None:
    stand_in.edit("create", event=at("08:00", "09:00", isCancelled=True, isOrganizer=False))
    stand_in.edit("create", event=at("09:00", "10:00", isOrganizer=False, responseStatus={"response": "declined"}))
    stand_in.edit("create", event=at("10:00", "11:00", isOrganizer=False, responseStatus={"response": "accepted"}))
    found = one(graph, asked())
    assert (found["availabilityView"], len(found["scheduleItems"])) == ("00002200", 1)


def test_only_the_main_calendar_counts(graph: Graph) -> None:
    other = graph.post("/me/calendars", {"name": "Other"})["id"]
    graph.post(f"/me/calendars/{other}/events", at("08:00", "12:00"))
    assert view(graph, asked()) == "0" * 8
    assert one(graph, asked(), f"/me/calendars/{other}/getSchedule")["availabilityView"] == "0" * 8


def test_what_is_shown_verbatim_counts_if_its_times_can_be_read(stand_in: StandIn, graph: Graph) -> None:
    stand_in.edit("raw", event={"subject": "No times", "start": None})
    stand_in.edit("raw", event={**at("08:00", "09:00"), "showAs": 7, "location": "not an object", "subject": None})
    found = one(graph, asked())
    assert found["availabilityView"] == "22000000"
    assert [(each["subject"], each["location"], each["status"]) for each in found["scheduleItems"]] == [
        ("", "", "busy")
    ]


def test_others_are_told_when_and_not_what(stand_in: StandIn, graph: Graph) -> None:
    stand_in.edit("create", mailbox=BOB, event=at("08:00", "09:00", "Secret plan"))
    graph.post("/me/events", at("08:00", "09:00", "Mine"))
    bob, alice = graph.post(URL, asked(BOB.upper(), ALICE))["value"]
    assert bob["scheduleId"] == BOB.upper()
    assert set(bob["scheduleItems"][0]) == {"status", "start", "end"}
    assert alice["scheduleItems"][0]["subject"] == "Mine"
    assert bob["workingHours"]["timeZone"] == {"name": "Tokyo Standard Time"}


@pytest.mark.parametrize(("role", "told"), [("freeBusyRead", False), ("limitedRead", True), ("write", True)])
def test_to_whom_a_calendar_is_shared_to_be_read_its_schedule_says_what(
    stand_in: StandIn, graph: Graph, role: str, told: bool
) -> None:
    graph.post("/me/events", at("08:00", "09:00", "Plan"))
    graph.post("/me/events", at("10:00", "11:00", "Doctor", sensitivity="private"))
    share(stand_in, role)
    plan, doctor = one(stand_in.graph(BOB), asked(ALICE))["scheduleItems"]
    assert (plan.get("subject"), doctor.get("isPrivate")) == (("Plan", True) if told else (None, None))
    # Not even a delegate is told here what is private.
    share(stand_in, "delegateWithPrivateEventAccess")
    assert "subject" not in one(stand_in.graph(BOB), asked(ALICE))["scheduleItems"][1]


@pytest.mark.parametrize("sensitivity", ["private", "confidential", "personal"])
def test_private_events_never_say_what_they_are(graph: Graph, sensitivity: str) -> None:
    graph.post("/me/events", at("08:00", "09:00", "Doctor", sensitivity=sensitivity))
    [item] = one(graph, asked())["scheduleItems"]
    assert item["isPrivate"] is (sensitivity == "private")
    assert ("subject" in item, "location" in item) == ((sensitivity == "personal"),) * 2


def test_an_application_reads_schedules_of_the_whole_tenant(stand_in: StandIn) -> None:
    stand_in.edit("create", mailbox=BOB, event=at("08:00", "09:00", "Plan"))
    token = stand_in.sandbox.identity.issue_access_token(None, ("Calendars.Read",), tenant_id=CONTOSO_ID)
    app = Graph(stand_in, token)
    found = one(app, asked(BOB), f"/users/{ALICE}/calendar/getSchedule")
    assert found["scheduleItems"][0]["subject"] == "Plan"


def test_rooms_have_schedules_too(stand_in: StandIn, graph: Graph) -> None:
    stand_in.edit("create", mailbox=ROOM, event=at("08:00", "09:00", "Board"))
    assert view(graph, asked(ROOM)) == "22000000"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("nobody@contoso.example", "5009"),
        ("nobody", "5009"),
        ("", "5009"),
        (LEO, "5016"),
        (FARID, "5016"),
        (PAULA, "5016"),
    ],
)
def test_of_whom_nothing_is_known_only_the_reason_comes(graph: Graph, address: str, code: str) -> None:
    unknown, alice = graph.post(URL, asked(address, ALICE))["value"]
    assert set(unknown) == {"scheduleId", "error"}
    assert unknown["error"]["responseCode"] == code
    assert unknown["error"]["message"]
    assert alice["availabilityView"] == "0" * 8


def test_more_than_a_thousand_entries_are_too_many(stand_in: StandIn, graph: Graph) -> None:
    every_day = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": DAY}}
    for _ in range(20):
        stand_in.edit("create", event=at("08:00", "09:00", recurrence=every_day))
    month = {"start": f"{DAY}T00:00:00", "availabilityViewInterval": 1440}
    assert len(one(graph, asked(**month, end="2027-01-20T00:00:00"))["scheduleItems"]) == 1000
    [found] = graph.post(URL, asked(**month, end="2027-01-21T00:00:00"))["value"]
    assert found["error"]["responseCode"] == "5006"
    assert "scheduleItems" not in found


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"schedules": []}, "ErrorMailboxDataArrayEmpty"),
        ({"schedules": None}, "ErrorMailboxDataArrayEmpty"),
        ({"schedules": [ALICE] * 21}, "ErrorMailboxDataArrayTooBig"),
        ({"schedules": ALICE}, "RequestBodyRead"),
        ({"schedules": [{"address": ALICE}]}, "RequestBodyRead"),
        ({"availabilityViewInterval": 4}, "ErrorInvalidMergedFreeBusyInterval"),
        ({"availabilityViewInterval": "1441"}, "ErrorInvalidMergedFreeBusyInterval"),
        ({"availabilityViewInterval": "half"}, "RequestBodyRead"),
        ({"startTime": None}, "ErrorInvalidTimeInterval"),
        ({"startTime": "2026-12-01T08:00:00"}, "RequestBodyRead"),
        ({"startTime": {"dateTime": "today", "timeZone": "UTC"}}, "RequestBodyRead"),
        ({"endTime": {"dateTime": f"{DAY}T08:00:00", "timeZone": "UTC"}}, "ErrorInvalidTimeInterval"),
        ({"endTime": {"dateTime": f"{DAY}T07:00:00", "timeZone": "UTC"}}, "ErrorInvalidTimeInterval"),
        ({"startTime": {"dateTime": "0001-01-01T00:00:00", "timeZone": "UTC"}}, "ErrorInvalidTimeInterval"),
        ({"endTime": {"dateTime": "9999-12-31T00:00:00", "timeZone": "UTC"}}, "ErrorInvalidTimeInterval"),
        ({"endTime": {"dateTime": f"{DAY}T12:00:00", "timeZone": "Nowhere"}}, "TimeZoneNotSupportedException"),
        ({"endTime": {"dateTime": "2027-02-01T08:00:01", "timeZone": "UTC"}}, "ErrorTimeIntervalTooBig"),
    ],
)
def test_what_cannot_be_asked_is_refused(graph: Graph, change: JSON, code: str) -> None:
    assert graph.refused("POST", URL, {**asked(), **change}) == (400, code)


def test_sixty_two_days_can_be_asked_for_at_once_and_twenty_people(graph: Graph) -> None:
    body = asked(*[ALICE] * 20, end="2027-02-01T08:00:00", availabilityViewInterval=1440)
    assert [each["availabilityView"] for each in graph.post(URL, body)["value"]] == ["0" * 62] * 20
    assert graph.post(URL, {**body, "availabilityViewInterval": None})["value"]


def test_schedules_are_for_work_accounts_with_a_right_to_calendars(stand_in: StandIn, graph: Graph) -> None:
    assert stand_in.graph(PAULA).refused("POST", URL, asked(PAULA)) == (403, "ErrorAccessDenied")
    without = stand_in.graph(scopes=("User.Read", "MailboxSettings.Read"))
    assert without.refused("POST", URL, asked()) == (403, "ErrorAccessDenied")
    assert view(stand_in.graph(scopes=("Calendars.ReadBasic",)), asked()) == "0" * 8
    assert graph.refused("POST", "/me/calendars/not-an-id/getSchedule", asked()) == (400, "ErrorInvalidIdMalformed")


@pytest.mark.parametrize(
    "url",
    [
        "/me/calendar/getSchedule",
        "/me/calendar/microsoft.graph.getschedule",
        f"/users/{ALICE}/calendar/getSchedule",
        "/me/calendars/{id}/getSchedule",
        "/me/calendargroups/{group}/calendars/{id}/getSchedule",
    ],
)
def test_schedules_are_asked_for_from_any_calendar(graph: Graph, url: str) -> None:
    group = graph.get("/me/calendarGroups")["value"][0]["id"]
    named = url.format(id=graph.get("/me/calendar")["id"], group=group)
    assert one(graph, asked(), named)["scheduleId"] == ALICE
