"""Games of hidden histories: python benchmarks/bench_extensive.py [--repeat 3] [--peers SECONDS]

For each row, runs `posgc solve` in a process of its own, and prints the verified gap (NashConv of a Nash equilibrium,
else the largest gain), processor seconds of the whole process, start and verification included, median
(least..greatest), and peak memory.  With --peers, has OpenSpiel (C++, pyspiel.CFRPlusSolver, both players updated in an
iteration) and LiteEFG (C++, its CFR+ and PCFR+, likewise), where they are installed, play the exported tree of the
adversarial tiger of horizon 4 for so many processor seconds each, with posgc's `cfr` and `sequence-form` on the same
game in the same run, and prints when NashConv was below 1e-1, 1e-2, 1e-3, 1e-6.  Reading the tree does not count, nor
does computing NashConv; of posgc the wall time of the back-end and the processor seconds of the whole process are told.
One process at a time, one thread.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_coordinator import measured

TIGER = ["games/adversarial_tiger.posg", "--share", "none", "--horizon"]
NASH = [
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


CORRELATED = [
    ["games/aloha.posg", "--share", "none", "--concept", "cce", "--backend", "cfr", "--epsilon", "1e-3"],
    ["games/epidemic.posg", "--share", "none", "--concept", "cce", "--backend", "cfr", "--epsilon", "1e-3"],
    ["games/queue_ring.posg", "--share", "none", "--concept", "cce", "--backend", "cfr", "--epsilon", "1e-3"],
]
"""Three agents."""
ROWS = [*([*row, "--concept", "nash"] for row in NASH), *CORRELATED]
GAPS = (1e-1, 1e-2, 1e-3, 1e-6)


def told(name: str, play: Callable[[], None], gap_of: Callable[[], float], limit: float) -> None:
    """Processor seconds, and rounds, that `play` needs until `gap_of` is below each of `GAPS`."""
    spent, rounds, looked, wanted, gap = 0.0, 0, 0, list(GAPS), float("inf")
    while wanted and spent < limit:
        begun = time.process_time()
        while rounds < looked + max(10, looked // 8):
            play()
            rounds += 1
        spent, looked = spent + time.process_time() - begun, rounds
        gap = gap_of()
        while wanted and gap <= wanted[0]:
            print(f"{name}: NashConv {wanted.pop(0):g} after {rounds} iterations and {spent:.2f} s", flush=True)
    print(f"{name}: NashConv {gap:.2e} after {rounds} iterations and {spent:.2f} s", flush=True)


def openspiel(game: Any, limit: float) -> None:
    """OpenSpiel's CFR+."""
    import pyspiel

    solver = pyspiel.CFRPlusSolver(game)
    play = solver.evaluate_and_update_policy
    told("OpenSpiel CFR+", play, lambda: pyspiel.nash_conv(game, solver.average_policy()), limit)


def liteefg(game: Any, limit: float) -> None:
    """LiteEFG's CFR+ and PCFR+, with the average that it recommends for both."""
    import LiteEFG
    from LiteEFG.baselines import PCFR, CFRplus

    for name, algorithm in (("CFR+", CFRplus), ("PCFR+", PCFR)):
        graph, environment = algorithm.graph(), LiteEFG.OpenSpielEnv(game)
        environment.set_graph(graph)

        def play(graph: Any = graph, environment: Any = environment) -> None:
            graph.update_graph(environment)
            environment.update_strategy(graph.current_strategy())

        def gap(graph: Any = graph, environment: Any = environment) -> float:
            return float(sum(environment.exploitability(graph.current_strategy(), "linear-avg-iterate")))

        told(f"LiteEFG {name}", play, gap, limit)


def peers(share: str, limit: float) -> None:
    """The same tree, by everybody."""
    words = ["games/adversarial_tiger.posg", "--share", share, "--horizon", "4"]
    print(f"adversarial tiger, H = 4, {share}")
    for row in (["cfr", "--epsilon", "1e-3"], ["cfr", "--epsilon", "1e-6"], ["sequence-form"]):
        found = measured(["posgc", "solve", *words, "--concept", "nash", "--backend", *row, "--json", "--quiet"])
        document, seconds, _ = found
        gap, solve = document["gap"]["nash_conv"], document["seconds"]["solve"]
        took = f"after {solve:.2f} s; whole process {seconds:.2f} s"
        print(f"posgc {' '.join(row)}: NashConv {gap:.1e} {took}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiger.efg"
        subprocess.run(["posgc", "export", *words, "--to", "efg", "--out", str(path)], check=True)
        os.environ["HOME"] = folder  # LiteEFG writes its own file of the game there
        try:
            import pyspiel
        except ImportError:
            print("OpenSpiel is not installed")
            return
        game = pyspiel.load_game(f"efg_game(filename={path})")
        openspiel(game, limit)
        try:
            liteefg(game, limit)
        except ImportError as missing:
            print(f"LiteEFG is not installed: {missing}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", metavar="WORD", help="the rows with this word alone")
    parser.add_argument("--peers", type=float, metavar="SECONDS")
    parser.add_argument("--share", default="one_step", help="the protocol of the game that peers play")
    arguments = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}; {' '.join(sys.argv)}")
    print("| command | value | gap | solve s | whole process s | MB |")
    print("| --- " * 6 + "|")
    for row in (row for row in ROWS if arguments.repeat and (arguments.only is None or arguments.only in row)):
        runs = [measured(["posgc", "solve", *row, "--json", "--quiet"]) for _ in range(arguments.repeat)]
        found, seconds, memory = runs[-1][0], [used for _, used, _ in runs], max(held for *_, held in runs)
        solve = statistics.median(document["seconds"]["solve"] for document, *_ in runs)
        value, gap = next(iter(found["values"].values())), found["gap"]
        least = gap["nash_conv"] if gap["kind"] == "nash" else gap["certified"]
        spread = f"{statistics.median(seconds):.1f} ({min(seconds):.1f}..{max(seconds):.1f})"
        print(f"| {' '.join(row)} | {value:.10g} | {least:.1e} | {solve:.2f} | {spread} | {memory:.0f} |", flush=True)
    if arguments.peers is not None:
        peers(arguments.share, arguments.peers)


if __name__ == "__main__":
    main()
