"""Which app is calling the token endpoint, and its proof: a secret, a Basic header, or a signed assertion."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from flask import request

from sandbox.identity import assertions
from sandbox.identity.aadsts import TokenFault
from sandbox.identity.numbers import Where
from sandbox.identity.segments import Segment
from sandbox.identity.service import Identity
from sandbox.registration import App
from sandbox.tokens import LOGIN


def authenticated(identity: Identity, segment: Segment, tenant: str, form: Mapping[str, str]) -> App:
    """
    The app behind a token request; `tenant` is the segment as it was written.

    Raises:
        TokenFault: it is unknown, not for this address, switched off, or has not proved that it is itself.
    """
    client_id, secret = form.get("client_id"), form.get("client_secret")
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        client_id = unquote(basic.username or "") or client_id
        secret = unquote(basic.password or "")
    if not client_id:
        raise TokenFault(900144, "The request body must contain the parameter 'client_id'.")
    app = identity.apps.find(client_id)
    if app is None:
        raise TokenFault(700016, f"Application '{client_id}' was not found in the directory.")
    if (objection := segment.objection(app)) is not None:
        raise TokenFault(*objection)
    if not app.enabled:
        raise TokenFault(7000112, f"Application '{app.client_id}' ({app.name}) is disabled.")
    if "client_assertion" in form:
        _check_assertion(identity, segment, tenant, app, form)
    elif secret:
        _check_secret(identity, app, secret)
    else:
        raise TokenFault(7000218)
    if request.headers.get("Origin"):
        raise TokenFault(9002326)
    scripted = identity.scripts.meets((app.client_id,), Where.TOKEN)
    if scripted is not None:
        raise TokenFault.of(scripted)
    return app


def _check_secret(identity: Identity, app: App, given: str) -> None:
    """Any of the app's secrets will do: that is how they are changed without a gap."""
    found = next((secret for secret in app.secrets if secret.matches(given)), None)
    if found is None:
        raise TokenFault(7000215, f"Invalid client secret provided for app '{app.client_id}'.")
    if found.is_expired(identity.clock.now()):
        raise TokenFault(7000222, f"The client secret of app '{app.client_id}' has expired.")


def _check_assertion(identity: Identity, segment: Segment, tenant: str, app: App, form: Mapping[str, str]) -> None:
    if "client_assertion_type" not in form:
        raise TokenFault(900144, "The request body must contain the parameter 'client_assertion_type'.")
    if form["client_assertion_type"] != assertions.ASSERTION_TYPE:
        raise TokenFault(90023, f"'{form['client_assertion_type']}' is no type of a client assertion.")
    spellings = {tenant, segment.name}
    if segment.tenant is not None:
        spellings |= {segment.tenant.id, segment.tenant.domain}
    hosts = (LOGIN, identity.public_url)
    assertions.check(
        form["client_assertion"],
        app,
        audiences={f"{host}/{spelling}/oauth2/v2.0/token" for host in hosts for spelling in spellings},
        seen=identity.assertions,
        now=identity.clock.now(),
    )
