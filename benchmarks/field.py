"""The field's benchmark files: read, checked, solved within a budget, and written up as docs/benchmarks.md.

    python benchmarks/field.py [--seconds 10] [--nodes 300000] [--memory 8] [--quick]

Every file of `../shared/benchmarks` (those in `sdms` included) is imported and checked under the protocols of
`CHECKED`, then solved under those of `solved_under` (all in field_measure.py) at the `HORIZONS` in turn, until one
exceeds the budget: wall seconds of one solve (reading, planning and verification), nodes of its graph, gigabytes of
its process.  Each row is worked out in a process of its own, one at a time, killed when a solve takes too long.
The largest horizon that was solved is then solved again in a fresh process, three times where it is short: that gives
the spread of the time, and the memory.  `--quick` takes four small files up to H = 4 and prints the page.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from field_measure import FILES, HORIZONS, Budget, measure
from field_page import page

from posgc.language.files import replace_file

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"

QUICK = ("dectiger.dpomdp", "example.dpomdp", "adversarial_tiger.dpomdp", "tiger.pomdp")


def main() -> None:
    """Measure what the arguments select, and write or print the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="wall seconds of one solve")
    parser.add_argument("--nodes", type=int, default=300_000, help="nodes of one graph")
    parser.add_argument("--memory", type=float, default=8.0, help="gigabytes of address space of one process")
    parser.add_argument("--quick", action="store_true", help="four files, H <= 4, printed")
    arguments = parser.parse_args()
    budget = Budget(arguments.seconds, arguments.nodes, arguments.memory)
    paths = sorted(p for p in FILES.rglob("*") if p.suffix in (".dpomdp", ".pomdp", ".posg", ".zsposg"))
    if not paths:
        sys.exit("no benchmark files: ../shared/benchmarks is absent")
    horizons: tuple[int | None, ...] = HORIZONS
    if arguments.quick:
        paths, horizons = [p for p in paths if p.name in QUICK], HORIZONS[:3]
    start, reports = time.perf_counter(), []
    for path in paths:
        reports.append(measure(path, horizons, budget))
        print(f"{time.perf_counter() - start:6.0f} s  {reports[-1].name}", file=sys.stderr, flush=True)
    text = page(reports, horizons, budget, time.perf_counter() - start)
    if arguments.quick:
        print(text, end="")
    else:
        replace_file(PAGE, lambda file: file.write(text.encode()))


if __name__ == "__main__":
    main()
