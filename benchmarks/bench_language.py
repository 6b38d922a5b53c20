"""How long the front end takes on a long file: `python benchmarks/bench_language.py [--lines 2000] [--profile]`.

The file has as many lines as asked for: a game of many rooms, each with states, draws, observations, definitions and
rewards, read by nothing but the front end (parse, names, types, protocols, warnings).  Prints the best of five runs,
and that of the same file with a mistake of syntax in its last statement.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import time

from posgc.cli.main import COLLECT
from posgc.language import Source, analyse

_HEAD = """game long "A game of many rooms" {
  param accuracy = 0.85 in [0.5, 1];
  horizon 5;
  agents ann, bob, cyd;
  type level = 0..3;
  action act[i]: {listen, open, wait};
"""
_ROOM = """
  # Room @: what is in it, and what is heard of it.
  state heat@: level;
  state door@[i]: {closed, ajar, open_};
  chance gust@: bool ~ bernoulli(0.1);
  let warm@ = heat@ >= 2 and not gust@;
  let near@[i] = door@[i] == ajar or (door@[i] == open_ and act[i] != wait);
  let cost@(x) = if x > 2 then x - 2 else 0;
  init heat@ ~ {0: 0.7, 1: 0.3};
  init door@[i] ~ if i == ann then uniform else {closed: 0.5, ajar: 0.5};
  next heat@ ~ if warm@ then {min(heat@ + 1, 3): 0.5, heat@: 0.5} else max(heat@ - 1, 0);
  next door@[i] ~ match (act[i], door@[i]) {
    (listen, _): door@[i];
    (open, closed): ajar;
    (open, _): open_;
    _: closed;
  };
  observation hear@[i]: level;
  observe hear@[i] ~ if near@[i] then noisy(heat@', accuracy) else uniform;
  reward team = count(i: near@[i]) - cost@(heat@) + (if warm@ then 0.5 else 0);
  reward[i] = if hear@[i]' == 0 and act[i] == listen then 1 else 0;
"""
_TAIL = """
  share late { @act after 1; }
  share full;
}
"""


def long_game(lines: int) -> str:
    """A right file of at least so many lines."""
    rooms: list[str] = []
    size = _HEAD.count("\n") + _TAIL.count("\n")
    while size < lines:
        rooms.append(_ROOM.replace("@", str(len(rooms) + 1)))
        size += _ROOM.count("\n")
    rules = "".join(f"hear{k + 1} after {k % 3}; " for k in range(len(rooms)))
    return _HEAD + "".join(rooms) + _TAIL.replace("@", rules)


def seconds(source: Source) -> float:
    """Of the processor, of one analysis."""
    began = time.process_time()
    analyse(source)
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    gc.set_threshold(COLLECT)  # as the commands do
    source = Source("long.posg", long_game(asked.lines))
    found = analyse(source)
    assert found.failure is None and not found.warnings, found.diagnostics
    if asked.profile:
        with cProfile.Profile() as profile:
            analyse(source)
        pstats.Stats(profile).sort_stats("cumtime").print_stats(45)
    broken = Source("broken.posg", source.text.replace("share ", "share share ", 1))
    assert analyse(broken).failure is not None
    whole, mistaken = zip(*((seconds(source), seconds(broken)) for _ in range(5)), strict=True)
    print(f"{source.text.count(chr(10))} lines, {len(source.text)} characters: {min(whole):.2f} s")
    print(
        f"with a mistake of syntax near the end: {min(mistaken):.2f} s, {min(mistaken) / min(whole):.2f} times as long"
    )


if __name__ == "__main__":
    main()
