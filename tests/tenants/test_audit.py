"""The audit log: what is written stays written."""

from datetime import UTC, datetime

import pytest
from django.db import Error, connection, transaction

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


def test_every_act_has_a_sentence():
    assert set(SENTENCES) == set(Act)
