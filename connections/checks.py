"""What `manage.py check` says when connecting cannot work. Refusing to start is the settings' business."""

from typing import Any

from django.conf import settings
from django.core import checks

from tenants.crypto import SealError, seal, unseal


@checks.register(checks.Tags.security)
def microsoft_knows_us(**_: Any) -> list[checks.CheckMessage]:
    """The registration at Microsoft: without it nobody can connect a calendar."""
    needed = {"connections.E001": "MICROSOFT_CLIENT_ID", "connections.E002": "MICROSOFT_CLIENT_SECRET"}
    return [
        checks.Error(
            f"{name} is empty: nobody can connect a calendar.",
            hint="Register Almanac at Microsoft as docs/azure-registration.md describes, then set it.",
            id=identifier,
        )
        for identifier, name in needed.items()
        if not getattr(settings, name)
    ]


@checks.register(checks.Tags.security)
def seals_open(**_: Any) -> list[checks.CheckMessage]:
    """The newest key seals, and what it sealed can be opened: otherwise no token could ever be used again."""
    place = "check.check:0"
    try:
        works = unseal(seal(b"probe", place=place), place=place) == b"probe"
    except (SealError, IndexError, ValueError):
        works = False
    return [] if works else [checks.Error("SEAL_KEYS cannot seal and open a value.", id="connections.E003")]
