"""`$expand`: what comes along with an item, and how it is narrowed."""

from collections.abc import Container
from dataclasses import dataclass, field

from sandbox.graph import filters, query
from sandbox.graph.query import Shown
from sandbox.members import digits
from sandbox.refusals import Refusal


@dataclass(frozen=True)
class Expansion:
    """One wish: the name in lower case, and its own options by theirs."""

    name: str
    options: dict[str, str] = field(default_factory=dict)

    def fitting(self, items: list[Shown]) -> list[Shown]:
        """
        Those that its `$filter` wants.

        Raises:
            Refusal: the filter cannot be read.
        """
        text = self.options.get("filter")
        if text is None:
            return items
        wanted = filters.parse(text)
        return [item for item in items if wanted.fits(item)]

    def narrowed(self, items: list[Shown]) -> list[Shown]:
        """Each with what its `$select` wants, and no more of them than its `$top`."""
        names = query.names_in(self.options.get("select"))
        top = digits(self.options.get("top", ""))
        return [query.narrow(item, names) for item in items[:top]]


def read(allowed: Container[str]) -> list[Expansion]:
    """
    The wishes in the request's `$expand`. `allowed` are lower-case names.

    Raises:
        Refusal: it cannot be read, or something cannot be expanded.
    """
    wishes = [_wish(part) for part in _split(query.option("expand") or "", ",")]
    for wish in wishes:
        if wish.name.lower() not in allowed:
            raise not_supported(wish.name)
    return [Expansion(wish.name.lower(), wish.options) for wish in wishes]


def not_supported(name: str) -> Refusal:
    return Refusal(
        400,
        "ExpandNotSupported",
        f"Expand is not allowed for property '{name[:1].upper()}{name[1:]}' according to the entity schema.",
    )


def _wish(text: str) -> Expansion:
    name, opening, rest = text.partition("(")
    if not opening:
        return Expansion(name.strip())
    if not rest.rstrip().endswith(")"):
        raise _unreadable(text)
    options = {}
    for part in _split(rest.rstrip()[:-1], ";"):
        key, equals, value = part.partition("=")
        if not equals:
            raise _unreadable(part)
        options[key.strip().removeprefix("$").lower()] = value.strip()
    return Expansion(name.strip(), options)


def _split(text: str, mark: str) -> list[str]:
    """The parts between marks that stand neither in brackets nor in quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for position, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == mark and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    if depth != 0 or quoted:
        raise _unreadable(text)
    return [part for part in (*parts, text[start:]) if part.strip()]


def _unreadable(text: str) -> Refusal:
    return Refusal(400, "ErrorInvalidUrlQuery", f"The query parameter '$expand' is not understood: {text}")
