"""`python tests/adversarial/report.py FROM TO`: what is false in the games FROM..TO-1, by kind; widths of brackets."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.adversarial import challenge
from support.statements import Examined, False_, examine


def report(found: list[Examined], seconds: float) -> str:
    """How many games have a false statement of each kind, and that of the shortest game."""
    kinds: dict[str, list[tuple[int, int, False_]]] = {}
    for one in found:
        for kind, f in {f.kind: f for f in reversed(one.false)}.items():
            kinds.setdefault(kind, []).append((len(one.challenge.text), one.challenge.seed, f))
    widths = sorted(one.width for one in found if one.width is not None)
    finite = [w for w in widths if w != float("inf")]
    lines = [f"{len(found)} games, {sum(one.checked for one in found)} statements, {seconds:.0f} s"]
    lines.append(f"  {sum(bool(one.untried) for one in found)} with a check that was too large for the referee")
    lines += [f"  {count} {outcome}" for outcome, count in Counter(one.outcome for one in found).most_common()]
    for kind, rows in sorted(kinds.items(), key=lambda item: -len(item[1])):
        _, seed, f = min(rows, key=lambda row: row[:2])
        lines.append(f"{len(rows)} games: {kind}; game {seed}: {f.said}; truth: {f.truth}")
    if finite:
        lines.append(
            f"{len(widths)} brackets: median width {median(finite):.2g} of the largest sum of rewards, "
            f"largest {finite[-1]:.2g}; {len(widths) - len(finite)} infinite"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    start = perf_counter()
    examined = [examine(challenge(seed)) for seed in range(int(sys.argv[1]), int(sys.argv[2]))]
    print(report(examined, perf_counter() - start))
