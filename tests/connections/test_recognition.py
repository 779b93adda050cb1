"""Continue with Microsoft: signing in, making an account, adding and removing; and who must not get in that way."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import orjson
import pytest
import requests
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from connections.models import AccountSignIn, Connection, MicrosoftIdentity
from connections.services import add_identity, forget_old_recognitions
from connections.tasks import forget_old_sign_ins
from tenants import crypto
from tenants.models import User
from tenants.scoping import organization_scope
from tests.cast import PASSWORD, Cast, code_now, signed_in, take_second_step
from tests.connections.conftest import ALICE, BOB, CALLBACK, FARID, FINISH, FORM, PAULA, post_back
from tests.mailing import deliver
from tests.sandbox.browser import Browser
from tests.sandbox_client import SandboxClient

CONTINUE, PAGE, NEW = "/accounts/microsoft/continue/", "/accounts/microsoft/", "/accounts/microsoft/new/"
CONTOSO = "3f7a4c1e-52d8-4b0e-9a6c-1d2e8b90c001"
ALICES_OID = "a11ce000-1b52-4c0d-8d5e-0c1f3a7be001"


@pytest.fixture(autouse=True)
def microsoft(sandbox: SandboxClient) -> SandboxClient:
    return sandbox


def begin(client: Client, address: str = CONTINUE, **fields: str) -> str:
    """Where at Microsoft the button leads."""
    pressed = client.post(address, fields)
    assert pressed.status_code == 303, pressed.content.decode()
    return pressed["Location"]


def answer(url: str, account: str) -> dict[str, str]:
    """What Microsoft posts after this account was chosen and everything accepted."""
    return Browser().sign_in(url, account).answer


def come_back(client: Client, fields: dict[str, str]) -> HttpResponse:
    posted = post_back(fields)
    return client.get(posted["Location"]) if posted.status_code == 303 else posted


def go_on(client: Client, account: str, **fields: str) -> HttpResponse:
    """The whole trip, from the button on the page for signing in."""
    return come_back(client, answer(begin(client, **fields), account))


def add(client: Client, account: str) -> HttpResponse:
    """The whole trip, from the page of one's account; the password was typed a moment ago."""
    return come_back(client, answer(begin(client, PAGE), account))


def at_home(user: User) -> Client:
    """A browser that has typed its password just now."""
    client = signed_in(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def who(client: Client) -> int | None:
    pk = client.session.get("_auth_user_id")
    return int(pk) if pk else None


def link_in(message: mail.EmailMessage) -> str:
    (address,) = re.findall(r"^http\S+$", str(message.body), re.MULTILINE)
    return urlsplit(address).path


@pytest.fixture
def known(cast: Cast) -> Cast:
    """Alice of acme has added her account at Contoso."""
    assert add(at_home(cast.alice), ALICE)["Location"] == PAGE
    return cast


# --- signing in -------------------------------------------------------------------------------------------------------


def test_an_account_that_was_added_signs_in(known: Cast):
    client = Client()
    back = go_on(client, ALICE, next="/o/acme/calendar/?view=week")
    assert (back.status_code, back["Location"]) == (302, "/o/acme/calendar/?view=week")
    assert who(client) == known.alice.pk
    assert client.get("/o/acme/").status_code == 200
    assert not AccountSignIn.objects.exists()


def test_microsoft_is_asked_who_it_is_and_for_nothing_else(db: None):
    query = parse_qs(urlsplit(begin(Client())).query)
    assert set(query["scope"][0].split()) == {"openid", "profile"}
    assert query["prompt"] == ["select_account"]
    assert query["response_mode"] == ["form_post"]
    assert query["code_challenge_method"] == ["S256"]


def test_signing_in_makes_a_new_session_key(known: Cast):
    client = Client()
    url = begin(client)
    before = client.session.session_key
    come_back(client, answer(url, ALICE))
    assert client.session.session_key != before


def test_where_codes_are_switched_on_microsoft_is_the_first_step_only(known: Cast):
    take_second_step(Client(), known.alice)
    client = Client()
    assert go_on(client, ALICE)["Location"] == "/accounts/2fa/authenticate/"
    assert who(client) is None
    client.post("/accounts/2fa/authenticate/", {"code": code_now()})
    assert who(client) == known.alice.pk


def test_an_organization_that_requires_a_second_step_is_not_content_with_microsoft(known: Cast):
    with organization_scope(known.acme.pk):
        type(known.acme).objects.filter(pk=known.acme.pk).update(requires_second_factor=True)
    client = Client()
    go_on(client, ALICE)
    asked = client.get("/o/acme/")
    assert asked.status_code == 403
    assert "asks for a second step" in asked.content.decode()


def test_a_closed_account_stays_closed(known: Cast):
    User.objects.filter(pk=known.alice.pk).update(is_active=False)
    client = Client()
    go_on(client, ALICE)
    assert who(client) is None


def test_an_address_that_is_not_confirmed_is_confirmed_first(known: Cast):
    EmailAddress.objects.filter(user=known.alice).update(verified=False)
    client = Client()
    assert go_on(client, ALICE)["Location"] == "/accounts/confirm-email/"
    assert who(client) is None


def test_no_token_is_kept(known: Cast):
    go_on(Client(), ALICE)
    with organization_scope(known.acme.pk):
        assert not Connection.objects.of(known.acme).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM connections_microsoftidentity t")
        assert all("eyJ" not in row[0] for row in cursor.fetchall())


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "/\\evil.example", "/" + "x" * 600])
def test_nobody_is_led_out_of_this_site(known: Cast, path: str):
    assert go_on(Client(), ALICE, next=path)["Location"] == "/home/"


# --- nobody else ------------------------------------------------------------------------------------------------------


def world_of(address: str, **more: Any) -> None:
    """A directory of an attacker's, who may write any address into it."""
    written = {
        "name": "evil",
        "tenants": [{"name": "Evil", "domain": "evil.example"}],
        "people": [{"name": "Alice Moreau", "address": address, "tenant": "evil.example", **more}],
    }
    made = requests.post(f"{django_settings.SANDBOX_URL}/_sandbox/reset", json={"world": written}, timeout=10)
    assert made.ok, made.text


def test_an_attackers_directory_that_gives_somebody_the_victims_address_opens_nothing(known: Cast):
    world_of(known.alice.email, mail=known.alice.email)
    client = Client()

    back = go_on(client, known.alice.email)

    assert back["Location"] == NEW, "an address found an account"
    page = client.get(NEW).content.decode()
    assert f'value="{known.alice.email}"' in page, "the sandbox did not say the victim's address: nothing was tried"
    asked = client.post(NEW, {"email": known.alice.email})
    assert asked["Location"] == "/accounts/confirm-email/"
    assert who(client) is None
    told = deliver()[-1]
    assert (told.subject, told.to) == ("You have an account already", [known.alice.email])
    assert "add it in the menu of your account" in " ".join(str(told.body).split())
    assert list(MicrosoftIdentity.objects.values_list("user_id", flat=True)) == [known.alice.pk]


def test_a_stranger_who_confirms_an_address_that_an_attacker_typed_gives_them_no_way_in(cast: Cast):
    """Somebody makes an account with an address that is not theirs, and its owner presses the button in the mail."""
    attacker, owner = Client(), Client()
    go_on(attacker, PAULA)
    attacker.post(NEW, {"email": "victim@initech.example"})

    owner.post(link_in(deliver()[-1]))

    assert EmailAddress.objects.get(email="victim@initech.example").verified
    assert not MicrosoftIdentity.objects.exists()
    assert go_on(attacker, PAULA)["Location"] == NEW
    assert who(attacker) is None
    assert go_on(Client(), PAULA)["Location"] == NEW


def test_the_link_back_is_good_in_the_browser_that_began_and_in_no_other(known: Cast):
    client, other = Client(), Client()
    begin(other)  # it has a session of its own
    posted = post_back(answer(begin(client), ALICE))

    refused = other.get(posted["Location"])

    assert refused.status_code == 403
    assert "Somebody else began this" in refused.content.decode()
    assert (who(other), who(client)) == (None, None)
    assert client.get(posted["Location"]).status_code == 410, "it was used up"


def test_a_browser_without_a_session_finishes_nothing(known: Cast):
    posted = post_back(answer(begin(Client()), ALICE))
    stranger = Client()
    assert stranger.get(posted["Location"]).status_code == 403
    assert who(stranger) is None


def test_who_has_signed_in_meanwhile_is_not_made_somebody_else(known: Cast):
    client = Client()
    fields = answer(begin(client), ALICE)
    client.post("/accounts/login/", {"login": known.bob.email, "password": PASSWORD})
    assert come_back(client, fields).status_code == 403
    assert who(client) == known.bob.pk


def test_a_link_back_is_good_once(known: Cast):
    client = Client()
    posted = post_back(answer(begin(client), ALICE))
    assert client.get(posted["Location"]).status_code == 302
    again = client.get(posted["Location"])
    assert again.status_code == 410
    assert Client().get(posted["Location"]).status_code == 410


def test_an_answer_is_taken_once_and_for_a_live_state_only(known: Cast):
    client = Client()
    fields = answer(begin(client), ALICE)
    assert post_back(fields).status_code == 303
    assert post_back(fields).status_code == 410
    assert post_back({**fields, "state": "made up"}).status_code == 410


def test_an_answer_to_another_trip_is_not_believed(known: Cast):
    """A code of one trip, posted with the state of another: verifier and nonce do not fit."""
    client = Client()
    victims = parse_qs(urlsplit(begin(client)).query)["state"][0]
    foreign = answer(begin(Client()), ALICE)
    back = come_back(client, {**foreign, "state": victims})
    assert back.status_code in {200, 400}
    assert who(client) is None


def test_a_token_that_was_made_for_another_nonce_is_not_believed(known: Cast):
    client = Client()
    fields = answer(begin(client), ALICE)
    trip = AccountSignIn.objects.get()
    place = f"connections_accountsignin.sealed_flow:{trip.key}"
    flow = orjson.loads(crypto.unseal(trip.sealed_flow, place=place))
    flow["flow"]["nonce"] = "another"
    AccountSignIn.objects.update(sealed_flow=crypto.seal(orjson.dumps(flow), place=place))

    back = come_back(client, fields)

    assert back.status_code == 400
    assert "could not read the answer" in back.content.decode()
    assert who(client) is None


def test_after_ten_minutes_or_two_after_the_answer_it_is_over(known: Cast):
    client = Client()
    fields = answer(begin(client), ALICE)
    AccountSignIn.objects.update(expires_at=datetime.now(UTC))
    assert post_back(fields).status_code == 410
    posted = post_back(answer(begin(client), ALICE))
    assert AccountSignIn.objects.get(key_digest__isnull=False).expires_at < datetime.now(UTC) + timedelta(minutes=2)
    AccountSignIn.objects.update(expires_at=datetime.now(UTC))
    assert client.get(posted["Location"]).status_code == 410
    assert who(client) is None


def test_a_sealed_flow_that_is_hung_on_another_trip_does_not_open(known: Cast):
    client = Client()
    fields = answer(begin(client), ALICE)
    begin(Client())
    foreign = AccountSignIn.objects.latest("pk")
    AccountSignIn.objects.exclude(pk=foreign.pk).update(sealed_flow=bytes(foreign.sealed_flow))
    assert come_back(client, fields).status_code == 410


def test_signing_in_and_connecting_are_different_trips(known: Cast):
    """An answer to a sign-in connects no calendar, and one for a calendar signs nobody in."""
    alice = at_home(known.alice)
    url = alice.post("/o/acme/connect/", {})["Location"]
    posted = post_back(answer(url, ALICE))
    stranger = Client()
    assert stranger.get(posted["Location"]).status_code == 403
    assert who(stranger) is None


@pytest.mark.parametrize("fields", [{}, {"code": "x"}, {"error": "x" * 100}, {"code": "\x00"}])
def test_any_answer_gets_a_page(db: None, fields: dict[str, str]):
    client = Client()
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    posted = Client().post(CALLBACK, urlencode({**fields, "state": state}), content_type=FORM)
    assert client.get(posted["Location"]).status_code in {200, 400, 503}
    assert who(client) is None


def test_who_says_no_at_microsoft_reads_so_and_can_try_again(db: None):
    client, there = Client(), Browser()
    page = there.choose(there.get(begin(client)), BOB)
    back = come_back(client, there.press(page, "cancel").answer)
    assert "You said no at Microsoft" in back.content.decode()
    assert f'action="{CONTINUE}"' in back.content.decode()


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"error": "access_denied", "error_description": "AADSTS50105: x"}, 200, "not on the list of your company"),
        ({"error": "access_denied", "error_description": "AADSTS53003: x"}, 200, "Microsoft does not let you in"),
        ({"error": "access_denied", "error_subcode": "cancel"}, 200, "Your company decides which apps"),
        ({"error": "interaction_required"}, 200, "wants you to sign in again"),
        ({"error": "temporarily_unavailable"}, 503, "is not answering just now"),
        ({"error": "unauthorized_client"}, 503, "Our own set-up"),
        ({"error": "made_up"}, 400, "could not read the answer"),
    ],
)
def test_whatever_microsoft_says_no_to_has_a_page_that_says_who_can_help(
    db: None, fields: dict[str, str], status: int, words: str
):
    client = Client()
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    back = come_back(client, {**fields, "state": state})
    assert (back.status_code, words in back.content.decode()) == (status, True), back.content.decode()
    assert "Who can solve it" in back.content.decode()
    assert who(client) is None


def test_what_is_kept_of_a_trip_is_sealed(db: None):
    client = Client()
    url = begin(client)
    fields = answer(url, BOB)
    posted = post_back(fields)
    key = parse_qs(urlsplit(posted["Location"]).query)["k"][0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text, sealed_flow, sealed_fields FROM connections_accountsignin t")
        kept = b"".join(part.encode() if isinstance(part, str) else bytes(part) for row in cursor for part in row)
    session = str(client.session.session_key)
    for secret in (fields["code"], fields["state"], key, session, "code_verifier", BOB):
        assert secret.encode() not in kept


def test_microsoft_out_of_order_is_a_page(db: None, sandbox: SandboxClient):
    client = Client()
    fields = answer(begin(client), BOB)
    sandbox.fault({"status": 503}, match={"path": "/oauth2/v2.0/token"})
    back = come_back(client, fields)
    assert back.status_code == 503
    assert "Microsoft is not answering just now" in back.content.decode()


def test_personal_accounts_are_refused_where_they_are_not_allowed(db: None, settings: Settings):
    client = Client()
    fields = answer(begin(client), PAULA)
    settings.PERSONAL_ACCOUNTS = False
    back = come_back(client, fields)
    assert back.status_code == 403
    assert "use your work account" in back.content.decode()


def test_beginning_without_end_meets_a_limit(db: None):
    answers = [Client().post(CONTINUE).status_code for _ in range(22)]
    assert answers[-1] == 429
    assert AccountSignIn.objects.count() <= 20


def test_one_browser_has_few_trips_under_way(db: None):
    client = Client()
    for _ in range(8):
        begin(client)
    assert AccountSignIn.objects.count() == 5


def test_trips_that_nobody_came_back_from_are_forgotten(db: None):
    begin(Client())
    assert forget_old_recognitions(now=datetime.now(UTC)) == 0
    AccountSignIn.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    forget_old_sign_ins()
    assert not AccountSignIn.objects.exists()


# --- making an account ------------------------------------------------------------------------------------------------


def test_somebody_new_makes_an_account_once_the_address_is_confirmed_and_signs_in_from_then_on(db: None):
    client = Client()
    assert go_on(client, BOB, next="/new/?from=here")["Location"] == NEW
    page = client.get(NEW).content.decode()
    assert f'value="{BOB}"' in page
    assert not User.objects.exists(), "nothing is made before somebody says so"
    sent = client.post(NEW, {"email": "bob@home.example"})
    assert sent["Location"] == "/accounts/confirm-email/"
    assert who(client) is None
    assert deliver()[-1].to == ["bob@home.example"]
    assert not MicrosoftIdentity.objects.exists(), "added before anybody has confirmed"
    assert go_on(Client(), BOB)["Location"] == NEW

    confirmed = client.post(link_in(deliver()[-1]))

    bob = User.objects.get()
    assert confirmed["Location"] == "/new/?from=here"
    assert who(client) == bob.pk
    assert (bob.email, bob.name, bob.has_usable_password()) == ("bob@home.example", "Bob Ito", False)
    later = Client()
    assert go_on(later, BOB)["Location"] == "/home/"
    assert who(later) == bob.pk


def test_the_page_after_an_address_with_an_account_is_the_same(cast: Cast):
    answers = []
    for address in (cast.alice.email, "somebody@new.example"):
        client = Client()
        go_on(client, PAULA)
        sent = client.post(NEW, {"email": address})
        page = client.get(sent["Location"]).content.decode()
        answers.append((sent.status_code, sent["Location"], re.sub(r'value="\w{64}"', "", page)))
    assert answers[0] == answers[1]


def test_without_a_trip_to_microsoft_there_is_no_such_page(cast: Cast):
    for ask in (Client().get, Client().post):
        assert ask(NEW)["Location"] == "/accounts/signup/"
    assert signed_in(cast.bob).get(NEW)["Location"] == "/home/"


@pytest.mark.parametrize("value", ["", "\x00", "x" * 5000, "a@b", "<script>", b"\xed\xa0\x80", ["a", "b"]])
def test_whatever_is_typed_as_an_address_gets_a_page(db: None, value: object):
    client = Client()
    go_on(client, PAULA)
    page = client.post(NEW, {"email": value})
    assert page.status_code in {422, 302}
    assert b"<script>alert" not in page.content
    assert not User.objects.exists()


# --- adding and removing ----------------------------------------------------------------------------------------------


def test_adding_and_removing_take_the_password_of_a_moment_ago(cast: Cast):
    client = signed_in(cast.alice)
    for fields in ({"remove": "1"}, {}):
        asked = client.post(PAGE, fields)
        assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not AccountSignIn.objects.exists()
    resumed = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": PAGE})
    assert resumed.status_code == 303, "the way to Microsoft goes on after the password"
    assert resumed["Location"].startswith(tuple(django_settings.LOGIN_ORIGINS_FOR_BROWSERS))
    assert Client().get(PAGE)["Location"].startswith("/accounts/login/?next=")


def test_the_page_shows_what_was_added_and_takes_it_away(known: Cast):
    client = at_home(known.alice)
    assert ALICE in client.get(PAGE).content.decode()
    told = deliver()[-1]
    assert (told.subject, told.to) == ("A Microsoft account opens your account", [known.alice.email])
    identity = MicrosoftIdentity.objects.get()
    assert (str(identity.tid), str(identity.oid), identity.user_id) == (CONTOSO, ALICES_OID, known.alice.pk)

    gone = client.post(PAGE, {"remove": identity.pk})

    assert gone["Location"] == PAGE
    assert not MicrosoftIdentity.objects.exists()
    assert deliver()[-1].subject == "A Microsoft account was removed"
    assert go_on(Client(), ALICE)["Location"] == NEW


def test_nobody_removes_somebody_elses(known: Cast):
    identity = MicrosoftIdentity.objects.get()
    for value in (identity.pk, 0, "x", "9" * 30):
        assert at_home(known.mallory).post(PAGE, {"remove": value}).status_code == 404
    assert MicrosoftIdentity.objects.exists()


def test_one_account_at_microsoft_opens_one_account_here(known: Cast):
    mallory = at_home(known.mallory)
    back = add(mallory, ALICE)
    assert back.status_code == 409
    assert "opens another account" in back.content.decode()
    assert MicrosoftIdentity.objects.get().user_id == known.alice.pk


def test_adding_it_twice_is_harmless_and_another_one_may_be_added(known: Cast):
    client = at_home(known.alice)
    assert add(client, ALICE)["Location"] == PAGE
    assert add(client, FARID)["Location"] == PAGE
    assert add(client, PAULA)["Location"] == PAGE
    assert MicrosoftIdentity.objects.filter(user=known.alice).count() == 3


def test_the_only_way_in_is_not_removed(known: Cast):
    known.alice.set_unusable_password()
    known.alice.save()
    client = Client()
    go_on(client, ALICE)
    identity = MicrosoftIdentity.objects.get()

    refused = client.post(PAGE, {"remove": identity.pk})

    assert refused.status_code == 409
    assert "This is your only way in" in refused.content.decode()
    assert "/accounts/password/set/" in refused.content.decode()
    assert MicrosoftIdentity.objects.exists()
    add_identity(
        user_id=known.alice.pk,
        tid=identity.tid,
        oid=uuid4(),
        address="",
        name="",
        now=datetime.now(UTC),
    )
    assert client.post(PAGE, {"remove": identity.pk})["Location"] == PAGE


def test_a_trip_to_add_finished_after_signing_out_adds_nothing(cast: Cast):
    client = at_home(cast.alice)
    fields = answer(begin(client, PAGE), ALICE)
    client.post("/accounts/logout/")
    assert come_back(client, fields).status_code == 403
    assert not MicrosoftIdentity.objects.exists()


def test_finishing_by_a_key_that_was_made_up_says_so(db: None):
    for key in ("", "x", "%00", "a" * 3000):
        assert Client().get(f"{FINISH}?k={key}").status_code == 410
