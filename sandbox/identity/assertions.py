"""Client assertions: a JWT signed with a registered certificate, in place of a secret."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from sandbox.identity.aadsts import TokenFault
from sandbox.registration import App, Certificate

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = timedelta(minutes=10)
# How far the clocks of client and server may be apart.
_SKEW = timedelta(minutes=5)
_ALGORITHMS = ("PS256", "RS256")


class SeenAssertions:
    """The `jti` of every assertion that was taken, for as long as it could be used again."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], datetime] = {}

    def note(self, client_id: str, jti: str, *, ends_at: datetime, now: datetime) -> bool:
        """False if the same was there before."""
        self._until = {key: end for key, end in self._until.items() if end > now}
        if (client_id, jti) in self._until:
            return False
        self._until[client_id, jti] = ends_at
        return True


def check(raw: str, app: App, *, audiences: Collection[str], seen: SeenAssertions, now: datetime) -> None:
    """
    Take the assertion as proof that `app` is calling.

    Raises:
        TokenFault: 700027 where no registered certificate stands behind it, 50012 where it says something wrong.
    """
    try:
        header = jwt.get_unverified_header(raw)
    except jwt.InvalidTokenError as error:
        raise TokenFault(50012, "The client assertion is not a JWT.") from error
    certificate = _certificate(header, app, now)
    try:
        # All claims are looked at below, moments by the sandbox's clock.
        claims: dict[str, Any] = jwt.decode(
            raw,
            certificate.public,
            algorithms=list(_ALGORITHMS),
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except jwt.InvalidTokenError as error:
        raise TokenFault(700027, "The signature of the client assertion is not valid.") from error
    _check_claims(claims, app, audiences, now)
    ends_at = _moment(claims, "exp") + _SKEW
    if not seen.note(app.client_id, str(claims["jti"]), ends_at=ends_at, now=now):
        raise TokenFault(50012, "The client assertion has been used before: its 'jti' is not new.")


def _certificate(header: Mapping[str, Any], app: App, now: datetime) -> Certificate:
    if header.get("alg") not in _ALGORITHMS:
        raise TokenFault(50012, "The client assertion must be signed with PS256 or RS256.")
    sha256, sha1 = header.get("x5t#S256"), header.get("x5t")
    if sha256 is None and sha1 is None:
        raise TokenFault(700027, "The header of the client assertion names no certificate ('x5t#S256' or 'x5t').")
    for certificate in app.certificates:
        known, given = (certificate.sha256, sha256) if sha256 is not None else (certificate.sha1, sha1)
        if known == _bytes(given):
            if not certificate.not_before <= now < certificate.not_after:
                raise TokenFault(700027, "The certificate that signed the client assertion is not valid today.")
            return certificate
    raise TokenFault(700027, f"No certificate with this thumbprint is registered for '{app.client_id}'.")


def _bytes(thumbprint: object) -> bytes | None:
    """Base64url, with or without padding: libraries differ."""
    text = str(thumbprint).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None


def _check_claims(claims: Mapping[str, Any], app: App, audiences: Collection[str], now: datetime) -> None:
    if claims.get("iss") != app.client_id or claims.get("sub") != app.client_id:
        raise TokenFault(50012, "'iss' and 'sub' of the client assertion must both be the client id.")
    audience = claims.get("aud")
    if not isinstance(audience, str) or audience not in audiences:
        raise TokenFault(50012, "'aud' of the client assertion must be the token endpoint.")
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise TokenFault(50012, "The client assertion needs a 'jti'.")
    ends_at = _moment(claims, "exp")
    if now - _SKEW >= ends_at:
        raise TokenFault(50012, "The client assertion has expired.")
    if ends_at > now + LONGEST + _SKEW:
        raise TokenFault(50012, "The client assertion lives longer than ten minutes.")
    if "nbf" in claims and _moment(claims, "nbf") > now + _SKEW:
        raise TokenFault(50012, "The client assertion is not valid yet.")


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenFault(50012, f"The client assertion needs a number as '{name}'.")
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise TokenFault(50012, f"'{name}' of the client assertion is no moment.") from error
