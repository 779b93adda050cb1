"""Founding an organization."""

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tenants import services
from tenants.context import address_of
from tenants.forms import NAME_LENGTH, OrganizationForm, problem_with_slug
from tenants.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """The form, and the founding itself; afterwards, the organization's home."""
    form = OrganizationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        person = request.user
        assert isinstance(person, User)  # noqa: S101 - login_required saw to it
        try:
            membership = services.found_organization(
                name=form.cleaned_data["name"],
                slug=form.cleaned_data["slug"],
                by=person,
                now=timezone.now(),
                ip=address_of(request),
            )
        except services.SlugTaken:
            form.add_error("slug", "Somebody took this address a moment ago. Choose another one.")
        except services.TooManyOrganizations:
            form.add_error(None, f"You own {services.ORGANIZATIONS_PER_OWNER} organizations, and that is the limit.")
        else:
            return redirect("calendars:home", membership.organization.slug)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    context = {"form": form, "slug": form["slug"].value() or "", "suggested": request.POST.get("suggested", "")}
    return render(request, "tenants/new.html", {**context, "prefix": _prefix()}, status=status)


@require_safe
@login_required
def new_slug(request: HttpRequest) -> HttpResponse:
    """
    A fragment for htmx while somebody types: the whole field when the name changed, its state when the slug did.

    The suggestion follows the name until the person has typed a slug of their own.
    """
    slug, suggested = request.GET.get("slug", "").strip().lower(), request.GET.get("suggested", "")
    if "by_name" in request.GET:
        template = "tenants/partials/slug_field.html"
        if slug in {"", suggested}:
            slug = suggested = services.suggest_slug(request.GET.get("name", "")[:NAME_LENGTH])
    else:
        template = "tenants/partials/slug_state.html"
    context = {"form": OrganizationForm(), "slug": slug, "suggested": suggested, "problem": problem_with_slug(slug)}
    return render(request, template, {**context, "prefix": _prefix()})


def _prefix() -> str:
    return f"{settings.ALMANAC_ORIGIN}/o/"
