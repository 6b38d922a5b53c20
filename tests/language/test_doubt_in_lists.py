"""A part of a list or a range that could not be read is no traceback: found by mutation."""

from __future__ import annotations

import pytest

from posgc.language import analyse
from posgc.language.diagnostics import Source

HEAD = "game g {\n agents a, b; horizon 2;\n"


@pytest.mark.parametrize(
    "line",
    [
        "param demand( int = 3 in 0..6;",
        "graph street on spot = {bank-park}(\n graph radio = {a->b};",
        "graph array onrobto = {a[1]-ro\n graph pairs on spot = {bank-park};",
        "graph road on spot = {bank-park, -};",
        "param p = 1 in 0..;",
        "expect assumption 39999999999999999999999999999999999999999 under full;",
        "expect value(team == 1 within 1e-6 under full;",
        "rewardé9 = 1;",
        "share½none {}",
    ],
)
def test_what_cannot_be_read_is_a_mistake_and_no_traceback(line: str) -> None:
    source = Source("text", f"{HEAD} type spot = {{bank, park}};\n {line}\n}}\n")
    found = analyse(source)
    assert found.failure is not None and found.diagnostics
    for diagnostic in found.diagnostics:
        changes = diagnostic.replacements
        assert all(source.text[r.span.start : r.span.end] != r.text for r in changes), diagnostic.message
