"""For admins: how far the organization is, its Microsoft tenants, and linking them."""

from http import HTTPStatus
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from connections.forms import LinkForm
from connections.identity import TryLater
from connections.identity.directories import Problem
from connections.presentation.board import board
from connections.services import consent, linking
from connections.services.consent import NoSuchDirectory
from tenants.context import actor_of
from tenants.decorators import MemberRequest, member_required, outside_scope
from tenants.models import MicrosoftTenant, TenantsAllowed
from tenants.policies import Action
from tenants.scoping import organization_scope

_NO_DIRECTORY: Final = {
    Problem.UNREADABLE: "This is neither a domain nor a tenant id. A domain looks like “contoso.com”.",
    Problem.UNKNOWN: (
        "Microsoft knows no company by this. Is it spelled right? Try the domain that your people sign in to "
        "Microsoft with."
    ),
    Problem.PERSONAL: (
        "This belongs to personal Microsoft accounts, which are nobody’s company. "  # noqa: RUF001 - a page's apostrophe
        "People connect them without any link."
    ),
    Problem.MANY: "This stands for all companies at once. Type the domain of one.",
}


@require_safe
@member_required(Action.SEE_ONBOARDING)
def onboarding(request: MemberRequest) -> HttpResponse:
    """The board. It asks for itself again every half minute, as long as it is open; `all` shows everybody stuck."""
    everybody = "all" in request.GET
    found = board(request.organization, now=timezone.now(), everybody=everybody)
    return render(request, "connections/onboarding/board.html", {"board": found, "everybody": everybody})


# Microsoft is asked whose domain it is.
@outside_scope
@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.LINK_TENANT)
def link_tenant(request: MemberRequest) -> HttpResponse:
    """The form, and the linking itself; afterwards, the board."""
    if request.method != "POST":
        return _link_page(request, LinkForm(initial={"company": request.GET.get("company", "")[:320]}))
    form = LinkForm(request.POST)
    if not form.is_valid():
        return _link_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        directory = consent.find_directory(domain_or_id=form.cleaned_data["company"])
    except NoSuchDirectory as error:
        form.add_error("company", _NO_DIRECTORY[error.problem])
        return _link_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except TryLater:
        form.add_error(None, "Microsoft does not answer just now, so we cannot look it up. Please try again.")
        return _link_page(request, form, status=HTTPStatus.SERVICE_UNAVAILABLE)
    with organization_scope(request.organization.pk):
        tenant = linking.link(
            organization=request.organization, directory=directory, by=actor_of(request), now=timezone.now()
        )
    messages.success(request, f"{tenant.label} is linked.")
    return redirect("connections:onboarding", request.organization.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.LINK_TENANT)
def unlink_tenant(request: MemberRequest, pk: int) -> HttpResponse:
    """What unlinking means here, and on POST the unlinking itself."""
    tenant = get_object_or_404(MicrosoftTenant.objects.of(request.organization), pk=pk)
    if request.method == "POST":
        linking.unlink(organization=request.organization, tenant=tenant, by=actor_of(request), now=timezone.now())
        messages.success(request, f"{tenant.label} is no longer linked.")
        return redirect("connections:onboarding", request.organization.slug)
    context = {"tenant": tenant, "only_linked": request.organization.tenants_allowed == TenantsAllowed.LINKED}
    return render(request, "connections/onboarding/unlink.html", context)


def _link_page(request: MemberRequest, form: LinkForm, *, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    return render(request, "connections/onboarding/link.html", {"form": form}, status=status)
