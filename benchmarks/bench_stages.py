"""Speed of the stage oracles: python benchmarks/bench_stages.py [--repeat 5] [--only WORD] [--large]

Prints the machine, the command, and for each layer the median and the spread (min..max) of the wall clock,
certification included.  A ratio is taken within a round: batch and yardstick run one after the other, the
yardstick on a sample of the layer and extrapolated to all of it, and median and spread are those of the
rounds' ratios.  Yardsticks: one scipy.optimize.linprog call per stage, given the sequence form ready made
(building it is not timed), with HiGHS's default tolerances; regret dynamics in a Python loop over nodes,
with NumPy arrays and with plain lists.  Seen on two cores of an AMD EPYC shared with other work, `--repeat 5`,
ratio (least..greatest): 10,000 zero-sum stages, P = 2, A = 3: 167 (121..185); 1,000, P = 8, A = 4: 7.5
(6.3..8.0); regret matching on 10,000, P = 2, A = 3: 335 (258..356) times the loop with NumPy, 153 (132..204)
times the loop with lists; on 300, P = 8, A = 4: 18 (14..19) and 62 (58..69).

`--large` adds layers of a million zero-sum stages (about 1 GB).
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from operator import mul
from typing import Literal

import numpy as np
import scipy
from scipy.optimize import linprog

from posgc.equilibrium import (
    Stages,
    StageSolution,
    ZeroSumOptions,
    solve_correlated,
    solve_team,
    solve_zero_sum,
)
from posgc.equilibrium.cache import deduplicate
from posgc.equilibrium.zero_sum.predictive import predictive_matching

Loop = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]
METHODS: tuple[Literal["lp", "regret", "auto"], ...] = ("lp", "regret", "auto")
SAMPLE = 200  # stages solved one by one for the yardstick


def layer(n_nodes: int, types: int, actions: int, kind: str, integer: bool = False) -> Stages:
    """Normal payoffs times Dirichlet weights; `integer`: small whole payoffs and equal weights (degenerate)."""
    rng = np.random.default_rng(0)
    joint = types * types
    weight = np.full((n_nodes, joint), 1 / joint) if integer else rng.dirichlet(np.ones(joint), size=n_nodes)
    m = 2 if kind == "general" else 1
    payoff = rng.standard_normal((m, n_nodes, joint, actions, actions))
    if integer:
        np.round(payoff * 1.5, out=payoff)
    payoff *= weight[None, :, :, None, None]
    listed = np.stack(np.unravel_index(np.arange(joint), (types, types)))
    return Stages(payoff, listed, (types, types), weight, kind)  # type: ignore[arg-type]


def one_by_one(stages: Stages, sample: int) -> float:
    """Seconds per stage of one sequence-form linprog call each."""
    (p_1, p_2), (a_1, a_2) = stages.type_counts, stages.actions
    lower = np.r_[np.zeros(p_1 * a_1), np.full(p_2, -np.inf)]
    bounds = np.c_[lower, np.full(len(lower), np.inf)]
    equal = np.c_[np.repeat(np.eye(p_1), a_1, axis=1), np.zeros((p_1, p_2))]
    objective = np.r_[np.zeros(p_1 * a_1), -np.ones(p_2)]
    matrix = payoff_matrices(stages, sample).reshape(sample, p_1 * a_1, p_2 * a_2)
    links = np.repeat(np.eye(p_2), a_2, axis=0)
    rows = [np.c_[-m.T, links] for m in matrix]
    began = time.perf_counter()
    for row in rows:
        linprog(objective, A_ub=row, b_ub=np.zeros(len(row)), A_eq=equal, b_eq=np.ones(p_1), bounds=bounds)
    return (time.perf_counter() - began) / sample


def payoff_matrices(stages: Stages, nodes: int) -> np.ndarray:
    """[nodes, P_1, A_1, P_2, A_2] of the first nodes, payoffs of the first agent in units of the node's span."""
    (p_1, p_2), (a_1, a_2) = stages.type_counts, stages.actions
    matrix = np.zeros((nodes, p_1, a_1, p_2, a_2))
    for u, (one, two) in enumerate(stages.types.T):
        matrix[:, one, :, two, :] += stages.payoff[0, :nodes, u]
    return matrix / stages.span()[0, :nodes].reshape(-1, 1, 1, 1, 1)


def node_by_node(matrix: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictive regret matching+ as it stands in `predictive.py`, one node after the other, NumPy within.

    matrix [n, P_1, A_1, P_2, A_2]; returns the averages ([n, P_1, A_1], [n, P_2, A_2]).
    """
    averages: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for table in matrix:
        p_1, a_1, p_2, a_2 = table.shape
        m = table.reshape(p_1 * a_1, p_2 * a_2)
        play = [np.full((p_1, a_1), 1 / a_1), np.full((p_2, a_2), 1 / a_2)]
        regret, total = [np.zeros_like(x) for x in play], [np.zeros_like(x) for x in play]
        for t in range(1, rounds + 1):
            for i in (0, 1):
                g = (m @ play[1].ravel() if i == 0 else -(play[0].ravel() @ m)).reshape(play[i].shape)
                r = g - (g * play[i]).sum(axis=1, keepdims=True)
                regret[i] = np.maximum(regret[i] + r, 0.0)
                ahead = np.maximum(regret[i] + r, 0.0)
                mass = ahead.sum(axis=1, keepdims=True)
                play[i] = np.where(mass > 0, ahead / np.where(mass > 0, mass, 1.0), 1.0 / ahead.shape[1])
                total[i] += t**2 * play[i]
        for found, s in zip(averages, total, strict=True):
            found.append(s / s.sum(axis=1, keepdims=True))
    return np.array(averages[0]), np.array(averages[1])


def node_by_node_in_lists(matrix: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """The same with Python's floats and lists, no NumPy within: less overhead on the smallest stages."""
    averages: tuple[list[list[list[float]]], list[list[list[float]]]] = ([], [])
    for table in matrix:
        shapes = table.shape[:2], table.shape[2:]
        m = table.reshape(shapes[0][0] * shapes[0][1], -1)
        seen = m.tolist(), (-m.T).tolist()  # each agent's payoff: own row, the other's column
        play = [[1 / a] * (p * a) for p, a in shapes]
        regret, total = [[0.0] * len(x) for x in play], [[0.0] * len(x) for x in play]
        for t in range(1, rounds + 1):
            for i, (_, a) in enumerate(shapes):
                other = play[1 - i]
                g = [sum(map(mul, row, other)) for row in seen[i]]
                for start in range(0, len(g), a):
                    here = range(start, start + a)
                    value = sum(g[k] * play[i][k] for k in here)
                    ahead = []
                    for k in here:
                        r = g[k] - value
                        regret[i][k] = max(regret[i][k] + r, 0.0)
                        ahead.append(max(regret[i][k] + r, 0.0))
                    mass = sum(ahead)
                    for k, x in zip(here, ahead, strict=True):
                        play[i][k] = x / mass if mass > 0 else 1 / a
                        total[i][k] += t * t * play[i][k]
        for found, s, (p, a) in zip(averages, total, shapes, strict=True):
            parts = [s[start : start + a] for start in range(0, p * a, a)]
            found.append([[x / sum(part) for x in part] for part in parts])
    return np.array(averages[0]), np.array(averages[1])


def timed(solve: Callable[[Stages], StageSolution], stages: Stages, repeat: int) -> tuple[list[float], StageSolution]:
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        solution = solve(stages)
        seconds.append(time.perf_counter() - began)
    return seconds, solution


def a_stage(stages: Stages) -> float:
    """Seconds for each of them, solved together."""
    return timed(solve_zero_sum, stages, 1)[0][0] / stages.n_nodes


def report(name: str, seconds: list[float], stages: Stages, solution: StageSolution) -> float:
    middle = statistics.median(seconds)
    relative = (solution.gap / np.maximum(stages.span(), np.finfo(float).tiny)).max()
    print(
        f"{name:44s} {middle:9.3f} s ({min(seconds):.3f}..{max(seconds):.3f})  "
        f"{middle / stages.n_nodes * 1e6:8.1f} us/stage  gap/span {relative:.1e}  {solution.method}",
        flush=True,
    )
    return middle


def compared(name: str, demand: float, batch: Callable[[], float], yardstick: Callable[[], float], repeat: int) -> None:
    """Print the ratio of the two seconds per stage; each round measures both."""
    pairs = [(batch(), yardstick()) for _ in range(repeat)]
    ratios = sorted(single / one for one, single in pairs)
    ours, theirs = (statistics.median(side) * 1e6 for side in zip(*pairs, strict=True))
    print(
        f"    ratio to {name}: {statistics.median(ratios):.1f} ({ratios[0]:.1f}..{ratios[-1]:.1f}), "
        f"{theirs:.0f} against {ours:.1f} "
        f"us/stage{f'; wanted {demand:g}' if demand else ''}",
        flush=True,
    )


def bench_team(options: argparse.Namespace) -> None:
    for actions in (3, 4):
        stages = layer(1_000_000, 1, actions, "common")
        report(f"team, 1,000,000, P=1, A={actions}x{actions}", *run(solve_team, stages, options.repeat))
    stages = layer(100_000, 2, 3, "common")
    report("team, 100,000, P=2x2, A=3x3", *run(solve_team, stages, options.repeat))


def bench_zero_sum(options: argparse.Namespace) -> None:
    """The demands are the issue's: 10 times for P = 2, A = 3; 3 times for P = 8, A = 4."""
    layers = [(10_000, 2, 3, False, 10.0), (1_000, 8, 4, False, 3.0)]
    layers += [(100_000, 2, 3, False, 0.0), (100_000, 2, 3, True, 0.0), (100, 16, 4, False, 0.0)]
    if options.large:
        layers += [(350_000, 2, 3, False, 0.0), (1_000_000, 2, 3, False, 0.0), (1_000_000, 2, 3, True, 0.0)]
    for nodes, types, actions, integer, demand in layers:
        stages = layer(nodes, types, actions, "zero_sum", integer)
        repeat = 1 if nodes > 100_000 else options.repeat
        name = f"zero-sum{', degenerate' if integer else ''}, {nodes:,}, P={types}x{types}, A={actions}x{actions}"
        report(name, *run(solve_zero_sum, stages, repeat))
        sample = min(SAMPLE, nodes)
        compared(
            f"one linprog call each ({sample} of {nodes:,})",
            demand,
            partial(a_stage, stages),
            partial(one_by_one, stages, sample),
            repeat,
        )


def bench_regret(options: argparse.Namespace) -> None:
    """The demand is the issue's: 50 times a plain Python loop over nodes; same rounds, same algorithm."""
    layers = ((10_000, 2, 3, 256, 50.0), (1_000, 4, 3, 256, 0.0), (300, 8, 4, 128, 0.0))
    loops = (("a loop over nodes, NumPy", node_by_node), ("a loop over nodes, lists", node_by_node_in_lists))
    for nodes, types, actions, rounds, demand in layers:
        matrix = payoff_matrices(layer(nodes, types, actions, "zero_sum"), nodes)
        never = np.full(nodes, -1.0)

        def batch(m: np.ndarray = matrix, target: np.ndarray = never, t: int = rounds) -> float:
            began = time.perf_counter()
            predictive_matching(m, target, t)
            return (time.perf_counter() - began) / len(m)

        print(f"regret matching, {nodes:,}, P={types}x{types}, A={actions}x{actions}, {rounds} rounds", flush=True)
        for name, loop in loops:

            def single(run_loop: Loop = loop, m: np.ndarray = matrix[:20], t: int = rounds) -> float:
                began = time.perf_counter()
                run_loop(m, t)
                return (time.perf_counter() - began) / len(m)

            compared(f"{name} (20 of {nodes:,})", demand, batch, single, options.repeat)


def bench_choice(options: argparse.Namespace) -> None:
    """Seconds by programme, by regret matching, and by automatic choice, at tolerated gaps."""
    for nodes, types, actions in ((4_000, 2, 3), (200, 8, 4), (40, 16, 4), (8, 24, 4), (1, 64, 4)):
        stages = layer(nodes, types, actions, "zero_sum")
        span = float(stages.span()[0].min())
        for tolerated in (1e-2, 1e-4, 1e-6):
            for method in METHODS:
                chosen = ZeroSumOptions(method=method, epsilon=tolerated * span)
                name = f"zero-sum, {nodes:,}, P={types}, A={actions}, epsilon {tolerated:g}, {method}"
                report(name, *run(partial(solve_zero_sum, options=chosen), stages, options.repeat))


def bench_correlated(options: argparse.Namespace) -> None:
    stages = layer(2_000, 2, 3, "general")
    for kind in ("cce", "ce"):
        report(f"{kind}, 2,000, P=2x2, A=3x3", *run(lambda s, k=kind: solve_correlated(s, k), stages, options.repeat))  # type: ignore[misc]


def bench_copies(options: argparse.Namespace) -> None:
    """What finding the duplicates of a layer costs when there are none, next to solving it."""
    for types, actions, kind in ((1, 3, "common"), (2, 3, "common"), (2, 3, "zero_sum"), (2, 3, "general")):
        stages = layer(100_000, types, actions, kind)
        spent = []
        for _ in range(options.repeat):
            began = time.perf_counter()
            deduplicate(stages)
            spent.append((time.perf_counter() - began) / stages.n_nodes * 1e6)
        print(
            f"duplicates of 100,000 {kind} stages, P={types}, A={actions}: {statistics.median(spent):.2f} us/stage "
            f"({min(spent):.2f}..{max(spent):.2f})",
            flush=True,
        )


PARTS = {
    "zero_sum": bench_zero_sum,
    "regret": bench_regret,
    "choice": bench_choice,
    "copies": bench_copies,
    "correlated": bench_correlated,
    "team": bench_team,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", choices=tuple(PARTS))
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    print(f"{platform.platform()}, {processor()}, Python {platform.python_version()}, ", end="")
    print(f"NumPy {np.__version__}, SciPy {scipy.__version__}; {' '.join(sys.argv)}")
    for name, part in PARTS.items():
        if options.only in (None, name):
            part(options)


def run(
    solve: Callable[[Stages], StageSolution], stages: Stages, repeat: int
) -> tuple[list[float], Stages, StageSolution]:
    seconds, solution = timed(solve, stages, repeat)
    return seconds, stages, solution


def processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"


if __name__ == "__main__":
    main()
