"""The client of Graph: what it asks for, what it may repeat, what each refusal becomes, and where it never goes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings

from connections.graph import (
    BadRequest,
    Conflict,
    Gone,
    GraphClient,
    GraphError,
    NotFound,
    ReconnectRequired,
    Refused,
    Throttled,
    Unavailable,
    UntrustedLink,
)
from connections.graph.errors import error_of
from connections.graph.tokens import GivenToken
from connections.graph.wire import address_of, checked_link, parsed
from tenants.models import Organization
from tenants.scoping import ScopeError, organization_scope
from tests.cast import Cast
from tests.connections.conftest import ALICE
from tests.sandbox_client import SandboxClient

GRAPH = settings.GRAPH_ORIGIN


@pytest.fixture
def pauses() -> list[float]:
    """How long the client would have waited."""
    return []


@pytest.fixture
def client(token_of: Callable[[str], str], pauses: list[float]) -> GraphClient:
    return GraphClient(GivenToken(token_of(ALICE)), pause=pauses.append)


def asked(sandbox: SandboxClient, path: str) -> int:
    return sum(request["path"].startswith(path) for request in sandbox.requests())


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_times_come_in_utc_and_ids_do_not_change(client: GraphClient) -> None:
    [event] = client.get("/me/events", params={"$top": "1"})["value"]
    assert event["start"]["timeZone"] == "UTC"
    again = client.get(f"/me/events/{quote(event['id'], safe='')}")
    assert again["id"] == event["id"]


def test_pages_follow_their_links_to_the_end(client: GraphClient) -> None:
    pages = list(client.pages("/me/events", page_size=10))
    assert len(pages) > 1
    assert "@odata.nextLink" not in pages[-1]
    ids = [event["id"] for page in pages for event in page["value"]]
    assert len(ids) == len(set(ids))


def test_a_delta_round_ends_with_a_link_that_can_be_followed_later(client: GraphClient) -> None:
    path = "/me/calendarView/delta"
    window = {"startDateTime": "2026-11-01T00:00:00Z", "endDateTime": "2026-12-01T00:00:00Z"}
    *_, last = client.pages(path, params=window, page_size=50)
    assert "@odata.deltaLink" in client.get_link(last["@odata.deltaLink"], path=path)


def test_writing_is_refused_because_we_never_asked_for_it(client: GraphClient) -> None:
    moment = {"dateTime": "2026-12-01T10:00:00", "timeZone": "UTC"}
    with pytest.raises(Refused):
        client.post("/me/events", {"subject": "Ships", "start": moment, "end": moment})


def test_it_is_never_called_inside_a_scope(client: GraphClient, cast: Cast) -> None:
    acme: Organization = cast.acme
    with organization_scope(acme.pk), pytest.raises(ScopeError):
        client.get("/me")


# --- what is repeated ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_get_is_repeated_after_what_passes(
    client: GraphClient, sandbox: SandboxClient, pauses: list[float], status: int
) -> None:
    sandbox.fault({"status": status}, match={"path": "/me$"}, times=2)
    assert client.get("/me")["mail"] == ALICE
    assert len(pauses) == 2
    assert all(pause < 3 for pause in pauses)


def test_a_get_is_repeated_after_a_broken_line(client: GraphClient, sandbox: SandboxClient) -> None:
    sandbox.fault({"close": True}, match={"path": "/me$"}, times=2)
    assert client.get("/me")["mail"] == ALICE


def test_a_get_is_not_repeated_for_ever(client: GraphClient, sandbox: SandboxClient) -> None:
    sandbox.fault({"status": 503}, match={"path": "/me$"})
    with pytest.raises(Unavailable):
        client.get("/me")
    assert asked(sandbox, "/v1.0/me") == 3


def test_a_long_wait_is_left_to_the_queue(client: GraphClient, sandbox: SandboxClient, pauses: list[float]) -> None:
    sandbox.fault({"status": 503, "retry_after": 60}, match={"path": "/me$"})
    with pytest.raises(Unavailable) as caught:
        client.get("/me")
    assert caught.value.retry_after == 60
    assert pauses == []


@pytest.mark.parametrize("fault", [{"status": 503}, {"close": True}])
@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_a_write_is_never_repeated(
    client: GraphClient, sandbox: SandboxClient, method: str, fault: dict[str, Any]
) -> None:
    sandbox.fault(fault, match={"path": "/me/events"})
    call = getattr(client, method)
    with pytest.raises(Unavailable):
        call("/me/events/x", {}) if method != "delete" else call("/me/events/x")
    assert asked(sandbox, "/v1.0/me/events") == 1


def test_a_429_is_handed_on_at_once(client: GraphClient, sandbox: SandboxClient) -> None:
    sandbox.fault({"status": 429, "retry_after": 13}, match={"path": "/me$"})
    with pytest.raises(Throttled) as caught:
        client.get("/me")
    assert caught.value.retry_after == 13
    assert asked(sandbox, "/v1.0/me") == 1


def test_a_rejected_token_is_replaced_once(client: GraphClient, sandbox: SandboxClient) -> None:
    asked_for: list[str | None] = []

    def tokens(*, rejected: str | None) -> str:
        asked_for.append(rejected)
        return "not a token"

    with pytest.raises(ReconnectRequired) as caught:
        GraphClient(tokens).get("/me")
    assert asked_for == [None, "not a token"]
    assert caught.value.reason == "token_refused"


# --- where it never goes ---------------------------------------------------------------------------------------------

PATH = "/me/calendars/AAMk%2Fb%3D/calendarView/delta"


@pytest.mark.parametrize(
    "link",
    [
        f"{GRAPH}/v1.0{PATH}?$skiptoken=abc",
        f"{GRAPH}/v1.0/me/calendars/AAMk%2fb=/calendarView/delta?$deltatoken=abc",
        f"{GRAPH}/v1.0/me/calendars('AAMk%2Fb%3D')/calendarView/delta?$deltatoken=abc",
    ],
)
def test_a_link_that_continues_the_call_is_followed_unchanged(link: str) -> None:
    assert checked_link(link, path=PATH) == link


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me/calendars/AAMk%2Fb%3D/calendarView/delta",
        f"http://graph.microsoft.com/v1.0{PATH}",
        f"https://graph.microsoft.com:444/v1.0{PATH}",
        f"https://graph.microsoft.com.evil.example/v1.0{PATH}",
        f"https://graph.microsoft.com@evil.example/v1.0{PATH}",
        f"https://somebody@graph.microsoft.com/v1.0{PATH}",
        f"https://graph.microsoft.us/v1.0{PATH}",
        f"//graph.microsoft.com/v1.0{PATH}",
        f"{GRAPH}/beta{PATH}",
        f"{GRAPH}/v1.0/me/calendars/another/calendarView/delta?$deltatoken=abc",
        f"{GRAPH}/v1.0/users/somebody/calendars/AAMk%2Fb%3D/calendarView/delta",
        f"{GRAPH}/v1.0{PATH}/../../../messages",
        f"{GRAPH}/v1.0{PATH}#",
        f"{GRAPH}/v1.0{PATH}?a=b#c",
        f"{GRAPH}\\@evil.example/v1.0{PATH}",
        f" {GRAPH}/v1.0{PATH}",
        f"{GRAPH}/v1.0{PATH}?a=\r\nHost: evil.example",
        f"{GRAPH}/v1.0{PATH}?{'x' * 20_000}",
        "",
        None,
        7,
    ],
)
def test_a_link_elsewhere_is_refused_before_a_token_is_sent(
    client: GraphClient, sandbox: SandboxClient, link: Any
) -> None:
    before = len(sandbox.requests())
    with pytest.raises(UntrustedLink):
        client.get_link(link, path=PATH)
    assert len(sandbox.requests()) == before


@pytest.mark.parametrize("path", ["/me?x=1", "//evil.example/", "/me/../users", "https://evil.example", "/me#x", "/ä"])
def test_a_path_holds_quoted_segments_only(path: str) -> None:
    with pytest.raises(ValueError, match="quoted segments"):
        address_of(path)


@pytest.mark.parametrize("nasty", ["../users/victim", "x?y=z", "x#y", "x/y", "a b", "%2e%2e", "ä", "x\\y"])
def test_a_quoted_id_stays_one_segment(client: GraphClient, nasty: str) -> None:
    with pytest.raises((NotFound, BadRequest)):
        client.get(f"/me/events/{quote(nasty, safe='')}")


# --- what refusals become --------------------------------------------------------------------------------------------


def refusal(status: int, code: str = "", inner: str = "", **headers: str) -> GraphError:
    error: dict[str, Any] = {"code": code, "message": "alice@contoso.example may not"}
    if inner:
        error["innerError"] = {"code": inner, "request-id": "inner-id"}
    return error_of(status, {"error": error}, headers)


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (refusal(400, "ErrorInvalidIdMalformed"), BadRequest, ""),
        (refusal(400, "syncStateNotFound"), Gone, ""),
        (refusal(404, "SyncStateNotFound"), Gone, ""),
        (refusal(410, "anything"), Gone, ""),
        (refusal(410, "resyncRequired"), Gone, ""),
        (refusal(400, "BadRequest", inner="resyncRequired"), Gone, ""),
        (refusal(401, "InvalidAuthenticationToken"), ReconnectRequired, "token_refused"),
        (refusal(403, "ErrorAccessDenied"), Refused, "access_refused"),
        (refusal(403, "x", inner="insufficient_claims"), ReconnectRequired, "sign_in_again"),
        (refusal(404, "ErrorItemNotFound"), NotFound, ""),
        (refusal(404, "MailboxNotEnabledForRESTAPI"), Refused, "no_mailbox"),
        (refusal(404, "ErrorInvalidUser"), Refused, "no_mailbox"),
        (refusal(405), BadRequest, ""),
        (refusal(409, "x"), Conflict, ""),
        (refusal(412, "ErrorIrresolvableConflict"), Conflict, ""),
        (refusal(413), BadRequest, ""),
        (refusal(423), Unavailable, ""),
        (refusal(429, "ApplicationThrottled"), Throttled, ""),
        (refusal(500, "ErrorMailboxMoveInProgress"), Unavailable, ""),
        (refusal(501, "notImplemented"), BadRequest, ""),
        (refusal(503, "ErrorMailboxStoreUnavailable"), Unavailable, ""),
        (refusal(509), Unavailable, ""),
        (refusal(302), BadRequest, ""),
        (error_of(502, None, {}), Unavailable, ""),
        (error_of(400, ["not", "an", "envelope"], {}), BadRequest, ""),
        (error_of(400, {"error": "a word"}, {}), BadRequest, ""),
        (error_of(400, {"error": {"code": 7, "innerError": "x"}}, {}), BadRequest, ""),
    ],
)
def test_each_refusal_has_its_type(error: GraphError, kind: type[GraphError], reason: str) -> None:
    assert type(error) is kind
    assert error.reason == reason
    assert "alice" not in f"{error!r} {error}"


def test_a_refusal_keeps_microsofts_id_from_header_or_body() -> None:
    assert refusal(404, "x", inner="y").request_id == "inner-id"
    assert refusal(404, "x", **{"Request-Id": "outer-id"}).request_id == "outer-id"


def test_what_could_not_be_stored_of_a_refusal_is_left_out() -> None:
    error = error_of(403, {"error": {"code": "Odd\0 \ud83dCode"}}, {"Request-Id": "an\0-id"})
    assert (error.code, error.request_id) == ("OddCode", "an-id")


def test_a_429_without_a_number_means_ten_seconds() -> None:
    error = refusal(429)
    assert isinstance(error, Throttled)
    assert error.retry_after == 10


def test_a_refusal_of_graph_names_the_call(client: GraphClient) -> None:
    with pytest.raises(GraphError) as caught:
        client.get("/me/events/AAMkmissing")
    assert caught.value.request_id
    assert caught.value.code


def test_html_in_place_of_json_is_no_success(client: GraphClient, sandbox: SandboxClient) -> None:
    assert parsed(b'{"subject":"\\ud800"}') == {"subject": "\ud800"}
    with pytest.raises(ValueError, match="Expecting"):
        parsed(b"<html>")


def test_an_error_remembers_when_its_client_was_opened(token_of: Callable[[str], str]) -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    client = GraphClient(GivenToken(token_of(ALICE)), opened_at=moment)
    with pytest.raises(GraphError) as caught:
        client.get("/me/events/AAMkmissing")
    assert caught.value.opened_at == moment
