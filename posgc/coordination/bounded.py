"""A policy of few types for each agent, whatever the horizon: a lower bound that is always there.

Step by step, the types of each agent are clustered into few, by their laws of the state, and what is played reads the
cluster only.  Rows of equal joint types are mixed into one belief, which changes no expectation of such a policy, so
its value is exact; the rules are chosen by alternating best responses to the stage's bound, so it is not optimal.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from posgc.coordination.components import Component
from posgc.coordination.relaxation import Relaxation
from posgc.coordination.steps import Played, Rule, Steps, positions_of
from posgc.coordination.tables import Edges, controllers_of
from posgc.model.ragged import gather
from posgc.policy.controllers import Controllers

__all__ = ["bounded"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ROUNDS = 50
"""Best responses in turn, at most; they improve, so they end."""


def bounded(steps: Steps, relaxation: Relaxation, n_types: int) -> tuple[float, Controllers]:
    """The value of a policy of at most `n_types` types for each agent, step and code of what is to be learned."""
    model = steps.beliefs.model
    played, value, discount = steps.begin(), 0.0, 1.0
    edges, rules = [], list[Rule]()
    for h in range(1, model.horizon + 1):
        component, labels = _clustered(steps, h, played, n_types)
        edges.append([Edges(played.types[i], played.news[i], labels[i][played.fresh[i]]) for i in range(len(labels))])
        sizes = steps.sizes[h - 1]
        table = relaxation.actions(h, component.belief) * component.weight[:, None]
        rule = _alternating(table.reshape(-1, *sizes), component.types, component.counts)
        rule = steps.existing_rule(component, h, rule)
        rules.append(rule)
        reward = steps.beliefs.rewards(h)[component.belief, positions_of(rule, component.types, sizes)]
        value += discount * float(component.weight @ reward)
        discount *= model.discount
        if h < model.horizon:
            played = steps.play(component, h, rule)
    return value, controllers_of(rules, edges)


def _clustered(steps: Steps, h: int, played: Played, n_types: int) -> tuple[Component, list[Ints]]:
    """One component of few types, with the same moves in each cluster, and for each agent the cluster of each type."""
    store, n = steps.beliefs, len(played.fresh)
    at, counts = gather(store.first.data, played.belief)
    row = np.repeat(np.arange(len(counts)), counts)
    weight, state = played.mass[row] * store.probability.data[at], store.state.data[at]
    labels, queues = [], []
    moves = steps.existing(h, played.fresh, played.belief, tuple(map(len, played.queue)))
    for i, (own, queue) in enumerate(zip(played.fresh, played.queue, strict=True)):
        law = np.zeros((len(queue), store.model.n_states))
        np.add.at(law, (own[row], state), weight)
        mass = law.sum(axis=1)
        apart = queue
        if moves is not None:
            apart = np.unique(np.column_stack([queue, moves[i]]), axis=0, return_inverse=True)[1].ravel()
        label = _nearest(law / mass[:, None], mass, apart, n_types)
        labels.append(label)
        queues.append(queue[np.unique(label, return_index=True)[1]])
    group = np.zeros(len(row), dtype=np.int64)
    for i in range(n):
        group = group * len(queues[i]) + labels[i][played.fresh[i]][row]
    order = np.lexsort((state, group))
    joint, mass, belief = store.posteriors(group[order], state[order], weight[order])
    types = np.array(np.unravel_index(joint, [len(q) for q in queues]), dtype=np.int64).reshape(n, -1)
    return Component(types, belief, mass, tuple(queues)), labels


def _nearest(law: Floats, mass: Floats, queue: Ints, n_types: int) -> Ints:
    """[T] clusters around the heaviest types whose laws differ, of equal `queue` each."""
    centres: list[int] = []
    heavy = np.argsort(-mass, kind="stable")
    for t in heavy.tolist():
        alike = [c for c in centres if queue[c] == queue[t]]
        fresh = not any(np.abs(law[c] - law[t]).sum() < 1e-9 for c in alike)
        if not alike or (fresh and len(alike) < n_types):
            centres.append(t)
    middle = np.array(centres)
    apart = np.abs(law[:, None, :] - law[middle]).sum(axis=2)
    apart[queue[:, None] != queue[middle]] = np.inf
    return np.unique(np.argmin(apart, axis=1), return_inverse=True)[1]


def _alternating(table: Floats, types: Ints, counts: tuple[int, ...]) -> Rule:
    """A rule in which no agent's own part can be improved; `table` [E, A_1, ..., A_n]."""
    n, rows = len(counts), np.arange(len(table))
    rule: list[Ints] = []
    for i in range(n):
        free = np.moveaxis(table, 1 + i, 1).reshape(len(table), table.shape[1 + i], -1).max(axis=2)
        rule.append(_best(free, types[i], counts[i]))
    for _ in range(ROUNDS):
        before = [own.copy() for own in rule]
        for i in range(n):
            others = [rule[j][types[j]] for j in range(n) if j != i]
            rule[i] = _best(np.moveaxis(table, 1 + i, -1)[(rows, *others)], types[i], counts[i])
        if all(np.array_equal(a, b) for a, b in zip(before, rule, strict=True)):
            break
    return tuple(rule)


def _best(payoff: Floats, own: Ints, count: int) -> Ints:
    total = np.zeros((count, payoff.shape[1]))
    np.add.at(total, own, payoff)
    return np.asarray(np.argmax(total, axis=1))
