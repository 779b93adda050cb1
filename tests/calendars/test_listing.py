"""Which calendars a mailbox has, and which of them are kept."""

import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries

from calendars import services
from calendars.models import Calendar
from calendars.services import Outcome
from connections.graph import Unavailable
from connections.models import Connection, Status
from connections.services import ConnectionNotActive
from tenants.scoping import organization_scope
from tests.calendars.conftest import ALICE, Mailbox, utc_now
from tests.calendars.test_edits import meeting
from tests.sandbox_client import SandboxClient
from tests.walk import connect

LIST = {"path": "/me/calendars(\\?|$)"}


def world_of(sandbox: SandboxClient, address: str) -> dict[str, str]:
    """The calendars that are really there: ids by name."""
    [person] = [person for person in sandbox.world()["people"] if person["userPrincipalName"] == address]
    return {calendar["name"]: calendar["id"] for calendar in person["calendars"]}


def update(mailbox: Mailbox, graph_id: str, /, **fields: object) -> None:
    with organization_scope(mailbox.organization.pk):
        Calendar.objects.of(mailbox.organization).filter(graph_id=graph_id).update(**fields)


def test_the_first_time_all_calendars_are_known_and_the_default_one_is_followed(mailbox: Mailbox) -> None:
    to_sync = mailbox.list_calendars()

    found = mailbox.calendars()
    assert {name: calendar.graph_id for name, calendar in found.items()} == world_of(mailbox.sandbox, ALICE)
    assert to_sync == [mailbox.calendar.pk]
    assert [calendar.is_default for calendar in found.values() if calendar.is_followed] == [True]
    assert mailbox.calendar.owner_address == ALICE
    assert mailbox.calendar.can_edit


def test_listing_again_changes_nothing_and_follows_nothing_new(synced: Mailbox) -> None:
    before = {calendar.pk: calendar.followed_at for calendar in synced.calendars().values()}
    assert synced.list_calendars() == []
    assert {calendar.pk: calendar.followed_at for calendar in synced.calendars().values()} == before


def test_a_default_calendar_that_was_unfollowed_stays_so(synced: Mailbox) -> None:
    synced.unfollow(synced.calendar)
    assert synced.list_calendars() == []
    assert not synced.calendar.is_followed


def test_names_follow_microsoft(synced: Mailbox) -> None:
    calendar = synced.calendar
    update(synced, calendar.graph_id, name="Old name", color="lightRed", can_edit=False)
    synced.list_calendars()
    assert (synced.calendar.name, synced.calendar.can_edit) == (calendar.name, True)


def test_a_calendar_that_is_no_longer_listed_loses_its_events(synced: Mailbox) -> None:
    calendar, version = synced.calendar, synced.calendar.version
    update(synced, calendar.graph_id, graph_id="gone")

    synced.list_calendars()

    with organization_scope(synced.organization.pk):
        gone = Calendar.objects.of(synced.organization).get(pk=calendar.pk)
    assert gone.vanished_at is not None
    assert not gone.is_followed
    assert (gone.delta_link, gone.synced_at) == ("", None)
    assert gone.version > version
    assert synced.stored(gone) == {}


def test_a_round_of_a_calendar_that_is_gone_ends_it(synced: Mailbox) -> None:
    calendar = synced.calendar
    update(synced, calendar.graph_id, graph_id="AAMkAGone")

    assert synced.sync(calendar).outcome == Outcome.VANISHED
    assert synced.stored(calendar) == {}


def test_a_calendar_that_comes_back_is_read_from_the_beginning(synced: Mailbox) -> None:
    calendar = synced.calendar
    other = next(one for one in synced.calendars().values() if not one.is_default)
    update(synced, calendar.graph_id, vanished_at=utc_now(), delta_link="", synced_at=None)

    assert synced.list_calendars() == [calendar.pk]

    assert synced.sync().outcome == Outcome.DONE
    assert synced.stored() == synced.truth()
    assert not other.is_followed


def test_when_nothing_that_we_knew_is_there_the_new_default_is_followed(synced: Mailbox) -> None:
    with organization_scope(synced.organization.pk):
        for calendar in Calendar.objects.of(synced.organization):
            Calendar.objects.of(synced.organization).filter(pk=calendar.pk).update(
                graph_id=f"old {calendar.pk}", is_default=False
            )

    assert synced.list_calendars() == [synced.calendar.pk]
    assert synced.sync().outcome == Outcome.DONE


def test_after_connecting_anew_followed_calendars_are_read_at_once(synced: Mailbox) -> None:
    again = connect(organization=synced.organization, user=synced.user, address=ALICE)
    assert again == synced.connection_id
    assert synced.list_calendars() == [synced.calendar.pk]


def test_when_microsoft_is_away_listing_says_so_and_changes_nothing(synced: Mailbox) -> None:
    before = synced.stored()
    synced.sandbox.fault({"status": 503, "retry_after": 30}, match=LIST)
    with pytest.raises(Unavailable):
        synced.list_calendars()
    assert synced.stored() == before


def test_a_connection_that_may_not_be_used_is_not_listed(synced: Mailbox) -> None:
    with organization_scope(synced.organization.pk):
        Connection.objects.of(synced.organization).update(status=Status.DISCONNECTED)
    with pytest.raises(ConnectionNotActive):
        synced.list_calendars()


def test_two_organizations_keep_the_same_mailbox_apart(synced: Mailbox) -> None:
    theirs = connect(organization=synced.people.globex, user=synced.people.mallory, address=ALICE)
    other = Mailbox(synced.sandbox, ALICE, synced.people.globex, synced.people.mallory, theirs, synced.people)
    other.list_calendars()
    assert other.sync().outcome == Outcome.DONE

    assert other.stored() == synced.stored()
    synced.unfollow(synced.calendar)
    assert len(other.stored()) > 0


# --- following ----------------------------------------------------------------------------------------------------


def test_following_marks_the_calendar_for_its_first_round(synced: Mailbox) -> None:
    other = next(calendar for calendar in synced.calendars().values() if not calendar.is_default)
    synced.follow(other)
    other = synced.calendars()[other.name]
    assert other.is_followed
    assert other.needs_round


def test_unfollowing_deletes_the_events_and_following_again_reads_them_anew(synced: Mailbox) -> None:
    calendar, before = synced.calendar, synced.stored()
    synced.unfollow(calendar)
    assert synced.stored() == {}
    assert synced.sync().outcome == Outcome.NOT_NOW

    synced.follow(calendar)
    result = synced.sync()

    assert result.tally is not None
    assert result.tally.is_full
    assert synced.stored() == before


def test_a_mark_is_for_followed_calendars_only_and_never_moves_back(synced: Mailbox) -> None:
    assert synced.mark() == [synced.calendar.pk]
    marked_at = synced.calendar.changed_at
    with organization_scope(synced.organization.pk):
        assert marked_at is not None
        services.mark_changed(
            connection_id=synced.connection_id, organization=synced.organization, now=marked_at - settings.POLL_AFTER
        )
    assert synced.calendar.changed_at == marked_at


def test_several_connections_are_marked_in_two_statements(
    synced: Mailbox, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    bob = connect(organization=synced.organization, user=synced.people.bob, address="bob.ito@contoso.example")
    with organization_scope(synced.organization.pk), django_assert_num_queries(2):
        marked = services.mark_many_changed(
            connection_ids=[synced.connection_id, bob], organization=synced.organization, now=utc_now()
        )
    assert marked == {synced.connection_id: [synced.calendar.pk], bob: []}
    assert synced.calendar.needs_round


def test_forgetting_a_connection_deletes_calendars_and_events(synced: Mailbox) -> None:
    synced.edit("raw", event={**meeting(), "id": "odd", "type": 7})
    synced.sync()
    for _ in range(2):
        with organization_scope(synced.organization.pk):
            services.forget_connection(connection_id=synced.connection_id, organization=synced.organization)
    assert synced.calendars() == {}
    assert synced.skipped() == {}


def test_nobody_elses_calendar_can_be_synced(synced: Mailbox) -> None:
    result = services.sync_calendar(
        organization_id=synced.people.globex.pk, calendar_id=synced.calendar.pk, clock=utc_now
    )
    assert result.outcome == Outcome.NOT_NOW
