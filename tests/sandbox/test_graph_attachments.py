"""Attachments of events, one at a time: files, items and links, and what the event says of them."""

import base64
from typing import Any

import pytest

from sandbox import attachments
from tests.sandbox.graph_side import ALICE, BOB, IMMUTABLE, JSON, NOON, Graph, Listener, StandIn, timed, weekly
from tests.shared import shared

FILE = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "menu.txt", "contentBytes": "bWFj"}
MEGABYTE = 1024 * 1024


def event_with(graph: Graph, *files: JSON, **more: Any) -> str:
    made = graph.post("/me/events", timed("Lunch", *NOON, **more))
    path = f"/me/events/{made['id']}"
    for each in files:
        graph.post(f"{path}/attachments", each)
    return path


def test_a_file_comes_back_as_it_was_sent(graph: Graph) -> None:
    path = event_with(graph)
    made = graph.post(f"{path}/attachments", FILE | {"ContentId": "pic", "contentLocation": "http://x.example/"})
    assert made["@odata.type"] == "#microsoft.graph.fileAttachment"
    assert (made["name"], made["contentType"], made["contentBytes"]) == ("menu.txt", "text/plain", "bWFj")
    assert (made["contentId"], made["contentLocation"], made["isInline"]) == ("pic", "http://x.example/", False)
    assert made["size"] > 3
    shown = graph.get(f"{path}/attachments/{made['id']}")
    assert {name: shown[name] for name in shown if name != "@odata.context"} == {
        name: made[name] for name in made if name != "@odata.context"
    }
    assert graph.call("GET", f"{path}/attachments/{made['id']}/$value").data == b"mac"


def test_the_published_sample_of_a_file_gives_the_published_answer(graph: Graph) -> None:
    path = event_with(graph)
    made = graph.post(f"{path}/attachments", shared("graph/examples/event-attachment-file-request.json"))
    sample = shared("graph/examples/event-attachment-file-response.json")
    assert set(made) == set(sample)
    same = ("@odata.type", "name", "contentType", "size", "isInline", "contentId", "contentLocation", "contentBytes")
    assert {name: made[name] for name in same} == {name: sample[name] for name in same}
    assert set(graph.get(f"{path}/attachments")["value"][0]) == set(sample) - {"@odata.context"}


def test_the_event_says_that_it_has_attachments_and_pictures_inside_its_body_do_not_count(graph: Graph) -> None:
    path = event_with(graph, FILE | {"isInline": "true"})
    assert graph.get(path)["hasAttachments"] is False
    graph.post(f"{path}/attachments", FILE)
    assert graph.get(path)["hasAttachments"] is True
    kept, gone = graph.all(f"{path}/attachments")
    assert (kept["isInline"], gone["isInline"]) == (True, False)
    graph.delete(f"{path}/attachments/{gone['id']}")
    assert graph.get(path)["hasAttachments"] is False
    assert graph.refused("GET", f"{path}/attachments/{gone['id']}") == (404, "ErrorItemNotFound")


def test_adding_and_removing_makes_a_new_version_and_tells_who_listens(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    path = event_with(graph)
    ends = stand_in.sandbox.clock.now().replace(microsecond=0).isoformat().replace("+00:00", "Z")
    graph.post(
        "/subscriptions",
        {
            "changeType": "updated",
            "notificationUrl": listener.url,
            "resource": "me/events",
            "expirationDateTime": ends,
            "clientState": "secret",
        },
    )
    before = graph.get(path)["changeKey"]
    made = graph.post(f"{path}/attachments", FILE)
    assert listener.items(1)[0]["changeType"] == "updated"
    between = graph.get(path)["changeKey"]
    graph.delete(f"{path}/attachments/{made['id']}")
    assert listener.items(1)[0]["changeType"] == "updated"
    assert len({before, between, graph.get(path)["changeKey"]}) == 3


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({}, (400, "RequestBodyRead")),
        ({"name": "a", "contentBytes": "bWFj"}, (400, "RequestBodyRead")),
        (FILE | {"@odata.type": "#microsoft.graph.pictureAttachment"}, (400, "RequestBodyRead")),
        (FILE | {"@odata.type": 7}, (400, "RequestBodyRead")),
        (FILE | {"contentBytes": "not base64!"}, (400, "RequestBodyRead")),
        (FILE | {"contentBytes": None}, (400, "RequestBodyRead")),
        (FILE | {"name": ""}, (400, "ErrorInvalidParameter")),
        (FILE | {"name": 7}, (400, "RequestBodyRead")),
        (FILE | {"isInline": "perhaps"}, (400, "RequestBodyRead")),
        ({"@odata.type": "#microsoft.graph.itemAttachment", "name": "a"}, (400, "RequestBodyRead")),
        ({"@odata.type": "#microsoft.graph.itemAttachment", "name": "a", "item": {}}, (400, "RequestBodyRead")),
        (
            {
                "@odata.type": "#microsoft.graph.itemAttachment",
                "name": "a",
                "item": {"@odata.type": "microsoft.graph.event", "subject": "No time"},
            },
            (400, "ErrorInvalidRequest"),
        ),
    ],
)
def test_what_is_no_attachment_is_refused(graph: Graph, sent: JSON, refusal: tuple[int, str]) -> None:
    path = event_with(graph)
    assert graph.refused("POST", f"{path}/attachments", sent) == refusal
    assert graph.all(f"{path}/attachments") == []


def test_three_megabytes_are_too_much_for_one_request(graph: Graph) -> None:
    path = event_with(graph)
    under, over = (base64.b64encode(b"x" * (3 * MEGABYTE - less)).decode() for less in (1, 0))
    assert graph.post(f"{path}/attachments", FILE | {"contentBytes": under})["size"] >= 3 * MEGABYTE - 1
    refused = graph.refused("POST", f"{path}/attachments", FILE | {"contentBytes": over})
    assert refused == (413, "ErrorMessageSizeExceeded")
    assert graph.refused("POST", f"{path}/attachments", FILE | {"contentBytes": "A" * 9 * MEGABYTE})[0] == 413


def test_an_event_carries_no_more_than_its_largest_file_may_have(stand_in: StandIn, graph: Graph) -> None:
    path = event_with(graph)
    mailbox = stand_in.sandbox.world.mailbox(stand_in.person(ALICE))
    assert mailbox is not None
    event, _ = mailbox.find(path.rpartition("/")[2])
    given = {"name": "film.mp4"}
    film = attachments.made(mailbox, given, kind="fileAttachment", content=bytes(150 * MEGABYTE - 2))
    attachments.attach(mailbox, event, None, film)
    assert graph.refused("POST", f"{path}/attachments", FILE) == (413, "ErrorMessageSizeExceeded")
    assert graph.post(f"{path}/attachments", FILE | {"contentBytes": ""})["contentBytes"] == ""


def test_a_full_mailbox_takes_no_more(stand_in: StandIn, graph: Graph) -> None:
    mailbox = stand_in.sandbox.world.mailbox(stand_in.person(ALICE))
    assert mailbox is not None
    mailbox.quota = 5
    path = event_with(graph, FILE)
    assert graph.refused("POST", f"{path}/attachments", FILE) == (507, "ErrorQuotaExceeded")
    series = event_with(graph, recurrence=weekly("2026-12-01", "tuesday"))
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-02T00:00:00Z"
    instance = f"/me/events/{graph.all(f'{series}/instances?{window}')[0]['id']}"
    assert graph.refused("POST", f"{instance}/attachments", FILE) == (507, "ErrorQuotaExceeded")
    graph.post(f"{instance}/attachments", FILE | {"contentBytes": "eHg="})
    assert graph.refused("POST", f"{path}/attachments", FILE | {"contentBytes": "eA=="})[0] == 507
    assert len(graph.all(f"{path}/attachments")) == 1


def test_an_item_attachment_holds_an_event_that_shows_itself_when_it_is_expanded(graph: Graph) -> None:
    path = event_with(graph)
    made = graph.post(f"{path}/attachments", shared("graph/examples/event-attachment-item-request.json"))
    assert (made["@odata.type"], made["contentType"]) == ("#microsoft.graph.itemAttachment", None)
    assert "item" not in made
    assert "contentBytes" not in made
    expanded = graph.get(f"{path}/attachments/{made['id']}?$expand=microsoft.graph.itemattachment/item")
    assert expanded["item"]["@odata.type"] == "#microsoft.graph.event"
    assert (expanded["item"]["subject"], expanded["item"]["id"]) == ("Discuss gifts for children", "")
    assert expanded["item"]["start"]["dateTime"].startswith("2016-12-03T02:00:00")
    assert [each["subject"] for each in graph.all("/me/events")] == ["Lunch"]
    text = graph.call("GET", f"{path}/attachments/{made['id']}/$value")
    assert text.content_type.startswith("text/calendar")
    assert b"DTSTART:20161203T020000Z\r\n" in text.data
    assert b"SUMMARY:Discuss gifts for children\r\n" in text.data


def test_messages_and_contacts_are_kept_as_items_too(graph: Graph) -> None:
    item = {"@odata.type": "#microsoft.graph.message", "subject": "Hello", "toRecipients": []}
    path = event_with(graph)
    made = graph.post(
        f"{path}/attachments", {"@odata.type": "#microsoft.graph.itemAttachment", "name": "m", "item": item}
    )
    one = f"{path}/attachments/{made['id']}"
    assert graph.get(f"{one}?$expand=microsoft.graph.itemAttachment/item($select=subject)")["item"] == {
        "@odata.type": "#microsoft.graph.message",
        "subject": "Hello",
    }
    assert graph.refused("GET", f"{one}/$value") == (501, "notImplemented")


def test_a_reference_has_a_name_and_no_content(graph: Graph) -> None:
    path = event_with(graph)
    made = graph.post(f"{path}/attachments", {"@odata.type": "microsoft.graph.referenceAttachment", "name": "plan"})
    assert (made["@odata.type"], made["name"]) == ("#microsoft.graph.referenceAttachment", "plan")
    assert graph.refused("GET", f"{path}/attachments/{made['id']}/$value")[0] == 405


def test_attachments_may_come_inside_a_new_event(graph: Graph) -> None:
    made = graph.post("/me/events", timed("A", *NOON, Attachments=[FILE, FILE | {"name": "b.pdf"}]))
    assert made["hasAttachments"] is True
    found = graph.all(f"/me/events/{made['id']}/attachments?$select=name,contentType")
    assert [(each["name"], each["contentType"]) for each in found] == [
        ("menu.txt", "text/plain"),
        ("b.pdf", "application/pdf"),
    ]
    wrong = timed("B", *NOON, attachments=[{"name": "no type"}])
    assert graph.refused("POST", "/me/events", wrong) == (400, "RequestBodyRead")
    assert [each["subject"] for each in graph.all("/me/events")] == ["A"]


def test_lists_of_attachments_take_query_options_and_expansions_bring_them(graph: Graph) -> None:
    path = event_with(graph, FILE, FILE | {"name": "wine.txt"})
    assert [each["name"] for each in graph.all(f"{path}/attachments?$filter=name eq 'wine.txt'")] == ["wine.txt"]
    assert [each["name"] for each in graph.all(f"{path}/attachments?$orderby=name desc&$top=1")] == [
        "wine.txt",
        "menu.txt",
    ]
    expanded = graph.get(f"{path}?$select=subject&$expand=attachments($select=name)")
    assert [set(each) for each in expanded["attachments"]] == [{"@odata.type", "id", "name"}] * 2
    listed = graph.get("/me/events?$expand=attachments")["value"]
    assert [each["name"] for each in listed[0]["attachments"]] == ["menu.txt", "wine.txt"]


def test_an_instance_has_the_attachments_of_its_series_until_it_gets_its_own(graph: Graph) -> None:
    path = event_with(graph, FILE, recurrence=weekly("2026-12-01", "tuesday"))
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-20T00:00:00Z"
    first, second, *_ = graph.all(f"{path}/instances?{window}")
    assert len(graph.all(f"/me/events/{first['id']}/attachments")) == 1
    own = graph.post(f"/me/events/{first['id']}/attachments", FILE | {"name": "own.txt"})
    assert graph.get(f"/me/events/{first['id']}")["type"] == "exception"
    assert len(graph.all(f"/me/events/{first['id']}/attachments")) == 2
    assert len(graph.all(f"/me/events/{second['id']}/attachments")) == 1
    graph.patch(f"/me/events/{first['id']}", {"subject": "Renamed"})
    assert graph.get(f"/me/events/{first['id']}/attachments/{own['id']}")["name"] == "own.txt"
    for each in graph.all(f"/me/events/{first['id']}/attachments"):
        graph.delete(f"/me/events/{first['id']}/attachments/{each['id']}")
    assert graph.get(f"/me/events/{first['id']}")["hasAttachments"] is False
    assert graph.get(path)["hasAttachments"] is True


def test_who_is_invited_gets_the_attachments_and_later_ones_with_the_next_update(
    stand_in: StandIn, graph: Graph
) -> None:
    bob = stand_in.graph(BOB)
    path = event_with(graph, attachments=[FILE], attendees=[{"emailAddress": {"address": BOB}}])
    copy = bob.all("/me/events")[0]
    assert copy["hasAttachments"] is True
    copied = f"/me/events/{copy['id']}/attachments"
    (menu,) = bob.all(copied)
    assert bob.call("GET", f"{copied}/{menu['id']}/$value").data == b"mac"
    graph.post(f"{path}/attachments", FILE | {"name": "wine.txt"})
    assert [each["name"] for each in bob.all(copied)] == ["menu.txt"]
    graph.patch(path, {"subject": "Long lunch"})
    assert [each["name"] for each in bob.all(copied)] == ["menu.txt", "wine.txt"]
    for each in graph.all(f"{path}/attachments"):
        graph.delete(f"{path}/attachments/{each['id']}")
    graph.patch(path, {"subject": "Lunch"})
    assert (bob.all(copied), bob.all("/me/events")[0]["hasAttachments"]) == ([], False)


def test_an_attachment_of_one_instance_reaches_that_instance_of_the_copy(stand_in: StandIn, graph: Graph) -> None:
    bob = stand_in.graph(BOB)
    path = event_with(graph, recurrence=weekly("2026-12-01", "tuesday"), attendees=[{"emailAddress": {"address": BOB}}])
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-10T00:00:00Z"
    first = f"/me/events/{graph.all(f'{path}/instances?{window}')[0]['id']}"
    graph.post(f"{first}/attachments", FILE)
    graph.patch(first, {"subject": "With menu"})
    copies = bob.all(f"/me/calendarView?{window}")
    assert [each["hasAttachments"] for each in copies] == [True, False]
    assert [len(bob.all(f"/me/events/{each['id']}/attachments")) for each in copies] == [1, 0]


def test_ids_of_attachments_hold_the_id_of_their_event_in_either_form(stand_in: StandIn, graph: Graph) -> None:
    path, other = event_with(graph, FILE), event_with(graph, FILE)
    plain = graph.all(f"{path}/attachments")[0]["id"]
    lasting = graph.all(f"{path}/attachments", Prefer=IMMUTABLE)[0]["id"]
    assert plain != lasting
    assert graph.get(f"{path}/attachments/{lasting}")["id"] == plain
    for wrong in ("nonsense", plain[:-4], path.rpartition("/")[2]):
        assert graph.refused("GET", f"{path}/attachments/{wrong}") == (400, "ErrorInvalidIdMalformed")
    assert graph.refused("GET", f"{other}/attachments/{plain}") == (400, "ErrorInvalidIdMalformed")
    bobs = event_with(stand_in.graph(BOB), FILE)
    assert graph.refused("GET", f"{bobs}/attachments") == (400, "ErrorInvalidIdMalformed")


def test_rights_are_asked_for(stand_in: StandIn, graph: Graph) -> None:
    path = event_with(graph, FILE)
    attachment = f"{path}/attachments/{graph.all(f'{path}/attachments')[0]['id']}"
    reader, glancer = stand_in.graph(scopes=("Calendars.Read",)), stand_in.graph(scopes=("Calendars.ReadBasic",))
    assert reader.get(attachment)["name"] == "menu.txt"
    for method, url in (("POST", f"{path}/attachments"), ("DELETE", attachment)):
        assert reader.refused(method, url, FILE) == (403, "ErrorAccessDenied")
    assert glancer.refused("GET", attachment) == (403, "ErrorAccessDenied")
    assert glancer.refused("GET", f"{path}/attachments") == (403, "ErrorAccessDenied")
    assert graph.refused("PATCH", attachment, {"name": "b"})[0] == 405
