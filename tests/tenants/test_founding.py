"""Founding an organization."""

import threading
from datetime import datetime

import pytest
from django.db import connection

from tenants import doors, services
from tenants.models import Membership, Organization
from tenants.policies import Role
from tenants.scoping import organization_scope
from tests.cast import Cast, person, signed_in

pytestmark = pytest.mark.django_db


def test_whoever_founds_an_organization_owns_it(now: datetime):
    carol = person("carol")

    membership = services.found_organization(name="Initech", slug="initech", by=carol, now=now)

    assert (membership.role, membership.user, membership.created_at) == (Role.OWNER, carol, now)
    standing = doors.standing(user_id=carol.pk, slug="initech")
    assert standing == (membership.organization_id, membership.pk, Role.OWNER)


def test_a_slug_belongs_to_one_organization_and_nothing_is_half_stored(cast: Cast, now: datetime):
    with pytest.raises(services.SlugTaken):
        services.found_organization(name="Another Acme", slug="acme", by=cast.mallory, now=now)

    assert [card.slug for card in doors.organizations_of(cast.mallory.pk)] == ["globex"]
    assert doors.organization_by_slug("acme") == cast.acme.pk


@pytest.mark.parametrize("slug", ["", "admin", "Acme", "a--b", "-a", "a-", "a b", "ä", "a" * 51, "a\x00", "a/b"])
def test_a_slug_that_is_reserved_or_misshapen_is_refused_by_the_service_itself(slug: str, now: datetime):
    with pytest.raises(services.SlugRefused):
        services.found_organization(name="X", slug=slug, by=person("carol"), now=now)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_want_the_same_slug_at_the_same_moment_one_gets_it(now: datetime):
    people = [person(f"carol{number}") for number in range(6)]
    start = threading.Barrier(len(people))
    outcomes: list[str] = []

    def found(number: int) -> None:
        start.wait()
        try:
            services.found_organization(name="Initech", slug="initech", by=people[number], now=now)
            outcomes.append("founded")
        except services.SlugTaken:
            outcomes.append("taken")
        finally:
            connection.close()

    threads = [threading.Thread(target=found, args=(number,)) for number in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["founded"] + ["taken"] * 5
    organization_id = doors.organization_by_slug("initech")
    assert organization_id is not None
    with organization_scope(organization_id):
        assert Organization.objects.count() == Membership.objects.count() == 1


def test_nobody_owns_more_than_twenty_organizations(now: datetime):
    carol = person("carol")
    for number in range(services.ORGANIZATIONS_PER_OWNER):
        services.found_organization(name="X", slug=f"x-{number}", by=carol, now=now)
    with pytest.raises(services.TooManyOrganizations):
        services.found_organization(name="X", slug="one-more", by=carol, now=now)
    page = signed_in(carol).post("/new/", {"name": "X", "slug": "one-more"})
    assert page.status_code == 422
    assert b"You own 20 organizations" in page.content


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Smith & Sons", "smith-sons"),
        ("Müller GmbH", "muller-gmbh"),
        ("O'Reilly", "oreilly"),
        ("  Initech  ", "initech"),
        ("Acme", "acme-2"),
        ("Admin", "admin-2"),
        ("東京", ""),
        ("x" * 100, "x" * 47),
        ("\x00\x01", ""),
    ],
)
def test_the_suggested_slug_is_free_and_made_from_the_name(cast: Cast, name: str, slug: str):
    assert services.suggest_slug(name) == slug


def test_the_form_leads_to_the_new_organization(cast: Cast):
    carol = person("carol")

    answer = signed_in(carol).post("/new/", {"name": "Initech", "slug": "initech"})

    assert (answer.status_code, answer["Location"]) == (302, "/o/initech/")


def test_without_an_address_the_form_makes_one_from_the_name(cast: Cast):
    answer = signed_in(person("carol")).post("/new/", {"name": "Smith & Sons", "slug": ""})
    assert answer["Location"] == "/o/smith-sons/"


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"name": "", "slug": "initech"}, "name", "Give your organization a name"),
        ({"name": "Initech", "slug": "acme"}, "slug", "Another organization has this address"),
        ({"name": "Initech", "slug": "admin"}, "slug", "kept for Almanac itself"),
        ({"name": "Initech", "slug": "a b"}, "slug", "lower-case letters"),
        ({"name": "東京", "slug": ""}, "slug", "Choose an address"),
        ({"name": "x" * 5000, "slug": "initech"}, "name", "at most 100 characters"),
        ({"name": "Initech", "slug": "x" * 5000}, "slug", "at most 50 characters"),
        ({"name": "Ini\x00tech", "slug": "initech"}, "name", "cannot be shown"),
        ({"name": "Ini\ud800tech".encode("utf-8", "surrogatepass"), "slug": "nul\x00"}, "slug", "cannot be shown"),
        ({"name": "Ini\u202etech", "slug": "initech"}, "name", "cannot be shown"),
        ({"name": ["Initech", ""], "slug": "initech"}, "name", "Give your organization a name"),
        ({}, "name", "Give your organization a name"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_stored(
    cast: Cast, typed: dict[str, object], field: str, said: str
):
    carol = person("carol")

    page = signed_in(carol).post("/new/", typed)

    assert page.status_code == 422
    assert said in " ".join(page.context["form"].errors[field])
    assert f'id="{field}-errors"' in page.content.decode()
    assert said in page.content.decode()
    assert doors.organizations_of(carol.pk) == []


def test_the_form_survives_a_body_that_is_no_form(cast: Cast):
    client = signed_in(person("carol"))
    for content_type in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
        assert client.post("/new/", b'\xff\x00{"name": [1]}', content_type=content_type).status_code in {400, 422}


def test_while_the_name_is_typed_the_address_follows_until_somebody_has_chosen_one(cast: Cast):
    client = signed_in(person("carol"))
    first = client.get("/new/slug/", {"by_name": 1, "name": "Smith & Sons", "slug": "", "suggested": ""})
    assert 'value="smith-sons"' in first.content.decode()
    followed = client.get(
        "/new/slug/", {"by_name": 1, "name": "Jones", "slug": "smith-sons", "suggested": "smith-sons"}
    )
    assert 'value="jones"' in followed.content.decode()
    kept = client.get("/new/slug/", {"by_name": 1, "name": "Jones", "slug": "mine", "suggested": "smith-sons"})
    assert 'name="slug" type="text" value="mine"' in kept.content.decode()
    assert 'name="suggested" value="smith-sons"' in kept.content.decode()


@pytest.mark.parametrize(("slug", "said"), [("initech", "is free"), ("acme", "Another organization"), ("new", "kept")])
def test_the_address_is_checked_while_it_is_typed(cast: Cast, slug: str, said: str):
    page = signed_in(person("carol")).get("/new/slug/", {"slug": slug})
    assert said in page.content.decode()
    assert page.status_code == 200


@pytest.mark.parametrize("typed", ["\x00", "\udcff".encode("utf-8", "surrogatepass"), "x" * 5000, "<b>", "../.."])
def test_the_check_survives_whatever_is_typed(cast: Cast, typed: object):
    client = signed_in(person("carol"))
    for query in ({"slug": typed}, {"by_name": 1, "name": typed, "slug": typed, "suggested": typed}):
        page = client.get("/new/slug/", query)
        assert page.status_code == 200
        assert b"<b>" not in page.content
