"""How long a factored game with 100,000 reachable states and 16 joint actions takes to tabulate.

`python benchmarks/bench_tabulate.py [REPEATS] [SIDE]` prints the machine, the command, and over REPEATS whole
processes the time of compiling the text and of tabulating (median and range) and the peak resident memory.
The game has 2 * SIDE**4 states (SIDE 15: 101,250); two rovers slip independently, a door may jam, and
each rover hears with noise whether it stands at the rim.
"""

from __future__ import annotations

import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import scipy

from posgc.language.compile import compile_game
from posgc.language.diagnostics import Source
from posgc.model import tabulate

GAME = """
game rovers "Two rovers and a door" {
  horizon 200;
  agents ann, bob;
  state x[i]: 1..SIDE;  state y[i]: 1..SIDE;
  state door: {open, shut};
  action act[i]: {north, south, east, west};
  observation rim[i]: bool;
  chance slip[i]: bool ~ bernoulli(0.1);
  let dx[i] = match (act[i]) { east: 1; west: -1; _: 0; };
  let dy[i] = match (act[i]) { north: 1; south: -1; _: 0; };
  let at_rim[i] = x[i] in {1, SIDE} or y[i] in {1, SIDE};
  let together = x[ann] == x[bob] and y[ann] == y[bob];
  init x[i] = if i == ann then 1 else SIDE;
  init y[i] = 1;
  init door ~ uniform;
  next x[i] = if slip[i] then x[i] else clip(x[i] + dx[i], 1, SIDE);
  next y[i] = if slip[i] then y[i] else clip(y[i] + dy[i], 1, SIDE);
  next door ~ noisy(door, 0.9);
  observe rim[i] ~ noisy(at_rim[i]', 0.9);
  reward team = if together' and door == open then 1 else 0;
  share one_step;
}
"""


def once(side: int) -> None:
    """Print: seconds to compile, seconds to tabulate, peak MB, states, joint actions, entries."""
    began = time.perf_counter()
    game = compile_game(Source("rovers.posg", GAME.replace("SIDE", str(side))))
    compiled = time.perf_counter()
    model = tabulate(game)
    done = time.perf_counter()
    # Linux counts kilobytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    entries = sum(len(k.state) for k in model.kernels)
    print(compiled - began, done - compiled, peak, model.n_states, model.n_actions, entries)


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((row.split(":", 1)[1].strip() for row in lines if row.startswith("model name")), platform.machine())


def main() -> None:
    if sys.argv[1:2] == ["--once"]:
        once(int(sys.argv[2]))
        return
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    side = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    print(f"machine: {processor()}, {platform.system()}")
    print(f"python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}")
    print(f"command: python benchmarks/bench_tabulate.py {repeats} {side}")
    rows = []
    for _ in range(repeats):
        command = [sys.executable, __file__, "--once", str(side)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rows.append([float(x) for x in out.split()])
    columns = list(zip(*rows, strict=True))
    states, actions, entries = (int(c[0]) for c in columns[3:])
    print(f"{states:,} states, {actions} joint actions, {entries:,} entries")
    for what, unit, values in zip(("compile", "tabulate", "peak memory"), ("s", "s", "MB"), columns, strict=False):
        print(f"{what:12} {statistics.median(values):9.2f} {unit:2}  [{min(values):.2f}, {max(values):.2f}]")


if __name__ == "__main__":
    main()
