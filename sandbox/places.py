"""Where an event is: reading `location` and `locations`, which always say the same."""

from collections.abc import Callable
from typing import Any

from sandbox.members import mapping, number, one_of, text

_ADDRESS = ("street", "city", "state", "countryOrRegion", "postalCode")
_COORDINATES = ("latitude", "longitude", "altitude", "accuracy", "altitudeAccuracy")
_ID_TYPE = one_of("unknown", "locationStore", "directory", "private", "bing")
_TYPE = one_of(
    "default", "conferenceRoom", "homeAddress", "businessAddress", "geoCoordinates", "streetAddress", "hotel",
    "restaurant", "localBusiness", "postalAddress",
)  # fmt: skip

Place = dict[str, Any]


def read(value: Any) -> Place:
    """
    The one place of an event, or one of a list that came alone. A client does not choose its type.

    Raises:
        Refusal: a member has the wrong type.
    """
    return _read(value, stated_type=False)


def read_trusted(value: Any) -> Place:
    """The same, with the type that is stated."""
    return _read(value, stated_type=True)


def agree(members: dict[str, Any]) -> None:
    """
    Make `location` and `locations` say the same. A list that was sent wins, since it says more;
    a single place that was sent replaces the whole list.
    """
    if members.get("locations"):
        places = members["locations"]
        joined = "; ".join(str(place["displayName"]) for place in places)
        members["location"] = places[0] if len(places) == 1 else _named(joined)
        members["locations"] = [_in_list(place) for place in places]
    elif "location" in members:
        members["locations"] = [members["location"]] if members["location"].get("displayName") else []
    elif "locations" in members:
        members["location"] = _named("")


def _read(value: Any, *, stated_type: bool) -> Place:
    given = mapping(value or {})
    place = _named(text(given.get("displayName")))
    stated = _TYPE(given["locationType"]) if given.get("locationType") is not None else "default"
    if stated_type:
        place["locationType"] = stated
    for name, reader in _READERS.items():
        if given.get(name) is not None:
            place[name] = reader(given[name])
    return place


def _named(name: str) -> Place:
    place: Place = {"displayName": name, "locationType": "default"}
    if name:
        place["uniqueId"] = name
    place["uniqueIdType"] = "private" if name else "unknown"
    return place


# The place of an event that has none. Nobody changes it: each event gets a copy.
NOWHERE = _named("")


def _in_list(place: Place) -> Place:
    """A place as it is shown in a list: one of which nothing but the name is known has no id."""
    if place != _named(str(place["displayName"])):
        return place
    return NOWHERE | {"displayName": place["displayName"]}


def _members(names: tuple[str, ...], reader: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    def read_members(value: Any) -> dict[str, Any]:
        given = mapping(value)
        return {name: reader(given[name]) for name in names if given.get(name) is not None}

    return read_members


_READERS: dict[str, Callable[[Any], Any]] = {
    "uniqueId": text,
    "uniqueIdType": _ID_TYPE,
    "locationUri": text,
    "locationEmailAddress": text,
    "address": _members(_ADDRESS, text),
    "coordinates": _members(_COORDINATES, number),
}
