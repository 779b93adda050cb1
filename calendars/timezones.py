"""What Microsoft's names of time zones mean."""

from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import win_tz

# Spellings of UTC that are in neither table.
_UTC = frozenset({"utc", "z", "coordinated universal time", "tzone://microsoft/utc"})
# Ids that Windows gave up and old events still carry; CLDR dropped them.
_OBSOLETE = {"kamchatka standard time": "Asia/Kamchatka", "mid-atlantic standard time": "Etc/GMT+2"}
_WINDOWS: dict[str, str] = {**_OBSOLETE, **{name.lower(): zone for name, zone in win_tz.items() if name}}
_IANA: dict[str, str] = {name.lower(): name for name in available_timezones()}


@lru_cache(maxsize=1024)
def iana_zone(name: str) -> str | None:
    """
    The IANA zone that a Windows or IANA name means; None when nobody can tell.

    Custom zones (`tzone://Microsoft/Custom`, `Customized Time Zone`) and free text from imported invitations cannot be
    resolved by name, and are not guessed.
    """
    wanted = name.strip().lower()
    if wanted in _UTC:
        return "UTC"
    return _WINDOWS.get(wanted) or _IANA.get(wanted)


def zone_info(name: str) -> ZoneInfo | None:
    """The rules of the zone that a Windows or IANA name means; None when nobody can tell."""
    found = iana_zone(name)
    return ZoneInfo(found) if found else None
