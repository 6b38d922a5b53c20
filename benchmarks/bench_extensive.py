"""Games of hidden histories: python benchmarks/bench_extensive.py [--repeat 3] [--openspiel SECONDS]

For each row, runs `posgc solve` in a process of its own, and prints the verified gap (NashConv), processor seconds of
the whole process, start and verification included, median (least..greatest), and peak memory.  With --openspiel, has
OpenSpiel's CFR+ (C++, pyspiel.CFRPlusSolver, 2 updates an iteration) play the adversarial tiger of horizon 4 from its
exported tree for so many seconds, and prints when its NashConv was below 1e-1, 1e-2, 1e-3; what it takes to compute
NashConv does not count.  One process at a time, one thread.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_coordinator import measured

TIGER = ["games/adversarial_tiger.posg", "--share", "none", "--horizon"]
ROWS = [
    ["games/kuhn.posg", "--backend", "sequence-form"],
    ["games/leduc.posg", "--backend", "sequence-form"],
    ["games/leduc.posg", "--backend", "cfr", "--epsilon", "1e-3"],
    ["games/leduc.posg", "--backend", "lemke"],
    ["games/reservoir.posg", "--share", "none"],
    ["games/routing.posg", "--share", "none"],
    ["games/competitive_tiger.posg", "--share", "none", "--horizon", "4", "--backend", "lemke"],
    [*TIGER, "4", "--backend", "sequence-form"],
    [*TIGER, "4", "--backend", "cfr", "--epsilon", "1e-3"],
    [*TIGER, "4", "--backend", "cfr", "--epsilon", "1e-6"],
    [*TIGER, "5", "--backend", "sequence-form"],
    [*TIGER, "5", "--backend", "cfr", "--epsilon", "1e-4"],
    [*TIGER, "6", "--backend", "sequence-form"],
    [*TIGER, "6", "--backend", "cfr", "--epsilon", "1e-3"],
]


def openspiel(limit: float) -> None:
    """Seconds of OpenSpiel's CFR+ to some gaps."""
    import pyspiel

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiger.efg"
        subprocess.run(["posgc", "export", *TIGER, "4", "--to", "efg", "--out", str(path)], check=True)
        begun = time.perf_counter()
        game = pyspiel.load_game(f"efg_game(filename={path})")
        solver = pyspiel.CFRPlusSolver(game)
        print(f"OpenSpiel reads the tree and prepares in {time.perf_counter() - begun:.1f} s")
        spent, rounds, wanted = 0.0, 0, [1e-1, 1e-2, 1e-3]
        while wanted and spent < limit:
            begun = time.perf_counter()
            for _ in range(10):
                solver.evaluate_and_update_policy()
            spent, rounds = spent + time.perf_counter() - begun, rounds + 10
            gap = pyspiel.nash_conv(game, solver.average_policy())
            while wanted and gap <= wanted[0]:
                print(f"OpenSpiel CFR+: NashConv {wanted.pop(0):g} after {rounds} iterations and {spent:.1f} s")
        print(f"OpenSpiel CFR+: NashConv {gap:.2e} after {rounds} iterations and {spent:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--openspiel", type=float, metavar="SECONDS")
    arguments = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}; {' '.join(sys.argv)}")
    print("| command | value | NashConv | solve s | whole process s | MB |")
    print("| --- " * 6 + "|")
    for row in ROWS:
        runs = [
            measured(["posgc", "solve", *row, "--concept", "nash", "--json", "--quiet"])
            for _ in range(arguments.repeat)
        ]
        found, seconds, memory = runs[-1][0], [used for _, used, _ in runs], max(held for *_, held in runs)
        solve = statistics.median(document["seconds"]["solve"] for document, *_ in runs)
        print(
            f"| {' '.join(row)} | {next(iter(found['values'].values())):.10g} | {found['gap']['nash_conv']:.1e} | {solve:.2f} | "
            f"{statistics.median(seconds):.1f} ({min(seconds):.1f}..{max(seconds):.1f}) | {memory:.0f} |",
            flush=True,
        )
    if arguments.openspiel is not None:
        openspiel(arguments.openspiel)


if __name__ == "__main__":
    main()
