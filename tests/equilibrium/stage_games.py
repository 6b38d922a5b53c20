"""Random stages, and the definitions of value and gap in plain Python loops."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from posgc.equilibrium import Stages, StageSolution


def random_stages(
    rng: np.random.Generator,
    kind: str,
    n: int = 2,
    nodes: int = 4,
    max_types: int = 3,
    max_actions: int = 3,
    integer: bool = False,
) -> Stages:
    """Random sizes; some combinations of types missing from the list, some of weight zero at a node."""
    counts = tuple(int(x) for x in rng.integers(1, max_types + 1, n))
    actions = tuple(int(x) for x in rng.integers(1, max_actions + 1, n))
    every = np.array(list(itertools.product(*map(range, counts))))
    listed = every[rng.permutation(len(every))[: rng.integers(1, len(every) + 1)]]
    weight = rng.dirichlet(np.ones(len(listed)), size=nodes)
    weight[rng.random(weight.shape) < 0.25] = 0.0
    weight[weight.sum(axis=1) == 0, 0] = 1.0
    weight /= weight.sum(axis=1, keepdims=True)
    m = n if kind == "general" else 1
    payoff = rng.normal(size=(m, nodes, len(listed), *actions))
    if integer:
        payoff = np.round(payoff * 1.5)
    payoff = payoff * weight.reshape(1, nodes, len(listed), *(1,) * n)
    return Stages(payoff, listed.T.copy(), counts, weight, kind)  # type: ignore[arg-type]


def normal_form(kind: str, *payoffs: object) -> Stages:
    """A one-node stage without private information from the agents' payoff tables."""
    payoff = np.array(payoffs, dtype=float)[:, None, None]
    n = payoff.ndim - 3
    return Stages(payoff, np.zeros((n, 1), dtype=int), (1,) * n, np.ones((1, 1)), kind)  # type: ignore[arg-type]


def payoff_of(stages: Stages, i: int, k: int, u: int, joint: tuple[int, ...]) -> float:
    if stages.kind == "zero_sum":
        return float((1.0 if i == 0 else -1.0) * stages.payoff[(0, k, u, *joint)])
    return float(stages.payoff[(min(i, len(stages.payoff) - 1), k, u, *joint)])


def probability(table: np.ndarray, c: int, p: int, a: int) -> float:
    return float(table[c, p] == a) if table.ndim == 2 else float(table[c, p, a])


def law(stages: Stages, solution: StageSolution, k: int) -> Iterator[tuple[int, tuple[int, ...], float]]:
    """Every (u, joint action, mu(a | u)) of node k."""
    for u in range(stages.n_types):
        for joint in itertools.product(*map(range, stages.actions)):
            mass = 0.0
            for c in range(int(solution.indptr[k]), int(solution.indptr[k + 1])):
                part = float(solution.weight[c])
                for j, a in enumerate(joint):
                    part *= probability(solution.tables[j], c, int(stages.types[j, u]), a)
                mass += part
            yield u, joint, mass


def slow_value(stages: Stages, solution: StageSolution, i: int, k: int) -> float:
    return sum(mu * payoff_of(stages, i, k, u, a) for u, a, mu in law(stages, solution, k))


def slow_gain(stages: Stages, solution: StageSolution, i: int, k: int, kind: str) -> float:
    """Maximum over explicit deviations minus value; Definitions 9 and 10 of Liu and Zhang 2023."""
    actions = range(stages.actions[i])
    outcomes = list(law(stages, solution, k))
    best = 0.0
    for p in range(stages.type_counts[i]):
        here = [(u, a, mu) for u, a, mu in outcomes if stages.types[i, u] == p]
        told = [[o for o in here if o[1][i] == r] for r in actions] if kind == "ce" else [here]
        for group in told:
            best += max(
                sum(mu * payoff_of(stages, i, k, u, (*a[:i], b, *a[i + 1 :])) for u, a, mu in group) for b in actions
            )
    return best - slow_value(stages, solution, i, k)


def all_prescriptions(stages: Stages) -> Iterator[tuple[tuple[int, ...], ...]]:
    per_agent = [
        list(itertools.product(range(a), repeat=p)) for p, a in zip(stages.type_counts, stages.actions, strict=True)
    ]
    return itertools.product(*per_agent)


def prescription_value(stages: Stages, i: int, k: int, joint: tuple[tuple[int, ...], ...]) -> float:
    return sum(
        payoff_of(stages, i, k, u, tuple(g[stages.types[j, u]] for j, g in enumerate(joint)))
        for u in range(stages.n_types)
    )
