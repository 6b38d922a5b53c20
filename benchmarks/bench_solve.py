"""Whole processes, from the command line to the verified answer: wall time and peak memory.

    python benchmarks/bench_solve.py [--repeat 3] [--only WORD]

Each case is one `posgc` process, started `--repeat` times; printed are the machine, the command, the least,
median and greatest wall time, and the largest peak resident memory.  Cases on benchmark files are left out,
and say so, where `../shared/benchmarks` is absent.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = Path("..") / "shared" / "benchmarks"
BOX = FILES / "boxPushingUAI07.dpomdp"
ADVERSARIAL = FILES / "sdms" / "adversarial_tiger.dpomdp"
COMPETITIVE = "games/competitive_tiger.posg"
ZERO_SUM = f"{ADVERSARIAL} --reward zero_sum --discount 1 --concept nash --share one_step"

TWO_STATES = """game two { agents ann, bob; state s: 0..1; action a[i]: {x, y}; init s ~ uniform;
  next s ~ if a[ann] == a[bob] then {0: 0.7, 1: 0.3} else {0: 0.2, 1: 0.8};
  reward zero_sum ann = if a[ann] == a[bob] then 1 + s else -1; share full; }"""

CASES = {
    "two states, H = 4,000": "solve - --concept nash --horizon 4000",
    "two states, H = 100,000": "solve - --concept nash --horizon 100000",
    "start-up": "--version",
    "check DecTiger": "check games/dectiger.posg",
    "DecTiger one-step, H = 1000": "solve games/dectiger.posg --concept team --share one_step --horizon 1000",
    "box pushing full, H = 7": f"solve {BOX} --discount 1 --concept team --share full --horizon 7",
    "box pushing full, H = 10": f"solve {BOX} --discount 1 --concept team --share full --horizon 10",
    "box pushing one-step, H = 5": f"solve {BOX} --discount 1 --concept team --share one_step --horizon 5",
    "adversarial tiger one-step, H = 9": f"solve {ZERO_SUM} --horizon 9",
    "competitive tiger one-step, H = 10": f"solve {COMPETITIVE} --concept nash --share one_step --horizon 10",
    "adversarial tiger one-step, H = 10": f"solve {ZERO_SUM} --horizon 10",
    "DecTiger as .efg, 122,019 nodes": "export games/dectiger.posg --to efg --share none --horizon 3",
    "tiger as .efg, 2,223,021 nodes": "export games/adversarial_tiger.posg --to efg --share none --horizon 5 "
    "--option nodes=3000000",
}


def main() -> None:
    """Run the cases that the arguments select."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    print(f"{platform.platform()}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name, words in CASES.items():
        if arguments.only not in name:
            continue
        paths = [w for w in words.split() if w.startswith("..")]
        if any(not (ROOT / path).exists() for path in paths):
            print(f"{name}: left out, {paths[0]} is absent")
            continue
        runs = [_run(words.split()) for _ in range(arguments.repeat)]
        times = [seconds for seconds, _ in runs]
        print(
            f"{name}: {min(times):.2f} / {statistics.median(times):.2f} / {max(times):.2f} s, "
            f"peak {max(memory for _, memory in runs):.2f} GB   [posgc {words}]",
            flush=True,
        )


def _run(words: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident gigabytes of one process."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "posgc.cli.main", *words]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(TWO_STATES.encode())
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"posgc {' '.join(words)} ended with status {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1e6


if __name__ == "__main__":
    main()
