"""What clients read before they begin: metadata, keys, and which hosts are one cloud."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.identity import segments
from sandbox.identity.aadsts import TokenFault
from sandbox.identity.http import blueprint, disturbed, with_identity
from sandbox.identity.numbers import Where
from sandbox.identity.segments import Segment
from sandbox.identity.service import Identity
from sandbox.identity.token import refuse
from sandbox.identity.whims import Place
from sandbox.tokens import ISSUER_TEMPLATE, LOGIN, issuer_of

_CLOUDS = (
    ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
    ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
    ("login.microsoftonline.us", "login.usgovcloudapi.net"),
)


@blueprint.get("/<tenant>/v2.0/.well-known/openid-configuration")
@disturbed(Place.METADATA)
@with_identity
def metadata(identity: Identity, tenant: str) -> BaseResponse:
    try:
        segment = _segment(identity, tenant)
    except TokenFault as fault:
        return refuse(identity, fault)
    response = jsonify(_metadata(identity, segment))
    response.headers["Cache-Control"] = "max-age=86400, private"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _metadata(identity: Identity, segment: Segment) -> dict[str, object]:
    issuer = ISSUER_TEMPLATE if segment.tenant is None else issuer_of(segment.tenant.id)
    # Browsers come to the sandbox's own address; a server's calls are sent here by its own transport.
    browser = f"{identity.public_url}/{segment.name}/oauth2/v2.0"
    server = f"{LOGIN}/{segment.name}/oauth2/v2.0"
    return {
        "token_endpoint": f"{server}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{LOGIN}/{segment.name}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": f"{browser}/authorize",
        "device_authorization_endpoint": f"{server}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{browser}/logout",
        "claims_supported": [
            *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name"),
            *("msgraph_host", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username"),
            *("name", "tid", "ver", "at_hash", "c_hash", "email"),
        ],
        "kerberos_endpoint": f"{LOGIN}/{segment.name}/kerberos",
        "tenant_region_scope": "EU" if segment.is_one_organization else None,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }


def _segment(identity: Identity, tenant: str) -> Segment:
    """
    The tenant part of an address that is answered with JSON.

    Raises:
        TokenFault: there is no such tenant, or it has been made to vanish.
    """
    try:
        segment = segments.parse(tenant, identity.directory)
    except segments.UnknownTenant as error:
        raise TokenFault(error.number, error.sentence) from error
    if segment.tenant is not None:
        scripted = identity.scripts.meets((segment.tenant.id,), Where.DISCOVERY)
        if scripted is not None:
            raise TokenFault.of(scripted)
    return segment


@blueprint.get("/<tenant>/discovery/v2.0/keys")
@disturbed(Place.KEYS)
@with_identity
def keys(identity: Identity, tenant: str) -> BaseResponse:
    try:
        _segment(identity, tenant)
    except TokenFault as fault:
        return refuse(identity, fault)
    response = jsonify(identity.keys.document())
    response.headers["Cache-Control"] = "max-age=86400, private"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/common/discovery/instance")
@with_identity
def instance(identity: Identity) -> BaseResponse:
    try:
        endpoint = urlsplit(request.args.get("authorization_endpoint", ""))
    except ValueError:
        return refuse(identity, TokenFault(50049))
    known = next((hosts for hosts in _CLOUDS if endpoint.hostname in hosts), None)
    if endpoint.scheme != "https" or known is None:
        return refuse(identity, TokenFault(50049))
    tenant = endpoint.path.strip("/").partition("/")[0] or "common"
    return jsonify(
        {
            "tenant_discovery_endpoint": f"https://{known[0]}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": request.args.get("api-version", "1.1"),
            "metadata": [
                {"preferred_network": hosts[0], "preferred_cache": hosts[1], "aliases": list(hosts)}
                for hosts in _CLOUDS
            ],
        }
    )
