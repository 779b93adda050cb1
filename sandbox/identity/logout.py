"""Sign out: this browser's session ends, the apps are told in frames; tokens that were given out go on working."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.directory import Person
from sandbox.identity.browsers import BrowserSession
from sandbox.identity.http import COOKIE, blueprint, browser_session, page, page_segment, with_identity
from sandbox.identity.requests import person_of_hint
from sandbox.identity.service import Identity
from sandbox.tokens import LOGIN


@blueprint.route("/<tenant>/oauth2/v2.0/logout", methods=["GET", "POST"])
@with_identity
def logout(identity: Identity, tenant: str) -> BaseResponse:
    """
    `logout_hint` signs out that account alone; without it, several accounts lead to a choice. An
    unregistered address to go on to is ignored.
    """
    segment = page_segment(identity, tenant)
    session = browser_session(identity)
    if session is None:
        return _goodbye(_onward(identity), [])
    accounts = _accounts(identity, session)
    leaving = _leaving(identity, accounts)
    if leaving is None and len(accounts) > 1:
        return page(
            "sign-in-sign-out.html",
            people=accounts,
            directory=identity.directory,
            action=f"/{segment.name}/oauth2/v2.0/logout",
            fields={name: request.values[name] for name in _KEPT if name in request.values},
        )
    for person in leaving if leaving is not None else accounts:
        session.sign_out(person.oid)
    frames: list[str] = []
    if not session.signed_in:
        frames = _frames(session)
        identity.sessions.close(session)
    response = _goodbye(_onward(identity), frames)
    if not session.signed_in:
        response.delete_cookie(COOKIE, path="/")
    return response


_KEPT = ("post_logout_redirect_uri", "state")


def _accounts(identity: Identity, session: BrowserSession) -> list[Person]:
    people = (identity.directory.find_person(oid) for oid in session.signed_in)
    return [person for person in people if person is not None]


def _leaving(identity: Identity, accounts: list[Person]) -> list[Person] | None:
    """Who signs out; none if that is not clear yet."""
    values = request.values
    if values.get("person") == "everybody":
        return accounts
    named = values.get("person") or person_of_hint(values.get("logout_hint", ""))
    found = identity.directory.find_person(named)
    return None if found is None else [person for person in accounts if person.oid == found.home_oid]


def _frames(session: BrowserSession) -> list[str]:
    """The addresses at which the session's apps are told, one frame each."""
    query = urlencode({"sid": session.id, "iss": LOGIN})
    urls = (app.logout_url for app in session.apps.values() if app.logout_url)
    return [f"{url}{'&' if '?' in url else '?'}{query}" for url in urls]


def _onward(identity: Identity) -> str | None:
    uri = request.values.get("post_logout_redirect_uri")
    if not uri or not any(app.accepts_redirect(uri) for app in identity.apps):
        return None
    state = request.values.get("state")
    separator = "&" if "?" in uri else "?"
    return uri + (separator + urlencode({"state": state}) if state else "")


def _goodbye(onward: str | None, frames: list[str]) -> Response:
    if onward is not None and not frames:
        return make_response(redirect(onward))
    # The frames need a page to be loaded in; it goes on by itself, without a script.
    return page("sign-in-signed-out.html", onward=onward, frames=frames)
