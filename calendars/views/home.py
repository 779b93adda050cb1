"""The first page of a member: is my calendar connected, and is it right?"""

from collections import Counter
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from calendars.models import Calendar
from calendars.presentation.agenda import Day, by_day, shortened
from calendars.presentation.events import touching
from calendars.presentation.states import cards, changing
from calendars.views.mine import let_go, my_calendars, my_connections, my_events
from connections.models import Connection, Status
from tenants.decorators import MemberRequest, member_required
from tenants.models import Organization
from tenants.policies import Action

SOON_DAYS = 2
SOON_EVENTS = 6


@require_safe
@member_required(Action.SEE_ORGANIZATION)
def home(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    calendars = {calendar.pk: calendar for calendar in my_calendars(request)}
    mine = cards(my_connections(request), list(calendars.values()), now=now)
    context = {
        "cards": mine,
        "let_go": let_go(request),
        "needs_me": [card for card in mine if card.state.wants_sign_in],
        "may_allow_changes": [
            card.connection for card in mine if changing(card.connection, request.organization).is_wanted
        ],
        "unwell": [card for card in mine if card.state.tone != "well"],
        "soon": _soon(request, calendars, now) if calendars else [],
        "summary": _summary(request.organization) if request.membership.may(Action.SEE_ALL_CONNECTIONS) else None,
    }
    return render(request, "calendars/home.html", context)


def _soon(request: MemberRequest, calendars: dict[int, Calendar], now: datetime) -> list[Day]:
    """What is still to come today and tomorrow; days without anything are left out."""
    zone = timezone.get_current_timezone()
    today = now.astimezone(zone).date()
    end = datetime.combine(today + timedelta(days=SOON_DAYS), datetime.min.time(), tzinfo=zone)
    planned = my_events(request, calendars).filter(is_cancelled=False)
    events = touching(planned, now, end, zone, detail=request.organization.detail)
    days = by_day(events, calendars, first=today, days=SOON_DAYS, zone=zone)
    return shortened(days, SOON_EVENTS)


def _summary(organization: Organization) -> list[tuple[str, str, int]]:
    """How many connections of the whole organization stand how: for admins; counts and nothing else."""
    statuses = Connection.objects.of(organization).alive().values_list("status", flat=True)
    counts = Counter(map(Status, statuses))
    rows = (
        ("well" if counts[Status.ACTIVE] else "unknown", "connected", counts[Status.ACTIVE]),
        ("broken", "to be reconnected by their owners", counts[Status.RECONNECT]),
        ("waits", "waiting for a Microsoft administrator", counts[Status.APPROVAL]),
        ("broken", "blocked by a company's rules", counts[Status.BLOCKED]),
        ("unknown", "paused", counts[Status.PAUSED]),
    )
    return [row for row in rows if row[2] or row[1] == "connected"]
