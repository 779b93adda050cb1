"""Right after connecting: the calendars to choose from, and the first events as they arrive."""

from datetime import datetime, timedelta

import structlog
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from calendars import services, tasks
from calendars.models import Calendar, Event, EventQuerySet
from calendars.payloads import Unreadable
from calendars.presentation.agenda import Day, by_day, shortened
from calendars.presentation.colors import swatch
from calendars.presentation.events import touching
from calendars.presentation.states import connection_state
from calendars.views.asking import may_ask, queue_rounds, read_again
from calendars.views.mine import my_connection
from connections.graph import GraphError
from connections.models import Connection
from connections.services import ConnectionNotActive
from tenants.addresses import is_inside
from tenants.decorators import MemberRequest, member_required, outside_scope
from tenants.models import Organization
from tenants.policies import Action
from tenants.scoping import organization_scope

log = structlog.get_logger(__name__)

FIRST_DAYS = 7
FIRST_EVENTS = 6


@require_safe
@outside_scope
@member_required(Action.CONNECT_CALENDAR)
def welcome(request: MemberRequest, pk: int) -> HttpResponse:
    """
    Lists the calendars at Microsoft when none are known yet; after a reconnection, asks for what was missed.

    Microsoft being slow or down does not hold the person up: a task goes on, and the page says so. Loading the page
    again soon asks nothing, and the page itself asks for the arriving events only (`HX-Request`).
    """
    with organization_scope(request.organization.pk):
        connection = my_connection(request, pk)
        known = Calendar.objects.of(request.organization).of_connection(pk).exists()
        asks = connection.is_active and "HX-Request" not in request.headers and may_ask(connection)
        if asks and known:
            read_again(connection, request.organization)
    if asks and not known:
        _list_calendars(request.organization, connection)
    with organization_scope(request.organization.pk):
        return render(request, "calendars/welcome.html", _context(request, my_connection(request, pk)))


def _list_calendars(organization: Organization, connection: Connection) -> None:
    ids = {"organization_id": organization.pk, "connection_id": connection.pk}
    try:
        found = services.list_calendars(**ids, now=timezone.now())
    except (GraphError, Unreadable, ConnectionNotActive) as error:
        log.info("listing_left_to_task", connection=connection.pk, reason=type(error).__name__)
        # The task meets the same error, and knows which of them changes the connection's state.
        tasks.list_calendars.apply_async(kwargs=ids, queue="interactive")
    else:
        queue_rounds(organization, found)


def _context(request: MemberRequest, connection: Connection) -> dict[str, object]:
    now = timezone.now()
    calendars = {
        calendar.pk: calendar
        for calendar in Calendar.objects.of(request.organization)
        .of_connection(connection.pk)
        .filter(vanished_at__isnull=True)
        .select_related("connection")
        .order_by("-is_default", "name", "pk")
    }
    followed = {pk: calendar for pk, calendar in calendars.items() if calendar.is_followed}
    events = Event.objects.of(request.organization).filter(calendar_id__in=list(followed)).shown()
    wanted = request.GET.get("next", "")
    reading = not calendars or any(calendar.synced_at is None for calendar in followed.values())
    return {
        "connection": connection,
        "state": connection_state(connection, list(followed.values()), now=now),
        "rows": [(calendar, swatch(calendar)) for calendar in calendars.values()],
        "reading": reading and connection.is_active,
        "count": events.count() if followed else 0,
        "days": _first_days(events, followed, now, request.organization.detail) if followed else [],
        "next": wanted if is_inside(wanted) else reverse("calendars:calendar", args=[request.organization.slug]),
    }


def _first_days(events: EventQuerySet, calendars: dict[int, Calendar], now: datetime, detail: str) -> list[Day]:
    zone = timezone.get_current_timezone()
    today = now.astimezone(zone).date()
    end = now + timedelta(days=FIRST_DAYS)
    coming = touching(events.filter(is_cancelled=False), now, end, zone, detail=detail)
    return shortened(by_day(coming, calendars, first=today, days=FIRST_DAYS, zone=zone), FIRST_EVENTS)
