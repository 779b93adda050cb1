"""
Where reviewers decide about requests: the sandbox's own short form of the "Admin consent requests" page.

Its address is not one of Microsoft's, so it lies with the sandbox's doors.
"""

from __future__ import annotations

from flask import Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from sandbox.directory import Person, Tenant
from sandbox.identity.aadsts import PageFault, timestamp
from sandbox.identity.browsers import Attempt
from sandbox.identity.http import (
    blueprint,
    browser_session,
    page,
    page_segment,
    refusal_page,
    remember,
    with_identity,
)
from sandbox.identity.picker import accounts_page, chosen_person
from sandbox.identity.service import Identity


def address_of(tenant: Tenant) -> str:
    return f"/_sandbox/inbox/{tenant.domain}"


@blueprint.get("/_sandbox/inbox/<tenant>")
@with_identity
def inbox(identity: Identity, tenant: str) -> BaseResponse:
    found = _organization(identity, tenant)
    session = browser_session(identity) or identity.sessions.open()
    visit = identity.inboxes.open(session, found)
    reviewer = _reviewer(identity, visit)
    response = _choose(identity, visit) if reviewer is None else _show(identity, visit, reviewer)
    return remember(response, session)


@blueprint.post("/_sandbox/inbox/<tenant>/accounts")
@with_identity
def sign_reviewer_in(identity: Identity, tenant: str) -> BaseResponse:
    visit = _visit(identity, tenant)
    person = chosen_person(identity, request.form)
    if person is None:
        return _choose(identity, visit, unknown=request.form.get("username", ""))
    if person.tenant_id != visit.asked.id or not person.approves_apps:
        sentence = f"{person.upn} does not review requests of {visit.asked.name}."
        return refusal_page(identity, PageFault(50105, sentence), address_of(visit.asked))
    visit.session.sign_in(person, identity.clock.now())
    return _show(identity, visit, person)


@blueprint.post("/_sandbox/inbox/<tenant>/answer")
@with_identity
def decide(identity: Identity, tenant: str) -> BaseResponse:
    visit = _visit(identity, tenant)
    reviewer = _reviewer(identity, visit)
    asked = identity.workflow.find(request.form.get("request", ""))
    if reviewer is None or asked is None or asked.person.tenant_id != visit.asked.id:
        raise PageFault(50089, status=400)
    approve = request.form.get("answer") == "approve"
    try:
        identity.workflow.decide(
            asked, approve=approve, consents=identity.consents, now=identity.clock.now(), by=reviewer
        )
    except ValueError as error:
        return _show(identity, visit, reviewer, notice=str(error))
    return redirect(address_of(visit.asked), 303)


def _organization(identity: Identity, tenant: str) -> Tenant:
    found = page_segment(identity, tenant).tenant
    if found is None or found.is_personal:
        raise PageFault(90100, "Name the tenant whose requests you review.", status=400)
    return found


def _visit(identity: Identity, tenant: str) -> Attempt[Tenant]:
    found = _organization(identity, tenant)
    visit = identity.inboxes.find(request.form.get("attempt", ""), browser_session(identity))
    if visit is None or visit.asked != found:
        raise PageFault(50089, status=400)
    return visit


def _reviewer(identity: Identity, visit: Attempt[Tenant]) -> Person | None:
    people = (identity.directory.find_person(oid) for oid in visit.session.signed_in)
    return next((p for p in people if p is not None and p.approves_apps and p.tenant_id == visit.asked.id), None)


def _choose(identity: Identity, visit: Attempt[Tenant], unknown: str | None = None) -> Response:
    tenant = visit.asked
    return accounts_page(
        identity,
        visit,
        lambda person: person.approves_apps and person.tenant_id == tenant.id,
        purpose=f"to review requests of {tenant.name}",
        base=address_of(tenant),
        is_approval=True,
        unknown=unknown,
    )


def _show(identity: Identity, visit: Attempt[Tenant], reviewer: Person, notice: str = "") -> Response:
    now = identity.clock.now()
    return page(
        "sign-in-inbox.html",
        tenant=visit.asked,
        reviewer=reviewer,
        base=address_of(visit.asked),
        attempt=visit.key,
        notice=notice,
        requests=[
            {
                "id": one.id,
                "app": one.app,
                "person": one.person,
                "reason": one.reason,
                "state": one.state(now).value,
                "asked_at": timestamp(one.asked_at),
                "ends_at": timestamp(one.ends_at),
                "permissions": sorted(one.permissions, key=lambda p: (p.is_openid, p.title)),
            }
            for one in reversed(identity.workflow.of_tenant(visit.asked.id))
        ],
    )
