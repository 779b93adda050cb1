"""
The people of our tests: Alice owns acme, Ada is its admin, Bob its member; Mallory owns globex and nothing else.

Fixtures, to be imported by a `conftest.py`; `Cast` may also be founded where there are no fixtures.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.hashers import get_hasher, make_password
from django.http import HttpRequest
from django.test import Client

from tenants.models import Membership, Organization, User
from tenants.policies import Role
from tenants.scoping import organization_scope
from tenants.services import found_organization

PASSWORD = "correct-horse-battery"
# What the apps of everybody here rest on.
CODES_KEY = "ALMANACALMANACALMANACALMANAC2345"


@dataclass(frozen=True)
class Cast:
    """Everybody, and the two organizations."""

    alice: User
    ada: User
    bob: User
    mallory: User
    support: User
    acme: Organization
    globex: Organization

    @classmethod
    def found(cls) -> "Cast":
        """Make everybody. Call it outside every scope."""
        now = datetime.now(UTC)
        alice, ada, bob = person("alice", "Alice Moreau"), person("ada", "Ada Okafor"), person("bob", "Bob Ito")
        mallory = person("mallory", "Mallory Quinn", host="globex.example")
        support = person("support", "Support", host="almanac.example", is_staff=True)
        acme = found_organization(name="Acme", slug="acme", by=alice, now=now).organization
        globex = found_organization(name="Globex", slug="globex", by=mallory, now=now).organization
        with organization_scope(acme.pk):
            Membership.objects.create(organization=acme, user=ada, role=Role.ADMIN)
            Membership.objects.create(organization=acme, user=bob, role=Role.MEMBER)
        return cls(alice=alice, ada=ada, bob=bob, mallory=mallory, support=support, acme=acme, globex=globex)

    @property
    def people(self) -> Iterable[User]:
        return (self.alice, self.ada, self.bob, self.mallory, self.support)


def person(name: str, full_name: str = "", *, host: str = "acme.example", is_staff: bool = False) -> User:
    """Somebody with a confirmed address and the password that everybody here has."""
    user = User.objects.create(
        email=f"{name}@{host}", password=_hashed(get_hasher().algorithm), name=full_name, is_staff=is_staff
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@cache
def _hashed(algorithm: str) -> str:
    """Once: a good hash takes a good part of a second, and every test makes five people."""
    return make_password(PASSWORD, hasher=algorithm)


def signed_in(user: User | None) -> Client:
    """A browser of this person; of nobody in particular for None."""
    client = Client()
    if user is not None:
        client.force_login(user)
        if user.is_staff:
            take_second_step(client, user)
    return client


def take_second_step(client: Client, user: User) -> None:
    """As if a code had been typed: this session has passed, and the person has an authenticator."""
    app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    app = app or TOTP.activate(user, CODES_KEY).instance
    request = HttpRequest()
    request.session, request.user = client.session, user
    record_authentication(request, user, "mfa", id=app.pk, type=app.type)
    request.session.save()


def code_now(*, periods_ahead: int = 0) -> str:
    """What the app shows that `take_second_step` set up."""
    return format_hotp_value(hotp_value(CODES_KEY, next(yield_hotp_counters_from_time()) + periods_ahead))


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast.found()
