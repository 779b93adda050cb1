"""The zones that a mailbox server offers, and how it describes them to people."""

from collections import defaultdict
from datetime import datetime, timedelta
from functools import cache

from tzlocal.windows_tz import tz_win

from sandbox.zones import NEW_IN_2026, WINDOWS, zone

# The IANA names that the documentation lists; the service may take more than it offers.
IANA = (
    "Etc/GMT+12", "Etc/GMT+11", "Pacific/Honolulu", "America/Anchorage", "America/Santa_Isabel",
    "America/Los_Angeles", "America/Phoenix", "America/Chihuahua", "America/Denver", "America/Guatemala",
    "America/Chicago", "America/Mexico_City", "America/Regina", "America/Bogota", "America/New_York",
    "America/Indiana/Indianapolis", "America/Caracas", "America/Asuncion", "America/Halifax", "America/Cuiaba",
    "America/La_Paz", "America/Santiago", "America/St_Johns", "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires", "America/Cayenne", "America/Godthab", "America/Montevideo", "America/Bahia",
    "Etc/GMT+2", "Atlantic/Azores", "Atlantic/Cape_Verde", "Africa/Casablanca", "Etc/GMT", "Europe/London",
    "Atlantic/Reykjavik", "Europe/Berlin", "Europe/Budapest", "Europe/Paris", "Europe/Warsaw", "Africa/Lagos",
    "Africa/Windhoek", "Europe/Bucharest", "Asia/Beirut", "Africa/Cairo", "Asia/Damascus", "Africa/Johannesburg",
    "Europe/Kyiv", "Europe/Istanbul", "Asia/Jerusalem", "Asia/Amman", "Asia/Baghdad", "Europe/Kaliningrad",
    "Asia/Riyadh", "Africa/Nairobi", "Asia/Tehran", "Asia/Dubai", "Asia/Baku", "Europe/Moscow",
    "Indian/Mauritius", "Asia/Tbilisi", "Asia/Yerevan", "Asia/Kabul", "Asia/Karachi", "Asia/Tashkent",
    "Asia/Kolkata", "Asia/Colombo", "Asia/Kathmandu", "Asia/Almaty", "Asia/Dhaka", "Asia/Yekaterinburg",
    "Asia/Yangon", "Asia/Bangkok", "Asia/Novosibirsk", "Asia/Shanghai", "Asia/Krasnoyarsk", "Asia/Singapore",
    "Australia/Perth", "Asia/Taipei", "Asia/Ulaanbaatar", "Asia/Irkutsk", "Asia/Tokyo", "Asia/Seoul",
    "Australia/Adelaide", "Australia/Darwin", "Australia/Brisbane", "Australia/Sydney", "Pacific/Port_Moresby",
    "Australia/Hobart", "Asia/Yakutsk", "Pacific/Guadalcanal", "Asia/Vladivostok", "Pacific/Auckland",
    "Etc/GMT-12", "Pacific/Fiji", "Asia/Magadan", "Pacific/Tongatapu", "Pacific/Apia", "Pacific/Kiritimati",
)  # fmt: skip
HALF_A_YEAR = timedelta(days=182)
_MOST_CITIES = 4
# Folders of the zone database that hold places, unlike those of countries and of old spellings.
_PLACES = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


def windows(*, now: datetime, new_ones: bool) -> list[tuple[str, str]]:
    """Windows names with what is shown to people, from west to east. `new_ones`: also those of autumn 2026."""
    names = [name for name in WINDOWS if new_ones or name not in NEW_IN_2026]
    offsets = {name: _offset(name, now) for name in names}
    names.sort(key=lambda name: (offsets[name], name))
    return [(name, f"{_shown_offset(offsets[name])} {_places(name)}") for name in names]


def _offset(name: str, now: datetime) -> timedelta:
    """What the clock is ahead of UTC in the winter that is or comes next."""
    rules = zone(name)
    halves = (moment.astimezone(rules).utcoffset() for moment in (now, now + HALF_A_YEAR))
    return min(offset or timedelta(0) for offset in halves)


def _shown_offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    if minutes == 0:
        return "(UTC)"
    sign = "-" if minutes < 0 else "+"
    return f"(UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02})"


def _places(name: str) -> str:
    """A few cities of the zone, its main one among them; for a bare offset what it is called."""
    main = WINDOWS[name]
    cities = sorted({_city(key) for key in _keys()[name] if key.partition("/")[0] in _PLACES} - {_city(main)})
    if main.startswith("Etc/"):
        return f"Coordinated Universal Time{name.removeprefix('UTC')}" if name.startswith("UTC") else name
    return ", ".join(sorted([_city(main), *cities[: _MOST_CITIES - 1]]))


def _city(key: str) -> str:
    return key.rpartition("/")[2].replace("_", " ")


@cache
def _keys() -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key, name in tz_win.items():
        found[name].append(key)
    return found
