"""Every act that the audit log knows is recorded somewhere."""

import ast
from pathlib import Path

from tenants.acts import Act
from tests.rules import walk

# Acts that nothing records, and why there is a word for them all the same.
NOT_RECORDED: dict[str, str] = {}
# They say what acts are called and how they look; naming one there records nothing.
WORDS = {Path("tenants/acts.py"), Path("tenants/presentation/activity.py")}


def named() -> set[str]:
    """The acts that our apps name where they could record them."""
    return {
        node.attr
        for path, tree in walk.modules()
        if path not in WORDS
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Act"
    }


def test_every_act_is_recorded_or_has_a_reason_not_to_be():
    found = named()
    assert "ORGANIZATION_FOUNDED" in found, "the search finds nothing, so nothing was checked"
    assert set(Act.__members__) - found == set(NOT_RECORDED), "record it, or say why not"


def test_the_reasons_are_not_stale():
    assert not set(NOT_RECORDED) & named(), "these are recorded: take them off the list"
    assert set(NOT_RECORDED) <= set(Act.__members__)
