"""The calendar: week, month and agenda in the browser, the same as a plain list, and one event."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from calendars.forms import PlaceForm
from calendars.models import Calendar, Event, Kind
from calendars.payloads import BODY_LENGTH
from calendars.presentation.agenda import by_day
from calendars.presentation.bodies import shown_body
from calendars.presentation.colors import swatch
from calendars.presentation.details import SHOW_AS, attendees, own_zone, safe_link
from calendars.presentation.events import as_kept, days_of, is_hidden, title, touching
from calendars.presentation.series import series_in_words
from calendars.presentation.states import as_of, banners, cards
from calendars.views.feed import feed_items
from calendars.views.mine import chosen, my_calendars, my_connections, my_events, refuse
from tenants.decorators import MemberRequest, member_required
from tenants.models import Detail
from tenants.policies import Action

AGENDA_DAYS = 14
# Whatever day a week begins with, it lies within a week before and after the day that is asked for.
AROUND = timedelta(days=7)


@require_safe
@member_required(Action.SEE_OWN_CALENDAR)
def calendar(request: MemberRequest) -> HttpResponse:
    """
    The page holds the week's events itself, so that they are there at once; the browser asks for the rest.

    Without a script the same events stand there as a list.
    """
    form = PlaceForm(request.GET)
    if not form.is_valid():
        return refuse(request, form)
    zone = timezone.get_current_timezone()
    day = form.cleaned_data["date"] or timezone.localdate()
    calendars = chosen(request, [])
    start, end = _midnight(day - AROUND), _midnight(day + AROUND + timedelta(days=1))
    rows = _between(request, calendars, start, end)
    context = _frame(request, list(calendars.values())) | {
        "day": day,
        "view": form.cleaned_data["view"],
        "known": {
            "start": start.isoformat(),
            "end": end.isoformat(),
            "events": feed_items(request, rows, calendars),
        },
        "days": by_day(rows, calendars, first=day, days=AROUND.days, zone=zone),
        "before": day - AROUND,
        "after": day + AROUND,
    }
    return render(request, "calendars/calendar.html", context)


@require_safe
@member_required(Action.SEE_OWN_CALENDAR)
def agenda(request: MemberRequest) -> HttpResponse:
    """Two weeks as a plain list, for reading, printing, and browsers without scripts."""
    form = PlaceForm(request.GET)
    if not form.is_valid():
        return refuse(request, form)
    day: date = form.cleaned_data["date"] or timezone.localdate()
    calendars = chosen(request, form.cleaned_data["calendar"])
    span = timedelta(days=AGENDA_DAYS)
    rows = _between(request, calendars, _midnight(day), _midnight(day + span))
    context = _frame(request, list(calendars.values())) | {
        "day": day,
        "last": day + span - timedelta(days=1),
        "days": by_day(rows, calendars, first=day, days=AGENDA_DAYS, zone=timezone.get_current_timezone()),
        "before": day - span,
        "after": day + span,
    }
    return render(request, "calendars/agenda.html", context)


@require_safe
@member_required(Action.SEE_OWN_CALENDAR)
def freshness(request: MemberRequest) -> HttpResponse:
    """The part of the calendar page that says how fresh it is; asked for again whenever something arrives."""
    return render(request, "calendars/partials/freshness.html", _frame(request, list(my_calendars(request))))


@require_safe
@member_required(Action.SEE_OWN_CALENDAR)
def event(request: MemberRequest, pk: int) -> HttpResponse:
    """One event of the viewer's own: the drawer for a script that asks, a page of its own otherwise."""
    rows = Event.objects.of(request.organization).filter(calendar__in=my_calendars(request).order_by())
    found = rows.select_related("calendar__connection").shown().filter(pk=pk).first()
    if found is None:
        raise Http404
    template = "calendars/partials/event.html" if "HX-Request" in request.headers else "calendars/event.html"
    return render(request, template, _details(request, as_kept(found, request.organization.detail)))


def _details(request: MemberRequest, found: Event) -> dict[str, Any]:
    hidden = is_hidden(found, found.calendar)
    first, last = days_of(found, timezone.get_current_timezone())
    context: dict[str, Any] = {
        "event": found,
        "title": title(found, found.calendar),
        "hidden": hidden,
        "swatch": swatch(found.calendar),
        "first": first,
        "last": last,
        "own_zone": own_zone(found),
        "show_as": SHOW_AS.get(found.show_as, ""),
        "only_busy": request.organization.detail == Detail.BUSY,
    }
    if not hidden:
        context |= {
            "place_link": safe_link(found.location),
            "join_link": safe_link(found.join_url),
            "outlook_link": safe_link(found.web_link),
            "groups": attendees(found),
        } | _of_series(request, found)
    return context


def _of_series(request: MemberRequest, found: Event) -> dict[str, Any]:
    """The rule of the event's series in words, and the text of the event, which an occurrence has from there."""
    body, body_type = found.body, found.body_type
    rule = ""
    if found.series_id:
        masters = Event.objects.of(request.organization).of_calendar(found.calendar_id)
        master = masters.filter(kind=Kind.MASTER, graph_id=found.series_id).defer("attendees").first()
        if master is not None and found.kind == Kind.OCCURRENCE:
            body, body_type = master.body, master.body_type
        is_known = request.organization.detail != Detail.BUSY
        rule = series_in_words(master.recurrence if master else None) if is_known else ""
    is_kept = request.organization.detail == Detail.FULL
    shown = shown_body(body, body_type) if is_kept else ""
    return {"series": rule, "body": shown, "body_is_cut": len(body) >= BODY_LENGTH}


def _frame(request: MemberRequest, calendars: list[Calendar]) -> dict[str, Any]:
    """What stands around the events: calendars with their colours, how fresh they are, what is wrong."""
    mine = cards(my_connections(request), calendars, now=timezone.now())
    return {
        "listed": [(calendar, swatch(calendar)) for calendar in calendars],
        "connections": [card.connection for card in mine],
        "as_of": as_of(calendars),
        "banners": [(card, as_of(card.calendars)) for card in banners(mine)],
    }


def _between(request: MemberRequest, calendars: dict[int, Calendar], start: datetime, end: datetime) -> list[Event]:
    zone = timezone.get_current_timezone()
    return touching(my_events(request, calendars), start, end, zone, detail=request.organization.detail)


def _midnight(day: date) -> datetime:
    """The moment at which this day begins for the viewer."""
    return datetime.combine(day, datetime.min.time(), tzinfo=timezone.get_current_timezone())
