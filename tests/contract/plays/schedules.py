"""Free and busy, suggestions, settings, zones and ids."""

from typing import Any

from tests.contract.examples import PACIFIC, Stage, plays, sample
from tests.sandbox.graph_side import ALICE, BOB, timed


@plays("getschedule", filled={"schedules": [ALICE, BOB]})
def get_schedule(stage: Stage, body: Any) -> Any:
    zone = "Pacific Standard Time"
    stage.graph.post("/me/events", timed("Lunch", "2019-03-15T12:00:00", "2019-03-15T13:00:00", zone))
    return stage.graph.call("POST", "/me/calendar/getSchedule", body, Prefer=PACIFIC)


@plays("getschedule-15min", filled={"Schedules": [ALICE]})
def get_schedule_by_quarters(stage: Stage, body: Any) -> Any:
    """Whoever is asked about keeps hours in a zone of their own making."""
    set_a_custom_zone(stage, sample("mailboxsettings-update-customzone-request"))
    zone = "Pacific Standard Time"
    stage.graph.post("/me/events", timed("Tea", "2018-08-06T10:00:00", "2018-08-06T10:15:00", zone))
    response = stage.graph.call("POST", "/me/calendar/getSchedule", body, Prefer=PACIFIC)
    assert response.json["value"][0]["availabilityView"] == "000020000000000000000000000000000000"
    return response


@plays("findmeetingtimes")
def find_meeting_times(stage: Stage, body: Any) -> Any:
    attendee = {"type": "required", "emailAddress": {"name": "Bob Ito", "address": BOB}}
    return stage.graph.call("POST", "/me/findMeetingTimes", {**body, "attendees": [attendee]}, Prefer=PACIFIC)


@plays("mailboxsettings-get")
def settings(stage: Stage, _: Any) -> Any:
    return stage.graph.call("GET", "/me/mailboxSettings")


@plays("mailboxsettings-workinghours")
def working_hours(stage: Stage, _: Any) -> Any:
    set_a_custom_zone(stage, sample("mailboxsettings-update-customzone-request"))
    return stage.graph.call("GET", "/me/mailboxSettings/workingHours")


@plays("mailboxsettings-update-customzone")
def set_a_custom_zone(stage: Stage, body: Any) -> Any:
    response = stage.graph.call("PATCH", "/me/mailboxSettings", body)
    assert response.json["workingHours"]["timeZone"]["name"] == "Customized Time Zone"
    return response


@plays("supportedtimezones-windows")
def windows_zones(stage: Stage, _: Any) -> Any:
    return stage.graph.call("GET", "/me/outlook/supportedTimeZones")


@plays("supportedtimezones-iana")
def iana_zones(stage: Stage, _: Any) -> Any:
    standard = "TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana'"
    return stage.graph.call("GET", f"/me/outlook/supportedTimeZones({standard})")


@plays("translateexchangeids")
def translate_ids(stage: Stage, body: Any) -> Any:
    made = [stage.event()["id"], stage.event()["id"]]
    response = stage.graph.call("POST", "/me/translateExchangeIds", {**body, "inputIds": made})
    assert [each["sourceId"] for each in response.json["value"]] == made
    return response
