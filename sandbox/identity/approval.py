"""Admin consent: an administrator says yes or no for a whole tenant."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.directory import Person
from sandbox.identity import permissions
from sandbox.identity.aadsts import PageFault, RedirectFault
from sandbox.identity.browsers import Attempt
from sandbox.identity.http import (
    blueprint,
    browser_session,
    check_app,
    error_fields,
    ids_of,
    page,
    page_segment,
    refusal_page,
    remember,
    send_back,
    with_identity,
)
from sandbox.identity.numbers import Where
from sandbox.identity.permissions import BadScope, ScopeRequest, UnknownPermission, UnknownResource
from sandbox.identity.picker import accounts_page, chosen_person
from sandbox.identity.requests import ApprovalRequest, read_return_address
from sandbox.identity.segments import Segment
from sandbox.identity.service import Identity
from sandbox.registration import App

Approval = Attempt[ApprovalRequest]


@blueprint.get("/<tenant>/v2.0/adminconsent")
@with_identity
def adminconsent_v2(identity: Identity, tenant: str) -> BaseResponse:
    segment = page_segment(identity, tenant)
    if segment.name == "common":
        raise PageFault(90100, "Name a tenant, or 'organizations': 'common' is not for approvals.", status=400)
    scope = request.args.get("scope", "")
    if not scope:
        raise PageFault(900144, "The request must contain the parameter 'scope'.", status=400)
    return _open(identity, segment, scope, is_v2=True)


@blueprint.get("/<tenant>/adminconsent")
@with_identity
def adminconsent_v1(identity: Identity, tenant: str) -> BaseResponse:
    """The older endpoint: always the whole registered list, whatever `scope` says."""
    scope = f"{permissions.GRAPH}/{permissions.DEFAULT}"
    return _open(identity, page_segment(identity, tenant), scope, is_v2=False)


def _open(identity: Identity, segment: Segment, scope: str, *, is_v2: bool) -> Response:
    if segment.tenant is not None and segment.tenant.is_personal:
        raise PageFault(500208, "Personal accounts have no administrator.", status=400)
    # Whatever the sign-in uses, this answer is always a GET with a query.
    args = {**request.args.to_dict(), "response_mode": "query"}
    back = read_return_address(args, identity.apps)
    check_app(segment, back.app)
    wanted = _read_scope(scope, back.app)
    roles = back.app.application if wanted.is_default else ()
    session = browser_session(identity) or identity.sessions.open()
    asked = ApprovalRequest(segment, back, wanted, roles, is_v2)
    attempt = identity.approvals.open(session, asked)
    return remember(_choose(identity, attempt), session)


def _read_scope(scope: str, app: App) -> ScopeRequest:
    try:
        return permissions.parse(scope, app.delegated)
    except UnknownResource as error:
        raise PageFault(500011, f"The resource '{error}' was not found in the tenant.", status=400) from error
    except UnknownPermission as error:
        raise PageFault(650053, f"The scope '{error}' does not exist.", status=400) from error
    except BadScope as error:
        raise PageFault(70011, str(error), status=400) from error


@blueprint.get("/<tenant>/v2.0/adminconsent/accounts")
@with_identity
def approval_accounts(identity: Identity, tenant: str) -> BaseResponse:
    return _choose(identity, _attempt(identity, tenant))


@blueprint.post("/<tenant>/v2.0/adminconsent/accounts")
@with_identity
def choose_administrator(identity: Identity, tenant: str) -> BaseResponse:
    attempt = _attempt(identity, tenant)
    asked = attempt.asked
    account = chosen_person(identity, request.form)
    if account is None:
        return _choose(identity, attempt, unknown=request.form.get("username", ""))
    again = f"{_base(attempt)}/accounts?attempt={attempt.key}"
    person = asked.segment.known_as(account, identity.directory)
    if person is None or person.is_personal:
        number = 50020 if asked.segment.is_one_organization else 500208
        detail = f"The account {account.upn} cannot be used here: it does not belong to this directory."
        return refusal_page(identity, PageFault(number, detail), again)
    if (trouble := identity.trouble(person, asked.app, Where.PAGE)) is not None:
        return refusal_page(identity, PageFault(trouble.number), again)
    attempt.session.sign_in(person, identity.clock.now())
    tenant_of_person = identity.directory.tenant_of(person)
    if not _may_approve(person, asked):
        return page(
            "sign-in-need-approval.html",
            app=asked.app,
            person=person,
            tenant=tenant_of_person,
            number=90094,
            is_risky=False,
            again=again,
            without=None,
            ids=ids_of(identity),
        )
    attempt.person = person
    return page(
        "sign-in-approval.html",
        app=asked.app,
        base=_base(attempt),
        attempt=attempt.key,
        person=person,
        tenant=tenant_of_person,
        permissions=sorted(asked.scope.permissions, key=lambda p: (p.is_openid, p.title)),
        roles=[permissions.APPLICATION_ROLES[role] for role in asked.roles],
    )


@blueprint.post("/<tenant>/v2.0/adminconsent/answer")
@with_identity
def answer_approval(identity: Identity, tenant: str) -> BaseResponse:
    attempt = _attempt(identity, tenant)
    asked, person = attempt.asked, attempt.person
    if person is None:
        raise PageFault(50089, status=400)
    identity.approvals.close(attempt)
    if request.form.get("answer") != "accept":
        fields = error_fields(identity, RedirectFault(65004))
        return send_back(asked.back, {**fields, "admin_consent": "True"})
    identity.consents.grant_for_tenant(asked.app, person.tenant_id, asked.scope.permissions, asked.roles)
    scope = " ".join(sorted(p.uri for p in asked.scope.permissions)) if asked.is_v2 else None
    return send_back(asked.back, {"admin_consent": "True", "tenant": person.tenant_id, "scope": scope})


def _may_approve(person: Person, asked: ApprovalRequest) -> bool:
    """Application Administrators say yes to everything but Graph's application permissions."""
    return person.is_admin or (person.manages_apps and not asked.roles)


def _attempt(identity: Identity, tenant: str) -> Approval:
    page_segment(identity, tenant)
    attempt = identity.approvals.find(request.values.get("attempt", ""), browser_session(identity))
    if attempt is None:
        raise PageFault(50089, status=400)
    return attempt


def _base(attempt: Approval) -> str:
    return f"/{attempt.asked.segment.name}/v2.0/adminconsent"


def _choose(identity: Identity, attempt: Approval, unknown: str | None = None) -> Response:
    asked = attempt.asked
    return accounts_page(
        identity,
        attempt,
        lambda person: _may_approve(person, asked) and asked.segment.admits(person, identity.directory),
        purpose=f"to continue to {asked.app.name}",
        base=_base(attempt),
        is_approval=True,
        unknown=unknown,
    )
