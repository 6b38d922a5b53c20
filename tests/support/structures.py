"""Lag tables and random games for the tests of information structures.

Lags follow `posgc.language.protocol`: `(action rows, observation rows)`, one row for each agent's single
variable, entry j the age at which agent j knows it.
"""

from __future__ import annotations

import numpy as np

from posgc.language.protocol import NEVER, Protocol
from posgc.model.arrays import Model
from posgc.model.build import from_arrays


def lags(own: int, others: int, agent: int, n: int = 2) -> tuple[int, ...]:
    """The owner's lag, and everyone else's."""
    return tuple(own if j == agent else others for j in range(n))


def protocol(
    actions: tuple[int, ...], observations: tuple[int, ...], forget: int | None = None, name: str = "by hand"
) -> Protocol:
    """Each agent's action and observation reach all others after one lag."""
    n = len(actions)
    return Protocol(
        name,
        tuple(lags(1, actions[i], i, n) for i in range(n)),
        tuple(lags(0, observations[i], i, n) for i in range(n)),
        forget,
    )


ONE_STEP = protocol((1, 1), (1, 1))
FULL = protocol((1, 1), (0, 0))
ONE_DIRECTIONAL = protocol((1, 1), (0, 1))
NONE = protocol((NEVER, NEVER), (NEVER, NEVER))


def delayed(d: int) -> Protocol:
    """Observations and actions after d steps."""
    return protocol((d, d), (d, d))


def controlled_by_first(d: int, own: int = 0) -> Protocol:
    """The paper's Example 2: case A, or case B with own = 1."""
    return protocol((1, NEVER), (own, d))


def uncontrolled(d: int) -> Protocol:
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
        reward=rng.random((n, actions**n, states)), initial=law(states),
        action_sizes=(actions,) * n, observation_sizes=(observations,) * n, horizon=horizon,
    )  # fmt: skip
