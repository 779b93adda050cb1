"""Making, reading, changing and answering events, and what hangs on them."""

import base64
from typing import Any

from tests.contract.examples import PACIFIC, WINDOW, Stage, plays
from tests.sandbox.graph_side import ALICE, BOB, timed, weekly

BOB_INVITED = {"emailAddress": {"address": BOB, "name": "Bob Ito"}, "type": "required"}
PROPOSAL = {
    "start": {"dateTime": "2027-03-03T12:00:00", "timeZone": "Pacific Standard Time"},
    "end": {"dateTime": "2027-03-03T14:00:00", "timeZone": "Pacific Standard Time"},
}


def create(stage: Stage, body: Any) -> Any:
    response = stage.graph.call("POST", "/me/events", body, Prefer=PACIFIC)
    assert response.json["subject"] == body["subject"]
    return response


for name in (
    "event-create", "event-create-multi-location", "event-create-recurring-weekly", "event-create-online-meeting",
    "event-create-with-extended-property",
):  # fmt: skip
    plays(name, status=201)(create)


@plays("event-create-in-shared-calendar", status=201)
def create_in_shared_calendar(stage: Stage, body: Any) -> Any:
    writer = {"emailAddress": {"name": "Alice Moreau", "address": ALICE}, "role": "write"}
    stage.bob.post("/me/calendar/calendarPermissions", writer)
    [shared] = [each for each in stage.graph.get("/me/calendars")["value"] if each["owner"]["address"] == BOB]
    response = stage.graph.call("POST", f"/me/calendars/{shared['id']}/events", body, Prefer=PACIFIC)
    assert response.json["organizer"]["emailAddress"]["address"] == BOB
    return response


SELECTED = "subject,body,bodyPreview,organizer,attendees,start,end,location,locations,hideAttendees"


@plays("event-get")
def get_event(stage: Stage, _: Any) -> Any:
    made = stage.event(attendees=[BOB_INVITED], location={"displayName": "Assembly Hall"})
    return stage.graph.call("GET", f"/me/events/{made['id']}?$select={SELECTED}", Prefer=PACIFIC)


@plays("event-get-locations")
def get_locations(stage: Stage, _: Any) -> Any:
    places = [{"displayName": "Conf Room 3"}, {"displayName": "Fourth Coffee"}]
    made = stage.event(attendees=[BOB_INVITED], locations=places)
    return stage.graph.call("GET", f"/me/events/{made['id']}?$select={SELECTED}")


@plays("event-recurring-noend", without={"/attendees is empty": "nobody is invited here"})
def series_of_a_group(stage: Stage, _: Any) -> Any:
    [group, *_more] = stage.stand_in.look("world")["groups"]
    event = timed("Sync", "2027-03-02T09:30:00", "2027-03-02T10:30:00", "Eastern Standard Time")
    made = stage.graph.post(f"/groups/{group['id']}/events", {**event, "recurrence": weekly("2027-03-02", "tuesday")})
    return stage.graph.call("GET", f"/groups/{group['id']}/events/{made['id']}")


@plays("events-list")
def list_events(stage: Stage, _: Any) -> Any:
    stage.event(attendees=[BOB_INVITED])
    return stage.graph.call("GET", f"/me/events?$select={SELECTED}", Prefer=PACIFIC)


@plays("event-instances")
def instances(stage: Stage, _: Any) -> Any:
    path = f"/me/events/{stage.series()['id']}/instances?{WINDOW}"
    [_, second, *_more] = stage.graph.get(path)["value"]
    stage.graph.patch(f"/me/events/{second['id']}", {"subject": "Once"})
    response = stage.graph.call("GET", f"{path}&$select=subject,bodyPreview,seriesMasterId,type,recurrence,start,end")
    assert [each["type"] for each in response.json["value"]].count("exception") == 1
    return response


@plays("event-get-series-master-expanded", without={"/exceptionOccurrences/0/Subject": "a slip of the page: subject"})
def master_with_exceptions(stage: Stage, _: Any) -> Any:
    master = stage.series()
    found = stage.graph.get(f"/me/events/{master['id']}/instances?{WINDOW}")["value"]
    stage.graph.patch(f"/me/events/{found[1]['id']}", {"subject": "Once"})
    stage.graph.delete(f"/me/events/{found[2]['id']}")
    names = "subject,start,end,iCalUId,uid,occurrenceId,exceptionOccurrences,cancelledOccurrences"
    return stage.graph.call("GET", f"/me/events/{master['id']}?$select={names}&$expand=exceptionOccurrences")


@plays("event-get-organizer-after")
def organizers_copy_after_an_answer(stage: Stage, _: Any) -> Any:
    made = stage.event(attendees=[BOB_INVITED])
    [copy] = stage.bob.get("/me/events")["value"]
    assert stage.bob.call("POST", f"/me/events/{copy['id']}/accept", {}).status_code == 202
    response = stage.graph.call("GET", f"/me/calendar/events/{made['id']}")
    assert response.json["attendees"][0]["status"]["response"] == "accepted"
    return response


@plays("event-update")
def update(stage: Stage, body: Any) -> Any:
    response = stage.graph.call("PATCH", f"/me/events/{stage.event()['id']}", body)
    shown = response.json
    assert (shown["reminderMinutesBeforeStart"], shown["categories"]) == (99, ["Red category"])
    return response


@plays("event-update-time")
def update_time(stage: Stage, body: Any) -> Any:
    made = stage.event(attendees=[BOB_INVITED])
    response = stage.graph.call("PATCH", f"/me/events/{made['id']}", body, Prefer=PACIFIC)
    assert response.json["start"] == body["start"]
    return response


@plays("event-proposed-new-time")
def proposed_new_time(stage: Stage, _: Any) -> Any:
    made = stage.event(attendees=[BOB_INVITED])
    [copy] = stage.bob.get("/me/events")["value"]
    answer = {"proposedNewTime": PROPOSAL, "sendResponse": True}
    assert stage.bob.call("POST", f"/me/events/{copy['id']}/tentativelyAccept", answer).status_code == 202
    names = "subject,allowNewTimeProposals,start,end,attendees,organizer"
    response = stage.graph.call("GET", f"/me/events/{made['id']}?$select={names}", Prefer=PACIFIC)
    assert response.json["attendees"][0]["proposedNewTime"]["start"]["dateTime"] == "2027-03-03T12:00:00.0000000"
    return response


@plays("event-accept", status=202)
def accept(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", f"/me/events/{stage.invitation()['id']}/accept", body)


@plays("event-decline", status=202)
def decline(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", f"/me/events/{stage.invitation()['id']}/decline", body)


@plays("event-tentativelyaccept", status=202)
def tentatively_accept(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", f"/me/events/{stage.invitation()['id']}/tentativelyAccept", body)


@plays("event-cancel", status=202)
def cancel(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", f"/me/events/{stage.event(attendees=[BOB_INVITED])['id']}/cancel", body)


@plays("event-forward", status=202)
def forward(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", f"/me/events/{stage.event(attendees=[BOB_INVITED])['id']}/forward", body)


@plays(
    "event-snoozereminder",
    filled={"newReminderTime": {"dateTime": "2027-03-02T11:50:00", "timeZone": "UTC"}},
)
def snooze(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", f"/me/events/{stage.event()['id']}/snoozeReminder", body)


@plays("event-attachment-file", status=201)
def attach_file(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", f"/me/events/{stage.event()['id']}/attachments", body)


@plays("event-attachment-item", status=201)
def attach_item(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", f"/me/events/{stage.event()['id']}/attachments", body)


@plays("event-attachments-list")
def list_attachments(stage: Stage, _: Any) -> Any:
    path = f"/me/events/{stage.event()['id']}/attachments"
    content = base64.b64encode(b"mac and cheese today").decode()
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "menu.txt", "contentBytes": content}
    stage.graph.post(path, file)
    return stage.graph.call("GET", path)


@plays("attachment-uploadsession", status=201)
def upload_session(stage: Stage, body: Any) -> Any:
    return stage.graph.call("POST", f"/me/events/{stage.event()['id']}/attachments/createUploadSession", body)


@plays("reminderview")
def reminders(stage: Stage, _: Any) -> Any:
    stage.event(location={"displayName": "Conf Room 3"})
    window = "startDateTime=2027-03-01T00:00:00Z,endDateTime=2027-04-01T00:00:00Z"
    return stage.graph.call("GET", f"/users/{ALICE}/reminderView({window})")
