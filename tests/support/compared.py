"""The game and the runs of the tests of `posgc compare` and `posgc design`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posgc.cli.main import main

__all__ = ["GAME", "cells", "coin", "run"]

# Both guess a coin that each hears badly, at the first step only, and earn 1 where both are right.  By hand, with hints
# that are right with probability q: each on its own hint they earn q²; with both hints in common q, as they are right
# where both hints are, and half the time where these differ: q² + q (1 - q) = q.
GAME = """game coin "A coin" {
  param q = 0.8 in [0.5, 1];
  horizon 1;
  agents ann, bob;
  state coin: {heads, tails};
  action call[i]: {heads, tails};
  observation hear[i]: {heads, tails};
  init coin ~ uniform;
  init hear[i] ~ noisy(coin, q);
  next coin = coin;
  reward team = if call[ann] == coin and call[bob] == coin then 1 else 0;
  share none { }
  share late { hear after 1; call after 1; }
  share full;
}
"""


@pytest.fixture
def coin(tmp_path: Path) -> str:
    path = tmp_path / "coin.posg"
    path.write_text(GAME, encoding="utf-8")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *words: str, command: str = "compare") -> tuple[int, str, str]:
    try:
        status: Any = main([command, *words])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


def cells(out: str) -> list[list[str]]:
    lines = out.splitlines()
    first = next(k for k, line in enumerate(lines) if line.split()[:1] in (["horizon"], ["q"], ["store"], ["protocol"]))
    return [line.split() for line in lines[first + 1 : lines.index("", first)]]
