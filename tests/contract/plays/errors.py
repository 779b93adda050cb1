"""Refusals: each provoked in the way that the example's description names."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.contract.examples import WINDOW, Stage, plays, sample
from tests.contract.plays.subscriptions import subscribe, wish
from tests.sandbox.graph_side import ALICE, BOB, timed, weekly


def as_published(response: Any, name: str) -> Any:
    """The code is the published one, to the letter."""
    assert response.json["error"]["code"] == sample(name)["error"]["code"]
    return response


@plays("error-envelope", status=416, without={"/error/innerError/requestId": "Outlook writes request-id"})
def overlapping_fragment(stage: Stage, _: Any) -> Any:
    path = f"/me/events/{stage.event()['id']}/attachments/createUploadSession"
    address = urlsplit(stage.graph.post(path, sample("attachment-uploadsession-request"))["uploadUrl"])
    size = sample("attachment-uploadsession-request")["AttachmentItem"]["size"]

    def put(first: int, content: bytes) -> Any:
        last = first + len(content) - 1
        headers = {"Host": address.netloc, "Content-Range": f"bytes {first}-{last}/{size}"}
        target = f"{address.path}?{address.query}"
        return stage.stand_in.http.put(target, data=content, headers=headers)

    assert put(0, b"12345").status_code == 200
    return as_published(put(3, b"45678"), "error-envelope")


@plays("error-401-invalidauthenticationtoken", status=401)
def empty_token(stage: Stage, _: Any) -> Any:
    response = stage.stand_in.http.get("/v1.0/me", headers={"Host": "graph.microsoft.com"})
    return as_published(response, "error-401-invalidauthenticationtoken")


@plays("error-403-accessdenied", status=403)
def not_shared(stage: Stage, _: Any) -> Any:
    return as_published(stage.graph.call("GET", f"/users/{BOB}/calendarView?{WINDOW}"), "error-403-accessdenied")


@plays("error-403-application-access-policy", status=403)
def kept_out_by_a_policy(stage: Stage, _: Any) -> Any:
    stage.stand_in.door("access", tenant="contoso.example", mailboxes=[BOB])
    response = stage.app.call("GET", f"/users/{ALICE}/events")
    return as_published(response, "error-403-application-access-policy")


@plays("error-400-expand-not-supported", status=400)
def expand_a_photo(stage: Stage, _: Any) -> Any:
    return as_published(stage.graph.call("GET", "/me?$expand=photo"), "error-400-expand-not-supported")


@plays("error-404-itemnotfound", status=404)
def deleted_twice(stage: Stage, _: Any) -> Any:
    path = f"/me/events/{stage.event()['id']}"
    stage.graph.delete(path)
    return as_published(stage.graph.call("DELETE", path), "error-404-itemnotfound")


@plays("error-400-malformed-id", status=400)
def malformed_id(stage: Stage, _: Any) -> Any:
    return as_published(stage.graph.call("GET", "/me/events/not-an-id"), "error-400-malformed-id")


@plays("error-400-occurrence-crossing", status=400)
def onto_the_neighbour(stage: Stage, _: Any) -> Any:
    [first, second, *_more] = stage.graph.get(f"/me/events/{stage.series()['id']}/instances?{WINDOW}")["value"]
    moved = {"start": first["start"], "end": first["end"]}
    return as_published(stage.graph.call("PATCH", f"/me/events/{second['id']}", moved), "error-400-occurrence-crossing")


@plays("error-400-not-organizer", status=400)
def cancelled_by_a_guest(stage: Stage, _: Any) -> Any:
    path = f"/me/events/{stage.invitation()['id']}/cancel"
    return as_published(stage.graph.call("POST", path, {"comment": "no"}), "error-400-not-organizer")


@plays("error-400-allday-midnight", status=400)
def all_day_with_an_hour(stage: Stage, _: Any) -> Any:
    body = timed("Fair", "2027-03-02T09:00:00", "2027-03-03T00:00:00", isAllDay=True)
    return as_published(stage.graph.call("POST", "/me/events", body), "error-400-allday-midnight")


@plays("error-400-timezone", status=400)
def unknown_zone(stage: Stage, _: Any) -> Any:
    body = timed("Tea", "2027-03-02T09:00:00", "2027-03-02T10:00:00", "")
    return as_published(stage.graph.call("POST", "/me/events", body), "error-400-timezone")


@plays("error-400-property-validation", status=400)
def rule_in_another_zone(stage: Stage, _: Any) -> Any:
    rule = weekly("2027-03-02", "tuesday", recurrenceTimeZone="Tokyo Standard Time")
    body = timed("Tea", "2027-03-02T09:00:00", "2027-03-02T10:00:00", "UTC", recurrence=rule)
    return as_published(stage.graph.call("POST", "/me/events", body), "error-400-property-validation")


@plays("error-409-duplicate-subscription", status=409)
def same_subscription_twice(stage: Stage, _: Any) -> Any:
    subscribe(stage)
    body = wish(stage, {"changeType": "created,updated,deleted"})
    return as_published(stage.graph.call("POST", "/subscriptions", body), "error-409-duplicate-subscription")


@plays("error-400-subscription-validation", status=400)
def wrong_echo(stage: Stage, _: Any) -> Any:
    stage.listener.echo = lambda token: (200, "text/plain", f"{token}?")
    body = wish(stage, {"changeType": "created"})
    return as_published(stage.graph.call("POST", "/subscriptions", body), "error-400-subscription-validation")


@plays("error-400-subscription-expiration", status=400)
def too_far_ahead(stage: Stage, _: Any) -> Any:
    ends = stage.stand_in.sandbox.clock.now() + timedelta(minutes=10_080)
    body = {**wish(stage, {"changeType": "created"}), "expirationDateTime": ends.isoformat()}
    return as_published(stage.graph.call("POST", "/subscriptions", body), "error-400-subscription-expiration")


@plays("error-410-syncstatenotfound", status=410)
def forgotten_link(stage: Stage, _: Any) -> Any:
    _items, link = stage.graph.round(f"/me/calendarView/delta?{WINDOW}")
    stage.stand_in.door("delta", mailbox=ALICE, do="expire")
    return as_published(stage.graph.call("GET", link), "error-410-syncstatenotfound")


@plays("error-429-toomanyrequests", status=429)
def too_many(stage: Stage, _: Any) -> Any:
    stage.stand_in.door("limits", requests=1)
    stage.graph.get("/me/events")
    response = stage.graph.call("GET", "/me/events")
    assert int(response.headers["Retry-After"]) > 0
    return as_published(response, "error-429-toomanyrequests")


@plays("error-429-mailbox-concurrency", status=429)
def too_many_at_once(stage: Stage, _: Any) -> Any:
    stage.stand_in.door("limits", concurrent=0)
    response = stage.graph.call("GET", "/me/events")
    assert int(response.headers["Retry-After"]) > 0
    return as_published(response, "error-429-mailbox-concurrency")
