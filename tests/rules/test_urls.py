"""Every address and everybody: what each gets, in one table. A new address fails until it stands here."""

import re

import pytest
from django.conf import settings

from tenants.models import User
from tenants.policies import Action, Role, may
from tests.cast import signed_in
from tests.rules import walk
from tests.rules.visits import ROLES, Visit, path_to, row_of, visit
from tests.rules.world import MARK, World
from webhooks.services.supporting import Deed

# In the places of an address stands what belongs to Bob, the member: `sign-in` is a redirect there, `any` is not the
# same everywhere. The stranger has an organization of her own; the member is neither admin nor owner.
# `/mail/` is there because tests run as on a developer's machine; `test_mail_preview.py` shows that it is nowhere else.
TABLE = """
    address                                        method anonymous stranger member   admin    owner
    /healthz                                       GET   any      any      any      any      any
    /healthz                                       POST  405      405      405      405      405
    /accounts/logout/                              GET   302      200      200      200      200
    /accounts/logout/                              POST  302      302      302      302      302
    /accounts/delete/                              GET   sign-in  302      302      302      302
    /accounts/delete/                              POST  sign-in  302      302      302      302
    /accounts/login/                               GET   200      302      302      302      302
    /accounts/login/                               POST  200      302      302      302      302
    /accounts/inactive/                            GET   200      200      200      200      200
    /accounts/inactive/                            POST  405      405      405      405      405
    /accounts/signup/                              GET   200      302      302      302      302
    /accounts/signup/                              POST  200      302      302      302      302
    /accounts/reauthenticate/                      GET   sign-in  200      200      200      200
    /accounts/reauthenticate/                      POST  sign-in  200      200      200      200
    /accounts/email/                               GET   sign-in  200      200      200      200
    /accounts/email/                               POST  sign-in  302      302      302      302
    /accounts/confirm-email/                       GET   200      200      200      200      200
    /accounts/confirm-email/                       POST  405      405      405      405      405
    /accounts/password/change/                     GET   sign-in  200      200      200      200
    /accounts/password/change/                     POST  sign-in  200      200      200      200
    /accounts/password/set/                        GET   sign-in  302      302      302      302
    /accounts/password/set/                        POST  sign-in  302      302      302      302
    /accounts/password/reset/                      GET   200      200      200      200      200
    /accounts/password/reset/                      POST  200      200      200      200      200
    /accounts/login/code/confirm/                  GET   302      302      302      302      302
    /accounts/login/code/confirm/                  POST  302      302      302      302      302
    /accounts/confirm-email/<key>/                 GET   200      200      200      200      200
    /accounts/confirm-email/<key>/                 POST  404      404      404      404      404
    /accounts/password/reset/key/done/             GET   200      200      200      200      200
    /accounts/password/reset/key/done/             POST  405      405      405      405      405
    /accounts/password/reset/key/<uidb36>-<key>/   GET   200      200      200      200      200
    /accounts/password/reset/key/<uidb36>-<key>/   POST  200      200      200      200      200
    /accounts/password/reset/done/                 GET   200      200      200      200      200
    /accounts/password/reset/done/                 POST  405      405      405      405      405
    /accounts/2fa/                                 GET   sign-in  200      200      200      200
    /accounts/2fa/                                 POST  sign-in  405      405      405      405
    /accounts/2fa/authenticate/                    GET   302      302      302      302      302
    /accounts/2fa/authenticate/                    POST  302      302      302      302      302
    /accounts/2fa/reauthenticate/                  GET   sign-in  302      302      302      302
    /accounts/2fa/reauthenticate/                  POST  sign-in  302      302      302      302
    /accounts/2fa/totp/activate/                   GET   sign-in  302      302      302      302
    /accounts/2fa/totp/activate/                   POST  sign-in  302      302      302      302
    /accounts/2fa/totp/deactivate/                 GET   sign-in  404      404      404      404
    /accounts/2fa/totp/deactivate/                 POST  sign-in  404      404      404      404
    /accounts/2fa/recovery-codes/                  GET   sign-in  404      404      404      404
    /accounts/2fa/recovery-codes/                  POST  sign-in  405      405      405      405
    /accounts/2fa/recovery-codes/generate/         GET   sign-in  302      302      302      302
    /accounts/2fa/recovery-codes/generate/         POST  sign-in  302      302      302      302
    /accounts/2fa/recovery-codes/download/         GET   sign-in  404      404      404      404
    /accounts/2fa/recovery-codes/download/         POST  sign-in  404      404      404      404
    /accounts/microsoft/                           GET   sign-in  200      200      200      200
    /accounts/microsoft/                           POST  sign-in  302      302      302      302
    /accounts/microsoft/continue/                  GET   405      405      405      405      405
    /accounts/microsoft/continue/                  POST  303      302      302      302      302
    /accounts/microsoft/new/                       GET   302      302      302      302      302
    /accounts/microsoft/new/                       POST  302      302      302      302      302
    /connections/callback/                         GET   405      405      405      405      405
    /connections/callback/                         POST  400      400      400      400      400
    /connections/finish/                           GET   410      410      410      410      410
    /connections/finish/                           POST  405      405      405      405      405
    /connections/approved/                         GET   404      404      404      404      404
    /connections/approved/                         POST  405      405      405      405      405
    /approve/                                      GET   404      404      404      404      404
    /approve/                                      POST  405      405      405      405      405
    /approve/continue/                             GET   405      405      405      405      405
    /approve/continue/                             POST  404      404      404      404      404
    /approve/decline/                              GET   405      405      405      405      405
    /approve/decline/                              POST  404      404      404      404      404
    /approve/prove/                                GET   405      405      405      405      405
    /approve/prove/                                POST  404      404      404      404      404
    /approve/<token>/                              GET   404      404      404      404      404
    /approve/<token>/                              POST  405      405      405      405      405
    /o/<slug>/ask/                                 GET   sign-in  404      200      200      200
    /o/<slug>/ask/                                 POST  sign-in  404      422      422      422
    /o/<slug>/ask/no/                              GET   sign-in  404      405      405      405
    /o/<slug>/ask/no/                              POST  sign-in  404      302      302      302
    /o/<slug>/ask/<pk>/                            GET   sign-in  404      200      200      200
    /o/<slug>/ask/<pk>/                            POST  sign-in  404      405      405      405
    /o/<slug>/ask/<pk>/mail/                       GET   sign-in  404      405      405      405
    /o/<slug>/ask/<pk>/mail/                       POST  sign-in  404      422      422      422
    /o/<slug>/ask/<pk>/remind/                     GET   sign-in  404      405      405      405
    /o/<slug>/ask/<pk>/remind/                     POST  sign-in  404      302      302      302
    /o/<slug>/ask/<pk>/link/                       GET   sign-in  404      405      405      405
    /o/<slug>/ask/<pk>/link/                       POST  sign-in  404      302      302      302
    /o/<slug>/ask/<pk>/take-back/                  GET   sign-in  404      405      405      405
    /o/<slug>/ask/<pk>/take-back/                  POST  sign-in  404      302      302      302
    /webhooks/graph/                               GET   405      405      405      405      405
    /webhooks/graph/                               POST  400      400      400      400      400
    /invite/                                       GET   410      410      410      410      410
    /invite/                                       POST  410      410      410      410      410
    /invite/<token>/                               GET   302      302      302      302      302
    /invite/<token>/                               POST  405      405      405      405      405
    /o/<slug>/people/                              GET   sign-in  404      200      200      200
    /o/<slug>/people/                              POST  sign-in  404      405      405      405
    /o/<slug>/people/invite/                       GET   sign-in  404      403      200      200
    /o/<slug>/people/invite/                       POST  sign-in  404      403      422      422
    /o/<slug>/people/invitations/<pk>/resend/      GET   sign-in  404      405      405      405
    /o/<slug>/people/invitations/<pk>/resend/      POST  sign-in  404      403      302      302
    /o/<slug>/people/invitations/<pk>/revoke/      GET   sign-in  404      405      405      405
    /o/<slug>/people/invitations/<pk>/revoke/      POST  sign-in  404      403      302      302
    /o/<slug>/people/leave/                        GET   sign-in  404      200      200      200
    /o/<slug>/people/leave/                        POST  sign-in  404      302      302      409
    /o/<slug>/people/<pk>/                         GET   sign-in  404      403      200      200
    /o/<slug>/people/<pk>/                         POST  sign-in  404      403      422      422
    /o/<slug>/people/<pk>/remove/                  GET   sign-in  404      403      200      200
    /o/<slug>/people/<pk>/remove/                  POST  sign-in  404      403      302      302
    /o/<slug>/people/<pk>/transfer/                GET   sign-in  404      403      403      200
    /o/<slug>/people/<pk>/transfer/                POST  sign-in  404      403      403      422
    /o/<slug>/settings/                            GET   sign-in  404      403      200      200
    /o/<slug>/settings/                            POST  sign-in  404      403      422      422
    /o/<slug>/settings/second-step/                GET   sign-in  404      405      405      405
    /o/<slug>/settings/second-step/                POST  sign-in  404      403      302      302
    /o/<slug>/connect/                             GET   sign-in  404      200      200      200
    /o/<slug>/connect/                             POST  sign-in  404      303      303      303
    /o/<slug>/onboarding/                          GET   sign-in  404      403      200      200
    /o/<slug>/onboarding/                          POST  sign-in  404      405      405      405
    /o/<slug>/onboarding/link/                     GET   sign-in  404      403      200      200
    /o/<slug>/onboarding/link/                     POST  sign-in  404      403      422      422
    /o/<slug>/onboarding/tenants/<pk>/unlink/      GET   sign-in  404      403      200      200
    /o/<slug>/onboarding/tenants/<pk>/unlink/      POST  sign-in  404      403      302      302
    /o/<slug>/                                     GET   sign-in  404      200      200      200
    /o/<slug>/                                     POST  sign-in  404      405      405      405
    /o/<slug>/connections/                         GET   sign-in  404      200      200      200
    /o/<slug>/connections/                         POST  sign-in  404      405      405      405
    /o/<slug>/connections/<pk>/                    GET   sign-in  404      200      200      200
    /o/<slug>/connections/<pk>/                    POST  sign-in  404      405      405      405
    /o/<slug>/connections/<pk>/welcome/            GET   sign-in  404      200      404      404
    /o/<slug>/connections/<pk>/welcome/            POST  sign-in  404      405      405      405
    /o/<slug>/connections/<pk>/calendars/          GET   sign-in  404      200      404      404
    /o/<slug>/connections/<pk>/calendars/          POST  sign-in  404      302      404      404
    /o/<slug>/connections/<pk>/sync/               GET   sign-in  404      405      405      405
    /o/<slug>/connections/<pk>/sync/               POST  sign-in  404      302      404      404
    /o/<slug>/calendar/                            GET   sign-in  404      200      200      200
    /o/<slug>/calendar/                            POST  sign-in  404      405      405      405
    /o/<slug>/calendar/agenda/                     GET   sign-in  404      200      200      200
    /o/<slug>/calendar/agenda/                     POST  sign-in  404      405      405      405
    /o/<slug>/calendar/freshness/                  GET   sign-in  404      200      200      200
    /o/<slug>/calendar/freshness/                  POST  sign-in  404      405      405      405
    /o/<slug>/calendar/events/                     GET   sign-in  404      400      400      400
    /o/<slug>/calendar/events/                     POST  sign-in  404      405      405      405
    /o/<slug>/calendar/events/<pk>/                GET   sign-in  404      200      404      404
    /o/<slug>/calendar/events/<pk>/                POST  sign-in  404      405      405      405
    /o/<slug>/calendar/stream/                     GET   sign-in  404      200      200      200
    /o/<slug>/calendar/stream/                     POST  sign-in  404      405      405      405
    /o/<slug>/settings/policies/                   GET   sign-in  404      403      200      200
    /o/<slug>/settings/policies/                   POST  sign-in  404      403      422      422
    /o/<slug>/connections/<pk>/pause/              GET   sign-in  404      405      405      405
    /o/<slug>/connections/<pk>/pause/              POST  sign-in  404      302      404      404
    /o/<slug>/connections/<pk>/resume/             GET   sign-in  404      405      405      405
    /o/<slug>/connections/<pk>/resume/             POST  sign-in  404      302      404      404
    /o/<slug>/connections/<pk>/disconnect/         GET   sign-in  404      200      404      404
    /o/<slug>/connections/<pk>/disconnect/         POST  sign-in  404      302      404      404
    /o/<slug>/activity/                            GET   sign-in  404      403      200      200
    /o/<slug>/activity/                            POST  sign-in  404      405      405      405
    /o/<slug>/activity/file/                       GET   sign-in  404      405      405      405
    /o/<slug>/activity/file/                       POST  sign-in  404      403      200      200
    /o/<slug>/my-data/                             GET   sign-in  404      200      200      200
    /o/<slug>/my-data/                             POST  sign-in  404      405      405      405
    /o/<slug>/my-data/export/                      GET   sign-in  404      405      405      405
    /o/<slug>/my-data/export/                      POST  sign-in  404      302      302      302
    /o/<slug>/my-data/delete/                      GET   sign-in  404      200      200      409
    /o/<slug>/my-data/delete/                      POST  sign-in  404      422      422      409
    /o/<slug>/settings/data/                       GET   sign-in  404      403      200      200
    /o/<slug>/settings/data/                       POST  sign-in  404      405      405      405
    /o/<slug>/settings/data/export/                GET   sign-in  404      405      405      405
    /o/<slug>/settings/data/export/                POST  sign-in  404      403      403      302
    /o/<slug>/settings/data/delete/                GET   sign-in  404      403      403      302
    /o/<slug>/settings/data/delete/                POST  sign-in  404      403      403      302
    /o/<slug>/exports/<pk>/                        GET   sign-in  404      200      404      404
    /o/<slug>/exports/<pk>/                        POST  sign-in  404      405      405      405
    /o/<slug>/deletion/                            GET   sign-in  404      403      403      302
    /o/<slug>/deletion/                            POST  sign-in  404      405      405      405
    /                                              GET   200      200      200      200      200
    /                                              POST  405      405      405      405      405
    /mail/                                         GET   200      200      200      200      200
    /mail/                                         POST  405      405      405      405      405
    /mail/<kind>/                                  GET   200      200      200      200      200
    /mail/<kind>/                                  POST  405      405      405      405      405
    /mail/<kind>/html/                             GET   200      200      200      200      200
    /mail/<kind>/html/                             POST  405      405      405      405      405
    /home/                                         GET   sign-in  302      302      302      302
    /home/                                         POST  405      405      405      405      405
    /new/                                          GET   sign-in  200      200      200      200
    /new/                                          POST  sign-in  422      422      422      422
    /new/slug/                                     GET   sign-in  200      200      200      200
    /new/slug/                                     POST  405      405      405      405      405
"""
# In the admin, by how an address ends: what staff get by GET and by POST. Everybody else is asked to sign in, or
# gets a 404.
ADMIN = {
    "/add/": ("403", "403"),
    "/change/": ("200", "403"),
    "/delete/": ("403", "403"),
    "/history/": ("404", "404"),
    # The buttons of support: a page that asks for a reason, and without one nothing is done.
    **{f"/<pk>/{deed}/": ("200", "422") for deed in Deed},
    "/<pk>/packet/": ("200", "405"),
    "/<object_id>/": ("302", "302"),
    "/admin/login/": ("302", "302"),
    "/admin/logout/": ("302", "302"),
    "/admin/password_change/": ("302", "302"),
    "/admin/jsi18n/": ("200", "405"),
    "/admin/<url>": ("404", "404"),
    # Lists; by POST they show themselves, since there is no action to choose.
    "/": ("200", "200"),
}
# Views under /o/<slug>/ without `member_required`, with a reason.
UNGUARDED: dict[str, str] = {}


def expected() -> dict[tuple[str, str], list[str]]:
    lines = [line.split() for line in TABLE.strip().splitlines()[1:]]
    return {(route, method): outcomes for route, method, *outcomes in lines}


def session_of(user: User) -> str:
    return signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value


def test_every_address_stands_in_the_table_and_no_other():
    routes = {address.route for address in walk.addresses() if not address.is_support}
    assert {route for route, _ in expected()} == routes
    assert len(expected()) == 2 * len(routes), "an address stands there twice, or without one of its methods"


def test_everybody_gets_what_the_table_says(visits: list[Visit]):
    wanted = expected()
    wrong = []
    for made in visits:
        if made.address.is_support or made.role == "staff":
            continue
        outcome = wanted[made.address.route, made.method][ROLES.index(made.role)]
        if outcome not in {"any", made.outcome}:
            wrong.append(f"{made!r}, not {outcome}")
    assert wrong == []


def test_staff_have_no_place_in_an_organization_because_they_are_staff(visits: list[Visit]):
    seen = [made for made in visits if made.role == "staff" and made.address.belongs_to_organization]
    assert seen
    assert [made for made in seen if made.outcome != "404"] == []


def test_the_admin_is_for_staff_only_and_changes_nothing(visits: list[Visit]):
    wrong = []
    for made in visits:
        if not made.address.is_support:
            continue
        ending = next(ending for ending in ADMIN if made.address.route.endswith(ending))
        staff = ADMIN[ending][made.method == "POST"]
        if made.outcome != {"anonymous": "sign-in", "staff": staff}.get(made.role, "404"):
            wrong.append(made)
    assert wrong == []


def test_what_runs_outside_the_role_of_support_is_its_buttons_and_nothing_else():
    outside = {address.route for address in walk.addresses() if getattr(address.view, "acts_for_support", False)}
    assert outside == {f"/admin/connections/connection/<pk>/{deed}/" for deed in Deed}


def test_nothing_in_the_admin_lets_staff_become_somebody(world: World):
    """Whatever staff ask for and post there, the session stays theirs, and is let into no organization."""
    client = signed_in(world.cast.support)
    before = set(client.session.keys())
    for address in walk.addresses():
        if not address.is_support:
            continue
        assert not re.search(r"impersonat|hijack|login-?as|become|switch", address.route), address.route
        for method in ("GET", "POST"):
            client.generic(method, path_to(address, world))
            assert client.session["_auth_user_id"] == str(world.cast.support.pk), address.route
    assert set(client.session.keys()) <= before | {"_messages"}
    assert client.get("/o/acme/").status_code == 404


def test_nothing_anywhere_is_a_500(visits: list[Visit]):
    assert [made for made in visits if made.status >= 500 and made.address.route != "/healthz"] == []


def test_every_view_of_an_organization_says_which_action_it_is():
    inside = [address for address in walk.addresses() if address.belongs_to_organization]
    assert inside
    assert {address.route for address in inside if address.action is None} == set(UNGUARDED)


def test_only_bob_sees_what_is_in_his_calendar(visits: list[Visit]):
    """Not colleagues, whatever their role, not support staff, not strangers."""
    assert any(MARK in made.content for made in visits if made.role == "member"), (
        "the mark is nowhere: nothing was checked"
    )
    assert [made for made in visits if MARK in made.content and made.role != "member"] == []


def test_another_organizations_rows_are_404_even_for_an_owner(world: World, sandbox_process: object):
    """Ids of globex below the address of acme, for each person of acme, by every method."""
    wrong = []
    for address in walk.addresses():
        if "<pk>" not in address.route:
            continue
        pk = row_of(address, world.mallorys)
        assert pk, f"tests/rules/visits.py does not know which row {address.route} is about"
        for user, role in ((world.cast.alice, Role.OWNER), (world.cast.ada, Role.ADMIN), (world.cast.bob, Role.MEMBER)):
            # Whose role does not include it at all is told so before anything is looked up; of the support desk,
            # which no action of an organization opens, nobody is told.
            includes = not isinstance(address.action, Action) or may(role, address.action)
            refusal = 404 if includes else 403
            for method in ("GET", "POST"):
                made = visit(address, address.path(slug="acme", pk=pk), method, user.name, session_of(user))
                if made.status not in {refusal, 405}:
                    wrong.append(made)
    assert wrong == []


@pytest.mark.parametrize("pk", ["0", "99999999999999999999", "9223372036854775807"])
def test_ids_that_cannot_be_are_404(world: World, sandbox_process: object, pk: str):
    for address in walk.addresses():
        if "<pk>" in address.route:
            made = visit(address, address.path(slug="acme", pk=pk), "GET", "Alice", session_of(world.cast.alice))
            assert made.status in {404, 405}, made


def test_the_places_of_every_address_are_known(world: World):
    for address in walk.addresses():
        assert "<" not in path_to(address, world)
