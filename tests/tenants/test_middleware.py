"""Whose request it is: the organization's scope around a whole request, the viewer's zone, the roles."""

import re
from collections.abc import Iterator
from types import ModuleType

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from pytest_django import Settings

from tenants.decorators import MemberRequest, member_required, outside_scope
from tenants.models import Membership, User
from tenants.policies import POLICY, Action, Role, may
from tenants.scoping import current_scope, organization_scope
from tests.cast import Cast, signed_in

pytestmark = pytest.mark.django_db


@member_required(Action.SEE_ORGANIZATION)
def look(request: MemberRequest) -> HttpResponse:
    """Says who asks, in what, and lists everybody whom the scope shows."""
    everybody = ",".join(sorted(Membership.objects.values_list("role", flat=True)))
    return HttpResponse(f"{request.membership.role} of {request.organization.slug}: {everybody} in {request.time_zone}")


@member_required(Action.SEE_ORGANIZATION)
def rendered_late(request: MemberRequest) -> TemplateResponse:
    template = engines["django"].from_string("{% for member in members %}{{ member.user.email }} {% endfor %}")
    return TemplateResponse(request, template, {"members": Membership.objects.of(request.organization)})


@member_required(Action.SEE_ALL_CONNECTIONS)
def for_admins(request: MemberRequest) -> HttpResponse:
    return HttpResponse("seen")


@member_required(Action.SEE_ORGANIZATION)
def change_and(request: MemberRequest, outcome: str) -> HttpResponseBase:
    Membership.objects.of(request.organization).filter(role=Role.MEMBER).update(role=Role.ADMIN)
    match outcome:
        case "raise":
            raise ValueError
        case "miss":
            raise Http404
        case "break":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        case "fail":
            return HttpResponse(status=503)
        case "refuse":
            return HttpResponse(status=409)
    return HttpResponse("done")


@outside_scope
@member_required(Action.SEE_ORGANIZATION)
def stream(request: MemberRequest) -> StreamingHttpResponse:
    assert current_scope() is None
    organization_id = request.organization.pk

    def chunks() -> Iterator[str]:
        for _ in range(2):
            with organization_scope(organization_id):
                yield f"{Membership.objects.count()} "

    return StreamingHttpResponse(chunks())


def say_time(request: HttpRequest) -> HttpResponse:
    return HttpResponse(timezone.get_current_timezone_name())


@pytest.fixture(autouse=True)
def addresses(settings: Settings) -> None:
    """Ours, and the views above."""
    module = ModuleType("addresses")
    views = [
        path("look/", look),
        path("late/", rendered_late),
        path("admins/", for_admins),
        path("change/<str:outcome>/", change_and),
        path("stream/", stream),
    ]
    module.__dict__.update(vars(__import__(settings.ROOT_URLCONF, fromlist=["urlpatterns"])))
    module.urlpatterns = [path("o/<slug:slug>/", include(views)), path("time/", say_time), *module.urlpatterns]
    settings.ROOT_URLCONF = module


def quiet(user: User) -> Client:
    """A browser that gets the page of an error, as people do."""
    client = signed_in(user)
    client.raise_request_exception = False
    return client


def role_of(cast: Cast, user: User) -> str:
    with organization_scope(cast.acme.pk):
        return Membership.objects.get(user=user).role


def test_a_member_is_in_the_organization_of_the_address_and_sees_its_rows_only(cast: Cast):
    assert signed_in(cast.bob).get("/o/acme/look/").content == b"member of acme: admin,member,owner in UTC"
    assert signed_in(cast.mallory).get("/o/globex/look/").content == b"owner of globex: owner in UTC"


def test_a_template_that_is_rendered_after_the_view_is_still_in_the_scope(cast: Cast):
    page = signed_in(cast.bob).get("/o/acme/late/").content.decode()
    assert set(page.split()) == {"alice@acme.example", "ada@acme.example", "bob@acme.example"}


def test_strangers_get_the_bytes_of_a_page_that_never_was(cast: Cast):
    client = signed_in(cast.mallory)
    answers = [client.get(path) for path in ("/o/acme/look/", "/o/nobody-has-this/look/", "/o/acme/no-such-page/")]
    pages = {re.sub(r'value="\w{64}"', "", answer.content.decode()) for answer in answers}
    assert {answer.status_code for answer in answers} == {404}
    assert len(pages) == 1
    assert "Acme" not in pages.pop()
    assert client.post("/o/acme/change/done/").status_code == 404
    assert role_of(cast, cast.bob) == Role.MEMBER


def test_who_is_not_signed_in_is_asked_to_whether_or_not_the_organization_exists(cast: Cast):
    for slug in ("acme", "nobody-has-this"):
        answer = Client().get(f"/o/{slug}/look/?week=1")
        assert answer["Location"] == f"/accounts/login/?next=/o/{slug}/look/%3Fweek%3D1"
        assert Client().post(f"/o/{slug}/change/done/")["Location"] == "/accounts/login/?next=/home/"
        fragment = Client().get(f"/o/{slug}/look/", headers={"HX-Request": "true"})
        assert (fragment.status_code, fragment["HX-Redirect"]) == (401, "/accounts/login/")


def test_whoever_leaves_is_out_with_the_next_request(cast: Cast):
    client = signed_in(cast.bob)
    assert client.get("/o/acme/look/").status_code == 200
    with organization_scope(cast.acme.pk):
        Membership.objects.get(user=cast.bob).delete()
    assert client.get("/o/acme/look/").status_code == 404


def test_a_role_that_may_not_gets_a_page_that_says_so(cast: Cast):
    assert signed_in(cast.alice).get("/o/acme/admins/").content == b"seen"
    assert signed_in(cast.ada).get("/o/acme/admins/").content == b"seen"
    refused = signed_in(cast.bob).get("/o/acme/admins/")
    assert refused.status_code == 403
    assert b"Your role does not include this" in refused.content


@pytest.mark.parametrize(
    ("outcome", "status", "kept"),
    [
        ("done", 200, True),
        ("refuse", 409, True),
        ("fail", 503, False),
        ("raise", 500, False),
        ("miss", 404, False),
        ("break", 500, False),
    ],
)
def test_a_request_that_failed_has_stored_nothing(cast: Cast, outcome: str, status: int, kept: bool):
    answer = quiet(cast.alice).get(f"/o/acme/change/{outcome}/")
    assert answer.status_code == status
    assert current_scope() is None
    assert role_of(cast, cast.bob) == (Role.ADMIN if kept else Role.MEMBER)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("outcome", "kept"), [("done", True), ("raise", False), ("fail", False), ("break", False)])
def test_so_it_is_with_real_transactions(outcome: str, kept: bool):
    cast = Cast.found()
    quiet(cast.alice).get(f"/o/acme/change/{outcome}/")
    assert role_of(cast, cast.bob) == (Role.ADMIN if kept else Role.MEMBER)


def test_a_view_outside_of_the_scope_opens_its_own_even_while_it_streams(cast: Cast):
    answer = signed_in(cast.bob).get("/o/acme/stream/")
    assert isinstance(answer, StreamingHttpResponse)
    assert b"".join(answer.streaming_content) == b"3 3 "


def test_a_page_asks_for_the_viewers_organizations_once(cast: Cast, django_assert_max_num_queries):
    client = signed_in(cast.bob)
    client.get("/o/acme/look/")
    # Session, person; the system's scope with the organizations; the organization's scope with the membership,
    # and the view's own question. Scopes are savepoints here, so each costs two.
    with django_assert_max_num_queries(14):
        client.get("/o/acme/look/")


@pytest.mark.parametrize(
    ("cookie", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("", "UTC"),
        ("Mars/Olympus", "UTC"),
        ("../../etc/passwd", "UTC"),
        ("/etc/localtime", "UTC"),
        ("Europe", "UTC"),
        ("europe/berlin", "UTC"),
        ("x" * 4000, "UTC"),
        ("Europe/Berlin\x00", "UTC"),
    ],
)
def test_the_viewers_zone_comes_from_the_cookie_if_there_is_such_a_zone(cookie: str, zone: str):
    client = Client()
    client.cookies["tz"] = cookie
    assert client.get("/time/").content.decode() == zone
    assert timezone.get_current_timezone_name() == settings.TIME_ZONE


def test_every_action_is_decided_for_every_role_and_owners_may_do_all():
    assert set(POLICY) == set(Action)
    for action in Action:
        assert may(Role.OWNER, action)
        assert may(Role.ADMIN, action) or not may(Role.MEMBER, action), "an admin may less than a member"
    with pytest.raises(ValueError, match="guest"):
        may("guest", Action.SEE_ORGANIZATION)


@pytest.mark.django_db(transaction=True)
def test_after_a_lost_connection_the_next_request_is_served_in_its_own_scope():
    cast = Cast.found()
    client = quiet(cast.bob)
    client.get("/o/acme/look/")
    with pytest.raises(DatabaseError), organization_scope(cast.acme.pk), connection.cursor() as cursor:
        # The server ends this very connection, as a restart would.
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    assert current_scope() is None
    assert client.get("/o/acme/look/").content.startswith(b"member of acme: admin,member,owner")
