"""What a subscription may be made of, who may make one, and how often."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from sandbox.directory import CONTOSO_ID, FABRIKAM_ID
from sandbox.handshake import with_token
from sandbox.tokens import service_principal_id
from tests.sandbox.graph_side import ALICE, BOB, FARID, JSON, LEO, Graph, Listener, StandIn
from tests.sandbox.sharing_side import app
from tests.sandbox.subscribing import OTHER_APP, ends_in, graph_of_other_app, wish


def said(graph: Graph, method: str, url: str, body: JSON | None = None) -> str:
    """The sentence of a refusal."""
    return str(json.loads(graph.call(method, url, body).data)["error"]["message"])


# Members


def test_every_member_comes_back_as_it_was_given(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    body = wish(
        stand_in,
        listener,
        resource="/Me/Events",
        changeType="Updated,created",
        lifecycleNotificationUrl=listener.url,
        latestSupportedTlsVersion="v1_3",
        notificationQueryOptions="something",
        notificationUrlAppId=OTHER_APP.client_id,
        includeResourceData="false",
        somethingElse=3,
    )
    made = graph.post("/subscriptions", body)
    for name in body.keys() - {"expirationDateTime", "includeResourceData", "somethingElse"}:
        assert made[name] == body[name], name
    assert made["includeResourceData"] is False
    assert "somethingElse" not in made
    assert made["creatorId"] == stand_in.person(ALICE).oid
    assert made["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#subscriptions/$entity"
    assert {"@odata.context": made["@odata.context"], **graph.get("/subscriptions")["value"][0]} == made


def test_names_of_members_are_taken_in_any_letter_case(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    body = {name.upper(): value for name, value in wish(stand_in, listener).items()}
    made = graph.post("/subscriptions", {**body, "@odata.type": "#microsoft.graph.subscription"})
    assert made["clientState"] == "a secret"


@pytest.mark.parametrize("name", ["changeType", "notificationUrl", "resource", "expirationDateTime"])
@pytest.mark.parametrize("value", [None, ""])
def test_required_members_are_missed(
    stand_in: StandIn, graph: Graph, listener: Listener, name: str, value: str | None
) -> None:
    assert graph.refused("POST", "/subscriptions", wish(stand_in, listener) | {name: value}) == (400, "InvalidRequest")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"changeType": "created,moved"}, "InvalidRequest"),
        ({"changeType": ["created"]}, "RequestBodyRead"),
        ({"clientState": "x" * 129}, "InvalidRequest"),
        ({"clientState": 7}, "RequestBodyRead"),
        ({"latestSupportedTlsVersion": "v2_0"}, "InvalidRequest"),
        ({"includeResourceData": "perhaps"}, "RequestBodyRead"),
        ({"notificationUrlAppId": "not an id"}, "InvalidRequest"),
        ({"vapidPublicKey": "BNc"}, "InvalidRequest"),
        ({"webPushEncryptionP256dhPublicKey": "BNc"}, "InvalidRequest"),
        ({"webPushEncryptionSecret": "BNc"}, "InvalidRequest"),
        ({"notificationUrl": "http://almanac.example/hook"}, "InvalidRequest"),
        ({"notificationUrl": "https://[::1/hook"}, "InvalidRequest"),
        ({"notificationUrl": "localhost/hook"}, "InvalidRequest"),
        ({"lifecycleNotificationUrl": "https://almanac.example/hook"}, "InvalidRequest"),
        ({"resource": "me/events?$top=5"}, "InvalidRequest"),
        ({"resource": "me/events?$orderby=subject"}, "InvalidRequest"),
        ({"resource": "me/events?$search=tea"}, "InvalidRequest"),
        ({"resource": "me/events?$expand=attachments"}, "InvalidRequest"),
        ({"resource": "me/events?$filter=subject likes 'tea'"}, "ErrorInvalidUrlQueryFilter"),
        ({"resource": "me/messages"}, "InvalidRequest"),
    ],
)
def test_a_member_that_breaks_its_rule_is_refused(
    stand_in: StandIn, graph: Graph, listener: Listener, changes: JSON, code: str
) -> None:
    assert graph.refused("POST", "/subscriptions", wish(stand_in, listener) | changes) == (400, code)
    assert listener.handshakes == []


def test_an_address_elsewhere_is_told_to_be_https_first(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    plain = said(graph, "POST", "/subscriptions", wish(stand_in, listener, notificationUrl="http://a.example/"))
    safe = said(graph, "POST", "/subscriptions", wish(stand_in, listener, notificationUrl="https://a.example/"))
    assert "https" in plain
    assert "this machine" in safe


def test_the_key_of_browsers_push_services_is_not_imitated(graph: Graph) -> None:
    assert graph.refused("GET", "/subscriptions/getVapidPublicKey()") == (501, "notImplemented")


@pytest.mark.parametrize("ending", ["Z", ".3Z", ".344887Z", ".3448871Z", "+00:00", ".344887+00:00", "z"])
def test_the_end_is_read_with_any_number_of_decimals(
    stand_in: StandIn, graph: Graph, listener: Listener, ending: str
) -> None:
    ends = (stand_in.sandbox.clock.now() + timedelta(days=2)).replace(microsecond=0, tzinfo=None)
    made = graph.post("/subscriptions", wish(stand_in, listener, expirationDateTime=ends.isoformat() + ending))
    got = datetime.fromisoformat(made["expirationDateTime"])
    assert got.replace(microsecond=0) == ends.replace(tzinfo=UTC)
    assert got.microsecond in {0, 300_000, 344_887}
    assert made["expirationDateTime"].endswith("0Z")


@pytest.mark.parametrize("text", ["tomorrow", "2026-12-01", "2026-12-01T12:00:00", "2026-13-01T12:00:00Z", 5])
def test_an_end_that_is_no_moment_is_refused(stand_in: StandIn, graph: Graph, listener: Listener, text: object) -> None:
    body = wish(stand_in, listener) | {"expirationDateTime": text}
    assert graph.refused("POST", "/subscriptions", body) == (400, "RequestBodyRead")


def test_an_end_in_the_past_is_raised_like_any_short_life(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    made = graph.post("/subscriptions", wish(stand_in, listener, minutes=-5))
    assert timedelta(minutes=44) < ends_in(made, stand_in) <= timedelta(minutes=45)


# The handshake


def test_equal_addresses_are_asked_twice_with_tokens_that_must_be_decoded_once(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    url = f"{listener.url}?a=b%20c&"
    graph.post("/subscriptions", wish(stand_in, listener, notificationUrl=url, lifecycleNotificationUrl=url))
    first, second = listener.handshakes
    assert first != second
    for path in listener.handshakes:
        assert path.startswith("/notify?a=b%20c&validationToken=")
        [token] = parse_qs(urlsplit(path).query)["validationToken"]
        # Taken as it stands, decoded twice, or escaped for a page, it would be another text.
        assert token not in path
        assert unquote(token) != token
        assert set("+&=<>\"'/?#% ") <= set(token)


def test_the_token_stands_before_nothing_that_is_never_sent() -> None:
    assert with_token("http://localhost/a#b", "x y") == "http://localhost/a?validationToken=x%20y"
    assert with_token("http://localhost/a?", "x") == "http://localhost/a?validationToken=x"


@pytest.mark.parametrize(
    ("echo", "words"),
    [
        (lambda _: (404, "text/plain", ""), "HTTP 'NotFound'"),
        (lambda _: (503, "text/plain", ""), "HTTP 'ServiceUnavailable'"),
        (lambda _: (302, "text/plain", ""), "HTTP 'Found'"),
        (lambda token: (200, "text/plain", f"{token}\n"), "decoded token"),
        (lambda token: (200, "application/json", json.dumps(token)), "text/plain"),
    ],
)
def test_a_failed_handshake_says_what_was_answered(
    stand_in: StandIn, graph: Graph, listener: Listener, echo: Any, words: str
) -> None:
    listener.echo = echo
    assert words in said(graph, "POST", "/subscriptions", wish(stand_in, listener))


def test_whoever_is_not_there_is_refused(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    gone = wish(stand_in, listener, notificationUrl="http://127.0.0.1:9/hook")
    assert graph.refused("POST", "/subscriptions", gone) == (400, "ValidationError")


class Silent(HTTPAdapter):
    """The way to somebody who never answers."""

    def send(self, *_: Any, **__: Any) -> requests.Response:
        raise requests.ReadTimeout("no answer")


def test_whoever_does_not_answer_in_time_is_refused(listener: Listener) -> None:
    session = requests.Session()
    session.mount("http://", Silent())
    stand_in = StandIn(events=0, session=session)
    graph, body = stand_in.graph(), wish(stand_in, listener)
    assert graph.refused("POST", "/subscriptions", body) == (400, "ValidationError")
    assert said(graph, "POST", "/subscriptions", body) == "Subscription validation request timed out."


def test_whoever_is_asked_may_ask_the_sandbox_meanwhile(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    def echo(token: str) -> tuple[int, str, str]:
        assert stand_in.graph().get("/subscriptions")["value"] == []
        return 200, "text/plain", token

    listener.echo = echo
    graph.post("/subscriptions", wish(stand_in, listener))


# Whose mailbox


@pytest.mark.parametrize(
    "resource",
    ["me/events", "/me/events", "ME/Events/", "users/{id}/events", "/Users/{upn}/Events", "users('{id}')/events"],
)
def test_ones_own_events_are_named_in_many_ways(
    stand_in: StandIn, graph: Graph, listener: Listener, resource: str
) -> None:
    named = resource.format(id=stand_in.person(ALICE).oid, upn=quote(ALICE))
    made = graph.post("/subscriptions", wish(stand_in, listener, resource=named))
    assert made["resource"] == named
    assert stand_in.look("subscriptions")["subscriptions"][0]["mailbox"] == ALICE
    again = graph.call("POST", "/subscriptions", wish(stand_in, listener))
    assert again.status_code == 409


@pytest.mark.parametrize("scope", ["Calendars.Read.Shared", "Calendars.ReadWrite.Shared", "Calendars.ReadBasic"])
def test_rights_to_what_others_share_are_no_rights_here(stand_in: StandIn, listener: Listener, scope: str) -> None:
    graph = stand_in.graph(scopes=(scope,))
    for method, path, body in (
        ("POST", "/subscriptions", wish(stand_in, listener)),
        ("GET", "/subscriptions", None),
        ("GET", "/subscriptions/1", None),
        ("PATCH", "/subscriptions/1", {}),
        ("DELETE", "/subscriptions/1", None),
        ("POST", "/subscriptions/1/reauthorize", None),
    ):
        assert graph.refused(method, path, body) == (403, "ErrorAccessDenied")


def test_the_right_to_write_can_be_made_too_little(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    stand_in.door("subscriptions", do="rules", strict_scopes=True)
    assert graph.refused("POST", "/subscriptions", wish(stand_in, listener)) == (403, "ErrorAccessDenied")
    stand_in.graph(scopes=("Calendars.Read",)).post("/subscriptions", wish(stand_in, listener))


def test_an_app_watches_every_mailbox_of_its_tenant(stand_in: StandIn, listener: Listener) -> None:
    itself = app(stand_in, "Calendars.Read")
    made = itself.post("/subscriptions", wish(stand_in, listener, resource=f"users/{BOB}/events"))
    assert made["creatorId"] == service_principal_id(CONTOSO_ID, made["applicationId"])
    stand_in.edit("create", mailbox=BOB, event={"subject": "A", "start": NOON_AT, "end": NOON_AT})
    assert listener.items(1)[0]["subscriptionId"] == made["id"]
    assert itself.refused("POST", "/subscriptions", wish(stand_in, listener)) == (400, "BadRequest")
    for stranger in (FARID, LEO, "nobody@contoso.example"):
        other = wish(stand_in, listener, resource=f"users/{stranger}/events")
        assert itself.refused("POST", "/subscriptions", other) == (403, "ErrorAccessDenied")
    basic = app(stand_in, "Calendars.ReadBasic.All")
    assert basic.refused("GET", "/subscriptions") == (403, "ErrorAccessDenied")


NOON_AT = {"dateTime": "2026-12-01T12:00:00", "timeZone": "UTC"}


def test_a_person_without_a_mailbox_has_nothing_to_watch(stand_in: StandIn, listener: Listener) -> None:
    assert stand_in.graph(LEO).refused("POST", "/subscriptions", wish(stand_in, listener)) == (403, "ErrorAccessDenied")


def test_everybody_sees_what_they_made_and_an_app_all_that_it_made_in_a_tenant(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    mine = graph.post("/subscriptions", wish(stand_in, listener))["id"]
    of_other_app = graph_of_other_app(stand_in).post("/subscriptions", wish(stand_in, listener))["id"]
    bobs = stand_in.graph(BOB).post("/subscriptions", wish(stand_in, listener))["id"]
    itself = app(stand_in, "Calendars.Read")
    carlas = itself.post(
        "/subscriptions", wish(stand_in, listener, resource="users/carla.weber@contoso.example/events")
    )

    def seen(by: Graph) -> set[str]:
        return {one["id"] for one in by.get("/subscriptions")["value"]}

    assert seen(graph) == {mine}
    assert seen(graph_of_other_app(stand_in)) == {of_other_app}
    assert seen(itself) == {mine, bobs, carlas["id"]}
    assert seen(app(stand_in, "Calendars.Read", tenant_id=FABRIKAM_ID)) == set()
    assert seen(stand_in.graph("carla.weber@contoso.example")) == set()
    assert graph.refused("DELETE", f"/subscriptions/{of_other_app}") == (404, "ResourceNotFound")


# How many, and how often


def test_the_same_wish_in_other_words_is_a_duplicate_and_the_first_goes_on(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    first = graph.post("/subscriptions", wish(stand_in, listener, resource="me/events?$filter=subject eq 'Tea'"))
    same = wish(
        stand_in, listener, resource="/Me/Events?$Filter=Subject  eq 'tea'", changeType="deleted, Updated,created"
    )
    assert graph.refused("POST", "/subscriptions", same) == (409, "InvalidRequest")
    assert first["id"] in said(graph, "POST", "/subscriptions", same)
    assert graph.get(f"/subscriptions/{first['id']}") == first
    graph.post("/subscriptions", wish(stand_in, listener, resource="me/events?$filter=subject eq 'Coffee'"))
    graph_of_other_app(stand_in).post("/subscriptions", same)


def test_a_mailbox_has_room_for_so_many_over_all_apps(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    assert stand_in.look("subscriptions")["rules"]["most"] == 1000
    stand_in.door("subscriptions", do="rules", most=2)
    made = graph.post("/subscriptions", wish(stand_in, listener))
    graph_of_other_app(stand_in).post("/subscriptions", wish(stand_in, listener))
    more = wish(stand_in, listener, changeType="created")
    assert graph.refused("POST", "/subscriptions", more) == (403, "Forbidden")
    assert " 2 " in said(graph, "POST", "/subscriptions", more)
    stand_in.graph(BOB).post("/subscriptions", more)
    graph.delete(f"/subscriptions/{made['id']}")
    graph.post("/subscriptions", more)


def test_lists_come_in_pages(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    for kind in ("created", "updated", "deleted"):
        graph.post("/subscriptions", wish(stand_in, listener, changeType=kind))
    pages = list(graph.pages("/subscriptions?$top=2"))
    assert [[one["changeType"] for one in page["value"]] for page in pages] == [["created", "updated"], ["deleted"]]
    assert graph.refused("GET", "/subscriptions?$top=none") == (400, "BadRequest")


def test_lists_may_be_asked_for_25_times_in_20_seconds_in_a_tenant(stand_in: StandIn, graph: Graph) -> None:
    for _ in range(25):
        graph.get("/subscriptions")
    refused = graph.call("GET", "/subscriptions")
    assert refused.status_code == 429
    assert json.loads(refused.data)["error"]["code"] == "TooManyRequests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    # Colleagues share the budget, other tenants have their own until the app's is used up.
    assert stand_in.graph(BOB).call("GET", "/subscriptions").status_code == 429
    farid = stand_in.graph(FARID)
    answers = [farid.call("GET", "/subscriptions").status_code for _ in range(14)]
    assert answers == [200] * 13 + [429]
    graph_of_other_app(stand_in).get("/subscriptions")
    stand_in.door("clock", advance=21)
    graph.get("/subscriptions")


@pytest.mark.parametrize(
    ("calls", "method", "path"),
    [
        ("write/tenant", "DELETE", "/subscriptions/1"),
        ("write/app", "PATCH", "/subscriptions/1"),
        ("get/tenant", "GET", "/subscriptions/1"),
        ("reauthorize/app", "POST", "/subscriptions/1/reauthorize"),
    ],
)
def test_every_kind_of_call_has_a_limit_that_can_be_lowered(
    stand_in: StandIn, graph: Graph, calls: str, method: str, path: str
) -> None:
    stand_in.door("subscriptions", do="limit", calls=calls, count=1, seconds=60)
    assert graph.call(method, path, {}).status_code == 404
    assert graph.refused(method, path, {}) == (429, "TooManyRequests")
    stand_in.door("clock", advance=61)
    assert graph.call(method, path, {}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"do": "limit", "calls": "list", "count": 1},
        {"do": "limit", "calls": "list/app"},
        {"do": "answers", "seconds": 4},
        {"do": "endpoint", "url": "http://localhost/"},
        {"do": "endpoint", "url": "http://localhost/", "state": "tired"},
        {"do": "missed"},
        {"do": "missed", "mailbox": ALICE, "id": "1"},
        {"do": "drop-next", "mailbox": "nobody@contoso.example"},
        {"do": "behave", "mailbox": ALICE, "path": "sideways"},
        {"do": "dance"},
    ],
)
def test_a_wrong_request_of_the_door_is_answered_with_a_sentence(stand_in: StandIn, body: JSON) -> None:
    response = stand_in.http.post("/_sandbox/subscriptions", json=body)
    assert response.status_code == 400
    assert json.loads(response.data)["error"].endswith(".")


# Renewal


def test_a_new_address_is_asked_before_it_is_taken(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    made = graph.post("/subscriptions", wish(stand_in, listener))
    path = f"/subscriptions/{made['id']}"
    renewed = graph.patch(path, {"NotificationURL": f"{listener.url}?new=1"})
    assert renewed == made | {"notificationUrl": f"{listener.url}?new=1"}
    assert listener.handshakes[-1].startswith("/notify?new=1&validationToken=")
    count = len(listener.handshakes)
    graph.patch(path, {"notificationUrl": f"{listener.url}?new=1", "clientState": "other"})
    assert len(listener.handshakes) == count
    listener.echo = lambda _: (200, "text/plain", "what?")
    assert graph.refused("PATCH", path, {"notificationUrl": listener.url}) == (400, "ValidationError")
    assert graph.get(path) == renewed


def test_one_that_ends_while_its_new_address_is_asked_is_gone(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    path = f"/subscriptions/{graph.post('/subscriptions', wish(stand_in, listener))['id']}"

    def echo(token: str) -> tuple[int, str, str]:
        stand_in.graph().delete(path)
        return 200, "text/plain", token

    listener.echo = echo
    assert graph.refused("PATCH", path, {"notificationUrl": f"{listener.url}?b"}) == (404, "ResourceNotFound")


def test_reauthorizing_leaves_the_end_where_it_was(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    made = graph.post("/subscriptions", wish(stand_in, listener))
    answer = graph.call("POST", f"/subscriptions/{made['id']}/reauthorize")
    assert (answer.status_code, answer.data) == (204, b"")
    assert graph.get(f"/subscriptions/{made['id']}") == made
    assert graph.refused("POST", "/subscriptions/1/reauthorize") == (404, "ResourceNotFound")


def test_deleting_ends_it(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    path = f"/subscriptions/{graph.post('/subscriptions', wish(stand_in, listener))['id']}"
    assert graph.call("DELETE", path).status_code == 204
    assert graph.refused("DELETE", path) == (404, "ResourceNotFound")


def test_an_app_watches_only_mailboxes_that_administrators_leave_to_it(stand_in: StandIn, listener: Listener) -> None:
    itself, bobs = app(stand_in, "Calendars.Read"), wish(stand_in, listener, resource=f"users/{BOB}/events")
    kept = itself.post("/subscriptions", bobs)
    itself.delete(f"/subscriptions/{itself.post('/subscriptions', bobs | {'changeType': 'deleted'})['id']}")
    stand_in.door("access", tenant="contoso.example", mailboxes=[ALICE], right="restrict")
    refusal = itself.call("POST", "/subscriptions", bobs | {"changeType": "deleted"})
    assert refusal.status_code == 403
    assert refusal.json is not None
    assert refusal.json["error"]["message"] == "Access to OData is disabled."
    renewal = {"expirationDateTime": bobs["expirationDateTime"]}
    assert itself.refused("PATCH", f"/subscriptions/{kept['id']}", renewal) == (403, "ErrorAccessDenied")
    assert itself.refused("POST", f"/subscriptions/{kept['id']}/reauthorize") == (403, "ErrorAccessDenied")
    assert itself.get(f"/subscriptions/{kept['id']}")["id"] == kept["id"]
    itself.post("/subscriptions", wish(stand_in, listener, resource=f"users/{ALICE}/events"))
    itself.delete(f"/subscriptions/{kept['id']}")


def test_roles_of_exchange_are_enough_to_watch_the_mailboxes_they_are_for(
    stand_in: StandIn, listener: Listener
) -> None:
    itself = app(stand_in)
    alices = wish(stand_in, listener, resource=f"users/{ALICE}/events")
    assert itself.refused("POST", "/subscriptions", alices) == (403, "ErrorAccessDenied")
    stand_in.door("access", tenant="contoso.example", mailboxes=[ALICE], roles=["Application Calendars.Read"])
    made = itself.post("/subscriptions", alices)
    assert [each["id"] for each in itself.get("/subscriptions")["value"]] == [made["id"]]
    assert itself.refused("POST", "/subscriptions", alices | {"resource": f"users/{BOB}/events"}) == (
        403,
        "ErrorAccessDenied",
    )
