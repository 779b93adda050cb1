"""Notifications with resource data, read as a receiver reads them: with its own key, and Microsoft's public ones."""

import base64
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.directory import ALMANAC_ID, CONTOSO_ID, FABRIKAM_ID
from sandbox.tokens import PUBLISHER
from tests.answers import Schemas
from tests.sandbox.graph_side import ALICE, FARID, IMMUTABLE, JSON, NOON, Graph, Listener, StandIn, timed, weekly
from tests.sandbox.receiving import certified, receiver
from tests.sandbox.subscribing import OTHER_APP, ends_in, graph_of_other_app, kinds, wish
from tests.shared import shared

SELECT = "me/events?$select=subject,importance,start,createdDateTime,attendees,categories,recurrence,isAllDay"


def rich(stand_in: StandIn, listener: Listener, **changes: Any) -> JSON:
    usual = {
        "resource": SELECT,
        "includeResourceData": True,
        "encryptionCertificate": receiver().certificate,
        "encryptionCertificateId": "first",
        "minutes": 1_400,
    }
    return wish(stand_in, listener, **usual | changes)


def verified(stand_in: StandIn, token: str, app_id: str = ALMANAC_ID) -> JSON:
    """The claims, if the key document has the key that signed them and they are meant for us."""
    document = stand_in.http.get(
        "/common/discovery/v2.0/keys", headers={"Host": "login.microsoftonline.com"}
    ).get_json()
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(jwt.PyJWK(each) for each in document["keys"] if each["kid"] == kid)
    claims: JSON = jwt.decode(token, key, algorithms=["RS256"], audience=app_id)
    return claims


# Creation


def test_a_subscription_with_data_shows_its_certificate(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    made = graph.post("/subscriptions", rich(stand_in, listener, includeResourceData="TRUE"))
    sample = shared("graph/examples/subscription-create-rich-response.json")
    assert made.keys() == sample.keys()
    assert made["includeResourceData"] is True
    assert made["encryptionCertificate"] == receiver().certificate
    assert made["encryptionCertificateId"] == "first"
    assert made["resource"] == SELECT


def test_a_subscription_with_data_lives_for_a_day(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    assert graph.refused("POST", "/subscriptions", rich(stand_in, listener, minutes=1_442)) == (400, "ExtensionError")
    made = graph.post("/subscriptions", rich(stand_in, listener, minutes=1_439))
    assert ends_in(made, stand_in) > timedelta(minutes=1_438)
    later = {"expirationDateTime": wish(stand_in, listener, minutes=2_000)["expirationDateTime"]}
    assert graph.refused("PATCH", f"/subscriptions/{made['id']}", later) == (400, "ExtensionError")


@pytest.mark.parametrize(
    "changes",
    [
        {"encryptionCertificate": None},
        {"encryptionCertificateId": None},
        {"encryptionCertificateId": "x" * 129},
        {"encryptionCertificate": "not base64!"},
        {"encryptionCertificate": base64.b64encode(b"no certificate").decode()},
        {"resource": "me/events"},
        {"resource": "me/events?$select="},
        {"resource": "me/events?$select=subject,Body"},
        {"resource": "me/events?$select=subject,uniqueBody"},
        {"resource": "me/events?$select=subject,temperature"},
        {"resource": "me/events?$select=subject&$top=5"},
        {"resource": "me/events?$select=subject&$skip=5"},
    ],
)
def test_what_resource_data_needs_is_demanded(
    stand_in: StandIn, graph: Graph, listener: Listener, changes: JSON
) -> None:
    body = rich(stand_in, listener) | changes
    assert graph.refused("POST", "/subscriptions", body) == (400, "InvalidRequest")


def test_only_rsa_keys_of_a_proper_size_will_do(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    weak = certified(rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505 - it is to be refused
    other = certified(ec.generate_private_key(ec.SECP256R1()))
    for certificate in (weak, other):
        body = rich(stand_in, listener, encryptionCertificate=certificate)
        assert graph.refused("POST", "/subscriptions", body) == (400, "InvalidRequest")


def test_extended_properties_are_not_imitated_here(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    body = rich(stand_in, listener, resource="me/events?$select=subject&$expand=singleValueExtendedProperties")
    assert graph.refused("POST", "/subscriptions", body) == (501, "notImplemented")


def test_without_resource_data_a_certificate_is_not_looked_at(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    made = graph.post("/subscriptions", wish(stand_in, listener, encryptionCertificate="x"))
    assert made["encryptionCertificate"] is None
    body = {"encryptionCertificate": receiver().certificate, "encryptionCertificateId": "first"}
    assert graph.refused("PATCH", f"/subscriptions/{made['id']}", body) == (400, "InvalidRequest")


# Content


def test_the_selected_members_can_be_read_with_the_private_key(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    graph.post("/subscriptions", rich(stand_in, listener))
    bob = {"emailAddress": {"name": "Bob Ito", "address": "bob.ito@contoso.example"}, "type": "optional"}
    made = graph.post("/me/events", timed("Tee über alles", *NOON, importance="high", attendees=[bob]))
    [item] = listener.items(1)
    assert item["encryptedContent"]["encryptionCertificateId"] == "first"
    assert item["encryptedContent"]["encryptionCertificateThumbprint"] == receiver().thumbprint
    content = receiver().read(item)
    plain = {name for name in content if "@" not in name}
    assert plain == {
        "subject", "importance", "start", "createdDateTime", "attendees", "categories", "recurrence", "isAllDay",
    }  # fmt: skip
    assert content["subject"] == "Tee über alles"
    assert content["importance@odata.type"] == "#microsoft.graph.importance"
    assert content["createdDateTime@odata.type"] == "#DateTimeOffset"
    assert content["createdDateTime"] == made["createdDateTime"]
    assert content["start"] == {"@odata.type": "#microsoft.graph.dateTimeTimeZone", **made["start"]}
    assert content["categories@odata.type"] == "#Collection(String)"
    assert content["attendees@odata.type"] == "#Collection(microsoft.graph.attendee)"
    assert content["recurrence"] is None
    assert content["isAllDay"] is False
    [attendee] = content["attendees"]
    assert attendee["@odata.type"] == "#microsoft.graph.attendee"
    assert attendee["emailAddress"]["@odata.type"] == "#microsoft.graph.emailAddress"
    assert attendee["type@odata.type"] == "#microsoft.graph.attendeeType"
    assert attendee["status"]["time@odata.type"] == "#DateTimeOffset"


def test_annotations_are_spelled_as_in_the_published_sample(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    sample = shared("graph/examples/notification-rich-decrypted-payload.json")
    graph.post("/subscriptions", rich(stand_in, listener, resource="me/events?$select=organizer,importance,subject"))
    graph.post("/me/events", timed("A", *NOON))
    content = receiver().read(listener.items(1)[0])
    assert content["importance@odata.type"] == sample["importance@odata.type"]
    assert content["organizer"].keys() == sample["from"].keys()
    for name in ("@odata.type",):
        assert content["organizer"][name] == sample["from"][name]
        assert content["organizer"]["emailAddress"][name] == sample["from"]["emailAddress"][name]
    assert "subject@odata.type" not in content


def test_items_with_data_have_the_members_of_the_published_sample(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    graph.post("/subscriptions", rich(stand_in, listener))
    made = graph.post("/me/events", timed("A", *NOON))
    [item] = listener.items(1)
    sample = shared("graph/examples/notification-rich-message-created.json")
    assert item.keys() == sample["value"][0].keys()
    assert item["encryptedContent"].keys() == sample["value"][0]["encryptedContent"].keys()
    assert item["resourceData"].keys() == sample["value"][0]["resourceData"].keys()
    assert item["resource"] == f"Users('{stand_in.person(ALICE).oid}')/Events('{made['id']}')"
    assert listener.bodies[0].keys() == sample.keys()
    schemas = Schemas(shared("graph/openapi-calendar.json"))
    assert schemas.faults("changeNotificationCollection", listener.bodies[0]) == []


def test_every_item_has_a_key_of_its_own(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", rich(stand_in, listener))
    stand_in.door("subscriptions", mailbox=ALICE, do="behave", created_then_updated=True)
    graph.post("/me/events", timed("A", *NOON))
    first, second = listener.items(2)
    assert receiver().read(first) == receiver().read(second)
    for name in ("data", "dataKey", "dataSignature"):
        assert first["encryptedContent"][name] != second["encryptedContent"][name]


def test_ids_in_the_data_have_the_form_of_the_subscription(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", rich(stand_in, listener, resource="me/events?$select=id"), Prefer=IMMUTABLE)
    made = stand_in.edit("create", event=timed("A", *NOON))
    [item] = listener.items(1)
    assert receiver().read(item) == {"id": made["immutableId"]}
    assert item["resourceData"]["id"] == made["immutableId"]


def test_a_changed_instance_shows_nothing_but_a_new_version_of_its_series(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    names = "subject,start,type,changeKey,lastModifiedDateTime,recurrence"
    graph.post("/subscriptions", rich(stand_in, listener, resource=f"me/events?$select={names}"))
    master = graph.post("/me/events", timed("A", *NOON, recurrence=weekly("2026-12-01", "tuesday")))["id"]
    before = receiver().read(listener.items(1)[0])
    stand_in.edit("edit-occurrence", id=master, date="2026-12-08", event={"subject": "Another subject"})
    [item] = listener.items(1)
    after = receiver().read(item)
    assert (item["changeType"], item["resourceData"]["id"]) == ("updated", master)
    assert {name for name in after if after[name] != before[name]} == {"changeKey", "lastModifiedDateTime"}
    assert after["recurrence"]["@odata.type"] == "#microsoft.graph.patternedRecurrence"
    assert after["recurrence"]["range"]["startDate@odata.type"] == "#Date"


def test_of_what_is_deleted_nothing_can_be_read(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", rich(stand_in, listener))
    made = graph.post("/me/events", timed("A", *NOON))
    graph.delete(f"/me/events/{made['id']}")
    items = listener.items(2)
    assert kinds(items) == ["created", "deleted"]
    assert ["encryptedContent" in item for item in items] == [True, False]


def test_what_is_shown_verbatim_is_encrypted_verbatim(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", rich(stand_in, listener, resource="me/events?$select=subject,attendees,importance"))
    stand_in.edit("raw", event={"id": "odd", "subject": 7, "attendees": "nobody", "importance": "odd"})
    content = receiver().read(listener.items(1)[0])
    assert (content["subject"], content["attendees"], content["importance"]) == (7, "nobody", "odd")


def test_the_next_certificate_comes_with_a_renewal(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    path = f"/subscriptions/{graph.post('/subscriptions', rich(stand_in, listener))['id']}"
    graph.post("/me/events", timed("A", *NOON))
    assert receiver("first").read(listener.items(1)[0])["subject"] == "A"
    renewal = {
        "expirationDateTime": wish(stand_in, listener, minutes=1_000)["expirationDateTime"],
        "encryptionCertificate": receiver("second").certificate,
        "encryptionCertificateId": "second",
    }
    assert graph.patch(path, renewal)["encryptionCertificateId"] == "second"
    graph.post("/me/events", timed("B", *NOON))
    [item] = listener.items(1)
    assert item["encryptedContent"]["encryptionCertificateId"] == "second"
    assert receiver("second").read(item)["subject"] == "B"
    assert graph.refused("PATCH", path, {"encryptionCertificateId": "third"}) == (400, "InvalidRequest")


# Validation tokens


def test_the_token_of_a_batch_is_signed_by_the_publisher_for_the_app(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    graph.post("/subscriptions", rich(stand_in, listener))
    graph.post("/me/events", timed("A", *NOON))
    listener.items(1)
    [token] = listener.bodies[0]["validationTokens"]
    claims = verified(stand_in, token)
    assert claims.keys() == shared("graph/examples/notification-validationtoken-claims.json").keys()
    assert claims["iss"] == claims["idp"] == f"https://sts.windows.net/{CONTOSO_ID}/"
    assert (claims["tid"], claims["appid"], claims["ver"]) == (CONTOSO_ID, PUBLISHER, "1.0")
    assert claims["exp"] > stand_in.sandbox.clock.now().timestamp()
    with pytest.raises(jwt.InvalidAudienceError):
        verified(stand_in, token, OTHER_APP.client_id)


def test_a_batch_has_one_token_for_each_pair_of_app_and_tenant(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    farid = stand_in.graph(FARID)
    graph.post("/subscriptions", rich(stand_in, listener))
    graph.post("/subscriptions", rich(stand_in, listener, changeType="created"))
    graph_of_other_app(stand_in).post("/subscriptions", rich(stand_in, listener))
    farid.post("/subscriptions", rich(stand_in, listener))
    for who, mailbox in ((graph, ALICE), (farid, FARID)):
        stand_in.door("subscriptions", mailbox=mailbox, do="delay", seconds=60)
        who.post("/me/events", timed("A", *NOON))
    stand_in.door("clock", advance=61)
    assert len(listener.posts.get(timeout=5)) == 4
    [body] = listener.bodies
    found = [jwt.decode(token, options={"verify_signature": False}) for token in body["validationTokens"]]
    assert {(claims["aud"], claims["tid"]) for claims in found} == {
        (ALMANAC_ID, CONTOSO_ID),
        (OTHER_APP.client_id, CONTOSO_ID),
        (ALMANAC_ID, FABRIKAM_ID),
    }
    assert len(found) == 3


def test_tokens_can_be_made_for_another_app(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", rich(stand_in, listener, notificationUrlAppId=OTHER_APP.client_id))
    graph.post("/me/events", timed("A", *NOON))
    listener.items(1)
    verified(stand_in, listener.bodies[0]["validationTokens"][0], OTHER_APP.client_id)


def test_tokens_are_null_where_the_publisher_may_not_have_any(
    stand_in: StandIn, graph: Graph, listener: Listener
) -> None:
    graph.post("/subscriptions", rich(stand_in, listener))
    stand_in.door("subscriptions", mailbox=ALICE, do="behave", validation_tokens=False)
    graph.post("/me/events", timed("A", *NOON))
    receiver().read(listener.items(1)[0])
    assert listener.bodies[0]["validationTokens"] is None


def test_batches_without_resource_data_have_no_tokens(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", wish(stand_in, listener, resource=SELECT))
    graph.post("/me/events", timed("A", *NOON))
    [item] = listener.items(1)
    assert listener.bodies[0].keys() == {"value"}
    assert "encryptedContent" not in item


def test_keys_that_were_rotated_are_published(stand_in: StandIn, graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", rich(stand_in, listener))
    stand_in.door("identity", do="rotate-keys")
    graph.post("/me/events", timed("A", *NOON))
    listener.items(1)
    verified(stand_in, listener.bodies[0]["validationTokens"][0])
