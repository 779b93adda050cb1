"""Inviting people: what admins do. What the invited do is in `joining`."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from tenants import services
from tenants.context import actor_of
from tenants.decorators import MemberRequest, member_required, outside_scope
from tenants.forms import InvitationForm
from tenants.models import Invitation
from tenants.policies import Action, Role
from tenants.scoping import organization_scope
from tenants.views.refusals import REFUSALS, refused

_TOO_MANY = "Your organization has sent as many invitations as it may in a day. Go on tomorrow."
_REST = "This address was sent several invitations today. Wait until tomorrow, and ask the person to look for them."


@require_http_methods(["GET", "HEAD", "POST"])
@outside_scope
@member_required(Action.INVITE)
def invite(request: MemberRequest) -> HttpResponse:
    """The form, and the inviting itself."""
    form = InvitationForm(
        request.POST if request.method == "POST" else None, giver=request.membership.role, initial={"role": Role.MEMBER}
    )
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            services.invite(
                acting=request.membership,
                email=email,
                role=form.cleaned_data["role"],
                by=actor_of(request),
                now=timezone.now(),
            )
        except services.AlreadyMember:
            form.add_error("email", "Somebody with this address is a member already.")
        except services.AlreadyInvited:
            form.add_error("email", "This address has an open invitation. Send it again from the list of people.")
        except services.TooManyMails:
            form.add_error(None, _TOO_MANY)
        except services.AddressWantsRest:
            form.add_error("email", _REST)
        except REFUSALS as error:
            return refused(request, error)
        else:
            messages.success(request, f"{email} is invited. The link in the mail works for seven days.")
            return redirect("organization:people", request.organization.slug)
    context = {
        "form": form,
        "roles": form.explained_roles(),
        "chosen": form["role"].value(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "tenants/people/invite.html", context, status=status)


@require_POST
@outside_scope
@member_required(Action.INVITE)
def resend(request: MemberRequest, pk: int) -> HttpResponse:
    """A new link by mail; the old one is void."""
    with organization_scope(request.organization.pk):
        get_object_or_404(Invitation.objects.of(request.organization), pk=pk)
    try:
        sent = services.resend(acting=request.membership, invitation_id=pk, by=actor_of(request), now=timezone.now())
    except services.TooManyMails:
        messages.error(request, _TOO_MANY)
    except services.AddressWantsRest:
        messages.error(request, _REST)
    except REFUSALS as error:
        return refused(request, error)
    else:
        messages.success(request, f"A new mail is on its way to {sent.email}. The link in the former one is void.")
    return redirect("organization:people", request.organization.slug)


@require_POST
@member_required(Action.INVITE)
def revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Void the link. A second click finds what was wanted."""
    invitation = get_object_or_404(Invitation.objects.of(request.organization), pk=pk)
    if invitation.revoked_at is None:
        try:
            services.revoke(acting=request.membership, invitation_id=pk, by=actor_of(request), now=timezone.now())
        except REFUSALS as error:
            return refused(request, error)
    messages.success(request, f"The invitation of {invitation.email} is taken back. Its link does not work any more.")
    return redirect("organization:people", request.organization.slug)
