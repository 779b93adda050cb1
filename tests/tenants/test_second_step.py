"""Two-step sign-in: setting it up, passing it, losing the phone; and organizations that require it."""

import base64
import re
from contextlib import nullcontext
from urllib.parse import unquote

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from tenants.models import Organization
from tenants.scoping import organization_scope
from tenants.services import reseal_second_factors
from tests.cast import CODES_KEY, PASSWORD, Cast, code_now, signed_in, take_second_step
from tests.mailing import deliver

pytestmark = pytest.mark.django_db
ACTIVATE, CODES, ENTER = "/accounts/2fa/totp/activate/", "/accounts/2fa/recovery-codes/", "/accounts/2fa/authenticate/"


def by_password(cast: Cast) -> Client:
    """Bob's browser after the first step."""
    client = Client()
    client.post("/accounts/login/", {"login": cast.bob.email, "password": PASSWORD})
    return client


def confirmed(client: Client, path: str) -> HttpResponse:
    """The page, after the password was typed again for it."""
    asked = client.get(path)
    if asked.status_code == 302 and asked["Location"].startswith("/accounts/reauthenticate/"):
        client.post(asked["Location"], {"password": PASSWORD})
        asked = client.get(path)
    return asked


def set_up(client: Client, run_hooks: DjangoCaptureOnCommitCallbacks | None = None) -> HttpResponse:
    """Through the pages, with the key that they show; the page of recovery codes."""
    page = confirmed(client, ACTIVATE).content.decode()
    key = re.sub(r"\s", "", re.findall(r'key-text">([^<]+)<', page)[0])
    session = client.session
    session["mfa.totp.secret"] = CODES_KEY  # so that `code_now` is the app
    session.save()
    assert re.fullmatch(r"[A-Z2-7]{32}", key)
    with run_hooks(execute=True) if run_hooks else nullcontext():
        done = client.post(ACTIVATE, {"code": code_now()})
    assert done["Location"] == CODES
    return client.get(CODES)


def require(organization: Organization) -> None:
    with organization_scope(organization.pk):
        Organization.objects.filter(pk=organization.pk).update(requires_second_factor=True)


def test_setting_it_up_shows_a_picture_and_the_key_and_then_the_recovery_codes_once(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    client = by_password(cast)
    picture = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', confirmed(client, ACTIVATE).content.decode())[0]
    svg = base64.b64decode(picture).decode()
    assert svg.endswith("</svg>")
    assert "style" not in svg, "our policy would not let it be drawn"

    page = set_up(client, django_capture_on_commit_callbacks).content.decode()

    codes = re.findall(r"<li><code>(\d{8})</code></li>", page)
    assert len(set(codes)) == 10
    (text,) = re.findall(r'href="data:text/plain;charset=utf-8,([^"]+)"', page)
    assert unquote(text).split()[-10:] == codes
    again = client.get(CODES).content.decode()
    assert not [code for code in codes if code in again]
    assert "Codes are shown once" in again
    assert deliver()[-1].subject == "Two-step sign-in is on"
    assert client.get("/accounts/2fa/").status_code == 200


def test_signing_in_then_takes_a_code_and_each_code_works_once(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    set_up(by_password(cast), django_capture_on_commit_callbacks)
    client, other = Client(), Client()
    for browser in (client, other):
        asked = browser.post("/accounts/login/", {"login": cast.bob.email, "password": PASSWORD, "next": "/new/"})
        assert asked["Location"] == ENTER
        assert "_auth_user_id" not in browser.session
        assert "Now the second step" in browser.get(ENTER).content.decode()
    assert "not the code of this moment" in client.post(ENTER, {"code": "000 000"}).content.decode()
    code = code_now()
    assert client.post(ENTER, {"code": code})["Location"] == "/new/"
    assert "_auth_user_id" in client.session
    other.post(ENTER, {"code": code})
    assert "_auth_user_id" not in other.session, "somebody looked over a shoulder"


def test_without_the_phone_a_recovery_code_opens_the_account_once(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    page = set_up(by_password(cast), django_capture_on_commit_callbacks).content.decode()
    code = re.findall(r"<li><code>(\d{8})</code></li>", page)[3]
    first, second = by_password(cast), by_password(cast)
    assert first.post(ENTER, {"code": code})["Location"] == "/home/"
    assert second.post(ENTER, {"code": code}).status_code == 200
    assert "_auth_user_id" not in second.session


def test_guessing_a_code_ends_at_a_limit(cast: Cast):
    take_second_step(Client(), cast.bob)
    client = by_password(cast)
    answers = [client.post(ENTER, {"code": "x"}).content.decode() for _ in range(12)]
    assert "Too many failed tries" in answers[-1]
    assert "Too many failed tries" in client.post(ENTER, {"code": code_now()}).content.decode()


def test_switching_it_off_takes_the_password_again_and_voids_the_codes(cast: Cast):
    take_second_step(Client(), cast.bob)
    client = by_password(cast)
    client.post(ENTER, {"code": code_now()})
    page = confirmed(client, "/accounts/2fa/totp/deactivate/")
    assert "Switch two-step sign-in off?" in page.content.decode()
    assert client.post("/accounts/2fa/totp/deactivate/")["Location"] == "/accounts/2fa/"
    assert not Authenticator.objects.filter(user=cast.bob).exists()
    assert deliver()[-1].subject == "Two-step sign-in is off"
    assert "is off" in client.get("/accounts/2fa/").content.decode()


def test_new_recovery_codes_void_the_old_ones(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    client = by_password(cast)
    old = re.findall(r"<li><code>(\d{8})", set_up(client, django_capture_on_commit_callbacks).content.decode())
    with django_capture_on_commit_callbacks(execute=True):
        made = client.post("/accounts/2fa/recovery-codes/generate/")
    new = re.findall(r"<li><code>(\d{8})", client.get(made["Location"]).content.decode())
    assert len(new) == 10
    assert not set(new) & set(old)
    assert deliver()[-1].subject == "You have new recovery codes"


@pytest.mark.parametrize("value", ["", "\x00", "x" * 5000, "١٢٣٤٥٦", "<script>", b"\xed\xa0\x80", ["1", "2"]])
def test_whatever_is_typed_as_a_code_gets_a_page(cast: Cast, value: object):
    setting_up = by_password(cast)
    confirmed(setting_up, ACTIVATE)
    assert setting_up.post(ACTIVATE, {"code": value}).status_code == 200
    take_second_step(Client(), cast.bob)
    passing = by_password(cast)
    assert passing.post(ENTER, {"code": value}).status_code == 200
    assert signed_in(cast.bob).post("/accounts/2fa/reauthenticate/", {"code": value}).status_code == 200


def test_an_operator_helps_who_has_lost_phone_and_codes(cast: Cast, capsys: pytest.CaptureFixture[str]):
    take_second_step(Client(), cast.bob)
    call_command("forget_second_step", "Bob@acme.example")
    call_command("forget_second_step", "bob@acme.example")
    said = capsys.readouterr().out.splitlines()
    assert said == ["Two-step sign-in is off for this account.", "It was not on; nothing changed."]
    assert "_auth_user_id" in by_password(cast).session
    with pytest.raises(CommandError, match="Nobody"):
        call_command("forget_second_step", "nobody@acme.example")


# --- sealed -----------------------------------------------------------------------------------------------------------


def test_what_codes_rest_on_is_stored_sealed(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
):
    set_up(by_password(cast), django_capture_on_commit_callbacks)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        stored = "".join(row[0] for row in cursor.fetchall())
    assert CODES_KEY not in stored
    seeds = re.findall(r'"(?:seed|secret)": "([^"]+)"', stored)
    assert len(seeds) == 2
    assert not any(re.fullmatch(r"[0-9a-f]{80}", seed) for seed in seeds)


def test_rotating_keys_seals_them_anew_and_codes_still_work(cast: Cast, settings: Settings):
    take_second_step(Client(), cast.bob)
    old = settings.SEAL_KEYS
    settings.SEAL_KEYS = [("new", bytes(range(32))), *old]
    call_command("rotate_keys")
    assert reseal_second_factors() == 0
    settings.SEAL_KEYS = settings.SEAL_KEYS[:1]
    assert by_password(cast).post(ENTER, {"code": code_now()})["Location"] == "/home/"


def test_a_key_that_is_missing_is_said_and_nobody_gets_in_or_loses_anything(cast: Cast, settings: Settings):
    take_second_step(Client(), cast.bob)
    old = settings.SEAL_KEYS
    settings.SEAL_KEYS = [("new", bytes(range(32)))]
    client = by_password(cast)
    assert "We cannot check codes just now" in client.post(ENTER, {"code": code_now()}).content.decode()
    with pytest.raises(CommandError, match="Put that key back"):
        call_command("rotate_keys")
    settings.SEAL_KEYS = old
    assert client.post(ENTER, {"code": code_now()})["Location"] == "/home/"


# --- organizations that require it ------------------------------------------------------------------------------------


def test_an_organization_that_requires_it_shows_nothing_before_the_second_step(cast: Cast):
    require(cast.acme)
    client = signed_in(cast.bob)
    for path in (
        "/o/acme/",
        "/o/acme/connections/",
        "/o/acme/connect/",
        "/o/acme/calendar/stream/",
    ):
        for method in (client.get, client.post):
            answer = method(path)
            assert answer.status_code == 403, path
            assert "Acme asks for a second step" in answer.content.decode()


def test_it_holds_for_owners_and_for_no_other_organization(cast: Cast):
    require(cast.acme)
    assert signed_in(cast.alice).get("/o/acme/").status_code == 403
    assert signed_in(cast.mallory).get("/o/globex/").status_code == 200


def test_a_stranger_gets_the_404_of_nothing_there_and_not_the_question(cast: Cast):
    require(cast.acme)
    stranger = signed_in(cast.mallory)
    assert stranger.get("/o/acme/").status_code == 404
    assert "second step" not in stranger.get("/o/acme/").content.decode()
    assert Client().get("/o/acme/")["Location"].startswith("/accounts/login/")


@pytest.mark.django_db(transaction=True)
def test_the_page_leads_over_setting_it_up_back_to_where_one_was(cast: Cast):
    require(cast.acme)
    client = by_password(cast)
    asked = client.get("/o/acme/connections/?x=1").content.decode()
    assert 'href="/accounts/2fa/totp/activate/?next=%2Fo%2Facme%2Fconnections%2F%3Fx%3D1"' in asked

    page = set_up(client).content.decode()

    assert 'href="/o/acme/connections/?x=1">I have kept them, go on' in page
    assert client.get("/o/acme/connections/?x=1").status_code == 200


def test_a_session_from_before_confirms_with_a_code_and_is_back(cast: Cast):
    require(cast.acme)
    take_second_step(Client(), cast.bob)
    client = signed_in(cast.bob)
    asked = client.get("/o/acme/connections/").content.decode()
    (way,) = re.findall(r'href="(/accounts/2fa/reauthenticate/[^"]+)"', asked)
    assert client.post(way, {"code": code_now()})["Location"] == "/o/acme/connections/"
    assert client.get("/o/acme/connections/").status_code == 200


def test_a_post_that_was_stopped_leads_back_to_the_organizations_start(cast: Cast):
    require(cast.acme)
    stopped = signed_in(cast.bob).post("/o/acme/connect/", {"next": "/x/"})
    assert "next=%2Fo%2Facme%2F" in stopped.content.decode()


def test_a_fragment_of_a_page_sends_the_whole_page_to_the_question(cast: Cast):
    require(cast.acme)
    part = signed_in(cast.bob).get("/o/acme/calendar/freshness/", headers={"HX-Request": "true"})
    assert part.status_code == 403
    assert part["HX-Redirect"] == "/o/acme/"
    assert part.content == b""


def test_a_code_of_an_authenticator_that_is_gone_counts_no_more(cast: Cast):
    require(cast.acme)
    client = signed_in(cast.bob)
    take_second_step(client, cast.bob)
    assert client.get("/o/acme/").status_code == 200
    Authenticator.objects.filter(user=cast.bob).delete()
    assert client.get("/o/acme/").status_code == 403
