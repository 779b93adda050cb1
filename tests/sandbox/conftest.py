"""The sandbox in this process, served on a free port."""

from collections.abc import Iterator

import pytest

from sandbox.app import create_app
from tests.sandbox.browser import Browser
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
