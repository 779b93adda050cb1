"""Extended properties in queries: asked for by id with `$expand`, and searched by id and value."""

from collections.abc import Callable

from sandbox import extended
from sandbox.graph.expand import Expansion
from sandbox.graph.expressions import Spelled
from sandbox.graph.query import Shown
from sandbox.refusals import Refusal

SINGLE, MULTI = "singlevalueextendedproperties", "multivalueextendedproperties"


def expanded_properties(found: extended.Properties, wish: Expansion, *, several: bool) -> Shown:
    """
    Those that the wish names; without any the member is left out.

    Raises:
        Refusal: the wish does not say which.
    """
    if "filter" not in wish.options:
        raise Refusal(
            400, "ErrorInvalidUrlQueryFilter", "Extended properties are expanded by a filter for their ids only."
        )
    shown = [spelled(each, extended.key_of) for each in extended.shown(found.values(), several=several)]
    kept = wish.fitting(shown)
    name = "multiValueExtendedProperties" if several else "singleValueExtendedProperties"
    return {name: [each | {"id": each["id"].shown} for each in kept]} if kept else {}


def searched_properties(found: extended.Properties) -> list[Shown]:
    """What filters see of them: ids that equal all their spellings."""
    return [spelled(each, extended.key_of) for each in extended.shown(found.values(), several=False)]


def spelled(shown: Shown, normal: Callable[[str], str]) -> Shown:
    return shown | {"id": Spelled(shown["id"], normal)}
