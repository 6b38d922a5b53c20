"""The games of the batteries: small, random, of every kind of rewards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from posgc.information.dropping import drop_own_actions
from posgc.information.items import Information
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.model.arrays import Model
from posgc.model.build import from_arrays

__all__ = ["N_GAMES", "battery_game", "battery_games", "independent"]

# Rewards, agents, and the lag after which an agent learns what another saw and did.  Assumption 3 fails where it never
# does, and the one-step lag of three agents makes stages with private information.
CASES = (
    ("common", 2, 0),
    ("common", 2, 1),
    ("zero_sum", 2, 0),
    ("zero_sum", 2, 1),
    ("general", 2, 0),
    ("general", 2, 1),
    ("common", 3, 1),
    ("common", 2, NEVER),
    ("zero_sum", 2, NEVER),
    ("general", 2, NEVER),
    ("common", 1, 0),
)
N_GAMES = len(CASES)


def battery_game(k: int) -> Information:
    """The k-th game of the battery, the same in every process."""
    kind, n, lag = CASES[k]
    model = _random_model(np.random.default_rng([1944, k]), kind, n)
    rows = tuple(tuple(0 if i == j else lag for j in range(n)) for i in range(n))
    acts = tuple(tuple(1 if i == j else max(1, lag) for j in range(n)) for i in range(n))
    name = {0: "full", 1: "one_step", NEVER: "none"}[lag]
    return drop_own_actions(Information(model, LagTable(name, acts, rows)))


def battery_games() -> Iterator[tuple[Information, bool]]:
    """Every game, and whether Assumption 3 holds for it."""
    for k in range(N_GAMES):
        yield battery_game(k), independent(k)


def independent(k: int) -> bool:
    """Whether Assumption 3 holds for the k-th game."""
    return CASES[k][2] != NEVER


def _random_model(rng: np.random.Generator, kind: str, n: int) -> Model:
    states, n_joint = 2, 2**n
    reward = rng.integers(-3, 4, size=(n, n_joint, states)).astype(float)
    if kind == "common":
        reward[:] = reward[0]
    elif kind == "zero_sum":
        reward[1] = -reward[0]
    return from_arrays(
        transition=rng.dirichlet(np.ones(states), size=(n_joint, states)),
        emission=rng.dirichlet(np.ones(n_joint), size=(n_joint, states)),
        reward=reward,
        initial=np.array([0.4, 0.6]),
        action_sizes=(2,) * n,
        observation_sizes=(2,) * n,
        horizon=3,
        name=f"battery game, {kind}, {n} agents",
    )
