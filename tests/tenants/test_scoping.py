"""Row-level security as it really holds: in Django, in plain SQL, across threads and a pool."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from tenants.models import Membership, Organization
from tenants.policies import Role
from tenants.scoping import ScopeError, current_scope, organization_scope, support_scope, system_scope
from tests.cast import Cast


def plain_connection() -> psycopg.Connection:
    """As psql would connect: the application's role, nothing of Django's between."""
    settings = connection.settings_dict
    return psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"] or None,
        host=settings["OPTIONS"].get("host") or settings["HOST"],
        port=settings["PORT"] or None,
        autocommit=True,
    )


def test_django_raises_outside_every_scope(cast: Cast):
    with pytest.raises(ScopeError, match="tenants_organization"):
        list(Organization.objects.all())
    with pytest.raises(ScopeError, match="tenants_membership"):
        Membership.objects.filter(user=cast.bob).exists()
    with pytest.raises(ScopeError), connection.cursor() as cursor:
        cursor.execute("DELETE FROM tenants_membership")


@pytest.mark.django_db(transaction=True)
def test_psql_sees_no_row_outside_every_scope_and_changes_none():
    Cast.found()
    with closing(plain_connection()) as database:
        assert database.execute("SELECT current_user").fetchone() == ("almanac_app",)
        for table in ("tenants_organization", "tenants_membership"):
            counted = database.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            assert counted.fetchone() == (0,)
        assert database.execute("UPDATE tenants_membership SET role = 'owner'").rowcount == 0
        assert database.execute("DELETE FROM tenants_organization").rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("INSERT INTO tenants_organization (name, slug, created_at) VALUES ('x', 'x', now())")


def test_a_scope_shows_its_organization_only(cast: Cast):
    with organization_scope(cast.acme.pk):
        assert [organization.slug for organization in Organization.objects.all()] == ["acme"]
        assert Membership.objects.count() == 3
        assert not Membership.objects.of(cast.globex).exists()
    with organization_scope(cast.globex.pk):
        assert [organization.slug for organization in Organization.objects.all()] == ["globex"]


def test_a_scope_takes_no_row_for_another_organization(cast: Cast):
    with pytest.raises(DatabaseError, match="row-level security"), organization_scope(cast.acme.pk):
        Membership.objects.create(organization=cast.globex, user=cast.bob, role=Role.OWNER)
    with pytest.raises(DatabaseError, match="row-level security"), organization_scope(cast.acme.pk):
        Membership.objects.filter(user=cast.bob).update(organization=cast.globex)


def test_the_same_scope_opens_inside_itself_and_stays_open(cast: Cast):
    with organization_scope(cast.acme.pk):
        with organization_scope(cast.acme.pk):
            assert Membership.objects.count() == 3
        assert Membership.objects.count() == 3
    assert current_scope() is None


@pytest.mark.parametrize("inner", ["organization", "system", "support"])
def test_another_scope_inside_a_scope_is_refused(cast: Cast, inner: str):
    scopes = {
        "organization": lambda: organization_scope(cast.globex.pk),
        "system": lambda: system_scope("a test"),
        "support": support_scope,
    }
    with organization_scope(cast.acme.pk):
        with pytest.raises(ScopeError), scopes[inner]():
            pytest.fail("a second scope opened")
        assert Membership.objects.count() == 3


def test_nothing_of_a_scope_is_left_after_it(cast: Cast):
    """Inside a transaction of somebody else's, too, where SET LOCAL alone would go on."""
    with transaction.atomic():
        with organization_scope(cast.acme.pk):
            pass
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('almanac.organization', true), current_user")
            assert cursor.fetchone() == ("", "almanac_app")
        with system_scope("a test"):
            pass
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("almanac_app",)


def divide_by_zero() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


@pytest.mark.parametrize(("fail", "error"), [(divide_by_zero, DatabaseError), (lambda: next(iter(())), StopIteration)])
def test_a_scope_that_ends_by_an_error_is_over_as_well(cast: Cast, fail: Callable[[], object], error: type[Exception]):
    with pytest.raises(error), organization_scope(cast.acme.pk):
        fail()
    assert current_scope() is None
    with organization_scope(cast.globex.pk):
        assert Membership.objects.count() == 1


def test_a_lazy_queryset_does_not_carry_a_scope_out(cast: Cast):
    with organization_scope(cast.acme.pk):
        members = Membership.objects.of(cast.acme)
    with pytest.raises(ScopeError):
        list(members)


def test_another_thread_has_no_part_in_a_scope(cast: Cast):
    seen: list[object] = []
    with organization_scope(cast.acme.pk):
        thread = threading.Thread(target=lambda: seen.append(current_scope()))
        thread.start()
        thread.join()
    assert seen == [None]


@pytest.mark.django_db(transaction=True)
def test_threads_that_share_a_pool_never_see_each_others_rows():
    cast = Cast.found()
    expected = {cast.acme.pk: 3, cast.globex.pk: 1}

    def look(organization_id: int, *, then_fail: bool) -> str:
        with organization_scope(organization_id):
            found = list(Membership.objects.values_list("organization_id", flat=True))
            wrong = "" if found == [organization_id] * expected[organization_id] else f"{organization_id}: {found}"
            if then_fail:
                raise LookupError(wrong)
            return wrong

    def work(number: int) -> list[str]:
        wrong = []
        for turn in range(25):
            organization_id = (cast.acme.pk, cast.globex.pk)[(number + turn) % 2]
            try:
                wrong.append(look(organization_id, then_fail=turn % 5 == 0))
            except LookupError as error:
                wrong.append(str(error))
            if turn % 3 == 0:
                connection.close()  # back to the pool, and another one from it
        connection.close()
        return wrong

    with ThreadPoolExecutor(8) as threads:
        assert {wrong for many in threads.map(work, range(8)) for wrong in many} == {""}


@pytest.mark.django_db(transaction=True)
def test_a_connection_from_the_pool_has_forgotten_even_a_setting_of_the_whole_session():
    cast = Cast.found()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('almanac.organization', %s, false)", [str(cast.acme.pk)])
        cursor.execute("SET ROLE almanac_system")
    connection.close()
    for _ in range(5):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('almanac.organization', true), current_user")
            assert cursor.fetchone() in {("", "almanac_app"), (None, "almanac_app")}
        connection.close()


def test_the_systems_role_sees_what_it_was_granted_in_all_organizations(cast: Cast):
    with system_scope("a test"):
        assert set(Organization.objects.values_list("slug", flat=True)) == {"acme", "globex"}
    with pytest.raises(DatabaseError, match="permission denied"), system_scope("a test"):
        list(Organization.objects.values_list("created_at"))
    with pytest.raises(DatabaseError, match="permission denied"), system_scope("a test"):
        Membership.objects.update(role=Role.OWNER)


def test_the_supports_role_reads_states_and_no_secret(cast: Cast):
    with support_scope():
        assert Membership.objects.count() == 4
    for table, column in (
        ("tenants_user", "password"),
        ("django_session", "session_key"),
        ("account_emailaddress", "email"),
        ("connections_secret", "id"),
        ("connections_signinflow", "id"),
        ("calendars_event", "subject"),
        ("webhooks_subscription", "client_state_digest"),
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            support_scope(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table)))
