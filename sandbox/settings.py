"""What a person has set for the whole mailbox: how it is kept, read from JSON and shown."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

from sandbox import custom_zones, languages
from sandbox.custom_zones import CustomZone, NoZone
from sandbox.drafts import read_moment
from sandbox.members import DAYS, WORKDAYS, folded, mapping, one_of, text, time_of_day
from sandbox.refusals import Refusal
from sandbox.zones import UnknownZone, iana, seven_decimals, shown_wall, to_wall

_KNOWN = (
    "automaticRepliesSetting", "status", "externalAudience", "scheduledStartDateTime", "scheduledEndDateTime",
    "internalReplyMessage", "externalReplyMessage", "dateTime", "timeZone", "language", "locale", "displayName",
    "workingHours", "daysOfWeek", "startTime", "endTime", "name", "bias", "standardOffset", "daylightOffset",
    "daylightBias", "time", "dayOccurrence", "dayOfWeek", "month", "year", "dateFormat", "timeFormat",
    "delegateMeetingMessageDeliveryOptions",
)  # fmt: skip
_NAMES = {name.lower(): name for name in _KNOWN}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """`zone` is a name or a zone of the person's own; null stands for the mailbox's."""

    days: tuple[str, ...] = WORKDAYS
    start: time = time(8)
    end: time = time(17)
    zone: str | CustomZone | None = None


@dataclass(frozen=True, slots=True)
class AutomaticReplies:
    """`start` and `end` are instants; null until somebody has set them."""

    status: str = "disabled"
    audience: str = "all"
    start: datetime | None = None
    end: datetime | None = None
    internal: str = ""
    external: str = ""


@dataclass(slots=True)
class Settings:
    """`time_zone` keeps the spelling, Windows or IANA, in which it was set."""

    time_zone: str = "W. Europe Standard Time"
    language: str = "en-US"
    date_format: str = "M/d/yyyy"
    time_format: str = "h:mm tt"
    delegates: str = "sendToDelegateOnly"
    working_hours: WorkingHours = field(default_factory=WorkingHours)
    replies: AutomaticReplies = field(default_factory=AutomaticReplies)

    def wall(self, moment: datetime) -> datetime:
        """An instant by the clock of the working hours, naive."""
        zone = self.working_hours.zone or self.time_zone
        return zone.to_wall(moment) if isinstance(zone, CustomZone) else to_wall(moment, zone)

    def at_work(self, start: datetime, end: datetime, *, also: tuple[str, ...] = ()) -> bool:
        """Whether a time lies in the working hours of one day; `also` names days that count besides."""
        hours, begins, ends = self.working_hours, self.wall(start), self.wall(end)
        day = DAYS[begins.isoweekday() % 7]
        return (
            begins.date() == ends.date()
            and day in {*hours.days, *also}
            and hours.start <= begins.time()
            and ends.time() <= hours.end
        )


# Showing


def shown(settings: Settings, *, now: datetime, zone: str = "UTC") -> dict[str, Any]:
    """All that a person can set, as Graph shows it; `zone` is that of the times of automatic replies."""
    return {
        "automaticRepliesSetting": _shown_replies(settings.replies, now, zone),
        "timeZone": settings.time_zone,
        "language": {"locale": settings.language, "displayName": languages.read(settings.language)[1]},
        "workingHours": shown_hours(settings),
        "dateFormat": settings.date_format,
        "timeFormat": settings.time_format,
        "delegateMeetingMessageDeliveryOptions": settings.delegates,
    }


def shown_hours(settings: Settings) -> dict[str, Any]:
    hours = settings.working_hours
    zone = hours.zone or settings.time_zone
    return {
        "daysOfWeek": list(hours.days),
        "startTime": seven_decimals(hours.start),
        "endTime": seven_decimals(hours.end),
        "timeZone": zone.as_json() if isinstance(zone, CustomZone) else {"name": zone},
    }


def _shown_replies(replies: AutomaticReplies, now: datetime, zone: str) -> dict[str, Any]:
    # Before anybody has set them they are the day that begins with this hour.
    hour = now.replace(minute=0, second=0, microsecond=0)
    start = replies.start or (hour if replies.end is None else replies.end - ONE_DAY)
    end = replies.end or start + ONE_DAY
    return {
        "status": replies.status,
        "externalAudience": replies.audience,
        "scheduledStartDateTime": shown_wall(start, zone),
        "scheduledEndDateTime": shown_wall(end, zone),
        "internalReplyMessage": replies.internal,
        "externalReplyMessage": replies.external,
    }


# Reading


def read(settings: Settings, sent: dict[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """
    The settings with what a request says, and the names of what it said. Members that nobody can
    set, and null, are ignored.

    Raises:
        Refusal: a value cannot be.
    """
    given = {name: value for name, value in folded(sent, _NAMES).items() if name in _READERS and value is not None}
    changed = replace(settings)
    for name, value in given.items():
        _READERS[name](changed, value)
    return changed, tuple(given)


def _invalid(message: str) -> Refusal:
    return Refusal(400, "InvalidArguments", message)


def _read_zone(settings: Settings, value: Any) -> None:
    settings.time_zone = _zone_name(text(value))


def _zone_name(name: str) -> str:
    try:
        iana(name)
    except UnknownZone as error:
        raise _invalid_zone() from error
    return name


def _invalid_zone() -> Refusal:
    return Refusal(400, "InvalidTimeZone", "The time zone that was given is not valid.")


def _read_language(settings: Settings, value: Any) -> None:
    name = text(mapping(value).get("locale"))
    try:
        settings.language, _ = languages.read(name)
    except languages.UnknownLocale as error:
        raise _invalid(f"Culture '{name}' is not supported.") from error


def _read_format(member: str, letters: str) -> Callable[[Settings, Any], None]:
    """A pattern of date or time: somewhere it must hold what it is a pattern of."""

    def reader(settings: Settings, value: Any) -> None:
        pattern = text(value)
        if not re.search(f"[{letters}]", pattern) or len(pattern) > 80:
            raise _invalid(f"'{pattern}' is no format that can be used.")
        setattr(settings, member, pattern)

    return reader


_DELEGATES = one_of("sendToDelegateAndInformationToPrincipal", "sendToDelegateAndPrincipal", "sendToDelegateOnly")


def _read_delegates(settings: Settings, value: Any) -> None:
    settings.delegates = _DELEGATES(value)


def _read_hours(settings: Settings, value: Any) -> None:
    given, hours = mapping(value), settings.working_hours
    if given.get("daysOfWeek") is not None:
        hours = replace(hours, days=_days(given["daysOfWeek"]))
    if given.get("startTime") is not None:
        hours = replace(hours, start=time_of_day(given["startTime"]))
    if given.get("endTime") is not None:
        hours = replace(hours, end=time_of_day(given["endTime"]))
    if given.get("timeZone") is not None:
        hours = replace(hours, zone=_hours_zone(mapping(given["timeZone"])))
    if hours.start >= hours.end:
        raise Refusal(400, "ErrorInvalidTimeSettings", "The start of the working hours must lie before their end.")
    settings.working_hours = hours


def _days(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _invalid("A list of days was expected.")
    for day in value:
        if not isinstance(day, str) or day.lower() not in DAYS:
            raise _invalid(f"Requested value '{day}' was not found.")
    wanted = {day.lower() for day in value}
    return tuple(day for day in (*DAYS[1:], DAYS[0]) if day in wanted)


def _hours_zone(given: dict[str, Any]) -> str | CustomZone:
    if given.get("bias") is None and not str(given.get("@odata.type", "")).lower().endswith("customtimezone"):
        return _zone_name(text(given.get("name")))
    try:
        return custom_zones.read(given)
    except NoZone as error:
        raise _invalid_zone() from error


_STATUS = one_of("disabled", "alwaysEnabled", "scheduled")
_AUDIENCE = one_of("none", "contactsOnly", "all")


def _read_replies(settings: Settings, value: Any) -> None:
    given, replies = mapping(value), settings.replies
    if given.get("status") is not None:
        replies = replace(replies, status=_STATUS(given["status"]))
    if given.get("externalAudience") is not None:
        replies = replace(replies, audience=_AUDIENCE(given["externalAudience"]))
    if given.get("scheduledStartDateTime") is not None:
        replies = replace(replies, start=read_moment(given["scheduledStartDateTime"]).utc())
    if given.get("scheduledEndDateTime") is not None:
        replies = replace(replies, end=read_moment(given["scheduledEndDateTime"]).utc())
    if "internalReplyMessage" in given:
        replies = replace(replies, internal=text(given["internalReplyMessage"]))
    if "externalReplyMessage" in given:
        replies = replace(replies, external=text(given["externalReplyMessage"]))
    if replies.start is not None and replies.end is not None and replies.start >= replies.end:
        raise Refusal(
            400, "ErrorInvalidScheduledOofDuration", "The automatic replies would end before they have begun."
        )
    settings.replies = replies


_READERS: dict[str, Callable[[Settings, Any], None]] = {
    "automaticRepliesSetting": _read_replies,
    "timeZone": _read_zone,
    "language": _read_language,
    "workingHours": _read_hours,
    "dateFormat": _read_format("date_format", "dMy"),
    "timeFormat": _read_format("time_format", "hH"),
    "delegateMeetingMessageDeliveryOptions": _read_delegates,
}
