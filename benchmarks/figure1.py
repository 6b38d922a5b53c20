"""The paper's Figure 1: python benchmarks/figure1.py [--environments spread,reference] [--shares full;none] [--seeds 3]

MAPPO or IPPO (Liu & Zhang, ICML 2023, Figure 1) on the particle environments where information is shared at once
(`full`, the paper's delay 0), late (`delayed(1)`, ...) or never (`none`, its delay of infinity).  A run that is over is
added to the file of runs; those that stand there are not played again.  Seeds are the outer loop, so that what is
stopped has something of everything.  In the end the picture is drawn, and the table printed as Markdown.  Set
OMP_NUM_THREADS=1 to have one thread.
"""

from __future__ import annotations

import argparse
import csv
import os
from itertools import combinations
from pathlib import Path

import numpy as np

from posgc.language.files import replace_file
from posgc.learn import share
from posgc.marl import Run, Trained, particles
from posgc.marl.algorithms import BATCH, AlgorithmName
from posgc.marl.particles import HORIZON
from posgc.report.returns import draw
from posgc.report.trained import COLUMNS, rows


def main() -> None:
    """Play what is missing, then say what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", default="spread,reference", help="names with commas between")
    parser.add_argument("--shares", default="full;delayed(1);none", help="protocols with semicolons between")
    parser.add_argument("--algorithm", choices=("mappo", "ippo"), default="mappo")
    parser.add_argument("--steps", type=int, default=300_000, help="joint steps of each run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--runs", type=Path, default=Path("figure1.csv"), help="the file of runs")
    parser.add_argument("--picture", type=Path, default=Path("figure1.svg"))
    asked = parser.parse_args()
    os.environ.setdefault("TQDM_DISABLE", "1")
    for seed in range(asked.seeds):
        for name in asked.environments.split(","):
            for protocol in asked.shares.split(";"):
                add(asked.runs, Trained(name, protocol, asked.algorithm, asked.steps, ()), asked.algorithm, seed)
    found = [one for one in read(asked.runs) if one.environment in asked.environments.split(",")]
    asked.picture.write_bytes(draw(found, asked.picture.suffix[1:]))
    table(found)


def add(path: Path, cell: Trained, algorithm: AlgorithmName, seed: int) -> None:
    """Play a run, unless the file has it; Ctrl-C leaves the file as it is."""
    from posgc.marl.training import trained_run

    there = {(one.environment, one.protocol, one.algorithm, one.steps): one for one in read(path)}
    key = cell.environment, cell.protocol, cell.algorithm, cell.steps
    runs = there.get(key, cell).runs
    if any(run.seed == seed for run in runs):
        return
    shared = share(particles(cell.environment), cell.protocol, horizon=HORIZON)
    run = trained_run(shared, algorithm, cell.steps // BATCH, seed, lambda done: None)
    if run.stopped:
        raise KeyboardInterrupt
    there[key] = Trained(*key, (*runs, run))
    replace_file(path, lambda file: file.write(rows(list(there.values()))))
    print(f"{', '.join(map(str, key))}, seed {seed}: {run.final:.2f} in {run.seconds:.0f} s", flush=True)


def read(path: Path) -> list[Trained]:
    """The runs of a file; none where there is no file."""
    if not path.exists():
        return []
    cells: dict[tuple[str, ...], dict[str, list[dict[str, str]]]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cells.setdefault(tuple(row[key] for key in COLUMNS[:4]), {}).setdefault(row["seed"], []).append(row)
    return [
        Trained(key[0], key[1], key[2], int(key[3]), tuple(run_of(seed, points) for seed, points in seeds.items()))
        for key, seeds in cells.items()
    ]


def run_of(seed: str, points: list[dict[str, str]]) -> Run:
    """A run from its rows."""
    frames = np.array([int(row["frames"]) for row in points])
    return Run(int(seed), frames, np.array([float(row["return"]) for row in points]), float(points[0]["seconds"]))


def table(found: list[Trained]) -> None:
    """Means with intervals, and which of them are apart."""
    print("| environment | sharing | joint steps | return of each seed | mean | 95 % interval |")
    print("| --- | --- | --- | --- | --- | --- |")
    for one in found:
        finals = ", ".join(f"{x:.2f}" for x in one.finals)
        frames = int(one.runs[0].frames[-1])
        print(f"| {one.environment} | `{one.protocol}` | {frames:,} | {finals} | {one.mean:.2f} | {interval(one)} |")
    for a, b in combinations(found, 2):
        if a.environment == b.environment and len(a.finals) > 1 and len(b.finals) > 1:
            (low, high), (lowest, highest) = ends(a), ends(b)
            apart = high < lowest or highest < low
            print(f"{a.environment}: the intervals of {a.protocol} and {b.protocol} {'are apart' if apart else 'meet'}")


def ends(one: Trained) -> tuple[float, float]:
    """Of the interval of at least two seeds."""
    assert one.mean is not None and one.half is not None
    return one.mean - one.half, one.mean + one.half


def interval(one: Trained) -> str:
    """In words; of a single seed there is none."""
    return "{:.2f} to {:.2f}".format(*ends(one)) if len(one.finals) > 1 else ""


if __name__ == "__main__":
    main()
