"""Speed of the simulator on DecTiger: python benchmarks/bench_simulate.py [--repeat 5] [--episodes 1000000]

Prints the machine, the command, and the joint steps a second, median (least..greatest) over the repeats: uniform
play, a pure policy drawn at random, and the team optimum, one-step late, H = 3, 10 and 100; for uniform play also the
ratio to a loop over steps as one writes it with PettingZoo's parallel interface: `reset` and `step` on dictionaries,
an agent's name to its action, observation, reward, end and truncation.  The loop's environment is written here, in
plain Python with `random` and without PettingZoo's own wrappers or checks, which is the fastest that such a loop
can be.  Loop and batch run one after the other in each repeat, and ratios are taken within it.  One process, one
thread.
"""

from __future__ import annotations

import argparse
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from posgc.pipeline import Request, compile_request, solve
from posgc.play.kinds import player_of
from posgc.play.players import Player, RandomPlayer, UniformPlayer
from posgc.play.sampler import estimate

GAME = Path(__file__).resolve().parent.parent / "games" / "dectiger.posg"
LOOP_STEPS = 60_000
PAY = {(0, 0): -2, (0, 1): 9, (0, 2): 20, (1, 0): -101, (1, 1): -100, (2, 0): -50}


class ParallelTiger:
    """DecTiger (Nair et al., 2003) behind the parallel interface."""

    agents = ("ann", "bob")

    def __init__(self, horizon: int) -> None:
        self.horizon, self.h, self.tiger = horizon, 0, 0

    def reset(self) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
        self.h, self.tiger = 0, random.randrange(2)
        return dict.fromkeys(self.agents, 0), {agent: {} for agent in self.agents}

    def step(
        self, actions: dict[str, int]
    ) -> tuple[dict[str, int], dict[str, int], dict[str, bool], dict[str, bool], dict[str, dict[str, int]]]:
        doors = [door - 1 for door in actions.values() if door]
        eaten = sum(door == self.tiger for door in doors)
        reward = PAY[eaten, len(doors) - eaten]
        if doors:
            self.tiger = random.randrange(2)
            heard = {agent: random.randrange(2) for agent in self.agents}
        else:
            heard = {agent: self.tiger if random.random() < 0.85 else 1 - self.tiger for agent in self.agents}
        self.h += 1
        over = self.h == self.horizon
        return (
            heard,
            dict.fromkeys(self.agents, reward),
            dict.fromkeys(self.agents, over),
            dict.fromkeys(self.agents, False),
            {agent: {} for agent in self.agents},
        )


def loop(horizon: int) -> float:
    """Mean return of uniform play, an episode at a time."""
    environment, total = ParallelTiger(horizon), 0
    episodes = max(1, LOOP_STEPS // horizon)
    for _ in range(episodes):
        environment.reset()
        over = False
        while not over:
            actions = {agent: random.randrange(3) for agent in environment.agents}
            _, rewards, ends, _, _ = environment.step(actions)
            total += rewards["ann"]
            over = all(ends.values())
    return total / episodes


def seconds(work: Callable[[], object]) -> float:
    """Wall clock of one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def spread(numbers: list[float], digits: int = 1) -> str:
    """Median (least..greatest)."""
    middle, least, most = statistics.median(numbers), min(numbers), max(numbers)
    return f"{middle:.{digits}f} ({least:.{digits}f}..{most:.{digits}f})"


def main() -> None:
    """All cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--episodes", type=int, default=1_000_000)
    arguments = parser.parse_args()
    print(f"{platform.platform()}, {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    print(f"command: python benchmarks/bench_simulate.py {' '.join(sys.argv[1:])}")
    for horizon in (3, 10, 100):
        compiled = compile_request(Request(str(GAME), horizon=horizon))
        model, information = compiled.model, compiled.information
        players: dict[str, Player] = {"uniform": UniformPlayer(model), "random:1": RandomPlayer(information, 1)}
        players["team optimum"] = player_of(information, solve(compiled, "team").policy.strategy)
        episodes = max(1, arguments.episodes * 3 // horizon)
        for name, player in players.items():
            rates, ratios = [], []
            for repeat in range(arguments.repeat + 1):  # the first fills the caches and is not counted
                took = seconds(lambda: estimate(model, player, episodes)) / (episodes * horizon)  # noqa: B023
                yardstick = seconds(lambda: loop(horizon)) / LOOP_STEPS if name == "uniform" else 0.0  # noqa: B023
                if repeat:
                    rates.append(1e-6 / took)
                    ratios.append(yardstick / took)
            beside = f"; ratio to the loop {spread(ratios, 0)}, wanted 50" if name == "uniform" else ""
            print(f"H = {horizon}, {name}: {spread(rates)} million joint steps a second{beside}", flush=True)


if __name__ == "__main__":
    main()
