"""What `make run` asks when it wants to know how far the demo is."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.calendars.conftest import Mailbox, utc_now


def state(*arguments: str) -> dict[str, Any]:
    output = io.StringIO()
    call_command("demo_state", *arguments, stdout=output)
    found: dict[str, Any] = json.loads(output.getvalue().splitlines()[-1])
    return found


def test_without_a_demo_organization_there_is_nothing(transactional_db: None) -> None:
    assert state() == {"connected": False, "calendars": 0, "synced": False, "events": 0}


def test_it_counts_what_is_shown_once_the_first_round_is_over(mailbox: Mailbox) -> None:
    assert state() == {"connected": True, "calendars": 0, "synced": False, "events": 0}
    mailbox.list_calendars()
    assert state() == {"connected": True, "calendars": 1, "synced": False, "events": 0}
    mailbox.sync()
    assert state() == {"connected": True, "calendars": 1, "synced": True, "events": len(mailbox.truth())}


def test_rounds_before_a_moment_do_not_count(synced: Mailbox) -> None:
    ahead = (utc_now() + timedelta(hours=1)).isoformat()
    assert not state("--since", ahead, "--wait", "0.3")["synced"]
    assert state("--since", (utc_now() - timedelta(hours=1)).isoformat())["synced"]


def test_a_moment_that_is_none_is_refused_in_a_sentence() -> None:
    with pytest.raises(CommandError, match="not an ISO date"):
        state("--since", "soon")
