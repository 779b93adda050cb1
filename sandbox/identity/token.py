"""The token endpoint: codes and refresh tokens become access tokens."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from uuid import uuid4

from flask import Response, jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.directory import Person
from sandbox.identity import answers, permissions, segments, vault
from sandbox.identity.aadsts import RedirectFault, TokenFault
from sandbox.identity.answers import Answer
from sandbox.identity.clients import authenticated
from sandbox.identity.http import blueprint, correlation_id, disturbed, with_identity
from sandbox.identity.numbers import SECOND_FACTOR, Where
from sandbox.identity.permissions import BadScope, Permission, ScopeRequest, UnknownPermission, UnknownResource
from sandbox.identity.requests import read_claims
from sandbox.identity.segments import Segment
from sandbox.identity.service import Identity
from sandbox.identity.vault import Code, RefreshToken
from sandbox.identity.whims import Place
from sandbox.registration import App
from sandbox.tokens import base64url, id_token

# What a client has to ask the person for when a rule of the tenant stands in the way.
_POLICY_CLAIMS = json.dumps(
    {"access_token": {"capolids": {"essential": True, "values": ["7c1d3e90-5a2b-4f68-8e17-0d9b6c4f2a55"]}}},
    separators=(",", ":"),
)


@blueprint.route("/<tenant>/oauth2/v2.0/token", methods=["GET", "POST"])
@disturbed(Place.TOKEN)
@with_identity
def token(identity: Identity, tenant: str) -> BaseResponse:
    if request.method != "POST":
        return refuse(identity, TokenFault(900561))
    try:
        answer = _grant(identity, tenant, request.form.to_dict())
    except TokenFault as fault:
        return refuse(identity, fault)
    return _finish(jsonify(answer), str(uuid4()))


def refuse(identity: Identity, fault: TokenFault) -> Response:
    """A refusal as JSON, with the ids by which Microsoft's support would find it."""
    trace_id = str(uuid4())
    body = fault.body(now=identity.clock.now(), correlation_id=correlation_id(), trace_id=trace_id)
    response = jsonify(body)
    response.status_code = fault.status
    if fault.status in (429, 503):
        response.headers["Retry-After"] = str(fault.retry_after or 10)
    return _finish(response, trace_id)


def _finish(response: Response, trace_id: str) -> Response:
    response.headers["Cache-Control"] = "no-store, no-cache"
    response.headers["Pragma"] = "no-cache"
    response.headers["Expires"] = "-1"
    response.headers["x-ms-request-id"] = trace_id
    response.headers["x-ms-ests-server"] = "2.1.0 - sandbox"
    return response


def _grant(identity: Identity, tenant: str, form: Mapping[str, str]) -> Answer:
    try:
        segment = segments.parse(tenant, identity.directory)
    except segments.UnknownTenant as error:
        raise TokenFault(error.number, error.sentence, error="invalid_request") from error
    _check_pace(identity, segment)
    grant = _required(form, "grant_type")
    match grant:
        case "authorization_code":
            # The form of a code is looked at before the client's secret.
            code = _well_formed(_required(form, "code"))
            return _redeem(identity, segment, authenticated(identity, segment, tenant, form), code, form)
        case "refresh_token":
            refresh = _well_formed(_required(form, "refresh_token"))
            return _refresh(identity, segment, authenticated(identity, segment, tenant, form), refresh, form)
        case "client_credentials":
            if segment.tenant is None or segment.tenant.is_personal:
                raise TokenFault(9001023)
            return _for_the_app_itself(identity, segment, authenticated(identity, segment, tenant, form), form)
        case _:
            raise TokenFault(70003, f"The grant type '{grant}' is not supported.")


# Codes


def _redeem(identity: Identity, segment: Segment, app: App, value: str, form: Mapping[str, str]) -> Answer:
    code = identity.vault.codes.get(value)
    if code is None or code.app.client_id != app.client_id:
        raise TokenFault(70000)
    _check_code(identity, segment, code, form)
    _check_person(identity, app, code.person, second_factor=code.second_factor)
    if "scope" in form and not form["scope"].strip():
        raise TokenFault(28003)
    scope = _read_scope(form, app) or code.scope
    _check_loop(identity, app, code.person.oid, segment, scope)
    capabilities = _capabilities(form) | code.capabilities
    answer = answers.for_person(
        identity,
        app,
        code.person,
        scope=scope,
        capabilities=capabilities,
        wants_client_info=form.get("client_info") == "1",
        second_factor=code.second_factor,
    )
    code.used = True
    offers_refresh = scope.names("offline_access") or code.scope.names("offline_access")
    if offers_refresh:
        answer["refresh_token"] = _new_refresh(
            identity, app, code.person, code.scope, capabilities, second_factor=code.second_factor
        )
    if code.scope.names("openid") or scope.names("openid"):
        answer["id_token"] = id_token(
            identity.keys,
            code.person,
            app,
            scopes=_openid_names((*scope.permissions, *code.scope.permissions)),
            now=identity.clock.now(),
            nonce=code.nonce,
            auth_time=code.auth_time,
            session_id=code.session_id,
        )
    return answer


def _check_code(identity: Identity, segment: Segment, code: Code, form: Mapping[str, str]) -> None:
    if code.used:
        raise TokenFault(54005)
    if code.is_expired(identity.clock.now()):
        raise TokenFault(70008, suberror="token_expired")
    if code.segment != segment.name:
        raise TokenFault(700005)
    if form.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
        raise TokenFault(50011, "The redirect URI is not the one that the code was asked for with.")
    verifier = form.get("code_verifier")
    if (code.challenge is None) != (verifier is None):
        raise TokenFault(501481)
    if code.challenge is not None and verifier is not None:
        challenge = verifier
        if code.challenge_method == "S256":
            challenge = base64url(hashlib.sha256(verifier.encode()).digest())
        if not hmac.compare_digest(challenge.encode(), code.challenge.encode()):
            raise TokenFault(501481)


# Refresh tokens


def _refresh(identity: Identity, segment: Segment, app: App, value: str, form: Mapping[str, str]) -> Answer:
    former = identity.vault.refresh_tokens.get(value)
    if former is None or former.app.client_id != app.client_id:
        raise TokenFault(70000)
    try:
        person = _owner(identity, segment, former)
        _check_refresh(identity, former)
        _check_person(identity, app, person, second_factor=former.second_factor)
        scope = _read_scope(form, app) or former.scope
        _check_loop(identity, app, person.oid, segment, scope)
        capabilities = _capabilities(form) or former.capabilities
        answer = answers.for_person(
            identity,
            app,
            person,
            scope=scope,
            capabilities=capabilities,
            wants_client_info=form.get("client_info") == "1",
            second_factor=former.second_factor,
        )
    except TokenFault as fault:
        if former.person.is_personal and fault.error == "invalid_grant" and fault.number != _LOOP:
            # Personal accounts have one answer for all of it.
            raise TokenFault(70000) from fault
        raise
    former.used = True
    answer["refresh_token"] = _new_refresh(
        identity, app, person, former.scope, capabilities, second_factor=former.second_factor
    )
    if scope.names("openid"):
        answer["id_token"] = id_token(
            identity.keys,
            person,
            app,
            scopes=_openid_names(scope.permissions),
            now=identity.clock.now(),
        )
    return answer


def _owner(identity: Identity, segment: Segment, former: RefreshToken) -> Person:
    """Whose it is here: it is bound to no tenant, so a guest becomes a member at home, and the other way round."""
    person = segment.known_as(former.person, identity.directory)
    if person is None:
        raise TokenFault(50020, error="invalid_grant")
    return person


def _check_refresh(identity: Identity, former: RefreshToken) -> None:
    if former.revoked:
        raise TokenFault(50173)
    if former.is_expired(identity.clock.now()):
        raise TokenFault(700082)
    if former.used and identity.strict_refresh:
        raise TokenFault(70000, "The refresh token has been used before.", suberror="bad_token")


def _new_refresh(
    identity: Identity,
    app: App,
    person: Person,
    scope: ScopeRequest,
    capabilities: frozenset[str],
    *,
    second_factor: bool,
) -> str:
    value = vault.new_grant()
    # The former stays valid, as at Microsoft: `strict_refresh` is there to find clients that rely on it.
    identity.vault.keep_refresh(
        RefreshToken(value, app, person, scope, identity.clock.now(), capabilities, second_factor)
    )
    return value


# The app itself


def _for_the_app_itself(identity: Identity, segment: Segment, app: App, form: Mapping[str, str]) -> Answer:
    tenant = segment.tenant
    if tenant is None:
        raise TokenFault(9001023)
    scope = _read_scope(form, app)
    if scope is None:
        raise TokenFault(900144, "The request body must contain the parameter 'scope'.")
    if not scope.is_default or form["scope"].strip().count(" "):
        raise TokenFault(70011, "Client credential flows need a scope that ends in '/.default', and that alone.")
    scripted = identity.scripts.meets((tenant.id,), Where.TOKEN)
    if scripted is not None:
        raise TokenFault.of(scripted)
    if not identity.consents.has_service_principal(app, tenant.id):
        raise TokenFault(7000229)
    _check_loop(identity, app, "", segment, scope)
    return answers.for_app(identity, app, tenant.id, resource=scope.resources[0], capabilities=_capabilities(form))


# Shared


def _check_pace(identity: Identity, segment: Segment) -> None:
    if segment.tenant is None:
        return
    _slow_down(identity.throttle.busy_tenant(segment.tenant.id, identity.clock.now()))


def _slow_down(seconds: int | None) -> None:
    if seconds is not None:
        raise TokenFault(90055, "Too many requests. Wait as long as the Retry-After header says.", retry_after=seconds)


def _check_person(identity: Identity, app: App, person: Person, *, second_factor: bool) -> None:
    """Everything that may stand between a person and a token although the grant itself is good."""
    _slow_down(identity.throttle.busy_person(person.home_oid, identity.clock.now()))
    fault = identity.trouble(person, app, Where.TOKEN)
    if fault is not None:
        raise TokenFault.of(fault, claims=_POLICY_CLAIMS if fault.number in _WITH_CLAIMS else None)
    if app.assignment_required and person.oid not in app.assigned:
        raise TokenFault(50105, error="interaction_required")
    if identity.needs_second_factor(person) and not second_factor:
        raise TokenFault(50076, claims=_POLICY_CLAIMS)


_LOOP = 50196
_WITH_CLAIMS = SECOND_FACTOR | {53003}


def _check_loop(identity: Identity, app: App, oid: str, segment: Segment, scope: ScopeRequest) -> None:
    wanted = " ".join((*sorted(p.uri for p in scope.permissions), *scope.resources))
    key = f"{app.client_id} {oid} {segment.name} {wanted}"
    if identity.throttle.loops(key, identity.clock.now()):
        raise TokenFault(_LOOP)


def _read_scope(form: Mapping[str, str], app: App) -> ScopeRequest | None:
    text = form.get("scope", "").strip()
    if not text:
        return None
    try:
        scope = permissions.parse(text, app.delegated)
    except UnknownResource as error:
        raise TokenFault(500011, f"The resource '{error}' was not found in the tenant.") from error
    except (UnknownPermission, BadScope) as error:
        raise TokenFault(70011, f"The scope is not valid: {error}") from error
    if len(scope.resources) > 1:
        raise TokenFault(700022)
    return scope


def _capabilities(form: Mapping[str, str]) -> frozenset[str]:
    try:
        return read_claims(form.get("claims")).capabilities
    except RedirectFault as error:
        raise TokenFault(90100, error.detail) from error


def _openid_names(asked: Iterable[Permission]) -> set[str]:
    return {p.name for p in asked if p.is_openid}


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise TokenFault(900144, f"The request body must contain the parameter '{name}'.")
    return value


def _well_formed(value: str) -> str:
    if not vault.looks_like_grant(value):
        raise TokenFault(9002313)
    return value
