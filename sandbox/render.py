"""Events as Graph shows them."""

import base64
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any, Final

from sandbox import series
from sandbox.bodies import text_of
from sandbox.ids import Ids, Kind
from sandbox.items import Attachment, Event, Tombstone
from sandbox.series import Instance
from sandbox.sight import EVERYTHING, Sight
from sandbox.zones import seven_decimals, to_wall

_UID_HEAD = "040000008200E00074C5B7101A82E008"
_ITEM_TYPE = "#microsoft.graph.event"
# Members that are shown as they are stored, but for the times that attendees propose.
_STORED: Final = (
    "categories", "transactionId", "reminderMinutesBeforeStart", "isReminderOn", "hasAttachments",
    "subject", "bodyPreview", "importance", "sensitivity", "isCancelled", "isOrganizer",
    "responseRequested", "showAs", "onlineMeetingUrl", "isOnlineMeeting", "onlineMeetingProvider",
    "allowNewTimeProposals", "isDraft", "hideAttendees", "responseStatus", "location", "locations",
    "attendees", "organizer", "onlineMeeting",
)  # fmt: skip
_stored = itemgetter(*_STORED)
# Every member that an event can have, in lower case: what a query may speak of.
NAMES: Final = frozenset(name.lower() for name in _STORED) | {
    "id", "createddatetime", "lastmodifieddatetime", "changekey", "originalstarttimezone", "originalendtimezone",
    "icaluid", "uid", "isallday", "seriesmasterid", "type", "weblink", "occurrenceid", "body", "start", "end",
    "recurrence", "originalstart", "cancelledoccurrences",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """How the caller wants events to be shown. `zone` is the name under which the times come back."""

    immutable: bool = False
    zone: str = "UTC"
    text: bool = False


def instant(moment: datetime) -> str:
    """A moment in UTC with Graph's seven decimals."""
    return f"{seven_decimals(moment)}Z"


class Renderer:
    """
    Shows the events of one mailbox in one form, and as much of them as `sight` lets be seen. Keep none:
    it is cheap, and made for each answer.
    """

    def __init__(self, ids: Ids, form: Form, sight: Sight = EVERYTHING) -> None:
        self._ids = ids
        self._form = form
        self._sight = sight

    def id_of(self, event: Event, slot: date | None = None) -> str:
        if event.raw is not None and "id" in event.raw:
            return str(event.raw["id"])
        if self._form.immutable:
            return self._ids.immutable(event.number, slot)
        return self._ids.plain(Kind.EVENT, event.plain, slot)

    def single(self, event: Event) -> dict[str, Any]:
        """A single event, or the master of a series with the times of its first instance."""
        if event.raw is not None:
            return self.raw(event)
        return self._full(event, series.as_single(event), None)

    def instance(self, one: Instance) -> dict[str, Any]:
        """Whatever a view holds: a single event, an occurrence or an exception, in full."""
        if one.slot is None:
            return self.single(one.event)
        return self._full(one.event, one, one.slot)

    def raw(self, event: Event) -> dict[str, Any]:
        shown = dict(event.raw or {})
        shown.setdefault("id", self.id_of(event))
        return self._sight.of(shown)

    def in_delta(self, one: Instance) -> dict[str, Any]:
        """An item of delta: occurrences bare, everything else in full."""
        event = one.event
        if one.slot is None:
            return self.master_in_delta(event)
        etag = self._ids.long_etag(event.changed)
        if one.override is not None:
            return {"@odata.type": _ITEM_TYPE} | self.instance(one) | {"@odata.etag": etag}
        return {
            "@odata.type": _ITEM_TYPE,
            "@odata.etag": etag,
            "id": self.id_of(event, one.slot),
            "seriesMasterId": self.id_of(event),
            "type": "occurrence",
            "start": self._time(one.start, all_day=one.all_day),
            "end": self._time(one.end, all_day=one.all_day),
        }

    def master_in_delta(self, event: Event) -> dict[str, Any]:
        """A single event or a master as delta shows it."""
        if event.raw is not None:
            return self.raw(event)
        return {"@odata.type": _ITEM_TYPE} | self.single(event)

    def removed(self, id_: str) -> dict[str, Any]:
        return {"@odata.type": _ITEM_TYPE, "id": id_, "@removed": {"reason": "deleted"}}

    def buried(self, grave: Tombstone, slot: date | None = None) -> dict[str, Any]:
        """The removal of what left a calendar, or of one instance of it."""
        if grave.raw_id is not None:
            return self.removed(grave.raw_id)
        if self._form.immutable:
            return self.removed(self._ids.immutable(grave.number, slot))
        return self.removed(self._ids.plain(Kind.EVENT, grave.plain, slot))

    def reminder(self, one: Instance, fires: datetime) -> dict[str, Any]:
        shown = self.instance(one)
        return {
            "eventId": shown["id"],
            "eventStartTime": shown["start"],
            "eventEndTime": shown["end"],
            "changeKey": shown["changeKey"],
            "eventSubject": shown["subject"],
            "eventLocation": shown["location"],
            "eventWebLink": shown["webLink"],
            "reminderFireTime": self._time(fires, all_day=False),
        }

    def occurrence_id(self, event: Event, slot: date) -> str:
        return f"OID.{self.id_of(event)}.{slot.isoformat()}"

    def attachment(self, event: Event, slot: date | None, attached: Attachment) -> dict[str, Any]:
        """An attachment of an event or an instance; the item inside it is not shown."""
        shown = {
            "@odata.type": f"#microsoft.graph.{attached.kind}",
            "id": self._ids.attachment(self.id_of(event, slot), attached.key),
            "lastModifiedDateTime": f"{attached.modified:%Y-%m-%dT%H:%M:%SZ}",
            "name": attached.name,
            "contentType": attached.content_type,
            "size": attached.size,
            "isInline": attached.is_inline,
        }
        if attached.kind == "fileAttachment":
            shown |= {
                "contentId": attached.content_id,
                "contentLocation": attached.content_location,
                "contentBytes": base64.b64encode(attached.content).decode(),
            }
        return shown

    def attached_item(self, attached: Attachment) -> dict[str, Any] | None:
        """The item inside an attachment, which has no id and no address of its own."""
        item = attached.item
        if item is None or isinstance(item, dict):
            return item
        nowhere = {"@odata.type": _ITEM_TYPE, "@odata.etag": "", "id": "", "changeKey": None, "webLink": None}
        shown = {"@odata.type": _ITEM_TYPE} | self.single(item) | nowhere
        del shown["@odata.etag"]
        return shown

    def _time(self, moment: datetime, *, all_day: bool) -> dict[str, str]:
        name = self._form.zone
        # All-day events are dates: the service never shifts them, whatever zone is preferred.
        wall = moment if all_day or name == "UTC" else to_wall(moment, name)
        return {"dateTime": seven_decimals(wall), "timeZone": name}

    def _full(self, event: Event, one: Instance, slot: date | None) -> dict[str, Any]:
        members = one.members
        id_ = self.id_of(event, slot)
        master = self.id_of(event) if slot is not None else None
        etag = self._ids.etag(event.changed)
        shown: dict[str, Any] = {
            "@odata.etag": etag,
            "id": id_,
            "createdDateTime": instant(event.created),
            "lastModifiedDateTime": instant(event.modified),
            "changeKey": etag[3:-1],
        }
        shown.update(zip(_STORED, _stored(members), strict=True))
        shown |= {
            "attendees": self._attendees(shown["attendees"]),
            "originalStartTimeZone": event.original_zones[0],
            "originalEndTimeZone": event.original_zones[1],
            "iCalUId": _ical_uid(event, slot),
            "uid": _ical_uid(event, None),
            "isAllDay": one.all_day,
            "seriesMasterId": master,
            "type": _type_of(event, one, slot),
            # Of all that an id can hold, only the sign at its end is not as it is in an address.
            "webLink": (
                f"https://outlook.office365.com/owa/?itemid={id_.replace('=', '%3D')}&exvsurl=1&path=/calendar/item"
            ),
            "occurrenceId": f"OID.{master}.{slot.isoformat()}" if slot is not None else None,
            "body": self._body(members["body"]),
            "start": self._time(one.start, all_day=one.all_day),
            "end": self._time(one.end, all_day=one.all_day),
            "recurrence": event.rule.as_json() if event.rule is not None and slot is None else None,
        }
        if slot is not None:
            shown["originalStart"] = f"{series.usual_start(event, slot):%Y-%m-%dT%H:%M:%SZ}"
        return self._sight.of(shown)

    def _attendees(self, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The attendees; the times that they propose are shown like those of the event."""
        if not any("proposedNewTime" in person for person in people):
            return people
        return [self._attendee(person) for person in people]

    def _attendee(self, stored: dict[str, Any]) -> dict[str, Any]:
        proposed = stored.get("proposedNewTime")
        if proposed is None:
            return stored
        times = {name: self._time(moment, all_day=False) for name, moment in proposed.items()}
        return stored | {"proposedNewTime": times}

    def _body(self, html: str) -> dict[str, str]:
        if self._form.text:
            return {"contentType": "text", "content": text_of(html)}
        return {"contentType": "html", "content": html}


def _type_of(event: Event, one: Instance, slot: date | None) -> str:
    if event.rule is None:
        return "singleInstance"
    if slot is None:
        return "seriesMaster"
    return "occurrence" if one.override is None else "exception"


def _ical_uid(event: Event, slot: date | None) -> str:
    """The same in all mailboxes that have the meeting, another one for every occurrence."""
    meeting = event.meeting
    slot = slot or meeting.slot
    day = f"{slot.year:04X}{slot.month:02X}{slot.day:02X}" if slot is not None else "00000000"
    return f"{_UID_HEAD}{day}{meeting.number:016X}{0:016X}10000000{meeting.mailbox.hex.upper()}"
