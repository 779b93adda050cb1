"""How far a sign-in gets: from whoever is signed in, over the pages that are needed, to the answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response

from sandbox.directory import Person
from sandbox.identity import vault
from sandbox.identity.aadsts import PageFault, RedirectFault
from sandbox.identity.browsers import Attempt, Interrupt
from sandbox.identity.http import error_fields, ids_of, page, refusal_page, send_back
from sandbox.identity.numbers import (
    CONFIRM_APP,
    MAY_REQUEST,
    NEEDS_APPROVAL,
    SECOND_FACTOR,
    STAY_SIGNED_IN,
    Fault,
    Where,
)
from sandbox.identity.permissions import ScopeRequest
from sandbox.identity.picker import accounts_page
from sandbox.identity.requests import SignInRequest
from sandbox.identity.service import Identity
from sandbox.identity.vault import Code
from sandbox.tokens import client_info_of, id_token

SignIn = Attempt[SignInRequest]

_INTERRUPTS = {
    **dict.fromkeys(SECOND_FACTOR, Interrupt.SECOND_FACTOR),
    STAY_SIGNED_IN: Interrupt.STAY_SIGNED_IN,
    CONFIRM_APP: Interrupt.CONFIRM_APP,
}


def begin(identity: Identity, attempt: SignIn) -> Response:
    """Go as far as is possible without a page."""
    asked = attempt.asked
    signed_in = _fresh_enough(identity, attempt)
    hinted = asked.hinted(identity.directory)
    if hinted is not None:
        signed_in = [person for person in signed_in if person.oid == hinted.home_oid]
    if "none" in asked.prompts:
        return _silently(identity, attempt, signed_in)
    if not asked.prompts & {"login", "select_account"} and len(signed_in) == 1:
        return arrive(identity, attempt, signed_in[0], is_fresh=False)
    return choose_account(identity, attempt)


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
    asked = attempt.asked
    if not signed_in:
        return refuse(identity, attempt, RedirectFault(50058))
    if len(signed_in) > 1:
        fault = RedirectFault(16000, "Several accounts are signed in.", error="login_required")
        return refuse(identity, attempt, fault)
    person = asked.segment.known_as(signed_in[0], identity.directory)
    if person is None:
        return refuse(identity, attempt, RedirectFault(50058))
    trouble = identity.trouble(person, asked.app, Where.PAGE | Where.REDIRECT)
    number = trouble.number if trouble is not None else None
    if number is None and _is_unassigned(attempt, person):
        number = 50105
    if number is None and _needs_second_factor(identity, attempt, person):
        number = 50076
    if number is not None:
        return refuse(identity, attempt, RedirectFault(number, error="interaction_required"))
    if identity.consents.missing(asked.app, person, wanted_from(attempt, person)):
        return refuse(identity, attempt, RedirectFault(65001, error="consent_required"))
    return finish(identity, attempt, person)


def choose_account(identity: Identity, attempt: SignIn, unknown: str | None = None) -> Response:
    asked = attempt.asked
    hinted = asked.hinted(identity.directory)
    if hinted is not None:
        hinted = identity.directory.at_home(hinted) if asked.segment.admits(hinted, identity.directory) else None
    return accounts_page(
        identity,
        attempt,
        lambda person: asked.fits(person, identity.directory),
        purpose=f"to continue to {asked.app.name}",
        base=base_of(attempt),
        is_approval=False,
        hinted=hinted,
        hint=asked.login_hint or "",
        unknown=unknown,
    )


def base_of(attempt: SignIn) -> str:
    return f"/{attempt.asked.segment.name}/oauth2/v2.0/authorize"


def arrive(identity: Identity, attempt: SignIn, account: Person, *, is_fresh: bool) -> Response:
    """The account is known; `is_fresh` tells that the person has just said so themselves."""
    asked = attempt.asked
    again = f"{base_of(attempt)}/accounts?attempt={attempt.key}"
    person = asked.segment.known_as(account, identity.directory)
    if person is None or (person.is_personal and not asked.app.audience.takes_personal):
        number = 50020 if asked.segment.is_one_organization else 500208
        detail = f"The account {account.upn} cannot be used here: it does not belong to this directory."
        return refusal_page(identity, PageFault(number, detail), again)
    attempt.interrupts.clear()
    attempt.objection = None
    trouble = identity.trouble(person, asked.app, Where.PAGE | Where.REDIRECT)
    if trouble is not None and not _can_go_on(attempt, trouble):
        if Where.PAGE in trouble.where:
            return refusal_page(identity, PageFault(trouble.number), again)
        return refuse(identity, attempt, RedirectFault(trouble.number, error=trouble.error))
    if _is_unassigned(attempt, person):
        detail = f"{person.upn} is not assigned to '{asked.app.name}', which asks for assignment."
        return refusal_page(identity, PageFault(50105, detail), again)
    if is_fresh:
        attempt.session.sign_in(person, identity.clock.now())
    attempt.person = person
    if _needs_second_factor(identity, attempt, person) and Interrupt.SECOND_FACTOR not in attempt.interrupts:
        attempt.interrupts.insert(0, Interrupt.SECOND_FACTOR)
    return proceed(identity, attempt, person)


def _can_go_on(attempt: SignIn, trouble: Fault) -> bool:
    """Some numbers stand for a page on the way, and not for the end of it."""
    if trouble.number in _INTERRUPTS:
        attempt.interrupts.append(_INTERRUPTS[trouble.number])
    elif trouble.number in NEEDS_APPROVAL | MAY_REQUEST and Where.PAGE in trouble.where:
        attempt.objection = trouble.number
    else:
        return False
    return True


def _is_unassigned(attempt: SignIn, person: Person) -> bool:
    app = attempt.asked.app
    return app.assignment_required and person.oid not in app.assigned


def _needs_second_factor(identity: Identity, attempt: SignIn, person: Person) -> bool:
    if attempt.asked.claims.wants_second_factor:
        return True
    return identity.needs_second_factor(person) and person.home_oid not in attempt.session.second_factor


def proceed(identity: Identity, attempt: SignIn, person: Person) -> Response:
    """The next page that is needed, or the answer."""
    asked = attempt.asked
    if attempt.interrupts:
        return page(
            "sign-in-interrupt.html",
            kind=attempt.interrupts[0],
            app=asked.app,
            person=person,
            base=base_of(attempt),
            attempt=attempt.key,
        )
    if attempt.objection is not None:
        return ask_an_administrator(identity, attempt, person)
    wanted = wanted_from(attempt, person)
    missing = identity.consents.missing(asked.app, person, wanted)
    if "consent" in asked.prompts:
        missing = wanted.permissions
    if not missing:
        return finish(identity, attempt, person)
    ungranted = missing - identity.consents.granted(asked.app, person)
    attempt.objection = identity.consents.objection(asked.app, person, ungranted) if ungranted else None
    if attempt.objection is not None:
        return ask_an_administrator(identity, attempt, person)
    return page(
        "sign-in-consent.html",
        app=asked.app,
        base=base_of(attempt),
        attempt=attempt.key,
        person=person,
        tenant=identity.directory.tenant_of(person),
        permissions=sorted(missing, key=lambda p: (p.is_openid, p.title)),
    )


def wanted_from(attempt: SignIn, person: Person) -> ScopeRequest:
    scope = attempt.asked.scope
    return scope.for_personal_account() if person.is_personal else scope


def ask_an_administrator(identity: Identity, attempt: SignIn, person: Person) -> Response:
    """ "Need admin approval", or the form of a request; Microsoft's page stays where it is."""
    app, number = attempt.asked.app, attempt.objection
    takes_requests = number in MAY_REQUEST
    return page(
        "sign-in-request.html" if takes_requests else "sign-in-need-approval.html",
        app=app,
        person=person,
        tenant=identity.directory.tenant_of(person),
        number=number,
        is_risky=number in (900941, 900981),
        sent=identity.workflow.open_request(app, person, identity.clock.now()) if takes_requests else None,
        permissions=sorted(wanted_from(attempt, person).permissions, key=lambda p: (p.is_openid, p.title)),
        base=base_of(attempt),
        attempt=attempt.key,
        again=f"{base_of(attempt)}/accounts?attempt={attempt.key}",
        without=f"{base_of(attempt)}/return?attempt={attempt.key}",
        ids=ids_of(identity),
    )


def refuse(identity: Identity, attempt: SignIn, fault: RedirectFault) -> Response:
    identity.sign_ins.close(attempt)
    return send_back(attempt.asked.back, error_fields(identity, fault))


def finish(identity: Identity, attempt: SignIn, person: Person) -> Response:
    """The answer that the app has waited for."""
    asked, session = attempt.asked, attempt.session
    identity.sign_ins.close(attempt)
    session.apps[asked.app.client_id] = asked.app
    wants_auth_time = asked.max_age is not None or asked.claims.wants_auth_time
    auth_time = session.signed_in.get(person.home_oid) if wants_auth_time else None
    scope = wanted_from(attempt, person)
    code: str | None = None
    if "code" in asked.answers:
        code = vault.new_grant()
        identity.vault.keep_code(
            Code(
                value=code,
                app=asked.app,
                person=person,
                segment=asked.segment.name,
                redirect_uri=asked.back.uri,
                scope=scope,
                issued_at=identity.clock.now(),
                nonce=asked.nonce,
                challenge=asked.challenge,
                challenge_method=asked.challenge_method,
                auth_time=auth_time,
                session_id=session.id,
                capabilities=asked.claims.capabilities,
                second_factor=person.home_oid in session.second_factor,
            )
        )
    token: str | None = None
    if "id_token" in asked.answers:
        token = id_token(
            identity.keys,
            person,
            asked.app,
            scopes={p.name for p in scope.permissions if p.is_openid},
            now=identity.clock.now(),
            nonce=asked.nonce,
            auth_time=auth_time,
            session_id=session.id,
            code=code,
        )
    return send_back(
        asked.back,
        {
            "code": code,
            "id_token": token,
            "client_info": client_info_of(person) if asked.wants_client_info else None,
            "session_state": session.id,
        },
    )
