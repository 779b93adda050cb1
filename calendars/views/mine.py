"""What belongs to the viewer: every page of this app starts from these look-ups."""

from collections.abc import Sequence

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from calendars.forms import sentences
from calendars.models import Calendar, CalendarQuerySet, Event, EventQuerySet
from connections.models import Connection, ConnectionQuerySet, Status
from connections.services.policy import REASON as NOT_ALLOWED
from tenants.decorators import MemberRequest


def my_connections(request: MemberRequest) -> ConnectionQuerySet:
    connections = Connection.objects.of(request.organization).belonging_to(request.membership.pk)
    return connections.alive().order_by("connected_at", "pk")


def let_go(request: MemberRequest) -> ConnectionQuerySet:
    """The viewer's mailboxes that the organization does not let be connected any more: to be said why."""
    mine = Connection.objects.of(request.organization).belonging_to(request.membership.pk)
    ended = mine.filter(status=Status.DISCONNECTED, reason=NOT_ALLOWED)
    return ended.turned_away(request.organization, organization_id=request.organization.pk).order_by("pk")


def my_connection(request: MemberRequest, pk: int) -> Connection:
    """
    Raises:
        Http404: not there, disconnected, or somebody else's; which of them is not said.
    """
    return get_object_or_404(my_connections(request), pk=pk)


def my_calendars(request: MemberRequest) -> CalendarQuerySet:
    """The calendars that the viewer follows, with their connections; the default one of a mailbox first."""
    calendars = Calendar.objects.of(request.organization).followed()
    mine = calendars.filter(connection__in=my_connections(request).order_by())
    return mine.select_related("connection").order_by("connection_id", "-is_default", "name", "pk")


def chosen(request: MemberRequest, ids: Sequence[int]) -> dict[int, Calendar]:
    """
    The viewer's calendars with these ids by id; all that are followed when no id is named. One query.

    Raises:
        Http404: an id is none of the viewer's.
    """
    calendars = {calendar.pk: calendar for calendar in my_calendars(request)}
    if not ids:
        return calendars
    if not all(pk in calendars for pk in ids):
        raise Http404
    return {pk: calendars[pk] for pk in ids}


def my_events(request: MemberRequest, calendars: dict[int, Calendar]) -> EventQuerySet:
    return Event.objects.of(request.organization).filter(calendar_id__in=list(calendars)).shown()


def event_address(request: MemberRequest, pk: int) -> str:
    return reverse("calendars:event", args=[request.organization.slug, pk])


def refuse(request: MemberRequest, form: forms.Form) -> HttpResponse:
    """The page for an address that asks for something impossible: 400, with what is wrong in sentences."""
    context = {"sentences": sentences(form)}
    return render(request, "calendars/bad_request.html", context, status=400)
