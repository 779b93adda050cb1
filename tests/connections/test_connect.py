"""Connecting a mailbox, from the button to the row, through the sandbox's own pages."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from connections.graph import Refused
from connections.models import Connection, SignInAnswer, SignInFlow, Status
from connections.services import disconnect, record_failure
from tenants.models import Membership
from tenants.scoping import organization_scope
from tests.cast import Cast
from tests.connections.conftest import (
    ALICE,
    BOB,
    CARLA,
    FINISH,
    NOTHING,
    PAULA,
    Stored,
    Traveller,
    post_back,
)
from tests.sandbox_client import SandboxClient


def test_a_member_connects_a_mailbox(alice: Traveller, acme: Stored) -> None:
    response = alice.connect(ALICE)

    connection = acme.connection
    assert response.status_code == 303
    assert response.headers["Location"] == reverse("calendars:welcome", args=["acme", connection.pk])
    assert (connection.status, connection.reason, connection.address) == (Status.ACTIVE, "", ALICE)
    assert str(connection.tid) == "3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001"
    assert str(connection.oid) == "a11ce000-1b52-4c0d-8d5e-0c1f3a7be001"
    assert set(connection.scopes) == {"Calendars.Read", "User.Read"}
    assert alice.client_of(connection).get("/me")["mail"] == ALICE


def test_the_trip_leaves_nothing_but_the_connection_and_its_secret(alice: Traveller, acme: Stored) -> None:
    alice.connect(ALICE)
    assert acme.counts() == NOTHING | {"Connection": 1, "Secret": 1}


def test_the_stored_cache_holds_no_token_in_clear(alice: Traveller, acme: Stored) -> None:
    alice.connect(ALICE)
    sealed = bytes(acme.secret_of(acme.connection).sealed_cache)
    assert b"AccessToken" not in sealed
    assert b"secret" not in sealed
    assert ALICE.encode() not in sealed


def test_a_personal_account_connects_too(alice: Traveller, acme: Stored) -> None:
    alice.connect(PAULA)
    assert acme.connection.address == PAULA
    assert alice.client_of(acme.connection).get("/me")["id"]


def test_microsoft_is_asked_for_as_little_as_reading_needs(alice: Traveller) -> None:
    query = parse_qs(urlsplit(alice.begin()).query)
    assert query["scope"] == ["Calendars.Read User.Read offline_access openid profile"]
    assert query["response_mode"] == ["form_post"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"{settings.ALMANAC_ORIGIN}/connections/callback/"]
    assert "prompt" not in query


def test_the_button_leads_only_to_microsoft(alice: Traveller) -> None:
    assert alice.begin().startswith(tuple(settings.LOGIN_ORIGINS_FOR_BROWSERS))


@pytest.mark.parametrize("prompt", ["login", "consent", "select_account"])
def test_a_prompt_travels_along(alice: Traveller, prompt: str) -> None:
    assert parse_qs(urlsplit(alice.begin(prompt=prompt)).query)["prompt"] == [prompt]


@pytest.mark.parametrize(
    "fields",
    [{"prompt": "none"}, {"prompt": "x" * 500}, {"connection": "abc"}, {"connection": "-1"}, {"next": "/" + "x" * 600}],
)
def test_a_field_that_makes_no_sense_is_a_message_and_not_a_trip(
    alice: Traveller, acme: Stored, fields: dict[str, str]
) -> None:
    response = alice.press_connect(**fields)
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    assert acme.counts() == NOTHING


def test_the_return_path_is_followed_inside_this_site(alice: Traveller, acme: Stored) -> None:
    response = alice.connect(ALICE, next="/o/acme/calendar/?view=week")
    assert parse_qs(urlsplit(response.headers["Location"]).query) == {"next": ["/o/acme/calendar/?view=week"]}


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "o/acme/",
        "///evil.example",
        "/ok\r\nSet-Cookie: a=b",
    ],
)
def test_a_return_path_outside_this_site_is_dropped(alice: Traveller, path: str) -> None:
    response = alice.connect(ALICE, next=path)
    assert response.status_code == 303
    assert "next" not in response.headers["Location"]
    assert "evil" not in response.headers["Location"]


def test_the_button_needs_a_csrf_token(cast: Cast, sandbox: SandboxClient) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(cast.alice)
    assert careful.post("/o/acme/connect/").status_code == 403


def test_a_stranger_gets_the_same_404_as_for_nothing(mallory: Traveller) -> None:
    assert mallory.here.get("/o/acme/connect/").status_code == 404
    assert mallory.here.post("/o/acme/connect/").status_code == 404


def test_somebody_who_is_not_signed_in_is_asked_to(cast: Cast) -> None:
    response = Client().post("/o/acme/connect/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/")


def test_beginning_again_and_again_keeps_only_the_newest_few(alice: Traveller, acme: Stored) -> None:
    first = alice.begin()
    for _ in range(6):
        alice.begin()
    assert acme.counts()["SignInFlow"] == 5
    response = alice.return_with(alice.there.sign_in(first, ALICE).answer)
    assert response.status_code == 410


# --- the connect page ----------------------------------------------------------------------------------------------


def test_the_page_says_what_is_asked_and_has_one_filled_button(alice: Traveller) -> None:
    page = alice.here.get("/o/acme/connect/").content.decode()
    assert page.count("btn-primary") == 1
    for words in ("Read your calendars", "What Almanac never does", "Ask the people who look after Microsoft 365"):
        assert words in page


def test_the_page_of_a_reconnection_names_the_mailbox(alice: Traveller, acme: Stored) -> None:
    alice.connect(ALICE)
    page = alice.here.get(f"/o/acme/connect/?connection={acme.connection.pk}").content.decode()
    assert f"Reconnect {ALICE}" in page
    assert f'name="connection" value="{acme.connection.pk}"' in page


@pytest.mark.parametrize("query", ["connection=abc", "prompt=none", "next=%00", "connection=99999999999999999999"])
def test_a_mangled_link_to_the_page_still_shows_the_page(alice: Traveller, query: str) -> None:
    assert alice.here.get(f"/o/acme/connect/?{query}").status_code == 200


# --- connecting again ------------------------------------------------------------------------------------------------


def test_connecting_again_keeps_the_row(alice: Traveller, acme: Stored) -> None:
    alice.connect(ALICE)
    before = acme.connection
    with organization_scope(acme.organization.pk):
        before.become(Status.RECONNECT, reason="sessions_reset", now=datetime.now(UTC))

    alice.connect(ALICE)

    after = acme.connection
    assert after.pk == before.pk
    assert (after.status, after.reason) == (Status.ACTIVE, "")
    assert after.connected_at > before.connected_at
    assert acme.counts() == NOTHING | {"Connection": 1, "Secret": 1}


def test_a_reconnection_suggests_the_account(alice: Traveller, acme: Stored) -> None:
    alice.connect(ALICE)
    query = parse_qs(urlsplit(alice.begin(connection=acme.connection.pk)).query)
    assert query["login_hint"] == [ALICE]


def test_choosing_an_account_and_suggesting_one_contradict_each_other(alice: Traveller, acme: Stored) -> None:
    alice.connect(ALICE)
    query = parse_qs(urlsplit(alice.begin(connection=acme.connection.pk, prompt="select_account")).query)
    assert "login_hint" not in query


def test_a_reconnection_takes_no_other_mailbox(alice: Traveller, acme: Stored) -> None:
    alice.connect(ALICE)
    before = acme.connection

    response = alice.connect(BOB, connection=before.pk, prompt="select_account")

    assert response.status_code == 409
    page = response.content.decode()
    assert ALICE in page
    assert BOB in page
    assert f'name="connection" value="{before.pk}"' in page
    assert [connection.pk for connection in acme.connections()] == [before.pk]
    assert acme.connection.connected_at == before.connected_at


def test_nobody_reconnects_what_is_not_theirs(
    alice: Traveller, bob: Traveller, mallory: Traveller, acme: Stored
) -> None:
    alice.connect(ALICE)
    number = acme.connection.pk
    assert bob.press_connect(connection=number).status_code == 404
    assert bob.here.get(f"/o/acme/connect/?connection={number}").status_code == 404
    assert mallory.press_connect(connection=number).status_code == 404
    assert alice.press_connect(connection=number + 1).status_code == 404


def test_a_disconnected_mailbox_comes_back_to_its_row(alice: Traveller, acme: Stored) -> None:
    alice.connect(ALICE)
    with organization_scope(acme.organization.pk):
        disconnect(connection=Connection.objects.of(acme.organization).get(), now=datetime.now(UTC))
    alice.connect(ALICE)
    assert acme.connection.status == Status.ACTIVE


def test_a_colleagues_mailbox_is_not_taken_over(alice: Traveller, bob: Traveller, acme: Stored) -> None:
    bob.connect(BOB)
    before = acme.connection

    response = alice.connect(BOB)

    assert response.status_code == 409
    assert "colleague" in response.content.decode()
    assert acme.connection.member_id == before.member_id
    assert acme.connection.connected_at == before.connected_at


def test_a_mailbox_that_a_colleague_has_left_may_be_connected(
    alice: Traveller, bob: Traveller, acme: Stored, cast: Cast
) -> None:
    bob.connect(CARLA)
    with organization_scope(acme.organization.pk):
        disconnect(connection=Connection.objects.of(acme.organization).get(), now=datetime.now(UTC))
    assert alice.connect(CARLA).status_code == 303
    with organization_scope(acme.organization.pk):
        assert acme.connection.member_id == Membership.objects.of(cast.acme).get(user=cast.alice).pk


def test_one_mailbox_may_be_connected_in_two_organizations(
    alice: Traveller, mallory: Traveller, acme: Stored, globex: Stored
) -> None:
    alice.connect(ALICE)
    mallory.connect(ALICE)
    assert acme.connection.oid == globex.connection.oid
    assert acme.connection.pk != globex.connection.pk


# --- who may finish, and when ----------------------------------------------------------------------------------------


def test_an_answer_is_good_once(alice: Traveller, acme: Stored) -> None:
    answer = alice.answer(ALICE)
    assert alice.return_with(answer).status_code == 303
    again = alice.return_with(answer)
    assert again.status_code == 410
    assert "too old or was used" in again.content.decode()
    assert acme.counts() == NOTHING | {"Connection": 1, "Secret": 1}


def test_a_second_post_of_an_answer_changes_nothing(alice: Traveller, acme: Stored) -> None:
    answer = alice.answer(ALICE)
    first = post_back(answer)
    assert post_back(answer | {"code": "another"}).status_code == 410
    assert alice.finish(first.headers["Location"]).status_code == 303


def test_a_one_time_key_is_good_once(alice: Traveller, acme: Stored) -> None:
    location = post_back(alice.answer(ALICE)).headers["Location"]
    assert alice.finish(location).status_code == 303
    assert alice.finish(location).status_code == 410
    assert len(acme.connections()) == 1


@pytest.mark.parametrize("key", ["", "made-up", "x" * 5000, "%00", "%ff%fe"])
def test_a_made_up_key_is_refused(alice: Traveller, key: str) -> None:
    assert alice.finish(f"{FINISH}?k={key}").status_code == 410


def test_after_ten_minutes_no_answer_is_taken(alice: Traveller, acme: Stored) -> None:
    answer = alice.answer(ALICE)
    with organization_scope(acme.organization.pk):
        SignInFlow.objects.of(acme.organization).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert post_back(answer).status_code == 410
    assert acme.counts()["SignInAnswer"] == 0


def test_after_two_minutes_an_answer_is_forgotten(alice: Traveller, acme: Stored) -> None:
    location = post_back(alice.answer(ALICE)).headers["Location"]
    with organization_scope(acme.organization.pk):
        SignInAnswer.objects.of(acme.organization).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert alice.finish(location).status_code == 410
    assert acme.counts() == NOTHING


def test_the_same_person_in_another_browser_cannot_finish(alice: Traveller, acme: Stored, cast: Cast) -> None:
    location = post_back(alice.answer(ALICE)).headers["Location"]

    response = Traveller(cast.alice, cast.acme).finish(location)

    assert response.status_code == 403
    assert acme.counts() == NOTHING
    # Used up, whoever used it: the right browser begins again.
    assert alice.finish(location).status_code == 410


def test_nobody_else_can_finish(alice: Traveller, bob: Traveller, mallory: Traveller, acme: Stored) -> None:
    for somebody in (bob, mallory):
        location = post_back(alice.answer(ALICE)).headers["Location"]
        response = somebody.finish(location)
        assert response.status_code == 403
    # The last one was Mallory, who learns not even where she is not let in.
    assert "acme" not in response.content.decode().lower()
    assert acme.counts() == NOTHING


def test_nobody_in_particular_cannot_finish(alice: Traveller, acme: Stored) -> None:
    location = post_back(alice.answer(ALICE)).headers["Location"]
    assert Client().get(location).status_code == 403
    assert acme.counts() == NOTHING


def test_another_person_in_the_same_browser_cannot_finish(alice: Traveller, acme: Stored, cast: Cast) -> None:
    location = post_back(alice.answer(ALICE)).headers["Location"]
    alice.here.force_login(cast.bob)
    assert alice.finish(location).status_code == 403
    assert acme.counts() == NOTHING


def test_who_has_left_the_organization_cannot_finish(bob: Traveller, acme: Stored, cast: Cast) -> None:
    location = post_back(bob.answer(BOB)).headers["Location"]
    with organization_scope(acme.organization.pk):
        SignInFlow.objects.of(acme.organization).update(
            member=Membership.objects.of(acme.organization).get(user=cast.ada)
        )
        Membership.objects.of(acme.organization).get(user=cast.bob).delete()
    assert bob.finish(location).status_code == 403
    assert acme.counts() == NOTHING


def test_an_answer_hung_on_another_flow_cannot_be_opened(alice: Traveller, acme: Stored) -> None:
    victim, attacker = alice.begin(), alice.answer(BOB)
    location = post_back(attacker).headers["Location"]
    with organization_scope(acme.organization.pk):
        answer = SignInAnswer.objects.of(acme.organization).get()
        answer.flow = SignInFlow.objects.of(acme.organization).exclude(pk=answer.flow_id).get()
        answer.save()
    assert alice.finish(location).status_code == 410
    assert victim
    assert acme.connections() == []


# --- what Microsoft says no to ---------------------------------------------------------------------------------------


def test_a_no_of_the_person_connects_nothing(alice: Traveller, acme: Stored) -> None:
    page = alice.there.press(alice.there.choose(alice.there.get(alice.begin()), ALICE), "cancel")
    response = alice.return_with(page.answer)
    assert response.status_code == 200
    assert "You said no" in response.content.decode()
    assert "AADSTS65004" in response.content.decode()
    assert acme.counts() == NOTHING


def test_the_next_try_still_ends_where_the_first_was_to_end(alice: Traveller) -> None:
    state = parse_qs(urlsplit(alice.begin(next="/o/acme/calendar/")).query)["state"][0]
    page = alice.return_with({"error": "access_denied", "error_description": "no", "state": state})
    assert 'name="next" value="/o/acme/calendar/"' in page.content.decode()


def test_a_tenant_that_wants_approval_gets_the_page_that_says_so(alice: Traveller, acme: Stored) -> None:
    page = alice.there.choose(alice.there.get(alice.begin()), "farid.nasser@fabrikam.example")
    assert "Need admin approval" in page.text

    response = alice.return_with(alice.there.follow(page, "Return to").answer)

    assert response.status_code == 200
    assert "Your company decides which apps may see calendars" in response.content.decode()
    assert acme.counts() == NOTHING


def test_after_an_administrators_approval_the_same_person_connects(
    alice: Traveller, acme: Stored, sandbox: SandboxClient
) -> None:
    sandbox.consent("fabrikam.example", "grant")
    assert alice.connect("farid.nasser@fabrikam.example").status_code == 303
    assert acme.connection.address == "farid.nasser@fabrikam.example"


def test_an_account_without_a_mailbox_is_told_so(alice: Traveller, acme: Stored) -> None:
    response = alice.connect("leo.park@contoso.example")
    assert response.status_code == 200
    assert "This account has no calendar" in response.content.decode()
    assert acme.counts() == NOTHING


def test_a_personal_account_is_refused_where_settings_say_so(
    alice: Traveller, acme: Stored, settings: Settings
) -> None:
    location = post_back(alice.answer(PAULA)).headers["Location"]
    settings.PERSONAL_ACCOUNTS = False
    response = alice.finish(location)
    assert response.status_code == 403
    assert "Please use your work account" in response.content.decode()
    assert acme.counts() == NOTHING
    assert "/organizations/" in alice.begin()


@pytest.mark.parametrize(
    ("posted", "status", "words"),
    [
        ({"error": "access_denied", "error_description": "AADSTS50105: x"}, 200, "put you on the list"),
        ({"error": "access_denied", "error_description": "AADSTS500212: x"}, 200, "A rule of your company"),
        ({"error": "access_denied", "error_description": "AADSTS50020: x"}, 200, "sign in again"),
        ({"error": "temporarily_unavailable"}, 503, "not answering just now"),
        ({"error": "server_error", "error_description": ""}, 503, "not answering just now"),
        ({"error": "unauthorized_client", "error_description": "AADSTS700016: x"}, 503, "Our own set-up is wrong"),
        ({"error": "invalid_client", "error_description": "AADSTS650052: x"}, 200, "not switched on"),
        ({"error": "invalid_request"}, 400, "could not read"),
        ({"error": "<script>alert(1)</script>", "error_description": "<img src=x>"}, 400, "could not read"),
        ({}, 400, "could not read"),
        ({"code": "nonsense"}, 200, "sign in again"),
    ],
)
def test_each_error_of_microsofts_has_its_page(
    alice: Traveller, acme: Stored, posted: dict[str, str], status: int, words: str
) -> None:
    state = parse_qs(urlsplit(alice.begin()).query)["state"][0]

    response = alice.return_with({**posted, "state": state})

    page = response.content.decode()
    assert response.status_code == status
    assert words in page
    assert page.count("btn-primary") == 1
    assert "Who can solve it" in page
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert acme.counts() == NOTHING


@pytest.mark.parametrize(
    ("number", "ending"),
    [
        (53003, (200, "A rule of your company")),
        (7000215, (503, "Our own set-up is wrong")),
        (54005, (200, "sign in again")),
        (90033, (503, "not answering just now")),
    ],
)
def test_each_error_of_the_token_endpoint_has_its_page(
    alice: Traveller, acme: Stored, sandbox: SandboxClient, number: int, ending: tuple[int, str]
) -> None:
    answer = alice.answer(ALICE)
    sandbox.identity("script", who=ALICE, number=number)
    response = alice.return_with(answer)
    status, words = ending
    assert words in response.content.decode()
    assert response.status_code == status
    assert acme.counts() == NOTHING


def test_a_busy_token_endpoint_is_not_the_persons_fault(alice: Traveller, acme: Stored, sandbox: SandboxClient) -> None:
    answer = alice.answer(ALICE)
    sandbox.fault({"status": 503}, match={"path": "/token$"})
    response = alice.return_with(answer)
    assert response.status_code == 503
    assert "not answering just now" in response.content.decode()
    assert acme.counts() == NOTHING


def test_when_microsoft_is_away_the_button_says_so(alice: Traveller, acme: Stored, sandbox: SandboxClient) -> None:
    sandbox.fault({"close": True}, match={"path": "openid-configuration"})
    response = alice.press_connect()
    assert response.status_code == 503
    assert "not answering just now" in response.content.decode()
    assert acme.counts() == NOTHING


def test_a_busy_graph_does_not_spoil_a_good_sign_in(alice: Traveller, acme: Stored, sandbox: SandboxClient) -> None:
    sandbox.fault({"status": 503}, match={"path": "/me/calendar"})
    assert alice.connect(ALICE).status_code == 303
    assert acme.connection.status == Status.ACTIVE


def test_answers_on_the_way_back_are_stored_nowhere_and_tell_no_other_site(alice: Traveller) -> None:
    posted = post_back(alice.answer(ALICE))
    finished = alice.finish(posted.headers["Location"])
    refused = alice.finish(posted.headers["Location"])
    for response in (posted, finished, refused):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"


def test_a_late_failure_does_not_undo_a_new_sign_in(alice: Traveller, acme: Stored) -> None:
    alice.connect(ALICE)
    stale = alice.client_of(acme.connection)
    alice.connect(ALICE)
    error = Refused("ErrorAccessDenied")
    error.opened_at = stale._opened_at
    record_failure(
        organization_id=acme.organization.pk, connection_id=acme.connection.pk, error=error, now=datetime.now(UTC)
    )
    assert acme.connection.status == Status.ACTIVE
