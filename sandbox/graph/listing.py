"""Lists, as the query options want them: one page, and the link to the next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from flask import Response

from sandbox.graph import expand, filters, query
from sandbox.graph.call import Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.expand import Expansion
from sandbox.graph.query import Item, Shown


@dataclass(frozen=True)
class Kind(Generic[Item]):
    """
    How the items of a list are shown, and what can be asked of them.

    `names` are their members in lower case, for filters; null takes any. `searched` are members that
    filters may ask about although they are not shown. `related` are those that come with `$expand`:
    what is null does not come. All names are in lower case. `hidden` may not be selected.
    """

    show: Callable[[Item], Shown]
    names: frozenset[str] | None = None
    searched: Mapping[str, Callable[[Item], list[Shown]]] = field(default_factory=dict)
    related: Mapping[str, Callable[[Item, Expansion], Shown]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    def selected(self, shown: Shown) -> Shown:
        """What of it was selected."""
        wanted = query.selected()
        names = tuple(name for name in wanted if name not in self.hidden)
        # If nothing is left of what was selected, that does not mean everything.
        return query.narrow(shown, names or (("id",) if wanted else ()))

    def finished(self, item: Item, shown: Shown, wishes: Sequence[Expansion]) -> Shown:
        """What was selected, with what was expanded."""
        kept = self.selected(shown)
        for wish in wishes:
            kept = kept | self.related[wish.name](item, wish)
        return kept


def as_shown(shown: Shown) -> Shown:
    return shown


_PLAIN: Kind[Any] = Kind(as_shown)


def listing(call: Call, items: Sequence[Item], what: str, kind: Kind[Item] = _PLAIN) -> Response:
    """
    A list as the query options want it, one page of it. Without a `kind`, items are as they are shown.

    Raises:
        Refusal: an option cannot be read, or is not for this list.
    """
    query.refuse_search()
    wishes = expand.read(kind.related)
    size = query.page_size(call.prefer.page_size)
    counted = query.wants_count()
    text = query.option("filter")
    if text or query.option("orderby"):
        rows = query.ordered(items, [kind.show(item) for item in items])
        if text:
            rows = _fitting(rows, text, kind)
        total, part, next_link = len(rows), *query.page(rows, size)
    else:
        # The usual case shows only the page that is asked for.
        some, next_link = query.page(items, size)
        total, part = len(items), [(item, kind.show(item)) for item in some]
    body: dict[str, Any] = {"@odata.context": context(f"{call.below_root(what)}{query.selection()}")}
    if counted:
        body["@odata.count"] = total
    body["value"] = [kind.finished(item, shown, wishes) for item, shown in part]
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    return answer(body)


def count(items: Sequence[Item], kind: Kind[Item] = _PLAIN) -> Response:
    """
    How many fit `$filter`, as a bare number.

    Raises:
        Refusal: the filter cannot be read.
    """
    text = query.option("filter")
    rows = _fitting([(item, kind.show(item)) for item in items], text, kind) if text else items
    return Response(str(len(rows)), content_type="text/plain")


def _fitting(rows: list[tuple[Item, Shown]], text: str, kind: Kind[Item]) -> list[tuple[Item, Shown]]:
    names = None if kind.names is None else kind.names | frozenset(kind.searched)
    wanted = filters.parse(text, names)
    asked = {name: find for name, find in kind.searched.items() if name in wanted.names}
    return [
        (item, shown)
        for item, shown in rows
        if wanted.fits(shown | {name: find(item) for name, find in asked.items()} if asked else shown)
    ]
