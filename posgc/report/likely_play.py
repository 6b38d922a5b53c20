"""What a policy tells a person to do: prescriptions along the likeliest common histories.

Starting from the first nodes, the likeliest continuations are followed under the policy itself, with the
beliefs of the true game, by plain forward filtering along each history; nothing is merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec, decode, evolve, initial_codes, project
from posgc.information.items import Information
from posgc.information.step import Cells, step_entries
from posgc.policy.completed import completed
from posgc.policy.machine import Machine, PolicyStep
from posgc.policy.mismatch import PolicyMismatch
from posgc.report.own_play import likeliest, words

__all__ = ["CommonHistory", "Rule", "likely_histories"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """One agent, one private information that can occur: its choices with their probabilities, largest first."""

    agent: str
    private: str
    choices: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class CommonHistory:
    """One common history: its probability, what has just become common, and what each agent does.

    `rules` holds one list for each component of the node's mixture, with the component's weight.  `rest` is
    the probability of the continuations that are left out.
    """

    h: int
    probability: float
    news: str
    rules: tuple[tuple[float, tuple[Rule, ...]], ...]
    children: tuple[CommonHistory, ...]
    rest: float


@dataclass(frozen=True)
class _Place:
    h: int
    node: int
    cells: Cells
    belief: Floats
    probability: float
    news: str


def likely_histories(information: Information, policy: Machine, width: int, depth: int) -> tuple[CommonHistory, ...]:
    """The `width` likeliest continuations of each history, for the first `depth` steps."""
    policy = completed(policy, information)
    initial = information.model.initial
    z, u = initial_codes(information, initial.observation)
    places = _places(information, policy, 1, z, u, initial.state, initial.probability, 0)
    return tuple(_history(information, policy, place, width, depth) for place in places[:width])


def _places(
    information: Information, policy: Machine, h: int, z: Ints, u: Ints, s: Ints, mass: Floats, node: int
) -> list[_Place]:
    """The histories that weighted outcomes (z_h, u_h, s_h) at step h lead to, likeliest first."""
    codec = Codec.of(information, information.increment(h))
    places = []
    for code in np.unique(z[mass > 0]):
        here = (z == code) & (mass > 0)
        cells, cell = Cells.of(u[here], s[here])
        belief = np.bincount(cell, weights=mass[here])
        total = float(belief.sum())
        news = words(information, codec.items, decode(codec, int(code))) or "nothing new is common"
        places.append(_Place(h, _next(policy, h, node, int(code)), cells, belief / total, total, news))
    return sorted(places, key=lambda place: -place.probability)


def _next(policy: Machine, h: int, node: int, code: int) -> int:
    codes: npt.NDArray[np.integer[Any]]
    to: npt.NDArray[np.integer[Any]]
    if h == 1:
        codes, to, otherwise = policy.root_z, policy.root_to, policy.first_otherwise
    else:
        step = policy.steps[h - 2]
        edges = slice(int(step.edge_indptr[node]), int(step.edge_indptr[node + 1]))
        codes, to, otherwise = step.z[step.edge_z[edges]], step.edge_to[edges], step.otherwise
    at = _position(codes, code, h, None if otherwise is None else -1)
    return int(to[at]) if otherwise is None or at >= 0 else otherwise


def _position(codes: npt.NDArray[np.integer[Any]], code: int, h: int, otherwise: int | None) -> int:
    """Where the code stands, and `otherwise` where it does not; raises PolicyMismatch where that is None."""
    at = int(np.searchsorted(codes, code))
    if at < len(codes) and codes[at] == code:
        return at
    if otherwise is None:
        raise PolicyMismatch(f"at step {h} the policy has no instruction for something that can occur")
    return otherwise


def _place_of(step: PolicyStep, agent: int, code: int, h: int) -> int:
    """The column of the agent's tables for its private information."""
    known = step.private[agent]
    return _position(known, code, h, None if step.otherwise is None else len(known))


def _history(information: Information, policy: Machine, place: _Place, width: int, depth: int) -> CommonHistory:
    rules = _rules(information, policy, place)
    if place.h == min(depth, information.model.horizon):
        return CommonHistory(place.h, place.probability, place.news, rules, (), 0.0)
    after = _after(information, policy, place)
    kept = after[:width]
    return CommonHistory(
        place.h,
        place.probability,
        place.news,
        rules,
        tuple(_history(information, policy, p, width, depth) for p in kept),
        float(sum(p.probability for p in after[width:])),
    )


def _rules(information: Information, policy: Machine, place: _Place) -> tuple[tuple[float, tuple[Rule, ...]], ...]:
    step, model = policy.steps[place.h - 1], information.model
    types = project(information, place.h, place.cells.u)
    lists = []
    for k in range(int(step.indptr[place.node]), int(step.indptr[place.node + 1])):
        rules = []
        for i, agent in enumerate(model.signature.agents):
            codec = Codec.of(information, information.private_of(i, place.h))
            labels = model.choice_labels(i, place.h)
            for code in np.unique(types[i]):
                at = _place_of(step, i, int(code), place.h)
                law = step.behaviour(i, np.array([k]), np.array([at]), len(labels))[0]
                known = words(information, codec.items, decode(codec, int(code)))
                rules.append(Rule(agent, known, likeliest(labels, law)))
        lists.append((float(step.weight[k]), tuple(rules)))
    return tuple(lists)


def _after(information: Information, policy: Machine, place: _Place) -> list[_Place]:
    """Continuations when the policy is played."""
    entry = step_entries(information, place.h, place.cells)
    u = place.cells.u[place.cells.u_of[entry.cell]]
    chance = _joint_action_law(information, policy, place)
    mass = (
        place.probability
        * place.belief[entry.cell]
        * entry.probability
        * chance[place.cells.u_of[entry.cell], entry.action]
    )
    z, after = evolve(information, place.h, u, entry.played, entry.observation)
    return _places(information, policy, place.h + 1, z, after, entry.state, mass, place.node)


def _joint_action_law(information: Information, policy: Machine, place: _Place) -> Floats:
    """P(a | u), shape [U, A_h], of the node's mixture."""
    step, n = policy.steps[place.h - 1], information.n_agents
    counts = [len(information.model.choices(i, place.h)) for i in range(n)]
    types = project(information, place.h, place.cells.u)
    components = np.arange(int(step.indptr[place.node]), int(step.indptr[place.node + 1]))
    law = np.zeros((len(place.cells.u), int(np.prod(counts))))
    for row in range(len(place.cells.u)):
        joint = np.ones((len(components), 1))
        for i in range(n):
            at = _place_of(step, i, int(types[i, row]), place.h)
            own = step.behaviour(i, components, np.asarray(at), counts[i])
            joint = (joint[:, :, None] * own[:, None, :]).reshape(len(components), -1)
        law[row] = step.weight[components] @ joint
    return law
