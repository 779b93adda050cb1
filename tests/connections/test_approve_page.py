"""The page for an administrator without an account: what it shows, what it keeps to itself, and dead links."""

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client, override_settings

from config.logs import route_of
from connections.models import ApprovalState
from connections.views.guessing import MOST_GUESSES
from tenants.models import AuditEntry, ConsentState
from tenants.scoping import organization_scope
from tests.cast import Cast
from tests.connections.approving import Administrator, Requests, ask, link_on, sent, words
from tests.connections.conftest import Traveller


@pytest.fixture
def acmes(cast: Cast) -> Requests:
    return Requests(cast.acme)


@pytest.fixture
def fiona(bob: Traveller) -> Administrator:
    return Administrator(link_on(bob, ask(bob)))


def test_it_names_organization_person_permissions_and_how_to_withdraw(fiona: Administrator) -> None:
    page = words(fiona.open())
    for piece in (
        "Acme asks for your approval",
        "Bob Ito",
        "bob@acme.example",
        "fabrikam.example",
        "Calendars.Read",
        "User.Read",
        "offline_access",
        "openid",
        "Read mail, files, contacts or chats",
        "Enterprise applications",
        settings.SUPPORT_ADDRESS,
        settings.MICROSOFT_CLIENT_ID,
        "Continue to Microsoft",
        "Decline and tell them",
    ):
        assert piece in page
    assert "Calendars.ReadWrite" not in page


def test_whoever_holds_the_link_sees_organization_person_permissions_and_no_more(
    fiona: Administrator, alice: Traveller, cast: Cast, acmes: Requests
) -> None:
    ask(alice)
    page = words(fiona.open())
    for secret in (
        "Alice",
        "alice@",
        "Ada",
        "/o/acme",
        str(acmes.one.key),
        acmes.one.link_digest,
        str(acmes.tenant.tid),
    ):
        assert secret not in page
    for path in ("/o/acme/", "/o/acme/ask/", f"/o/acme/ask/{acmes.one.pk}/"):
        assert fiona.here.get(path).headers["Location"].startswith("/accounts/login/")


def test_the_token_is_in_no_address_after_the_first(fiona: Administrator) -> None:
    first = fiona.here.get(fiona.link)
    assert (first.status_code, first.headers["Location"]) == (302, "/approve/")
    token = fiona.link.strip("/").rpartition("/")[2]
    assert token not in words(fiona.here.get("/approve/"))
    assert token not in str(dict(fiona.here.session))


def test_the_token_is_in_no_log(fiona: Administrator, caplog: pytest.LogCaptureFixture) -> None:
    response = fiona.here.get(fiona.link)
    assert route_of(response.wsgi_request) == "approve/<str:token>/"
    assert fiona.link.strip("/").rpartition("/")[2] not in caplog.text


def test_opening_it_changes_nothing(fiona: Administrator, acmes: Requests, cast: Cast) -> None:
    before = acmes.one.__dict__ | {"_state": None}
    with organization_scope(cast.acme.pk):
        entries = AuditEntry.objects.of(cast.acme).count()
    for _ in range(3):
        fiona.open()
        fiona.here.head(fiona.link)
    assert acmes.one.__dict__ | {"_state": None, "_django_version": None} == before | {"_django_version": None}
    with organization_scope(cast.acme.pk):
        assert AuditEntry.objects.of(cast.acme).count() == entries
    assert sent() == []


def test_acting_needs_a_post_with_a_token_of_the_form(fiona: Administrator, acmes: Requests) -> None:
    careful = Administrator(fiona.link, here=Client(enforce_csrf_checks=True))
    careful.open()
    for button in ("continue", "decline", "prove"):
        assert careful.press(button).status_code == 403
        assert careful.here.get(f"/approve/{button}/").status_code == 405
    assert acmes.one.state == ApprovalState.WAITING


def test_who_declines_ends_it_and_everybody_is_told_once(
    fiona: Administrator, alice: Traveller, bob: Traveller, acmes: Requests, cast: Cast
) -> None:
    ask(alice)
    fiona.open()
    page = fiona.press("decline")
    assert "2 people have been told" in words(page)
    assert fiona.press("decline").status_code == 404
    assert sorted(address for address, _ in sent()) == ["alice@acme.example", "bob@acme.example"]
    assert {subject.split(":")[0] for _, subject in sent()} == {"Declined"}
    assert (acmes.one.state, acmes.tenant.state) == (ApprovalState.DECLINED, ConsentState.UNKNOWN)
    with organization_scope(cast.acme.pk):
        entry = AuditEntry.objects.of(cast.acme).get(act="approval.declined")
    assert (entry.actor_kind, entry.ip) == ("administrator", "127.0.0.1")
    assert "An administrator declined" in words(bob.here.get("/o/acme/"))


# --- links that lead nowhere ------------------------------------------------------------------------------------------


def bare(response: object) -> bytes:
    return re.sub(rb'(value|content)="[A-Za-z0-9]{64}"', b"", response.content)  # type: ignore[attr-defined]


def test_wrong_used_taken_back_and_expired_look_alike(bob: Traveller, acmes: Requests) -> None:
    def fresh() -> Administrator:
        return Administrator(link_on(bob, ask(bob)))

    used = fresh()
    used.open()
    used.press("decline")
    taken_back = fresh()
    bob.here.post(f"/o/acme/ask/{acmes.all()[-1].pk}/take-back/")
    replaced = fresh()
    bob.here.post(f"/o/acme/ask/{acmes.all()[-1].pk}/link/")
    expired = fresh()
    acmes.change(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    made_up = Administrator(f"/approve/{secrets.token_urlsafe(32)}/")
    short, odd = Administrator("/approve/x/"), Administrator("/approve/%00%ff/")
    nothing = Administrator("/approve/")
    pages = [one.here.get(one.link) for one in (used, taken_back, replaced, expired, made_up, short, odd, nothing)]
    assert {page.status_code for page in pages} == {404}
    assert len({bare(page) for page in pages}) == 1
    headers = {tuple(sorted((k, v) for k, v in page.headers.items() if k != "X-Request-Id")) for page in pages}
    assert len(headers) == 1, "nor by a header"


def test_a_link_that_dies_while_the_page_is_open_says_so_at_the_next_click(
    fiona: Administrator, bob: Traveller, acmes: Requests
) -> None:
    fiona.open()
    bob.here.post(f"/o/acme/ask/{acmes.one.pk}/take-back/")
    for button in ("continue", "decline", "prove"):
        page = fiona.press(button)
        assert page.status_code == 404
        assert "There is nothing to approve here" in words(page)


def test_guessing_is_stopped_by_address_of_the_network(fiona: Administrator) -> None:
    guesser = Client()
    for _ in range(MOST_GUESSES):
        assert guesser.get(f"/approve/{secrets.token_urlsafe(32)}/").status_code == 404
    limited = guesser.get(f"/approve/{secrets.token_urlsafe(32)}/")
    assert limited.status_code == 429
    assert "Wait a minute" in words(limited)
    assert guesser.get(fiona.link).status_code == 429, "a right guess would look no better"
    assert Client(REMOTE_ADDR="192.0.2.7").get(fiona.link).status_code == 302


def test_good_links_are_not_counted(fiona: Administrator) -> None:
    for _ in range(MOST_GUESSES + 5):
        assert fiona.here.get(fiona.link).status_code == 302


@override_settings(PUBLISHER="Almanac Ltd", PUBLISHER_VERIFIED=True, SUPPORT_ADDRESS="help@almanac.example")
def test_publisher_and_contact_are_those_of_the_installation(fiona: Administrator) -> None:
    page = words(fiona.open())
    assert "Almanac Ltd" in page
    assert "help@almanac.example" in page
    assert "Microsoft has verified us" in page


def test_links_open_after_the_keys_were_changed(fiona: Administrator, bob: Traveller, acmes: Requests) -> None:
    old = settings.SEAL_KEYS
    with override_settings(SEAL_KEYS=[("new1", b"n" * 32), *old]):
        call_command("rotate_keys")
    with override_settings(SEAL_KEYS=[("new1", b"n" * 32)]):
        assert link_on(bob, f"/o/acme/ask/{acmes.one.pk}/") == fiona.link
