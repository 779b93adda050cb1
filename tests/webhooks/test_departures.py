"""Whoever leaves an organization is out within a minute: pages, streams, sign-ins, and what they connected."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery.worker import WorkController
from django.conf import settings

from calendars import live
from calendars.models import Calendar, Event
from calendars.views.stream import Listener
from connections import services as connections
from connections.models import Connection, Secret, SignInAnswer, SignInFlow, Status
from connections.reasons import words_for
from connections.services import ConnectionNotActive, ConnectRefused, Outcome, open_graph
from tenants import services as people
from tenants.acts import Act
from tenants.models import ActorKind, AuditEntry, Membership
from tenants.policies import Role
from tenants.scoping import organization_scope
from tenants.services.audit import Actor
from tests.cast import signed_in
from tests.conftest import eventually
from tests.sandbox.browser import Browser
from tests.sandbox_client import SandboxClient
from tests.webhooks.conftest import Member, connect, some_mailbox, subscription_of
from tests.webhooks.mailboxes import ALICE, SESSION, connect_for_real, connection_of, mailbox_of
from webhooks import doors, tasks
from webhooks.doors import Leaver, Speaker
from webhooks.services.leaving import disconnect_member, leave
from webhooks.services.subscriptions import reconcile


def acting(member: Member) -> Membership:
    with organization_scope(member.organization_id):
        return Membership.objects.of(member.organization_id).get(pk=member.membership_id)


def remove(member: Member, *, by: Member, now: datetime) -> None:
    who = acting(by)
    with organization_scope(member.organization_id):
        people.remove_member(acting=who, member_id=member.membership_id, by=Actor.person(by.user), now=now)


def go(member: Member, *, by: Member, now: datetime) -> None:
    who = acting(member)
    with organization_scope(member.organization_id):
        people.leave(acting=who, by=Actor.person(member.user), now=now)


def as_leaver(member: Member) -> Leaver:
    return Leaver(member.organization_id, member.membership_id)


def left_of(speaker: Speaker) -> int:
    """How many rows are still here of a connection, beside its own."""
    with organization_scope(speaker.organization_id):
        of = speaker.organization_id
        calendars = Calendar.objects.of(of).of_connection(speaker.connection_id)
        events = Event.objects.of(of).filter(calendar__connection_id=speaker.connection_id)
        return (
            Secret.objects.of(of).filter(connection_id=speaker.connection_id).count()
            + calendars.count()
            + events.count()
        )


def begin(member: Member, now: datetime) -> str:
    return connections.begin_connect(
        organization_id=member.organization_id,
        membership_id=member.membership_id,
        session_key=SESSION,
        redirect_uri=f"{settings.ALMANAC_ORIGIN}/connections/callback/",
        now=now,
    )


def flows_of(member: Member) -> int:
    with organization_scope(member.organization_id):
        of = member.organization_id
        return SignInFlow.objects.of(of).count() + SignInAnswer.objects.of(of).count()


# --- what they connected ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "reason"), [(remove, "removed"), (go, "left_organization")])
def test_what_somebody_who_is_gone_had_connected_is_disconnected_with_the_reason(
    alice: Member, bob: Member, now: datetime, way: Callable[..., None], reason: str
) -> None:
    speakers = [
        connect(bob, some_mailbox(), now=now),
        connect(bob, some_mailbox(), now=now, status=Status.RECONNECT),
        connect(bob, some_mailbox(), now=now, status=Status.PAUSED),
    ]
    alices = connect(alice, some_mailbox(), now=now)
    assert doors.leavers() == []
    way(bob, by=alice, now=now)
    assert doors.leavers() == [as_leaver(bob)]

    ended = disconnect_member(**as_leaver(bob)._asdict(), now=now)

    assert ended == [speaker.connection_id for speaker in speakers]
    for speaker in speakers:
        connection = connection_of(speaker)
        assert (connection.status, connection.reason) == (Status.DISCONNECTED, reason)
        assert words_for(connection.status, connection.reason).sentence
    assert connection_of(alices).is_active
    assert doors.leavers() == []
    with organization_scope(bob.organization_id):
        entries = AuditEntry.objects.of(bob.organization_id).filter(act=Act.CONNECTION_DISCONNECTED)
        assert [(one.actor_kind, one.target_id, one.details) for one in entries.order_by("pk")] == [
            (ActorKind.SYSTEM, speaker.connection_id, {"reason": reason}) for speaker in speakers
        ]


def test_disconnecting_a_leaver_twice_is_doing_it_once(alice: Member, bob: Member, now: datetime) -> None:
    connect(bob, some_mailbox(), now=now)
    remove(bob, by=alice, now=now)
    disconnect_member(**as_leaver(bob)._asdict(), now=now)
    assert disconnect_member(**as_leaver(bob)._asdict(), now=now + timedelta(minutes=1)) == []


def test_a_member_and_whoever_has_come_back_keep_what_they_connected(
    alice: Member, bob: Member, mallory: Member, now: datetime
) -> None:
    speaker = connect(bob, some_mailbox(), now=now)
    assert disconnect_member(**as_leaver(bob)._asdict(), now=now) == []
    assert disconnect_member(organization_id=mallory.organization_id, member_id=bob.membership_id, now=now) == []
    remove(bob, by=alice, now=now)
    with organization_scope(bob.organization_id):
        Membership.objects.of(bob.organization_id).get(pk=bob.membership_id).come_back(role=Role.MEMBER, at=now)
    assert disconnect_member(**as_leaver(bob)._asdict(), now=now) == []
    assert connection_of(speaker).is_active


def test_nothing_works_in_the_background_for_who_was_removed_a_moment_ago(
    alice: Member, bob: Member, live_server: object, sandbox: SandboxClient, now: datetime
) -> None:
    speaker = connect_for_real(bob, ALICE, now=now)
    open_graph(**speaker._asdict(), now=now)
    remove(bob, by=alice, now=now)
    with pytest.raises(ConnectionNotActive):
        open_graph(**speaker._asdict(), now=now)


@pytest.mark.usefixtures("live_server")
def test_beat_takes_subscription_tokens_and_events_of_a_removed_member_away(
    alice: Member, bob: Member, sandbox: SandboxClient, worker: WorkController, now: datetime
) -> None:
    speaker = connect_for_real(bob, ALICE, now=now)
    reconcile(mailbox=mailbox_of(speaker), now=now)
    assert len(sandbox.subscriptions()) == 1
    remove(bob, by=alice, now=now)

    tasks.disconnect_leavers.delay()

    eventually(lambda: left_of(speaker) == 0 and sandbox.subscriptions() == [])
    assert connection_of(speaker).reason == "removed"
    assert subscription_of(mailbox_of(speaker)) is None


@pytest.mark.usefixtures("live_server")
def test_the_same_mailbox_in_another_organization_stays_connected_and_listened_to(
    alice: Member, bob: Member, mallory: Member, sandbox: SandboxClient, now: datetime
) -> None:
    here = connect_for_real(bob, ALICE, now=now)
    reconcile(mailbox=mailbox_of(here), now=now)
    there = connect_for_real(mallory, ALICE, now=now)
    [before] = sandbox.subscriptions()
    kept = left_of(there)
    remove(bob, by=alice, now=now)

    for connection_id in disconnect_member(**as_leaver(bob)._asdict(), now=now):
        leave(organization_id=bob.organization_id, connection_id=connection_id, now=now)

    assert left_of(here) == 0
    assert connection_of(there).is_active
    assert left_of(there) == kept > 0
    assert [one["id"] for one in sandbox.subscriptions()] == [before["id"]]
    row = subscription_of(mailbox_of(there))
    assert row is not None
    assert (row.speaker_organization_id, row.speaker_connection_id) == there
    open_graph(**there._asdict(), now=now)


# --- sign-ins under way -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("live_server")
def test_a_sign_in_under_way_is_refused_at_once_to_who_was_removed(
    alice: Member, bob: Member, sandbox: SandboxClient, now: datetime
) -> None:
    page = Browser().sign_in(begin(bob, now), ALICE)
    key = connections.keep_answer(fields=page.answer, now=now)
    remove(bob, by=alice, now=now)

    with pytest.raises(ConnectRefused) as refused:
        connections.finish_connect(key=key, session_key=SESSION, user_id=bob.user.pk, now=now)

    assert refused.value.outcome == Outcome.OTHER_PERSON
    with organization_scope(bob.organization_id):
        assert not Connection.objects.of(bob.organization_id).exists()


@pytest.mark.usefixtures("live_server")
def test_sign_ins_under_way_are_deleted_with_what_microsoft_has_answered(
    alice: Member, bob: Member, sandbox: SandboxClient, now: datetime
) -> None:
    page = Browser().sign_in(begin(bob, now), ALICE)
    connections.keep_answer(fields=page.answer, now=now)
    begin(alice, now)
    remove(bob, by=alice, now=now)
    assert doors.leavers() == [as_leaver(bob)]

    disconnect_member(**as_leaver(bob)._asdict(), now=now)

    assert flows_of(bob) == 1
    assert doors.leavers() == []


# --- what is open in a browser ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [remove, go])
def test_an_open_stream_ends_and_no_new_one_begins(
    alice: Member, bob: Member, now: datetime, way: Callable[..., None]
) -> None:
    browser = signed_in(bob.user)
    listener = Listener(
        session_key=browser.session.session_key or "",
        user_id=bob.user.pk,
        slug=bob.slug,
        member_id=bob.membership_id,
        free=lambda: None,
        ask_again_after=0.0,
    )
    parts: Any = iter(listener)
    assert b"event: listening" in next(parts)
    way(bob, by=alice, now=now)
    live.publish(member_id=bob.membership_id, calendar_id=7, version=12)

    assert list(parts) == [b"event: over\ndata: {}\n\n"]
    listener.close()
    for page in ("", "calendar/", "calendar/stream/", "connections/", "people/", "connect/"):
        assert browser.get(f"/o/{bob.slug}/{page}").status_code == 404
