"""The first connection refuses a role that policies do not bind, where DEBUG is off."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tenants import checks
from tests.config.test_production import SAFE

ROOT = Path(__file__).parents[2]


def ask(login: str, *command: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` in production, logged in as somebody."""
    here = {name: os.environ[name] for name in ("DATABASE_OWNER_URL", "REDIS_URL")}
    environment = {**os.environ, **SAFE, **here, "DATABASE_URL": os.environ[login]}
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def superuser_url() -> str:
    return os.environ["DATABASE_OWNER_URL"].replace("almanac_owner", "postgres", 1)


def test_the_application_has_no_power_against_the_policies(db: None):
    assert checks.powers(connection) == []


@pytest.mark.django_db(transaction=True)
def test_the_owner_is_seen_to_own_tables_and_a_superuser_to_bypass_everything():
    for login, said in ((os.environ["DATABASE_OWNER_URL"], ["owns tables"]), (superuser_url(), None)):
        name = connection.settings_dict["NAME"]
        try:
            database = psycopg.connect(login.replace("/almanac?", f"/{name}?"))
        except psycopg.OperationalError:
            pytest.skip("this server lets nobody in as superuser")
        with database:
            found = database.execute(checks._POWERS).fetchone()
        assert found == ((False, True) if said else (True, True))


SHOW = "from django.db import connection; connection.ensure_connection(); print('connected')"


def test_production_goes_on_as_the_application():
    asked = ask("DATABASE_URL", "shell", "-v0", "-c", SHOW)
    assert "connected" in asked.stdout, asked.stderr


def test_production_does_not_go_on_as_the_owner(migrated: None):
    asked = ask("DATABASE_OWNER_URL", "shell", "-v0", "-c", SHOW)
    assert "connected" not in asked.stdout
    assert "owns tables" in asked.stderr
    assert asked.returncode != 0


def test_migrations_run_as_the_owner_by_themselves(migrated: None):
    """With the application's DATABASE_URL in the environment: `migrate` takes DATABASE_OWNER_URL."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as database:
        owner = database.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'tenants_user'").fetchone()
    assert owner == ("almanac_owner",)


@pytest.fixture(scope="module")
def migrated() -> None:
    """The database of the settings themselves, which tests otherwise leave empty."""
    assert settings.DATABASE_OWNER
    done = ask("DATABASE_URL", "migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
