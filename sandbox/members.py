"""
Members of the JSON that clients send, read as the service does: booleans and numbers may be
written as strings, enum values in any letter case. What does not fit is refused with `RequestBodyRead`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from sandbox.refusals import unreadable

# In Graph's spelling and order.
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
WORKDAYS = DAYS[1:6]
# More digits than any number here can have are no number, and would take long to read.
_DIGITS = re.compile("[0-9]{1,18}")
DEEPEST = 100
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?")


def _unfit(value: Any, kind: str) -> Exception:
    return unreadable(f"Cannot convert '{value}' to the expected type '{kind}'.")


def text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _unfit(value, "Edm.String")
    return value


def boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise _unfit(value, "Edm.Boolean")


def digits(text: str) -> int | None:
    """A whole number that is written in plain digits; null for everything else."""
    return int(text) if _DIGITS.fullmatch(text) else None


def integer(value: Any) -> int:
    if isinstance(value, str):
        found = digits(value.removeprefix("-"))
        if found is None:
            raise _unfit(value, "Edm.Int32")
        value = -found if value.startswith("-") else found
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
        raise _unfit(value, "Edm.Int32")
    return value


def number(value: Any) -> float:
    """Any number that can be counted with: infinity and `NaN` cannot."""
    try:
        found = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError) as error:
        raise _unfit(value, "Edm.Double") from error
    if found is None or not abs(found) < float("inf"):
        raise _unfit(value, "Edm.Double")
    return found


def time_of_day(value: Any) -> time:
    """A literal such as `08:00:00.0000000`; the hour alone is none."""
    try:
        if isinstance(value, str) and _TIME_OF_DAY.fullmatch(value):
            return time.fromisoformat(value.zfill(len(value) + (value.index(":") < 2)))
    except ValueError:
        """Such as half past twenty-five."""
    raise unreadable(f"Cannot convert the literal '{value}' to the expected type 'Edm.TimeOfDay'.")


def one_of(*words: str) -> Callable[[Any], str]:
    """A reader of an enum: it gives back the value in Graph's own spelling."""
    spelled = {word.lower(): word for word in words}

    def reader(value: Any) -> str:
        found = spelled.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            raise unreadable(f"The value '{value}' is not one of {', '.join(words)}.")
        return found

    return reader


def texts(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise unreadable("A list of strings was expected.")
    return [text(each) for each in value]


def is_too_deep(value: Any) -> bool:
    """Whether JSON is nested deeper than OData's readers go; whoever walks through it could not return."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise unreadable("An object was expected.")
    return value


def mappings(value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise unreadable("A list of objects was expected.")
    return [mapping(each) for each in value]


def spelled(payload: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same members in Graph's spelling, where `names` knows them; what lies inside them is left as it is."""
    return {names.get(name.lower(), name): value for name, value in payload.items()}


def folded(value: Any, names: dict[str, str]) -> Any:
    """The same JSON with every member that `names` knows by its lower-case name in Graph's spelling."""
    if isinstance(value, dict):
        return {names.get(str(name).lower(), str(name)): folded(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [folded(inner, names) for inner in value]
    return value
