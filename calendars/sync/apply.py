"""
Storing what a page means. Every function here runs inside `Lease.fenced`: one transaction, the calendar's row locked.

Rows travel as one array for each column, in one statement: most of `bulk_create`'s time is Python building SQL, and
COPY is refused under row-level policies. The arrays are written here, which costs a fifth of psycopg's own way.

Functions that store return how many events look different afterwards.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef, Q

from calendars.models import Calendar, Event, EventQuerySet, Kind, SkippedEvent
from calendars.payloads import EventRow, Skipped
from calendars.sync.plan import Plan
from calendars.sync.policy import BLANKS, KEPT, Keeping, lesser
from tenants.models import Detail

_TYPES: Mapping[str, str] = {
    "is_all_day": "boolean",
    "starts_at": "timestamptz",
    "ends_at": "timestamptz",
    "start_date": "date",
    "end_date": "date",
    "attendees": "jsonb",
    "is_cancelled": "boolean",
    "is_organizer": "boolean",
    "recurrence": "jsonb",
}
_COLUMNS = EventRow._fields
_VISIBLE = [name for name in _COLUMNS if name not in {"graph_id", "etag"}]
_SET = ", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[1:], "round_number"))
_UPSERT = f"""
    WITH incoming AS MATERIALIZED (
        SELECT * FROM unnest({", ".join(f"%s::{_TYPES.get(name, 'text')}[]" for name in _COLUMNS)})
            AS incoming ({", ".join(_COLUMNS)})
    ), news AS (
        SELECT count(*) AS number
        FROM incoming LEFT JOIN LATERAL (
            -- One look-up by key for each row: a plain join reads the whole calendar for every page.
            SELECT * FROM calendars_event WHERE calendar_id = %s AND graph_id = incoming.graph_id LIMIT 1
        ) AS stored ON true
        WHERE ({", ".join(f"stored.{name}" for name in _VISIBLE)})
            IS DISTINCT FROM ({", ".join(f"incoming.{name}" for name in _VISIBLE)})
    ), stored AS (
        INSERT INTO calendars_event (organization_id, calendar_id, round_number, {", ".join(_COLUMNS)})
        SELECT %s, %s, %s, incoming.* FROM incoming
        ON CONFLICT (calendar_id, graph_id) DO UPDATE SET {_SET}
    )
    SELECT number FROM news
"""  # noqa: S608 - every name in it is a column of ours


def store(calendar: Calendar, plan: Plan, *, now: datetime) -> int:
    """One page's removals, rows and skipped items, stamped with the calendar's round."""
    changed = remove(calendar, plan.removals)
    changed += upsert(calendar, plan.upserts)
    skip(calendar, plan.skipped, now=now)
    # What can be read again, or is gone, is no longer skipped.
    answered = [*plan.removals, *(row.graph_id for row in plan.upserts)]
    SkippedEvent.objects.of(calendar.organization_id).filter(calendar_id=calendar.pk, graph_id__in=answered).delete()
    return changed


def upsert(calendar: Calendar, rows: list[EventRow]) -> int:
    """
    Insert or overwrite by Graph's id, with as much of each event as the organization keeps at this moment.

    Running it twice changes nothing the second time.
    """
    if not rows:
        return 0
    # Never more than what the calendar was cleaned down to: the next round that begins from nothing brings the rest.
    kept = KEPT[lesser(Keeping.of(calendar.organization_id).detail, calendar.kept_detail)]
    columns = [
        # By column and not by row: what is not kept costs nothing.
        _array(column if name in kept else [BLANKS[name]] * len(rows))
        for name, column in zip(_COLUMNS, zip(*rows, strict=True), strict=True)
    ]
    home = [calendar.organization_id, calendar.pk, calendar.round_number]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [*columns, calendar.pk, *home])
        (changed,) = cursor.fetchone()
    return int(changed)


def remove(calendar: Calendar, graph_ids: list[str]) -> int:
    """Delete these events, and the instances of those that are masters. Unknown ids are ignored."""
    if not graph_ids:
        return 0
    gone = Q(graph_id__in=graph_ids) | Q(series_id__in=graph_ids)
    return _events(calendar).filter(gone).delete()[0]


def skip(calendar: Calendar, skipped: list[Skipped], *, now: datetime) -> None:
    """Record what could not be understood. What we knew of it stays: the last good state, and said to be old."""
    if not skipped:
        return
    SkippedEvent.objects.bulk_create(
        [
            SkippedEvent(
                organization_id=calendar.organization_id,
                calendar_id=calendar.pk,
                graph_id=item.graph_id,
                reason=item.reason,
                skipped_at=now,
                round_number=calendar.round_number,
            )
            for item in skipped
        ],
        update_conflicts=True,
        unique_fields=["calendar", "graph_id"],
        update_fields=["reason", "round_number"],
    )
    # Brought by this round, if only by name: neither swept at its end nor suspected to be gone.
    ids = [item.graph_id for item in skipped]
    _events(calendar).filter(graph_id__in=ids).update(round_number=calendar.round_number)


def replace_series(calendar: Calendar, master_id: str, plan: Plan, *, now: datetime) -> int:
    """Make the stored instances of one series those of the plan, which holds all that there are."""
    changed = store(calendar, plan, now=now)
    there = [row.graph_id for row in plan.upserts] + [item.graph_id for item in plan.skipped]
    missing = _events(calendar).filter(series_id=master_id).exclude(graph_id__in=there)
    return changed + missing.delete()[0]


def sweep(calendar: Calendar) -> int:
    """At the end of a full round: delete what it did not bring."""
    older = {"round_number__lt": calendar.round_number}
    SkippedEvent.objects.of(calendar.organization_id).filter(calendar_id=calendar.pk, **older).delete()
    return _events(calendar).filter(**older).delete()[0]


def empty(calendar: Calendar) -> int:
    """Delete all that is stored of the calendar."""
    SkippedEvent.objects.of(calendar.organization_id).filter(calendar_id=calendar.pk).delete()
    return _events(calendar).delete()[0]


def reduce(calendar: Calendar, detail: Detail) -> int:
    """Take away from the stored events what is not kept at this level of detail; how many had it. One statement."""
    blank = {name: BLANKS[name] for name in _COLUMNS if name not in KEPT[detail]}
    if not blank:
        return 0
    # JSON columns here are values, and above they are text. Of a null, `exact` would ask for the JSON one.
    values = blank | ({"attendees": []} if "attendees" in blank else {})
    bare = {(f"{name}__isnull" if value is None else name): value is None or value for name, value in values.items()}
    return _events(calendar).exclude(**bare).update(**values)


def trim(calendar: Calendar, *, before: datetime) -> int:
    """Delete what was over before this midnight of UTC, and series of which nothing is left; how many were shown."""
    over = Q(ends_at__lt=before) | Q(end_date__lte=before.date())
    removed = _events(calendar).shown().filter(over).delete()[0]
    instances = _events(calendar).filter(series_id=OuterRef("graph_id"))
    _events(calendar).filter(~Exists(instances), over, kind=Kind.MASTER).delete()
    return removed


def incomplete_series(calendar: Calendar) -> list[str]:
    """
    Masters' ids of series that this round has touched and whose stored instances may not be what is really there.

    A series is said to come as a whole when anything in it changed, and a deleted occurrence by not coming. So it is
    incomplete if stored instances did not come (a full round's sweep will answer that), or if only its master did.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT series FROM (
                SELECT CASE kind WHEN %(master)s THEN graph_id ELSE series_id END AS series,
                    bool_or(round_number = %(round)s) AS touched,
                    bool_or(kind <> %(master)s AND round_number = %(round)s) AS brought,
                    bool_or(kind <> %(master)s AND round_number < %(round)s) AS missing
                FROM calendars_event WHERE calendar_id = %(calendar)s AND kind <> %(single)s GROUP BY 1
            ) AS seen
            WHERE touched AND (NOT brought OR (missing AND NOT %(full)s)) ORDER BY 1
            """,
            {
                "calendar": calendar.pk,
                "round": calendar.round_number,
                "full": calendar.round_is_full,
                "master": Kind.MASTER.value,
                "single": Kind.SINGLE.value,
            },
        )
        return [series for (series,) in cursor.fetchall()]


def masters_of_round(calendar: Calendar, graph_ids: Iterable[str]) -> dict[str, EventRow]:
    """Those of these masters that the calendar's round has stored already, perhaps before a restart."""
    found = _events(calendar).filter(kind=Kind.MASTER, round_number=calendar.round_number, graph_id__in=list(graph_ids))
    rows = [EventRow(*row) for row in found.values_list(*_COLUMNS)]
    return {
        row.graph_id: row._replace(
            attendees=orjson.dumps(row.attendees).decode(),
            recurrence=None if row.recurrence is None else orjson.dumps(row.recurrence).decode(),
        )
        for row in rows
    }


def _array(values: Iterable[object]) -> str:
    """A column as PostgreSQL writes an array; the statement says of what."""
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    # Booleans, dates and moments: PostgreSQL reads them as Python writes them.
    return f'"{value}"'


def _events(calendar: Calendar) -> EventQuerySet:
    return Event.objects.of(calendar.organization_id).of_calendar(calendar.pk)
