"""
Extended properties: what Exchange keeps of an item beyond the members that Graph has names for.

An id is a type with a name or number in a set, `String {guid} Name Fun` or `Integer {guid} Id 0x8205`,
or a type with a tag, `String 0x4001`. The letter case of a name counts; that of the rest does not.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sandbox.directory import GUID
from sandbox.items import Event, ExtendedProperty, Override
from sandbox.members import mappings, text
from sandbox.refusals import Refusal

_ID = re.compile(
    r"\s*(?P<type>[a-z]+)\s+"
    r"(?:\{(?P<set>" + GUID + r")\}\s+"
    r"(?:name\s+(?P<name>\S(?:.*\S)?)|id\s+(?P<id>0x[0-9a-f]{1,8}|\d{1,10}))"
    r"|(?P<tag>0x[0-9a-f]{1,8}))\s*",
    re.IGNORECASE,
)
_PLAIN_TYPES = (
    "ApplicationTime", "Binary", "Boolean", "CLSID", "Currency", "Double", "Error", "Float", "Integer", "Long",
    "Null", "Object", "Short", "String", "SystemTime",
)  # fmt: skip
_TYPES = {name.lower(): name for name in _PLAIN_TYPES} | {
    f"{name}Array".lower(): f"{name}Array" for name in _PLAIN_TYPES if name not in {"Boolean", "Error", "Null"}
}

Properties = dict[str, ExtendedProperty]
# Null takes a property away.
Changes = dict[str, ExtendedProperty | None]


def key_of(id_: str) -> str:
    """What all spellings of an id have in common; what is no id is only like itself."""
    found = _ID.fullmatch(id_)
    if found is None:
        return id_
    kind = found["type"].lower()
    if found["tag"] is not None:
        return f"{kind} {int(found['tag'], 16)}"
    if found["name"] is not None:
        return f"{kind} {found['set'].lower()} name {found['name']}"
    return f"{kind} {found['set'].lower()} id {_number(found['id'])}"


def _number(text: str) -> int:
    return int(text, 16) if text.lower().startswith("0x") else int(text)


def read_single(payload: Any) -> Changes:
    """
    The folded JSON of `singleValueExtendedProperties`.

    Raises:
        Refusal: an id is malformed or of a type with several values, or a value does not fit its type.
    """
    return dict(_read(each, several=False) for each in mappings(payload))


def read_multi(payload: Any) -> Changes:
    """
    The folded JSON of `multiValueExtendedProperties`.

    Raises:
        Refusal: an id is malformed or of a type with one value, or a value does not fit its type.
    """
    return dict(_read(each, several=True) for each in mappings(payload))


def merged(now: Mapping[str, ExtendedProperty], changes: Changes) -> Properties:
    """The properties after a change."""
    return {key: value for key, value in (dict(now) | changes).items() if value is not None}


def of(event: Event, own: Override | None) -> Properties:
    """The properties of an event, or of an instance of it that may have some of its own."""
    return event.properties if own is None else event.properties | own.properties


def shown(properties: Iterable[ExtendedProperty], *, several: bool) -> list[dict[str, Any]]:
    """One of both kinds as Graph shows it."""
    return [
        {"id": each.id, "value": list(each.value) if isinstance(each.value, tuple) else each.value}
        for each in properties
        if isinstance(each.value, tuple) is several
    ]


def _read(given: dict[str, Any], *, several: bool) -> tuple[str, ExtendedProperty | None]:
    id_ = text(given.get("id"))
    found = _ID.fullmatch(id_)
    kind = _TYPES.get(found["type"].lower()) if found is not None else None
    if found is None or kind is None or kind.endswith("Array") is not several:
        raise Refusal(400, "ErrorInvalidExtendedProperty", f"'{id_}' is not the id of such an extended property.")
    key, value = key_of(id_), given.get("value")
    if value is None:
        return key, None
    if several:
        if not isinstance(value, list):
            raise _unfit(id_)
        read: str | tuple[str, ...] = tuple(_value(kind.removesuffix("Array"), each, id_) for each in value)
    else:
        read = _value(kind, value, id_)
    if found["tag"] is not None:
        where = f"0x{int(found['tag'], 16):x}"
    elif found["name"] is not None:
        where = f"{{{found['set'].lower()}}} Name {found['name']}"
    else:
        where = f"{{{found['set'].lower()}}} Id 0x{_number(found['id']):x}"
    return key, ExtendedProperty(f"{kind} {where}", read)


def _value(kind: str, value: Any, id_: str) -> str:
    if not isinstance(value, str):
        raise _unfit(id_)
    try:
        return _CHECKS.get(kind, str)(value)
    except (ValueError, binascii.Error) as error:
        raise _unfit(id_) from error


def _unfit(id_: str) -> Refusal:
    return Refusal(400, "ErrorInvalidExtendedPropertyValue", f"The value of '{id_}' does not fit its type.")


def _boolean(value: str) -> str:
    if value.lower() not in {"true", "false"}:
        raise ValueError(value)
    return value.lower()


def _checked(convert: Callable[[str], object]) -> Callable[[str], str]:
    """A value that has a meaning, and comes back as it was written."""

    def check(value: str) -> str:
        convert(value)
        return value

    return check


_CHECKS: dict[str, Callable[[str], str]] = {
    "Boolean": _boolean,
    "Binary": _checked(lambda value: base64.b64decode(value, validate=True)),
    "CLSID": _checked(UUID),
    "SystemTime": _checked(datetime.fromisoformat),
    **dict.fromkeys(("Integer", "Long", "Short", "Error"), _checked(int)),
    **dict.fromkeys(("ApplicationTime", "Currency", "Double", "Float"), _checked(float)),
}
