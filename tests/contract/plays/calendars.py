"""People, calendars, groups of calendars, and who may see them."""

from typing import Any

from tests.contract.examples import Stage, plays
from tests.sandbox.graph_side import ALICE, BOB

READER = {"emailAddress": {"name": "Alice Moreau", "address": ALICE}, "role": "read"}


@plays("user-me", without={"/businessPhones is empty": "people of the sandbox have no telephones"})
def me(stage: Stage, _: Any) -> Any:
    return stage.graph.call("GET", "/me")


@plays("calendars-list")
def calendars(stage: Stage, _: Any) -> Any:
    return stage.graph.call("GET", "/me/calendars")


@plays("calendars-list-shared")
def calendars_with_shared_ones(stage: Stage, _: Any) -> Any:
    stage.bob.post("/me/calendar/calendarPermissions", READER)
    response = stage.graph.call("GET", "/me/calendars")
    [foreign] = [each for each in response.json["value"] if each["owner"]["address"] == BOB]
    assert (foreign["canShare"], foreign["canEdit"]) == (False, False)
    return response


@plays("calendar-create", status=201)
def create_calendar(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", "/me/calendars", body)


@plays("calendar-get")
def default_calendar(stage: Stage, _: Any) -> Any:
    return stage.graph.call("GET", "/me/calendar")


@plays("calendar-get-online-meeting-providers")
def meeting_providers(stage: Stage, _: Any) -> Any:
    return stage.graph.call("GET", "/me/calendar")


@plays("calendar-update")
def rename_calendar(stage: Stage, body: Any) -> Any:
    response = stage.graph.call("PATCH", "/me/calendar", body)
    assert response.json["name"] == body["name"]
    return response


@plays("calendargroups-list")
def groups(stage: Stage, _: Any) -> Any:
    return stage.graph.call("GET", "/me/calendarGroups")


@plays("calendargroup-create", status=201)
def create_group(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", "/me/calendarGroups", body)


@plays("calendarpermissions-list")
def permissions(stage: Stage, _: Any) -> Any:
    stage.graph.post("/me/calendar/calendarPermissions", {**READER, "emailAddress": {"name": "Bob", "address": BOB}})
    return stage.graph.call("GET", f"/users/{ALICE}/calendar/calendarPermissions")


@plays("calendarpermissions-delegate")
def permissions_of_a_delegate(stage: Stage, _: Any) -> Any:
    delegate = {"emailAddress": {"name": "Bob Ito", "address": BOB}, "role": "delegateWithPrivateEventAccess"}
    stage.graph.post("/me/calendar/calendarPermissions", delegate)
    response = stage.graph.call("GET", f"/users/{ALICE}/calendar/calendarPermissions")
    assert {each["role"] for each in response.json["value"]} == {"delegateWithPrivateEventAccess", "freeBusyRead"}
    return response


@plays("calendarpermission-create")
def share(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", "/me/calendar/calendarPermissions", body)


@plays("calendarpermission-update")
def change_role(stage: Stage, body: Any) -> Any:
    other = {**READER, "emailAddress": {"name": "Bob Ito", "address": BOB}}
    made = stage.graph.post("/me/calendar/calendarPermissions", other)
    response = stage.graph.call("PATCH", f"/users/{ALICE}/calendar/calendarPermissions/{made['id']}", body)
    assert response.json["role"] == body["role"]
    return response
