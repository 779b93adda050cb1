"""
Our own check of Microsoft's id_token. MSAL compares the nonce and nothing else.

A person is `tid` + `oid` of a token that passed here, and nothing else: addresses in it are labels that any tenant's
administrator can write.
"""

import hmac
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt
import structlog

from connections.models import PERSONAL_TENANT

log = structlog.get_logger(__name__)

# Microsoft's documents allow five minutes; clocks that are further apart than two are worth finding.
LEEWAY: Final = timedelta(minutes=2)
KEYS_LAST: Final = timedelta(hours=24)
# How soon an unknown key may make us ask again: a stranger can send us tokens with made-up key ids.
ASK_AGAIN_AFTER: Final = timedelta(minutes=5)
# Template ids of the directory roles that may approve an app for everybody; they are the same in every directory.
APPROVING_ROLES: Final = frozenset(
    {
        "62e90394-69f5-4237-9190-012177145e10",  # Global Administrator
        "e8611ab8-c189-46e8-94e1-60213ab1f814",  # Privileged Role Administrator
        "158c047a-c907-4556-b7ef-446551a6b5f7",  # Cloud Application Administrator
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",  # Application Administrator
    }
)
# Nobody holds nearly as many directory roles.
_MOST_ROLES: Final = 200

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REQUIRED = ["exp", "iat", "nbf", "iss", "aud", "sub", "tid", "oid"]
# Signature and audience are PyJWT's; times are ours, because they are compared with a `now` that is handed in.
_OPTIONS: Final[Any] = {"require": _REQUIRED, "verify_exp": False, "verify_nbf": False, "verify_iat": False}


class BadIdToken(Exception):
    """The token proves nothing. The text names the check that failed, never a value of the token."""


class KeysUnavailable(Exception):
    """Microsoft's key document cannot be had, and we hold none that is good enough. Later."""


@dataclass(frozen=True)
class Claims:
    """Who signed in. `address` and `name` are for showing only; `roles` are template ids of directory roles."""

    tid: UUID
    oid: UUID
    address: str
    name: str
    roles: frozenset[str] = frozenset()

    @property
    def may_approve_apps(self) -> bool:
        """Whether they hold a role by which an administrator may approve an app for the whole directory."""
        return bool(self.roles & APPROVING_ROLES)

    @property
    def is_personal(self) -> bool:
        return self.tid == PERSONAL_TENANT

    def __repr__(self) -> str:
        return f"<Claims of {self.tid}/{self.oid}>"


class KeyRing:
    """
    Microsoft's signing keys by their id, asked for when needed and kept for a day.

    An unknown id makes it ask again, at most every five minutes and in one thread; when asking fails, the former
    keys stay.
    """

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        self._fetch = fetch
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._asked_at: datetime | None = None
        self._lock = threading.Lock()

    def find(self, kid: str, *, now: datetime) -> Mapping[str, Any]:
        """
        The key of this id as Microsoft's document describes it.

        Raises:
            BadIdToken: Microsoft has no such key.
            KeysUnavailable: we hold no keys at all and got none.
        """
        with self._lock:
            age = None if self._asked_at is None else now - self._asked_at
            if age is None or age >= KEYS_LAST or (kid not in self._keys and age >= ASK_AGAIN_AFTER):
                self._ask(now)
            if kid in self._keys:
                return self._keys[kid]
        raise BadIdToken("unknown key")

    def _ask(self, now: datetime) -> None:
        try:
            document = self._fetch()
        except KeysUnavailable:
            if not self._keys:
                raise
            log.warning("signing_keys_not_refreshed")
        else:
            self._keys = {
                key["kid"]: key
                for key in document.get("keys", [])
                if isinstance(key, dict) and key.get("kty") == "RSA" and isinstance(key.get("kid"), str)
            }
        # Also after a failure: a service that is down is not asked by every sign-in.
        self._asked_at = now


def verify(raw: str, keys: KeyRing, *, client_id: str, issuer: str, nonce: str, now: datetime) -> Claims:
    """
    The claims of a token that Microsoft signed for us, for this sign-in, and that is valid at `now` (aware).

    `issuer` is our cloud's, with `{tenantid}` in it; `nonce` as it went over the wire.

    Raises:
        BadIdToken: it is anything else.
        KeysUnavailable: Microsoft's keys cannot be had.
    """
    key = keys.find(_key_id(raw), now=now)
    try:
        # The algorithm is ours, never the token's: it would let anybody sign with our public key as a secret.
        claims = jwt.decode(
            raw, jwt.PyJWK(dict(key), algorithm="RS256").key, algorithms=["RS256"], audience=client_id, options=_OPTIONS
        )
    except jwt.PyJWTError as error:
        raise BadIdToken(type(error).__name__) from None
    if claims["aud"] != client_id:
        # PyJWT would also take a list that holds us: a token for several is not one for us.
        raise BadIdToken("audience")
    _check_times(claims, now)
    if claims.get("ver") != "2.0":
        raise BadIdToken("version")
    tid, oid = (_guid(claims, name) for name in ("tid", "oid"))
    if claims["iss"] != issuer.replace("{tenantid}", tid):
        raise BadIdToken("issuer")
    # One of Microsoft's keys belongs to personal accounts: it must not sign for a company's tenant.
    if str(key.get("issuer", "")).replace("{tenantid}", tid) != claims["iss"]:
        raise BadIdToken("issuer of the key")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise BadIdToken("nonce")
    return Claims(
        tid=UUID(tid),
        oid=UUID(oid),
        address=label(claims.get("preferred_username"), 320),
        name=label(claims.get("name"), 256),
        roles=_roles(claims.get("wids")),
    )


def _roles(value: object) -> frozenset[str]:
    """The directory roles of the claim `wids`; what does not look like one counts for nothing."""
    found = value[:_MOST_ROLES] if isinstance(value, list) else []
    return frozenset(role.lower() for role in found if isinstance(role, str) and _GUID.fullmatch(role.lower()))


def label(value: object, longest: int) -> str:
    """Text of Microsoft's for showing: bounded, in one line, without what PostgreSQL or UTF-8 refuse."""
    text = value if isinstance(value, str) else ""
    text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:longest]


def _key_id(raw: str) -> str:
    try:
        header = jwt.get_unverified_header(raw)
    except jwt.PyJWTError as error:
        raise BadIdToken(type(error).__name__) from None
    if header.get("alg") != "RS256":
        raise BadIdToken("algorithm")
    return str(header.get("kid", ""))


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    moments = [claims[name] for name in ("nbf", "exp")]
    if not all(isinstance(moment, int) and not isinstance(moment, bool) for moment in moments):
        raise BadIdToken("times")
    begins, ends = moments
    leeway = LEEWAY.total_seconds()
    if not begins - leeway <= now.timestamp() < ends + leeway:
        raise BadIdToken("expired or not yet valid")


def _guid(claims: Mapping[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str) or not _GUID.fullmatch(value):
        raise BadIdToken(name)
    return value
