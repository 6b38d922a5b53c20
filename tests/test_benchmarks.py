"""The benchmarks start with the code as it is; what they measure, nobody tests."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize("name", [path.stem for path in sorted(BENCHMARKS.glob("*.py"))])
def test_a_benchmark_finds_what_it_imports(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "fuzz_coverage":
        pytest.importorskip("atheris")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    importlib.import_module(name)


def test_gaps_are_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "gap.svg"
    command = ["--what", "gap", "--games", "wind", "--seeds", "2", "--episodes", "100,1000", "--picture"]
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "bench_learning.py"), *command, str(picture)],
        capture_output=True,
        text=True,
        check=True,
    )
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("wind, uncontrolled(2), team: ")]
    few, many = (float(cell.split()[0]) for cell in row.partition("team: ")[2].split(", "))
    assert 0.0 <= many < few
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
