"""Events as JSON, for the calendar in the browser."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from calendars.forms import FeedForm, sentences
from calendars.models import Calendar, Event
from calendars.presentation.events import feed_item, touching
from calendars.views.mine import chosen, event_address, my_events
from tenants.decorators import MemberRequest, member_required
from tenants.policies import Action


@require_safe
@member_required(Action.SEE_OWN_CALENDAR)
def events(request: MemberRequest) -> HttpResponse:
    """What touches [start, end) in the viewer's own calendars; with `calendar`, in these only."""
    form = FeedForm(request.GET)
    if not form.is_valid():
        return JsonResponse({"errors": sentences(form)}, status=400)
    calendars = chosen(request, form.cleaned_data["calendar"])
    start, end = form.cleaned_data["start"], form.cleaned_data["end"]
    zone = timezone.get_current_timezone()
    rows = touching(my_events(request, calendars), start, end, zone, detail=request.organization.detail)
    return JsonResponse(feed_items(request, rows, calendars), safe=False)


def feed_items(request: MemberRequest, rows: Iterable[Event], calendars: dict[int, Calendar]) -> list[dict[str, Any]]:
    """These events as the browser's calendar reads them, each with the address of its own page."""
    return [feed_item(row, calendars[row.calendar_id], address=event_address(request, row.pk)) for row in rows]
