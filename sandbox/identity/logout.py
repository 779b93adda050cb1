"""Sign out: this browser's session ends; tokens that were given out go on working."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.identity.http import COOKIE, blueprint, browser_session, page, page_segment, with_identity
from sandbox.identity.requests import person_of_hint
from sandbox.identity.service import Identity


@blueprint.route("/<tenant>/oauth2/v2.0/logout", methods=["GET", "POST"])
@with_identity
def logout(identity: Identity, tenant: str) -> BaseResponse:
    """`logout_hint` signs out that account alone; an unregistered address to go on to is ignored."""
    page_segment(identity, tenant)
    values = request.values
    session = browser_session(identity)
    hinted = identity.directory.find_person(person_of_hint(values.get("logout_hint", "")))
    if session is not None and hinted is not None:
        session.signed_in.pop(hinted.oid, None)
    elif session is not None:
        session.signed_in.clear()
    uri = values.get("post_logout_redirect_uri")
    response: BaseResponse
    if uri and any(app.accepts_redirect(uri) for app in identity.directory.apps):
        state = values.get("state")
        separator = "&" if "?" in uri else "?"
        response = make_response(redirect(uri + (separator + urlencode({"state": state}) if state else "")))
    else:
        response = page("sign-in-signed-out.html")
    if session is not None and not session.signed_in:
        identity.sessions.close(session)
        response.delete_cookie(COOKIE, path="/")
    return response
