"""What a comparison costs beyond its solves, and what a second process brings.

    python benchmarks/bench_compare.py

Overhead: the same points answered once by `posgc.pipeline.points.answer` in a loop and once by `compare` with a store,
after a first pass that warms both up; per point.  Asking again: all points from the store.  Workers: a sweep of equal
tasks by one process and by two.  A point is the decentralised tiger at horizon 2 (overhead) or 5 (workers).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from posgc.pipeline import Grid, Request, Store, compare
from posgc.pipeline.points import answer

GAME = str(Path(__file__).resolve().parent.parent / "games" / "dectiger.posg")
PROTOCOLS = ["full", "one_step", "delayed(2)", "none"]


def overhead(points: int = 40) -> None:
    values = [f"{0.6 + 0.3 * k / points:.4f}" for k in range(points // len(PROTOCOLS))]
    grid = Grid(PROTOCOLS, [range(2, 3)], {"accuracy": values})
    with tempfile.TemporaryDirectory() as folder:
        warm = compare(Request(GAME), grid)
        begun = time.perf_counter()
        for row in warm.rows:
            answer(warm.question, row.point)
        alone = time.perf_counter() - begun
        for label in ("with a store", "asking again"):
            store = Store(Path(folder) / "rows.db")
            begun = time.perf_counter()
            found = compare(Request(GAME), grid, store=store)
            took = time.perf_counter() - begun
            store.close()
            inside = sum(row.seconds for row in found.rows) if label == "with a store" else 0.0
            n = len(found.rows)
            print(f"{label}: {1e3 * (took - inside) / n:.2f} ms a point beyond its solve ({1e3 * alone / n:.1f} ms)")


def workers(points: int = 12) -> None:
    grid = Grid(["delayed(2)"], [range(5, 6)], {"accuracy": [f"{0.7 + 0.01 * k:.2f}" for k in range(points)]})
    took = {}
    for n in (1, 2):
        begun = time.perf_counter()
        compare(Request(GAME), grid, workers=n)
        took[n] = time.perf_counter() - begun
        print(f"{n} worker{'s' if n > 1 else ''}: {took[n]:.1f} s for {points} points")
    print(f"two workers are {took[1] / took[2]:.2f} times as fast as one")


if __name__ == "__main__":
    overhead()
    workers()
