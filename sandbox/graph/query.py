"""Query options of lists: which, in what order, how many, and the link to the rest."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from flask import request

from sandbox.drafts import read_instant
from sandbox.graph import expressions
from sandbox.graph.envelope import base_url, undecoded_path
from sandbox.members import digits
from sandbox.refusals import Refusal

DEFAULT_PAGE = 10
LARGEST_PAGE = 1000

# What a list can be put in order by: whatever is one value, and has an order.
_ORDERS = frozenset({
    "start/datetime", "end/datetime", "createddatetime", "lastmodifieddatetime", "originalstart", "subject", "name",
    "displayname", "importance", "showas", "sensitivity", "type", "isallday", "iscancelled", "size", "id", "color",
    "organizer/emailaddress/name", "organizer/emailaddress/address", "location/displayname",
})  # fmt: skip

Shown = dict[str, Any]
Item = TypeVar("Item")


def option(name: str) -> str | None:
    """A query option by its name, whatever its letter case and whether or not its `$` was sent."""
    wanted = name.lower()
    for key, value in request.args.items():
        if key.lower() in {wanted, f"${wanted}"}:
            return value
    return None


def count_option(name: str, *, lowest: int) -> int | None:
    """
    Raises:
        Refusal: it is not a whole number, or too small.
    """
    text = option(name)
    if text is None:
        return None
    found = digits(text)
    if found is None or found < lowest:
        raise Refusal(400, "BadRequest", f"Invalid value '{text}' for ${name} query option found.")
    return found


def window() -> tuple[datetime, datetime]:
    """`startDateTime` and `endDateTime` of the query, as `read_window` reads them."""
    return read_window(option("startDateTime"), option("endDateTime"))


def read_window(start: str | None, end: str | None) -> tuple[datetime, datetime]:
    """
    A window as instants; without an offset the times are UTC, whatever zone is preferred.

    Raises:
        Refusal: one is missing or no date-time, or the end is before the start.
    """
    if not start or not end:
        raise Refusal(
            400,
            "ErrorInvalidParameter",
            "This request requires a time window specified by the query string parameters "
            "StartDateTime and EndDateTime.",
        )
    try:
        # A plus sign that a client forgot to encode arrives as a blank.
        window = read_instant(start.strip().replace(" ", "+")), read_instant(end.strip().replace(" ", "+"))
    except ValueError as error:
        raise Refusal(400, "ErrorInvalidParameter", "The window's dates cannot be read.") from error
    if window[1] < window[0]:
        raise Refusal(400, "ErrorInvalidParameter", "The end of the window is before its start.")
    return window


def selected() -> tuple[str, ...]:
    """The names in `$select`, in lower case; empty if everything is wanted."""
    return names_in(option("select"))


def names_in(text: str | None) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in (text or "").split(",") if name.strip())
    # A star wants everything, whatever else is named.
    return () if "*" in names else names


def selection() -> str:
    """What the context of an answer says of `$select`."""
    wanted = option("select")
    return f"({','.join(name.strip() for name in wanted.split(','))})" if wanted and selected() else ""


def narrow(shown: Shown, names: tuple[str, ...]) -> Shown:
    """Only the selected members, and those that come unasked. A name may lead into a member: `start/dateTime`."""
    if not names:
        return shown
    heads = _heads(names)
    kept = {}
    for name, value in shown.items():
        inner = heads.get(name.lower())
        if name == "id" or name.startswith("@"):
            kept[name] = value
        elif inner is not None:
            kept[name] = value if "" in inner else _narrow_inside(value, inner)
    if "onlinemeeting" in heads and "isonlinemeeting" not in heads and "onlineMeeting" in kept:
        # The service fills it only if both are selected.
        kept["onlineMeeting"] = None
    return kept


@lru_cache(maxsize=256)
def _heads(names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The members that are wanted, each with the names inside it; an empty one is the whole."""
    heads: dict[str, tuple[str, ...]] = {}
    for name in names:
        head, _, rest = name.partition("/")
        heads[head] = (*heads.get(head, ()), rest)
    if "location" in heads:
        # In the published samples the list of places always comes with the place.
        heads.setdefault("locations", ("",))
    return heads


def _narrow_inside(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_narrow_inside(each, names) for each in value]
    return narrow(value, names) if isinstance(value, dict) else value


def refuse_search() -> None:
    """
    Raises:
        Refusal: `$search` is asked for, which calendars do not have.
    """
    if option("search") is not None:
        raise Refusal(400, "ErrorInvalidUrlQuery", "The query parameter '$search' is not supported for this resource.")


def ordered(items: Sequence[Item], shown: Sequence[Shown]) -> list[tuple[Item, Shown]]:
    """
    Items with how they are shown, in the order of `$orderby`, or as they are without one. What has no
    value comes first.

    Raises:
        Refusal: by something that cannot be ordered by.
    """
    rows = list(zip(items, shown, strict=True))
    for wish in reversed([part.split() for part in (option("orderby") or "").split(",") if part.strip()]):
        path, direction = wish[0].lower(), wish[1].lower() if len(wish) == 2 else "asc"
        if path not in _ORDERS or len(wish) > 2 or direction not in {"asc", "desc"}:
            raise Refusal(400, "ErrorInvalidUrlQuery", f"The order is not possible: {' '.join(wish)}")
        words = tuple(path.split("/"))
        rows.sort(key=lambda row: _rank(row[1], words), reverse=direction == "desc")
    return rows


def _rank(shown: Shown, words: tuple[str, ...]) -> tuple[int, Any]:
    found = expressions.value_at(shown, words, all_day=shown.get("isAllDay") is True)
    if isinstance(found, str):
        return 2, found.casefold()
    if isinstance(found, datetime):
        return 3, found
    # Values of other types are only in what is shown verbatim.
    return (1, found) if isinstance(found, int | float) else (0, 0)


def page_size(preferred: int | None) -> int:
    """
    Raises:
        Refusal: `$top` is no positive number.
    """
    return min(count_option("top", lowest=1) or preferred or DEFAULT_PAGE, LARGEST_PAGE)


def page(items: Sequence[Item], size: int) -> tuple[Sequence[Item], str | None]:
    """
    The part of `items` that was asked for, and the link to what follows it.

    Raises:
        Refusal: `$skip` is not a number.
    """
    skip = count_option("skip", lowest=0) or 0
    more = skip + size < len(items)
    return items[skip : skip + size], link("skip", str(skip + size)) if more else None


def link(name: str, value: str) -> str:
    """This request again, with that value of one option."""
    kept = [each for each in request.args.items(multi=True) if each[0].lower() not in {name, f"${name}"}]
    query = urlencode([*kept, (f"${name}", value)], safe="$", quote_via=quote)
    return f"{base_url()}{path_below_version()}?{query}"


def path_below_version() -> str:
    """The path that was asked, as it was written, without the version in front."""
    path = undecoded_path()
    return path[path.lower().index("/v1.0") + len("/v1.0") :]


def wants_count() -> bool:
    """
    Raises:
        Refusal: `$count` is neither true nor false.
    """
    text = (option("count") or "false").lower()
    if text not in {"true", "false"}:
        raise Refusal(400, "BadRequest", f"Invalid value '{text}' for $count query option found.")
    return text == "true"
