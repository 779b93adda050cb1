"""Open pages are told when, and only when, something changed."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import redis

from calendars import live
from connections.models import Connection
from tenants.scoping import organization_scope
from tests.calendars.conftest import Mailbox
from tests.calendars.test_edits import meeting
from tests.conftest import eventually


@pytest.fixture
def heard(synced: Mailbox) -> Iterator[Iterator[dict[str, Any] | None]]:
    """What the owner of the mailbox hears from now on."""
    with organization_scope(synced.organization.pk):
        member_id = Connection.objects.of(synced.organization).get(pk=synced.connection_id).member_id
    with closing(live.listen(member_id)) as messages:
        assert next(messages) is None
        yield messages


def test_a_round_that_changed_something_is_told_with_its_version(
    synced: Mailbox, heard: Iterator[dict[str, Any] | None]
) -> None:
    synced.edit("create", event=meeting("Secret subject"))
    synced.sync()

    message = next(heard)

    assert message == {"calendar": synced.calendar.pk, "version": synced.calendar.version}
    assert "Secret" not in json.dumps(message)


def test_a_round_that_changed_nothing_is_silent(synced: Mailbox, heard: Iterator[dict[str, Any] | None]) -> None:
    synced.sync()
    synced.edit("create", event=meeting())
    synced.sync()

    assert next(heard) == {"calendar": synced.calendar.pk, "version": synced.calendar.version}


def test_unfollowing_is_told(synced: Mailbox, heard: Iterator[dict[str, Any] | None]) -> None:
    synced.unfollow(synced.calendar)
    assert next(heard) == {"calendar": synced.calendar.pk, "version": synced.calendar.version}


def test_other_members_hear_nothing(redis_client: redis.Redis) -> None:
    with closing(live.listen(1)) as mine, closing(live.listen(2)) as theirs:
        assert (next(mine), next(theirs)) == (None, None)
        live.publish(member_id=2, calendar_id=9, version=3)
        live.publish(member_id=1, calendar_id=7, version=1)
        assert next(mine) == {"calendar": 7, "version": 1}
        assert next(theirs) == {"calendar": 9, "version": 3}


def test_who_stops_listening_is_forgotten(redis_client: redis.Redis) -> None:
    with closing(live.listen(77)) as mine:
        assert next(mine) is None
        assert redis_client.pubsub_numsub("almanac:live:77") == [(b"almanac:live:77", 1)]
    # Redis notices a closed connection when it next looks at it.
    eventually(lambda: redis_client.pubsub_numsub("almanac:live:77") == [(b"almanac:live:77", 0)])
