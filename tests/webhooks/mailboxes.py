"""Mailboxes connected for real: through the sandbox's sign-in pages, with tokens that its Graph takes."""

from datetime import datetime

from django.conf import settings

from calendars import services as calendars
from connections import services as connections
from connections.graph import GraphClient
from connections.models import Connection
from connections.services import open_graph
from tenants.scoping import organization_scope
from tests.sandbox.browser import Browser
from tests.webhooks.conftest import Member
from webhooks.doors import Mailbox, Speaker

ALICE = "alice.moreau@contoso.example"
CARLA = "carla.weber@contoso.example"
SESSION = "the session of these tests"


def connect_for_real(member: Member, address: str, *, now: datetime, follow: bool = True) -> Speaker:
    """Sign in at the sandbox as `address`, come back, and list the calendars, of which the default one is followed."""
    url = connections.begin_connect(
        organization_id=member.organization_id,
        membership_id=member.membership_id,
        session_key=SESSION,
        redirect_uri=f"{settings.ALMANAC_ORIGIN}/connections/callback/",
        now=now,
    )
    page = Browser().sign_in(url, address)
    key = connections.keep_answer(fields=page.answer, now=now)
    done = connections.finish_connect(key=key, session_key=SESSION, user_id=member.user.pk, now=now)
    if follow:
        calendars.list_calendars(organization_id=member.organization_id, connection_id=done.connection_id, now=now)
    return Speaker(member.organization_id, done.connection_id)


def mailbox_of(speaker: Speaker) -> Mailbox:
    connection = connection_of(speaker)
    return Mailbox(connection.tid, connection.oid)


def connection_of(speaker: Speaker) -> Connection:
    with organization_scope(speaker.organization_id):
        return Connection.objects.of(speaker.organization_id).get(pk=speaker.connection_id)


def disconnect(speaker: Speaker, *, now: datetime) -> None:
    """The state only, as the page leaves it."""
    with organization_scope(speaker.organization_id):
        connection = Connection.objects.of(speaker.organization_id).get(pk=speaker.connection_id)
        connections.disconnect(connection=connection, now=now)


def graph_as(speaker: Speaker, *, now: datetime) -> GraphClient:
    return open_graph(organization_id=speaker.organization_id, connection_id=speaker.connection_id, now=now)
