"""Query options of lists: which, in what order, how many, and the link to the rest."""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from flask import request

from sandbox.drafts import read_instant
from sandbox.graph.envelope import base_url
from sandbox.refusals import Refusal

DEFAULT_PAGE = 10
LARGEST_PAGE = 1000

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}
_TERM = re.compile(
    r"\s*(?P<path>[A-Za-z]+(?:/[A-Za-z]+)?)\s+(?P<how>eq|ne|ge|gt|le|lt)\s+(?P<value>'(?:[^']|'')*'|[^\s']+)\s*"
    r"(?P<more>\band\b|$)",
    re.IGNORECASE,
)
_STARTS_WITH = re.compile(
    r"\s*startswith\(\s*(?P<path>[A-Za-z]+(?:/[A-Za-z]+)?)\s*,\s*(?P<value>'(?:[^']|'')*')\s*\)\s*(?P<more>\band\b|$)",
    re.IGNORECASE,
)
_TIMES = frozenset({"start/datetime", "end/datetime", "createddatetime", "lastmodifieddatetime", "originalstart"})
_ORDERS = _TIMES | {"subject", "name", "displayname", "importance", "showas"}

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
    if not text.isdecimal() or int(text) < lowest:
        raise Refusal(400, "BadRequest", f"Invalid value '{text}' for ${name} query option found.")
    return int(text)


def window() -> tuple[datetime, datetime]:
    """
    `startDateTime` and `endDateTime` as instants; without an offset they are UTC, whatever zone is preferred.

    Raises:
        Refusal: one is missing or no date-time, or the end is not after the start.
    """
    start, end = option("startDateTime"), option("endDateTime")
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
    return tuple(name.strip().lower() for name in (option("select") or "").split(",") if name.strip())


def narrow(shown: Shown, names: tuple[str, ...]) -> Shown:
    """Only the selected members, and those that come unasked."""
    if not names:
        return shown
    kept = {
        name: value for name, value in shown.items() if name == "id" or name.startswith("@") or name.lower() in names
    }
    if "onlinemeeting" in names and "isonlinemeeting" not in names and "onlineMeeting" in kept:
        # The service fills it only if both are selected.
        kept["onlineMeeting"] = None
    return kept


@dataclass(frozen=True)
class Term:
    path: tuple[str, ...]
    how: Callable[[Any, Any], bool]
    value: Any

    def fits(self, shown: Shown) -> bool:
        found = _at(shown, self.path)
        return found is not None and self.how(found, self.value)


def read_filter() -> list[Term]:
    """
    The terms of `$filter` (`terms_of`).

    Raises:
        Refusal: it says something else.
    """
    return terms_of(option("filter") or "")


def terms_of(text: str) -> list[Term]:
    """
    The terms of a filter, all of which must fit: comparisons and `startswith`, joined by `and`.

    Raises:
        Refusal: it says something else.
    """
    rest = text
    terms: list[Term] = []
    while rest:
        match = _STARTS_WITH.match(rest) or _TERM.match(rest)
        if match is None:
            raise Refusal(400, "ErrorInvalidUrlQueryFilter", f"The query filter is not understood: {rest}")
        path = tuple(match["path"].lower().split("/"))
        how = _COMPARISONS[match["how"].lower()] if "how" in match.groupdict() else _starts_with
        terms.append(Term(path, how, _literal(match["value"], path)))
        rest = rest[match.end() :]
        if match["more"] and not rest.strip():
            raise Refusal(400, "ErrorInvalidUrlQueryFilter", "The query filter ends too early.")
    return terms


def _starts_with(text: Any, beginning: Any) -> bool:
    return str(text).lower().startswith(str(beginning).lower())


def _literal(text: str, path: tuple[str, ...]) -> Any:
    value = text[1:-1].replace("''", "'") if text.startswith("'") else text
    if "/".join(path) in _TIMES:
        try:
            return read_instant(value.replace(" ", "+"))
        except ValueError as error:
            raise Refusal(400, "ErrorInvalidUrlQueryFilter", f"No date: {value}") from error
    if not text.startswith("'"):
        return {"true": True, "false": False}.get(value.lower(), value)
    return value


def _at(shown: Shown, path: tuple[str, ...]) -> Any:
    found: Any = shown
    for name in path:
        if not isinstance(found, dict):
            return None
        found = next((value for key, value in found.items() if key.lower() == name), None)
    if "/".join(path) in _TIMES and isinstance(found, str):
        # Times of the caller's zone are compared as they are shown; all of them are of one zone.
        return datetime.fromisoformat(found.removesuffix("Z")).replace(tzinfo=UTC)
    return found


def ordered(items: list[Shown]) -> list[Shown]:
    """
    In the order of `$orderby`, or as they are without one.

    Raises:
        Refusal: by something that cannot be ordered by.
    """
    for wish in reversed([part.split() for part in (option("orderby") or "").split(",") if part.strip()]):
        path = wish[0].lower()
        if path not in _ORDERS or len(wish) > 2:
            raise Refusal(400, "ErrorInvalidUrlQuery", f"The order is not possible: {' '.join(wish)}")
        descending = len(wish) == 2 and wish[1].lower() == "desc"
        items = sorted(items, key=lambda shown: _at(shown, tuple(path.split("/"))), reverse=descending)
    return items


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
    return items[skip : skip + size], link(skip=skip + size) if more else None


def link(*, skip: int) -> str:
    """This request again, from `skip` on."""
    kept = [(key, value) for key, value in request.args.items(multi=True) if key.lower() not in {"$skip", "skip"}]
    query = urlencode([*kept, ("$skip", str(skip))], safe="$", quote_via=quote)
    return f"{base_url()}{path_below_version()}?{query}"


def path_below_version() -> str:
    """The path that was asked, as it was written, without the version in front."""
    raw = str(request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or request.path)
    path = raw.partition("?")[0]
    return path[path.lower().index("/v1.0") + len("/v1.0") :]


def wants_count() -> bool:
    return (option("count") or "").lower() == "true"


def fitting(items: Iterable[Shown], terms: list[Term]) -> list[Shown]:
    return [shown for shown in items if all(term.fits(shown) for term in terms)]
