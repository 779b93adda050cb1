"""Addresses of this site: how they look from outside, and which of them somebody may be led to."""

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme


def absolute(path: str) -> str:
    """An address for the world outside, from a path on this site."""
    return f"{settings.ALMANAC_ORIGIN}{path}"


def is_inside(path: str) -> bool:
    """Whether this is a path of this site: one leading slash, no host, no scheme, nothing unprintable."""
    return path.startswith("/") and path.isprintable() and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
