"""The pages of the sign-in: who are you, do you agree, and back to the app."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.directory import Person
from sandbox.identity import journey
from sandbox.identity.aadsts import PageFault, RedirectFault
from sandbox.identity.browsers import Interrupt
from sandbox.identity.http import (
    blueprint,
    browser_session,
    check_app,
    error_fields,
    page,
    page_segment,
    remember,
    send_back,
    with_identity,
)
from sandbox.identity.journey import SignIn
from sandbox.identity.numbers import MAY_REQUEST
from sandbox.identity.picker import chosen_person
from sandbox.identity.requests import read_return_address, read_sign_in
from sandbox.identity.service import Identity


@blueprint.get("/<tenant>/oauth2/v2.0/authorize")
@with_identity
def authorize(identity: Identity, tenant: str) -> BaseResponse:
    segment = page_segment(identity, tenant)
    args = request.args.to_dict()
    back = read_return_address(args, identity.apps)
    check_app(segment, back.app)
    try:
        asked = read_sign_in(args, segment, back)
    except RedirectFault as fault:
        return send_back(back, error_fields(identity, fault))
    session = browser_session(identity) or identity.sessions.open()
    attempt = identity.sign_ins.open(session, asked)
    response = journey.begin(identity, attempt)
    return remember(response, session)


@blueprint.get("/<tenant>/oauth2/v2.0/authorize/accounts")
@with_identity
def accounts(identity: Identity, tenant: str) -> BaseResponse:
    """The list of accounts again, for somebody who took the wrong one."""
    return journey.choose_account(identity, _attempt(identity, tenant))


@blueprint.post("/<tenant>/oauth2/v2.0/authorize/accounts")
@with_identity
def choose(identity: Identity, tenant: str) -> BaseResponse:
    attempt = _attempt(identity, tenant)
    account = chosen_person(identity, request.form)
    if account is None:
        return journey.choose_account(identity, attempt, unknown=request.form.get("username", ""))
    return journey.arrive(identity, attempt, account, is_fresh=True)


@blueprint.post("/<tenant>/oauth2/v2.0/authorize/continue")
@with_identity
def answer_interrupt(identity: Identity, tenant: str) -> BaseResponse:
    """A second factor (whatever was typed), or the answer to one of the questions on the way."""
    attempt = _attempt(identity, tenant)
    person = _known(attempt)
    if request.form.get("answer") == "cancel":
        return journey.refuse(identity, attempt, RedirectFault(None, error="access_denied", subcode="cancel"))
    if attempt.interrupts and attempt.interrupts.pop(0) is Interrupt.SECOND_FACTOR:
        attempt.session.second_factor.add(person.home_oid)
        identity.second_factor_shown(person)
    return journey.proceed(identity, attempt, person)


@blueprint.post("/<tenant>/oauth2/v2.0/authorize/consent")
@with_identity
def consent(identity: Identity, tenant: str) -> BaseResponse:
    attempt = _attempt(identity, tenant)
    asked, person = attempt.asked, _known(attempt)
    if request.form.get("answer") != "accept":
        return journey.refuse(identity, attempt, _declined(person))
    if attempt.interrupts:
        return journey.proceed(identity, attempt, person)
    wanted = journey.wanted_from(attempt, person).permissions
    ungranted = wanted - identity.consents.granted(asked.app, person)
    attempt.objection = identity.consents.objection(asked.app, person, ungranted) if ungranted else None
    if attempt.objection is not None:
        return journey.ask_an_administrator(identity, attempt, person)
    if person.is_admin and request.form.get("everybody"):
        identity.consents.grant_for_tenant(asked.app, person.tenant_id, wanted)
    else:
        identity.consents.grant(asked.app, person, wanted)
    return journey.finish(identity, attempt, person)


@blueprint.post("/<tenant>/oauth2/v2.0/authorize/request")
@with_identity
def request_approval(identity: Identity, tenant: str) -> BaseResponse:
    """Send the reviewers a request, with a reason. The app hears nothing, now or later."""
    attempt = _attempt(identity, tenant)
    person = _known(attempt)
    if request.form.get("answer") != "request":
        return journey.refuse(identity, attempt, RedirectFault(None, error="access_denied", subcode="cancel"))
    reason = request.form.get("reason", "").strip()
    if attempt.interrupts or attempt.objection not in MAY_REQUEST or not reason:
        return journey.proceed(identity, attempt, person)
    permissions = journey.wanted_from(attempt, person).permissions
    app, now = attempt.asked.app, identity.clock.now()
    sent = identity.workflow.ask(app, person, permissions, reason=reason[:500], now=now)
    identity.sign_ins.close(attempt)
    return page("sign-in-request-sent.html", app=app, person=person, sent=sent)


@blueprint.get("/<tenant>/oauth2/v2.0/authorize/return")
@with_identity
def return_without_consent(identity: Identity, tenant: str) -> BaseResponse:
    """The way back from "Need admin approval": an answer that says little, as Microsoft's does."""
    attempt = _attempt(identity, tenant)
    return journey.refuse(identity, attempt, RedirectFault(None, error="access_denied", subcode="cancel"))


def _attempt(identity: Identity, tenant: str) -> SignIn:
    page_segment(identity, tenant)
    attempt = identity.sign_ins.find(request.values.get("attempt", ""), browser_session(identity))
    if attempt is None:
        raise PageFault(50089, status=400)
    return attempt


def _known(attempt: SignIn) -> Person:
    if attempt.person is None:
        raise PageFault(50089, status=400)
    return attempt.person


def _declined(person: Person) -> RedirectFault:
    if person.is_personal:
        return RedirectFault(None, "The user has denied access to the scope requested by the client application.")
    return RedirectFault(65004, subcode="cancel")
