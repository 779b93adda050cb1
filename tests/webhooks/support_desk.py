"""Support staff at their desk: the page of a connection, its buttons, and the work that they leave in the queues."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from config.celery import app as celery_app
from tenants.models import AuditEntry
from tenants.scoping import organization_scope
from tests.cast import Cast, signed_in
from tests.webhooks.conftest import queued
from webhooks.doors import Speaker

WHY = "Ticket 4711: the calendar looks old"


def desk(cast: Cast) -> Client:
    return signed_in(cast.support)


def page_of(speaker: Speaker) -> str:
    return f"/admin/connections/connection/{speaker.connection_id}/change/"


def address_of(speaker: Speaker, deed: str) -> str:
    return f"/admin/connections/connection/{speaker.connection_id}/{deed}/"


def press(cast: Cast, speaker: Speaker, deed: str, reason: str = WHY) -> HttpResponse:
    """The POST, and the page to which it leads."""
    return desk(cast).post(address_of(speaker, deed), {"reason": reason}, follow=True)


def said(answer: HttpResponse) -> list[str]:
    """What the page says once."""
    return [str(message) for message in answer.context["messages"]]


def entries_of(speaker: Speaker) -> list[AuditEntry]:
    with organization_scope(speaker.organization_id):
        return list(AuditEntry.objects.of(speaker.organization_id).filter(target_kind="connection").order_by("pk"))


def work_off() -> list[str]:
    """Do what waits in the queues, and what that queues, here and now; the names of it in order."""
    done: list[str] = []
    waiting: list[tuple[str, dict[str, Any]]] = queued()
    while waiting:
        for name, arguments in waiting:
            celery_app.tasks[name](**arguments)
            done.append(name)
        waiting = queued()
        assert len(done) < 50, done
    return done
