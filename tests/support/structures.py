"""Lag tables and random games for the tests of information structures.

Lags follow `posgc.language.sharing.lag_table`: `(action rows, observation rows)`, one row for each agent's single
variable, entry j the age at which agent j knows it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.model.arrays import Initial, Model
from posgc.model.build import from_arrays, kernel_from_dense


def lags(own: int, others: int, agent: int, n: int = 2) -> tuple[int, ...]:
    """The owner's lag, and everyone else's."""
    return tuple(own if j == agent else others for j in range(n))


def protocol(
    actions: tuple[int, ...], observations: tuple[int, ...], forget: int | None = None, name: str = "by hand"
) -> LagTable:
    """Each agent's action and observation reach all others after one lag."""
    n = len(actions)
    return LagTable(
        name,
        tuple(lags(1, actions[i], i, n) for i in range(n)),
        tuple(lags(0, observations[i], i, n) for i in range(n)),
        forget,
    )


ONE_STEP = protocol((1, 1), (1, 1))
FULL = protocol((1, 1), (0, 0))
ONE_DIRECTIONAL = protocol((1, 1), (0, 1))
NONE = protocol((NEVER, NEVER), (NEVER, NEVER))


def delayed(d: int) -> LagTable:
    """Observations and actions after d steps."""
    return protocol((d, d), (d, d))


def controlled_by_first(d: int, own: int = 0) -> LagTable:
    """The paper's Example 2: case A, or case B with own = 1."""
    return protocol((1, NEVER), (own, d))


def uncontrolled(d: int) -> LagTable:
    """The paper's Example 5: observations after d, actions never."""
    return protocol((NEVER, NEVER), (d, d))


def random_game(
    rng: np.random.Generator,
    controllers: tuple[bool, ...],
    horizon: int,
    *,
    states: int = 2,
    actions: int = 2,
    observations: int = 2,
    blind: bool = False,
) -> Model:
    """Generic numbers, but the state moves only with the actions of the controllers, and emissions read s' alone.

    Observations are correlated across agents given s'.  With `blind` they are independent of the state, and
    of one another.
    """
    n = len(controllers)

    def law(*shape: int) -> np.ndarray:
        table = rng.random(shape) + 0.1
        return np.asarray(table / table.sum(axis=-1, keepdims=True))

    free = law(*(actions if c else 1 for c in controllers), states, states)
    transition = np.broadcast_to(free, (*(actions,) * n, states, states)).reshape(actions**n, states, states)
    if blind:
        parts = [law(observations) for _ in range(n)]
        joint = parts[0]
        for part in parts[1:]:
            joint = np.multiply.outer(joint, part)
        seen = np.broadcast_to(joint.ravel(), (states, observations**n))
    else:
        seen = law(states, observations**n)
    return from_arrays(
        transition=np.ascontiguousarray(transition),
        emission=np.ascontiguousarray(np.broadcast_to(seen, (actions**n, *seen.shape))),
        reward=rng.random((n, actions**n, states)),
        initial=law(states),
        action_sizes=(actions,) * n,
        observation_sizes=(observations,) * n,
        horizon=horizon,
    )


def any_game(rng: np.random.Generator, n: int, horizon: int, kind: str) -> Model:
    """A random game with step-dependent choices, first observations, and kernels of any wiring.

    `kind` is "generic" (all numbers positive), "coarse" (zeros, ties and certainties) or "still" (as coarse,
    and no action moves anything).  The law of (s', o') may depend on any part of (s, a) and be correlated.
    """

    def law(*shape: int) -> np.ndarray:
        table = rng.random(shape) + 0.1 if kind == "generic" else rng.integers(0, 2, shape).astype(float)
        table[..., 0] += table.sum(axis=-1) == 0
        return np.asarray(table / table.sum(axis=-1, keepdims=True))

    def dynamics() -> np.ndarray:
        """[a, s, o', s'], reading a random subset of the actions and perhaps not s."""
        reads = [kind != "still" and bool(rng.integers(2)) for _ in range(n)]
        wide = (*(2 if r else 1 for r in reads), 2 if rng.integers(4) else 1)
        factored = bool(rng.integers(2))
        if factored:
            sees = [*(r and bool(rng.integers(2)) for r in reads), bool(rng.integers(2))]  # actions, s'
            move = law(*wide, 2)
            see = law(*(2 if r else 1 for r in sees), 2**n)
            joint = move[..., None, :] * np.moveaxis(see, -1, -2)[..., None, :, :]
        else:
            joint = law(*wide, 2**n * 2).reshape(*wide, 2**n, 2)
        return np.broadcast_to(joint, (*(2,) * n, 2, 2**n, 2)).reshape(2**n, 2, 2**n, 2)

    base = random_game(rng, (True,) * n, horizon)
    kernels = tuple(kernel_from_dense(dynamics(), np.zeros((n, 2**n, 2))) for _ in range(int(rng.integers(1, 3))))
    kernel_of_step = tuple(int(k) for k in rng.integers(len(kernels), size=horizon))
    active = rng.random((horizon, n)) < (1.0 if rng.integers(2) else 0.7)
    observed = base.observed.copy()
    start = law(2 * 2**n)
    if rng.integers(2):
        observed[0] = True
        at = np.flatnonzero(start)
        initial = Initial(at // 2**n, at % 2**n, start[at])
    else:
        initial = base.initial
    return replace(
        base, kernels=kernels, kernel_of_step=kernel_of_step, active=active, observed=observed, initial=initial
    )


def any_protocol(rng: np.random.Generator, n: int) -> LagTable:
    """A random lag table, link by link, sometimes with forgetting; open enough that Assumption 3 often holds."""
    mood = int(rng.integers(3))
    sights = np.array([[0, 0, 0, 1], [0, 1, 2, NEVER], [0, 0, 1, 2]][mood])
    deeds = np.array([[0, 0, 0, 0], [0, 1, 2, NEVER], [NEVER, NEVER, NEVER, NEVER]][mood])

    def row(agent: int, own: int, waits: np.ndarray) -> tuple[int, ...]:
        drawn = rng.choice(waits, size=n) + own
        return tuple(own if j == agent else int(min(drawn[j], NEVER)) for j in range(n))

    forget = int(rng.integers(0, 3)) if rng.integers(3) == 0 else None
    return LagTable(
        "random", tuple(row(i, 1, deeds) for i in range(n)), tuple(row(i, 0, sights) for i in range(n)), forget
    )


def dectiger(horizon: int) -> Model:
    """Nair et al. (2003): listen 0, open left 1, open right 2; hearing is right with probability 0.85 each."""
    transition = np.full((9, 2, 2), 0.5)
    transition[0] = np.eye(2)
    emission = np.full((9, 2, 4), 0.25)
    ear = np.array([[0.85, 0.15], [0.15, 0.85]])
    emission[0] = np.einsum("si,sj->sij", ear, ear).reshape(2, 4)
    return from_arrays(
        transition=transition,
        emission=emission,
        reward=np.zeros((2, 9, 2)),
        initial=np.array([0.5, 0.5]),
        action_sizes=(3, 3),
        observation_sizes=(2, 2),
        horizon=horizon,
        name="dectiger",
        agents=("ann", "bob"),
    )
