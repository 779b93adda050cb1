"""What the health page says, and what it keeps for itself."""

import os
import subprocess
import sys

import pytest
from django.db.migrations.recorder import MigrationRecorder

from config.health import health
from scripts.environment import ROOT
from tests.conftest import eventually


@pytest.fixture(autouse=True)
def asked_for_the_first_time():
    """Every test begins without an earlier answer."""
    health.cache_clear()


def test_all_is_well_when_everything_is_there_and_a_worker_answers(worker, client):
    response = eventually(lambda: (answer := client.get("/healthz")).status_code == 200 and answer)

    assert response.json() == {"status": "ok"}
    assert "no-store" in response.headers["Cache-Control"]


def test_without_a_worker_it_is_unavailable_and_says_so(transactional_db, client):
    response = client.get("/healthz")

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "missing": ["worker"]}


def test_a_migration_that_was_not_applied_is_enough_to_be_unavailable(db, client):
    MigrationRecorder.Migration.objects.filter(app="webhooks").delete()

    assert "migrations" in client.get("/healthz").json()["missing"]


def test_with_nothing_there_it_names_everything_and_tells_no_detail():
    ask = (
        "import django; django.setup(); from django.test import Client\n"
        "answer = Client(headers={'host': 'localhost'}).get('/healthz')\n"
        "print(answer.status_code, answer.content.decode())"
    )
    away = {
        "DATABASE_URL": "postgres://almanac_app:hush@127.0.0.1:9/almanac",
        "REDIS_URL": "redis://:hush@127.0.0.1:9/0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }

    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, env=os.environ | away, capture_output=True, text=True, check=False
    )

    assert done.stdout == (
        '503 {"status": "unavailable", "missing": ["database", "migrations", "redis", "worker"]}\n'
    ), done.stderr
    assert "hush" not in done.stderr


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_for_reading(client, method):
    assert getattr(client, method)("/healthz").status_code == 405
