"""What the sandbox's README says of itself is so."""

import re
from pathlib import Path

import pytest

from sandbox.app import create_app

TESTS = Path(__file__).parent
README = (TESTS.parents[1] / "sandbox" / "README.md").read_text(encoding="utf-8")
PROOFS = sorted(set(re.findall(r"`((?:\w+/)?test_\w+(?:::test_\w+)?)`", README)))
DOORS = sorted(set(re.findall(r"\*\*`(GET|POST|DELETE) (/[\w/]+)", README)))


def test_the_table_is_read() -> None:
    assert len(PROOFS) > 200
    assert len(DOORS) > 20


@pytest.mark.parametrize("proof", PROOFS)
def test_every_proof_that_is_named_exists(proof: str) -> None:
    place, _, name = proof.partition("::")
    folder, _, module = place.rpartition("/")
    source = (TESTS.parent / (folder or "sandbox") / f"{module.removesuffix('.py')}.py").read_text(encoding="utf-8")
    assert not name or f"def {name}(" in source


def test_every_door_that_is_named_exists_and_every_door_is_named() -> None:
    doors = {
        (method, str(rule).removeprefix("/_sandbox").partition("<")[0].rstrip("/"))
        for rule in create_app(events=0).url_map.iter_rules()
        if str(rule).startswith("/_sandbox/") and "inbox" not in str(rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(method, path.rstrip("/")) for method, path in DOORS} == doors
