"""What Microsoft's names of time zones mean."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from calendars.timezones import iana_zone, zone_info
from tests.shared import shared


@pytest.fixture
def facts() -> dict[str, Any]:
    found: dict[str, Any] = shared("graph/windows-zones.json")
    return found


def test_every_windows_name_means_its_default_zone(facts: dict[str, Any]) -> None:
    expected = {name: zones["001"] for name, zones in facts["windowsToIana"].items()}
    found = {name: iana_zone(name) for name in expected}

    wrong = {name: (found[name], zone) for name, zone in expected.items() if not _same(found[name], zone)}
    assert wrong == {}


def _same(found: str | None, expected: str) -> bool:
    """The same zone by name, or UTC, or by an older spelling of its name."""
    if found is None:
        return False
    if found == expected or {found, expected} <= {"UTC", "Etc/UTC", "Etc/GMT"}:
        return True
    return zone_info(found) is not None and _rules(found) == _rules(expected)


def _rules(name: str) -> list[object]:
    zone = zone_info(name)
    begin = datetime(2024, 1, 1)  # noqa: DTZ001 - wall times, read in each zone
    return [(begin + timedelta(days=10 * n)).replace(tzinfo=zone).utcoffset() for n in range(110)]


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Alberta Standard Time", "America/Edmonton"),
        ("British Columbia Standard Time", "America/Vancouver"),
        ("Manitoba Standard Time", "America/Winnipeg"),
    ],
)
def test_the_canadian_zones_of_2026_are_known(name: str, zone: str) -> None:
    assert iana_zone(name) == zone


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "tzone://Microsoft/Utc", "Coordinated Universal Time"])
def test_utc_has_many_names(name: str) -> None:
    zone = zone_info(name)
    assert zone is not None
    assert zone.key in {"UTC", "Etc/UTC"}


@pytest.mark.parametrize("name", ["Europe/Rome", "Asia/Calcutta", "America/Argentina/Buenos_Aires"])
def test_iana_names_pass(name: str) -> None:
    assert iana_zone(name) == name


def test_names_are_compared_without_regard_to_case() -> None:
    assert iana_zone("w. europe standard time") == "Europe/Berlin"
    assert iana_zone("europe/ROME") == "Europe/Rome"


@pytest.mark.parametrize(
    "name", ["", " ", "tzone://Microsoft/Custom", "Customized Time Zone", "(UTC+01:00) Berlin", "../etc/passwd", "\0"]
)
def test_what_nobody_can_resolve_is_not_guessed(name: str) -> None:
    assert iana_zone(name) is None
    assert zone_info(name) is None
