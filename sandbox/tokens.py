"""Signing keys and the tokens made with them: id_tokens, and access tokens of work accounts."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.certificates import self_signed
from sandbox.directory import PERSONAL_TENANT_ID, Person
from sandbox.registration import App

LOGIN = "https://login.microsoftonline.com"
ISSUER_TEMPLATE = f"{LOGIN}/{{tenantid}}/v2.0"

# The app that sends change notifications.
PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"

# Template ids of directory roles, as they stand in the `wids` claim.
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
ORDINARY_MEMBER = "b79fbf4d-3ef9-4689-8143-76b194e85509"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def issuer_of(tenant_id: str) -> str:
    return ISSUER_TEMPLATE.replace("{tenantid}", tenant_id)


@dataclass(frozen=True)
class SigningKey:
    """An RSA key with the certificate that the key document shows."""

    kid: str
    private: rsa.RSAPrivateKey
    certificate: bytes
    issuer: str

    def as_jwk(self) -> dict[str, object]:
        numbers = self.private.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        exponent = numbers.e.to_bytes(3, "big")
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": base64url(modulus),
            "e": base64url(exponent),
            "x5c": [base64.b64encode(self.certificate).decode()],
            "issuer": self.issuer,
        }

    def sign(self, claims: Mapping[str, object], **headers: str) -> str:
        return jwt.encode(
            dict(claims), self.private, algorithm="RS256", headers={"kid": self.kid, "typ": "JWT", **headers}
        )


# Making an RSA key takes a tenth of a second, so a process makes each one once and a reset keeps them.
_MADE: dict[tuple[str, int], SigningKey] = {}
_MAKING = threading.Lock()


def _key(issuer: str, generation: int) -> SigningKey:
    with _MAKING:
        if (issuer, generation) not in _MADE:
            _MADE[issuer, generation] = _make_key(issuer)
        return _MADE[issuer, generation]


def _make_key(issuer: str) -> SigningKey:
    private, certificate = self_signed("sandbox.accounts.example")
    der = certificate.public_bytes(serialization.Encoding.DER)
    thumbprint = hashlib.sha1(der, usedforsecurity=False).digest()
    return SigningKey(base64url(thumbprint), private, der, issuer)


class KeyRing:
    """The keys in use: one for work accounts, one for personal ones; after a rotation also the former."""

    def __init__(self) -> None:
        self._generation = 0
        self._published = [0]

    def rotate(self, *, forget_former: bool = False) -> None:
        """Sign with new keys from now on; `forget_former` takes the old out of the key document."""
        self._generation += 1
        self._published = [self._generation] if forget_former else [self._generation, *self._published]

    def reset(self) -> None:
        self._generation = 0
        self._published = [0]

    def signing_key(self, tenant_id: str) -> SigningKey:
        return _key(_issuer_of_key(tenant_id), self._generation)

    def document(self) -> dict[str, object]:
        issuers = (ISSUER_TEMPLATE, issuer_of(PERSONAL_TENANT_ID))
        return {"keys": [_key(i, g).as_jwk() for g in self._published for i in issuers]}


def _issuer_of_key(tenant_id: str) -> str:
    # The personal accounts' key names its issuer in full, so that it cannot sign for an organization.
    return issuer_of(PERSONAL_TENANT_ID) if tenant_id == PERSONAL_TENANT_ID else ISSUER_TEMPLATE


def subject_for(person: Person, app: App) -> str:
    """The `sub` claim: the same person looks different to every app."""
    digest = hashlib.sha256(f"{person.tenant_id}/{person.oid}/{app.client_id}".encode()).digest()
    return base64url(digest)


def service_principal_id(tenant_id: str, client_id: str) -> str:
    """The object id of an app in a tenant."""
    digest = hashlib.sha256(f"{tenant_id}/{client_id}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def client_info_of(person: Person) -> str:
    """Names the account at home, wherever it signs in."""
    return base64url(f'{{"uid":"{person.home_oid}","utid":"{person.home_tenant_id}"}}'.encode())


def half_hash(value: str) -> str:
    """The `c_hash` of a code: the left half of its SHA-256."""
    return base64url(hashlib.sha256(value.encode()).digest()[:16])


def id_token(
    keys: KeyRing,
    person: Person,
    app: App,
    *,
    scopes: Iterable[str],
    now: datetime,
    nonce: str | None = None,
    auth_time: datetime | None = None,
    session_id: str | None = None,
    code: str | None = None,
) -> str:
    """
    An id_token v2.0, valid for an hour from `now`; `nonce` only when a code is redeemed.

    `code` is the one that the token comes with at the redirect URI.
    """
    issued = int(now.timestamp())
    names = set(scopes)
    claims: dict[str, object] = {
        "ver": "2.0",
        "iss": issuer_of(person.tenant_id),
        "aud": app.client_id,
        "sub": subject_for(person, app),
        "tid": person.tenant_id,
        "iat": issued,
        "nbf": issued,
        "exp": issued + 3600,
        "rh": "0." + secrets.token_urlsafe(24) + ".",
        "uti": secrets.token_urlsafe(16),
    }
    if "profile" in names:
        claims |= {"oid": person.oid, "name": person.name, "preferred_username": address_of(person)}
        claims["login_hint"] = login_hint_of(person)
        if not person.is_personal:
            # The registrations ask for directory roles, so an administrator can be told from a member,
            # and for the kind of account, so a guest can.
            claims["wids"] = [_role_of(person)]
            claims["acct"] = 1 if person.is_guest else 0
    if "email" in names or person.is_guest:
        claims["email"] = person.mail
    if nonce is not None:
        claims["nonce"] = nonce
    if auth_time is not None:
        claims["auth_time"] = int(auth_time.timestamp())
    if session_id is not None:
        claims["sid"] = session_id
    if code is not None:
        claims["c_hash"] = half_hash(code)
    return keys.signing_key(person.tenant_id).sign(claims)


def address_of(person: Person) -> str:
    """What a person types to sign in: a guest keeps the name of their home."""
    return person.home.upn if person.home else person.upn


def _role_of(person: Person) -> str:
    if person.is_admin:
        return GLOBAL_ADMINISTRATOR
    return APPLICATION_ADMINISTRATOR if person.manages_apps else ORDINARY_MEMBER


def login_hint_of(person: Person) -> str:
    """The opaque `login_hint` claim: good at the authorize and logout endpoints."""
    return "O." + base64url(f"{person.home_oid}\n{address_of(person)}".encode())


def access_token(
    keys: KeyRing,
    *,
    person: Person | None,
    tenant_id: str,
    app: App,
    resource: str,
    scopes: Iterable[str],
    now: datetime,
    expires_at: datetime,
    capabilities: Iterable[str] = (),
    second_factor: bool = False,
) -> str:
    """
    An access token for `resource`; `person` is None for the app itself, and `scopes` are then its roles.

    A JWT for work accounts, an opaque string for personal ones.
    """
    if person is not None and person.is_personal:
        return "EwB" + secrets.token_urlsafe(700)
    issued = int(now.timestamp())
    claims: dict[str, object] = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{tenant_id}/",
        "iat": issued,
        "nbf": issued,
        "exp": int(expires_at.timestamp()),
        "app_displayname": app.name,
        "appid": app.client_id,
        "appidacr": "1",
        "tid": tenant_id,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }
    if person is None:
        oid = service_principal_id(tenant_id, app.client_id)
        claims |= {"idtyp": "app", "oid": oid, "sub": oid, "roles": sorted(scopes)}
    else:
        claims |= {
            "idtyp": "user",
            "oid": person.oid,
            "sub": subject_for(person, app),
            "name": person.name,
            "upn": person.upn,
            "unique_name": address_of(person),
            "scp": " ".join(scopes),
            "amr": ["pwd", "mfa"] if second_factor else ["pwd"],
        }
        if person.home is not None:
            claims["idp"] = f"https://sts.windows.net/{person.home.tenant_id}/"
    if granted := sorted(capabilities):
        claims["xms_cc"] = granted
    # Graph's tokens carry a nonce in their header that only Graph can undo: nobody else verifies them.
    return keys.signing_key(tenant_id).sign(claims, nonce=secrets.token_urlsafe(32))


def validation_token(keys: KeyRing, *, tenant_id: str, app_id: str, now: datetime) -> str:
    """What proves to `app_id` that a batch with resource data comes from the publisher of change notifications."""
    issued = int(now.timestamp())
    issuer = f"https://sts.windows.net/{tenant_id}/"
    claims: dict[str, object] = {
        "aud": app_id,
        "iss": issuer,
        "iat": issued,
        "nbf": issued,
        "exp": issued + 29_100,
        "aio": secrets.token_urlsafe(24),
        "appid": PUBLISHER,
        "appidacr": "2",
        "idp": issuer,
        "tid": tenant_id,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }
    return keys.signing_key(tenant_id).sign(claims)
