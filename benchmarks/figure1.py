"""The paper's Figure 1: python benchmarks/figure1.py [--environments spread,reference] [--shares full,none] [--seeds 3]

MAPPO or IPPO on the particle environments where information is shared at once (`full`, the paper's delay 0), late
(`delayed(1)`, ...) or never (`none`, its delay of infinity).  Every run is one thread; a row is added to the file of
runs when one is over, and runs that stand there are not played again.  Seeds are the outer loop, so that a run that is
stopped has something of everything.  `--picture` draws what the file holds, and prints the table.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from pathlib import Path

FIELDS = ("environment", "protocol", "algorithm", "steps", "seed", "frames", "return", "seconds")


def main() -> None:
    """Play what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", default="spread,reference")
    parser.add_argument("--shares", default="full,delayed(1),none")
    parser.add_argument("--algorithm", default="mappo")
    parser.add_argument("--steps", type=int, default=300_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--runs", type=Path, default=Path("figure1.csv"))
    asked = parser.parse_args()
    os.environ.setdefault("TQDM_DISABLE", "1")
    from posgc.learn import share
    from posgc.marl import particles
    from posgc.marl.particles import HORIZON
    from posgc.marl.seeds import BATCH
    from posgc.marl.training import trained_run

    for seed in range(asked.seeds):
        for name in asked.environments.split(","):
            for protocol in asked.shares.split(","):
                cell = {"environment": name, "protocol": protocol, "algorithm": asked.algorithm, "steps": asked.steps}
                if any(
                    row["seed"] == str(seed) and all(row[k] == str(v) for k, v in cell.items())
                    for row in read(asked.runs)
                ):
                    continue
                shared = share(particles(name), protocol, horizon=HORIZON)
                run = trained_run(shared, asked.algorithm, asked.steps // BATCH, seed, lambda done: None)
                if run.stopped:
                    sys.exit(130)
                with asked.runs.open("a", newline="", encoding="utf-8") as file:
                    out = csv.DictWriter(file, FIELDS)
                    if file.tell() == 0:
                        out.writeheader()
                    for frames, earned in zip(run.frames.tolist(), run.returns.tolist(), strict=True):
                        out.writerow(
                            {**cell, "seed": seed, "frames": frames, "return": earned, "seconds": round(run.seconds)}
                        )
                print(name, protocol, seed, round(run.final, 2), f"{run.seconds:.0f} s", flush=True)


def read(path: Path) -> list[dict[str, str]]:
    """Rows of the file, none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    main()
