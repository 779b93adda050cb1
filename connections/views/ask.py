"""Asking an administrator: which company, whom to write to, and the place to see that it is waiting."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connections.forms import AskForm, MailForm, RemindForm
from connections.identity import TryLater
from connections.identity.directories import NoSuchDirectory, Problem
from connections.models import ApprovalRequest, ApprovalRequestQuerySet, ApprovalState, ApprovalWaiter
from connections.services import approvals, asking, consent, unanswered
from connections.services.asking import (
    AlreadyApproved,
    Closed,
    MailedAlready,
    NotAllowedHere,
    NothingToRemind,
    TooMany,
)
from tenants.addresses import absolute
from tenants.context import actor_of
from tenants.decorators import MemberRequest, member_required, outside_scope
from tenants.models import ConsentState, MicrosoftTenant
from tenants.policies import Action
from tenants.scoping import organization_scope

_NO_DIRECTORY: Final = {
    Problem.UNREADABLE: "This is no domain. It is the part of your work address after the @, such as “fabrikam.com”.",
    Problem.UNKNOWN: "Microsoft knows no company by this domain. Is it spelled right? "
    "It may also be another one than in your address: the one that you sign in to Microsoft with.",
    Problem.PERSONAL: "This domain belongs to personal accounts, which no administrator looks after. "
    "Connect such an account directly.",
    Problem.MANY: "This names no company. Type the domain of your work address.",
}
_LIMITS: Final = {
    "requests": "Your organization has asked for many approvals today. Please go on tomorrow, "
    "or send the link of an open request yourself.",
    "organization": f"Your organization has had {asking.MAILS_OF_ORGANIZATION} mails sent to administrators today, "
    "which is the most. You can still send the link yourself; tomorrow we write again.",
    "address": f"This address has had {asking.MAILS_TO_ADDRESS} mails about approvals today, which is the most. "
    "You can still send the link yourself; tomorrow we write again.",
}
_CLOSED: Final = "This request is not open any more, so nothing was sent."


# A page that leads here may name the company: a domain or a tenant id.
LONGEST_COMPANY: Final = 320


@outside_scope  # Microsoft is asked whose domain it is.
@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.ASK_ADMINISTRATOR)
def ask(request: MemberRequest) -> HttpResponse:
    """The page, and on POST a request, or the one that is open already. `administrator` is written to at once."""
    if request.method != "POST":
        # A link from the board or from the page before the trip says which company it is about.
        wanted = request.GET.get("company", "")[:LONGEST_COMPANY]
        return _ask_page(request, AskForm(initial={"company": wanted or _guess(request)}))
    form = AskForm(request.POST)
    if not form.is_valid():
        return _ask_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _asked_for(request, form)


def _asked_for(request: MemberRequest, form: AskForm) -> HttpResponse:
    try:
        directory = consent.find_directory(domain_or_id=form.cleaned_data["company"])
        request_id = asking.ask(
            organization_id=request.organization.pk,
            member=request.membership,
            directory=directory,
            by=actor_of(request),
            now=timezone.now(),
            anyway=form.cleaned_data["anyway"],
        )
    except NoSuchDirectory as error:
        form.add_error("company", _NO_DIRECTORY[error.problem])
        return _ask_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except NotAllowedHere:
        name = request.organization.name
        sentence = (
            f"{name} lets only linked companies connect, and this is none. Ask an owner or admin to link it first."
        )
        form.add_error("company", sentence)
        return _ask_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except TryLater:
        form.add_error(None, "Microsoft does not answer just now, so we cannot look up the domain. Please try again.")
        return _ask_page(request, form, status=HTTPStatus.SERVICE_UNAVAILABLE)
    except TooMany as error:
        form.add_error(None, _LIMITS[error.limit])
        return _ask_page(request, form, status=HTTPStatus.TOO_MANY_REQUESTS)
    except AlreadyApproved as error:
        return _ask_page(request, form, approved=error.tenant, status=HTTPStatus.CONFLICT)
    if form.cleaned_data["administrator"]:
        _write(request, request_id, form.cleaned_data["administrator"])
    return redirect("connections:asked", request.organization.slug, request_id)


def _ask_page(
    request: MemberRequest,
    form: AskForm,
    *,
    approved: MicrosoftTenant | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    with organization_scope(request.organization.pk):
        context = {"form": form, "approved": approved, "mine": list(_visible(request).open())}
        return render(request, "connections/ask/ask.html", context, status=status)


def _guess(request: MemberRequest) -> str:
    """The domain that is most likely meant: the tenant we know of, or what the person's address says."""
    with organization_scope(request.organization.pk):
        guessed = consent.guess_tenant(organization_id=request.organization.pk, address=request.user.email)
        if guessed is not None and guessed.domain:
            return guessed.domain
        known = MicrosoftTenant.objects.of(request.organization).exclude(state=ConsentState.APPROVED)
        named = list(known.exclude(domain="").values_list("domain", flat=True)[:2])
    of_address = request.user.email.rpartition("@")[2].lower()
    return named[0] if len(named) == 1 else of_address


# --- one request ----------------------------------------------------------------------------------------------------


@require_safe
@member_required(Action.ASK_ADMINISTRATOR)
def asked(request: MemberRequest, pk: int) -> HttpResponse:
    """Where a request stands, its link and a message to send; for those who wait, and for admins."""
    return _asked_page(request, _find(request, pk), MailForm())


def _asked_page(
    request: MemberRequest, found: ApprovalRequest, form: MailForm, *, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    is_open = found.is_live(timezone.now())
    path = approvals.link_of(found) if is_open else None
    link = absolute(path) if path else ""
    context = {
        "asked": found,
        "is_open": is_open,
        "is_expired": found.state == ApprovalState.EXPIRED or (found.state == ApprovalState.WAITING and not is_open),
        "waiters": list(approvals.waiters_of(found)),
        "link": link,
        "message": _message(request, found, link),
        "form": form,
        "reminders_left": asking.MOST_REMINDERS - found.reminders,
        "may_end": _may_end(request, found),
    }
    context["mailto"] = f"mailto:?{urlencode({'subject': _SUBJECT, 'body': context['message']}, quote_via=quote)}"
    return render(request, "connections/ask/asked.html", context, status=status)


_SUBJECT: Final = "Please approve Almanac in our Microsoft 365"


def _message(request: MemberRequest, found: ApprovalRequest, link: str) -> str:
    return (
        "Hello,\n\n"
        f"I would like to connect my Outlook calendar to {request.organization.name} in Almanac. In our Microsoft "
        f"tenant ({found.tenant.label}) only an administrator can allow that.\n\n"
        "This page explains what Almanac asks for and why, and leads to Microsoft's own page for the approval. "
        "Opening it changes nothing, you need no account at Almanac, and you can decline there:\n\n"
        f"{link}\n\n"
        f"Thank you\n{request.user.get_full_name()}\n"
    )


# Limits of mails are counted over all organizations: the services open their own scopes.
@outside_scope
@require_POST
@member_required(Action.ASK_ADMINISTRATOR)
def mail(request: MemberRequest, pk: int) -> HttpResponse:
    """Write to an administrator."""
    with organization_scope(request.organization.pk):
        found = _find(request, pk)
        form = MailForm(request.POST)
        if not form.is_valid():
            return _asked_page(request, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    _write(request, pk, form.cleaned_data["administrator"])
    return redirect("connections:asked", request.organization.slug, pk)


@outside_scope
@require_POST
@member_required(Action.ASK_ADMINISTRATOR)
def remind(request: MemberRequest, pk: int) -> HttpResponse:
    """Write once more to the administrator who was written to."""
    form = RemindForm(request.POST)
    seen = form.cleaned_data["seen"] if form.is_valid() else None

    def act() -> None:
        asking.remind(
            organization_id=request.organization.pk,
            request_id=pk,
            by=actor_of(request),
            now=timezone.now(),
            seen=seen,
        )

    return _done(request, pk, act, "The reminder is on its way.")


@outside_scope
@require_POST
@member_required(Action.ASK_ADMINISTRATOR)
def new_link(request: MemberRequest, pk: int) -> HttpResponse:
    """A new link; the old one is dead."""

    def act() -> None:
        asking.renew_link(
            organization_id=request.organization.pk, request_id=pk, by=actor_of(request), now=timezone.now()
        )

    return _done(
        request, pk, act, "There is a new link. The old one does not work any more: send the new one.", ends=True
    )


@outside_scope
@require_POST
@member_required(Action.ASK_ADMINISTRATOR)
def take_back(request: MemberRequest, pk: int) -> HttpResponse:
    """End the request: its link is dead."""

    def act() -> None:
        asking.take_back(
            organization_id=request.organization.pk, request_id=pk, by=actor_of(request), now=timezone.now()
        )

    return _done(request, pk, act, "The request is taken back, and its link does not work any more.", ends=True)


@require_POST
@member_required(Action.ASK_ADMINISTRATOR)
def not_asked_for(request: MemberRequest) -> HttpResponse:
    """ "No, Microsoft asked for no approval": the question is not asked again."""
    unanswered.dismiss(organization_id=request.organization.pk, member_id=request.membership.pk, now=timezone.now())
    return redirect("connections:connect", request.organization.slug)


def _done(
    request: MemberRequest, pk: int, act: Callable[[], None], sentence: str, *, ends: bool = False
) -> HttpResponse:
    with organization_scope(request.organization.pk):
        found = _find(request, pk)
        if ends and not _may_end(request, found):
            raise Http404
    _say(request, act, sentence)
    return redirect("connections:asked", request.organization.slug, pk)


def _write(request: MemberRequest, pk: int, address: str) -> None:
    def act() -> None:
        asking.mail(
            organization_id=request.organization.pk,
            request_id=pk,
            address=address,
            by=actor_of(request),
            now=timezone.now(),
        )

    _say(request, act, f"The mail to {address} is on its way.")


def _say(request: MemberRequest, act: Callable[[], None], sentence: str) -> None:
    try:
        act()
    except TooMany as error:
        messages.warning(request, _LIMITS[error.limit])
    except MailedAlready:
        messages.info(request, "We have written to this address already. You can have them reminded.")
    except NothingToRemind:
        messages.info(request, "There is nobody to remind, or they were reminded twice, which is the most.")
    except Closed:
        messages.warning(request, _CLOSED)
    else:
        messages.success(request, sentence)


def _visible(request: MemberRequest) -> ApprovalRequestQuerySet:
    requests = ApprovalRequest.objects.of(request.organization)
    requests = requests.select_related("tenant", "asked_by__user", "organization")
    if request.membership.may(Action.SEE_ONBOARDING):
        return requests
    mine = ApprovalWaiter.objects.of(request.organization).filter(member=request.membership)
    return requests.filter(pk__in=mine.values("request_id"))


def _find(request: MemberRequest, pk: int) -> ApprovalRequest:
    """One that this person may see; another one is a 404 like one that never was."""
    found: ApprovalRequest | None = _visible(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _may_end(request: MemberRequest, found: ApprovalRequest) -> bool:
    """Whoever asked, and admins: others wait for it, too."""
    return found.asked_by_id == request.membership.pk or request.membership.may(Action.SEE_ONBOARDING)
