"""The audit log for admins: sentences with filters, and the same as a file."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tenants import sheets
from tenants.context import actor_of
from tenants.decorators import MemberRequest, member_required
from tenants.forms import ActivityForm, place_in_words
from tenants.models import AuditEntry
from tenants.policies import Action
from tenants.presentation import activity as words
from tenants.scoping import let_database_go
from tenants.services import activity as log

FILTERS = ("who", "kind", "since", "until")


@require_safe
@member_required(Action.SEE_ACTIVITY)
def activity(request: MemberRequest) -> HttpResponse:
    """One page of the log. What cannot be asked for is said beside its field, and then nothing is listed."""
    names = _names(request)
    form = ActivityForm(request.GET, people=names.items())
    asked = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    context = {"form": form, "asked": asked, "query": urlencode(asked), "slug": request.organization.slug}
    if not form.is_valid():
        return render(request, "tenants/activity.html", context, status=HTTPStatus.BAD_REQUEST)
    before = form.cleaned_data["before"]
    found = log.page(organization_id=request.organization.pk, wanted=form.wanted, before=before)
    context |= {
        "days": words.days(found.entries, names=names),
        "is_older": before is not None,
        "older": urlencode(asked | {"before": place_in_words(found.older)}) if found.older else "",
    }
    return render(request, "tenants/activity.html", context)


@require_POST
@member_required(Action.SEE_ACTIVITY)
def activity_file(request: MemberRequest) -> HttpResponseBase:
    """Everything that the filters of the address let through, as CSV; that somebody took it is an entry, too."""
    form = ActivityForm(request.GET, people=_names(request).items())
    if not form.is_valid():
        page = reverse("organization:activity", args=[request.organization.slug])
        return redirect(f"{page}?{request.GET.urlencode()}")  # which says what is wrong
    now = timezone.now()
    wanted = form.wanted
    log.note_export(organization_id=request.organization.pk, by=actor_of(request), now=now, wanted=wanted)
    lists = log.everything(
        organization_id=request.organization.pk, member_id=request.membership.pk, wanted=wanted, now=now
    )
    response = StreamingHttpResponse(_write(lists), content_type="text/csv; charset=utf-8")
    name = words.file_name(request.organization.slug, now)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _names(request: MemberRequest) -> dict[int, str]:
    """How everybody who is or was here is called now, by user id."""
    members = log.people(organization_id=request.organization.pk)
    return {member.user_id: member.user.get_full_name() for member in members}


def _write(lists: Iterator[list[AuditEntry]]) -> Iterator[bytes]:
    """
    The file, part by part. It is written after the request's own scope has ended, and for as long as the reader takes,
    so the connection is given back between two parts.
    """
    # Excel takes a file without this mark for one in an old Western encoding.
    yield "\ufeff".encode() + _rows([words.COLUMNS])
    try:
        for entries in lists:
            let_database_go()
            yield _rows([words.cells(entry) for entry in entries])
    except log.NoLongerAllowed:
        yield _rows([("The rest is missing: whoever fetched this may not see the activity any more.",)])


def _rows(rows: Sequence[Sequence[str]]) -> bytes:
    return b"".join(map(sheets.line, rows))
