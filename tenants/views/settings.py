"""The organization's general settings: its name, and how its people sign in."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from tenants import services
from tenants.context import actor_of
from tenants.decorators import MemberRequest, member_required
from tenants.forms import NameForm
from tenants.policies import Action
from tenants.views.refusals import REFUSALS, refused


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.SEE_SETTINGS)
def settings(request: MemberRequest) -> HttpResponse:
    """Both settings; POST renames."""
    organization = request.organization
    form = NameForm(request.POST if request.method == "POST" else None, initial={"name": organization.name})
    if form.is_bound and form.is_valid():
        try:
            services.rename(
                acting=request.membership, name=form.cleaned_data["name"], by=actor_of(request), now=timezone.now()
            )
        except REFUSALS as error:
            return refused(request, error)
        messages.success(request, "The name is saved.")
        return redirect("organization:settings", organization.slug)
    context = {
        "form": form,
        "has_second_factor": services.has_second_factor(request.user),
        "second_factor_page": _second_factor_page(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "tenants/settings/general.html", context, status=status)


@require_POST
@member_required(Action.CHANGE_POLICIES)
def second_step(request: MemberRequest) -> HttpResponse:
    """Everybody takes a second step from now on, or nobody has to any more."""
    required = request.POST.get("required") == "yes"
    try:
        services.require_second_factor(
            acting=request.membership, required=required, by=actor_of(request), now=timezone.now()
        )
    except services.NeedsOwnSecondStep:
        messages.error(request, "Set up a second step for yourself first: you would be the first one shut out.")
    except REFUSALS as error:
        return refused(request, error)
    else:
        said = "Everybody needs a second step now." if required else "A second step is everybody's own choice now."
        messages.success(request, said)
    return redirect("organization:settings", request.organization.slug)


def _second_factor_page() -> str:
    try:
        return reverse("mfa_index")
    except NoReverseMatch:
        return ""
