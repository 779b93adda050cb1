"""The blueprint, and what its views share: the lock, the cookie, the pages of refusal, the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import uuid4

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.directory import is_guid
from sandbox.identity import segments
from sandbox.identity.aadsts import PageFault, RedirectFault, describe, timestamp
from sandbox.identity.browsers import BrowserSession
from sandbox.identity.requests import ReturnAddress
from sandbox.identity.segments import Segment
from sandbox.identity.service import Identity
from sandbox.identity.whims import Place
from sandbox.registration import App
from sandbox.tokens import LOGIN

blueprint = Blueprint("identity", __name__)

COOKIE = "sandbox_sign_in"

Arguments = ParamSpec("Arguments")


def with_identity(
    view: Callable[Concatenate[Identity, Arguments], BaseResponse],
) -> Callable[Arguments, BaseResponse]:
    """Hand the sandbox's `Identity` to a view, alone for as long as the view runs."""

    @wraps(view)
    def locked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> BaseResponse:
        identity: Identity = current_app.extensions["sandbox"].identity
        with identity.lock:
            try:
                return view(identity, *args, **kwargs)
            except PageFault as fault:
                return refusal_page(identity, fault)

    return locked


def disturbed(
    place: Place,
) -> Callable[[Callable[Arguments, BaseResponse]], Callable[Arguments, BaseResponse]]:
    """Let a view be late, or answer something else, where somebody wished so. Stands outside the lock."""

    def decorate(view: Callable[Arguments, BaseResponse]) -> Callable[Arguments, BaseResponse]:
        @wraps(view)
        def perhaps(*args: Arguments.args, **kwargs: Arguments.kwargs) -> BaseResponse:
            identity: Identity = current_app.extensions["sandbox"].identity
            with identity.lock:
                odd = identity.whims.odd_answer(place, _concerned(identity))
            if odd is not None:
                odd.wait()
                if (response := odd.response()) is not None:
                    return response
            return view(*args, **kwargs)

        return perhaps

    return decorate


def _concerned(identity: Identity) -> tuple[str, ...]:
    """Whom a request is about: a person by what they were given before, the tenant of the address, the app."""
    form, vault = request.form, identity.vault
    grant = vault.codes.get(form.get("code", "")) or vault.refresh_tokens.get(form.get("refresh_token", ""))
    keys: list[str] = []
    if grant is not None:
        keys += [*identity.keys_of(grant.person, grant.app)]
    named = identity.directory.find_tenant((request.view_args or {}).get("tenant", ""))
    keys += [named.id] if named is not None else []
    if (app := identity.apps.find(form.get("client_id", ""))) is not None:
        keys.append(app.client_id)
    return tuple(keys)


def page_segment(identity: Identity, text: str) -> Segment:
    """
    The tenant part of a browser-facing address.

    Raises:
        PageFault: there is no such tenant.
    """
    try:
        return segments.parse(text, identity.directory)
    except segments.UnknownTenant as error:
        raise PageFault(error.number, error.sentence, status=400) from error


def page(template: str, status: int = 200, **context: object) -> Response:
    response = make_response(render_template(template, **context), status)
    response.headers["Cache-Control"] = "no-store, no-cache"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response


def refusal_page(identity: Identity, fault: PageFault, again: str | None = None) -> Response:
    """A refusal that stays here; `again` is where another account can be chosen."""
    return page(
        "sign-in-error.html",
        fault.status,
        fault=fault,
        again=again,
        ids=ids_of(identity),
    )


def ids_of(identity: Identity) -> dict[str, str]:
    """What a person reads to their administrator from a page of refusal."""
    return {
        "trace_id": str(uuid4()),
        "correlation_id": correlation_id(),
        "timestamp": timestamp(identity.clock.now()),
    }


def correlation_id() -> str:
    """The client's own, from header or address, or a new one."""
    given = request.headers.get("client-request-id") or request.values.get("client-request-id", "")
    return given.lower() if is_guid(given) else str(uuid4())


def browser_session(identity: Identity) -> BrowserSession | None:
    return identity.sessions.find(request.cookies.get(COOKIE))


def remember(response: Response, session: BrowserSession) -> Response:
    response.set_cookie(COOKIE, session.key, httponly=True, samesite="Lax", path="/")
    return response


def send_back(back: ReturnAddress, fields: Mapping[str, str | None], *, mode: str | None = None) -> Response:
    """Send the browser to the app with `fields` (those that are not null) and the app's state."""
    answer = {name: value for name, value in {**fields, "state": back.state}.items() if value is not None}
    mode = mode or back.mode
    if mode == "form_post":
        return page("sign-in-form-post.html", uri=back.uri, fields=answer)
    parts = urlsplit(back.uri)
    encoded = urlencode(answer)
    if mode == "fragment":
        parts = parts._replace(path=parts.path or "/", fragment=encoded)
    else:
        query = f"{parts.query}&{encoded}" if parts.query else encoded
        parts = parts._replace(path=parts.path or "/", query=query)
    response = make_response(redirect(urlunsplit(parts), 302))
    response.headers["Cache-Control"] = "no-store, no-cache"
    return response


def error_fields(identity: Identity, fault: RedirectFault) -> dict[str, str | None]:
    """A refusal as the fields of an answer; without a number and text there is no description."""
    description = fault.detail or None
    uri = None
    if fault.number is not None:
        description = describe(fault.number, fault.detail, identity.clock.now(), correlation_id())
        uri = f"{LOGIN}/error?code={fault.number}"
    return {
        "error": fault.error,
        "error_description": description,
        "error_uri": uri,
        "error_subcode": fault.subcode,
    }


def check_app(segment: Segment, app: App) -> None:
    """
    Whether an app may be used at this address at all.

    Raises:
        PageFault: it may not.
    """
    if (objection := segment.objection(app)) is not None:
        number, sentence = objection
        raise PageFault(number, sentence, status=400)
    if not app.enabled:
        raise PageFault(7000112, f"Application '{app.client_id}' ({app.name}) is disabled.", status=400)
