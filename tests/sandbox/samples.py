"""Microsoft's published examples, and how an answer is held against one."""

from typing import Any

from tests.shared import shared


def sample(name: str) -> Any:
    return shared(f"graph/examples/{name}.json")


def lacks(answer: Any, wanted: Any, place: str = "") -> list[str]:
    """Where the answer has not what the sample has; null stands for any type, the first item for all of a list."""
    if wanted is None or answer is None:
        return []
    if isinstance(wanted, dict) and isinstance(answer, dict):
        missing = [f"{place}/{name}" for name in wanted if name not in answer]
        return missing + [
            line for name in wanted if name in answer for line in lacks(answer[name], wanted[name], f"{place}/{name}")
        ]
    if isinstance(wanted, list) and isinstance(answer, list):
        if wanted and not answer:
            return [f"{place} is empty"]
        return lacks(answer[0], wanted[0], f"{place}/0") if wanted else []
    same = type(answer) is type(wanted) or {type(answer), type(wanted)} == {int, float}
    return [] if same else [f"{place} is {type(answer).__name__}"]
