"""Correlated equilibria of hidden histories: python benchmarks/bench_correlated.py [--repeat 3]

For each row, runs `posgc solve` in a process of its own, and prints the kind of gap and the largest gain, wall seconds
of the back-end alone, processor seconds of the whole process, start and verification included, median
(least..greatest), and peak memory.  One process at a time, one thread.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys

from bench_coordinator import measured

CE, CCE, NONE = (
    ["--concept", "ce", "--form", "extensive"],
    ["--concept", "cce", "--form", "strategic"],
    ["--share", "none"],
)
ROWS = [
    ["games/harbours.posg", *CE],
    ["games/job_market.posg", *CE],
    ["games/fishery.posg", *NONE, *CCE],
    ["games/fishery.posg", *NONE, *CE],
    ["games/routing.posg", *CE],
    ["games/aloha.posg", *NONE, *CCE],
    ["games/aloha.posg", *NONE, *CE],
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}; {' '.join(sys.argv)}")
    print("| command | agents | gap | solve s | whole process s | MB |")
    print("| --- " * 6 + "|")
    for row in ROWS:
        runs = [measured(["posgc", "solve", *row, "--json", "--quiet"]) for _ in range(arguments.repeat)]
        found, seconds, memory = runs[-1][0], [used for _, used, _ in runs], max(held for *_, held in runs)
        solve = statistics.median(document["seconds"]["solve"] for document, *_ in runs)
        gap = found["gap"]
        print(
            f"| {' '.join(row)} | {len(found['values'])} | {gap['kind']} {max(gap['value'], 0.0):.1e} | {solve:.2f} | "
            f"{statistics.median(seconds):.1f} ({min(seconds):.1f}..{max(seconds):.1f}) | {memory:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
