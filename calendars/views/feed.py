"""Events as JSON, for the calendar in the browser."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from calendars.forms import FeedForm, sentences
from calendars.models import Calendar
from calendars.presentation.events import ITEM_FIELDS, feed_item, in_range
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
    items = feed_items(request, calendars, start=form.cleaned_data["start"], end=form.cleaned_data["end"])
    return JsonResponse(items, safe=False)


def feed_items(
    request: MemberRequest, calendars: dict[int, Calendar], *, start: datetime, end: datetime
) -> list[dict[str, Any]]:
    """One query, however many events and calendars."""
    zone = timezone.get_current_timezone()
    rows = my_events(request, calendars).overlapping(start, end).only(*ITEM_FIELDS)
    return [
        feed_item(event, calendars[event.calendar_id], address=event_address(request, event.pk))
        for event in rows
        if in_range(event, start, end, zone)
    ]
