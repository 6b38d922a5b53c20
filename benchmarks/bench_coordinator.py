"""Teams of hidden histories: python benchmarks/bench_coordinator.py FOLDER [--repeat 3] [--limit 60] [--only NAME]

FOLDER holds the Dec-POMDP files of the literature (dectiger.dpomdp and so on; MADP's problem library).  For each row,
runs `posgc solve` in a process of its own with default settings, without sharing (the shipped games of three agents
under their own protocols), and prints the widest bracket of the runs, how many of them the time limit stopped,
processor seconds of the whole process, start and verification included, median (least..greatest), and peak memory.
One process at a time, one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from pathlib import Path
from typing import Any

GAMES = Path(__file__).resolve().parent.parent / "games"

ROWS = [
    ("dectiger", 5, None),
    ("dectiger", 6, None),
    ("dectiger", 7, None),
    ("boxPushingUAI07", 4, None),
    ("boxPushingUAI07", 5, None),
    ("boxPushingUAI07", 6, None),
    ("GridSmall", 5, 1),
    ("GridSmall", 6, 1),
    ("fireFighting_2_3_3", 4, None),
    ("fireFighting_2_3_3", 5, None),
    ("Mars", 4, None),
    ("recycling", 20, 1),
    ("recycling", 70, 1),
    ("recycling", 100, 1),
    ("broadcastChannel", 100, None),
    ("broadcastChannel", 500, None),
]
THREE_AGENTS = [("epidemic", 4, None), ("queue_ring", 3, None)]
"""Of the games that are shipped, under their own protocols."""


def measured(words: list[str]) -> tuple[dict[str, Any], float, float]:
    """What a command prints as JSON, its processor seconds, and its peak memory in MB."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write, 1)
        os.execvpe(words[0], words, {**os.environ, "OMP_NUM_THREADS": "1"})
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    _, _, used = os.wait4(child, 0)
    return json.loads(text), used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--only", help="the rows of this file alone")
    arguments = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}; {' '.join(sys.argv)}")
    print("| file | H | bracket | stopped | seconds | MB | nodes | types |")
    print("| --- " * 8 + "|")
    for row in (row for row in [*ROWS, *THREE_AGENTS] if arguments.only in (None, row[0])):
        name, horizon, discount = row
        ours, theirs = [str(GAMES / f"{name}.posg")], [str(arguments.folder / f"{name}.dpomdp"), "--share", "none"]
        words = ["posgc", "solve", *(ours if row in THREE_AGENTS else theirs), "--concept", "team", "--json", "--quiet"]
        words += ["--horizon", str(horizon), "--time-limit", f"{arguments.limit:g}"]
        words += [] if discount is None else ["--discount", str(discount)]
        runs = [measured(words) for _ in range(arguments.repeat)]
        found, seconds = [run[0] for run in runs], [run[1] for run in runs]
        bounds = max((one["bounds"] for one in found), key=lambda b: b["upper"] - b["lower"])
        stopped = sum(any("stopped before" in note for note in one["notes"]) for one in found)
        search = found[0]["search"]
        spread = f"{statistics.median(seconds):.1f} ({min(seconds):.1f}..{max(seconds):.1f})"
        bracket = f"{bounds['lower']:.7f} .. {bounds['upper']:.7f}"
        peak = max(run[2] for run in runs)
        sizes = f"{search['nodes']} | {search['types']}"
        print(f"| {name} | {horizon} | {bracket} | {stopped} | {spread} | {peak:.0f} | {sizes} |", flush=True)


if __name__ == "__main__":
    main()
