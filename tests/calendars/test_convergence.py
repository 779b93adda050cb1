"""After any mix of edits and faults, once it is quiet, what is stored is what is there."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from calendars.services import Outcome
from tests.calendars.conftest import Mailbox, utc_now
from tests.calendars.test_edits import STYLES, at, meeting, weekly
from tests.walk import connect

DELTA = {"path": "calendarView/delta"}
MICROSOFT = {"path": "^(/v1.0)?/me"}
DAYS = st.integers(-60, 300)
HOURS = st.integers(0, 20)
SUBJECTS = st.sampled_from(["Budget", "Stand-up", "", "Ünïcødé ✓", 'quotes " and \\ and {braces}', "x" * 300])


class Life(RuleBasedStateMachine):
    """A mailbox that people edit, a Microsoft that misbehaves, and rounds in between."""

    mailbox: Mailbox
    # Never the same id in two lives: what cannot be read stays as it was, and a former life may have had it readable.
    numbers = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.clock = utc_now()

    @initialize(style=st.sampled_from(STYLES), page=st.sampled_from([None, 3, 20]), duplicate=st.booleans())
    def begin(self, style: str, page: int | None, duplicate: bool) -> None:
        sandbox = self.mailbox.sandbox
        # The same world for every run; what is stored of the last one must go by itself.
        sandbox.reset()
        connect(organization=self.mailbox.organization, user=self.mailbox.user, address=self.mailbox.address)
        sandbox.behave(
            self.mailbox.address, series=style, page_limit=page, duplicate=duplicate, empty_page=duplicate,
            unknown_removal=duplicate,
        )  # fmt: skip

    # --- edits ----------------------------------------------------------------------------------------------------

    def anything(self, choice: int, *kinds: str) -> str | None:
        """One of the events that are really there, of these kinds; None if there is none."""
        found = sorted(graph_id for graph_id, facts in self.mailbox.truth().items() if facts.kind in kinds)
        return found[choice % len(found)] if found else None

    def edit(self, op: str, **wish: Any) -> None:
        if wish.get("id", "") is not None:
            self.mailbox.edit(op, **wish)

    @rule(subject=SUBJECTS, day=DAYS, all_day=st.booleans())
    def create(self, subject: str, day: int, all_day: bool) -> None:
        times = {"isAllDay": True, "start": at(day, 0), "end": at(day + 1, 0)} if all_day else {}
        self.edit("create", event=meeting(subject, day=day, **times))

    @rule(subject=SUBJECTS, day=st.integers(-80, 200))
    def create_series(self, subject: str, day: int) -> None:
        self.edit("create", event=weekly(subject, day=day))

    @rule(choice=st.integers(0, 999), subject=SUBJECTS, day=DAYS, hour=HOURS)
    def change(self, choice: int, subject: str, day: int, hour: int) -> None:
        times = {"isAllDay": False, "start": at(day, hour), "end": at(day, hour + 2)}
        self.edit("update", id=self.anything(choice, "single"), event={"subject": subject, **times})

    @rule(choice=st.integers(0, 999))
    def delete(self, choice: int) -> None:
        self.edit("delete", id=self.anything(choice, "single"))

    @rule(choice=st.integers(0, 999), subject=SUBJECTS)
    def change_occurrence(self, choice: int, subject: str) -> None:
        wish = {"subject": subject, "showAs": "tentative"}
        self.edit("edit-occurrence", id=self.anything(choice, "occurrence", "exception"), event=wish)

    @rule(choice=st.integers(0, 999))
    def delete_occurrence(self, choice: int) -> None:
        self.edit("delete-occurrence", id=self.anything(choice, "occurrence", "exception"))

    @rule(choice=st.integers(0, 999), subject=SUBJECTS)
    def rename_series(self, choice: int, subject: str) -> None:
        self.edit("update", id=self.series(choice), event={"subject": subject})

    @rule(choice=st.integers(0, 999))
    def delete_series(self, choice: int) -> None:
        self.edit("delete", id=self.series(choice))

    def series(self, choice: int) -> str | None:
        found = sorted({facts.series for facts in self.mailbox.truth().values() if facts.series})
        return found[choice % len(found)] if found else None

    @rule(subject=st.sampled_from([7, "a\0b", "\ud800", "good"]))
    def send_something_odd(self, subject: Any) -> None:
        odd = {"id": f"raw-{next(self.numbers)}", "type": "singleInstance", "isAllDay": False, "isCancelled": False}
        more = {"seriesMasterId": None, "showAs": "busy"}
        self.edit("raw", event={**odd, **more, **meeting(), "subject": subject})

    # --- faults ---------------------------------------------------------------------------------------------------

    @rule(
        do=st.sampled_from(
            [
                {"status": 429, "retry_after": 7},
                {"status": 503},
                {"status": 500},
                {"status": 404, "code": "ErrorItemNotFound"},
                {"status": 410, "code": "syncStateNotFound"},
                {"close": True},
            ]
        ),
        times=st.integers(1, 4),
        where=st.sampled_from([DELTA, MICROSOFT]),
    )
    def misbehave(self, do: dict[str, Any], times: int, where: dict[str, str]) -> None:
        self.mailbox.sandbox.fault(do, match=where, times=times)

    @rule()
    def forget_links(self) -> None:
        self.mailbox.sandbox.expire_delta(self.mailbox.address)

    # --- rounds ---------------------------------------------------------------------------------------------------

    @rule()
    def sync(self) -> None:
        self.once()

    def once(self) -> Outcome:
        # Every wait is over by the next time.
        self.clock += timedelta(hours=7)
        now: datetime = self.clock
        return self.mailbox.sync(clock=lambda: now).outcome

    @invariant()
    def nothing_is_shown_without_its_times(self) -> None:
        assert all(facts.start <= facts.end for facts in self.mailbox.stored().values())

    def teardown(self) -> None:
        self.mailbox.sandbox.clear_faults()
        assert self.once() == Outcome.DONE
        assert self.mailbox.stored() == self.mailbox.truth()
        super().teardown()


def test_any_mix_of_edits_and_faults_converges_to_the_truth(synced: Mailbox) -> None:
    Life.mailbox = synced
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
