"""The audit log: what is written stays written."""

from datetime import UTC, datetime

import psycopg
import pytest
from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import F

from tenants.acts import SENTENCES, Act
from tenants.models import AuditEntry
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, Target, record
from tests.cast import Cast

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def test_founding_an_organization_is_the_first_entry(cast: Cast):
    with organization_scope(cast.acme.pk):
        entry = AuditEntry.objects.of(cast.acme).get()
    assert (entry.act, entry.actor_label, entry.target_label) == ("organization.founded", "alice@acme.example", "Acme")


def test_an_entry_names_actor_target_details_and_address(cast: Cast):
    with organization_scope(cast.acme.pk):
        record(
            organization_id=cast.acme.pk, act=Act.ROLE_CHANGED, by=Actor.person(cast.alice, ip="192.0.2.1"),
            on=Target("member", 7, "bob@acme.example"), now=NOW, former="member", new="admin",
        )  # fmt: skip
        entry = AuditEntry.objects.of(cast.acme).get(act=Act.ROLE_CHANGED)
    assert (entry.actor_id, entry.ip, entry.details) == (
        cast.alice.pk,
        "192.0.2.1",
        {"former": "member", "new": "admin"},
    )


@pytest.mark.parametrize("sql", ["UPDATE tenants_auditentry SET actor_label = 'x'", "DELETE FROM tenants_auditentry"])
def test_nobody_changes_or_deletes_an_entry(cast: Cast, sql: str):
    with pytest.raises(Error), transaction.atomic(), organization_scope(cast.acme.pk), connection.cursor() as cursor:
        cursor.execute(sql)
    with organization_scope(cast.acme.pk):
        assert AuditEntry.objects.of(cast.acme).count() == 1


def _save(entry: AuditEntry) -> None:
    entry.actor_label = "somebody else"
    entry.save()


def _bulk_update(entry: AuditEntry) -> None:
    entry.actor_label = "somebody else"
    AuditEntry.objects.of(entry.organization_id).bulk_update([entry], ["actor_label"])


@pytest.mark.parametrize("attempt", [
    _save,
    _bulk_update,
    AuditEntry.delete,
    lambda entry: AuditEntry.objects.of(entry.organization_id).update(at=NOW),
    lambda entry: AuditEntry.objects.of(entry.organization_id).update(at=F("at")),
    lambda entry: AuditEntry.objects.of(entry.organization_id).delete(),
    lambda entry: AuditEntry.objects.of(entry.organization_id)._raw_delete("default"),
    lambda entry: AuditEntry.objects.of(entry.organization_id).update_or_create(
        defaults={"ip": "192.0.2.9"}, pk=entry.pk
    ),
    # What `ON CONFLICT DO UPDATE` would change.
    lambda entry: AuditEntry.objects.bulk_create(
        [entry], update_conflicts=True, unique_fields=["id"], update_fields=["actor_label"]
    ),
    # An organization cannot take its log with it.
    lambda entry: entry.organization.delete(),
])  # fmt: skip
def test_no_way_of_the_orm_changes_or_deletes_an_entry(cast: Cast, attempt):
    with organization_scope(cast.acme.pk):
        entry = AuditEntry.objects.of(cast.acme).select_related("organization").get()
        before = AuditEntry.objects.of(cast.acme).values().get()
    refused = "permission denied for table tenants_auditentry|append only"
    with pytest.raises(Error, match=refused), transaction.atomic(), organization_scope(cast.acme.pk):
        attempt(entry)
    with organization_scope(cast.acme.pk):
        assert AuditEntry.objects.of(cast.acme).values().get() == before


def test_the_application_is_granted_reading_and_adding_and_nothing_more(db: None):
    """
    As the migrations leave it. TRUNCATE stands apart: `tests/conftest.py` grants it on all tables of a test database,
    after the migrations, in a grant of its own that says so.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT privilege_type FROM pg_class, aclexplode(relacl)"
            " WHERE relname = %s AND grantee = 'almanac_app'::regrole",
            [AuditEntry._meta.db_table],
        )
        granted = {privilege for (privilege,) in cursor.fetchall()}
        # What every table to come is granted: what the migrations of a fresh database begin with.
        cursor.execute(
            "SELECT privilege_type FROM pg_default_acl, aclexplode(defaclacl)"
            " WHERE defaclobjtype = 'r' AND grantee = 'almanac_app'::regrole"
        )
        by_default = {privilege for (privilege,) in cursor.fetchall()}
        cursor.execute(
            "SELECT privilege_type FROM pg_class, aclexplode(relacl)"
            " WHERE relname = %s AND grantee IN ('almanac_system'::regrole, 0::oid)",
            [AuditEntry._meta.db_table],
        )
        others = cursor.fetchall()
    assert granted - {"TRUNCATE"} == {"SELECT", "INSERT"}
    assert by_default == {"SELECT", "INSERT", "UPDATE", "DELETE"}, "no migration grants TRUNCATE on anything"
    assert others == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sql", ["UPDATE tenants_auditentry SET actor_label = 'x'", "DELETE FROM tenants_auditentry"])
def test_not_even_the_owner_of_the_table_changes_an_entry(cast: Cast, sql: str):
    """Whoever migrates owns it: grants do not bind them, and the trigger does."""
    login = settings.DATABASE_OWNER
    login = {"user": login["USER"], "password": login["PASSWORD"]}
    with psycopg.connect(**{**connection.get_connection_params(), **login}) as owner:
        owner.execute("SELECT set_config('almanac.organization', %s, false)", [str(cast.acme.pk)])
        assert owner.execute("SELECT count(*) FROM tenants_auditentry").fetchone() == (1,)
        with pytest.raises(psycopg.errors.RaiseException, match="append only"):
            owner.execute(sql)


def test_another_organizations_entries_are_not_there(cast: Cast):
    with organization_scope(cast.globex.pk):
        assert list(AuditEntry.objects.of(cast.acme)) == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT organization_id FROM tenants_auditentry")
            assert cursor.fetchall() == [(cast.globex.pk,)]


def test_nobody_adds_an_entry_to_another_organizations_log(cast: Cast):
    with pytest.raises(Error), transaction.atomic(), organization_scope(cast.globex.pk):
        record(organization_id=cast.acme.pk, act=Act.MEMBER_LEFT, by=Actor.person(cast.mallory), now=NOW)
    with organization_scope(cast.acme.pk):
        assert AuditEntry.objects.of(cast.acme).count() == 1


def test_every_act_has_a_sentence():
    assert set(SENTENCES) == set(Act)
