"""Laws for which nodes are made: beliefs of drawn plays, and components of optimal play of shorter games."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from posgc.coordination.limits import Limits
from posgc.coordination.moves import Moves, start_of
from posgc.coordination.nodes import Node
from posgc.coordination.relaxation import Relaxation
from posgc.coordination.search import Search, Stopped
from posgc.coordination.steps import Steps
from posgc.information.items import Information
from posgc.model.ragged import gather

__all__ = ["components", "frequent", "walked"]

Floats = npt.NDArray[np.float64]

WALKS = 40
"""Plays from which beliefs are drawn."""
GREEDY = 0.5
"""Share of their actions that are the best by the bounds; the others are drawn."""
SHORT, EFFORT = 4, 2.0
"""Steps of the longest shorter game that is solved, and seconds for each, at most."""


def walked(steps: Steps, relaxation: Relaxation, moves: list[Moves]) -> list[list[Floats]]:
    """Beliefs [S] of each step: of one who is told all, and of each agent that learns its own news and knows what is
    played, in plays of which half of the actions are drawn and half are the best by the bounds."""
    random, found = np.random.default_rng(0), [list[Floats]() for _ in moves]
    start, mass, news, _ = start_of(steps)
    for _ in range(WALKS):
        k = int(random.choice(len(mass), p=mass))
        told: list[Floats] = [
            mass * (news[0] == news[0][k]) * (news[1] == news[1][k]),
            *(mass * (n == n[k]) for n in news),
        ]
        n_states = steps.beliefs.model.n_states
        views = [np.asarray(np.bincount(start, x / x.sum(), n_states), dtype=np.float64) for x in told]
        for h, (step, points) in enumerate(zip(moves, found, strict=True), 1):
            points += views
            if h < len(moves):
                greedy = random.random() < GREEDY
                best = _greedy(step, relaxation.states(h + 1), views[0])
                views = _moved(step, views, best if greedy else int(random.integers(len(step.first) - 1)), random)
    return found


def _moved(moves: Moves, views: list[Floats], action: int, random: np.random.Generator) -> list[Floats]:
    """Beliefs after an action and what it brings, drawn by the first belief."""
    at = slice(*moves.first[[action, action + 1]])
    state, after, mass, news = moves.state[at], moves.after[at], moves.mass[at], [n[at] for n in moves.news]
    law = views[0][state] * mass
    k = int(random.choice(len(law), p=law / law.sum()))
    same = [(news[0] == news[0][k]) & (news[1] == news[1][k]), *(n == n[k] for n in news)]
    moved = [np.bincount(after, view[state] * mass * s, len(view)) for view, s in zip(views, same, strict=True)]
    return [x / x.sum() for x in moved]


def _greedy(moves: Moves, value: Floats, belief: Floats) -> int:
    """The best joint action by the bounds at a belief, if states were seen afterwards; `value` [S] of the next step."""
    position = np.repeat(np.arange(len(moves.first) - 1), np.diff(moves.first))
    later = np.bincount(position, belief[moves.state] * moves.mass * value[moves.after], len(moves.first) - 1)
    return int((later + (moves.reward @ belief).ravel()).argmax())


def components(information: Information, tolerance: float) -> list[Floats]:
    """Laws [S, T_1, T_2] of components that optimal policies of the first few steps meet, few types first."""
    met: list[Floats] = []
    if not information.model.steady:
        return met
    for horizon in range(2, min(SHORT, information.horizon - 1) + 1):
        search = Search(_shortened(information, horizon), tolerance, Limits(EFFORT))
        try:
            for _, root in search.roots:
                search.dive(root)
            search.solve()
        except Stopped:
            pass
        layer = {root: 0 for _, root in search.roots}
        while layer and all(node.best for node in layer):
            met += [_law(search, node) for node in layer]
            layer = {child: 0 for node in layer for _, child in (node.best.children if node.best else None) or ()}
    return sorted(met, key=lambda law: law[0].size)


def _shortened(information: Information, horizon: int) -> Information:
    """The first steps of a game, which must be steady."""
    model = information.model
    kinds, active, observed = model.kernel_of_step[:horizon], model.active[:horizon], model.observed[: horizon + 1]
    short = replace(model, horizon=horizon, kernel_of_step=kinds, active=active, observed=observed)
    return Information(short, information.protocol)


def _law(search: Search, node: Node) -> Floats:
    """[S, T_1, T_2] of a component."""
    component, store = search.steps.component[node.number], search.beliefs
    law = np.zeros((store.model.n_states, *component.counts))
    at, counts = gather(store.first.data, component.belief)
    row = np.repeat(np.arange(len(counts)), counts)
    cell = (store.state.data[at], *component.types[:, row])
    np.add.at(law, cell, component.weight[row] * store.probability.data[at])
    return law


def frequent(beliefs: list[Floats]) -> list[Floats]:
    """Different beliefs, most frequent first, those that came first before others of their number."""
    seen: dict[bytes, int] = {}
    first = list[Floats]()
    for belief in beliefs:
        key = (np.round(belief, 6) + 0.0).tobytes()
        if key not in seen:
            first.append(belief)
        seen[key] = seen.get(key, 0) + 1
    order = np.argsort([-n for n in seen.values()], kind="stable")
    return [first[k][:, None, None] if first[k].ndim == 1 else first[k] for k in order]
