"""Connections: mine with everything, all of an organization with states and dates only; what to do about one."""

from datetime import datetime
from typing import NamedTuple

from django.contrib import messages
from django.db.models import Min
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calendars import services
from calendars.forms import ChooseForm
from calendars.models import Calendar, CalendarQuerySet, SkippedEvent
from calendars.presentation.colors import swatch
from calendars.presentation.states import State, cards, changing, connection_state, scopes_in_words
from calendars.views.asking import may_ask, queue_rounds, read_again
from calendars.views.mine import let_go, my_calendars, my_connection, my_connections, refuse
from connections.models import Connection
from tenants.addresses import is_inside
from tenants.decorators import MemberRequest, member_required
from tenants.policies import Action


@require_safe
@member_required(Action.SEE_ORGANIZATION)
def connections(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    mine = cards(my_connections(request), list(my_calendars(request)), now=now)
    sees_all = request.membership.may(Action.SEE_ALL_CONNECTIONS)
    context = {
        "mine": mine,
        "let_go": let_go(request),
        "sees_all": sees_all,
        "everybody": _everybody(request, now) if sees_all else [],
    }
    return render(request, "calendars/connections.html", context)


class Row(NamedTuple):
    """One connection as an admin sees it."""

    connection: Connection
    state: State
    read_at: datetime | None


def _everybody(request: MemberRequest, now: datetime) -> list[Row]:
    """All connections of the organization for an admin: whose, state, dates. No calendar's name, no content."""
    calendars = Calendar.objects.of(request.organization).followed().values("connection_id")
    read_at = dict(calendars.annotate(read_at=Min("synced_at")).values_list("connection_id", "read_at"))
    rows = Connection.objects.of(request.organization).alive().select_related("member__user")
    return [
        Row(row, connection_state(row, now=now), read_at.get(row.pk))
        for row in rows.order_by("member__user__name", "member__user__email", "pk")
    ]


@require_safe
@member_required(Action.SEE_ORGANIZATION)
def connection(request: MemberRequest, pk: int) -> HttpResponse:
    """One connection: its own person sees everything, an admin sees how it stands, nobody else sees it."""
    found = _visible(request, pk)
    is_mine = found.member_id == request.membership.pk
    calendars = list(_calendars_of(request, found)) if is_mine else []
    context = {
        "connection": found,
        "is_mine": is_mine,
        "state": connection_state(found, calendars if is_mine else None, now=timezone.now()),
        "calendars": [(calendar, swatch(calendar)) for calendar in calendars if calendar.is_followed],
        "others": sum(not calendar.is_followed for calendar in calendars),
        "scopes": scopes_in_words(found.scopes),
        "changing": changing(found, request.organization),
        "skipped": SkippedEvent.objects.of(request.organization).filter(calendar__connection=found).count(),
    }
    return render(request, "calendars/connection.html", context)


def _visible(request: MemberRequest, pk: int) -> Connection:
    rows = Connection.objects.of(request.organization).alive().select_related("member__user")
    if not request.membership.may(Action.SEE_ALL_CONNECTIONS):
        rows = rows.belonging_to(request.membership.pk)
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _calendars_of(request: MemberRequest, found: Connection) -> CalendarQuerySet:
    """Every calendar that Microsoft lists in this mailbox, followed or not."""
    calendars = Calendar.objects.of(request.organization).of_connection(found.pk).filter(vanished_at__isnull=True)
    return calendars.order_by("-is_default", "name", "pk")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Action.FOLLOW_CALENDAR)
def choose(request: MemberRequest, pk: int) -> HttpResponse:
    """Which calendars of a mailbox are shown. Whoever is left out loses its events here, and keeps them in Outlook."""
    found = my_connection(request, pk)
    calendars = {calendar.pk: calendar for calendar in _calendars_of(request, found)}
    if request.method != "POST":
        rows = [(calendar, swatch(calendar)) for calendar in calendars.values()]
        return render(request, "calendars/choose.html", {"connection": found, "rows": rows})
    form = ChooseForm(request.POST)
    if not form.is_valid():
        return refuse(request, form)
    wanted = set(form.cleaned_data["calendar"])
    if not wanted <= calendars.keys():
        raise Http404
    now = timezone.now()
    for calendar in calendars.values():
        if calendar.pk in wanted and not calendar.is_followed:
            services.follow(calendar=calendar, now=now)
            queue_rounds(request.organization, [calendar.pk])
        elif calendar.pk not in wanted and calendar.is_followed:
            services.unfollow(calendar=calendar)
    messages.success(request, _chosen_words(len(wanted)))
    wanted_page = form.cleaned_data["next"]
    return redirect(wanted_page if is_inside(wanted_page) else _address(request, found))


def _chosen_words(count: int) -> str:
    if count == 0:
        return "No calendar of this mailbox is shown any more."
    return "Saved: 1 calendar is shown." if count == 1 else f"Saved: {count} calendars are shown."


def _address(request: MemberRequest, found: Connection) -> str:
    return reverse("calendars:connection", args=[request.organization.slug, found.pk])


@require_POST
@member_required(Action.FOLLOW_CALENDAR)
def sync_now(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask Microsoft now, instead of when it calls or the slow poll comes by."""
    found = my_connection(request, pk)
    if not found.is_active:
        messages.error(request, "This calendar cannot be read at the moment. What helps is said below.")
    elif may_ask(found):
        read_again(found, request.organization)
        messages.success(request, "We are asking Microsoft now. This page follows by itself.")
    else:
        messages.info(request, "We asked Microsoft a moment ago. This page follows by itself.")
    return redirect(_address(request, found))
