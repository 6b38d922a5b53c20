"""How long an editor waits: diagnostics, hover and completion in a file of 500 lines, and a file of 2,000 lines checked.

`python benchmarks/bench_lsp.py [REPEATS]` prints the machine, the command, and medians and ranges over REPEATS (20).
Every repetition changes the text first, as typing does, so that nothing is kept from the one before.  The file is a
plant of many stations, each with a state, an action, an observation, a definition and their laws for three agents.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable

from posgc.language import Source, analyse

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


if __name__ == "__main__":
    pass
