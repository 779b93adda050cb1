"""The cast with browsers: one side is our site, the other Microsoft's pages in the sandbox."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msal
import pytest
from django.http import HttpResponse
from django.test import Client

from connections import identity
from connections.graph import GraphClient
from connections.models import Connection, Secret, SignInAnswer, SignInFlow
from connections.services import open_graph
from tenants import crypto
from tenants.models import Organization, User
from tenants.scoping import organization_scope
from tests.cast import Cast, cast, signed_in
from tests.sandbox.browser import Browser
from tests.sandbox_client import SandboxClient

__all__ = ["cast"]

ALICE = "alice.moreau@contoso.example"
BOB = "bob.ito@contoso.example"
CARLA = "carla.weber@contoso.example"
PAULA = "paula.reyes@outlook.example"
FARID = "farid.nasser@fabrikam.example"
CALLBACK = "/connections/callback/"
FINISH = "/connections/finish/"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What a process remembers of Microsoft: metadata, refusals of the last minute, signing keys."""
    identity.HTTP_CACHE.clear()
    identity.key_ring.cache_clear()
    yield
    identity.HTTP_CACHE.clear()
    identity.key_ring.cache_clear()


@dataclass
class Traveller:
    """A member at a computer: one browser, which keeps cookies here and cookies at Microsoft."""

    user: User
    organization: Organization
    here: Client = field(init=False)
    there: Browser = field(default_factory=Browser)

    def __post_init__(self) -> None:
        self.here = signed_in(self.user)

    def press_connect(self, **fields: object) -> HttpResponse:
        return self.here.post(f"/o/{self.organization.slug}/connect/", fields)

    def begin(self, **fields: object) -> str:
        """The address at Microsoft that the button leads to."""
        response = self.press_connect(**fields)
        assert response.status_code == 303, response.content.decode()
        return response.headers["Location"]

    def answer(self, address: str, **fields: object) -> dict[str, str]:
        """What Microsoft posts after this account was chosen and everything accepted."""
        # Microsoft knows nobody yet: otherwise a second trip would end without any page.
        self.there = Browser()
        return self.there.sign_in(self.begin(**fields), address).answer

    def finish(self, location: str) -> HttpResponse:
        return self.here.get(location)

    def return_with(self, answer: dict[str, str]) -> HttpResponse:
        """The whole way back: Microsoft's form posts, our 303 is followed."""
        posted = post_back(answer)
        return self.finish(posted.headers["Location"]) if posted.status_code == 303 else posted

    def connect(self, address: str, **fields: object) -> HttpResponse:
        """From the button to the last answer."""
        return self.return_with(self.answer(address, **fields))

    def client_of(self, connection: Connection) -> GraphClient:
        return open_graph(organization_id=self.organization.pk, connection_id=connection.pk, now=datetime.now(UTC))


def post_back(answer: dict[str, str]) -> HttpResponse:
    """Microsoft's form comes from another site: the browser sends no cookie of ours along."""
    return Client().post(CALLBACK, urlencode(answer), content_type=FORM)


@dataclass
class Stored:
    """What an organization's rows are now."""

    organization: Organization

    def connections(self) -> list[Connection]:
        with organization_scope(self.organization.pk):
            return list(Connection.objects.of(self.organization).order_by("pk"))

    @property
    def connection(self) -> Connection:
        [found] = self.connections()
        return found

    def secret_of(self, connection: Connection) -> Secret:
        with organization_scope(self.organization.pk):
            return Secret.objects.of(self.organization).get(connection_id=connection.pk)

    def counts(self) -> dict[str, int]:
        with organization_scope(self.organization.pk):
            return {
                model.__name__: model.objects.of(self.organization).count()
                for model in (Connection, Secret, SignInFlow, SignInAnswer)
            }


def cache_of(secret: Secret) -> Any:
    """MSAL's token cache as it was stored."""
    cache = msal.SerializableTokenCache()
    cache.deserialize(crypto.unseal(secret.sealed_cache, place=identity.place_of_secret(secret.connection_id)).decode())
    return cache


def refresh_token(secret: Secret) -> str:
    cache = cache_of(secret)
    [entry] = cache.search(cache.CredentialType.REFRESH_TOKEN)
    return str(entry["secret"])


NOTHING = {"Connection": 0, "Secret": 0, "SignInFlow": 0, "SignInAnswer": 0}


@pytest.fixture
def alice(cast: Cast, sandbox: SandboxClient) -> Traveller:
    return Traveller(cast.alice, cast.acme)


@pytest.fixture
def bob(cast: Cast, sandbox: SandboxClient) -> Traveller:
    return Traveller(cast.bob, cast.acme)


@pytest.fixture
def mallory(cast: Cast, sandbox: SandboxClient) -> Traveller:
    return Traveller(cast.mallory, cast.globex)


@pytest.fixture
def acme(cast: Cast) -> Stored:
    return Stored(cast.acme)


@pytest.fixture
def globex(cast: Cast) -> Stored:
    return Stored(cast.globex)


@pytest.fixture
def token_of(sandbox: SandboxClient) -> Callable[[str], str]:
    """An access token at the sandbox for anybody's mailbox, without a database."""

    def ask(address: str) -> str:
        begun = identity.begin_sign_in(redirect_uri="http://localhost:8000/connections/callback/")
        answer = Browser().sign_in(begun.url, address).answer
        return identity.finish_sign_in(flow=begun.flow, answer=answer, now=datetime.now(UTC)).access_token

    return ask
