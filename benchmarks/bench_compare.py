"""What a comparison costs beyond its solves, and what a second process brings.

    python benchmarks/bench_compare.py

Overhead, a point: all that is done when every row is known already (keys, store, order, bounds); keeping a row; a round
trip to another process.  Workers: a sweep of equal tasks by one process and by two.  A
point is the decentralised tiger, at horizon 1 to 25 (overhead) or 5 (workers).
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from pathlib import Path

from posgc.pipeline import Grid, Request, Store, Workers, compare
from posgc.pipeline.workers import each

GAME = str(Path(__file__).resolve().parent.parent / "games" / "dectiger.posg")
PROTOCOLS = ["full", "one_step", "delayed(2)", "none"]


def overhead() -> None:
    grid = Grid(PROTOCOLS[:2], [range(1, 26)])
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "rows.db")
        found = compare(Request(GAME), grid, store=store)
        n = len(found.rows)
        begun = time.perf_counter()
        again = compare(Request(GAME), grid, store=store)
        assert len(again.orders) == 25 and len(again.brackets) == n and again.rows == found.rows
        print(f"asking again: {1e3 * (time.perf_counter() - begun) / n:.2f} ms a point")
        begun = time.perf_counter()
        for k, row in enumerate(found.rows):
            store.put(str(k), row)
        print(f"keeping a row: {1e3 * (time.perf_counter() - begun) / n:.2f} ms")
        store.close()
    times = [time.perf_counter() for _ in each(dataclasses.replace, list(found.rows) * 20, Workers(2))]
    print(f"a round trip to a process: {1e3 * (times[-1] - times[0]) / (len(times) - 1):.2f} ms")


def workers(points: int = 60) -> None:
    grid = Grid(["delayed(2)"], [range(5, 6)], {"accuracy": [f"{0.7 + 0.001 * k:.3f}" for k in range(points)]})
    took = {}
    for n in (1, 2):
        begun = time.perf_counter()
        compare(Request(GAME), grid, workers=Workers(n))
        took[n] = time.perf_counter() - begun
        print(f"{n} worker{'s' if n > 1 else ''}: {took[n]:.1f} s for {points} points")
    print(f"two workers are {took[1] / took[2]:.2f} times as fast as one")


if __name__ == "__main__":
    overhead()
    workers()
