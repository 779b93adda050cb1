"""`/apps`: the registered apps, so that a foreign test-suite can bring its own."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from flask import Response
from pydantic import AwareDatetime, Field

from sandbox.clock import iso
from sandbox.control.door import LONGEST, Door, WrongRequest, blueprint, read
from sandbox.graph.envelope import answer
from sandbox.identity import Identity
from sandbox.identity.registrations import DAEMON_ID, daemon_key
from sandbox.registration import App, Audience, BadRegistration, Certificate, Secret
from sandbox.state import current


class SecretWish(Door):
    """`expires_in` counts seconds from now, by the sandbox's clock."""

    value: str = Field(min_length=1)
    expires: AwareDatetime | None = None
    expires_in: float | None = Field(default=None, ge=-LONGEST, le=LONGEST)

    def as_secret(self, now: datetime) -> Secret:
        ends = now + timedelta(seconds=self.expires_in) if self.expires_in is not None else self.expires
        return Secret(self.value, ends)


class AppWish(Door):
    """
    A registration, or what is to be different about one that exists. Certificates are PEM, or DER in
    base64; `home_tenant` and `assigned` take ids and names.
    """

    client_id: str | None = None
    name: str | None = None
    publisher: str | None = None
    secrets: list[SecretWish | str] | None = None
    certificates: list[str] | None = None
    redirect_uris: list[str] | None = None
    delegated: list[str] | None = None
    application: list[str] | None = None
    audience: Audience | None = None
    home_tenant: str | None = None
    id_tokens: bool | None = None
    assignment_required: bool | None = None
    assigned: list[str] | None = None
    enabled: bool | None = None
    publisher_verified: bool | None = None
    logout_url: str | None = None


@blueprint.get("/apps")
def list_apps() -> Response:
    identity = current().identity
    with identity.lock:
        return answer({"apps": [_shown(identity, app) for app in identity.apps]})


@blueprint.get("/apps/<client_id>")
def show_app(client_id: str) -> Response:
    """One app with what it proves itself by: the values of its secrets, and the key of the fixed daemon."""
    identity = current().identity
    with identity.lock:
        app = identity.app(client_id)
        shown = _shown(identity, app)
        for line, secret in zip(shown["secrets"], app.secrets, strict=True):
            line["value"] = secret.value
        if app.client_id == DAEMON_ID:
            pair = daemon_key()
            shown |= {"private_key": pair.private_pem, "certificate": pair.certificate_pem}
        return answer(shown)


@blueprint.post("/apps")
def register_app() -> Response:
    wish, identity = read(AppWish), current().identity
    with identity.lock:
        client_id = (wish.client_id or str(uuid4())).lower()
        before = identity.apps.find(client_id) or App(client_id=client_id, name=wish.name or "An app")
        try:
            app = replace(before, **_wished(identity, wish))
            identity.apps.register(app)
        except BadRegistration as error:
            raise WrongRequest(str(error)) from error
        return answer(_shown(identity, app))


@blueprint.delete("/apps/<client_id>")
def remove_app(client_id: str) -> Response:
    identity = current().identity
    with identity.lock:
        app = identity.app(client_id)
        identity.apps.remove(app.client_id)
        return answer(_shown(identity, app))


def _wished(identity: Identity, wish: AppWish) -> dict[str, Any]:
    """The members of a registration that were given."""
    given = wish.model_dump(
        exclude_none=True, exclude={"client_id", "secrets", "certificates", "home_tenant", "assigned"}
    )
    members: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    now = identity.clock.now()
    if wish.secrets is not None:
        members["secrets"] = tuple(Secret(one) if isinstance(one, str) else one.as_secret(now) for one in wish.secrets)
    if wish.certificates is not None:
        members["certificates"] = tuple(Certificate.read(text) for text in wish.certificates)
    if wish.home_tenant is not None:
        members["home_tenant_id"] = identity.tenant(wish.home_tenant).id
    if wish.assigned is not None:
        members["assigned"] = frozenset(identity.person(who).oid for who in wish.assigned)
    return members


def _shown(identity: Identity, app: App) -> dict[str, Any]:
    people = (identity.directory.find_person(oid) for oid in app.assigned)
    return {
        "client_id": app.client_id,
        "name": app.name,
        "publisher": app.publisher,
        "secrets": [{"expires": iso(one.expires_at) if one.expires_at else None} for one in app.secrets],
        "certificates": [{"sha1": one.sha1.hex(), "expires": iso(one.not_after)} for one in app.certificates],
        "redirect_uris": list(app.redirect_uris),
        "delegated": list(app.delegated),
        "application": list(app.application),
        "audience": app.audience,
        "home_tenant": app.home_tenant_id,
        "id_tokens": app.id_tokens,
        "assignment_required": app.assignment_required,
        "assigned": sorted(person.upn for person in people if person is not None),
        "enabled": app.enabled,
        "publisher_verified": app.publisher_verified,
        "logout_url": app.logout_url,
    }
