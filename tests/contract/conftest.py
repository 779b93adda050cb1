"""Clients that nobody here wrote, each pointed at the sandbox by its own public settings or transport."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stand_in import Microsoft, serving
from tests.sandbox.graph_side import Listener, listening

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.contract)


@pytest.fixture(scope="session")
def served() -> Iterator[Microsoft]:
    with serving() as microsoft:
        yield microsoft


@pytest.fixture
def microsoft(served: Microsoft) -> Microsoft:
    """A fresh world with empty calendars, in which Contoso has approved the app."""
    served.sandbox.reset(events=0)
    served.sandbox.identity.set_consent("contoso.example", "grant")
    return served


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found
