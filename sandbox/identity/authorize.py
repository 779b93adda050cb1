"""The sign-in in the browser: who are you, do you agree, and back to the app."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.directory import Person
from sandbox.identity import vault
from sandbox.identity.aadsts import PageFault, RedirectFault, Where
from sandbox.identity.browsers import Attempt
from sandbox.identity.http import (
    blueprint,
    browser_session,
    error_fields,
    page,
    page_segment,
    refusal_page,
    remember,
    send_back,
    with_identity,
)
from sandbox.identity.picker import accounts_for, chosen_person
from sandbox.identity.requests import SignInRequest, read_return_address, read_sign_in
from sandbox.identity.service import Identity
from sandbox.identity.vault import Code
from sandbox.tokens import client_info_of

SignIn = Attempt[SignInRequest]


@blueprint.get("/<tenant>/oauth2/v2.0/authorize")
@with_identity
def authorize(identity: Identity, tenant: str) -> BaseResponse:
    segment = page_segment(identity, tenant)
    args = request.args.to_dict()
    back = read_return_address(args, identity.directory)
    try:
        asked = read_sign_in(args, segment, back)
    except RedirectFault as fault:
        return send_back(back, error_fields(identity, fault))
    session = browser_session(identity) or identity.sessions.open()
    attempt = identity.sign_ins.open(session, asked)
    response = _begin(identity, attempt)
    return remember(response, session)


@blueprint.get("/<tenant>/oauth2/v2.0/authorize/accounts")
@with_identity
def accounts(identity: Identity, tenant: str) -> BaseResponse:
    """The list of accounts again, for somebody who took the wrong one."""
    return _choose(identity, _attempt(identity, tenant, request.args.get("attempt")))


@blueprint.post("/<tenant>/oauth2/v2.0/authorize/accounts")
@with_identity
def choose(identity: Identity, tenant: str) -> BaseResponse:
    attempt = _attempt(identity, tenant, request.form.get("attempt"))
    person = chosen_person(identity, request.form)
    if person is None:
        return _choose(identity, attempt, unknown=request.form.get("username", ""))
    return _signed_in(identity, attempt, person, is_fresh=True)


@blueprint.post("/<tenant>/oauth2/v2.0/authorize/consent")
@with_identity
def consent(identity: Identity, tenant: str) -> BaseResponse:
    attempt = _attempt(identity, tenant, request.form.get("attempt"))
    asked, person = attempt.asked, attempt.person
    if person is None:
        raise PageFault(50089, status=400)
    if request.form.get("answer") != "accept":
        return _refuse(identity, attempt, _declined(person))
    wanted = asked.scope.permissions
    if not identity.consents.may_consent(person, wanted - identity.consents.granted(asked.app, person)):
        return _ask_an_administrator(identity, attempt)
    if person.is_admin and request.form.get("everybody"):
        identity.consents.grant_for_tenant(asked.app, person.tenant_id, wanted)
    else:
        identity.consents.grant(asked.app, person, wanted)
    return _finish(identity, attempt, person)


@blueprint.get("/<tenant>/oauth2/v2.0/authorize/return")
@with_identity
def return_without_consent(identity: Identity, tenant: str) -> BaseResponse:
    """The way back from "Need admin approval": an answer that says little, as Microsoft's does."""
    attempt = _attempt(identity, tenant, request.args.get("attempt"))
    return _refuse(identity, attempt, RedirectFault(None, error="access_denied", subcode="cancel"))


def _attempt(identity: Identity, tenant: str, key: str | None) -> SignIn:
    page_segment(identity, tenant)
    attempt = identity.sign_ins.find(key or "", browser_session(identity))
    if attempt is None:
        raise PageFault(50089, status=400)
    return attempt


def _begin(identity: Identity, attempt: SignIn) -> Response:
    """Go as far as is possible without a page."""
    asked = attempt.asked
    signed_in = _fresh_enough(identity, attempt)
    hinted = asked.hinted(identity.directory)
    if hinted is not None:
        signed_in = [person for person in signed_in if person == hinted]
    if "none" in asked.prompts:
        return _silently(identity, attempt, signed_in)
    if not asked.prompts & {"login", "select_account"} and len(signed_in) == 1:
        return _signed_in(identity, attempt, signed_in[0], is_fresh=False)
    return _choose(identity, attempt)


def _fresh_enough(identity: Identity, attempt: SignIn) -> list[Person]:
    """Those who are signed in, are admitted, and signed in no longer ago than `max_age` allows."""
    asked = attempt.asked
    oldest: datetime | None = None
    if asked.max_age is not None:
        oldest = identity.clock.now() - timedelta(seconds=asked.max_age)
    people = ((identity.directory.find_person(oid), at) for oid, at in attempt.session.signed_in.items())
    return [
        person
        for person, at in people
        if person is not None and asked.fits(person, identity.directory) and (oldest is None or at >= oldest)
    ]


def _silently(identity: Identity, attempt: SignIn, signed_in: list[Person]) -> Response:
    """`prompt=none`: an answer without any page."""
    if not signed_in:
        return _refuse(identity, attempt, RedirectFault(50058))
    if len(signed_in) > 1:
        fault = RedirectFault(16000, "Several accounts are signed in.", error="login_required")
        return _refuse(identity, attempt, fault)
    [person] = signed_in
    trouble = identity.trouble(person, Where.PAGE | Where.REDIRECT)
    if trouble is not None:
        fault = RedirectFault(trouble.number, error="interaction_required")
        return _refuse(identity, attempt, fault)
    if identity.consents.missing(attempt.asked.app, person, attempt.asked.scope):
        return _refuse(identity, attempt, RedirectFault(65001, error="consent_required"))
    return _finish(identity, attempt, person)


def _choose(identity: Identity, attempt: SignIn, unknown: str | None = None) -> Response:
    asked = attempt.asked
    hinted = asked.hinted(identity.directory)
    if hinted is not None and not asked.segment.admits(hinted):
        hinted = None
    listed, others = accounts_for(
        identity, attempt.session, lambda person: asked.fits(person, identity.directory), hinted
    )
    return page(
        "sign-in-accounts.html",
        app=asked.app,
        base=_base(attempt),
        attempt=attempt.key,
        listed=listed,
        others=others,
        signed_in=attempt.session.signed_in,
        directory=identity.directory,
        hint=asked.login_hint or "",
        is_approval=False,
        unknown=unknown,
    )


def _base(attempt: SignIn) -> str:
    return f"/{attempt.asked.segment.name}/oauth2/v2.0/authorize"


def _signed_in(identity: Identity, attempt: SignIn, person: Person, *, is_fresh: bool) -> Response:
    """The person is known; `is_fresh` tells that they have just said so themselves."""
    asked = attempt.asked
    again = f"{_base(attempt)}/accounts?attempt={attempt.key}"
    if not asked.segment.admits(person):
        number = 50020 if asked.segment.is_one_organization else 500208
        detail = f"The account {person.upn} cannot be used here: it does not belong to this directory."
        return refusal_page(identity, PageFault(number, detail), again)
    trouble = identity.trouble(person, Where.PAGE | Where.REDIRECT)
    if trouble is not None:
        if Where.PAGE in trouble.where:
            return refusal_page(identity, PageFault(trouble.number), again)
        return _refuse(identity, attempt, RedirectFault(trouble.number))
    if is_fresh:
        attempt.session.sign_in(person, identity.clock.now())
    attempt.person = person
    missing = identity.consents.missing(asked.app, person, asked.scope)
    if "consent" in asked.prompts:
        missing = asked.scope.permissions
    if not missing:
        return _finish(identity, attempt, person)
    if not identity.consents.may_consent(person, missing):
        return _ask_an_administrator(identity, attempt)
    return page(
        "sign-in-consent.html",
        app=asked.app,
        base=_base(attempt),
        attempt=attempt.key,
        person=person,
        tenant=identity.directory.tenant_of(person),
        permissions=sorted(missing, key=lambda p: (p.is_openid, p.title)),
    )


def _ask_an_administrator(identity: Identity, attempt: SignIn) -> Response:
    asked, person = attempt.asked, attempt.person
    return page(
        "sign-in-need-approval.html",
        app=asked.app,
        person=person,
        tenant=identity.directory.tenant_of(person) if person else None,
        again=f"{_base(attempt)}/accounts?attempt={attempt.key}",
        without=f"{_base(attempt)}/return?attempt={attempt.key}",
    )


def _declined(person: Person) -> RedirectFault:
    if person.is_personal:
        return RedirectFault(None, "The user has denied access to the scope requested by the client application.")
    return RedirectFault(65004, subcode="cancel")


def _refuse(identity: Identity, attempt: SignIn, fault: RedirectFault) -> Response:
    identity.sign_ins.close(attempt)
    return send_back(attempt.asked.back, error_fields(identity, fault))


def _finish(identity: Identity, attempt: SignIn, person: Person) -> Response:
    asked, session = attempt.asked, attempt.session
    identity.sign_ins.close(attempt)
    code = Code(
        value=vault.new_grant(),
        app=asked.app,
        person=person,
        segment=asked.segment.name,
        redirect_uri=asked.back.uri,
        scope=asked.scope,
        issued_at=identity.clock.now(),
        nonce=asked.nonce,
        challenge=asked.challenge,
        challenge_method=asked.challenge_method,
        auth_time=session.signed_in.get(person.oid) if asked.max_age is not None else None,
        session_id=session.id,
        capabilities=asked.capabilities,
    )
    identity.vault.keep_code(code)
    return send_back(
        asked.back,
        {
            "code": code.value,
            "client_info": client_info_of(person) if asked.wants_client_info else None,
            "session_state": session.id,
        },
    )
