"""The sandbox in this process, served on a free port."""

from collections.abc import Iterator

import pytest

from sandbox.app import create_app
from tests.sandbox.browser import Browser
from tests.sandbox.graph_side import BOB, CARLA, Graph, Listener, StandIn, listening
from tests.sandbox.identity_platform import Platform, serving


@pytest.fixture(scope="session")
def served_platform() -> Iterator[Platform]:
    with serving(create_app(events=0)) as platform:
        yield platform


@pytest.fixture
def platform(served_platform: Platform) -> Platform:
    """The identity platform with nobody signed in, nothing consented to, and the right time."""
    served_platform.clock.reset()
    served_platform.identity.reset()
    served_platform.identity.public_url = served_platform.url
    return served_platform


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def stand_in() -> StandIn:
    """A sandbox with empty calendars, called in process."""
    return StandIn(events=0)


@pytest.fixture
def full() -> StandIn:
    """A sandbox with the calendars of the demo."""
    return StandIn()


@pytest.fixture
def graph(stand_in: StandIn) -> Graph:
    """Graph as Alice's client sees it; her calendar is empty."""
    return stand_in.graph()


@pytest.fixture
def bob(stand_in: StandIn) -> Graph:
    return stand_in.graph(BOB)


@pytest.fixture
def carla(stand_in: StandIn) -> Graph:
    return stand_in.graph(CARLA)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found
