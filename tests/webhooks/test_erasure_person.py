"""Deleting what a person has in an organization: they are out at once, and nothing of theirs is left in the end."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from celery.worker import WorkController
from django.core import mail

from calendars.models import Calendar, Event, ExportKind
from calendars.services import exports
from connections.models import Secret
from tenants import doors as tenants_doors
from tenants.acts import Act
from tenants.models import AuditEntry, Invitation, Membership, User
from tenants.policies import Role
from tenants.scoping import organization_scope
from tenants.services import mailing
from tenants.services.acting import LastOwner
from tenants.services.audit import Actor
from tests.calendars.making import make_calendar, make_connection, make_event
from tests.cast import Cast, person, signed_in
from tests.conftest import eventually
from tests.rules.world import furnish
from tests.sandbox_client import SandboxClient
from tests.webhooks.conftest import Member, subscription_of
from tests.webhooks.mailboxes import ALICE, connect_for_real, connection_of, mailbox_of
from webhooks import doors, tasks
from webhooks.doors import Speaker
from webhooks.models import Erasure
from webhooks.services import accounts, erasing, tables
from webhooks.services.leaving import GIVE_UP_AFTER, leave
from webhooks.services.subscriptions import reconcile

pytestmark = pytest.mark.usefixtures("live_server")


@pytest.fixture
def speaker(bob: Member, sandbox: SandboxClient, now: datetime) -> Iterator[Speaker]:
    """A mailbox that Bob has connected to acme, followed and listened to."""
    speaker = connect_for_real(bob, ALICE, now=now)
    reconcile(mailbox=mailbox_of(speaker), now=now)
    yield speaker
    sandbox.clear_faults()


def ask(member: Member, *, now: datetime) -> Erasure:
    with organization_scope(member.organization_id):
        row = Membership.objects.of(member.organization_id).get(pk=member.membership_id)
        return erasing.ask_for_person(member=row, by=Actor.person(member.user), now=now)


def erase(erasure: Erasure, *, now: datetime) -> list[int]:
    return erasing.erase(organization_id=erasure.organization_id, erasure_id=erasure.pk, clock=lambda: now)


def go_through(erasure: Erasure, *, now: datetime) -> None:
    """What task and beat do, one after the other."""
    for connection_id in erase(erasure, now=now):
        leave(organization_id=erasure.organization_id, connection_id=connection_id, now=now)
    assert erase(erasure, now=now) == []


def left_of(member: Member) -> dict[str, int]:
    """Rows that are the member's, by table; the membership itself among them."""
    of, who = member.organization_id, member.membership_id
    with organization_scope(of):
        found = {"membership": Membership.objects.of(of).filter(pk=who).count()}
        for model in tables.emptied_in_order():
            rows = tables.rows_of_member(model, of, who)
            if rows is not None:
                found[tables.name_of(model)] = rows.count()
    return {name: count for name, count in found.items() if count}


def finished(erasure: Erasure) -> Erasure:
    with organization_scope(erasure.organization_id):
        return Erasure.objects.of(erasure.organization_id).get(pk=erasure.pk)


def acts(member: Member) -> list[str]:
    with organization_scope(member.organization_id):
        return list(AuditEntry.objects.of(member.organization_id).order_by("pk").values_list("act", flat=True))


def sent(now: datetime) -> list[tuple[str, str]]:
    for mail_id in tenants_doors.waiting_mails(now):
        mailing.send(mail_id=mail_id, now=now)
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_nothing_of_the_person_is_left_here_or_at_microsoft_and_the_log_says_so(
    bob: Member, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    mailbox = mailbox_of(speaker)
    with organization_scope(bob.organization_id):
        exports.ask(
            member=Membership.objects.of(bob.organization_id).get(pk=bob.membership_id),
            kind=ExportKind.PERSON, by=Actor.person(bob.user), now=now,
        )  # fmt: skip
    erasure = ask(bob, now=now)

    go_through(erasure, now=now)

    assert sandbox.subscriptions() == []
    assert subscription_of(mailbox) is None
    assert left_of(bob) == {}
    assert finished(erasure).finished_at == now
    assert acts(bob)[-4:] == [
        Act.PERSON_DELETION_ASKED, Act.CONNECTION_DISCONNECTED, Act.CONNECTION_REMOVED, Act.PERSON_DELETED
    ]  # fmt: skip
    with organization_scope(bob.organization_id):
        proof = AuditEntry.objects.of(bob.organization_id).get(act=Act.PERSON_DELETED)
    assert (proof.target_label, proof.details["connection"], proof.details["export"]) == ("bob@acme.example", 1, 1)
    assert sent(now) == [("bob@acme.example", "Your data was deleted")]
    assert User.objects.filter(pk=bob.user.pk).exists()


def test_whoever_asked_is_out_at_once_and_nobody_else_is_touched(
    bob: Member, ada: Member, cast: Cast, now: datetime
) -> None:
    make_event(make_calendar(make_connection(cast.acme, cast.ada)), "Ada's")
    make_event(make_calendar(make_connection(cast.acme, cast.bob)), "Bob's")
    before = left_of(ada)
    browser = signed_in(cast.bob)
    assert browser.get("/o/acme/").status_code == 200

    erasure = ask(bob, now=now)

    assert browser.get("/o/acme/").status_code == 404
    go_through(erasure, now=now)
    assert left_of(ada) == before
    with organization_scope(cast.acme.pk):
        assert list(Event.objects.of(cast.acme).values_list("subject", flat=True)) == ["Ada's"]


def test_every_kind_of_row_that_hangs_on_a_person_goes(bob: Member, cast: Cast, now: datetime) -> None:
    furnish(cast.acme, cast.bob)
    with organization_scope(cast.acme.pk):
        mine = Membership.objects.of(cast.acme).get(user=cast.bob)
        plain = {"organization": cast.acme, "created_at": now, "sent_at": now, "expires_at": now + timedelta(days=7)}
        Invitation.objects.create(email="new@acme.example", link_digest="1", invited_by=mine, **plain)
        Invitation.objects.create(email="bob@acme.example", link_digest="2", accepted_at=now, **plain)
    assert {"secret", "signinflow", "signinanswer", "event", "skippedevent", "delivery", "exportpart"} <= set(
        left_of(bob)
    )

    go_through(ask(bob, now=now), now=now)

    assert left_of(bob) == {}
    with organization_scope(cast.acme.pk):
        [invitation] = Invitation.objects.of(cast.acme).filter(email__in=["new@acme.example", "bob@acme.example"])
    assert (invitation.email, invitation.invited_by_id) == ("new@acme.example", None)


def test_a_large_calendar_goes_in_batches(
    bob: Member, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = make_calendar(make_connection(cast.acme, cast.bob))
    for number in range(7):
        make_event(calendar, f"{number}")
    monkeypatch.setattr(tables, "BATCH", 3)
    erasure = ask(bob, now=now)

    go_through(erasure, now=now)

    assert left_of(bob) == {}
    assert finished(erasure).deleted["event"] == 7


def test_the_last_owner_is_refused_and_nothing_changes(alice: Member, now: datetime) -> None:
    with pytest.raises(LastOwner):
        ask(alice, now=now)

    assert left_of(alice) == {"membership": 1}
    assert doors.erasures_under_way() == []


def test_an_owner_beside_another_may_go(alice: Member, ada: Member, now: datetime) -> None:
    with organization_scope(alice.organization_id):
        Membership.objects.of(alice.organization_id).filter(pk=ada.membership_id).update(role=Role.OWNER)

    go_through(ask(alice, now=now), now=now)

    assert left_of(alice) == {}


def test_asking_twice_is_asking_once(bob: Member, speaker: Speaker, now: datetime) -> None:
    assert ask(bob, now=now).pk == ask(bob, now=now).pk
    assert acts(bob).count(Act.PERSON_DELETION_ASKED) == 1


def test_while_microsoft_does_not_answer_events_are_gone_and_it_is_shown_what_is_left(
    bob: Member, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    sandbox.fault({"status": 503}, match={"path": "/subscriptions"})
    erasure = ask(bob, now=now)

    assert erase(erasure, now=now) == [speaker.connection_id]

    with organization_scope(bob.organization_id):
        assert erasing.mailboxes_left(erasure) == [speaker.connection_id]
        assert not Calendar.objects.of(bob.organization_id).exists()
    assert "1 mailbox left: waits for Microsoft" in signed_in_as_admin().get("/o/acme/settings/data/").content.decode()
    sandbox.clear_faults()
    leave(**speaker._asdict(), now=now)
    assert erase(erasure, now=now) == []
    assert left_of(bob) == {}


def signed_in_as_admin():
    return signed_in(User.objects.get(email="ada@acme.example"))


def test_microsoft_holds_nobody_for_longer_than_an_hour(
    bob: Member, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    sandbox.fault({"close": True}, match={"path": "/subscriptions"})
    erasure = ask(bob, now=now)
    assert erase(erasure, now=now) == [speaker.connection_id]
    later = now + GIVE_UP_AFTER
    leave(**speaker._asdict(), now=later)

    assert erase(erasure, now=later) == []

    assert left_of(bob) == {}


def test_beat_finishes_what_nobody_queued(
    bob: Member, speaker: Speaker, sandbox: SandboxClient, worker: WorkController, now: datetime
) -> None:
    ask(bob, now=now)

    def done() -> bool:
        tasks.finish_disconnections.delay()
        tasks.finish_erasures.delay()
        return left_of(bob) == {} and sandbox.subscriptions() == []

    eventually(done, within=30)
    assert doors.erasures_under_way() == []


def test_the_same_mailbox_in_another_organization_keeps_its_subscription(
    bob: Member, mallory: Member, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    other = connect_for_real(mallory, ALICE, now=now)
    [before] = sandbox.subscriptions()

    go_through(ask(bob, now=now), now=now)

    assert [there["id"] for there in sandbox.subscriptions()] == [before["id"]]
    row = subscription_of(mailbox_of(other))
    assert row is not None
    assert (row.speaker_organization_id, row.speaker_connection_id) == other
    assert connection_of(other).is_active
    with organization_scope(mallory.organization_id):
        assert Secret.objects.of(mallory.organization_id).count() == 1


def test_whoever_was_invited_again_meanwhile_keeps_their_place_and_what_they_connected_since(
    bob: Member, cast: Cast, now: datetime
) -> None:
    erasure = ask(bob, now=now)
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(pk=bob.membership_id).update(removed_at=None)
    make_event(make_calendar(make_connection(cast.acme, cast.bob)), "New")

    assert erase(erasure, now=now) == []

    assert left_of(bob) == {"membership": 1, "connection": 1, "calendar": 1, "event": 1}
    assert finished(erasure).finished_at == now


def test_who_has_left_already_may_have_the_rest_deleted(bob: Member, cast: Cast, now: datetime) -> None:
    make_connection(cast.acme, cast.bob)
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(pk=bob.membership_id).update(removed_at=now)

    go_through(ask(bob, now=now), now=now)

    assert left_of(bob) == {}


def test_mallory_erases_nobody_in_acme(bob: Member, mallory: Member, now: datetime) -> None:
    erasure = ask(bob, now=now)

    assert erasing.erase(organization_id=mallory.organization_id, erasure_id=erasure.pk, clock=lambda: now) == []

    assert finished(erasure).finished_at is None
    assert (
        signed_in(mallory.user).post("/o/acme/my-data/delete/", {"typed": "mallory@globex.example"}).status_code == 404
    )


# --- the whole account ------------------------------------------------------------------------------------------


def test_an_account_ends_in_all_of_its_organizations_and_then_itself(
    cast: Cast, bob: Member, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    with organization_scope(cast.globex.pk):
        elsewhere = Membership.objects.create(organization=cast.globex, user=cast.bob)
    browser = signed_in(cast.bob)

    begun = accounts.ask_for_account(user=cast.bob, by=Actor.person(cast.bob), now=now)

    assert [key.organization_id for key in begun] == [cast.acme.pk, cast.globex.pk]
    assert browser.get("/o/acme/").status_code == 302  # to sign in, which no longer works
    assert not accounts.end_account(user_id=cast.bob.pk, now=now)
    assert accounts.accounts_to_end() == []
    for key in begun:
        with organization_scope(key.organization_id):
            erasure = Erasure.objects.of(key.organization_id).get(pk=key.erasure_id)
        go_through(erasure, now=now)
    assert accounts.accounts_to_end() == [cast.bob.pk]
    assert accounts.end_account(user_id=cast.bob.pk, now=now)

    assert not User.objects.filter(pk=cast.bob.pk).exists()
    assert tenants_doors.places_of(cast.bob.pk) == []
    assert elsewhere.pk
    assert ("bob@acme.example", "Your account was deleted") in sent(now)
    assert not accounts.end_account(user_id=cast.bob.pk, now=now)


def test_an_account_without_any_organization_ends_by_itself(now: datetime, transactional_db: None) -> None:
    nobody = person("nobody")

    assert accounts.ask_for_account(user=nobody, by=Actor.person(nobody), now=now) == []

    assert accounts.accounts_to_end() == [nobody.pk]
    assert accounts.end_account(user_id=nobody.pk, now=now)


def test_while_somebody_is_an_only_owner_the_account_stays_and_the_organizations_are_named(
    alice: Member, cast: Cast, now: datetime
) -> None:
    with organization_scope(cast.globex.pk):
        Membership.objects.create(organization=cast.globex, user=cast.alice)

    with pytest.raises(accounts.LastOwnerSomewhere) as refused:
        accounts.ask_for_account(user=cast.alice, by=Actor.person(cast.alice), now=now)

    assert refused.value.names == ["Acme"]
    assert doors.erasures_under_way() == []
    assert User.objects.get(pk=cast.alice.pk).is_active
