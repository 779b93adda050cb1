"""What a token request is answered with: scopes as they were granted, lifetimes, and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.directory import Person
from sandbox.identity import permissions
from sandbox.identity.aadsts import TokenFault
from sandbox.identity.permissions import Permission, ScopeRequest
from sandbox.identity.service import CAE, Identity
from sandbox.identity.whims import Spelling, Style
from sandbox.registration import App
from sandbox.tokens import client_info_of

Answer = dict[str, object]


def for_person(
    identity: Identity,
    app: App,
    person: Person,
    *,
    scope: ScopeRequest,
    capabilities: frozenset[str],
    wants_client_info: bool,
    second_factor: bool,
) -> Answer:
    """
    An access token for the first resource of `scope`, with all that has been granted there.

    Raises:
        TokenFault: nobody has consented to it.
    """
    resource = scope.resources[0] if scope.resources else permissions.GRAPH
    wanted = ScopeRequest(
        frozenset(p for p in scope.permissions if p.is_openid or p.resource == resource),
        (resource,),
        scope.is_default,
    )
    if person.is_personal:
        wanted = wanted.for_personal_account()
    if identity.consents.missing(app, person, wanted):
        raise TokenFault(65001, f"Nobody has consented to the application '{app.name}' for this user.")
    held = {p for p in identity.consents.granted(app, person) if p.resource == resource or p.is_openid}
    style = identity.whims.style(identity.keys_of(person, app))
    named = _named(held | {p for p in wanted.permissions if p.is_openid}, style)
    lifetime = identity.random_lifetime(capabilities)
    value = identity.issue_access_token(
        person,
        named,
        app=app,
        resource=resource,
        lifetime=lifetime,
        capabilities=capabilities,
        second_factor=second_factor,
    )
    answer = _answer(value, int(lifetime.total_seconds()), capabilities, style)
    if style.spelling is not Spelling.OMITTED:
        answer["scope"] = " ".join(_spelled(name, resource, style) for name in named)
    if wants_client_info:
        answer["client_info"] = client_info_of(person)
    return answer


def for_app(identity: Identity, app: App, tenant_id: str, *, resource: str, capabilities: frozenset[str]) -> Answer:
    """A token for the app itself, with the roles that the tenant's administrators have granted."""
    lifetime = identity.random_lifetime(capabilities)
    value = identity.issue_access_token(
        None,
        sorted(identity.consents.roles(app, tenant_id)),
        tenant_id=tenant_id,
        app=app,
        resource=resource,
        lifetime=lifetime,
        capabilities=capabilities,
    )
    style = identity.whims.style((tenant_id, app.client_id))
    return _answer(value, int(lifetime.total_seconds()), capabilities, style)


def _named(held: Iterable[Permission], style: Style) -> list[str]:
    """Short names, less or more of them if somebody wished so."""
    fewer = {name.lower() for name in style.fewer}
    named = [name for name in permissions.spelled(held).split() if name.lower() not in fewer]
    return [*(name for name in style.more if name not in named), *named]


def _spelled(name: str, resource: str, style: Style) -> str:
    if style.spelling is Spelling.FULL and name not in permissions.OPENID_NAMES:
        return f"{resource}/{name}"
    return name


def _answer(value: str, seconds: int, capabilities: frozenset[str], style: Style) -> Answer:
    answer: Answer = {
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": value,
    }
    wants_refresh_in = style.refresh_in if style.refresh_in is not None else CAE in capabilities
    if wants_refresh_in:
        answer["refresh_in"] = seconds // 2
    return answer
