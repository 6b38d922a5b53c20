"""Playing a policy: vectorised rollouts, all episodes of a batch a step at a time.

What is executed is what `Policy` documents.  At each step every episode draws its own mixture component (the
shared seed omega_h) afresh, independently of earlier steps; each agent then looks up its own p_{i,h} in its
own table and draws its action from what it finds, independently of the others given the component; the
machine moves along the increment that becomes common.  So a recommendation never tells more about later
steps than the node does, which is the correlation that Definitions 9 and 10 of the paper speak of.

Draws from a row of the kernel invert its cumulative probabilities by one search over all rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.information.codes import evolve, initial_codes, project
from posgc.information.items import Information
from posgc.model.arrays import Kernel
from posgc.policy.artefact import Policy, PolicyStep

__all__ = ["Episodes", "play"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Episodes:
    """What happened in N episodes of H steps: states [H + 1, N], policy nodes, mixture components and joint
    actions [H, N] (components numbered as in `PolicyStep.weight`), joint observations o_1..o_{H+1}
    [H + 1, N], rewards [n, H, N], and the discounted returns [n, N]."""

    state: Ints
    node: Ints
    component: Ints
    action: Ints
    observation: Ints
    reward: Floats
    returns: Floats

    @property
    def mean(self) -> Floats:
        """Mean return of each agent, [n]."""
        return np.asarray(self.returns.mean(axis=1))

    @property
    def error(self) -> Floats:
        """Standard error of the mean of each agent, [n]."""
        return np.asarray(self.returns.std(axis=1, ddof=1) / np.sqrt(self.returns.shape[1]))


def play(information: Information, policy: Policy, episodes: int, seed: int = 0) -> Episodes:
    """Play the policy; the same seed gives the same episodes.  Raises ValueError for fewer than two."""
    if episodes < 2:
        raise ValueError("at least two episodes are needed for a mean with an error")
    model, rng = information.model, np.random.default_rng(seed)
    horizon, n = model.horizon, model.n_agents
    start = rng.choice(len(model.initial.probability), size=episodes, p=model.initial.probability)
    state, observation = [model.initial.state[start]], [model.initial.observation[start]]
    z, u = initial_codes(information, observation[0])
    node = policy.root_to[np.searchsorted(policy.root_z, z)]
    nodes, components, actions = [], [], []
    rewards = np.zeros((n, horizon, episodes))
    draws = {id(kernel): _Draws.of(kernel) for kernel in model.kernels}
    for h in range(1, horizon + 1):
        step, kernel = policy.steps[h - 1], model.kernel(h)
        component = _draw_component(step, node, rng)
        action = _draw_actions(information, step, h, component, u, rng)
        entry = draws[id(kernel)].draw(action * model.n_states + state[-1], rng)
        paid = kernel.reward[:, action, state[-1]] if kernel.sample_reward is None else kernel.sample_reward[:, entry]
        rewards[:, h - 1] = paid
        nodes.append(node)
        components.append(component)
        actions.append(action)
        state.append(kernel.state[entry].astype(np.int64))
        observation.append(kernel.observation[entry].astype(np.int64))
        if h < horizon:
            z, u = evolve(information, h, u, action, observation[-1])
            node = _follow(step, node, z)
    discount = model.discount ** np.arange(horizon)
    returns = np.einsum("iht,h->it", rewards, discount)
    return Episodes(
        np.stack(state), np.stack(nodes), np.stack(components), np.stack(actions), np.stack(observation), rewards,
        returns,
    )  # fmt: skip


@dataclass(frozen=True)
class _Draws:
    """Cumulative probabilities of all rows, row r lifted by r, so that one search serves them all."""

    kernel: Kernel
    lifted: Floats

    @staticmethod
    def of(kernel: Kernel) -> _Draws:
        row = np.repeat(np.arange(len(kernel.indptr) - 1), np.diff(kernel.indptr))
        total = np.cumsum(kernel.probability)
        before = np.concatenate(([0.0], total))[kernel.indptr[:-1]]
        return _Draws(kernel, row + (total - before[row]))

    def draw(self, rows: Ints, rng: np.random.Generator) -> Ints:
        """One entry of each row, by its probability; rounding at a row's end never leaves the row."""
        at = np.searchsorted(self.lifted, rows + rng.random(len(rows)), side="right")
        return np.clip(at, self.kernel.indptr[rows], self.kernel.indptr[rows + 1] - 1)


def _draw_component(step: PolicyStep, node: Ints, rng: np.random.Generator) -> Ints:
    """One mixture component of each episode's node, drawn by weight, afresh at every step."""
    first: Ints = step.indptr[node]
    if len(step.weight) == len(step):
        return first
    total = np.cumsum(step.weight)
    before = np.concatenate(([0.0], total))[step.indptr]
    aim = before[node] + rng.random(len(node)) * (before[node + 1] - before[node])
    drawn: Ints = np.clip(np.searchsorted(total, aim, side="right"), first, step.indptr[node + 1] - 1)
    return drawn


def _draw_actions(
    information: Information, step: PolicyStep, h: int, component: Ints, u: Ints, rng: np.random.Generator
) -> Ints:
    """Joint actions: every agent by its own table and private information."""
    model = information.model
    joint = np.zeros(len(u), dtype=np.int64)
    for i, codes in enumerate(project(information, h, u)):
        choices = model.choices(i, h)
        private = np.searchsorted(step.private[i], codes)
        table = step.tables[i]
        if table.ndim == 2:
            chosen = table[component, private].astype(np.int64)
        else:
            law = np.cumsum(table[component, private], axis=1)
            chosen = np.minimum((law <= rng.random(len(u))[:, None] * law[:, -1:]).sum(axis=1), len(choices) - 1)
        joint = joint * model.signature.action_sizes[i] + choices[chosen]
    return joint


def _follow(step: PolicyStep, node: Ints, z: Ints) -> Ints:
    width = max(len(step.z), 1)
    known = np.repeat(np.arange(len(step)), np.diff(step.edge_indptr)) * width + step.edge_z
    at = np.searchsorted(known, node * width + np.searchsorted(step.z, z))
    return np.asarray(step.edge_to[at], dtype=np.int64)
