"""The token endpoint: codes and refresh tokens become access tokens."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import unquote
from uuid import uuid4

from flask import Response, jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.directory import App, Person
from sandbox.identity import permissions, segments, vault
from sandbox.identity.aadsts import RedirectFault, TokenFault, Where
from sandbox.identity.http import blueprint, with_identity
from sandbox.identity.permissions import BadScope, Permission, ScopeRequest, UnknownPermission, UnknownResource
from sandbox.identity.requests import read_capabilities
from sandbox.identity.segments import Segment
from sandbox.identity.service import CAE, Identity
from sandbox.identity.vault import Code, RefreshToken
from sandbox.tokens import base64url, client_info_of, id_token

Answer = dict[str, object]


@blueprint.route("/<tenant>/oauth2/v2.0/token", methods=["GET", "POST"])
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
    correlation_id = request.headers.get("client-request-id") or str(uuid4())
    body = fault.body(now=identity.clock.now(), correlation_id=correlation_id, trace_id=trace_id)
    response = jsonify(body)
    response.status_code = fault.status
    if fault.status in (429, 503):
        response.headers["Retry-After"] = "10"
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
    grant = _required(form, "grant_type")
    match grant:
        case "authorization_code":
            # The form of a code is looked at before the client's secret.
            code = _well_formed(_required(form, "code"))
            return _redeem(identity, segment, _authenticated(identity, form), code, form)
        case "refresh_token":
            refresh = _well_formed(_required(form, "refresh_token"))
            return _refresh(identity, segment, _authenticated(identity, form), refresh, form)
        case "client_credentials":
            return _for_the_app_itself(identity, segment, _authenticated(identity, form), form)
        case _:
            raise TokenFault(70003, f"The grant type '{grant}' is not supported.")


# The client


def _authenticated(identity: Identity, form: Mapping[str, str]) -> App:
    client_id, secret = form.get("client_id"), form.get("client_secret")
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        client_id = unquote(basic.username or "") or client_id
        secret = unquote(basic.password or "")
    if not client_id:
        raise TokenFault(900144, "The request body must contain the parameter 'client_id'.")
    app = identity.directory.find_app(client_id)
    if app is None:
        raise TokenFault(700016, f"Application '{client_id}' was not found in the directory.")
    if "client_assertion" in form:
        raise TokenFault(700027)
    if not secret:
        raise TokenFault(7000218)
    if not hmac.compare_digest(secret.encode(), app.secret.encode()):
        raise TokenFault(7000215, f"Invalid client secret provided for app '{app.client_id}'.")
    if request.headers.get("Origin"):
        raise TokenFault(9002326)
    return app


# Codes


def _redeem(identity: Identity, segment: Segment, app: App, value: str, form: Mapping[str, str]) -> Answer:
    code = identity.vault.codes.get(value)
    if code is None or code.app is not app:
        raise TokenFault(70000)
    _check_code(identity, segment, code, form)
    _check_trouble(identity, code.person)
    if "scope" in form and not form["scope"].strip():
        raise TokenFault(28003)
    scope = _read_scope(form, app) or code.scope
    capabilities = _capabilities(form) | code.capabilities
    answer = _tokens(
        identity,
        app,
        code.person,
        scope=scope,
        capabilities=capabilities,
        wants_client_info=form.get("client_info") == "1",
    )
    code.used = True
    offers_refresh = scope.names("offline_access") or code.scope.names("offline_access")
    if offers_refresh:
        answer["refresh_token"] = _new_refresh(identity, app, code.person, code.scope, capabilities)
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
    if former is None or former.app is not app:
        raise TokenFault(70000)
    try:
        _check_refresh(identity, segment, former)
        scope = _read_scope(form, app) or former.scope
        capabilities = _capabilities(form) or former.capabilities
        answer = _tokens(
            identity,
            app,
            former.person,
            scope=scope,
            capabilities=capabilities,
            wants_client_info=form.get("client_info") == "1",
        )
    except TokenFault as fault:
        if former.person.is_personal and fault.error == "invalid_grant":
            # Personal accounts have one answer for all of it.
            raise TokenFault(70000) from fault
        raise
    former.used = True
    answer["refresh_token"] = _new_refresh(identity, app, former.person, former.scope, capabilities)
    if scope.names("openid"):
        answer["id_token"] = id_token(
            identity.keys,
            former.person,
            app,
            scopes=_openid_names(scope.permissions),
            now=identity.clock.now(),
        )
    return answer


def _check_refresh(identity: Identity, segment: Segment, former: RefreshToken) -> None:
    if not segment.admits(former.person):
        raise TokenFault(50020, error="invalid_grant")
    if former.revoked:
        raise TokenFault(50173)
    if former.is_expired(identity.clock.now()):
        raise TokenFault(700082)
    if former.used and identity.strict_refresh:
        raise TokenFault(70000, "The refresh token has been used before.", suberror="bad_token")
    _check_trouble(identity, former.person)


def _new_refresh(
    identity: Identity, app: App, person: Person, scope: ScopeRequest, capabilities: frozenset[str]
) -> str:
    value = vault.new_grant()
    # The former stays valid, as at Microsoft: `strict_refresh` is there to find clients that rely on it.
    identity.vault.keep_refresh(RefreshToken(value, app, person, scope, identity.clock.now(), capabilities))
    return value


# The app itself


def _for_the_app_itself(identity: Identity, segment: Segment, app: App, form: Mapping[str, str]) -> Answer:
    if segment.tenant is None or segment.tenant.is_personal:
        raise TokenFault(9001023)
    scope = _read_scope(form, app)
    if scope is None:
        raise TokenFault(900144, "The request body must contain the parameter 'scope'.")
    if not scope.is_default or form["scope"].strip().count(" "):
        raise TokenFault(70011, "Client credential flows need a scope that ends in '/.default', and that alone.")
    tenant = segment.tenant
    if not identity.consents.has_service_principal(app, tenant.id, identity.directory):
        raise TokenFault(7000229)
    capabilities = _capabilities(form)
    roles = identity.consents.roles(app, tenant.id)
    lifetime = identity.random_lifetime(capabilities)
    value = identity.issue_access_token(
        None,
        sorted(roles),
        tenant_id=tenant.id,
        app=app,
        resource=scope.resources[0],
        lifetime=lifetime,
        capabilities=capabilities,
    )
    return _answer(value, int(lifetime.total_seconds()), capabilities)


# Shared


def _tokens(
    identity: Identity,
    app: App,
    person: Person,
    *,
    scope: ScopeRequest,
    capabilities: frozenset[str],
    wants_client_info: bool,
) -> Answer:
    """An access token for the first resource of `scope`, with all that has been granted there."""
    resource = scope.resources[0] if scope.resources else permissions.GRAPH
    wanted = ScopeRequest(
        frozenset(p for p in scope.permissions if p.is_openid or p.resource == resource),
        (resource,),
        scope.is_default,
    )
    if identity.consents.missing(app, person, wanted):
        raise TokenFault(65001, f"Nobody has consented to the application '{app.name}' for this user.")
    held = {p for p in identity.consents.granted(app, person) if p.resource == resource or p.is_openid}
    spelled = permissions.spelled(held | {p for p in wanted.permissions if p.is_openid})
    lifetime = identity.random_lifetime(capabilities)
    value = identity.issue_access_token(
        person,
        spelled.split(),
        app=app,
        resource=resource,
        lifetime=lifetime,
        capabilities=capabilities,
    )
    answer = _answer(value, int(lifetime.total_seconds()), capabilities)
    answer["scope"] = spelled
    if wants_client_info:
        answer["client_info"] = client_info_of(person)
    return answer


def _answer(value: str, seconds: int, capabilities: frozenset[str]) -> Answer:
    answer: Answer = {
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": value,
    }
    if CAE in capabilities:
        answer["refresh_in"] = seconds // 2
    return answer


def _check_trouble(identity: Identity, person: Person) -> None:
    fault = identity.trouble(person, Where.TOKEN)
    if fault is not None:
        raise TokenFault(fault.number)


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
        return read_capabilities(form.get("claims"))
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
