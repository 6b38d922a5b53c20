"""CompressedGame planning: horizon reached, nodes and certified gaps against the exact graph; long horizons; building.

    python benchmarks/bench_compression.py [table] [reach] [long] [build]

`table`: for each game the exact graph and each compression at one horizon, with nodes, certificate, exact gap and
seconds.  `reach`: the largest horizon whose exact graph fits into the nodes allowed, and a compression that
certifies a gap of at most 1 % of H x span at ten times that horizon.  `long`: DecTiger one-step, H = 10,000, whole
processes (wall, processor seconds, peak memory).  `build`: nodes and edges a second, window models and exact ones.
Games on benchmark files are left out, and say so, where `../shared/benchmarks` is absent.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from posgc_window.error import window_certificate
from posgc_window.suffixes import window_graph

from posgc.compression import quotient
from posgc.information.graph import Graph, expand_graph
from posgc.language.concepts import ConceptName
from posgc.language.diagnostics import LimitError
from posgc.model.rewards import reward_spans
from posgc.pipeline import Compiled, CompressionRequest, Request, compile_request, quiet, solve
from posgc.plugin.importer import RewardReading

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / ".." / "shared" / "benchmarks"


@dataclass(frozen=True)
class Game:
    """A game as the command line would take it, and the compressions that are tried on it at horizon `h`."""

    path: Path
    share: str
    h: int
    specs: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)
    discount: float | None = None
    concept: ConceptName = "team"
    reward: RewardReading | None = None

    @property
    def name(self) -> str:
        noted = ", ".join(f"{k} {v}" for k, v in self.settings.items())
        folder = "sdms/" if self.path.parent.name == "sdms" else ""
        return f"{folder}{self.path.name}{f' ({noted})' if noted else ''}, {self.share}"

    def compiled(self, horizon: int, max_nodes: int = 4_000_000) -> Compiled:
        return compile_request(
            Request(str(self.path), self.share, self.settings, horizon, self.discount, self.reward, max_nodes=max_nodes)
        )


def posg(name: str, share: str, h: int, *specs: str, **settings: str) -> Game:
    return Game(ROOT / "games" / f"{name}.posg", share, h, specs, settings)


def dpomdp(name: str, share: str, h: int, *specs: str) -> Game:
    return Game(FILES / f"{name}.dpomdp", share, h, specs, discount=1.0)


def versus(name: str, share: str, h: int, *specs: str, concept: ConceptName = "nash") -> Game:
    """A game of SDMS with opposed interests, if it does not say otherwise by its ending."""
    reward: RewardReading | None = "zero_sum" if name.endswith(".dpomdp") else None
    return Game(FILES / "sdms" / name, share, h, specs, discount=1.0, concept=concept, reward=reward)


def pomdp(name: str, h: int, *specs: str) -> Game:
    return Game(FILES / "sdms" / f"{name}.pomdp", "full", h, specs)


TABLE = (
    posg("dectiger", "one_step", 20, "exact", "belief(1e-3)", "belief(1e-6)", "window(2)", "window(4)"),
    posg("dectiger", "one_step", 20, "exact", "belief(1e-2)", "belief(1e-3)", "window(2)", "window(4)", accuracy="0.6"),
    posg("recycling", "one_step", 30, "exact", "belief(1e-3)", "window(2)", "window(4)"),
    posg("boxpushing", "one_step", 4, "exact", "bisimulation", "belief(1e-2)", "window(1)"),
    dpomdp("broadcastChannel", "one_step", 30, "exact", "belief(1e-3)", "window(2)"),
    dpomdp("boxPushingUAI07", "full", 6, "exact", "bisimulation", "belief(1e-2)"),
    dpomdp("Mars", "one_step", 3, "exact", "belief(1e-2)"),
    dpomdp("GridSmall", "one_step", 4, "exact", "bisimulation", "belief(1e-2)"),
    dpomdp("fireFighting_2_3_3", "one_step", 3, "exact", "bisimulation", "belief(1e-2)"),
    dpomdp("oneDoor_2_7_0.20_0.00_0_2", "full", 3, "exact", "belief(1e-2)"),
    dpomdp("relay4", "full", 8, "exact", "bisimulation", "belief(1e-2)"),
    dpomdp("2generals", "one_step", 10, "exact", "belief(1e-3)", "window(2)"),
    dpomdp("prisoners", "one_step", 20, "exact", "window(1)"),
    dpomdp("Grid3x3corners", "one_step", 3, "exact", "bisimulation", "belief(1e-2)"),
    dpomdp("dectiger_skewed", "one_step", 20, "exact", "belief(1e-3)", "window(2)"),
    dpomdp("sdms/tiger", "one_step", 20, "exact", "belief(1e-3)", "window(2)"),
    dpomdp("sdms/mabc", "one_step", 30, "exact", "belief(1e-3)", "window(2)"),
    dpomdp("sdms/recycling", "one_step", 30, "exact", "belief(1e-3)", "window(2)"),
    dpomdp("sdms/alignment_2x4", "one_step", 4, "exact", "bisimulation", "belief(1e-2)"),
    dpomdp("sdms/wirelessDelay", "one_step", 3, "exact", "bisimulation", "belief(1e-2)"),
    dpomdp("sdms/wirelessWithOverhead", "one_step", 3, "exact", "bisimulation", "belief(1e-2)"),
    versus("adversarial_tiger.dpomdp", "one_step", 7, "exact", "belief(1e-2)", "window(2)"),
    versus("competitive_tiger.dpomdp", "one_step", 10, "exact", "belief(1e-3)", "window(2)"),
    versus("shooter-intercepter.zsposg", "one_step", 10, "exact", "belief(1e-3)", "window(2)"),
    versus("fake_prisoners.zsposg", "one_step", 20, "exact", "window(1)"),
    versus("tiger.posg", "one_step", 6, "exact", "belief(1e-3)", "window(2)", concept="cce"),
    pomdp("1D", 20, "exact", "belief(1e-3)", "window(2)"),
    pomdp("4x3", 4, "exact", "belief(1e-2)", "window(2)"),
    pomdp("cheese", 20, "exact", "belief(1e-3)", "window(2)"),
    pomdp("hallway", 3, "exact", "belief(1e-2)"),
    pomdp("mini-hall2", 6, "exact", "belief(1e-2)", "window(2)"),
    pomdp("network", 6, "exact", "belief(1e-2)", "window(2)"),
    pomdp("shuttle", 8, "exact", "belief(1e-2)", "window(2)"),
    pomdp("tiger", 20, "exact", "belief(1e-3)", "window(2)"),
)

BUILD = (
    (posg("boxpushing", "one_step", 6), (2, 3)),
    (posg("adversarial_tiger", "full", 9), (5, 6)),
    (posg("broadcast", "one_step", 60), (4, 8)),
)

REACH = posg("adversarial_tiger", "full", 0, "belief(9e-5)")
"""Zero-sum; exact beliefs more than triple at every step."""

NODES = 4_000_000
"""What the exact graph may have, and the compressed one: the default of --max-nodes."""


def main(words: list[str]) -> None:
    """Run the parts that are named, or all."""
    print(f"{platform.platform()}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name, part in (("table", table), ("reach", reach), ("long", long_horizons), ("build", build)):
        if name in words or not words:
            part()


def present(game: Game) -> bool:
    if not game.path.exists():
        print(f"{game.path.name}: left out, it is absent")
    return game.path.exists()


def row(game: Game, horizon: int, spec: str, max_nodes: int = 400_000, concept: ConceptName = "team") -> str:
    """One solved compression: nodes, bound, exact gap, certified share of H x span, seconds."""
    compiled = game.compiled(horizon, max_nodes)
    start = time.perf_counter()
    try:
        solution = solve(compiled, concept, compress=CompressionRequest(spec))
    except LimitError as error:
        return f"| {game.name} | {horizon} | `{spec}` | more than {max_nodes:,} | | | | {str(error)[:60]} |"
    seconds = time.perf_counter() - start
    assert solution.compression is not None
    a, found = solution.compression.assessment, solution.compression
    values = solution.policy.claim.values if solution.judgement is None else solution.judgement.values
    assert values is not None, "a planner says what its policy is worth"
    value = values[0]
    shown = f"{round(value, 12) + 0.0:.6g}"  # rounding noise of a zero is 0
    total = float(reward_spans(compiled.model).max(axis=0).sum())
    share = "" if found.certified is None else f"{100 * found.certified / total:.2g} %"
    bound = "" if a.bound is None else f"{a.bound.gap:.3g} ({a.bound.kind})"
    gap = "not verified" if a.judgement is None else f"{a.judgement.gap:.2g}"
    return (
        f"| {game.name} | {horizon} | `{spec}` | {sum(found.compressed.graph.sizes):,} | {shown} | {gap} | "
        f"{bound}; certified {share} | {seconds:.2f} |"
    )


def table() -> None:
    print("| game | H | compression | nodes | value | exact gap | bound; certified, of H × span | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for game in TABLE:
        if present(game):
            for spec in game.specs:
                print(row(game, game.h, spec, concept=game.concept), flush=True)


def reach() -> None:
    """h0, the largest horizon whose exact graph fits into `NODES`; then the compression at 10 h0."""
    longest = _longest(REACH, NODES)
    print(f"{REACH.name}: exact within {NODES:,} nodes up to H = {longest}", flush=True)
    for spec in REACH.specs:
        print(row(REACH, 10 * longest, spec, NODES, "nash"), flush=True)


def _longest(game: Game, limit: int) -> int:
    horizon = 1
    while _fits(game, horizon + 1, limit):
        horizon += 1
    return horizon


def _fits(game: Game, horizon: int, limit: int) -> bool:
    try:
        expand_graph(game.compiled(horizon).information, limit)
    except LimitError:
        return False
    return True


def long_horizons() -> None:
    for length in (2, 4):
        words = [
            "solve",
            "games/dectiger.posg",
            "--concept",
            "team",
            "--share",
            "one_step",
            "--horizon",
            "10000",
            "--compress",
            f"window({length})",
        ]
        start = time.perf_counter()
        command = [sys.executable, "-m", "posgc.cli.main", *words]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        print(
            f"posgc {' '.join(words)}: {wall:.1f} s wall, {usage.ru_utime + usage.ru_stime:.1f} s processor, "
            f"peak {usage.ru_maxrss / 1e6:.2f} GB",
            flush=True,
        )


def build() -> None:
    """Rates of processor time: the exact graph and the graph of windows, then the quotient and the certificate."""
    print("| game, H | model | nodes | nodes/s | edges/s | quotient, certificate (s) |")
    print("| --- | --- | --- | --- | --- | --- |")
    for game, lengths in BUILD:
        information = game.compiled(game.h).information
        graph, seconds = _timed(partial(expand_graph, information, NODES))
        print(f"| {game.name}, {game.h} | exact | {_rates(graph, seconds)} | |")
        for length in lengths:
            graph, seconds = _timed(partial(window_graph, information, length, "uniform", NODES, quiet))
            _, merging = _timed(partial(quotient, graph))
            merged = np.array([layer.merge_error for layer in graph.layers])
            _, certifying = _timed(partial(window_certificate, information, length, "uniform", NODES, merged))
            print(f"| | window({length}) | {_rates(graph, seconds)} | {merging:.2f}, {certifying:.2f} |", flush=True)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    return work(), time.process_time() - start


def _rates(graph: Graph, seconds: float) -> str:
    nodes, edges = sum(graph.sizes), sum(len(layer.edge_to) for layer in graph.layers)
    return f"{nodes:,} | {nodes / seconds:,.0f} | {edges / seconds:,.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
