"""Events as Graph shows them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from sandbox import series
from sandbox.bodies import text_of
from sandbox.ids import Ids, Kind
from sandbox.items import Event, Tombstone
from sandbox.series import Instance
from sandbox.sight import EVERYTHING, Sight
from sandbox.zones import to_wall

_UID_HEAD = "040000008200E00074C5B7101A82E008"
_ITEM_TYPE = "#microsoft.graph.event"


@dataclass(frozen=True, slots=True)
class Form:
    """How the caller wants events to be shown. `zone` is the name under which the times come back."""

    immutable: bool = False
    zone: str = "UTC"
    text: bool = False


def instant(moment: datetime) -> str:
    """A moment in UTC with Graph's seven decimals."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}0Z"


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

    def buried(self, grave: Tombstone) -> dict[str, Any]:
        if grave.raw_id is not None:
            return self.removed(grave.raw_id)
        if self._form.immutable:
            return self.removed(self._ids.immutable(grave.number))
        return self.removed(self._ids.plain(Kind.EVENT, grave.plain))

    def occurrence_id(self, event: Event, slot: date) -> str:
        return f"OID.{self.id_of(event)}.{slot.isoformat()}"

    def _time(self, moment: datetime, *, all_day: bool) -> dict[str, str]:
        name = self._form.zone
        # All-day events are dates: the service never shifts them, whatever zone is preferred.
        wall = moment if all_day or name == "UTC" else to_wall(moment, name)
        return {"dateTime": f"{wall:%Y-%m-%dT%H:%M:%S}.{wall.microsecond:06}0", "timeZone": name}

    def _full(self, event: Event, one: Instance, slot: date | None) -> dict[str, Any]:
        members = event.members if one.override is None else event.members | one.override.members
        id_ = self.id_of(event, slot)
        etag = self._ids.etag(event.changed)
        shown: dict[str, Any] = {
            "@odata.etag": etag,
            "id": id_,
            "createdDateTime": instant(event.created),
            "lastModifiedDateTime": instant(event.modified),
            "changeKey": etag[3:-1],
        }
        for name in (
            "categories", "transactionId", "reminderMinutesBeforeStart", "isReminderOn", "hasAttachments",
            "subject", "bodyPreview", "importance", "sensitivity", "isCancelled", "isOrganizer",
            "responseRequested", "showAs", "onlineMeetingUrl", "isOnlineMeeting", "onlineMeetingProvider",
            "allowNewTimeProposals", "isDraft", "hideAttendees", "responseStatus", "location", "locations",
            "attendees", "organizer", "onlineMeeting",
        ):  # fmt: skip
            shown[name] = members[name]
        shown |= {
            "originalStartTimeZone": event.original_zones[0],
            "originalEndTimeZone": event.original_zones[1],
            "iCalUId": self._ical_uid(event, slot),
            "isAllDay": one.all_day,
            "seriesMasterId": self.id_of(event) if slot is not None else None,
            "type": _type_of(event, one, slot),
            "webLink": f"https://outlook.office365.com/owa/?itemid={quote(id_)}&exvsurl=1&path=/calendar/item",
            "occurrenceId": self.occurrence_id(event, slot) if slot is not None else None,
            "body": self._body(members["body"]),
            "start": self._time(one.start, all_day=one.all_day),
            "end": self._time(one.end, all_day=one.all_day),
            "recurrence": event.rule.as_json() if event.rule is not None and slot is None else None,
        }
        if slot is not None:
            shown["originalStart"] = f"{series.usual_start(event, slot):%Y-%m-%dT%H:%M:%SZ}"
        return self._sight.of(shown)

    def _body(self, html: str) -> dict[str, str]:
        if self._form.text:
            return {"contentType": "text", "content": text_of(html)}
        return {"contentType": "html", "content": html}

    def _ical_uid(self, event: Event, slot: date | None) -> str:
        day = f"{slot.year:04X}{slot.month:02X}{slot.day:02X}" if slot is not None else "00000000"
        return f"{_UID_HEAD}{day}{event.number:016X}{0:016X}10000000{self._ids.key.hex.upper()}"


def _type_of(event: Event, one: Instance, slot: date | None) -> str:
    if event.rule is None:
        return "singleInstance"
    if slot is None:
        return "seriesMaster"
    return "occurrence" if one.override is None else "exception"
