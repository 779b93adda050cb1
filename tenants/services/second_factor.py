"""What authenticators rest on (keys of apps, seeds of recovery codes): sealed in allauth's table."""

import base64
import binascii
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.db import transaction

from tenants.crypto import SealError, is_sealed_with_newest, seal, unseal

# Of the column and not of the row: allauth seals before it knows whose authenticator it will be.
_PLACE: Final = "mfa_authenticator.data"
# Where in `data` allauth keeps something secret, by type of authenticator.
_SECRETS: Final = ("secret", "seed")


def seal_second_factor(text: str) -> str:
    """As it may be stored: base64 of the sealed value."""
    return base64.b64encode(seal(text.encode(), place=_PLACE)).decode()


def unseal_second_factor(sealed: str) -> str:
    """
    What `seal_second_factor` was given.

    Raises:
        SealError: sealed with a key that is not listed any more, for another place, or not at all.
    """
    return unseal(_bytes(sealed), place=_PLACE).decode()


def reseal_second_factors() -> int:
    """
    Seal every authenticator with the newest key; how many were changed. Running it twice is harmless.

    Raises:
        SealError: one was sealed with a key that is not listed any more; nothing was changed.
    """
    changed = 0
    with transaction.atomic():
        for authenticator in Authenticator.objects.select_for_update().order_by("pk"):
            data: dict[str, Any] = authenticator.data
            old = [name for name in _SECRETS if name in data and not is_sealed_with_newest(_bytes(data[name]))]
            if not old:
                continue
            authenticator.data = data | {name: seal_second_factor(unseal_second_factor(data[name])) for name in old}
            authenticator.save(update_fields=["data"])
            changed += 1
    return changed


def _bytes(sealed: str) -> bytes:
    try:
        return base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise SealError("not a sealed value") from None
