"""How often somebody may try links that lead nowhere."""

from typing import Final

from django.core.cache import cache
from django.http import HttpRequest

from tenants.context import address_of

# In a minute, from one address. Nobody mistypes 43 random characters this often, and an office may share an address.
MOST_GUESSES: Final = 30
_SECONDS: Final = 60


def guesses_too_much(request: HttpRequest) -> bool:
    """Whether so many dead links were tried from this address that no more are looked up for a minute."""
    return int(cache.get(_key(request), 0)) >= MOST_GUESSES


def count_guess(request: HttpRequest) -> None:
    """This link led nowhere."""
    key = _key(request)
    # The first of a minute sets the end; `incr` keeps it.
    cache.add(key, 0, timeout=_SECONDS)
    try:
        cache.incr(key)
    except ValueError:
        # It ended in this moment.
        cache.set(key, 1, timeout=_SECONDS)


def _key(request: HttpRequest) -> str:
    return f"approval-guesses:{address_of(request) or 'unknown'}"
