"""Open pages hear of changes: who may listen, for how long, and how many at once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from calendars import live
from calendars.views.stream import MOST_STREAMS, MOST_STREAMS_EACH, Listener
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.calendars.making import membership_of
from tests.cast import Cast, signed_in

ADDRESS = "/o/acme/calendar/stream/"
OVER = b"event: over\ndata: {}\n\n"


@pytest.fixture
def alice(cast: Cast) -> Client:
    return signed_in(cast.alice)


@pytest.fixture
def listening(alice: Client) -> Iterator[Any]:
    """Alice's open stream, after its greeting."""
    answer = alice.get(ADDRESS)
    assert answer.status_code == 200
    assert b"event: listening" in next(answer.streaming_content)
    yield answer
    answer.close()


@pytest.fixture
def doubting(cast: Cast, alice: Client) -> Iterator[Any]:
    """What such a stream is made of, asking again at every message who may listen; after its greeting."""
    listener = Listener(
        session_key=alice.session.session_key or "",
        user_id=cast.alice.pk,
        slug="acme",
        member_id=membership_of(cast.acme, cast.alice).pk,
        free=lambda: None,
        ask_again_after=0.0,
    )
    parts = iter(listener)
    assert b"event: listening" in next(parts)
    tell(cast)
    assert next(parts).startswith(b"event: change")
    yield parts
    listener.close()


def tell(cast: Cast) -> None:
    """Say that a calendar of Alice's has changed."""
    live.publish(member_id=membership_of(cast.acme, cast.alice).pk, calendar_id=7, version=12)


def test_a_change_of_an_own_calendar_arrives_with_its_version_and_nothing_of_its_contents(cast: Cast, listening: Any):
    tell(cast)

    said = next(listening.streaming_content).decode()

    assert said.startswith("event: change\ndata: ")
    assert json.loads(said.split("data: ")[1]) == {"calendar": 7, "version": 12}
    assert listening["Content-Type"] == "text/event-stream"
    assert listening["Cache-Control"] == "no-store"


def test_nobody_hears_of_a_colleagues_calendar(cast: Cast, listening: Any):
    live.publish(member_id=membership_of(cast.acme, cast.bob).pk, calendar_id=1, version=1)
    tell(cast)

    assert b'"calendar":7' in next(listening.streaming_content)


def test_who_signs_out_hears_nothing_more(cast: Cast, alice: Client, doubting: Iterator[bytes]):
    alice.logout()
    tell(cast)

    assert list(doubting) == [OVER]


def test_who_changes_the_password_elsewhere_hears_nothing_more(cast: Cast, doubting: Iterator[bytes]):
    cast.alice.set_password("another-good-password")
    cast.alice.save()
    tell(cast)

    assert list(doubting) == [OVER]


def test_who_leaves_the_organization_hears_nothing_more(cast: Cast, doubting: Iterator[bytes]):
    left = membership_of(cast.acme, cast.alice).pk
    with organization_scope(cast.acme.pk):
        Membership.objects.of(cast.acme).filter(pk=left).delete()
    live.publish(member_id=left, calendar_id=7, version=12)

    assert list(doubting) == [OVER]


def test_where_a_second_step_is_asked_for_now_who_has_not_taken_it_hears_nothing_more(
    cast: Cast, doubting: Iterator[bytes]
):
    with organization_scope(cast.acme.pk):
        Organization.objects.filter(pk=cast.acme.pk).update(requires_second_factor=True)
    tell(cast)

    assert list(doubting) == [OVER]


def test_a_stream_ends_by_itself_and_frees_its_place_once(cast: Cast):
    freed: list[bool] = []
    listener = Listener(session_key="", user_id=0, slug="acme", member_id=0, free=lambda: freed.append(True), lasts=0.0)

    assert len(list(listener)) == 1
    listener.close()
    listener.close()
    assert freed == [True]


@pytest.mark.django_db(transaction=True)
def test_when_all_places_are_taken_the_browser_is_told_to_poll_and_a_place_given_back_is_free(
    cast: Cast, alice: Client
):
    several = [alice, signed_in(cast.ada)]
    taken = [browser.get(ADDRESS) for browser in several for _ in range(MOST_STREAMS // len(several))]
    bob = signed_in(cast.bob)
    refused = bob.get(ADDRESS)
    for answer in taken:
        answer.close()
    afterwards = bob.get(ADDRESS)
    afterwards.close()

    assert {answer.status_code for answer in taken} == {200}
    assert refused.status_code == 503
    assert refused["Retry-After"] == "15"
    assert afterwards.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_nobody_takes_all_places_from_everybody_else(cast: Cast, alice: Client):
    taken = [alice.get(ADDRESS) for _ in range(MOST_STREAMS_EACH + 1)]
    bobs = signed_in(cast.bob).get(ADDRESS)
    for answer in (*taken, bobs):
        answer.close()
    afterwards = alice.get(ADDRESS)
    afterwards.close()

    assert [answer.status_code for answer in taken] == [200] * MOST_STREAMS_EACH + [503]
    assert bobs.status_code == 200
    assert afterwards.status_code == 200


def test_a_stranger_cannot_listen(cast: Cast):
    assert signed_in(cast.mallory).get(ADDRESS).status_code == 404
