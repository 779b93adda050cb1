"""Signing up, in and out, and passwords: allauth behind our pages, with our mails."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from urllib.parse import quote, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from tenants import doors
from tenants.models import User
from tests.cast import PASSWORD, Cast, person, signed_in
from tests.mailing import deliver

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "a-quite-different-one"


def sign_up(client: Client, address: str, **more: str) -> HttpResponse:
    return client.post("/accounts/signup/", {"email": address, "password1": PASSWORD, **more})


def sign_in(client: Client, address: str, password: str = PASSWORD, **more: str) -> HttpResponse:
    return client.post("/accounts/login/", {"login": address, "password": password, **more})


def link_in(message: EmailMessage) -> str:
    """The path that the button of a mail leads to, from its text; the HTML must lead to the same place."""
    assert isinstance(message, EmailMultiAlternatives)
    (address,) = re.findall(r"^http\S+$", str(message.body), re.MULTILINE)
    html = str(message.alternatives[0][0])
    assert re.findall(r'href="([^"]+)"', html) == [address]
    assert address.startswith(f"{settings.ALMANAC_ORIGIN}/")
    return urlsplit(address).path


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.django_db(transaction=True)
def test_two_sign_ups_at_once_with_one_address_make_one_person_and_no_error():
    together = Barrier(4)

    def click(_: int) -> int:
        together.wait()
        try:
            return sign_up(Client(raise_request_exception=False), "New@acme.example").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as several:
        assert list(several.map(click, range(4))) == [302] * 4
    assert [person.email for person in User.objects.all()] == ["new@acme.example"]


def test_from_signing_up_over_the_mail_to_an_organization_of_ones_own():
    client = Client()
    sent = sign_up(client, "carol@initech.example")
    assert sent["Location"] == "/accounts/confirm-email/"
    assert b"Look into your mail" in client.get(sent["Location"]).content
    assert not is_signed_in(client)

    confirm = link_in(deliver()[0])
    assert deliver()[0].to == ["carol@initech.example"]
    assert b"carol@initech.example" in client.get(confirm).content
    assert not EmailAddress.objects.get(email="carol@initech.example").verified, "a GET changed something"

    confirmed = client.post(confirm)
    assert confirmed["Location"] == "/home/"
    assert is_signed_in(client)
    assert client.get("/home/")["Location"] == "/new/"
    founded = client.post("/new/", {"name": "Initech", "slug": "initech"})
    assert founded["Location"] == "/o/initech/"
    assert client.get("/home/")["Location"] == "/o/initech/"


def test_a_confirmation_in_another_browser_confirms_but_signs_nobody_in():
    sign_up(Client(), "carol@initech.example")
    other = Client()

    answer = other.post(link_in(deliver()[0]))

    assert answer["Location"] == "/accounts/login/"
    assert not is_signed_in(other)
    assert EmailAddress.objects.get(email="carol@initech.example").verified


def test_nobody_signs_in_before_the_address_is_confirmed():
    sign_up(Client(), "carol@initech.example")
    client = Client()
    assert sign_in(client, "carol@initech.example")["Location"] == "/accounts/confirm-email/"
    assert not is_signed_in(client)


def test_a_confirmation_link_that_was_made_up_or_used_says_so():
    client = Client()
    sign_up(client, "carol@initech.example")
    link = link_in(deliver()[0])
    client.post(link)
    for path in (link, "/accounts/confirm-email/made-up/", "/accounts/confirm-email/x:y:z/"):
        page = Client().get(path)
        assert page.status_code == 200
        assert b"This link does not work any more" in page.content


def test_signing_up_looks_the_same_whether_or_not_the_address_has_an_account(cast: Cast):
    answers = []
    for address in ("carol@initech.example", cast.alice.email):
        client = Client()
        answer = sign_up(client, address)
        answers.append((answer.status_code, answer["Location"], plain(client.get(answer["Location"]))))
    assert answers[0] == answers[1]
    assert [message.subject for message in deliver()] == [
        "Confirm your e-mail address",
        "You have an account already",
    ]
    assert link_in(deliver()[1]) == "/accounts/password/reset/"
    assert User.objects.filter(email__iexact=cast.alice.email).count() == 1


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


def test_signing_up_costs_the_same_whether_or_not_the_address_has_an_account(cast: Cast, settings):
    """A hash takes a good part of a second, so one that is left out tells. Nothing else of that size is left: no mail
    is sent before the page is."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    costs = []
    for address in ("carol@initech.example", cast.alice.email):
        CountingHasher.hashed = 0
        sign_up(Client(), address)
        costs.append(CountingHasher.hashed)
    assert costs == [1, 1]
    assert len(doors.waiting_mails(datetime.now(UTC))) == 2, "a mail each, and none has been sent by the page"


def test_asking_for_a_new_password_looks_the_same_whether_or_not_the_address_has_an_account(cast: Cast):
    answers = []
    for address in ("nobody@initech.example", cast.alice.email):
        client = Client()
        answer = client.post("/accounts/password/reset/", {"email": address})
        answers.append((answer.status_code, answer["Location"], plain(client.get(answer["Location"]))))
    assert answers[0] == answers[1]
    assert [message.subject for message in deliver()] == [
        "There is no account with this address",
        "Set a new password",
    ]


def test_a_wrong_password_and_an_unknown_address_look_the_same(cast: Cast):
    pages = [plain(sign_in(Client(), address, "wrong")) for address in (cast.alice.email, "alicf@acme.example")]
    assert pages[0].replace(cast.alice.email, "alicf@acme.example") == pages[1]


def plain(page: HttpResponse) -> str:
    """A page without what differs from one answer to the next."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())


def test_a_password_is_reset_by_mail_once_and_older_sessions_end(cast: Cast):
    elsewhere, client = signed_in(cast.alice), Client()
    client.post("/accounts/password/reset/", {"email": cast.alice.email})
    link = link_in(deliver()[0])

    clean = client.get(link)
    assert clean["Location"].endswith("-set-password/"), "the key stayed in the address"
    assert b"Set a new password" in client.get(clean["Location"]).content
    done = client.post(clean["Location"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert done["Location"] == "/accounts/password/reset/key/done/"

    assert [message.subject for message in deliver()[1:]] == ["Your password was reset"]
    assert elsewhere.get("/new/")["Location"].startswith("/accounts/login/")
    assert sign_in(Client(), cast.alice.email).status_code == 200
    assert sign_in(Client(), cast.alice.email, NEW_PASSWORD)["Location"] == "/home/"
    assert b"This link does not work any more" in Client().get(link).content


@pytest.mark.parametrize("path", ["1-made-up", "zzzzzzzzzzzzz-x", "0-set-password", "zzzzzzzzzzzzzzzz-x", "a-%00"])
def test_a_reset_link_that_was_made_up_says_so(path: str):
    page = Client().get(f"/accounts/password/reset/key/{path}/")
    assert page.status_code == 200
    assert b"This link does not work any more" in page.content


def test_changing_the_password_ends_every_session(cast: Cast):
    elsewhere, client = signed_in(cast.alice), Client()
    sign_in(client, cast.alice.email)
    client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    )
    assert not is_signed_in(client)
    assert elsewhere.get("/new/")["Location"].startswith("/accounts/login/")
    assert deliver()[-1].subject == "Your password was changed"


def test_signing_in_makes_a_new_session_key(cast: Cast):
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["kept"] = True
    session.save()
    before = session.session_key
    sign_in(client, cast.alice.email)
    assert client.session.session_key != before


def test_signing_out_asks_first_and_then_tells_the_browser_to_forget(cast: Cast):
    client = signed_in(cast.alice)
    assert b"Sign out?" in client.get("/accounts/logout/").content
    assert is_signed_in(client)

    answer = client.post("/accounts/logout/")

    assert not is_signed_in(client)
    assert answer["Location"] == "/"
    assert answer["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "http://localhost:8000@evil.example/",
        "http://testserver/new/",
        "evil.example",
        " //evil.example",
        "/\t/evil.example",
        "\x00/new/",
    ],
)
def test_nobody_is_led_out_of_this_site_after_signing_in(cast: Cast, wanted: str):
    for address in ("/accounts/login/", f"/accounts/login/?next={quote(wanted)}"):
        answer = Client().post(address, {"login": cast.alice.email, "password": PASSWORD, "next": wanted})
        assert answer["Location"] == "/home/"
    assert signed_in(cast.alice).post("/accounts/logout/", {"next": wanted})["Location"] == "/"


def test_a_path_of_this_site_is_remembered_over_signing_in(cast: Cast):
    answer = sign_in(Client(), cast.alice.email, next="/o/acme/calendar/?week=1")
    assert answer["Location"] == "/o/acme/calendar/?week=1"


def test_mails_lead_to_our_origin_whatever_the_host_says():
    client = Client(headers={"host": "127.0.0.1:4444"})
    sign_up(client, "carol@initech.example")
    sign_up(client, "carol@initech.example")
    client.post("/accounts/password/reset/", {"email": "carol@initech.example"})
    client.post("/accounts/password/reset/", {"email": "nobody@initech.example"})
    assert len(deliver()) >= 3
    for message in deliver():
        link_in(message)
        assert "127.0.0.1:4444" not in message.message().as_string()


def test_a_host_that_is_not_ours_is_refused():
    assert Client(headers={"host": "evil.example"}).get("/accounts/login/").status_code == 400


def test_guessing_a_password_ends_at_a_limit_that_no_spelling_of_host_or_address_gets_around(cast: Cast):
    answers = [
        sign_in(Client(headers={"host": f"localhost:{number}"}), spelling, f"wrong-{number}")
        for number, spelling in enumerate(("alice@acme.example", "ALICE@acme.example", " Alice@ACME.example ") * 2)
    ]
    assert all("Too many failed tries" not in answer.content.decode() for answer in answers[:5])
    assert "Too many failed tries" in answers[5].content.decode()
    last = Client()
    assert "Too many failed tries" in sign_in(last, cast.alice.email).content.decode()
    assert not is_signed_in(last)


def test_a_strangers_mailbox_is_not_filled_with_links(cast: Cast):
    answers = [Client().post("/accounts/password/reset/", {"email": cast.alice.email}) for _ in range(7)]
    assert len(deliver()) == 5
    assert answers[-1].status_code == 429
    assert "a little too often" in answers[-1].content.decode()


def test_a_closed_account_cannot_sign_in(cast: Cast):
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    client = Client()
    sign_in(client, cast.bob.email)
    assert not is_signed_in(client)


def test_an_address_is_added_and_made_the_main_one_only_when_confirmed(cast: Cast):
    client = Client()
    sign_in(client, cast.bob.email)
    asked = client.post("/accounts/email/", {"action_add": "", "email": "bob@home.example"})
    assert asked["Location"].startswith("/accounts/reauthenticate/"), "an address was added without the password"
    client.post(asked["Location"], {"password": PASSWORD})
    assert deliver()[-1].to == ["bob@home.example"]
    client.post("/accounts/email/", {"action_primary": "", "email": "bob@home.example"})
    assert User.objects.get(pk=cast.bob.pk).email == "bob@acme.example"

    client.post(link_in(deliver()[-1]))
    client.post("/accounts/email/", {"action_primary": "", "email": "bob@home.example"})

    assert User.objects.get(pk=cast.bob.pk).email == "bob@home.example"
    assert deliver()[-1].to == ["bob@acme.example"], "the old address is told"


BAD = ["\x00", "a\x00@b.example", "x" * 5000, "x" * 5000 + "@b.example", b"\xed\xa0\x80", "<script>", "a@b", ["a", "b"]]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/accounts/login/", ("login", "password")),
        ("/accounts/signup/", ("email", "password1")),
        ("/accounts/password/reset/", ("email",)),
    ],
)
def test_whatever_is_typed_into_the_forms_of_strangers_gets_a_page(path: str, fields: tuple[str, ...], value: object):
    page = Client().post(path, dict.fromkeys(fields, value))
    assert page.status_code in {200, 302}
    assert b"<script>" not in page.content
    assert not User.objects.exists()


@pytest.mark.parametrize("value", BAD)
def test_whatever_is_typed_into_the_forms_of_members_gets_a_page(cast: Cast, value: object):
    client = Client()
    sign_in(client, cast.bob.email)
    for path, names in (
        ("/accounts/email/", ("email", "action_add")),
        ("/accounts/email/", ("email", "action_primary")),
        ("/accounts/email/", ("email", "action_remove")),
        ("/accounts/email/", ("email", "action_send")),
        ("/accounts/password/change/", ("oldpassword", "password1", "password2")),
        ("/accounts/reauthenticate/", ("password",)),
    ):
        assert client.post(path, dict.fromkeys(names, value)).status_code in {200, 302, 429}
    assert EmailAddress.objects.filter(user=cast.bob).count() == 1
    assert client.get("/new/").status_code == 200


def test_an_account_without_organization_sees_none(cast: Cast):
    carol = person("carol")
    assert doors.organizations_of(carol.pk) == []
    assert signed_in(carol).get("/home/")["Location"] == "/new/"


@pytest.mark.parametrize("ask", [lambda c: c.get("/new/"), lambda c: c.get("/home/"), lambda c: c.post("/new/")])
def test_pages_behind_the_sign_in_ask_strangers_to_sign_in(ask: Callable[[Client], HttpResponse]):
    assert ask(Client())["Location"].startswith("/accounts/login/?next=")
