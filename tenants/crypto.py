"""
Sealing: what is stored secret is readable only in the column and row that it was sealed for.

AES-256-GCM. The key's id stands in front, so that keys can be changed: the newest one (first in `SEAL_KEYS`) seals,
every listed one unseals. The place, such as `connections_secret.sealed_cache:17`, is bound in as associated data: a
value that is copied to another column or row, or sealed under a key that is gone, cannot be read.
"""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

# The first byte says how to read the rest, should the format ever change.
_FORMAT = 1
_NONCE = 12
_TAG = 16


class SealError(Exception):
    """The value was not sealed for this place, or it was damaged. Which, nobody can tell."""


class MissingKey(SealError):
    """It names a key that is not in `SEAL_KEYS`: with that key back, it opens again."""


def seal(plain: bytes, *, place: str) -> bytes:
    """Seal with the newest key for `place` ("table.column:row"). Sealing the same twice gives different bytes."""
    name, key = settings.SEAL_KEYS[0]
    header = bytes([_FORMAT, len(name)]) + name.encode()
    nonce = secrets.token_bytes(_NONCE)
    return header + nonce + AESGCM(key).encrypt(nonce, plain, header + place.encode())


def unseal(sealed: bytes | memoryview, *, place: str) -> bytes:
    """
    The plain bytes.

    Raises:
        MissingKey: sealed with a key that we no longer have.
        SealError: another place, damage.
    """
    data = bytes(sealed)
    header, nonce, rest = _split(data)
    key = dict(settings.SEAL_KEYS).get(header[2:].decode("ascii", "replace"))
    if key is None:
        raise MissingKey("sealed with a key that is not listed in SEAL_KEYS")
    try:
        return AESGCM(key).decrypt(nonce, rest, header + place.encode())
    except InvalidTag:
        # The cause says no more than "invalid"; the place may be logged, the value never.
        raise SealError(f"not sealed for {place}, or damaged") from None


def is_sealed_with_newest(sealed: bytes | memoryview) -> bool:
    """Whether the newest key sealed this. What is not should be sealed again before the old key is taken away."""
    try:
        header, _, _ = _split(bytes(sealed))
    except SealError:
        return False
    return header[2:] == settings.SEAL_KEYS[0][0].encode()


def digest(secret: str) -> str:
    """What we keep of a random secret that we only ever compare or look up: it cannot leak what it stands for."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, nonce, ciphertext with its tag."""
    end = 2 + data[1] if len(data) >= 2 else 0
    if len(data) < end + _NONCE + _TAG or not end or data[0] != _FORMAT:
        raise SealError("not a sealed value")
    return data[:end], data[end : end + _NONCE], data[end + _NONCE :]
