"""Mistakes that pydantic finds, as sentences for whoever made them."""

from typing import Any

from pydantic import ValidationError

# Pydantic's sentence for these speaks of our classes.
_NO_OBJECT = frozenset({"model_type", "model_attributes_type", "dict_type"})


def sentence(error: ValidationError) -> str:
    """Each mistake with the place where it is, joined to one sentence."""
    parts = [f"{'.'.join(map(str, each['loc'])) or 'the body'}: {_said(each)}" for each in error.errors()]
    return "; ".join(parts) + "."


def _said(mistake: Any) -> str:
    if mistake["type"] in _NO_OBJECT:
        return "An object is expected"
    return str(mistake["msg"]).removeprefix("Value error, ")
