"""Tables as files: no cell is run by whoever opens them."""

import pytest

from tenants import sheets


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_that_looks_like_a_formula_is_a_text(cell: str):
    assert sheets.line([cell, "plain"]).decode().lstrip('"').startswith("'")


def test_other_cells_stay_as_they_are():
    assert sheets.line(["plain", 3, None, "a,b", "x=1"]) == b'plain,3,,"a,b",x=1\r\n'
