"""Two runs at once: neither can fail unseen."""

import io
import sys

import pytest

from scripts.console import Console
from scripts.run_tests import run_together


def ends_with(status: int, words: str) -> list[str]:
    return [sys.executable, "-c", f"print({words!r}); raise SystemExit({status})"]


@pytest.mark.parametrize(("first", "second", "worst"), [(0, 0, 0), (1, 0, 1), (0, 5, 5), (2, 1, 2)])
def test_both_run_to_their_ends_and_the_worst_status_is_the_answer(first: int, second: int, worst: int):
    out = io.StringIO()
    runs = {"one": ends_with(first, "hello"), "two": ends_with(second, "there")}
    assert run_together(runs, Console(out)) == worst
    said = out.getvalue()
    assert "one      | hello" in said
    assert "two      | there" in said


def test_a_run_that_is_killed_counts_as_failed():
    killed = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    out = io.StringIO()
    assert run_together({"one": ends_with(0, "hello"), "two": killed}, Console(out)) == 9
    assert "two      | failed with status -9" in out.getvalue()
