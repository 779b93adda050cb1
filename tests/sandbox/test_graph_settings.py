"""`mailboxSettings`: all of them, one of them, changing them, and who may."""

from typing import Any

import pytest

from tests.sandbox.graph_side import ALICE, BOB, JSON, Graph, StandIn, timed
from tests.sandbox.samples import lacks
from tests.shared import shared

URL = "/me/mailboxSettings"
CUSTOM = "#microsoft.graph.customTimeZone"


@pytest.fixture
def mine(stand_in: StandIn) -> Graph:
    return stand_in.graph(scopes=("MailboxSettings.ReadWrite",))


def settings(graph: Graph) -> JSON:
    return {name: value for name, value in graph.get(URL).items() if name != "@odata.context"}


@pytest.mark.parametrize(
    ("name", "url"),
    [("mailboxsettings-get-response", URL), ("mailboxsettings-workinghours-response", f"{URL}/workingHours")],
)
def test_settings_have_what_the_published_samples_have(mine: Graph, name: str, url: str) -> None:
    sample = shared(f"graph/examples/{name}.json")
    if "workingHours" in url:
        mine.patch(URL, {"workingHours": {name: sample[name] for name in ("daysOfWeek", "timeZone")}})
    assert lacks(mine.get(url), sample) == []


def test_all_settings_of_a_mailbox_stand_together(stand_in: StandIn, mine: Graph) -> None:
    found = mine.get(URL)
    oid = stand_in.person(ALICE).oid
    assert found["@odata.context"] == f"https://graph.microsoft.com/v1.0/$metadata#users('{oid}')/mailboxSettings"
    assert found["timeZone"] == "W. Europe Standard Time"
    assert found["language"] == {"locale": "en-US", "displayName": "English (United States)"}
    assert found["workingHours"] == {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "startTime": "08:00:00.0000000",
        "endTime": "17:00:00.0000000",
        "timeZone": {"name": "W. Europe Standard Time"},
    }
    assert found["userPurpose"] == "user"
    assert found["automaticRepliesSetting"]["externalAudience"] == "all"
    assert found["automaticRepliesSetting"]["status"] == "disabled"


def test_one_setting_comes_as_itself_or_wrapped_if_it_is_a_plain_value(mine: Graph) -> None:
    # Dates that nobody has set begin with the present hour, which may end between two calls.
    start = {"dateTime": "2026-12-01T00:00:00", "timeZone": "UTC"}
    mine.patch(URL, {"automaticRepliesSetting": {"scheduledStartDateTime": start}})
    whole = settings(mine)
    for name, value in whole.items():
        alone = mine.get(f"{URL}/{name}")
        assert alone.pop("@odata.context").endswith(f"/mailboxSettings/{name}")
        assert alone == (value if isinstance(value, dict) else {"value": value})
    assert mine.get("/me/mailboxsettings/TIMEZONE")["value"] == whole["timeZone"]
    assert mine.refused("GET", f"{URL}/mood") == (404, "ResourceNotFound")
    assert set(mine.get(f"{URL}?$select=timeZone,dateFormat")) == {"@odata.context", "timeZone", "dateFormat"}


def test_a_change_is_answered_with_what_was_changed(mine: Graph) -> None:
    before = settings(mine)
    answer = mine.patch(URL, {"TimeZone": "Asia/Tokyo", "dateFormat": "yyyy-MM-dd", "timeFormat": "HH:mm", "Mood": 1})
    assert {name: value for name, value in answer.items() if name != "@odata.context"} == {
        "timeZone": "Asia/Tokyo",
        "dateFormat": "yyyy-MM-dd",
        "timeFormat": "HH:mm",
    }
    after = settings(mine)
    # Working hours that nobody has set follow the mailbox.
    assert after["workingHours"]["timeZone"] == {"name": "Asia/Tokyo"}
    assert {name for name in after if after[name] != before[name]} == {
        "timeZone",
        "dateFormat",
        "timeFormat",
        "workingHours",
    }


@pytest.mark.parametrize("name", ["tokyo standard time", "Asia/Tokyo", "UTC", "America/Los_Angeles"])
def test_a_zone_comes_back_in_the_spelling_in_which_it_was_set(mine: Graph, name: str) -> None:
    mine.patch(URL, {"timeZone": name})
    assert mine.get(f"{URL}/timeZone")["value"] == name


def test_what_nobody_can_set_and_null_are_ignored(mine: Graph) -> None:
    before = settings(mine)
    answer = mine.patch(URL, {"userPurpose": "room", "archiveFolder": "x", "timeZone": None, "workingHours": None})
    assert list(answer) == ["@odata.context"]
    assert settings(mine) == before


def test_working_hours_keep_what_a_change_does_not_name(mine: Graph) -> None:
    hours = mine.patch(URL, {"workingHours": {"endTime": "18:30", "daysOfWeek": ["Sunday", "Monday"]}})["workingHours"]
    assert hours == {
        "daysOfWeek": ["monday", "sunday"],
        "startTime": "08:00:00.0000000",
        "endTime": "18:30:00.0000000",
        "timeZone": {"name": "W. Europe Standard Time"},
    }
    mine.patch(URL, {"workingHours": {"timeZone": {"name": "Europe/London"}}})
    mine.patch(URL, {"timeZone": "Tokyo Standard Time"})
    assert mine.get(f"{URL}/workingHours")["timeZone"] == {"name": "Europe/London"}


def test_a_zone_of_ones_own_is_turned_so_that_summer_is_ahead(mine: Graph) -> None:
    """The published sample says it the other way round, and is answered in the usual way."""
    mine.patch(URL, {"workingHours": {"startTime": "09:00:00.0000000"}})
    answer = mine.patch(URL, shared("graph/examples/mailboxsettings-update-customzone-request.json"))
    sample = shared("graph/examples/mailboxsettings-update-customzone-response.json")
    assert answer["workingHours"] == sample["workingHours"]
    usual = sample["workingHours"]["timeZone"]
    assert mine.patch(URL, {"workingHours": {"timeZone": usual}})["workingHours"]["timeZone"] == usual


def test_automatic_replies_are_kept_as_instants_and_shown_in_the_preferred_zone(mine: Graph) -> None:
    wish = {
        "Status": "Scheduled",
        "externalAudience": "contactsonly",
        "scheduledStartDateTime": {"dateTime": "2026-12-21T09:00:00", "timeZone": "Pacific Standard Time"},
        "scheduledEndDateTime": {"dateTime": "2026-12-28T09:00:00", "timeZone": "Pacific Standard Time"},
        "internalReplyMessage": "<p>Away</p>",
    }
    answer = mine.patch(URL, {"automaticRepliesSetting": wish})["automaticRepliesSetting"]
    assert answer == {
        "status": "scheduled",
        "externalAudience": "contactsOnly",
        "scheduledStartDateTime": {"dateTime": "2026-12-21T17:00:00.0000000", "timeZone": "UTC"},
        "scheduledEndDateTime": {"dateTime": "2026-12-28T17:00:00.0000000", "timeZone": "UTC"},
        "internalReplyMessage": "<p>Away</p>",
        "externalReplyMessage": "",
    }
    mine.patch(URL, {"automaticRepliesSetting": {"status": "disabled", "externalReplyMessage": None}})
    there = mine.get(f"{URL}/automaticRepliesSetting", Prefer='outlook.timezone="Tokyo Standard Time"')
    assert (there["status"], there["internalReplyMessage"]) == ("disabled", "<p>Away</p>")
    assert there["scheduledStartDateTime"] == {
        "dateTime": "2026-12-22T02:00:00.0000000",
        "timeZone": "Tokyo Standard Time",
    }


def test_language_and_delegates_come_back_in_their_usual_spelling(mine: Graph) -> None:
    wish = {"language": {"locale": "zh-hant-tw"}, "delegateMeetingMessageDeliveryOptions": "SENDTODELEGATEANDPRINCIPAL"}
    answer = mine.patch(URL, wish)
    assert answer["language"] == {"locale": "zh-Hant-TW", "displayName": "Chinese (Traditional, Taiwan)"}
    assert answer["delegateMeetingMessageDeliveryOptions"] == "sendToDelegateAndPrincipal"
    mine.patch(URL, {"language": {"locale": "de"}})
    assert mine.get(f"{URL}/language")["displayName"] == "German"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"workingHours": {"startTime": "08"}}, "RequestBodyRead"),
        ({"workingHours": {"endTime": "25:30:00"}}, "RequestBodyRead"),
        ({"workingHours": {"startTime": "18:00:00"}}, "ErrorInvalidTimeSettings"),
        ({"workingHours": {"startTime": "17:00:00"}}, "ErrorInvalidTimeSettings"),
        ({"workingHours": {"daysOfWeek": ["monday", "RandomDay"]}}, "InvalidArguments"),
        ({"workingHours": {"daysOfWeek": "monday"}}, "InvalidArguments"),
        ({"workingHours": {"timeZone": {"name": "Middle Earth Standard Time"}}}, "InvalidTimeZone"),
        ({"workingHours": {"timeZone": {"name": "Customized Time Zone"}}}, "InvalidTimeZone"),
        ({"workingHours": {"timeZone": {"@odata.type": CUSTOM, "bias": 60}}}, "InvalidTimeZone"),
        ({"workingHours": {"timeZone": {"@odata.type": CUSTOM, "bias": "far"}}}, "RequestBodyRead"),
        ({"workingHours": []}, "RequestBodyRead"),
        ({"timeZone": "Middle Earth Standard Time"}, "InvalidTimeZone"),
        ({"timeZone": ""}, "InvalidTimeZone"),
        ({"timeZone": 1}, "RequestBodyRead"),
        ({"language": {"locale": "tlh"}}, "InvalidArguments"),
        ({"language": {"locale": "en-XX"}}, "InvalidArguments"),
        ({"language": {"locale": "en_US"}}, "InvalidArguments"),
        ({"dateFormat": "whenever"}, "InvalidArguments"),
        ({"timeFormat": ""}, "InvalidArguments"),
        ({"delegateMeetingMessageDeliveryOptions": "sendToNobody"}, "RequestBodyRead"),
        ({"automaticRepliesSetting": {"status": "sometimes"}}, "RequestBodyRead"),
        ({"automaticRepliesSetting": {"externalAudience": "aliens"}}, "RequestBodyRead"),
        (
            {"automaticRepliesSetting": {"scheduledStartDateTime": {"dateTime": "soon", "timeZone": "UTC"}}},
            "RequestBodyRead",
        ),
        (
            {
                "automaticRepliesSetting": {
                    "scheduledStartDateTime": {"dateTime": "2026-12-01T00:00:00", "timeZone": ""}
                }
            },
            "TimeZoneNotSupportedException",
        ),
        (
            {
                "automaticRepliesSetting": {
                    "scheduledStartDateTime": {"dateTime": "2026-12-02T00:00:00", "timeZone": "UTC"},
                    "scheduledEndDateTime": {"dateTime": "2026-12-01T00:00:00", "timeZone": "UTC"},
                }
            },
            "ErrorInvalidScheduledOofDuration",
        ),
        (
            {
                "automaticRepliesSetting": {
                    "scheduledEndDateTime": {"dateTime": "9999-12-31T23:00:00", "timeZone": "Pacific Standard Time"}
                }
            },
            "ErrorPropertyValidationFailure",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_nothing_changes(mine: Graph, wish: dict[str, Any], code: str) -> None:
    before = settings(mine)
    assert mine.refused("PATCH", URL, {"timeZone": "UTC", **wish}) == (400, code)
    assert settings(mine) == before


@pytest.mark.parametrize("scopes", [("Calendars.ReadWrite", "User.Read"), ("MailboxSettings.Read",)])
def test_settings_need_scopes_of_their_own(stand_in: StandIn, scopes: tuple[str, ...]) -> None:
    graph, denied = stand_in.graph(scopes=scopes), (403, "ErrorAccessDenied")
    assert graph.refused("PATCH", URL, {"timeZone": "UTC"}) == denied
    if "MailboxSettings.Read" in scopes:
        assert graph.get(f"{URL}/timeZone")["value"] == graph.get(URL)["timeZone"]
    else:
        assert graph.refused("GET", URL) == denied
        assert graph.refused("GET", f"{URL}/timeZone") == denied


def test_settings_belong_to_one_mailbox(stand_in: StandIn, mine: Graph) -> None:
    bob = stand_in.graph(BOB, scopes=("MailboxSettings.Read",))
    assert bob.get(f"/users/{BOB}/mailboxSettings/timeZone")["value"] == "Tokyo Standard Time"
    assert mine.refused("GET", f"/users/{BOB}/mailboxSettings")[0] == 403


def test_the_edit_door_takes_the_settings_that_graph_takes(stand_in: StandIn, mine: Graph) -> None:
    wish = {"timeZone": "UTC", "workingHours": {"startTime": "07:30:00"}}
    answer = stand_in.edit("settings", settings=wish)
    assert answer["timeZone"] == "UTC"
    assert answer["workingHours"] == settings(mine)["workingHours"]
    assert answer["workingHours"]["startTime"] == "07:30:00.0000000"
    for wrong in ({}, {"mood": 1}, {"timeZone": "Nowhere"}):
        response = stand_in.http.post("/_sandbox/edit", json={"mailbox": ALICE, "op": "settings", "settings": wrong})
        assert response.status_code == 400


# Rooms and their like


def test_a_room_has_a_mailbox_and_is_no_person(stand_in: StandIn) -> None:
    world = stand_in.look("world")
    purposes = {each["mail"]: each["purpose"] for each in world["resources"]}
    assert sorted(purposes.values()) == ["equipment", "room", "room", "shared"]
    assert not {each["mail"] for each in world["people"]} & set(purposes)
    for address, purpose in purposes.items():
        graph = stand_in.graph(address, scopes=("MailboxSettings.Read", "Calendars.ReadWrite"))
        assert graph.get(f"{URL}/userPurpose")["value"] == purpose
        graph.post("/me/events", timed("Held here", "2026-12-01T10:00:00", "2026-12-01T11:00:00"))
        assert len(graph.all("/me/events")) == 1


def test_a_world_with_one_mailbox_has_its_rooms_all_the_same(stand_in: StandIn) -> None:
    assert stand_in.door("reset", mailboxes=1, events=5)["mailboxes"] == 1
    resources = stand_in.look("world")["resources"]
    assert [(each["mailbox"], each["calendars"][0]["items"]) for each in resources] == [(True, 0)] * 4
