"""Roles, removing, leaving, handing over: who may, what follows, and that an organization always has an owner."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.db import connection

from tenants import doors, services
from tenants.acts import Act
from tenants.models import AuditEntry, Invitation, Membership, Organization, User
from tenants.policies import Role
from tenants.scoping import organization_scope
from tenants.services import mailing
from tenants.services.audit import Actor
from tests.cast import Cast, person, signed_in

pytestmark = pytest.mark.django_db


def membership(organization: Organization, user: User) -> Membership:
    with organization_scope(organization.pk):
        return Membership.objects.of(organization).get(user=user)


def join(organization: Organization, user: User, role: Role = Role.MEMBER) -> Membership:
    with organization_scope(organization.pk):
        return Membership.objects.create(organization=organization, user=user, role=role)


def change_role(cast: Cast, who: User, whose: User, role: Role, now: datetime) -> Membership:
    acting, member = membership(cast.acme, who), membership(cast.acme, whose)
    with organization_scope(cast.acme.pk):
        return services.change_role(acting=acting, member_id=member.pk, role=role, by=Actor.person(who), now=now)


def remove(cast: Cast, who: User, whose: User, now: datetime) -> Membership:
    acting, member = membership(cast.acme, who), membership(cast.acme, whose)
    with organization_scope(cast.acme.pk):
        return services.remove_member(acting=acting, member_id=member.pk, by=Actor.person(who), now=now)


def leave(cast: Cast, who: User, now: datetime) -> None:
    acting = membership(cast.acme, who)
    with organization_scope(cast.acme.pk):
        services.leave(acting=acting, by=Actor.person(who), now=now)


def hand_over(cast: Cast, who: User, to: User, now: datetime) -> Membership:
    acting, member = membership(cast.acme, who), membership(cast.acme, to)
    with organization_scope(cast.acme.pk):
        return services.transfer_ownership(acting=acting, member_id=member.pk, by=Actor.person(who), now=now)


def roles(cast: Cast) -> dict[str, str]:
    with organization_scope(cast.acme.pk):
        present = Membership.objects.of(cast.acme).present().select_related("user")
        return {member.user.get_short_name(): member.role for member in present}


def last_act(cast: Cast) -> AuditEntry:
    with organization_scope(cast.acme.pk):
        return AuditEntry.objects.of(cast.acme).latest("pk")


def posted(now: datetime) -> dict[str, mail.EmailMessage]:
    before = len(mail.outbox)
    for mail_id in doors.waiting_mails(now):
        mailing.send(mail_id=mail_id, now=now)
    return {message.to[0]: message for message in mail.outbox[before:]}


AS_FOUNDED = {"Alice": "owner", "Ada": "admin", "Bob": "member"}


# --- roles ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "whose", "role"),
    [
        ("alice", "bob", Role.ADMIN),
        ("alice", "bob", Role.OWNER),
        ("alice", "ada", Role.MEMBER),
        ("ada", "bob", Role.ADMIN),
        ("ada", "ada", Role.MEMBER),
    ],
)
def test_roles_up_to_ones_own_are_given_and_taken(cast: Cast, now: datetime, who: str, whose: str, role: Role):
    actor, subject = getattr(cast, who), getattr(cast, whose)
    former = membership(cast.acme, subject).role
    change_role(cast, actor, subject, role, now)
    assert membership(cast.acme, subject).role == role
    entry = last_act(cast)
    assert (entry.act, entry.actor_label, entry.target_label) == (Act.ROLE_CHANGED, actor.email, subject.email)
    assert entry.details == {"former": former, "new": role}


@pytest.mark.parametrize(
    ("who", "whose", "role", "refusal"),
    [
        ("ada", "bob", Role.OWNER, services.AboveOwnRole),
        ("ada", "ada", Role.OWNER, services.AboveOwnRole),
        ("ada", "alice", Role.MEMBER, services.AboveOwnRole),
        ("bob", "bob", Role.ADMIN, services.NotAllowed),
        ("bob", "ada", Role.MEMBER, services.NotAllowed),
        ("alice", "alice", Role.ADMIN, services.LastOwner),
    ],
)
def test_what_a_role_does_not_include_is_refused_by_the_service_itself(
    cast: Cast, now: datetime, who: str, whose: str, role: Role, refusal: type[Exception]
):
    with pytest.raises(refusal):
        change_role(cast, getattr(cast, who), getattr(cast, whose), role, now)
    assert roles(cast) == AS_FOUNDED


def test_the_role_that_somebody_has_already_is_no_change(cast: Cast, now: datetime):
    change_role(cast, cast.alice, cast.alice, Role.OWNER, now)
    assert last_act(cast).act == Act.ORGANIZATION_FOUNDED


def test_another_organizations_member_cannot_be_named(cast: Cast, now: datetime):
    mallory = membership(cast.globex, cast.mallory)
    alice = membership(cast.acme, cast.alice)
    with organization_scope(cast.acme.pk):
        for service in (services.remove_member, services.transfer_ownership):
            with pytest.raises(services.HasLeft):
                service(acting=alice, member_id=mallory.pk, by=Actor.person(cast.alice), now=now)
    assert membership(cast.globex, cast.mallory).is_present


# --- removing and leaving ---------------------------------------------------------------------------------------------


def test_who_is_removed_is_out_at_once_and_told(cast: Cast, now: datetime):
    bob = signed_in(cast.bob)
    assert bob.get("/o/acme/").status_code == 200
    remove(cast, cast.ada, cast.bob, now)
    assert bob.get("/o/acme/").status_code == 404
    assert membership(cast.acme, cast.bob).removed_at == now
    entry = last_act(cast)
    assert (entry.act, entry.actor_label, entry.target_label) == (Act.MEMBER_REMOVED, cast.ada.email, cast.bob.email)
    mails = posted(now)
    assert set(mails) == {cast.bob.email}
    assert mails[cast.bob.email].subject == "You are no longer a member of Acme"


@pytest.mark.parametrize(
    ("who", "whose", "refusal"),
    [
        ("ada", "alice", services.AboveOwnRole),
        ("bob", "ada", services.NotAllowed),
        ("alice", "alice", services.LastOwner),
    ],
)
def test_nobody_removes_whom_they_may_not(cast: Cast, now: datetime, who: str, whose: str, refusal: type[Exception]):
    with pytest.raises(refusal):
        remove(cast, getattr(cast, who), getattr(cast, whose), now)
    assert roles(cast) == AS_FOUNDED
    assert posted(now) == {}


def test_nobody_is_removed_twice(cast: Cast, now: datetime):
    remove(cast, cast.ada, cast.bob, now)
    with pytest.raises(services.HasLeft):
        remove(cast, cast.alice, cast.bob, now + timedelta(hours=1))
    assert membership(cast.acme, cast.bob).removed_at == now


def test_invitations_that_the_removed_sent_or_could_use_end_with_them(cast: Cast, now: datetime):
    ada = membership(cast.acme, cast.ada)
    services.invite(acting=ada, email="eve@acme.example", role=Role.MEMBER, by=Actor.person(cast.ada), now=now)
    alice = membership(cast.acme, cast.alice)
    services.invite(acting=alice, email="zoe@acme.example", role=Role.MEMBER, by=Actor.person(cast.alice), now=now)
    remove(cast, cast.alice, cast.ada, now)
    with organization_scope(cast.acme.pk):
        assert [row.email for row in Invitation.objects.of(cast.acme).open()] == ["zoe@acme.example"]


def test_a_member_leaves(cast: Cast, now: datetime):
    leave(cast, cast.bob, now)
    assert roles(cast) == {"Alice": "owner", "Ada": "admin"}
    assert last_act(cast).act == Act.MEMBER_LEFT
    assert doors.organizations_of(cast.bob.pk) == []
    with pytest.raises(services.NotAllowed):
        leave(cast, cast.bob, now)


def test_the_last_owner_cannot_leave_and_one_of_two_can(cast: Cast, now: datetime):
    with pytest.raises(services.LastOwner):
        leave(cast, cast.alice, now)
    change_role(cast, cast.alice, cast.ada, Role.OWNER, now)
    leave(cast, cast.alice, now)
    assert roles(cast) == {"Ada": "owner", "Bob": "member"}
    with pytest.raises(services.LastOwner):
        leave(cast, cast.ada, now)


def test_an_owner_who_has_left_is_no_owner_that_counts(cast: Cast, now: datetime):
    change_role(cast, cast.alice, cast.ada, Role.OWNER, now)
    leave(cast, cast.ada, now)
    with pytest.raises(services.LastOwner):
        change_role(cast, cast.alice, cast.alice, Role.MEMBER, now)


# --- handing over -----------------------------------------------------------------------------------------------------


def test_the_owner_hands_over_and_all_owners_are_told(cast: Cast, now: datetime):
    olga = person("olga", "Olga")
    join(cast.acme, olga, Role.OWNER)
    hand_over(cast, cast.alice, cast.bob, now)
    assert roles(cast) == {"Alice": "admin", "Ada": "admin", "Bob": "owner", "Olga": "owner"}
    entry = last_act(cast)
    assert (entry.act, entry.target_label, entry.details) == (
        Act.OWNERSHIP_TRANSFERRED,
        cast.bob.email,
        {"former": "member"},
    )
    assert set(posted(now)) == {cast.alice.email, cast.bob.email, olga.email}


@pytest.mark.parametrize(
    ("who", "to", "refusal"),
    [
        ("ada", "bob", services.NotAllowed),
        ("bob", "bob", services.NotAllowed),
        ("alice", "alice", services.HasLeft),
    ],
)
def test_only_an_owner_hands_over_and_to_somebody_else(
    cast: Cast, now: datetime, who: str, to: str, refusal: type[Exception]
):
    with pytest.raises(refusal):
        hand_over(cast, getattr(cast, who), getattr(cast, to), now)
    assert roles(cast) == AS_FOUNDED


# --- settings ---------------------------------------------------------------------------------------------------------


def test_renaming_is_kept_in_the_log_with_the_former_name(cast: Cast, now: datetime):
    ada = membership(cast.acme, cast.ada)
    with organization_scope(cast.acme.pk):
        for _ in range(2):
            services.rename(acting=ada, name="Acme Industries", by=Actor.person(cast.ada), now=now)
    entry = last_act(cast)
    assert (entry.act, entry.target_label, entry.details) == (
        Act.ORGANIZATION_RENAMED,
        "Acme Industries",
        {"former": "Acme"},
    )
    with organization_scope(cast.acme.pk):
        assert AuditEntry.objects.of(cast.acme).filter(act=Act.ORGANIZATION_RENAMED).count() == 1


def test_a_member_neither_renames_nor_decides_how_people_sign_in(cast: Cast, now: datetime):
    bob, by = membership(cast.acme, cast.bob), Actor.person(cast.bob)
    with organization_scope(cast.acme.pk):
        with pytest.raises(services.NotAllowed):
            services.rename(acting=bob, name="Bobs", by=by, now=now)
        with pytest.raises(services.NotAllowed):
            services.require_second_factor(acting=bob, required=False, by=by, now=now)


def test_who_has_no_second_step_cannot_demand_one_of_everybody(cast: Cast, now: datetime):
    alice, by = membership(cast.acme, cast.alice), Actor.person(cast.alice)
    with organization_scope(cast.acme.pk), pytest.raises(services.NeedsOwnSecondStep):
        services.require_second_factor(acting=alice, required=True, by=by, now=now)


def test_who_has_a_second_step_demands_one_of_everybody(cast: Cast, now: datetime):
    TOTP.activate(cast.alice, generate_totp_secret())
    alice, by = membership(cast.acme, cast.alice), Actor.person(cast.alice)
    with organization_scope(cast.acme.pk):
        assert services.require_second_factor(acting=alice, required=True, by=by, now=now).requires_second_factor
    assert last_act(cast).details == {"policy": "requires_second_factor", "former": False, "new": True}


def test_a_demand_for_a_second_step_can_be_dropped_and_is_kept_in_the_log(cast: Cast, now: datetime):
    alice, by = membership(cast.acme, cast.alice), Actor.person(cast.alice)
    with organization_scope(cast.acme.pk):
        Organization.objects.filter(pk=cast.acme.pk).update(requires_second_factor=True)
        for _ in range(2):
            changed = services.require_second_factor(acting=alice, required=False, by=by, now=now)
        assert not changed.requires_second_factor
        entries = AuditEntry.objects.of(cast.acme).filter(act=Act.POLICY_CHANGED)
        assert [entry.details for entry in entries] == [
            {"policy": "requires_second_factor", "former": True, "new": False}
        ]


# --- two at once ------------------------------------------------------------------------------------------------------


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do these at the same moment, each in a thread with a connection of its own; the name of what each met."""
    start = threading.Barrier(len(acts))
    outcomes: list[str] = []

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
            outcomes.append("done")
        except Exception as error:  # noqa: BLE001 - every outcome is looked at
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays(cast: Cast, now: datetime):
    change_role(cast, cast.alice, cast.ada, Role.OWNER, now)
    assert at_once(lambda: leave(cast, cast.alice, now), lambda: leave(cast, cast.ada, now)) == ["LastOwner", "done"]
    assert list(roles(cast).values()).count("owner") == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_demote_each_other_at_once_one_wins(cast: Cast, now: datetime):
    change_role(cast, cast.alice, cast.ada, Role.OWNER, now)
    outcomes = at_once(
        lambda: change_role(cast, cast.alice, cast.ada, Role.MEMBER, now),
        lambda: change_role(cast, cast.ada, cast.alice, Role.MEMBER, now),
    )
    assert outcomes == ["NotAllowed", "done"]
    assert sorted(roles(cast).values()) == ["member", "member", "owner"]


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_remove_the_same_person_at_once_one_does(cast: Cast, now: datetime):
    outcomes = at_once(lambda: remove(cast, cast.alice, cast.bob, now), lambda: remove(cast, cast.ada, cast.bob, now))
    assert outcomes == ["HasLeft", "done"]
    assert len(posted(now)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_hand_over_at_once_leave_one_owner_at_least(cast: Cast, now: datetime):
    change_role(cast, cast.alice, cast.ada, Role.OWNER, now)
    outcomes = at_once(
        lambda: hand_over(cast, cast.alice, cast.bob, now), lambda: hand_over(cast, cast.ada, cast.bob, now)
    )
    assert outcomes == ["done", "done"]
    assert roles(cast) == {"Alice": "admin", "Ada": "admin", "Bob": "owner"}


@pytest.mark.django_db(transaction=True)
def test_who_is_removed_while_they_invite_either_invites_first_or_not_at_all(cast: Cast, now: datetime):
    ada, by = membership(cast.acme, cast.ada), Actor.person(cast.ada)
    outcomes = at_once(
        lambda: remove(cast, cast.alice, cast.ada, now),
        lambda: services.invite(acting=ada, email="eve@acme.example", role=Role.ADMIN, by=by, now=now),
    )
    assert outcomes in (["NotAllowed", "done"], ["done", "done"])
    with organization_scope(cast.acme.pk):
        assert not Invitation.objects.of(cast.acme).open().exists()
