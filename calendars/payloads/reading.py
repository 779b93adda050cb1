"""
Reading Graph's answers.

An item that cannot be understood becomes `Skipped` with a reason and hurts no other item. Reasons are sentences about a
field and never quote its contents. Text that is only shown is cut to what a column holds; what identifies something is
refused instead, since a cut id is another id.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any

import orjson
from pydantic import ValidationError

from calendars.models import Kind
from calendars.payloads import shapes
from calendars.payloads.rows import Bare, EventRow, Item, ListedCalendar, Page, Removed, Skipped, times
from calendars.payloads.shapes import ID_LENGTH, ZONE_LENGTH
from calendars.payloads.text import Unreadable, clean, https, is_storable, label, one_of, whole
from calendars.timezones import iana_zone, zone_info

SUBJECT_LENGTH = 512
NAME_LENGTH = 256
ADDRESS_LENGTH = 320
ETAG_LENGTH = 256
REASON_LENGTH = 255
# Characters of an event's text. Who writes more is read on in Outlook.
BODY_LENGTH = 100 * 1024
# Microsoft's own limit for one event.
MOST_ATTENDEES = 500

_KINDS = {
    "singleInstance": Kind.SINGLE,
    "occurrence": Kind.OCCURRENCE,
    "exception": Kind.EXCEPTION,
    "seriesMaster": Kind.MASTER,
}
_INSTANCES = frozenset({Kind.OCCURRENCE, Kind.EXCEPTION})
_SHOW_AS = frozenset({"free", "tentative", "busy", "oof", "workingElsewhere"})
_SENSITIVITIES = frozenset({"normal", "personal", "private", "confidential"})
_RESPONSES = frozenset({"organizer", "tentativelyAccepted", "accepted", "declined", "notResponded"})
_ATTENDEE_TYPES = frozenset({"required", "optional", "resource"})
_NOBODY = shapes.EmailAddress()


def read_page(answer: Mapping[str, Any]) -> Page:
    """
    A page of delta, with every item read by itself.

    Raises:
        Unreadable: it is no page, or does not say where to go on.
    """
    page = _read_listing(answer)
    if bool(page.next_link) == bool(page.delta_link):
        raise Unreadable("a page of changes must have one link to go on with")
    return Page(read_items(page.value), page.next_link or "", page.delta_link or "")


def read_values(answer: Mapping[str, Any]) -> list[Any]:
    """
    The members of one page of a list, unread.

    Raises:
        Unreadable: it is no list.
    """
    return _read_listing(answer).value


def read_items(values: Iterable[Any]) -> list[Item]:
    """Every item by itself, in order. Nothing is raised: what cannot be understood is `Skipped`."""
    return [read_item(value) for value in values]


def read_item(value: Any) -> Item:
    """One event, bare occurrence or removal; `Skipped` if it cannot be understood."""
    try:
        return _read_item(value)
    except ValidationError as error:
        return Skipped(_id_for_record(value), _reason(error))
    except Unreadable as error:
        return Skipped(_id_for_record(value), str(error)[:REASON_LENGTH])


def read_calendars(values: Iterable[Any]) -> list[ListedCalendar]:
    """The calendars of a mailbox. One without a usable id is left out: it could not be followed anyway."""
    found = []
    for value in values:
        try:
            found.append(_read_calendar(shapes.Calendar.model_validate(value)))
        except (ValidationError, Unreadable):
            continue
    return found


def _read_listing(answer: Mapping[str, Any]) -> shapes.Listing:
    try:
        return shapes.Listing.model_validate(answer)
    except ValidationError as error:
        raise Unreadable(_reason(error)) from None


def _read_item(value: Any) -> Item:
    if not isinstance(value, dict):
        raise Unreadable("the item is no object")
    if "@removed" in value:
        return Removed(_read_id(value.get("id")))
    if value.get("type") == "occurrence" and "subject" not in value:
        return _read_bare(shapes.BareOccurrence.model_validate(value))
    return _read_event(shapes.Event.model_validate(value))


def _read_id(graph_id: Any) -> str:
    if not isinstance(graph_id, str) or not 0 < len(graph_id) <= ID_LENGTH:
        raise Unreadable("id: missing, empty or too long")
    return clean(graph_id, "id")


def _read_bare(item: shapes.BareOccurrence) -> Bare:
    clean(item.id, "id")
    clean(item.series_master_id, "seriesMasterId")
    return Bare(item.id, item.series_master_id, _instant(item.start), _instant(item.end), _tag(item.etag))


def _read_event(item: shapes.Event) -> EventRow:
    kind = _KINDS[item.type]
    if kind in _INSTANCES and item.series_master_id is None:
        raise Unreadable("seriesMasterId: an instance of a series must have one")
    moment = _wall if item.is_all_day else _instant
    starts_at, ends_at, start_date, end_date = times(moment(item.start), moment(item.end), is_all_day=item.is_all_day)
    organizer = (item.organizer.email_address if item.organizer else None) or _NOBODY
    original_zone = item.original_start_time_zone or ""
    # An occurrence repeats its master's.
    body, body_type = _body(item.body) if item.body and kind is not Kind.OCCURRENCE else ("", "")
    row = EventRow(
        graph_id=item.id,
        kind=kind.value,
        series_id=item.series_master_id or "" if kind in _INSTANCES else "",
        is_all_day=item.is_all_day,
        starts_at=starts_at,
        ends_at=ends_at,
        start_date=start_date,
        end_date=end_date,
        original_zone=original_zone[:ZONE_LENGTH],
        zone=iana_zone(original_zone),
        subject=(item.subject or "")[:SUBJECT_LENGTH],
        location=((item.location.display_name if item.location else None) or "")[:SUBJECT_LENGTH],
        organizer_name=(organizer.name or "")[:NAME_LENGTH],
        organizer_address=whole(organizer.address, ADDRESS_LENGTH),
        attendees=_attendees(item.attendees) if item.attendees else "[]",
        show_as=one_of(item.show_as, _SHOW_AS, "unknown"),
        # A word that we do not know may mean more secrecy, never less.
        sensitivity=one_of(item.sensitivity, _SENSITIVITIES, "private") if item.sensitivity else "normal",
        is_cancelled=bool(item.is_cancelled),
        is_organizer=bool(item.is_organizer),
        response=_response(item.response_status),
        join_url=https(item.online_meeting.join_url if item.online_meeting else None),
        web_link=https(item.web_link),
        body=body,
        body_type=body_type,
        recurrence=_recurrence(item.recurrence) if kind is Kind.MASTER else None,
        etag=_tag(item.etag),
    )
    _refuse_unstorable(row)
    return row


def _read_calendar(item: shapes.Calendar) -> ListedCalendar:
    owner = item.owner or shapes.CalendarOwner()
    return ListedCalendar(
        graph_id=clean(item.id, "id"),
        name=item.name[:255],
        color=item.color[:32],
        hex_color=item.hex_color[:16],
        owner_name=owner.name[:NAME_LENGTH],
        owner_address=whole(owner.address, ADDRESS_LENGTH),
        can_edit=item.can_edit is True,
        is_default=item.is_default_calendar is True,
    )


def _wall(moment: shapes.DateTimeTimeZone) -> datetime:
    """The time on the wall, as if it were UTC's, whatever its zone: what a date is made of."""
    try:
        # Microsoft writes seven decimals; Python keeps six and drops the rest.
        wall = datetime.fromisoformat(moment.date_time)
    except ValueError:
        raise Unreadable("start or end: not a date and time") from None
    if wall.tzinfo is not None:
        raise Unreadable("start or end: an offset inside the time")
    if not MINYEAR < wall.year < MAXYEAR:
        # In somebody's zone it would be beyond the first or the last moment that Python counts.
        raise Unreadable("start or end: beyond the years that we can count")
    return wall.replace(tzinfo=UTC)


def _instant(moment: shapes.DateTimeTimeZone) -> datetime:
    wall = _wall(moment)
    # We ask for UTC and get it; an answer in another zone is still an answer.
    if moment.time_zone is None or moment.time_zone == "UTC":
        return wall
    zone = zone_info(moment.time_zone)
    if zone is None:
        raise Unreadable("start or end: a time zone that nobody can resolve")
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _tag(value: str | None) -> str:
    return value if value and len(value) <= ETAG_LENGTH and is_storable(value) else ""


def _response(status: shapes.ResponseStatus | None) -> str:
    return one_of(status.response if status else None, _RESPONSES, "none")


def _body(body: shapes.ItemBody) -> tuple[str, str]:
    content = (body.content or "")[:BODY_LENGTH]
    if not content.strip():
        return "", ""
    # A lost character does no harm in a text, and a lost event would.
    return content if is_storable(content) else label(content), "html" if body.content_type == "html" else "text"


def _attendees(people: list[shapes.Attendee]) -> str:
    listed = []
    for person in people[:MOST_ATTENDEES]:
        email = person.email_address or _NOBODY
        listed.append(
            {
                "name": clean((email.name or "")[:NAME_LENGTH], "attendees"),
                "address": clean(whole(email.address, ADDRESS_LENGTH), "attendees"),
                "type": one_of(person.type, _ATTENDEE_TYPES, "required"),
                "response": _response(person.status),
            }
        )
    return orjson.dumps(listed).decode()


def _recurrence(value: Any) -> str | None:
    """The rule, as Microsoft writes it, in the members that we know; None for no rule and for an odd one."""
    try:
        rule = shapes.Recurrence.model_validate(value)
        text = rule.model_dump_json(by_alias=True, exclude_none=True)
    except ValueError:  # pydantic's errors are ValueErrors, also of what it cannot write as UTF-8
        return None
    return None if "\\u0000" in text else text


_TEXTS: dict[str, Callable[[EventRow], str]] = {
    "id": lambda row: row.graph_id + row.series_id,
    "originalStartTimeZone": lambda row: row.original_zone,
    "subject": lambda row: row.subject,
    "location": lambda row: row.location,
    "organizer": lambda row: row.organizer_name + row.organizer_address,
    "links": lambda row: row.join_url + row.web_link,
}


def _refuse_unstorable(row: EventRow) -> None:
    # One look at all of it for the many that are fine; field by field only to say which one is not.
    if is_storable("".join([text(row) for text in _TEXTS.values()])):
        return
    for field, text in _TEXTS.items():
        clean(text(row), field)


def _reason(error: ValidationError) -> str:
    """Where and what is wrong, in pydantic's words for the kind of fault; never the value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    # Numbers are places in a list, other parts are names that we declared ourselves.
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}"[:REASON_LENGTH]


def _id_for_record(value: Any) -> str:
    """As much of an id as can be recorded; empty where there is none."""
    return label(value.get("id"))[:ID_LENGTH] if isinstance(value, dict) else ""
