"""What the organization decides: who may connect, what is kept, and what each answer would change."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from calendars import tasks
from calendars.forms import PoliciesForm, days_offered
from calendars.presentation.policies import Weights, losses_in_words, questions
from calendars.services import weighing
from calendars.services.weighing import Losses
from tenants.context import actor_of
from tenants.decorators import MemberRequest, member_required
from tenants.models import TenantsAllowed
from tenants.policies import Action
from tenants.services.acting import NotAllowed
from tenants.services.policies import ChangedMeanwhile, Policies, change_policies


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.CHANGE_POLICIES)
def policies(request: MemberRequest) -> HttpResponse:
    """The page. POST saves; where that takes something away it first shows what, and saves when that is confirmed."""
    current = Policies.of(request.organization)
    if request.method != "POST":
        return _page(request, PoliciesForm.values_of(current))
    form = PoliciesForm(request.POST, past_days=current.past_days)
    if not form.is_valid():
        return _page(request, request.POST.dict(), form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    wanted, now = form.wanted, timezone.now()
    lost = weighing.losses(
        organization=request.organization, wanted=wanted, membership_id=request.membership.pk, now=now
    )
    if lost and not form.cleaned_data["confirm"]:
        return _confirm(request, form, lost)
    try:
        changed = change_policies(
            acting=request.membership,
            wanted=wanted,
            seen_at=form.cleaned_data["seen"],
            by=actor_of(request),
            now=now,
        )
    except NotAllowed:
        raise PermissionDenied from None
    except ChangedMeanwhile:
        request.organization.refresh_from_db()
        values = PoliciesForm.values_of(Policies.of(request.organization))
        return _page(request, values, changed_meanwhile=True, status=HTTPStatus.CONFLICT)
    if changed:
        tasks.apply_policies.delay_on_commit(organization_id=request.organization.pk)
        messages.success(request, "Saved. It holds from now on.")
    else:
        messages.info(request, "Nothing was different, so nothing was changed.")
    return redirect("calendars:policies", request.organization.slug)


def _page(
    request: MemberRequest,
    chosen: dict[str, str],
    *,
    form: PoliciesForm | None = None,
    changed_meanwhile: bool = False,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    organization = request.organization
    weights, days = _weights(request)
    errors = {name: [str(error) for error in found] for name, found in form.errors.items()} if form else {}
    context = {
        "questions": questions(organization, chosen, weights, days, errors),
        "members": weights.members,
        "seen": _seen(request),
        "has_errors": bool(errors),
        "changed_meanwhile": changed_meanwhile,
    }
    return render(request, "calendars/policies.html", context, status=status)


def _confirm(request: MemberRequest, form: PoliciesForm, lost: Losses) -> HttpResponse:
    context: dict[str, Any] = {
        "losses": losses_in_words(lost),
        "lost": lost,
        "values": PoliciesForm.values_of(form.wanted),
        "seen": form.data.get("seen", ""),
    }
    return render(request, "calendars/policies_confirm.html", context)


def _seen(request: MemberRequest) -> str:
    changed_at = request.organization.policies_changed_at
    return changed_at.isoformat() if changed_at else ""


def _weights(request: MemberRequest) -> tuple[Weights, list[int]]:
    organization = request.organization
    days = days_offered(organization.past_days)
    current = Policies.of(organization)

    def turned(**change: Any) -> weighing.Turned:
        wanted = Policies(**{**vars(current), **change})
        return weighing.turned_away(organization_id=organization.pk, wanted=wanted, membership_id=request.membership.pk)

    weights = Weights(
        members=weighing.count_members(organization=organization),
        stored=weighing.stored_events(
            organization_id=organization.pk, days={*days, settings.WINDOW_DAYS_BACK}, now=timezone.now()
        ),
        if_linked=turned(tenants_allowed=TenantsAllowed.LINKED),
        if_not_personal=turned(personal_accounts=False),
    )
    return weights, days
