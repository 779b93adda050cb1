"""Every member of an event: what clients may write comes back, what they may not stays as it is."""

from typing import Any

import pytest

from tests.sandbox.graph_side import IMMUTABLE, JSON, NOON, Graph, StandIn, timed, weekly
from tests.shared import shared

WINDOW = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z"
# In today's answers, and younger than the samples.
YOUNGER = {"uid", "occurrenceId", "originalStart", "transactionId", "hideAttendees", "isDraft", "iCalUId", "locations",
           "isOnlineMeeting", "onlineMeetingProvider", "onlineMeeting", "allowNewTimeProposals"}  # fmt: skip
WRITABLE: JSON = {
    "importance": "high",
    "sensitivity": "private",
    "showAs": "workingElsewhere",
    "categories": ["Red category"],
    "isReminderOn": False,
    "reminderMinutesBeforeStart": 99,
    "responseRequested": False,
    "allowNewTimeProposals": False,
    "hideAttendees": True,
    "subject": "Ünïcode 🎉",
}
READ_ONLY: JSON = {
    "id": "mine",
    "changeKey": "mine",
    "createdDateTime": "2001-01-01T00:00:00Z",
    "lastModifiedDateTime": "2001-01-01T00:00:00Z",
    "iCalUId": "mine",
    "uid": "mine",
    "bodyPreview": "mine",
    "originalStartTimeZone": "Tokyo Standard Time",
    "originalEndTimeZone": "Tokyo Standard Time",
    "type": "exception",
    "seriesMasterId": "mine",
    "originalStart": "2001-01-01T00:00:00Z",
    "occurrenceId": "mine",
    "isCancelled": True,
    "isDraft": True,
    "isOrganizer": False,
    "organizer": {"emailAddress": {"address": "mallory@contoso.example", "name": "Mallory"}},
    "responseStatus": {"response": "", "time": "datetime-value"},
    "hasAttachments": True,
    "onlineMeeting": {"joinUrl": "http://mine.example/"},
    "onlineMeetingUrl": "http://mine.example/",
    "webLink": "http://mine.example/",
    "madeUp": {"deep": [1]},
}


def made(graph: Graph, **more: Any) -> JSON:
    return graph.post("/me/events", timed("A", *NOON, **more))


def test_what_may_be_written_is_written_by_both_calls_and_comes_back(graph: Graph) -> None:
    created = made(graph, **{name: value for name, value in WRITABLE.items() if name != "subject"})
    assert {name: created[name] for name in WRITABLE if name != "subject"} == {
        name: value for name, value in WRITABLE.items() if name != "subject"
    }
    changed = graph.patch(f"/me/events/{made(graph)['id']}", WRITABLE)
    assert {name: changed[name] for name in WRITABLE} == WRITABLE
    shown = graph.get(f"/me/events/{changed['id']}")
    assert {name: shown[name] for name in WRITABLE} == WRITABLE


def test_what_may_not_be_written_is_ignored(graph: Graph) -> None:
    plain = made(graph)
    created = made(graph, **READ_ONLY)
    changed = graph.patch(f"/me/events/{plain['id']}", READ_ONLY)
    still = ("bodyPreview", "originalStartTimeZone", "type", "seriesMasterId", "isCancelled", "isDraft", "isOrganizer",
             "organizer", "responseStatus", "hasAttachments", "onlineMeeting", "onlineMeetingUrl",
             "occurrenceId")  # fmt: skip
    for each in (created, changed):
        assert {name: each[name] for name in still} == {name: plain[name] for name in still}
        assert "mine" not in str(each)
        assert "madeUp" not in each
    same = ("id", "createdDateTime", "iCalUId", "uid")
    assert {name: changed[name] for name in same} == {name: plain[name] for name in same}


@pytest.mark.parametrize(
    "wrong",
    [
        {"importance": "huge"},
        {"sensitivity": 7},
        {"showAs": "away"},
        {"categories": "red"},
        {"categories": [7]},
        {"isReminderOn": "perhaps"},
        {"reminderMinutesBeforeStart": "soon"},
        {"responseRequested": 1},
        {"hideAttendees": []},
        {"subject": 7},
        {"body": "text"},
        {"body": {"contentType": "rtf", "content": "x"}},
        {"body": {"contentType": "text", "content": 7}},
        {"location": "Room 1"},
        {"location": {"displayName": 7}},
        {"location": {"locationType": "moon"}},
        {"location": {"uniqueIdType": "moon"}},
        {"location": {"coordinates": {"latitude": "north"}}},
        {"location": {"address": "Main St"}},
        {"locations": {"displayName": "x"}},
        {"attendees": {}},
        {"attendees": [{"type": "guest", "emailAddress": {"address": "a@contoso.example"}}]},
        {"onlineMeetingProvider": "zoom"},
        {"start": {"dateTime": "noon", "timeZone": "UTC"}},
    ],
)
def test_what_does_not_fit_its_type_is_refused(graph: Graph, wrong: JSON) -> None:
    event = made(graph)
    assert graph.refused("PATCH", f"/me/events/{event['id']}", wrong) == (400, "RequestBodyRead")
    assert graph.refused("POST", "/me/events", timed("B", *NOON) | wrong) == (400, "RequestBodyRead")
    assert graph.all("/me/events")[0]["changeKey"] == event["changeKey"]


def test_bodies_go_both_ways(graph: Graph) -> None:
    text = made(graph, body={"contentType": "TEXT", "content": "1 < 2\nsecond"})
    assert text["body"]["contentType"] == "html"
    assert "1 &lt; 2<br>" in text["body"]["content"]
    assert text["bodyPreview"] == "1 < 2\r\nsecond"
    plain = graph.get(f"/me/events/{text['id']}", Prefer='outlook.body-content-type="text"')
    assert plain["body"] == {"contentType": "text", "content": "1 < 2\r\nsecond"}
    html = made(graph, body={"contentType": "html", "content": "<html><body><p>Hi</p></body></html>"})
    assert html["body"]["content"] == "<html><body><p>Hi</p></body></html>"
    assert len(made(graph, body={"content": "word " * 200})["bodyPreview"]) == 255


# --- places ------------------------------------------------------------------------------------------------------


FOURTH_COFFEE = {
    "displayName": "Fourth Coffee",
    "address": {
        "street": "4567 Main St",
        "city": "Redmond",
        "state": "WA",
        "countryOrRegion": "US",
        "postalCode": "32008",
    },
    "coordinates": {"latitude": 47.672, "longitude": -102.103, "altitude": 3, "accuracy": 1, "altitudeAccuracy": 2},
    "locationEmailAddress": "coffee@contoso.example",
    "locationUri": "https://coffee.example/",
}


def test_several_places_are_what_the_published_sample_says(graph: Graph) -> None:
    request = shared("graph/examples/event-create-multi-location-request.json")
    wanted = shared("graph/examples/event-create-multi-location-response.json")
    answer = graph.post("/me/events", request)
    assert answer["locations"] == wanted["locations"]
    assert answer["location"] == wanted["location"]
    selected = graph.get(f"/me/events/{answer['id']}?$select=location")
    assert selected["locations"] == wanted["locations"]


def test_one_place_replaces_the_list_and_a_list_replaces_the_place(graph: Graph) -> None:
    path = f"/me/events/{made(graph, locations=[{'displayName': 'A'}, {'displayName': 'B'}])['id']}"
    one = graph.patch(path, {"location": {"displayName": "Harry's Bar"}})
    assert one["location"] == {
        "displayName": "Harry's Bar",
        "locationType": "default",
        "uniqueId": "Harry's Bar",
        "uniqueIdType": "private",
    }
    assert one["locations"] == [one["location"]]
    listed = graph.patch(path, {"locations": [FOURTH_COFFEE]})
    assert listed["location"]["displayName"] == "Fourth Coffee"
    assert listed["locations"] == [listed["location"]]
    for empty in ({"locations": []}, {"location": None}, {"location": {}}, {"locations": None}):
        cleared = graph.patch(path, empty)
        assert cleared["locations"] == []
        assert cleared["location"] == {"displayName": "", "locationType": "default", "uniqueIdType": "unknown"}
        graph.patch(path, {"location": {"displayName": "again"}})


def test_a_place_keeps_all_that_is_known_of_it(graph: Graph) -> None:
    sent = FOURTH_COFFEE | {"UniqueId": "room-1", "uniqueIdType": "Directory", "locationType": "hotel", "floor": 3}
    sent["coordinates"] = {"latitude": "47.672", "Longitude": -102.103}
    assert made(graph, location=sent)["location"] == {
        **FOURTH_COFFEE,
        "coordinates": {"latitude": 47.672, "longitude": -102.103},
        "locationType": "default",
        "uniqueId": "room-1",
        "uniqueIdType": "directory",
    }


def test_the_control_door_says_what_kind_of_place_it_is(stand_in: StandIn, graph: Graph) -> None:
    room = {"displayName": "Room 1", "locationType": "ConferenceRoom"}
    stand_in.edit("create", event=timed("A", *NOON, location=room))
    assert graph.all("/me/events")[0]["location"]["locationType"] == "conferenceRoom"


# --- attendees ---------------------------------------------------------------------------------------------------


PROPOSAL = {
    "start": {"dateTime": "2026-12-02T12:00:00", "timeZone": "Pacific Standard Time"},
    "end": {"dateTime": "2026-12-02T14:00:00", "timeZone": "Pacific Standard Time"},
}


def test_nobody_answers_for_an_attendee(graph: Graph) -> None:
    ada = {
        "emailAddress": {"address": "ada@contoso.example", "name": None},
        "status": {"response": "accepted", "time": "2026-11-01T00:00:00Z"},
        "proposedNewTime": PROPOSAL,
    }
    (attendee,) = made(graph, attendees=[ada])["attendees"]
    assert attendee == {
        "type": "required",
        "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
        "emailAddress": {"name": "ada@contoso.example", "address": "ada@contoso.example"},
    }


def test_times_that_an_attendee_proposes_come_in_the_zone_that_is_preferred(stand_in: StandIn, graph: Graph) -> None:
    ada = {
        "emailAddress": {"address": "ada@contoso.example"},
        "status": {"response": "TentativelyAccepted", "time": "2026-11-01T00:00:00Z"},
        "proposedNewTime": PROPOSAL,
    }
    bob = {"emailAddress": {"address": "bob@contoso.example"}}
    stand_in.edit("create", event=timed("A", *NOON, attendees=[ada, bob]))
    shown, other = graph.all("/me/events")[0]["attendees"]
    assert shown["status"]["response"] == "tentativelyAccepted"
    assert shown["proposedNewTime"]["start"] == {"dateTime": "2026-12-02T20:00:00.0000000", "timeZone": "UTC"}
    assert "proposedNewTime" not in other
    local = graph.all("/me/events", Prefer='outlook.timezone="Pacific Standard Time"')[0]["attendees"][0]
    assert local["proposedNewTime"]["end"] == {
        "dateTime": "2026-12-02T14:00:00.0000000",
        "timeZone": "Pacific Standard Time",
    }


# --- names of things -----------------------------------------------------------------------------------------


def test_all_of_a_series_has_one_uid_and_every_instance_an_icaluid_of_its_own(graph: Graph) -> None:
    master = made(graph, recurrence=weekly("2026-12-01", "tuesday"))
    instances = graph.all(f"/me/events/{master['id']}/instances?{WINDOW}")
    assert {each["uid"] for each in instances} == {master["uid"]}
    assert len({each["iCalUId"] for each in [master, *instances]}) == len(instances) + 1
    assert {each["changeKey"] for each in instances} == {master["changeKey"]}
    assert instances[0]["occurrenceId"] == f"OID.{master['id']}.2026-12-01"
    assert instances[0]["originalStart"] == "2026-12-01T12:00:00Z"
    assert "originalStart" not in made(graph)


def test_the_web_link_holds_the_id_as_addresses_write_it(graph: Graph) -> None:
    event = made(graph)
    for shown in (event, graph.get(f"/me/events/{event['id']}", Prefer=IMMUTABLE)):
        assert f"itemid={shown['id'].replace('=', '%3D')}&" in shown["webLink"]


# --- the published samples -------------------------------------------------------------------------------------


def members(value: Any) -> Any:
    """The names inside, and the kinds of values; of a list the first stands for all."""
    if isinstance(value, dict):
        return {name: members(inner) for name, inner in value.items() if not name.startswith("@odata")}
    if isinstance(value, list):
        return [members(each) for each in value[:1]]
    return type(value).__name__


def differences(answer: Any, sample: Any, place: str = "") -> list[str]:
    """Where an answer has more, less or something else than a sample; null may stand for anything."""
    if answer == "NoneType" or sample == "NoneType":
        return []
    if isinstance(answer, dict) and isinstance(sample, dict):
        found = [f"{place}/{name} is missing" for name in sample.keys() - answer.keys()]
        found += [f"{place}/{name} is more" for name in answer.keys() - sample.keys() if place or name not in YOUNGER]
        for name in answer.keys() & sample.keys():
            found += differences(answer[name], sample[name], f"{place}/{name}")
        return found
    if isinstance(answer, list) and isinstance(sample, list):
        return differences(answer[0], sample[0], f"{place}/0") if answer and sample else []
    return [] if answer == sample else [f"{place} is {answer} and not {sample}"]


PACIFIC = 'outlook.timezone="Pacific Standard Time"'


def sample(name: str) -> JSON:
    found: JSON = shared(f"graph/examples/{name}.json")
    return found


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("event-create", {"/locations/0/uniqueId is more"}),
        ("event-create-multi-location", set()),
        ("event-create-recurring-weekly", {"/locations/0/uniqueId is more"}),
        # The sample is shortened.
        (
            "event-create-online-meeting",
            {f"/onlineMeeting/{name} is more" for name in ("tollFreeNumbers", "quickDial", "phones")},
        ),
    ],
)
def test_a_published_request_gives_the_members_of_the_published_answer(graph: Graph, name: str, odd: set[str]) -> None:
    answer = graph.post("/me/events", sample(f"{name}-request"), Prefer=PACIFIC)
    found = differences(members(answer), members(sample(f"{name}-response")))
    # Only the newer samples show a seriesMasterId and the like; what the answer has more is explained above.
    assert set(found) <= odd


def test_selected_members_are_those_of_the_published_answers(stand_in: StandIn, graph: Graph) -> None:
    ada = {
        "emailAddress": {"address": "ada@contoso.example"},
        "status": {"response": "none"},
        "proposedNewTime": PROPOSAL,
    }
    event = timed("Orientation", *NOON, attendees=[ada], location={"displayName": "Assembly Hall"})
    path = f"/me/events/{stand_in.edit('create', event=event)['id']}"
    for name, url in (
        ("event-get-response", path),
        ("events-list-response", "/me/events"),
        ("event-get-locations-response", path),
        ("event-proposed-new-time-response", path),
    ):
        wanted = sample(name)
        selected = wanted["@odata.context"].partition("/events(")[2].partition(")")[0]
        answer = graph.get(f"{url}?$select={selected}", Prefer=PACIFIC)
        assert answer["@odata.context"].endswith(wanted["@odata.context"].partition("/events")[2])
        found = differences(members(answer), members(wanted))
        assert {each for each in found if "uniqueId" not in each and "proposedNewTime" not in each} == set()


def test_instances_have_the_members_of_the_published_answer(graph: Graph) -> None:
    master = made(graph, recurrence=weekly("2026-12-01", "tuesday"))
    selected = "subject,bodyPreview,seriesMasterId,type,recurrence,start,end"
    answer = graph.get(f"/me/events/{master['id']}/instances?{WINDOW}&$select={selected}")
    wanted = sample("event-instances-response")
    assert answer["@odata.context"].endswith(f"/instances({selected})")
    assert differences(members(answer), members(wanted)) == []
    assert set(answer["value"][0]) == set(wanted["value"][0])


def test_a_master_comes_with_its_exceptions_as_in_the_published_answer(graph: Graph) -> None:
    master = made(graph, recurrence=weekly("2026-12-01", "tuesday"))
    first, second, *_ = graph.all(f"/me/events/{master['id']}/instances?{WINDOW}")
    graph.patch(f"/me/events/{first['id']}", {"subject": "Changed"})
    graph.delete(f"/me/events/{second['id']}")
    selected = "subject,start,end,occurrenceId,exceptionOccurrences,cancelledOccurrences"
    answer = graph.get(f"/me/events/{master['id']}?$select={selected}&$expand=exceptionOccurrences")
    wanted = sample("event-get-series-master-expanded-response")
    assert set(answer) == set(wanted)
    assert answer["cancelledOccurrences"] == [second["occurrenceId"]]
    # The sample writes the subject of an exception with a capital.
    assert set(wanted["exceptionOccurrences"][0]) - set(answer["exceptionOccurrences"][0]) == {"Subject"}
