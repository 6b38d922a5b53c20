"""Speed of the stage oracles: python benchmarks/bench_stages.py [--repeat 3] [--large]

Prints the machine, the command, and for each layer the median and the spread (min..max) of the wall clock,
certification included.  The yardstick is one scipy.optimize.linprog call per stage on a sample, and is
extrapolated (marked so).  `--large` adds the layers of a million zero-sum stages (about 1 GB of memory).
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import scipy
from scipy.optimize import linprog

from posgc.equilibrium import Stages, StageSolution, correlated, team, zero_sum

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
    began = time.perf_counter()
    for k in range(sample):
        matrix = np.zeros((p_1, a_1, p_2, a_2))
        for u, (one, two) in enumerate(stages.types.T):
            matrix[one, :, two, :] += stages.payoff[0, k, u]
        rows = np.c_[-matrix.reshape(p_1 * a_1, -1).T, np.repeat(np.eye(p_2), a_2, axis=0)]
        objective = np.r_[np.zeros(p_1 * a_1), -np.ones(p_2)]
        linprog(objective, A_ub=rows, b_ub=np.zeros(len(rows)), A_eq=equal, b_eq=np.ones(p_1), bounds=bounds)
    return (time.perf_counter() - began) / sample


def timed(solve: Callable[[Stages], StageSolution], stages: Stages, repeat: int) -> tuple[list[float], StageSolution]:
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        solution = solve(stages)
        seconds.append(time.perf_counter() - began)
    return seconds, solution


def report(name: str, seconds: list[float], stages: Stages, solution: StageSolution) -> float:
    middle = statistics.median(seconds)
    relative = (solution.gap / np.maximum(stages.span(), np.finfo(float).tiny)).max()
    print(
        f"{name:44s} {middle:9.3f} s ({min(seconds):.3f}..{max(seconds):.3f})  "
        f"{middle / stages.n_nodes * 1e6:8.1f} us/stage  gap/span {relative:.1e}  {solution.method}"
    )
    return middle


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    print(f"{platform.platform()}, {processor()}, Python {platform.python_version()}, ", end="")
    print(f"NumPy {np.__version__}, SciPy {scipy.__version__}; {' '.join(sys.argv)}")
    for actions in (3, 4):
        stages = layer(1_000_000, 1, actions, "common")
        report(f"team, 1,000,000, P=1, A={actions}x{actions}", *run(team, stages, options.repeat))
    stages = layer(100_000, 2, 3, "common")
    report("team, 100,000, P=2x2, A=3x3", *run(team, stages, options.repeat))
    layers = [(10_000, 2, 3, False), (100_000, 2, 3, False), (100_000, 2, 3, True), (1_000, 8, 4, False)]
    if options.large:
        layers += [(350_000, 2, 3, False), (1_000_000, 2, 3, False), (1_000_000, 2, 3, True)]
    for nodes, types, actions, integer in layers:
        stages = layer(nodes, types, actions, "zero_sum", integer)
        name = f"zero-sum{', degenerate' if integer else ''}, {nodes:,}, P={types}x{types}, A={actions}x{actions}"
        seconds = report(name, *run(zero_sum, stages, 1 if nodes > 100_000 else options.repeat))
        single = one_by_one(stages, min(SAMPLE, nodes))
        print(
            f"    one linprog call each: {single * 1e6:.0f} us/stage on {min(SAMPLE, nodes)}, extrapolated "
            f"{single * nodes:.1f} s; ratio {single * nodes / seconds:.1f}"
        )
    stages = layer(2_000, 2, 3, "general")
    for kind in ("cce", "ce"):
        report(f"{kind}, 2,000, P=2x2, A=3x3", *run(lambda s, k=kind: correlated(s, k), stages, options.repeat))  # type: ignore[misc]


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
