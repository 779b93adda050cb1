"""The sandbox's own pages: a person changes a mailbox "in Outlook"."""

import re
from html import unescape

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.graph_side import ALICE, BOB, JSON, StandIn, timed, weekly

HERE = {"Origin": "http://localhost"}
PAGE = f"/mailbox/{ALICE}/"
WEEK = "2026-W49"


def send(stand_in: StandIn, action: str, headers: dict[str, str] = HERE, **form: str) -> TestResponse:
    return stand_in.http.post(f"{PAGE}{action}", data={"week": WEEK, **form}, headers=headers)


def shown(stand_in: StandIn, week: str = WEEK) -> str:
    return unescape(stand_in.http.get(f"{PAGE}?week={week}").get_data(as_text=True))


def subjects(stand_in: StandIn, week: str = WEEK) -> list[str]:
    return re.findall(r'<span class="what">([^<]*)</span>', shown(stand_in, week))


@pytest.fixture
def tuesdays(stand_in: StandIn) -> JSON:
    event = timed("Tuesday", "2026-12-01T10:00:00", "2026-12-01T11:00:00", "W. Europe Standard Time")
    return stand_in.edit("create", event=event | {"recurrence": weekly("2026-12-01", "tuesday")})


def occurrence(stand_in: StandIn, week: str = WEEK) -> str:
    return re.findall(r'name="id" value="([^"]*)"', shown(stand_in, week))[0]


def test_every_mailbox_is_listed_and_every_page_says_what_it_is(stand_in: StandIn) -> None:
    page = stand_in.http.get("/").get_data(as_text=True)
    assert ALICE in page
    assert "room.ada@contoso.example" in page
    assert "has no mailbox" in page
    assert "this is not Microsoft" in page
    assert "this is not Microsoft" in shown(stand_in)
    assert stand_in.http.get("/mailbox/nobody@contoso.example/").status_code == 404


def test_an_event_is_added_moved_renamed_and_deleted(stand_in: StandIn) -> None:
    form = {
        "subject": "Tea & <b>cake</b>",
        "date": "2026-12-02",
        "start": "15:00",
        "minutes": "45",
        "location": "Kitchen",
    }
    answer = send(stand_in, "add", **form)
    assert (answer.status_code, WEEK in answer.location) == (303, True)
    assert "Tea & <b>cake</b>" in unescape(shown(stand_in))
    assert "<b>cake</b>" not in stand_in.http.get(f"{PAGE}?week={WEEK}").get_data(as_text=True)
    id_ = occurrence(stand_in)
    send(stand_in, "move", id=id_, date="2026-12-03", start="16:00")
    send(stand_in, "rename", id=id_, subject="Tea")
    event = stand_in.graph().all("/me/events")[0]
    assert (event["subject"], event["start"]["dateTime"][:16]) == ("Tea", "2026-12-03T15:00")
    assert event["end"]["dateTime"][:16] == "2026-12-03T15:45"
    send(stand_in, "delete", id=id_)
    assert subjects(stand_in) == []


def test_an_all_day_event_stays_on_its_day(stand_in: StandIn) -> None:
    send(stand_in, "add", subject="Off", date="2026-12-02", start="15:00", minutes="45", all_day="on")
    assert "all day" in shown(stand_in)
    send(stand_in, "move", id=occurrence(stand_in), date="2026-12-04")
    event = stand_in.graph().all("/me/events")[0]
    assert (event["isAllDay"], event["start"]["dateTime"][:10]) == (True, "2026-12-04")


@pytest.mark.parametrize(("scope", "after"), [("occurrence", ["New", "Tuesday"]), ("series", ["New", "New"])])
def test_renaming_asks_whether_one_or_all_are_meant(
    stand_in: StandIn, tuesdays: JSON, scope: str, after: list[str]
) -> None:
    send(stand_in, "rename", id=occurrence(stand_in), subject="New", scope=scope)
    assert subjects(stand_in) + subjects(stand_in, "2026-W50") == after


@pytest.mark.parametrize(("scope", "after"), [("occurrence", ["Tuesday"]), ("series", [])])
def test_deleting_asks_whether_one_or_all_are_meant(
    stand_in: StandIn, tuesdays: JSON, scope: str, after: list[str]
) -> None:
    send(stand_in, "delete", id=occurrence(stand_in), scope=scope)
    assert subjects(stand_in) + subjects(stand_in, "2026-W50") == after


@pytest.mark.parametrize("repeats", ["daily", "weekly", "monthly"])
def test_an_event_may_repeat(stand_in: StandIn, repeats: str) -> None:
    send(stand_in, "add", subject="Again", date="2026-12-02", start="09:00", minutes="30", repeats=repeats)
    assert stand_in.graph().all("/me/events")[0]["type"] == "seriesMaster"


def test_what_cannot_be_done_is_said_and_nothing_changes(stand_in: StandIn, tuesdays: JSON) -> None:
    answer = send(stand_in, "move", id=occurrence(stand_in), date="2026-12-08", start="09:00")
    assert answer.status_code == 400
    assert "crossing" in answer.get_data(as_text=True)
    assert send(stand_in, "add", subject="No day", date="", start="", minutes="").status_code == 400
    assert subjects(stand_in) == ["Tuesday"]


def test_forms_of_other_pages_are_refused(stand_in: StandIn, tuesdays: JSON) -> None:
    id_ = occurrence(stand_in)
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {}):
        assert send(stand_in, "delete", headers, id=id_, scope="series").status_code == 403
    assert subjects(stand_in) == ["Tuesday"]


def test_the_demo_week_shows_every_event_of_the_truth(full: StandIn) -> None:
    monday = full.sandbox.world.began
    page = shown(full, f"{monday:%G-W%V}")
    assert "Demo for Fabrikam" in page
    assert "Dentist" in page


@pytest.mark.parametrize(
    ("answer", "note", "listed"),
    [
        ("accept", "(accepted)", "accepted"),
        ("tentativelyAccept", "(tentative, accepted tentatively)", "tentativelyAccepted"),
        ("decline", None, "declined"),
    ],
)
def test_an_invitation_is_answered(stand_in: StandIn, answer: str, note: str | None, listed: str) -> None:
    form = {"subject": "Tea", "date": "2026-12-02", "start": "15:00", "minutes": "45", "invite": f"{BOB} x@y.example"}
    assert send(stand_in, "add", **form).status_code == 303
    assert "Invited by" not in shown(stand_in)
    page = unescape(stand_in.http.get(f"/mailbox/{BOB}/?week={WEEK}").get_data(as_text=True))
    assert "Invited by Alice Moreau" in page
    assert "not answered" in page
    id_ = re.findall(r'name="id" value="([^"]*)"', page)[0]
    answered = stand_in.http.post(f"/mailbox/{BOB}/answer", data={"id": id_, "answer": answer}, headers=HERE)
    assert answered.status_code == 303
    page = unescape(stand_in.http.get(f"/mailbox/{BOB}/?week={WEEK}").get_data(as_text=True))
    assert ('<span class="what">Tea</span>' in page) is (note is not None)
    assert note is None or note in page
    (event,) = stand_in.graph().all("/me/events")
    assert [each["status"]["response"] for each in event["attendees"]] == [listed, "none"]


def test_an_answer_that_is_none_is_not_taken(stand_in: StandIn) -> None:
    made = stand_in.edit("create", event=timed("Tea", "2026-12-02T10:00:00", "2026-12-02T11:00:00"))
    for answer in ("perhaps", "accept"):
        assert send(stand_in, "answer", id=made["id"], answer=answer).status_code == 400
