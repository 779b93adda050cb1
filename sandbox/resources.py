"""The `resource` of a subscription: whose events, which of them, and what of them."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

_EVENTS = re.compile(r"/?(?:me|users/(?P<plain>[^/?()]+)|users\('(?P<quoted>[^/?]+)'\))/events", re.IGNORECASE)
OPTIONS = frozenset({"select", "filter", "expand", "top", "skip", "orderby"})


class Unwatchable(ValueError):
    """There is nothing of that name to be watched; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Resource:
    """`person` is an id or address as it was given, null for `me`. `select` is in lower case."""

    person: str | None
    options: dict[str, str]

    @property
    def select(self) -> tuple[str, ...]:
        names = (name.strip().lower() for name in self.options.get("select", "").split(","))
        return tuple(name for name in names if name)

    @property
    def wish(self) -> tuple[tuple[str, ...], str]:
        """What two resources of one mailbox have in common if they ask for the same, however they are written."""
        return tuple(sorted(set(self.select))), " ".join(self.options.get("filter", "").lower().split())


def read_resource(text: str) -> Resource:
    """
    Raises:
        Unwatchable: it is not the events of one mailbox, or has an option that no subscription knows.
    """
    path, _, query = text.partition("?")
    match = _EVENTS.fullmatch(path.rstrip("/"))
    if match is None:
        raise Unwatchable(f"The resource '{text}' cannot be watched.")
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        plain = name.removeprefix("$").lower()
        if plain not in OPTIONS or plain in options:
            raise Unwatchable(f"The query option '{name}' is not supported by subscriptions.")
        options[plain] = value
    person = match["plain"] or match["quoted"]
    return Resource(unquote(person) if person is not None else None, options)
