"""`$expand`: what can be unfolded into an answer, and the refusal of everything else."""

import re

from sandbox.graph import query
from sandbox.refusals import Refusal

# A name, and in brackets the options that go with it.
_NAME = re.compile(r"\s*([A-Za-z]+)[^,(]*(?:\([^)]*\))?")


def refuse_expand(allowed: frozenset[str] = frozenset()) -> None:
    """
    Raises:
        Refusal: something else than `allowed` (in lower case) is to be expanded.
    """
    for match in _NAME.finditer(query.option("expand") or ""):
        name = match[1]
        if name.lower() not in allowed:
            raise Refusal(
                400,
                "ExpandNotSupported",
                f"Expand is not allowed for property '{name[0].upper()}{name[1:]}' according to the entity schema.",
            )
