"""
A round: ask page by page what changed, store each page with the link to the next, and settle what pages cannot say.

The link in the row never runs ahead of the rows. Whoever is stopped in the middle leaves a page link, or the delta link
that the round began with; the next one goes on there, and storing a page twice is harmless.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import connections, transaction

from calendars import live, remote
from calendars.models import Calendar
from calendars.payloads import EventRow, Item, Page, Removed, Skipped, Unreadable
from calendars.sync import apply
from calendars.sync.lease import Lease
from calendars.sync.plan import Plan, make_plan
from calendars.sync.policy import Keeping, is_less
from calendars.sync.window import Window, fresh, is_due
from connections.graph import BadRequest, Gone, GraphClient, UntrustedLink

# This moment, aware, in UTC.
Clock = Callable[[], datetime]

# A service that never ends a round would keep us for ever: two hundred thousand events of a full page each.
MOST_PAGES = 1000


@dataclass
class Tally:
    """What a round did, for logs and pages."""

    number: int = 0
    is_full: bool = False
    pages: int = 0
    stored: int = 0
    removed: int = 0
    skipped: int = 0
    # Somebody said that something changed while the round was under way: it may have missed that.
    is_marked_again: bool = False


@dataclass
class Round:
    """One run of a round under a lease; see `run`."""

    client: GraphClient
    lease: Lease
    clock: Clock
    tally: Tally = field(default_factory=Tally)
    window: Window = field(init=False)
    masters: dict[str, EventRow] = field(default_factory=dict)
    # Where to begin: a stored link, or empty for a full round from its first page.
    link: str = ""
    # Whether somebody else stored the first pages of this round.
    is_continued: bool = False

    def run(self) -> Tally:
        """
        Go on where the calendar stands: continue a round, or begin the next one, a full one if there is no link to use.

        Raises:
            LeaseLost: somebody else has the calendar. What was stored before is true.
            GraphError, Unreadable: Microsoft failed. What was stored before is true, and the next run goes on.
        """
        self._begin(full=False)
        try:
            self._read()
        except (Gone, UntrustedLink):
            # Links are forgotten at any time, in the middle of a round, too. A second time in one run is a failure.
            self._begin(full=True)
            self._read()
        return self.tally

    def _begin(self, *, full: bool) -> None:
        now = self.clock()
        with self.lease.fenced(now) as calendar:
            window = _window_of(calendar)
            keeping = Keeping.of(calendar.organization_id)
            # More is to be kept than the rows have: only a round from nothing brings it.
            full = full or is_less(calendar.kept_detail, keeping.detail)
            if window is None or full or not calendar.page_link:
                if window is None or full or not calendar.delta_link or is_due(window, now, keeping.days_back):
                    full, window = True, fresh(now, keeping.days_back)
                    calendar.window_start, calendar.window_end = window
                    calendar.kept_detail = keeping.detail
                    calendar.delta_link = ""
                calendar.page_link = ""
                calendar.round_number += 1
                calendar.round_is_full = full
                calendar.round_started_at = now
            self.window = window
            self.is_continued = bool(calendar.page_link)
            self.link = calendar.page_link or calendar.delta_link
            self.tally = Tally(number=calendar.round_number, is_full=calendar.round_is_full)
        self.masters.clear()

    def _read(self) -> None:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="next-page") as ahead:
            page = self._fetch(self.link)
            for _ in range(MOST_PAGES):
                # The network and the database need not wait for each other.
                upcoming = ahead.submit(_in_thread, partial(self._fetch, page.next_link)) if page.next_link else None
                self.tally.pages += 1
                plan = self._plan(page.items)
                if upcoming is None:
                    self._end(page, plan)
                    return
                self._store(page, plan)
                page = upcoming.result()
        raise Unreadable(f"a round of more than {MOST_PAGES} pages")

    def _fetch(self, link: str) -> Page:
        graph_id = self.lease.graph_id
        if link:
            return remote.next_page(self.client, graph_id, link)
        return remote.first_page(self.client, graph_id, start=self.window.start, end=self.window.end)

    def _plan(self, items: list[Item]) -> Plan:
        """The plan of a page, with the masters that its occurrences need and nobody has brought."""
        plan = make_plan(items, masters=self.masters, window=self.window)
        if plan.wanted:
            self.masters |= self._stored_masters(plan.wanted)
            missing = [self._master(graph_id) for graph_id in plan.wanted if graph_id not in self.masters]
            plan = make_plan([*items, *missing], masters=self.masters, window=self.window)
        for graph_id in plan.removals:
            self.masters.pop(graph_id, None)
        self.masters |= plan.masters
        return plan

    def _stored_masters(self, graph_ids: list[str]) -> dict[str, EventRow]:
        with self.lease.fenced(self.clock()) as calendar:
            return apply.masters_of_round(calendar, graph_ids)

    def _master(self, graph_id: str) -> EventRow | Skipped | Removed:
        try:
            item = remote.event(self.client, graph_id)
        except BadRequest as error:
            _raise_unless_of_the_series(error)
            return Skipped(graph_id, "Microsoft refuses to show the series")
        if item is None:
            return Removed(graph_id)
        if isinstance(item, EventRow | Skipped):
            # Under the id that was asked for: its occurrences name it so.
            return item._replace(graph_id=graph_id)
        return Skipped(graph_id, "what was sent for the series is no event")

    def _store(self, page: Page, plan: Plan) -> None:
        with self.lease.fenced(now := self.clock()) as calendar:
            self._note(calendar, plan, apply.store(calendar, plan, now=now))
            calendar.page_link = page.next_link

    def _end(self, page: Page, plan: Plan) -> None:
        """
        Store the last page, and with it the end of the round; unless a series must be asked about before.

        Then the row keeps the link that led to this page until that is answered: who is stopped in between asks again.
        """
        with self.lease.fenced(now := self.clock()) as calendar:
            self._note(calendar, plan, apply.store(calendar, plan, now=now))
            came = self.is_continued or self.tally.stored or self.tally.skipped
            doubtful = apply.incomplete_series(calendar) if came else []
            if not doubtful:
                self._finish(calendar, page.delta_link)
        if not doubtful:
            return
        for master_id in doubtful:
            self._settle(master_id)
        with self.lease.fenced(self.clock()) as calendar:
            self._finish(calendar, page.delta_link)

    def _settle(self, master_id: str) -> None:
        """Ask for one series' instances and make ours the same."""
        try:
            items = remote.instances(self.client, master_id, start=self.window.start, end=self.window.end)
        except BadRequest as error:
            _raise_unless_of_the_series(error)
            # What we knew of its instances stays.
            refused = Plan(skipped=[Skipped(master_id, "Microsoft refuses to list what belongs to the series")])
            with self.lease.fenced(now := self.clock()) as calendar:
                self._note(calendar, refused, apply.store(calendar, refused, now=now))
            return
        plan = self._plan([Removed(master_id)] if items is None else items)
        with self.lease.fenced(now := self.clock()) as calendar:
            self._note(calendar, plan, apply.replace_series(calendar, master_id, plan, now=now))

    def _finish(self, calendar: Calendar, delta_link: str) -> None:
        if calendar.round_is_full:
            swept = apply.sweep(calendar)
            self.tally.removed += swept
            self._tell(calendar, swept)
        calendar.delta_link, calendar.page_link = delta_link, ""
        calendar.synced_at = calendar.round_started_at
        calendar.failures, calendar.last_error, calendar.retry_at = 0, "", None
        calendar.lease_token = calendar.lease_until = None
        # Under the row's lock, so a mark is either seen here or set after the lease has ended.
        self.tally.is_marked_again = calendar.needs_round

    def _note(self, calendar: Calendar, plan: Plan, changed: int) -> None:
        self.tally.stored += len(plan.upserts)
        self.tally.removed += len(plan.removals)
        self.tally.skipped += len(plan.skipped)
        self._tell(calendar, changed)

    def _tell(self, calendar: Calendar, changed: int) -> None:
        """Move the version, and tell open pages once it is committed; only when there is something new to see."""
        if not changed:
            return
        calendar.version += 1
        transaction.on_commit(
            partial(live.publish, member_id=self.lease.member_id, calendar_id=calendar.pk, version=calendar.version)
        )


def _raise_unless_of_the_series(error: BadRequest) -> None:
    """
    Let pass what Graph refuses of one series: asked again it would refuse again, and the calendar would stand still.

    Without a status it is no word of Graph's on the series, but a link that leads elsewhere, or no token to be had.
    """
    if not error.status:
        raise error


def _window_of(calendar: Calendar) -> Window | None:
    if calendar.window_start is None or calendar.window_end is None:
        return None
    return Window(calendar.window_start, calendar.window_end)


def _in_thread(fetch: partial[Page]) -> Page:
    try:
        return fetch()
    finally:
        # A token that had to be refreshed opened a connection of this thread's own.
        connections.close_all()
