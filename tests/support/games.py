"""Random small games whose information structure makes beliefs independent of strategies, and DecTiger.

The structures are those for which Assumption 3 of Liu & Zhang (2023) is known to hold (their Section 3 and
Appendix B.4), each as a plain lag table together with the agents who may move the state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from posgc.information.items import Information
from posgc.language.sharing.lag_table import NEVER, Exchange, Kind, LagTable
from posgc.language.signature import Signature, Variable
from posgc.model.arrays import Initial, Kernel, Model
from posgc.model.build import from_arrays, kernel_from_dense

__all__ = ["STRUCTURES", "Shape", "any_protocol", "dectiger", "delayed", "full", "random_game", "shapes"]

Floats = npt.NDArray[np.float64]
Rewards = Literal["general", "common", "zero_sum"]

STRUCTURES = (
    "full",
    "one_step",
    "mixed_links",
    "controlled",
    "controlled_late_own",
    "uncontrolled",
    "none",
    "forget_all",
)
SUPPORT = 4
"""Outcomes of positive probability in a row of a sparse or coarse kernel, at most."""


@dataclass(frozen=True)
class Shape:
    """What a random game looks like; its numbers follow from `seed`."""

    structure: str
    n: int
    n_states: int
    horizon: int
    actions: tuple[int, ...]
    observations: tuple[int, ...]
    rewards: Rewards
    numbers: Literal["dense", "sparse", "coarse"]
    early: bool  # observations at step 1
    gaps: bool  # steps without this choice or that observation, dynamics that change with h, agents without variables
    split: bool  # the first agent has two observation variables, the last two action variables
    discount: float
    seed: int


@st.composite
def shapes(
    draw: st.DrawFn,
    rewards: Sequence[Rewards] = ("general", "common", "zero_sum"),
    histories: int = 2500,
    max_agents: int = 3,
    structures: Sequence[str] = STRUCTURES,
) -> Shape:
    """Shapes with at most about `histories` histories, so that the plain way is affordable."""
    kind = draw(st.sampled_from(list(rewards)))
    n = 2 if kind == "zero_sum" else draw(st.sampled_from([k for k in (2, 2, 2, 3, 3, 1) if k <= max_agents]))
    structure = draw(st.sampled_from(structures))
    n_states = draw(st.sampled_from((2, 2, 3, 1)))
    actions = tuple(draw(st.sampled_from((2, 2, 2, 3, 1))) for _ in range(n))
    observations = tuple(draw(st.sampled_from((2, 2, 2, 1))) for _ in range(n))
    split, early = draw(st.sampled_from((False, False, True))), draw(st.booleans())
    numbers: Literal["dense", "sparse", "coarse"] = draw(st.sampled_from(("coarse", "sparse", "dense")))
    seen = prod(observations) * (2 if split else 1)
    support = n_states * seen if numbers == "dense" else SUPPORT
    first = n_states * (seen if early else 1)
    start = first if numbers == "dense" else min(SUPPORT, first)
    moves = prod(actions) * (2 if split else 1) * support
    affordable = [h for h in (3, 2, 1) if moves ** (h - 1) * start <= histories] or [1]
    return Shape(
        structure,
        n,
        n_states,
        draw(st.sampled_from(affordable[:1] * 4 + affordable)),
        actions,
        observations,
        kind,
        numbers,
        early,
        draw(st.booleans()),
        split,
        draw(st.sampled_from((1.0, 0.9))),
        draw(st.integers(0, 2**32 - 1)),
    )


def random_game(shape: Shape) -> tuple[Model, LagTable]:
    """The model and protocol of a shape."""
    rng = np.random.default_rng(shape.seed)
    observations = [Variable("obs", i, _values(k)) for i, k in enumerate(shape.observations)]
    actions = [Variable("act", i, _values(k)) for i, k in enumerate(shape.actions)]
    if shape.split:
        observations.insert(1, Variable("extra", 0, _values(2)))
        actions.append(Variable("mode", shape.n - 1, _values(2)))
    if shape.gaps:
        observations, actions = ([v for v in some if len(v.values) > 1] for some in (observations, actions))
    signature = Signature(tuple(f"agent{i}" for i in range(shape.n)), tuple(actions), tuple(observations))
    protocol, controllers = _protocol(shape, signature, rng)
    return _model(shape, signature, controllers, rng), protocol


def _values(k: int) -> tuple[str, ...]:
    return tuple(map(str, range(k)))


def _protocol(shape: Shape, signature: Signature, rng: np.random.Generator) -> tuple[LagTable, set[int]]:
    """The lag table and the agents whose actions the dynamics may read."""
    everyone, n = set(range(shape.n)), shape.n
    chief = int(rng.integers(n))
    forget, exchanges = None, ()
    shared, secret = [[1] * n for _ in signature.actions], [_owned(v, n, NEVER, 1) for v in signature.actions]
    match shape.structure:
        case "full":
            see, act, moving = [[0] * n for _ in signature.observations], shared, everyone
        case "one_step":
            see, act, moving = [_owned(v, n, 1) for v in signature.observations], shared, everyone
        case "mixed_links":  # each link at once or one step late: one-directional, and its like for three agents
            see = [[0 if i == v.agent else int(rng.integers(2)) for i in range(n)] for v in signature.observations]
            act, moving = shared, everyone
        case "controlled" | "controlled_late_own":  # Example 2, cases A and B
            own, d = int(shape.structure != "controlled"), int(rng.integers(1, 3))
            see = [_owned(v, n, own if v.agent == chief else d) for v in signature.observations]
            act = [shared[k] if v.agent == chief else secret[k] for k, v in enumerate(signature.actions)]
            moving = {chief}
        case "uncontrolled":  # Example 5, with a delay for each link
            see = [
                [0 if i == v.agent else int(rng.choice([0, 1, 2, NEVER])) for i in range(n)]
                for v in signature.observations
            ]
            act, moving = secret, set()
        case "none" | "forget_all":
            see, act, moving = [_owned(v, n, NEVER) for v in signature.observations], secret, set()
            forget = 0 if shape.structure == "forget_all" else None
        case "any":  # Assumption 3 may fail; an action may arrive before what it was chosen on
            lags = (0, 1, 1, 2, 3, NEVER)
            see = [[0 if i == v.agent else int(rng.choice(lags)) for i in range(n)] for v in signature.observations]
            act = [[1 if i == v.agent else int(rng.choice(lags[1:])) for i in range(n)] for v in signature.actions]
            moving = {i for i in everyone if rng.random() < 0.7}
            forget = None if rng.random() < 0.7 else int(rng.integers(3))
            exchanges = some_exchanges(signature, np.random.default_rng((shape.seed, 1)))
        case other:
            raise ValueError(other)
    return LagTable(shape.structure, tuple(map(tuple, act)), tuple(map(tuple, see)), forget, exchanges), moving


def links(signature: Signature) -> list[tuple[Kind, int, int, int]]:
    """(kind, variable, whom it may reach, the age at which its owner has it) for every item and every other agent."""
    kinds: tuple[tuple[Kind, Sequence[Variable], int], ...] = (
        ("action", signature.actions, 1),
        ("observation", signature.observations, 0),
    )
    agents = range(len(signature.agents))
    return [(k, v, i, own) for k, some, own in kinds for v, x in enumerate(some) for i in agents if i != x.agent]


def some_exchanges(signature: Signature, rng: np.random.Generator) -> tuple[Exchange, ...]:
    """Links that work at some steps only, none in about half of the protocols; some links have two."""
    found = [
        Exchange(kind, v, i, own + int(rng.choice((0, 0, 1, 2))), int(rng.integers(1, 4)), int(rng.integers(1, 5)))
        for kind, v, i, own in links(signature) * 2
        if rng.random() < 0.4
    ]
    return tuple(found) if rng.random() < 0.5 else ()


def _owned(variable: Variable, n: int, others: int, own: int = 0) -> list[int]:
    return [own if i == variable.agent else others for i in range(n)]


def _law(rng: np.random.Generator, shape: tuple[int, ...], numbers: str) -> Floats:
    """A random distribution over an array; sparse and coarse ones have zeros, coarse ones equal numbers."""
    size = prod(shape)
    if numbers == "dense":
        return rng.dirichlet(np.ones(size)).reshape(shape)
    support = rng.choice(size, size=int(rng.integers(1, min(size, SUPPORT) + 1)), replace=False)
    law = np.zeros(size)
    law[support] = 1 / len(support) if numbers == "coarse" else rng.dirichlet(np.ones(len(support)))
    return law.reshape(shape)


def _model(shape: Shape, signature: Signature, controllers: set[int], rng: np.random.Generator) -> Model:
    horizon, n_states = shape.horizon, shape.n_states
    active = np.ones((horizon, len(signature.actions)), dtype=bool)
    observed = np.ones((horizon + 1, len(signature.observations)), dtype=bool)
    if shape.gaps:
        active, observed = rng.random(active.shape) < 0.8, rng.random(observed.shape) < 0.8
    observed[0] &= shape.early
    sizes = [len(v.values) for v in signature.observations]
    kernels, of_step = [], []
    for h in range(horizon):
        if h == 0 or shape.gaps:
            seen = [k if on else 1 for k, on in zip(sizes, observed[h + 1], strict=True)]
            kernels.append(_kernel(shape, signature, seen, controllers, active[h] if shape.gaps else None, rng))
        of_step.append(len(kernels) - 1)
    first = [k if on else 1 for k, on in zip(sizes, observed[0], strict=True)]
    law = _spread(_law(rng, (n_states, *first), shape.numbers), sizes).reshape(n_states, -1)
    s, o = np.nonzero(law)
    return Model(
        "random",
        "",
        signature,
        horizon,
        shape.discount,
        ("state",),
        (_values(n_states),),
        np.arange(n_states)[:, None],
        Initial(s, o, law[s, o]),
        tuple(kernels),
        tuple(of_step),
        active,
        observed,
    )


def _spread(law: Floats, sizes: list[int]) -> Floats:
    """A law over [s, digits that are seen] with the unseen digits at 0."""
    whole = np.zeros((len(law), *sizes))
    whole[tuple(slice(k) for k in law.shape)] = law
    return whole


def _kernel(
    shape: Shape,
    signature: Signature,
    seen: list[int],
    controllers: set[int],
    active: npt.NDArray[np.bool_] | None,
    rng: np.random.Generator,
) -> Kernel:
    variables, n_states = [len(v.values) for v in signature.actions], shape.n_states
    sizes = [len(v.values) for v in signature.observations]
    moving = [k for k, v in enumerate(signature.actions) if v.agent in controllers]
    joint = np.zeros((prod(variables), n_states, prod(sizes), n_states))
    reward = _rewards(shape, prod(variables), rng)
    known: dict[tuple[tuple[int, ...], int], Floats] = {}
    for a, digits in enumerate(np.ndindex(*variables)):
        if active is not None and any(d and not on for d, on in zip(digits, active, strict=True)):
            reward[:, a] = 0.0  # a row that cannot occur is empty
            continue
        for s in range(n_states):
            key = tuple(digits[k] for k in moving), s
            if key not in known:
                law = _spread(_law(rng, (n_states, *seen), shape.numbers), sizes).reshape(n_states, -1)
                known[key] = law.T
            joint[a, s] = known[key]
    return kernel_from_dense(joint, reward)


def _rewards(shape: Shape, n_actions: int, rng: np.random.Generator) -> Floats:
    table = (shape.n, n_actions, shape.n_states)
    reward = rng.normal(size=table) if shape.numbers == "dense" else rng.integers(-3, 4, table).astype(np.float64)
    if shape.rewards == "common":
        reward[:] = reward[:1]
    elif shape.rewards == "zero_sum":
        reward[1] = -reward[0]
    return reward


def delayed(d: int, n: int = 2) -> LagTable:
    """Observations and actions of everyone after d >= 1 steps, one variable of each an agent."""
    see = tuple(tuple(0 if i == j else d for i in range(n)) for j in range(n))
    act = tuple(tuple(1 if i == j else d for i in range(n)) for j in range(n))
    return LagTable("one_step" if d == 1 else f"delayed({d})", act, see)


def full(n: int = 2) -> LagTable:
    """Everything at once."""
    return LagTable("full", ((1,) * n,) * n, ((0,) * n,) * n)


def dectiger(horizon: int) -> Model:
    """Nair et al. (2003): two doors, 85% hearing, both listening leaves the tiger where it is."""
    transition, emission = np.full((9, 2, 2), 0.5), np.full((9, 2, 4), 0.25)
    transition[0] = np.eye(2)
    for s in range(2):
        hear = np.array([0.85, 0.15] if s == 0 else [0.15, 0.85])
        emission[0, s] = np.outer(hear, hear).ravel()
    pay = {(0, 0): -2, (0, 1): 9, (0, 2): 20, (1, 0): -101, (1, 1): -100, (2, 0): -50}
    reward = np.zeros((2, 9, 2))
    for a, s in np.ndindex(9, 2):
        doors = [d for d in divmod(a, 3) if d > 0]
        eaten = sum(d - 1 == s for d in doors)
        reward[:, a, s] = pay[eaten, len(doors) - eaten]
    return from_arrays(
        transition=transition,
        emission=emission,
        reward=reward,
        initial=np.array([0.5, 0.5]),
        action_sizes=(3, 3),
        observation_sizes=(2, 2),
        horizon=horizon,
        name="dectiger",
    )


def any_protocol(information: Information, seed: int) -> Information:
    """The game under a random lag table: any link may have any lag and exchanges, own items are known at once."""
    rng, signature = np.random.default_rng(seed), information.signature
    n = len(signature.agents)

    def rows(variables, own):  # type: ignore[no-untyped-def]
        lags = (own, own + 1, own + 2, NEVER, NEVER)
        return tuple(tuple(own if i == v.agent else int(rng.choice(lags)) for i in range(n)) for v in variables)

    lags = rows(signature.actions, 1), rows(signature.observations, 0)
    table = LagTable("random", *lags, None, some_exchanges(signature, rng))
    return Information(information.model, table)
