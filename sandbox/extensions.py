"""Open extensions: JSON that an app keeps at an event, under a name of its own."""

from collections.abc import Mapping
from typing import Any

from sandbox.items import Extension
from sandbox.refusals import Refusal, unreadable

PREFIX = "Microsoft.OutlookServices.OpenTypeExtension."
TYPE = "#microsoft.graph.openTypeExtension"
_TYPE_NAMES = frozenset({"microsoft.graph.opentypeextension", "microsoft.outlookservices.opentypeextension"})
# Graph's own members, which no app can have for itself.
_RESERVED = frozenset({"@odata.type", "@odata.id", "@odata.context", "extensionname", "id"})


def key_of(name: str) -> str:
    """What the short name, the full one, and both in any letter case have in common."""
    folded = name.lower()
    return folded.removeprefix(PREFIX.lower())


def read(payload: Mapping[str, Any]) -> Extension:
    """
    An extension as an app sends it; what it says is kept verbatim.

    Raises:
        Refusal: it does not say that it is one, or has no name.
    """
    named = {name.lower(): value for name, value in payload.items() if name.lower() in _RESERVED}
    kind, name = named.get("@odata.type"), named.get("extensionname") or named.get("id")
    if not isinstance(kind, str) or kind.removeprefix("#").lower() not in _TYPE_NAMES:
        raise unreadable("An extension needs '@odata.type' of 'microsoft.graph.openTypeExtension'.")
    if not isinstance(name, str) or not key_of(name):
        raise Refusal(400, "ErrorInvalidParameter", "An extension needs 'extensionName'.")
    short = name[len(PREFIX) :] if name.lower().startswith(PREFIX.lower()) else name
    return Extension(short, own_members(payload))


def read_all(payload: Any) -> dict[str, Extension]:
    """
    The extensions that come inside an event.

    Raises:
        Refusal: one of them is none, or two have one name.
    """
    if payload is None:
        return {}
    if not isinstance(payload, list) or not all(isinstance(each, dict) for each in payload):
        raise unreadable("A list of extensions was expected.")
    found: dict[str, Extension] = {}
    for each in payload:
        extension = read(each)
        if key_of(extension.name) in found:
            raise there_already(extension.name)
        found[key_of(extension.name)] = extension
    return found


def own_members(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What belongs to the app."""
    return {name: value for name, value in payload.items() if name.lower() not in _RESERVED}


def shown(extension: Extension) -> dict[str, Any]:
    return {
        "@odata.type": TYPE,
        "id": f"{PREFIX}{extension.name}",
        "extensionName": extension.name,
        **extension.members,
    }


def there_already(name: str) -> Refusal:
    return Refusal(409, "nameAlreadyExists", f"An extension of the name '{name}' is there already.")
