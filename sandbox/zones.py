"""Zone names as Outlook uses them, and wall times in those zones."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

# Exchange keeps no times outside of these: years before lie before its count of time, and endless series
# end there. Whatever lies between can be computed with in every zone.
FIRST_DAY, LAST_DAY = date(1601, 1, 2), date(4500, 8, 31)
# Windows has had these since autumn 2026; the table at hand may be older.
NEW_IN_2026 = {
    "Alberta Standard Time": "America/Edmonton",
    "British Columbia Standard Time": "America/Vancouver",
    "Manitoba Standard Time": "America/Winnipeg",
}
# Ids that Windows gave up and still takes.
_OBSOLETE = {"Kamchatka Standard Time": "Asia/Kamchatka", "Mid-Atlantic Standard Time": "Etc/GMT+2"}
# Spellings that only Outlook has.
_OUTLOOK = {
    "tzone://Microsoft/Utc": "Etc/UTC",
    "GMT": "Etc/GMT",
    "Asia/Astana": "Asia/Almaty",
    "Asia/Toshkent": "Asia/Tashkent",
}
WINDOWS: dict[str, str] = {**{name: key for name, key in win_tz.items() if name}, **_OBSOLETE, **NEW_IN_2026}
_WINDOWS_FOLDED = {name.casefold(): key for name, key in (WINDOWS | _OUTLOOK).items()}
# The table of tzlocal has an entry for the empty name, which means nothing.
_IANA: frozenset[str] = frozenset(name for name in tz_win if name) | frozenset(WINDOWS.values())
_IANA_FOLDED = {name.casefold(): name for name in _IANA}


class UnknownZone(ValueError):
    """Neither a Windows nor an IANA name."""


@cache
def _load(key: str) -> ZoneInfo:
    # Not ZoneInfo(key): that prefers the tables of the machine, which may be years older than the
    # package and put the same event at another hour than a client whose tables are current.
    *folders, name = ("zoneinfo", *key.split("/"))
    with files(".".join(("tzdata", *folders))).joinpath(name).open("rb") as table:
        return ZoneInfo.from_file(table, key)


def iana(name: str) -> str:
    """
    The IANA key behind a Windows or IANA name, whatever its letter case.

    Raises:
        UnknownZone: also for the empty name.
    """
    folded = name.casefold()
    key = _WINDOWS_FOLDED.get(folded) or _IANA_FOLDED.get(folded)
    if key is None:
        raise UnknownZone(name)
    return key


@cache
def zone(name: str) -> ZoneInfo:
    """
    The rules behind a Windows or IANA name, from the tzdata package.

    Raises:
        UnknownZone: nothing of that name.
    """
    return _load(iana(name))


def same(one: str, other: str) -> bool:
    """Whether two names mean one zone: `Pacific Standard Time` and `America/Los_Angeles` do."""
    return iana(one) == iana(other)


# Views of the same calendars ask for the same times again and again.
@lru_cache(maxsize=16_384)
def to_utc(wall: datetime, name: str) -> datetime:
    """
    The instant of a wall time. In a gap the time moves forward by the gap's length, in a
    doubled hour the first one counts (RFC 5545, and `fold=0`).
    """
    return wall.replace(tzinfo=zone(name), fold=0).astimezone(UTC)


def to_wall(moment: datetime, name: str) -> datetime:
    """The naive wall time of an instant."""
    return moment.astimezone(zone(name)).replace(tzinfo=None, fold=0)


def seven_decimals(wall: datetime | time) -> str:
    """A time as Graph writes it, without offset or zone."""
    return f"{wall.isoformat(timespec='microseconds')[:26]}0"


def shown_wall(moment: datetime, name: str) -> dict[str, str]:
    """An instant as `dateTimeTimeZone` in a zone, which keeps the spelling in which it was wished for."""
    return {"dateTime": seven_decimals(to_wall(moment, name)), "timeZone": name}


@dataclass(frozen=True, slots=True)
class Moment:
    """A wall time with the name of its zone, as somebody wrote it down."""

    wall: datetime
    zone: str

    def utc(self) -> datetime:
        return to_utc(self.wall, self.zone)

    def at_midnight(self) -> bool:
        return self.wall.time() == datetime.min.time()
