"""`translateExchangeIds`: every form of an id leads to every other, and back."""

import base64
import itertools

import pytest

from tests.sandbox.graph_side import ALICE, BOB, IMMUTABLE, JSON, Graph, StandIn, timed, weekly
from tests.sandbox.sharing_side import share
from tests.shared import shared

FORMS = ("entryId", "ewsId", "immutableEntryId", "restId", "restImmutableEntryId")
URL = "/me/translateExchangeIds"


def translate(graph: Graph, ids: list[str], source: str, target: str) -> list[JSON]:
    answer = graph.post(URL, {"inputIds": ids, "sourceIdType": source, "targetIdType": target})
    assert answer["@odata.context"].endswith("#Collection(microsoft.graph.convertIdResult)")
    found: list[JSON] = answer["value"]
    assert [each["sourceId"] for each in found] == ids
    return found


def targets(graph: Graph, ids: list[str], source: str, target: str) -> list[str]:
    return [each["targetId"] for each in translate(graph, ids, source, target)]


def ids_of_all_sorts(graph: Graph) -> tuple[list[str], list[str]]:
    """A single event, a series, an instance and an attachment: their plain ids and their immutable ones."""
    event = timed("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00")
    single = graph.post("/me/events", event)["id"]
    series = graph.post("/me/events", event | {"recurrence": weekly("2026-12-01", "tuesday")})["id"]
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a", "contentBytes": ""}
    graph.post(f"/me/events/{single}/attachments", file)
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-02T00:00:00Z"
    found: list[list[str]] = []
    for prefer in ("x", IMMUTABLE):
        ids = [graph.get(f"/me/events/{each}", Prefer=prefer)["id"] for each in (single, series)]
        ids += [each["id"] for each in graph.all(f"/me/events/{series}/instances?{window}", Prefer=prefer)]
        ids += [each["id"] for each in graph.all(f"/me/events/{single}/attachments", Prefer=prefer)]
        found.append(ids)
    return found[0], found[1]


def test_plain_ids_become_the_immutable_ones_that_graph_shows_and_back(graph: Graph) -> None:
    plain, lasting = ids_of_all_sorts(graph)
    assert targets(graph, plain, "restId", "restImmutableEntryId") == lasting
    assert targets(graph, lasting, "RestImmutableEntryId", "RESTID") == plain


@pytest.mark.parametrize(("source", "target"), list(itertools.product(FORMS, FORMS)))
def test_every_form_leads_to_every_other_and_back(graph: Graph, source: str, target: str) -> None:
    plain, _ = ids_of_all_sorts(graph)
    given = targets(graph, plain, "restId", source)
    there = targets(graph, given, source, target)
    assert targets(graph, there, target, source) == given
    assert source != target or there == given


def test_the_binary_forms_end_in_the_number_of_padding_characters(graph: Graph) -> None:
    plain, lasting = ids_of_all_sorts(graph)
    for form in ("entryId", "immutableEntryId"):
        for found, rest in zip(targets(graph, plain, "restId", form), (plain, lasting)[form[0] == "i"], strict=True):
            raw = base64.urlsafe_b64decode(f"{found[:-1]}{'=' * int(found[-1])}")
            assert base64.urlsafe_b64decode(rest).endswith(raw)
    for ews in targets(graph, plain, "restId", "ewsId"):
        assert base64.b64encode(base64.b64decode(ews)).decode() == ews


def test_what_the_published_sample_sends_is_answered_one_by_one(graph: Graph) -> None:
    sent = shared("graph/examples/translateexchangeids-request.json")
    found = graph.post(URL, sent)["value"]
    assert [each["sourceId"] for each in found] == sent["inputIds"]
    assert {each["errorDetails"]["code"] for each in found} == {"ErrorInvalidIdMalformed"}


def test_one_that_cannot_be_translated_does_not_keep_the_others_from_it(stand_in: StandIn, graph: Graph) -> None:
    event = timed("A", "2026-12-01T10:00:00", "2026-12-01T11:00:00")
    gone, kept = (graph.post("/me/events", event)["id"] for _ in range(2))
    bobs = stand_in.graph(BOB).post("/me/events", event)["id"]
    graph.delete(f"/me/events/{gone}")
    lasting = graph.get(f"/me/events/{kept}", Prefer=IMMUTABLE)["id"]
    found = translate(graph, [gone, kept, bobs, lasting, "x"], "restId", "restImmutableEntryId")
    assert [each.get("errorDetails", {}).get("code") for each in found] == [
        "ErrorItemNotFound",
        None,
        "ErrorInvalidIdMalformed",
        "ErrorInvalidIdMalformed",
        "ErrorInvalidIdMalformed",
    ]
    assert found[1]["targetId"] == lasting
    for form in FORMS:
        # Characters that no form has, an ending that is none, and nothing.
        wrong = translate(graph, ["ä", "AAAA9", ""], form, "restId")
        assert {each["errorDetails"]["code"] for each in wrong} == {"ErrorInvalidIdMalformed"}


def test_a_calendar_has_one_id_for_life(graph: Graph) -> None:
    calendar = graph.get("/me/calendar")["id"]
    assert targets(graph, [calendar], "restId", "restImmutableEntryId") == [calendar]
    (entry,) = targets(graph, [calendar], "restId", "immutableEntryId")
    assert targets(graph, [entry], "entryId", "restId") == [calendar]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"inputIds": None}, (400, "RequestBodyRead")),
        ({"inputIds": "x"}, (400, "RequestBodyRead")),
        ({"inputIds": [7]}, (400, "RequestBodyRead")),
        ({"inputIds": ["x"] * 1001}, (400, "ErrorInvalidParameter")),
        ({"sourceIdType": "imapId"}, (400, "RequestBodyRead")),
        ({"targetIdType": None}, (400, "RequestBodyRead")),
    ],
)
def test_a_wrong_request_is_refused_as_a_whole(graph: Graph, changes: JSON, refusal: tuple[int, str]) -> None:
    sent = {"inputIds": ["x"], "sourceIdType": "restId", "targetIdType": "ewsId", **changes}
    assert graph.refused("POST", URL, sent) == refusal


def test_a_thousand_ids_are_taken(graph: Graph) -> None:
    calendar = graph.get("/me/calendar")["id"]
    assert targets(graph, [calendar] * 1000, "restId", "restId") == [calendar] * 1000


def test_ids_of_shared_calendars_and_of_what_is_in_them_are_translated_in_the_sharees_mailbox(
    stand_in: StandIn, graph: Graph
) -> None:
    ids_of_all_sorts(graph)
    copy = share(stand_in, "read")
    bob, path = stand_in.graph(BOB), f"/me/calendars/{copy}"
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-02T00:00:00Z"
    plain, lasting = (
        [each["id"] for url in ("events", f"calendarView?{window}") for each in bob.all(f"{path}/{url}", Prefer=prefer)]
        for prefer in ("x", IMMUTABLE)
    )
    assert len(set(plain)) == 3
    assert targets(bob, plain, "restId", "restImmutableEntryId") == lasting
    assert targets(bob, lasting, "restImmutableEntryId", "restId") == plain
    assert copy is not None
    assert targets(bob, [copy], "restId", "restImmutableEntryId") == [copy]
    stand_in.door("sharing", do="unshare", mailbox=ALICE, person=BOB)
    for gone in translate(bob, [*plain, copy], "restId", "restImmutableEntryId"):
        assert gone["errorDetails"]["code"] == "ErrorItemNotFound"
