"""Who belongs to an organization, and what is done about it. Two at once: the first wins, the second reads so."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tenants import services
from tenants.context import actor_of
from tenants.decorators import MemberRequest, member_required
from tenants.forms import RoleForm, TypedForm, searchable
from tenants.models import Invitation, Membership
from tenants.policies import Action, Role, may_grant
from tenants.views.refusals import REFUSALS, refused

PEOPLE_PER_PAGE = 50
INVITATIONS_SHOWN = 200


@require_safe
@member_required(Action.SEE_PEOPLE)
def people(request: MemberRequest) -> HttpResponse:
    """Everybody, with their role; for admins also addresses and the invitations that are open."""
    looked_for = searchable(request.GET.get("q", ""))
    manages = request.membership.may(Action.INVITE)
    page = Paginator(_members(request, looked_for, by_address=manages), PEOPLE_PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "looked_for": looked_for,
        "manages": manages,
        "total": Membership.objects.of(request.organization).present().count(),
        "invitations": _invitations(request, looked_for) if manages else [],
    }
    return render(request, "tenants/people/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.CHANGE_ROLE)
def member(request: MemberRequest, pk: int) -> HttpResponse:
    """One member: their role to change, and the ways to what cannot be undone."""
    person = _member(request, pk)
    mine = request.membership
    form = RoleForm(request.POST if request.method == "POST" else None, giver=mine.role, initial={"role": person.role})
    if form.is_bound and form.is_valid():
        role = form.cleaned_data["role"]
        try:
            services.change_role(acting=mine, member_id=pk, role=role, by=actor_of(request), now=timezone.now())
        except REFUSALS as error:
            return refused(request, error)
        messages.success(request, f"{person.user.get_full_name()} is {_article(role)} now.")
        return redirect("organization:people", request.organization.slug)
    context = {
        "person": person,
        "form": form,
        "roles": form.explained_roles(),
        "chosen": form["role"].value(),
        "is_me": person.pk == mine.pk,
        "in_reach": may_grant(mine.role, person.role),
        "is_last_owner": services.is_last_owner(person),
        "hands_over": mine.may(Action.TRANSFER_OWNERSHIP) and person.pk != mine.pk,
    }
    return render(request, "tenants/people/member.html", context, status=_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.REMOVE_MEMBER)
def remove(request: MemberRequest, pk: int) -> HttpResponse:
    """GET says what goes and what stays; POST takes them out."""
    if pk == request.membership.pk:
        return redirect("organization:leave", request.organization.slug)
    person = _member(request, pk)
    if request.method != "POST":
        if not may_grant(request.membership.role, person.role):
            return refused(request, services.AboveOwnRole())
        return render(request, "tenants/people/remove.html", {"person": person})
    try:
        services.remove_member(acting=request.membership, member_id=pk, by=actor_of(request), now=timezone.now())
    except REFUSALS as error:
        return refused(request, error)
    messages.success(request, f"{person.user.get_full_name()} is out. What they had connected is being disconnected.")
    return redirect("organization:people", request.organization.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.TRANSFER_OWNERSHIP)
def transfer(request: MemberRequest, pk: int) -> HttpResponse:
    """GET says what it means; POST, with the organization's address typed, hands it over."""
    person = _member(request, pk)
    if person.pk == request.membership.pk:
        return redirect("organization:people", request.organization.slug)
    form = TypedForm(request.POST if request.method == "POST" else None, wanted=request.organization.slug)
    if form.is_bound and form.is_valid():
        try:
            services.transfer_ownership(
                acting=request.membership, member_id=pk, by=actor_of(request), now=timezone.now()
            )
        except REFUSALS as error:
            return refused(request, error)
        messages.success(request, f"{person.user.get_full_name()} is an owner now, and you are an admin.")
        return redirect("organization:people", request.organization.slug)
    return render(request, "tenants/people/transfer.html", {"person": person, "form": form}, status=_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.LEAVE)
def leave(request: MemberRequest) -> HttpResponse:
    """GET says what goes and what stays, or why it cannot be; POST leaves."""
    if request.method != "POST":
        context = {"is_last_owner": services.is_last_owner(request.membership)}
        return render(request, "tenants/people/leave.html", context)
    try:
        services.leave(acting=request.membership, by=actor_of(request), now=timezone.now())
    except services.LastOwner:
        return render(request, "tenants/people/leave.html", {"is_last_owner": True}, status=HTTPStatus.CONFLICT)
    except REFUSALS as error:
        return refused(request, error)
    messages.success(request, f"You have left {request.organization.name}.")
    return redirect("tenants:entrance")


def _member(request: MemberRequest, pk: int) -> Membership:
    """Somebody who belongs, or has belonged: who has left is told of by the service, and who never came is a 404."""
    return get_object_or_404(Membership.objects.of(request.organization).select_related("user"), pk=pk)


def _members(request: MemberRequest, looked_for: str, *, by_address: bool) -> QuerySet[Membership]:
    shown = Case(When(user__name="", then=F("user__email")), default=F("user__name"))
    everybody = Membership.objects.of(request.organization).present().select_related("user")
    if looked_for:
        found = Q(user__name__icontains=looked_for)
        if by_address:
            found |= Q(user__email__icontains=looked_for)
        everybody = everybody.filter(found)
    return everybody.annotate(is_me=Case(When(pk=request.membership.pk, then=Value(0)), default=Value(1))).order_by(
        "is_me", Lower(shown), "pk"
    )


def _invitations(request: MemberRequest, looked_for: str) -> list[dict[str, Any]]:
    now = timezone.now()
    waiting = Invitation.objects.of(request.organization).open().select_related("invited_by__user")
    if looked_for:
        waiting = waiting.filter(email__icontains=looked_for)
    return [
        {"row": row, "is_live": row.is_live(now), "in_reach": may_grant(request.membership.role, row.role)}
        for row in waiting.order_by("-sent_at", "-pk")[:INVITATIONS_SHOWN]
    ]


def _article(role: Role) -> str:
    return f"{'a' if role == Role.MEMBER else 'an'} {role.label.lower()}"


def _status(form: RoleForm | TypedForm) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
