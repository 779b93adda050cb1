"""Sessions for large files: opened with a token, filled in pieces without one, and gone in the end."""

import json
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.sandbox.graph_side import ALICE, BOB, GRAPH, JSON, NOON, Graph, StandIn, timed, weekly

MEGABYTE = 1024 * 1024
SIZE = 3 * MEGABYTE + 17
CONTENT = bytes(range(256)) * (SIZE // 256) + b"x" * (SIZE % 256)


class Session:
    """An upload as a client drives it, without a token."""

    def __init__(self, stand_in: StandIn, url: str) -> None:
        self._http = stand_in.app.test_client()
        self.url = url

    def send(
        self, first: int, last: int, total: int = SIZE, content: bytes | None = None, **headers: str
    ) -> TestResponse:
        body = CONTENT[first : last + 1] if content is None else content
        return self.ask("PUT", data=body, headers={"Content-Range": f"bytes {first}-{last}/{total}", **headers})

    def ask(self, method: str, *, data: bytes = b"", headers: dict[str, str] | None = None) -> TestResponse:
        parts = urlsplit(self.url)
        return self._http.open(
            f"{parts.path}?{parts.query}", method=method, data=data, headers={"Host": parts.netloc, **(headers or {})}
        )


def wish(**changes: object) -> JSON:
    return {"AttachmentItem": {"attachmentType": "file", "name": "flower.png", "size": SIZE, **changes}}


def event_path(graph: Graph, **more: object) -> str:
    return f"/me/events/{graph.post('/me/events', timed('A', *NOON, **more))['id']}"


def opened(stand_in: StandIn, graph: Graph, path: str, **changes: object) -> Session:
    made = graph.post(f"{path}/attachments/createUploadSession", wish(**changes))
    return Session(stand_in, made["uploadUrl"])


def code_of(response: TestResponse) -> tuple[int, str]:
    return response.status_code, json.loads(response.data)["error"]["code"]


def test_a_large_file_comes_in_pieces_and_hangs_on_its_event_in_the_end(stand_in: StandIn, graph: Graph) -> None:
    path = event_path(graph)
    answer = graph.post(f"{path}/attachments/createUploadSession", wish(isInline="false", contentType="image/png"))
    assert answer["@odata.context"].endswith("$metadata#microsoft.graph.uploadSession")
    assert answer["nextExpectedRanges"] == ["0-"]
    assert answer["uploadUrl"].startswith(f"{GRAPH}/_upload/Users('")
    assert datetime.fromisoformat(answer["expirationDateTime"]) > stand_in.sandbox.clock.now()
    session = Session(stand_in, answer["uploadUrl"])
    first = session.send(0, 2 * MEGABYTE - 1)
    assert first.status_code == 200
    assert first.get_json()["nextExpectedRanges"] == ["2097152"]
    assert session.ask("GET").get_json() == first.get_json()
    assert graph.get(path)["hasAttachments"] is False
    before = graph.get(path)["changeKey"]
    last = session.send(2 * MEGABYTE, SIZE - 1)
    assert (last.status_code, last.data) == (201, b"")
    assert graph.get(path)["changeKey"] != before
    attachment = last.headers["Location"].partition("/Attachments('")[2].removesuffix("')")
    shown = graph.get(f"{path}/attachments/{attachment}?$select=name,size,contentType,isInline")
    assert (shown["name"], shown["contentType"], shown["isInline"]) == ("flower.png", "image/png", False)
    assert shown["size"] > SIZE
    assert graph.call("GET", f"{path}/attachments/{attachment}/$value").data == CONTENT
    assert graph.call("GET", f"{last.headers['Location']}/$value").data == CONTENT
    assert code_of(session.ask("GET")) == (404, "ErrorItemNotFound")


def test_the_address_lies_on_the_host_that_was_asked(stand_in: StandIn, graph: Graph) -> None:
    token = stand_in.sandbox.identity.issue_access_token(stand_in.person(ALICE))
    local = Graph(stand_in, token, host="127.0.0.1:8400")
    session = opened(stand_in, local, event_path(local))
    assert session.url.startswith("http://127.0.0.1:8400/_upload/")
    assert session.send(0, 9).status_code == 200


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"size": 3 * MEGABYTE - 1}, (400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")),
        ({"size": 150 * MEGABYTE + 1}, (413, "ErrorMessageSizeExceeded")),
        ({"size": "many"}, (400, "RequestBodyRead")),
        ({"size": None}, (400, "RequestBodyRead")),
        ({"attachmentType": "item"}, (400, "ErrorInvalidParameter")),
        ({"attachmentType": "picture"}, (400, "RequestBodyRead")),
        ({"name": ""}, (400, "ErrorInvalidParameter")),
        ({"isInline": "perhaps"}, (400, "RequestBodyRead")),
    ],
)
def test_a_session_that_cannot_be_is_refused(graph: Graph, changes: JSON, refusal: tuple[int, str]) -> None:
    path = f"{event_path(graph)}/attachments/createUploadSession"
    assert graph.refused("POST", path, wish(**changes)) == refusal
    assert graph.refused("POST", path, {}) == (400, "RequestBodyRead")


def test_names_are_taken_in_any_letter_case_and_the_size_as_a_text(stand_in: StandIn, graph: Graph) -> None:
    item = {"AttachmentType": "File", "Name": "flower.png", "Size": str(SIZE)}
    made = graph.post(f"{event_path(graph)}/attachments/CREATEUPLOADSESSION", {"attachmentItem": item})
    assert Session(stand_in, made["uploadUrl"]).send(0, 9).status_code == 200


@pytest.mark.parametrize(
    ("piece", "refusal"),
    [
        ((10, 19, SIZE, None), (416, "invalidRange")),
        ((0, 9, SIZE + 1, None), (400, "invalidRange")),
        ((0, SIZE, SIZE, b""), (400, "invalidRange")),
        ((9, 0, SIZE, b""), (400, "invalidRange")),
        ((0, 9, SIZE, b"123"), (400, "invalidRange")),
        ((0, SIZE - 1, SIZE, b""), (400, "invalidRange")),
    ],
)
def test_pieces_must_be_what_they_say_and_come_in_order(
    stand_in: StandIn, graph: Graph, piece: tuple[int, int, int, bytes | None], refusal: tuple[int, str]
) -> None:
    session = opened(stand_in, graph, event_path(graph))
    assert code_of(session.send(*piece)) == refusal
    assert session.ask("GET").get_json()["nextExpectedRanges"] == ["0"]


def test_a_range_is_required_and_must_be_readable(stand_in: StandIn, graph: Graph) -> None:
    session = opened(stand_in, graph, event_path(graph))
    assert code_of(session.ask("PUT", data=b"x")) == (400, "invalidRange")
    for wrong in ("bytes */10", "0-9/10", "bytes 0-9/*", "bytes -1-9/10"):
        assert code_of(session.ask("PUT", data=b"x" * 10, headers={"Content-Range": wrong})) == (400, "invalidRange")


def test_a_piece_that_was_taken_is_not_taken_again(stand_in: StandIn, graph: Graph) -> None:
    session = opened(stand_in, graph, event_path(graph))
    assert session.send(0, 9).status_code == 200
    assert code_of(session.send(0, 9)) == (416, "invalidRange")
    assert session.send(10, 19).get_json()["nextExpectedRanges"] == ["20"]


def test_a_piece_has_at_most_four_megabytes(stand_in: StandIn, graph: Graph) -> None:
    size = 5 * MEGABYTE
    session = opened(stand_in, graph, event_path(graph), size=size)
    over = session.send(0, 4 * MEGABYTE, size, b"x" * (4 * MEGABYTE + 1))
    assert code_of(over) == (413, "ErrorMessageSizeExceeded")
    assert session.send(0, 4 * MEGABYTE - 1, size, b"x" * (4 * MEGABYTE)).status_code == 200


def test_an_expired_session_is_gone(stand_in: StandIn, graph: Graph) -> None:
    session = opened(stand_in, graph, event_path(graph))
    stand_in.sandbox.advance(timedelta(hours=1))
    for method in ("GET", "PUT", "DELETE"):
        assert code_of(session.ask(method)) == (404, "ErrorItemNotFound")


def test_a_session_can_be_given_up(stand_in: StandIn, graph: Graph) -> None:
    path = event_path(graph)
    session = opened(stand_in, graph, path)
    assert session.send(0, 9).status_code == 200
    assert (session.ask("DELETE").status_code, session.ask("GET").status_code) == (204, 404)
    assert graph.all(f"{path}/attachments") == []


def test_without_the_secret_of_the_address_nobody_gets_in(stand_in: StandIn, graph: Graph) -> None:
    session = opened(stand_in, graph, event_path(graph))
    session.url = session.url[:-3] + "xyz"
    assert code_of(session.send(0, 9)) == (401, "InvalidAuthenticationToken")
    for path in ("nonsense", "Users('nobody@x')/Events('a')/AttachmentSessions('b')"):
        session.url = f"{GRAPH}/_upload/{path}?authtoken=x"
        assert code_of(session.ask("GET")) == (404, "ErrorItemNotFound")


def test_a_session_ends_with_its_event(stand_in: StandIn, graph: Graph) -> None:
    path = event_path(graph)
    session = opened(stand_in, graph, path)
    graph.delete(path)
    assert code_of(session.send(0, 9)) == (404, "ErrorItemNotFound")


def test_an_instance_can_have_a_large_file_of_its_own(stand_in: StandIn, graph: Graph) -> None:
    path = event_path(graph, recurrence=weekly("2026-12-01", "tuesday"))
    window = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-10T00:00:00Z"
    first, second = graph.all(f"{path}/instances?{window}")
    session = opened(stand_in, graph, f"/me/events/{first['id']}")
    assert session.send(0, SIZE - 1).status_code == 201
    assert [len(graph.all(f"/me/events/{each['id']}/attachments")) for each in (first, second)] == [1, 0]


def test_what_is_on_its_way_counts_against_the_quota(stand_in: StandIn, graph: Graph) -> None:
    mailbox = stand_in.sandbox.world.mailbox(stand_in.person(ALICE))
    assert mailbox is not None
    mailbox.quota = 15
    path = event_path(graph)
    assert opened(stand_in, graph, path).send(0, 9).status_code == 200
    other = opened(stand_in, graph, path)
    assert code_of(other.send(0, 9)) == (507, "ErrorQuotaExceeded")
    # Sessions that ran out give their place back.
    stand_in.sandbox.advance(timedelta(hours=1))
    again = stand_in.graph()
    assert opened(stand_in, again, path).send(0, 9).status_code == 200


def test_nobody_opens_a_session_in_somebody_elses_mailbox(stand_in: StandIn, graph: Graph) -> None:
    path = event_path(graph)
    bob = stand_in.graph(BOB, scopes=("Calendars.ReadWrite", "Calendars.ReadWrite.Shared"))
    url = f"/users/{ALICE}{path.removeprefix('/me')}/attachments/createUploadSession"
    assert bob.refused("POST", url, wish()) == (403, "ErrorAccessDenied")
    reader = stand_in.graph(scopes=("Calendars.Read",))
    assert reader.refused("POST", f"{path}/attachments/createUploadSession", wish()) == (403, "ErrorAccessDenied")


def test_pieces_count_for_the_app_and_mailbox_of_the_session(stand_in: StandIn, graph: Graph) -> None:
    session = opened(stand_in, graph, event_path(graph))
    stand_in.door("limits", upload_bytes=2 * MEGABYTE)
    assert session.send(0, MEGABYTE - 1).status_code == 200
    refused = session.send(MEGABYTE, 3 * MEGABYTE - 1)
    assert code_of(refused) == (429, "TooManyRequests")
    assert int(refused.headers["Retry-After"]) > 0
    # The piece was not taken, and requests with a token share the budget.
    assert graph.call("POST", "/me/events", timed("B", *NOON)).status_code == 429
    stand_in.door("clock", advance=300)
    assert session.send(MEGABYTE, 2 * MEGABYTE - 1).status_code == 200
    asked = stand_in.look("requests")["requests"]
    assert {each["mailbox"] for each in asked if each["method"] == "PUT"} == {ALICE}
    # Whoever does not know the session uses nobody's budget up.
    stand_in.door("limits", requests=1)
    stranger = Session(stand_in, session.url.replace("authtoken=", "authtoken=x"))
    assert [code_of(stranger.send(0, 9))[0] for _ in range(3)] == [401, 401, 401]
    assert session.ask("GET").status_code == 200
    assert session.ask("GET").status_code == 429
