"""What the tests of this app share: the cast, and limits that begin anew for each test."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

from tests.cast import Cast, cast, signed_in

__all__ = ["Cast", "cast", "signed_in"]


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """Counts of tries are kept in Redis, and all tests come from one address."""
    _forget_counts()
    yield
    _forget_counts()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """A good hash is slow on purpose, and these tests sign in hundreds of times."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _forget_counts() -> None:
    # Not cache.clear(): that would empty the whole database, and with it the queue.
    redis = cache._cache.get_client(write=True)  # type: ignore[attr-defined]  # Django offers no other way to its client
    for key in redis.scan_iter(match="almanac:*:allauth:*"):
        redis.delete(key)
