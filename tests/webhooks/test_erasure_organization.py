"""Deleting an organization: nobody gets in from the next moment on, and in the end no table has a row of it."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from celery.worker import WorkController
from django.core import mail
from django.test import Client

from connections.models import Status
from tenants import doors as tenants_doors
from tenants.acts import Act
from tenants.models import AuditEntry, Invitation, Membership, Organization, TenantModel, User
from tenants.policies import Role
from tenants.scoping import organization_scope, system_scope
from tenants.services import SlugRefused, found_organization, mailing
from tenants.services.acting import NotAllowed
from tenants.services.audit import Actor
from tests.cast import Cast, signed_in
from tests.conftest import eventually
from tests.rules import walk
from tests.rules.world import furnish
from tests.sandbox_client import SandboxClient
from tests.webhooks.conftest import Member, subscription_of
from tests.webhooks.mailboxes import ALICE, connect_for_real, connection_of, mailbox_of
from webhooks import doors, tasks
from webhooks.doors import Speaker
from webhooks.models import Erasure
from webhooks.services import accounts, erasing, tables
from webhooks.services.leaving import leave
from webhooks.services.subscriptions import reconcile

pytestmark = pytest.mark.usefixtures("live_server")

DELETION = "/o/acme/deletion/"


@pytest.fixture
def speaker(bob: Member, sandbox: SandboxClient, now: datetime) -> Iterator[Speaker]:
    """A mailbox that Bob has connected to acme, followed and listened to."""
    speaker = connect_for_real(bob, ALICE, now=now)
    reconcile(mailbox=mailbox_of(speaker), now=now)
    yield speaker
    sandbox.clear_faults()


def ask(member: Member, *, now: datetime) -> Erasure:
    with organization_scope(member.organization_id):
        owner = Membership.objects.of(member.organization_id).get(pk=member.membership_id)
        return erasing.ask_for_organization(owner=owner, by=Actor.person(member.user), now=now)


def erase(erasure: Erasure, *, now: datetime) -> list[int]:
    return erasing.erase(organization_id=erasure.organization_id, erasure_id=erasure.pk, clock=lambda: now)


def go_through(erasure: Erasure, *, now: datetime) -> None:
    """What task and beat do, one after the other."""
    for connection_id in erase(erasure, now=now):
        leave(organization_id=erasure.organization_id, connection_id=connection_id, now=now)
    assert erase(erasure, now=now) == []


def rows_left(organization_id: int) -> dict[str, int]:
    """How many rows each customers' table holds of the organization; walks all models, and leaves none out."""
    found = {}
    with organization_scope(organization_id):
        for model in walk.customer_models():
            if issubclass(model, TenantModel):
                found[model._meta.label] = model._default_manager.filter(organization_id=organization_id).count()
    with system_scope("a test counts what belongs to no organization"):
        for label, field in (("webhooks.Subscription", "speaker"), ("tenants.OutgoingMail", "about")):
            model = next(model for model in walk.customer_models() if model._meta.label == label)
            found[label] = model._default_manager.filter(**{f"{field}_organization_id": organization_id}).count()
    walked = {model._meta.label for model in walk.customer_models()}
    assert set(found) | {"tenants.Organization"} == walked, "a table that nobody looked into"
    return {label: count for label, count in found.items() if count}


def tombstone(organization_id: int) -> Organization:
    with organization_scope(organization_id):
        return Organization.objects.get(pk=organization_id)


def sent(now: datetime) -> list[tuple[str, str]]:
    for mail_id in tenants_doors.waiting_mails(now):
        mailing.send(mail_id=mail_id, now=now)
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_every_table_is_empty_afterwards_but_the_activity_log(
    alice: Member, cast: Cast, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    furnish(cast.globex, cast.mallory)
    others = rows_left(cast.globex.pk)
    with organization_scope(cast.acme.pk):
        Invitation.objects.create(
            organization=cast.acme,
            email="new@acme.example",
            link_digest="1",
            created_at=now,
            sent_at=now,
            expires_at=now,
        )
    assert rows_left(cast.acme.pk)["connections.Secret"] == 1

    go_through(ask(alice, now=now), now=now)

    assert set(rows_left(cast.acme.pk)) == {"tenants.AuditEntry"}
    assert sandbox.subscriptions() == []
    assert rows_left(cast.globex.pk) == others
    gone = tombstone(cast.acme.pk)
    assert (gone.name, gone.slug, gone.deleted_at) == ("Deleted organization", f"deleted-{cast.acme.pk}", now)
    with organization_scope(cast.acme.pk):
        *_, proof = AuditEntry.objects.of(cast.acme).order_by("pk")
    assert (proof.act, proof.target_label) == (Act.ORGANIZATION_DELETED, "Acme")
    assert (proof.details["membership"], proof.details["connection"]) == (3, 1)
    assert ("alice@acme.example", "The organization was deleted") in sent(now)
    assert User.objects.filter(pk__in=[cast.alice.pk, cast.bob.pk]).count() == 2


def test_everything_that_hangs_on_an_organization_goes(alice: Member, cast: Cast, now: datetime) -> None:
    """One row of every kind, without tokens that anybody would have to take back."""
    furnish(cast.acme, cast.bob)
    erasure = ask(alice, now=now)
    with system_scope("a subscription that has ended at Microsoft"):
        doors.Subscription.objects.all().update(graph_id=None, expires_at=None, state="gone")

    go_through(erasure, now=now)

    assert set(rows_left(cast.acme.pk)) == {"tenants.AuditEntry"}


def test_the_tables_are_emptied_in_an_order_in_which_nothing_points_at_what_is_gone() -> None:
    ordered = tables.emptied_in_order()
    assert {model._meta.label for model in ordered} == {
        model._meta.label for model in walk.customer_models() if issubclass(model, TenantModel)
    } - {"tenants.AuditEntry"}
    for place, model in enumerate(ordered):
        for field in model._meta.concrete_fields:
            if field.related_model in ordered:
                assert ordered.index(field.related_model) > place, f"{model.__name__}.{field.name}"


def test_from_the_moment_of_asking_nobody_gets_in_and_the_owner_sees_how_far_it_is(
    alice: Member, cast: Cast, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    browsers = {user: signed_in(user) for user in (cast.alice, cast.ada, cast.bob, cast.mallory)}

    ask(alice, now=now)

    for user in (cast.ada, cast.bob, cast.mallory):
        for path in ("/o/acme/", DELETION, "/o/acme/settings/data/", "/o/acme/calendar/"):
            assert browsers[user].get(path).status_code == 404
    for path in ("/o/acme/", "/o/acme/calendar/", "/o/acme/settings/data/"):
        answer = browsers[cast.alice].get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, DELETION)
    page = browsers[cast.alice].get(DELETION).content.decode()
    assert "Acme is being deleted" in page
    assert "1 mailbox left" in page
    assert tenants_doors.organizations_of(cast.alice.pk) == []
    assert tenants_doors.standing(user_id=cast.alice.pk, slug="acme") is None
    assert connection_of(speaker).status == Status.DISCONNECTED


def test_when_it_is_done_the_page_is_gone_and_the_address_is_free(alice: Member, cast: Cast, now: datetime) -> None:
    browser = signed_in(cast.alice)

    go_through(ask(alice, now=now), now=now)

    assert browser.get(DELETION).status_code == 404
    found_organization(name="Acme again", slug="acme", by=cast.mallory, now=now)
    assert signed_in(cast.mallory).get("/o/acme/").status_code == 200
    assert browser.get("/o/acme/").status_code == 404


def test_nobody_takes_the_address_of_what_remains(cast: Cast, now: datetime) -> None:
    with pytest.raises(SlugRefused):
        found_organization(name="Fake", slug=f"deleted-{cast.acme.pk}", by=cast.mallory, now=now)


def test_while_microsoft_does_not_answer_it_is_shown_and_beat_finishes_it(
    alice: Member, speaker: Speaker, sandbox: SandboxClient, worker: WorkController, now: datetime
) -> None:
    mailbox = mailbox_of(speaker)
    sandbox.fault({"status": 503}, match={"path": "/subscriptions"})
    erasure = ask(alice, now=now)
    assert erase(erasure, now=now) == [speaker.connection_id]
    assert set(rows_left(alice.organization_id)) >= {"connections.Secret", "connections.Connection"}
    assert "calendars.Event" not in rows_left(alice.organization_id)
    assert "1 mailbox left" in signed_in(alice.user).get(DELETION).content.decode()
    sandbox.clear_faults()

    def done() -> bool:
        tasks.finish_disconnections.delay()
        tasks.finish_erasures.delay()
        return set(rows_left(alice.organization_id)) == {"tenants.AuditEntry"}

    eventually(done, within=30)
    assert sandbox.subscriptions() == []
    assert subscription_of(mailbox) is None


def test_the_same_mailbox_in_another_organization_keeps_its_subscription(
    alice: Member, mallory: Member, speaker: Speaker, sandbox: SandboxClient, now: datetime
) -> None:
    other = connect_for_real(mallory, ALICE, now=now)
    [before] = sandbox.subscriptions()

    go_through(ask(alice, now=now), now=now)

    assert [there["id"] for there in sandbox.subscriptions()] == [before["id"]]
    row = subscription_of(mailbox_of(other))
    assert row is not None
    assert (row.speaker_organization_id, row.speaker_connection_id) == other


def test_other_owners_are_told_and_admins_may_not(alice: Member, ada: Member, bob: Member, now: datetime) -> None:
    for member in (ada, bob):
        with pytest.raises(NotAllowed):
            ask(member, now=now)
    with organization_scope(alice.organization_id):
        Membership.objects.of(alice.organization_id).filter(pk=ada.membership_id).update(role=Role.OWNER)

    ask(alice, now=now)

    assert sent(now) == [("ada@acme.example", "An organization of yours is being deleted")]


def test_asking_twice_is_asking_once(alice: Member, now: datetime) -> None:
    assert ask(alice, now=now).pk == ask(alice, now=now).pk
    with organization_scope(alice.organization_id):
        entries = AuditEntry.objects.of(alice.organization_id)
        assert entries.filter(act=Act.ORGANIZATION_DELETION_ASKED).count() == 1


def test_running_it_again_at_any_time_is_harmless(alice: Member, cast: Cast, now: datetime) -> None:
    erasure = ask(alice, now=now)
    go_through(erasure, now=now)

    assert erase(erasure, now=now) == []

    with organization_scope(cast.acme.pk):
        assert AuditEntry.objects.of(cast.acme).filter(act=Act.ORGANIZATION_DELETED).count() == 1


def test_an_account_whose_organization_is_being_deleted_may_end_too(alice: Member, cast: Cast, now: datetime) -> None:
    erasure = ask(alice, now=now)

    assert accounts.ask_for_account(user=cast.alice, by=Actor.person(cast.alice), now=now) == []
    assert accounts.accounts_to_end() == []
    go_through(erasure, now=now)

    assert accounts.accounts_to_end() == [cast.alice.pk]
    assert accounts.end_account(user_id=cast.alice.pk, now=now)


def test_mallory_deletes_no_organization_but_her_own(mallory: Member, cast: Cast, client: Client) -> None:
    browser = signed_in(mallory.user)

    assert browser.post("/o/acme/settings/data/delete/", {"typed": "acme"}).status_code == 404

    assert doors.erasures_under_way() == []
