"""What the walks share."""

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.rules.visits import Visit, visit_all
from tests.rules.world import World
from tests.sandbox_client import SandboxClient
from tests.tenants.conftest import fresh_limits

__all__ = ["fresh_limits"]


@pytest.fixture
def world(db: None) -> World:
    return World.found()


@pytest.fixture(scope="session")
def visits(django_db_setup: None, django_db_blocker: DjangoDbBlocker, sandbox_process: SandboxClient) -> list[Visit]:
    """Every address, asked for by everybody: made once, taken back as a whole."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = list(visit_all(World.found()))
        transaction.set_rollback(True)
    return made
