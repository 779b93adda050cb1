"""The Django admin: for staff, read only, as a role that may not read more."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from tenants.admin import SupportAdmin
from tenants.models import Organization, User
from tests.cast import PASSWORD, Cast, code_now, signed_in, take_second_step

pytestmark = pytest.mark.django_db
PAGES = ("/admin/", "/admin/tenants/", "/admin/tenants/organization/", "/admin/tenants/user/")


def test_staff_see_how_things_stand(cast: Cast):
    client = signed_in(cast.support)
    for page in PAGES:
        assert client.get(page).status_code == 200, page
    listed = client.get("/admin/tenants/organization/").content.decode()
    assert "Globex" in listed
    (people, owners) = re.findall(r'field-(?:people|owners)">(\d+)<', listed.split("Acme")[1])[:2]
    assert (people, owners) == ("3", "1")
    shown = client.get(f"/admin/tenants/organization/{cast.acme.pk}/change/").content.decode()
    assert "Acme" in shown
    person = client.get(f"/admin/tenants/user/{cast.bob.pk}/change/").content.decode()
    assert "bob@acme.example" in person
    assert "Bob Ito" not in person


@pytest.mark.parametrize(("page", "query", "found"), [
    ("organization", "q=glob", ["globex"]),
    ("organization", "q=ACME", ["acme"]),
    ("organization", "q=%00", ["acme", "globex"]),  # refused above the list, which shows all
    ("organization", f"q={'x' * 5000}", []),
    ("organization", "o=4.-5&p=99999", ["acme", "globex"]),
    ("user", "q=mallory%40", ["mallory@globex.example"]),
    ("user", "is_staff__exact=1", ["support@almanac.example"]),
])  # fmt: skip
def test_staff_search_and_filter(cast: Cast, page: str, query: str, found: list[str]):
    answer = signed_in(cast.support).get(f"/admin/tenants/{page}/?{query}", follow=True)
    assert answer.status_code == 200
    everybody = ["acme", "globex"] if page == "organization" else [user.email for user in cast.people]
    content = answer.content.decode().split("<tbody>")[-1] if "<tbody>" in answer.content.decode() else ""
    assert [name for name in everybody if f">{name}<" in content] == found


def test_no_hash_of_a_password_is_shown_or_loaded(cast: Cast):
    client = signed_in(cast.support)
    for page in (*PAGES, f"/admin/tenants/user/{cast.bob.pk}/change/"):
        assert cast.bob.password not in client.get(page).content.decode()


def test_nothing_can_be_added_changed_or_deleted(cast: Cast):
    client = signed_in(cast.support)
    for kind, pk in (("organization", cast.acme.pk), ("user", cast.bob.pk)):
        assert client.get(f"/admin/tenants/{kind}/add/").status_code == 403
        assert client.post(f"/admin/tenants/{kind}/{pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.post(f"/admin/tenants/{kind}/{pk}/change/", {"name": "x", "is_staff": "on"}).status_code == 403
        assert client.get(f"/admin/tenants/{kind}/{pk}/history/").status_code == 404
    assert client.get("/admin/tenants/user/99999999999999999999/change/", follow=True).status_code == 200


def test_who_is_no_staff_finds_nothing_there(cast: Cast):
    for page in (*PAGES, "/admin/login/", "/admin/no-such-page/"):
        assert signed_in(cast.alice).get(page).status_code == 404
        assert Client().get(page)["Location"].startswith("/accounts/login/?next=/admin/")


def test_a_sign_in_of_long_ago_must_be_confirmed(cast: Cast):
    client = Client()
    client.post("/accounts/login/", {"login": cast.support.email, "password": PASSWORD})
    take_second_step(client, cast.support)
    assert client.get("/admin/").status_code == 200
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 12 * 3600
    session.save()

    asked = client.get("/admin/tenants/user/")
    assert asked["Location"] == "/accounts/reauthenticate/?next=/admin/tenants/user/"
    confirmed = client.post(asked["Location"], {"password": PASSWORD})
    assert confirmed["Location"] == "/admin/tenants/user/"
    assert client.get("/admin/tenants/user/").status_code == 200


def test_a_session_that_kept_no_record_counts_from_the_last_sign_in(cast: Cast):
    client = Client()
    client.force_login(cast.support)
    User.objects.filter(pk=cast.support.pk).update(last_login=timezone.now() - timedelta(hours=13))
    assert client.get("/admin/")["Location"].startswith("/accounts/reauthenticate/")


def test_staff_show_a_code_once_in_each_session(cast: Cast):
    signed_in(cast.support)  # in another browser, where the app was set up
    client = Client()
    client.force_login(cast.support)
    asked = client.get("/admin/tenants/user/?q=bob")
    assert asked.status_code == 403
    assert "The support desk asks for a second step" in asked.content.decode()
    assert "bob@acme.example" not in asked.content.decode()
    (way,) = re.findall(r'href="(/accounts/2fa/[^"]+)"', asked.content.decode().split("<main")[1])

    wrong = client.post(way, {"code": "abc"})
    assert "not the code of this moment" in wrong.content.decode()
    assert client.get("/admin/").status_code == 403
    shown = client.post(way, {"code": code_now()})

    assert shown["Location"] == "/admin/tenants/user/?q=bob"
    assert client.get(shown["Location"]).status_code == 200


def test_staff_without_an_authenticator_are_led_to_set_one_up(cast: Cast):
    client = Client()
    client.force_login(cast.support)
    asked = client.get("/admin/")
    assert asked.status_code == 403
    assert 'href="/accounts/2fa/totp/activate/?next=%2Fadmin%2F"' in asked.content.decode()


def test_an_authenticator_that_was_taken_away_opens_nothing_any_more(cast: Cast):
    client = signed_in(cast.support)
    Authenticator.objects.filter(user=cast.support).delete()
    assert client.get("/admin/").status_code == 403


def test_the_admins_own_doors_lead_to_the_pages_of_everybody(cast: Cast):
    client = signed_in(cast.support)
    assert client.get("/admin/login/")["Location"] == "/admin/"
    assert client.get("/admin/logout/")["Location"] == "/accounts/logout/"
    assert client.get("/admin/password_change/")["Location"] == "/accounts/password/change/"
    assert client.get(f"/admin/r/1/{cast.bob.pk}/").status_code == 404


def test_pages_that_libraries_bring_along_are_not_taken():
    assert all(isinstance(page, SupportAdmin) for page in admin.site._registry.values())
    assert not any(model.__module__.startswith(("allauth", "django")) for model in admin.site._registry)
    admin.site.register(Group, ModelAdmin)
    assert not admin.site.is_registered(Group)
    assert admin.site.is_registered(Organization)


@pytest.mark.parametrize(
    "address",
    [
        "connections/connection/?status__exact=%00",
        "connections/connection/?reason=%00",
        "webhooks/subscription/?created_at__year=99999",
        "tenants/user/?date_joined__gte=soon",
    ],
)
def test_an_address_that_asks_for_what_cannot_be_is_no_error_of_ours(cast: Cast, address: str):
    browser = signed_in(cast.support)
    browser.raise_request_exception = False
    assert browser.get(f"/admin/{address}", follow=True).status_code == 200
