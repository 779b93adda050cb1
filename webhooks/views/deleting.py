"""Deleting what is mine, the whole organization, or a whole account: what goes and what stays, and a word to type."""

from http import HTTPStatus

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from connections.models import Connection
from tenants.context import actor_of, memberships_of
from tenants.decorators import MemberRequest, member_required, while_deleted
from tenants.forms import TypedForm
from tenants.models import Membership, User
from tenants.policies import Action
from tenants.services import LastOwner, is_last_owner
from webhooks import tasks
from webhooks.models import Erasure, ErasureKind
from webhooks.services import accounts, erasing


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.DELETE_OWN)
def delete_mine(request: MemberRequest) -> HttpResponse:
    """Everything of mine in this organization, my place in it included."""
    if is_last_owner(request.membership):
        return _keep_an_owner(request, [request.organization.name])
    form = TypedForm(request.POST if request.method == "POST" else None, wanted=request.user.email)
    if request.method != "POST" or not form.is_valid():
        mine = Connection.objects.of(request.organization).belonging_to(request.membership.pk).alive()
        context = {"form": form, "connections": mine.count()}
        return render(request, "webhooks/delete_mine.html", context, status=_status(form))
    try:
        erasure = erasing.ask_for_person(member=request.membership, by=actor_of(request), now=timezone.now())
    except LastOwner:
        return _keep_an_owner(request, [request.organization.name])
    _queue(erasure)
    messages.success(
        request,
        f"You have left {request.organization.name}, and what you had there is being deleted. "
        "We send you a mail when nothing is left.",
    )
    return redirect("tenants:entrance")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.DELETE_ORGANIZATION)
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth comes without types
def delete_organization(request: MemberRequest) -> HttpResponse:
    """The whole organization, for everybody in it."""
    form = TypedForm(request.POST if request.method == "POST" else None, wanted=request.organization.slug)
    if request.method != "POST" or not form.is_valid():
        context = {
            "form": form,
            "people": Membership.objects.of(request.organization).present().count(),
            "connections": Connection.objects.of(request.organization).alive().count(),
        }
        return render(request, "webhooks/delete_organization.html", context, status=_status(form))
    erasure = erasing.ask_for_organization(owner=request.membership, by=actor_of(request), now=timezone.now())
    _queue(erasure)
    return redirect("webhooks_members:deletion", request.organization.slug)


@require_safe
@while_deleted
@member_required(Action.DELETE_ORGANIZATION)
def deletion(request: MemberRequest) -> HttpResponse:
    """How far the deletion of the organization is, for the owner who asked for it and until it is done."""
    whole = Erasure.objects.of(request.organization).filter(kind=ErasureKind.ORGANIZATION)
    erasure = whole.first()
    if erasure is None:
        return redirect("webhooks_members:data", request.organization.slug)
    context = {"erasure": erasure, "mailboxes_left": len(erasing.mailboxes_left(erasure))}
    return render(request, "webhooks/deletion.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth comes without types
def delete_account(request: HttpRequest) -> HttpResponse:
    """My account, with everything that I have in every organization."""
    assert isinstance(request.user, User)  # noqa: S101 - signed in, as the decorators saw to
    alone = accounts.owned_alone(request.user.pk)
    if alone:
        return _keep_an_owner(request, alone)
    form = TypedForm(request.POST if request.method == "POST" else None, wanted=request.user.email)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "cards": memberships_of(request)}
        return render(request, "webhooks/delete_account.html", context, status=_status(form))
    try:
        begun = accounts.ask_for_account(user=request.user, by=actor_of(request), now=timezone.now())
    except accounts.LastOwnerSomewhere as error:
        return _keep_an_owner(request, error.names)
    for key in begun:
        tasks.erase.delay_on_commit(**key._asdict(), is_first=True)
    # An account that is in no organization is ended by beat, as all others are in the end.
    logout(request)
    messages.success(request, "Your account is being deleted. We send you a last mail when nothing is left.")
    return redirect("tenants:landing")


def _status(form: TypedForm) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK


def _queue(erasure: Erasure) -> None:
    tasks.erase.delay_on_commit(organization_id=erasure.organization_id, erasure_id=erasure.pk, is_first=True)


def _keep_an_owner(request: HttpRequest, names: list[str]) -> HttpResponse:
    """Nothing was done: these organizations would have nobody who may decide for them."""
    return render(request, "webhooks/last_owner.html", {"names": names}, status=HTTPStatus.CONFLICT)
