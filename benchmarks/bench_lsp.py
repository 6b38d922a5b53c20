"""How long an editor waits: diagnostics, hover and completion in files of 500 and of 2,000 lines.

`python benchmarks/bench_lsp.py [REPEATS]` prints the machine, the command, and medians and ranges over REPEATS (20).
Every repetition changes the text first, as typing does, so that nothing is kept from the one before.  The file is a
plant of many stations, each with a state, an action, an observation, a definition and their laws for three agents.
"""

from __future__ import annotations

import gc
import platform
import statistics
import sys
import time
from collections.abc import Callable

from posgc.cli.main import COLLECT
from posgc.language import Analysis, Source, analyse
from posgc.language.text.parse import read_game
from posgc.lsp.completing import completions
from posgc.lsp.hovering import hover
from posgc.lsp.outlining import symbols, tokens
from posgc.lsp.standing import hints

HEAD = """game plant "A plant of many stations" {
  param rate = 0.9 in [0.5, 1];
  horizon 5;
  agents ann, bob, cyd;
  type level = 0..3;
"""
STATION = """
  # station K
  state load_K[i]: level;
  init load_K[i] = 0;
  action act_K[i]: {idle_K, work_K};
  observation dial_K[i]: level;
  chance slips_K[i]: bool ~ bernoulli(1 - rate);
  let busy_K = count(i: act_K[i] == work_K);
  let full_K[i] = load_K[i] == 3 and not any(j != i: load_K[j] == 0);
  next load_K[i] = if slips_K[i] then load_K[i]
                   else clip(load_K[i] + (if act_K[i] == work_K then 1 else -1), 0, 3);
  observe dial_K[i] ~ noisy(load_K[i]', rate);
  reward team = busy_K - 2 * count(i: full_K[i]);
"""
TAIL = """
  share one_step;
  share late(d = 2) {
FORGET  }
}
"""


def plant(lines: int) -> str:
    """A game of about so many lines."""
    stations = (lines - 12) * 9 // 129
    names = [f"{k}" for k in range(stations)]
    body = "".join(STATION.replace("K", name) for name in names)
    rules = "".join(f"    dial_{name} after d;\n    act_{name} after d;\n" for name in names)
    return HEAD + body + TAIL.replace("FORGET", rules)


def measured(work: Callable[[int], object], repeats: int) -> str:
    """Median and range of the milliseconds of processor time of `work(k)`, k = 1..repeats."""
    taken = []
    for k in range(1, repeats + 1):
        began = time.process_time()
        work(k)
        taken.append(1e3 * (time.process_time() - began))
    return f"{statistics.median(taken):8.1f} ms ({min(taken):.1f} to {max(taken):.1f})"


def measure(text: str, repeats: int) -> None:
    """Print what each question about the text takes."""

    def read(k: int) -> Analysis:
        return analyse(Source("plant.posg", f"{text}# {k}\n"))

    known = read(0)
    assert not known.diagnostics
    uses = [name.places[-1].start for name in known.names]
    step = max(1, len(uses) // repeats)
    at = text.index("next load_20[i]") + len("next load_20[i] = if ")
    print(f"{text.count(chr(10))} lines, {len(text):,} characters, {len(uses)} names")
    for what, work in (
        ("parse", lambda k: read_game(Source("plant.posg", f"{text}# {k}\n"))),
        ("analyse", read),
        ("analyse, names", lambda k: read(k).names),
        ("hover", lambda k: hover(known, uses[(k * step) % len(uses)])),
        ("completion", lambda k: completions(known, text, at)),
        ("inlay hints", lambda k: hints(known)),
        ("outline, tokens", lambda k: (symbols(known), tokens(known))),
    ):
        print(f"  {what:16} {measured(work, repeats)}")


def main(repeats: int) -> None:
    """Both files."""
    gc.set_threshold(COLLECT)  # as the command line does
    print(f"machine: {platform.platform()}, Python {platform.python_version()}")
    print(f"command: python benchmarks/bench_lsp.py {repeats}")
    for lines in (500, 2000):
        measure(plant(lines), repeats)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
