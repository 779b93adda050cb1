"""What a page of changes means: pure, no database, no Microsoft."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from calendars.models import Kind
from calendars.payloads import Bare, EventRow, Item, Removed, Skipped, Unreadable, fill
from calendars.sync.window import Window


@dataclass(slots=True)
class Plan:
    """
    What to do for one page. Removals come first: a removed id may be a master's, and then all of its instances go,
    but for those that the page brings after the removal.
    """

    # One row for each id, masters among them.
    upserts: list[EventRow] = field(default_factory=list)
    removals: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    # Series of which the page has bare occurrences and whose master nobody knows: get them, add them to the page's
    # items (`Removed` for one that is gone) and plan again. Until then their occurrences are left out.
    wanted: list[str] = field(default_factory=list)

    @property
    def masters(self) -> dict[str, EventRow]:
        """The masters that the page brought, by id."""
        return {row.graph_id: row for row in self.upserts if row.kind == Kind.MASTER}


def make_plan(items: Iterable[Item], *, masters: Mapping[str, EventRow], window: Window) -> Plan:
    """
    Decide what becomes of each item.

    Args:
        items: a page in reading order. Of several with one id the last one counts.
        masters: those that this round has brought so far. Older ones may be out of date and are no help.
        window: what is outside of it is not kept, whatever the page says.
    """
    latest: dict[str, Item] = {}
    for item in items:
        latest.pop(item.graph_id, None)  # so that the order is that of the last ones
        latest[item.graph_id] = item

    plan = Plan()
    # A master may stand after its occurrences.
    known = {**masters, **{row.graph_id: row for row in latest.values() if isinstance(row, EventRow)}}
    unreadable = {item.graph_id for item in latest.values() if isinstance(item, Skipped)}
    removed_at = {item.graph_id: place for place, item in enumerate(latest.values()) if isinstance(item, Removed)}
    wanted: dict[str, None] = {}
    for place, item in enumerate(latest.values()):
        if isinstance(item, Removed):
            plan.removals.append(item.graph_id)
        elif isinstance(item, Skipped):
            plan.skipped.append(item)
        elif isinstance(item, EventRow):
            if place > removed_at.get(item.series_id, -1):
                _keep(plan, item, window)
        elif place < removed_at.get(item.series_id, -1):
            continue  # goes with its series
        elif item.series_id in unreadable:
            plan.skipped.append(Skipped(item.graph_id, "seriesMasterId: its series cannot be understood"))
        elif (master := known.get(item.series_id)) is None:
            wanted[item.series_id] = None
        else:
            _keep_occurrence(plan, item, master, window)
    plan.wanted = list(wanted)
    return plan


def _keep_occurrence(plan: Plan, item: Bare, master: EventRow, window: Window) -> None:
    if master.kind != Kind.MASTER:
        plan.skipped.append(Skipped(item.graph_id, "seriesMasterId: what it names is no series"))
        return
    try:
        _keep(plan, fill(item, master), window)
    except Unreadable as error:
        plan.skipped.append(Skipped(item.graph_id, str(error)))


def _keep(plan: Plan, row: EventRow, window: Window) -> None:
    # A master carries the times of its first instance, which may be years away.
    if row.kind == Kind.MASTER or _overlaps(row, window):
        plan.upserts.append(row)
    else:
        plan.removals.append(row.graph_id)


def _overlaps(row: EventRow, window: Window) -> bool:
    if row.starts_at is not None and row.ends_at is not None:
        return row.starts_at < window.end and row.ends_at >= window.start
    if row.start_date is None or row.end_date is None:
        return False
    # Microsoft matches the days of an all-day event as if they were UTC's.
    return _midnight(row.start_date) < window.end and _midnight(row.end_date) > window.start


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
