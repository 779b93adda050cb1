"""The apps that are registered: a fixed handful that shows every kind, and those that are added at run time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives import serialization

from sandbox.certificates import self_signed
from sandbox.directory import ALMANAC_ID, CONTOSO_ID, FABRIKAM_ID, is_guid
from sandbox.identity import permissions
from sandbox.registration import App, Audience, BadRegistration, Certificate, Secret

HYBRID_ID = "2b6e0a51-9c1d-4e53-8a70-5f0e8c1d2a02"
ROOMS_ID = "3c7f1b62-ad2e-4f64-9b81-601f9d2e3b03"
DAEMON_ID = "4d802c73-be3f-4075-ac92-7120ae3f4c04"
CLUB_ID = "5e913d84-cf40-4186-bda3-8231bf405d05"
CLOSED_ID = "6fa24e95-d051-4297-8eb4-934200516e06"
DIARY_ID = "70b35fa6-e162-43a8-9fc5-a45311627f07"

_SIGN_IN = ("openid", "profile", "email", "offline_access", "User.Read")
# Alice alone is on the list of the app that wants assignment.
_ASSIGNED = frozenset({"a11ce000-1b52-4c0d-8d5e-0c1f3a7be001"})


@dataclass(frozen=True)
class KeyPair:
    """A private key in PEM and the certificate that belongs to it, for an app that has no secret."""

    private_pem: str
    certificate_pem: str


@cache
def daemon_key() -> KeyPair:
    """Made once in a process: nothing that is worth stealing is kept in a file."""
    private, certificate = self_signed("night-clerk.example")
    pem = serialization.Encoding.PEM
    return KeyPair(
        private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
        certificate.public_bytes(pem).decode(),
    )


def fixed() -> tuple[App, ...]:
    """Almanac first, then one app for each thing that a registration can be."""
    return (
        App(
            client_id=ALMANAC_ID,
            name="Almanac",
            publisher="Almanac",
            secrets=(Secret("sandbox-secret-of-almanac"),),
            redirect_uris=("http://localhost/connections/callback/", "http://localhost/connections/approved/"),
            delegated=(*_SIGN_IN, "Calendars.Read", "Calendars.ReadWrite", "MailboxSettings.Read"),
            application=("Calendars.Read", "Calendars.ReadWrite", "MailboxSettings.Read", "User.Read.All"),
        ),
        App(
            client_id=HYBRID_ID,
            name="Hybrid Hall",
            publisher="Hall Software",
            secrets=(
                Secret("sandbox-secret-of-hybrid-old", expires_at=datetime(2026, 1, 31, tzinfo=UTC)),
                Secret("sandbox-secret-of-hybrid"),
                Secret("sandbox-secret-of-hybrid-next"),
            ),
            redirect_uris=("https://hybrid.example/signin-oidc", "https://hybrid.example", "http://localhost/hybrid"),
            delegated=(*_SIGN_IN, "Calendars.Read"),
            audience=Audience.ORGANIZATIONS,
            id_tokens=True,
            publisher_verified=True,
            logout_url="https://hybrid.example/signout-oidc",
        ),
        App(
            client_id=ROOMS_ID,
            name="Contoso Rooms",
            publisher="Contoso",
            secrets=(Secret("sandbox-secret-of-rooms"),),
            redirect_uris=("http://localhost/rooms/",),
            delegated=(*_SIGN_IN, "Calendars.ReadWrite.Shared", "Group.Read.All"),
            application=("Calendars.ReadWrite",),
            audience=Audience.ONE_ORGANIZATION,
            home_tenant_id=CONTOSO_ID,
        ),
        App(
            client_id=DAEMON_ID,
            name="Night Clerk",
            publisher="Clerk & Daughters",
            certificates=(Certificate.read(daemon_key().certificate_pem),),
            redirect_uris=("http://localhost/clerk/",),
            delegated=_SIGN_IN,
            application=tuple(permissions.APPLICATION_ROLES),
            audience=Audience.ORGANIZATIONS,
            publisher_verified=True,
        ),
        App(
            client_id=CLUB_ID,
            name="Club List",
            publisher="Club",
            secrets=(Secret("sandbox-secret-of-club"),),
            redirect_uris=("http://localhost/club/",),
            delegated=_SIGN_IN,
            audience=Audience.ORGANIZATIONS,
            home_tenant_id=FABRIKAM_ID,
            assignment_required=True,
            assigned=_ASSIGNED,
        ),
        App(
            client_id=CLOSED_ID,
            name="Closed Shop",
            publisher="Shop",
            secrets=(Secret("sandbox-secret-of-closed"),),
            redirect_uris=("http://localhost/closed/",),
            delegated=_SIGN_IN,
            enabled=False,
        ),
        App(
            client_id=DIARY_ID,
            name="Home Diary",
            publisher="Diary",
            secrets=(Secret("sandbox-secret-of-diary"),),
            redirect_uris=("http://localhost/diary/",),
            delegated=(*_SIGN_IN, "Calendars.ReadWrite"),
            audience=Audience.PERSONAL,
        ),
    )


class Registrations:
    """Look-up of apps by client id; `register` adds one or puts another in its place."""

    def __init__(self) -> None:
        self._apps = {app.client_id: app for app in fixed()}

    def __iter__(self) -> Iterator[App]:
        return iter(self._apps.values())

    def find(self, client_id: str) -> App | None:
        return self._apps.get(client_id.lower())

    def register(self, app: App) -> None:
        """
        Add the app, or change it.

        Raises:
            BadRegistration: it breaks a rule; nothing has changed.
        """
        if not is_guid(app.client_id) or app.client_id != app.client_id.lower():
            raise BadRegistration("client_id must be a GUID in small letters.")
        for name in app.delegated:
            try:
                permissions.permission(name)
            except permissions.UnknownPermission as error:
                raise BadRegistration(f"There is no delegated permission {name!r}.") from error
        for name in app.application:
            if name not in permissions.APPLICATION_ROLES:
                raise BadRegistration(f"There is no application permission {name!r}.")
        app.check()
        self._apps[app.client_id] = app

    def remove(self, client_id: str) -> App | None:
        return self._apps.pop(client_id.lower(), None)
