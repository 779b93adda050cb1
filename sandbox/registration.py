"""What an app is to the identity platform: how it proves that it is itself, whom it takes, where answers may go."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

LONGEST_REDIRECT = 256
MOST_REDIRECTS = 256
# Registrations that take personal accounts are held to these.
MOST_REDIRECTS_PERSONAL = 100
MOST_SECRETS_PERSONAL = 2
MOST_PERMISSIONS_PERSONAL = 30
_REFUSED_IN_REDIRECTS = frozenset("!$'(),;*")


class BadRegistration(ValueError):
    """The registration cannot be; the sentence says why."""


class Audience(StrEnum):
    """Whose accounts may sign in, in the words of the manifest."""

    EVERYBODY = "AzureADandPersonalMicrosoftAccount"
    ORGANIZATIONS = "AzureADMultipleOrgs"
    ONE_ORGANIZATION = "AzureADMyOrg"
    PERSONAL = "PersonalMicrosoftAccount"

    @property
    def takes_personal(self) -> bool:
        return self in (Audience.EVERYBODY, Audience.PERSONAL)


@dataclass(frozen=True)
class Secret:
    value: str
    expires_at: datetime | None = None

    def matches(self, given: str) -> bool:
        return hmac.compare_digest(self.value.encode(), given.encode())

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and now >= self.expires_at


@dataclass(frozen=True)
class Certificate:
    """A certificate whose private key signs client assertions."""

    sha1: bytes
    sha256: bytes
    public: rsa.RSAPublicKey
    not_before: datetime
    not_after: datetime

    @classmethod
    def read(cls, text: str) -> Certificate:
        """
        From PEM, or DER in base64.

        Raises:
            BadRegistration: it is neither, or its key is not an RSA one.
        """
        try:
            if "-----BEGIN" in text:
                found = x509.load_pem_x509_certificate(text.encode())
            else:
                found = x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
        except (ValueError, binascii.Error) as error:
            raise BadRegistration("A certificate is PEM, or DER in base64.") from error
        return cls.of(found)

    @classmethod
    def of(cls, certificate: x509.Certificate) -> Certificate:
        public = certificate.public_key()
        if not isinstance(public, rsa.RSAPublicKey):
            raise BadRegistration("A certificate needs an RSA key.")
        der = certificate.public_bytes(Encoding.DER)
        return cls(
            sha1=hashlib.sha1(der, usedforsecurity=False).digest(),
            sha256=hashlib.sha256(der).digest(),
            public=public,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )


@dataclass(frozen=True)
class App:
    """
    A registration.

    `home_tenant_id` is the tenant that it was registered in (null: one that the sandbox does not have).
    `delegated` and `application` are the static lists that `.default` stands for. Where
    `assignment_required` is set, only the people in `assigned` (object ids) get in.
    """

    client_id: str
    name: str
    publisher: str = ""
    secrets: tuple[Secret, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    delegated: tuple[str, ...] = ()
    application: tuple[str, ...] = ()
    audience: Audience = Audience.EVERYBODY
    home_tenant_id: str | None = None
    id_tokens: bool = False
    assignment_required: bool = False
    assigned: frozenset[str] = frozenset()
    enabled: bool = True
    publisher_verified: bool = False
    logout_url: str | None = None

    def accepts_redirect(self, uri: str) -> bool:
        """Letter for letter, except that the port of `localhost` does not matter."""
        return any(uri == known or _portless(uri) == _portless(known) for known in self.redirect_uris)

    def check(self) -> None:
        """
        Hold the registration to the rules of the app's registration page.

        Raises:
            BadRegistration: it breaks one.
        """
        personal = self.audience.takes_personal
        most = MOST_REDIRECTS_PERSONAL if personal else MOST_REDIRECTS
        if len(self.redirect_uris) > most:
            raise BadRegistration(f"At most {most} redirect URIs.")
        for uri in self.redirect_uris:
            _check_redirect(uri, personal=personal)
        if self.logout_url is not None:
            _check_redirect(self.logout_url, personal=False)
        if personal and len(self.secrets) > MOST_SECRETS_PERSONAL:
            raise BadRegistration(f"With personal accounts, at most {MOST_SECRETS_PERSONAL} secrets.")
        if personal and len(self.delegated) > MOST_PERMISSIONS_PERSONAL:
            raise BadRegistration(f"With personal accounts, at most {MOST_PERMISSIONS_PERSONAL} permissions.")
        if self.audience is Audience.ONE_ORGANIZATION and self.home_tenant_id is None:
            raise BadRegistration("An app of one organization needs a home tenant.")


def _check_redirect(uri: str, *, personal: bool) -> None:
    try:
        parts = urlsplit(uri)
        # Reading it is what checks it.
        _ = parts.port
    except ValueError as error:
        raise BadRegistration(f"{uri!r} is no address.") from error
    if len(uri) > LONGEST_REDIRECT:
        raise BadRegistration(f"A redirect URI has at most {LONGEST_REDIRECT} characters.")
    local = parts.hostname in ("localhost", "127.0.0.1")
    if not parts.hostname or (parts.scheme != "https" and not (parts.scheme == "http" and local)):
        raise BadRegistration(f"{uri!r}: https, or http on localhost.")
    if _REFUSED_IN_REDIRECTS & set(uri) or parts.fragment or uri != uri.strip():
        raise BadRegistration(f"{uri!r}: no wildcard, no fragment, none of ! $ ' ( ) , ;")
    if personal and "?" in uri:
        raise BadRegistration(f"{uri!r}: no query where personal accounts may sign in.")


def _portless(uri: str) -> str:
    """`uri` without its port when it is an http address of localhost; otherwise unchanged."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return uri
    if parts.scheme != "http" or parts.hostname != "localhost" or port is None:
        return uri
    return uri.replace(f"localhost:{port}", "localhost", 1)
