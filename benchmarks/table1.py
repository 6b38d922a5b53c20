"""The paper's Table 1 beside the truth: python benchmarks/table1.py [--games dectiger] [--horizons 3,4] [--seeds 5]

DecTiger and box pushing (Liu & Zhang, ICML 2023, Table 1): values of the policies that `laci`, `latent` where it is
installed, `laci-neural`, `fm-e` and `rnn-e` learn, mean and standard deviation over seeds, beside the paper's numbers
and the optima of the exact planner under full and one-step sharing.  Two budgets for the baselines: 80,000 joint steps,
the paper's, and 40,000 episodes, those of Mao et al. (2020).  The baselines' seeds are one stack of networks.  Values
are exact where the judge can work them out, else estimated by play.  Box pushing is played under both
conventions of when observations are drawn: after the transition (`boxpushing`), and before it (`before`), which is how
the environments of Mao et al. do it; on DecTiger both earn the same, since opening a door makes the observation and the
state independent of all before.  Prints rows of Markdown as they come.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from posgc.coordination.limits import Limits
from posgc.judge.choose import judge
from posgc.language.diagnostics import LimitError
from posgc.pipeline import Compiled, Request, compile_request, solve
from posgc.play.environment import Budget, CountedEnvironment
from posgc.play.simulator import Simulator
from posgc.plugin.registry import registry

GAMES = Path(__file__).resolve().parent.parent / "games"
PAPER = {  # Table 1: horizon -> (ours, FM-E, RNN-E)
    "boxpushing": {
        3: (62.78, 64.22, 8.40),
        4: (81.44, 77.80, 9.10),
        5: (98.73, 96.40, 21.78),
        6: (98.76, 94.61, 94.36),
        7: (145.35, 138.44, 132.70),
    },
    "dectiger": {
        3: (13.06, -6.0, -6.0),
        4: (20.89, -4.76, -7.00),
        5: (27.95, -6.37, -10.04),
        6: (36.03, -7.99, -11.90),
        7: (37.72, -7.99, -13.92),
    },
}
STEPS, EPISODES, JUDGED = 80_000, 40_000, 200_000
SHARES = ("full", "one_step")
BUDGETS: dict[str, Callable[[int], tuple[str, int]]] = {
    "steps": lambda horizon: ("80,000 joint steps", STEPS // horizon),
    "episodes": lambda horizon: ("40,000 episodes", EPISODES),
}
AFTER, BEFORE = "if delivered' == nothing then view[i]' else empty", "if delivered == nothing then view[i] else empty"


@cache
def compiled(game: str, share: str, horizon: int, seed: int = 0) -> Compiled:
    """The game; `boxpushing, observed before` is made of its text."""
    name, _, before = game.partition(", ")
    path = GAMES / f"{name}.posg"
    if not before:
        return compile_request(Request(str(path), share=share, horizon=horizon, seed=seed))
    text = path.read_text(encoding="utf-8")
    assert AFTER in text
    lines = [line for line in text.replace(AFTER, BEFORE).splitlines() if "expect value" not in line]
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "before.posg"
        written.write_text("\n".join(lines), encoding="utf-8")
        return compile_request(Request(str(written), share=share, horizon=horizon, seed=seed))


def planned(game: str, horizon: int, share: str, backend: str, seeds: int, options: dict[str, str]) -> list[float]:
    """What the policies of a back-end that shares information earn, 80,000 joint steps each."""
    found = []
    for seed in range(seeds):
        solution = solve(compiled(game, share, horizon, seed), "team", backend, options, budget=Budget(STEPS))
        found.append(next(iter(solution.values.values())))
    return found


def stacked(game: str, horizon: int, backend: str, seeds: int, episodes: int, curves: str) -> list[float]:
    """What a stack of networks of a baseline earns, `episodes` each."""
    from posgc_neural.baselines import learned_baseline
    from posgc_neural.curves import keep
    from posgc_neural.options import BaselineOptions, FmOptions, RnnOptions

    made = compiled(game, "none", horizon)
    information = made.information
    options: BaselineOptions = (FmOptions if backend == "fm-e" else RnnOptions)(episodes=episodes)
    environment = CountedEnvironment(Simulator(made.model, 0), Budget(episodes * horizon * seeds))
    found = learned_baseline(
        environment, information.structure, options, 0, seeds, lambda stage, done, total: None, Limits(None)
    )
    if curves:
        for ending in ("csv", "svg"):
            keep(found.curve, str(Path(curves) / f"{game.replace(', ', '_')}_{horizon}_{backend}_{episodes}.{ending}"))
    return [float(judge(information, one, "nash", JUDGED, None, None).values[0]) for one in found.policies]


def told(label: str, values: list[float], began: float) -> None:
    """A line of the output."""
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    each = ", ".join(f"{value:.2f}" for value in values)
    took = (time.perf_counter() - began) / len(values)
    print(f"  {label}: {np.mean(values):.2f} ± {spread:.2f} ({each}); {took:.0f} s each", flush=True)


def row(
    game: str,
    horizon: int,
    backends: list[str],
    shares: list[str],
    budgets: list[str],
    seeds: int,
    curves: str,
    most: int,
    options: dict[str, str],
) -> None:
    """Everything at one horizon; `most` bounds episodes and is for trials, `options` are of who shares information."""
    ours, fm, rnn = PAPER[game.partition(",")[0]][horizon]
    print(f"{game}, H = {horizon}; the paper: ours {ours}, FM-E {fm}, RNN-E {rnn}", flush=True)
    for share in SHARES:
        optimum = next(iter(solve(compiled(game, share, horizon), "team").values.values()))
        print(f"  optimum, {share}: {optimum:.6f}", flush=True)
    for backend in backends:
        if backend in ("fm-e", "rnn-e"):
            for budget in budgets:
                name, episodes = BUDGETS[budget](horizon)
                began = time.perf_counter()
                played = min(episodes, most)
                label = name if played == episodes else f"cut down to {played:,} episodes"
                told(f"{backend}, {label}", stacked(game, horizon, backend, seeds, played, curves), began)
            continue
        for share in shares:
            began = time.perf_counter()
            label = ", ".join([backend, share, "80,000 joint steps", *map("=".join, options.items())])
            try:
                told(label, planned(game, horizon, share, backend, seeds, options), began)
            except LimitError as error:
                print(f"  {backend}, {share}: {error}", flush=True)


def main() -> None:
    """What is asked for."""
    everything = ["laci", "latent", "laci-neural", "fm-e", "rnn-e"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="*", default=["dectiger", "boxpushing", "boxpushing, observed before"])
    parser.add_argument("--horizons", default="3,4,5,6,7")
    parser.add_argument("--backends", default=",".join(everything))
    parser.add_argument("--shares", default=",".join(SHARES), help="of the learners that share information")
    parser.add_argument("--budgets", default=",".join(BUDGETS), help="of the baselines")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--curves", default="", help="folder for the baselines' curves")
    parser.add_argument("--most", type=int, default=EPISODES, help="episodes of the baselines at most, for a trial")
    parser.add_argument(
        "--option", action="append", default=[], help="NAME=VALUE, of the learners that share information"
    )
    arguments = parser.parse_args()
    options = dict(word.split("=", 1) for word in arguments.option)
    print(f"{platform.platform()}, {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    print(f"command: python benchmarks/table1.py {' '.join(sys.argv[1:])}", flush=True)
    asked = arguments.backends.split(",")
    missing = [name for name in asked if name not in registry().backends]
    if missing:
        print(f"not installed, and left out: {', '.join(missing)}")
    began = time.perf_counter()
    for game in arguments.games:
        for horizon in map(int, arguments.horizons.split(",")):
            present = [name for name in asked if name not in missing]
            shares, budgets = arguments.shares.split(","), arguments.budgets.split(",")
            row(game, horizon, present, shares, budgets, arguments.seeds, arguments.curves, arguments.most, options)
    print(f"{(time.perf_counter() - began) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
