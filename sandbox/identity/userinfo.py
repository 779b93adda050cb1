"""The OpenID Connect userinfo address, which lies on Graph's host."""

from __future__ import annotations

from flask import jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.identity.access import InvalidToken
from sandbox.identity.http import blueprint, with_identity
from sandbox.identity.service import Identity
from sandbox.tokens import subject_for


@blueprint.route("/oidc/userinfo", methods=["GET", "POST"])
@with_identity
def userinfo(identity: Identity) -> BaseResponse:
    """Who the token's person is, as far as its scopes go. The app itself is nobody."""
    try:
        access = identity.authenticate(request.headers.get("Authorization"))
    except InvalidToken as invalid:
        return _refused(invalid.reason, 401, invalid.challenge)
    app = identity.apps.find(access.app_id)
    if access.person is None or app is None or "openid" not in access.scopes:
        return _refused("The token was not issued for the scope 'openid'.", 403, None)
    person = access.person
    claims: dict[str, object] = {"sub": subject_for(person, app)}
    if "profile" in access.scopes:
        given, _, family = person.name.rpartition(" ")
        claims |= {"name": person.name, "given_name": given or family, "family_name": family}
        claims["picture"] = "https://graph.microsoft.com/v1.0/me/photo/$value"
    if "email" in access.scopes:
        claims["email"] = person.mail
    return jsonify(claims)


def _refused(sentence: str, status: int, challenge: str | None) -> BaseResponse:
    code = "InvalidAuthenticationToken" if status == 401 else "Authorization_RequestDenied"
    response = jsonify({"error": {"code": code, "message": sentence}})
    response.status_code = status
    if challenge is not None:
        response.headers["WWW-Authenticate"] = challenge
    return response
