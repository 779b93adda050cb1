"""Events and calendars of the sandbox's Graph: what is written, what comes back, what is refused."""

import pytest

from tests.sandbox.graph_side import ALICE, BOB, IMMUTABLE, NOON, PAULA, Graph, StandIn, timed


def test_a_new_event_comes_back_in_utc_with_everything_that_was_sent(graph: Graph) -> None:
    made = graph.post(
        "/me/events",
        timed(
            "Lunch",
            "2026-12-01T12:00:00",
            "2026-12-01T13:00:00",
            "Pacific Standard Time",
            body={"contentType": "HTML", "content": "<p>At noon</p>"},
            location={"displayName": "Harry's Bar"},
            attendees=[{"type": "Required", "emailAddress": {"address": "adele@contoso.example", "name": "Adele"}}],
        ),
    )
    assert made["start"] == {"dateTime": "2026-12-01T20:00:00.0000000", "timeZone": "UTC"}
    assert made["originalStartTimeZone"] == "Pacific Standard Time"
    assert made["bodyPreview"] == "At noon"
    assert made["body"]["contentType"] == "html"
    assert made["locations"][0]["displayName"] == "Harry's Bar"
    assert made["attendees"][0]["type"] == "required"
    assert made["attendees"][0]["status"]["response"] == "none"
    assert made["isOrganizer"] is True
    assert made["organizer"]["emailAddress"]["address"] == ALICE
    assert made["type"] == "singleInstance"


def test_names_enums_and_typed_values_are_taken_in_any_spelling(graph: Graph) -> None:
    made = graph.post(
        "/me/calendar/events",
        {
            "@odata.type": "#microsoft.graph.event",
            "Subject": "From another client",
            "Start": {"DateTime": "2026-12-01T12:00:00", "TimeZone": "UTC"},
            "End": {"dateTime": "2026-12-01T13:00:00.5", "timeZone": "UTC"},
            "showAs": "OOF",
            "isOnlineMeeting": "false",
            "onlineMeetingProvider": "teamsForBusiness",
            "reminderMinutesBeforeStart": "30",
            "transactionId": None,
            "singleValueExtendedProperties": [],
        },
    )
    assert (made["subject"], made["showAs"], made["reminderMinutesBeforeStart"]) == ("From another client", "oof", 30)
    assert made["isOnlineMeeting"] is False
    assert made["onlineMeeting"] is None
    assert made["end"]["dateTime"] == "2026-12-01T13:00:00.5000000"


def test_a_preferred_zone_moves_the_times_and_is_confirmed(graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON))
    response = graph.call(
        "GET",
        f"/me/events/{made['id']}",
        Prefer='IdType="ImmutableId", outlook.timezone="Tokyo Standard Time", outlook.body-content-type="text"',
    )
    shown = response.get_json()
    assert shown["start"] == {"dateTime": "2026-12-01T21:00:00.0000000", "timeZone": "Tokyo Standard Time"}
    assert shown["body"]["contentType"] == "text"
    assert shown["id"] != made["id"]
    assert 'outlook.timezone="Tokyo Standard Time"' in response.headers["Preference-Applied"]


@pytest.mark.parametrize("zone", ["Middle Earth Standard Time", "", "tzone://Microsoft/Custom"])
def test_an_unknown_zone_is_refused_wherever_it_stands(graph: Graph, zone: str) -> None:
    refusal = (400, "TimeZoneNotSupportedException")
    assert graph.refused("GET", "/me/events", Prefer=f'outlook.timezone="{zone}"') == refusal
    assert graph.refused("POST", "/me/events", timed("A", *NOON, zone=zone)) == refusal


def test_all_day_events_are_dates_and_never_shift(graph: Graph) -> None:
    event = timed("Off", "2026-12-24T00:00:00", "2026-12-25T00:00:00", "Tokyo Standard Time", isAllDay=True)
    made = graph.post("/me/events", event, Prefer='outlook.timezone="Pacific Standard Time"')
    assert made["start"] == {"dateTime": "2026-12-24T00:00:00.0000000", "timeZone": "Pacific Standard Time"}
    view = "/me/calendarView?startDateTime={}&endDateTime={}"
    assert graph.all(view.format("2026-12-23T00:00:00Z", "2026-12-24T00:00:00Z")) == []
    assert len(graph.all(view.format("2026-12-24T00:00:00Z", "2026-12-24T00:00:01Z"))) == 1


def test_all_day_events_need_midnights(graph: Graph) -> None:
    assert graph.refused("POST", "/me/events", timed("A", *NOON, isAllDay=True)) == (400, "ErrorInvalidRequest")


def test_the_end_may_not_come_first(graph: Graph) -> None:
    assert graph.refused("POST", "/me/events", timed("A", NOON[1], NOON[0])) == (400, "ErrorPropertyValidationFailure")


def test_a_stale_etag_is_refused_and_both_spellings_are_taken(stand_in: StandIn, graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON))
    path = f"/me/events/{made['id']}"
    changed = graph.patch(path, {"subject": "B"}, If_Match=made["@odata.etag"])
    assert changed["changeKey"] != made["changeKey"]
    assert graph.refused("PATCH", path, {"subject": "C"}, If_Match=made["@odata.etag"]) == (
        412,
        "ErrorIrresolvableConflict",
    )
    mailbox = stand_in.sandbox.world.mailbox(stand_in.person(ALICE))
    assert mailbox is not None
    graph.patch(path, {"subject": "C"}, If_Match=mailbox.ids.long_etag(mailbox.find(made["id"])[0].changed))
    assert graph.refused("DELETE", path, If_Match=made["@odata.etag"])[0] == 412
    graph.delete(path, If_Match="*")
    assert graph.refused("DELETE", path) == (404, "ErrorItemNotFound")


def test_ids_that_are_none_are_told_from_ids_that_were(graph: Graph, stand_in: StandIn) -> None:
    bobs = stand_in.graph(BOB).post("/me/events", timed("B", *NOON))["id"]
    own = graph.post("/me/events", timed("A", *NOON))["id"]
    for wrong in ("not-an-id", bobs, own[:-4], f"{own[:-6]}x{own[-5:]}"):
        assert graph.refused("GET", f"/me/events/{wrong}") == (400, "ErrorInvalidIdMalformed")
    assert graph.get(f"/me/events/{own.replace('=', '%3D')}")["id"] == own


def test_repeating_a_transaction_gives_the_same_event_and_another_one_is_refused(graph: Graph) -> None:
    event = timed("A", *NOON, transactionId="7E163156-7762-4BEB-A1C6-729EA81755A7")
    first, again = graph.post("/me/events", event), graph.post("/me/events", event)
    assert first["id"] == again["id"]
    assert len(graph.all("/me/events")) == 1
    response = graph.call("POST", "/me/events", {**event, "subject": "B"})
    assert response.status_code == 400
    assert response.get_json()["error"]["@event.existingEventId"] == first["id"]


def test_a_meeting_gets_its_block_and_loses_itself_with_it(graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON, isOnlineMeeting=True, body={"content": "Hello"}))
    assert made["onlineMeetingProvider"] == "teamsForBusiness"
    assert made["onlineMeeting"]["joinUrl"] in made["body"]["content"]
    path = f"/me/events/{made['id']}"
    kept = graph.patch(path, {"body": {"contentType": "html", "content": made["body"]["content"] + "<p>More</p>"}})
    assert kept["onlineMeeting"] == made["onlineMeeting"]
    assert graph.patch(path, {"isOnlineMeeting": False})["isOnlineMeeting"] is True
    lost = graph.patch(path, {"body": {"contentType": "html", "content": "<p>Only this</p>"}})
    assert (lost["isOnlineMeeting"], lost["onlineMeeting"]) == (False, None)


def test_a_personal_calendar_ignores_the_wish_for_a_meeting(stand_in: StandIn) -> None:
    made = stand_in.graph(PAULA).post("/me/events", timed("A", *NOON, isOnlineMeeting=True))
    assert (made["isOnlineMeeting"], made["onlineMeeting"]) == (False, None)


def test_answers_of_attendees_survive_a_change_of_the_list(stand_in: StandIn, graph: Graph) -> None:
    ada = {"emailAddress": {"address": "ada@contoso.example"}, "status": {"response": "accepted"}}
    made = stand_in.edit("create", event=timed("A", *NOON, attendees=[ada]))
    others = [{"emailAddress": {"address": "Ada@contoso.example"}}, {"emailAddress": {"address": "b@contoso.example"}}]
    changed = graph.patch(f"/me/events/{made['id']}", {"attendees": others})
    assert [each["status"]["response"] for each in changed["attendees"]] == ["accepted", "none"]


def test_calendars_are_made_renamed_and_deleted_but_never_the_default_one(graph: Graph) -> None:
    made = graph.post("/me/calendars", {"name": "Volunteer"})
    assert (made["isRemovable"], made["isTallyingResponses"], made["canEdit"]) == (True, False, True)
    path = f"/me/calendars/{made['id']}"
    assert graph.patch(path, {"name": "Social", "color": "LightPink"})["color"] == "lightPink"
    named = graph.get("/me/calendars?$filter=name eq 'Social'&%24top=1")["value"]
    assert [each["id"] for each in named] == [made["id"]]
    event = graph.post(f"{path}/events", timed("A", *NOON))
    assert graph.get(f"/me/events/{event['id']}")["subject"] == "A"
    assert graph.all("/me/events") == []
    graph.delete(path)
    assert graph.refused("GET", path) == (404, "ErrorItemNotFound")
    assert graph.refused("GET", f"/me/events/{event['id']}") == (404, "ErrorItemNotFound")
    default = graph.get("/me/calendar")["id"]
    assert graph.refused("DELETE", f"/me/calendars/{default}")[0] == 400


def test_moving_changes_the_plain_id_and_keeps_the_immutable_one(stand_in: StandIn, graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON))
    lasting = graph.get(f"/me/events/{made['id']}", Prefer=IMMUTABLE)["id"]
    stand_in.edit("move", id=made["id"], calendar="Private")
    assert graph.refused("GET", f"/me/events/{made['id']}") == (404, "ErrorItemNotFound")
    moved = graph.get(f"/me/events/{lasting}")
    assert moved["id"] not in {made["id"], lasting}
    assert graph.get(f"/me/events/{moved['id']}", Prefer=IMMUTABLE)["id"] == lasting


def test_lists_are_paged_filtered_ordered_and_counted(graph: Graph) -> None:
    for day in range(1, 8):
        graph.post("/me/events", timed(f"Day {day}", f"2026-12-0{day}T10:00:00", f"2026-12-0{day}T11:00:00"))
    page = graph.get("/me/events?$top=3&$count=true&$orderby=start/dateTime desc&$select=subject,start")
    assert [each["subject"] for each in page["value"]] == ["Day 7", "Day 6", "Day 5"]
    assert page["@odata.count"] == 7
    assert set(page["value"][0]) == {"@odata.etag", "id", "subject", "start"}
    assert page["@odata.nextLink"].startswith("https://graph.microsoft.com/v1.0/me/events?$top=3")
    assert len(graph.all(page["@odata.nextLink"])) == 4
    for value in ("2026-12-06T00:00", "'2026-12-06T00:00'", "2026-12-06T00:00:00%2B00:00"):
        assert len(graph.all(f"/me/events?$filter=start/dateTime ge {value}")) == 2
    assert graph.refused("GET", "/me/events?$filter=nonsense") == (400, "ErrorInvalidUrlQueryFilter")


def test_links_lead_to_the_host_that_was_asked(stand_in: StandIn) -> None:
    for day in range(1, 4):
        stand_in.edit("create", event=timed("A", f"2026-12-0{day}T10:00:00", f"2026-12-0{day}T11:00:00"))
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE))
    local = Graph(stand_in, token, host="127.0.0.1:8400")
    assert local.get("/me/events?$top=1")["@odata.nextLink"].startswith("http://127.0.0.1:8400/v1.0/me/events?")
    made = local.call("POST", "/me/events", timed("A", *NOON))
    assert made.headers["Location"].startswith("http://127.0.0.1:8400/v1.0/users(")
    same = stand_in.graph().call("POST", "/me/events", timed("A", *NOON))
    assert same.headers["Location"].startswith("https://graph.microsoft.com/v1.0/users(")


def test_rights_are_asked_for(stand_in: StandIn) -> None:
    reader = stand_in.graph(scopes=("Calendars.Read",))
    assert reader.all("/me/events") == []
    assert reader.refused("POST", "/me/events", timed("A", *NOON)) == (403, "ErrorAccessDenied")
    assert stand_in.graph(scopes=("User.Read",)).refused("GET", "/me/events") == (403, "ErrorAccessDenied")
    assert reader.refused("GET", f"/users/{BOB}/events") == (403, "ErrorAccessDenied")
    assert reader.refused("GET", "/users/nobody@contoso.example/events") == (404, "ErrorInvalidUser")
    assert reader.get(f"/users('{ALICE}')/calendar")["isDefaultCalendar"] is True


def test_without_a_token_nothing_is_told(stand_in: StandIn) -> None:
    response = stand_in.http.get("/v1.0/me")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    assert response.get_json()["error"]["code"] == "InvalidAuthenticationToken"


def test_a_person_without_a_mailbox_is_told_so(stand_in: StandIn) -> None:
    leo = stand_in.graph("leo.park@contoso.example")
    assert leo.refused("GET", "/me/calendars") == (404, "MailboxNotEnabledForRESTAPI")


def test_what_is_not_there_says_so_in_the_envelope(graph: Graph) -> None:
    assert graph.refused("GET", "/me/nothing") == (404, "ResourceNotFound")
    assert graph.refused("GET", "/me/outlook/masterCategories") == (501, "notImplemented")
    assert graph.refused("PUT", "/me/calendar")[0] == 405
    named = "11111111-2222-4333-8444-555555555555"
    assert graph.call("GET", "/me/nothing", client_request_id=named).headers["client-request-id"] == named
