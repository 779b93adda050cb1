"""Mistakes that pydantic finds, as sentences for whoever made them."""

from pydantic import ValidationError


def sentence(error: ValidationError) -> str:
    """Each mistake with the place where it is, joined to one sentence."""
    parts = [f"{'.'.join(map(str, each['loc'])) or 'the body'}: {each['msg']}" for each in error.errors()]
    return "; ".join(parts) + "."
