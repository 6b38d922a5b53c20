"""What information is worth in shipped games: the table of docs/compare.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import posgc

ROOT = Path(__file__).resolve().parents[2]
PROTOCOLS = ("full", "one_step", "delayed(2)", "none")
ROWS = re.findall(
    r"^\| \[(\w+)\]\(\.\./games/\w+\.posg\) \| ([^\n]+) \|$", (ROOT / "docs" / "compare.md").read_text("utf-8"), re.M
)


@pytest.mark.slow
@pytest.mark.parametrize(("game", "cells"), ROWS)
def test_worth_of_information_in_ten_teams(game: str, cells: str) -> None:
    assert len(ROWS) == 10
    found = posgc.compare(ROOT / "games" / f"{game}.posg", PROTOCOLS, "team", horizon=3)
    assert found.status == 0
    assert [row.values[0] for row in found.rows] == pytest.approx([float(v) for v in cells.split(" | ")], abs=5.1e-5)
    assert all(row.upper - row.lower < 2e-9 for row in found.rows)  # type: ignore[operator]
