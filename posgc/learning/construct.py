"""The learned model as a graph on which the planner of common beliefs plans.

Nodes are kept suffixes (`posgc.learning.suffixes`), edges are phi, and the hidden part of a node is its joint private
information: a cell of the layer is a pair (u, node), and the belief of a node is P(u | node) on its own cells.  So
layers, stage games, oracles and policies are those of a compressed game (Liu & Zhang 2023, Definition 13), with learned
numbers.  Of what follows a cell it is known which increment comes, not which private information: that is what the
next node says, as in the paper's model.

The policy is a machine on these nodes that reads the game's own increments, so it runs in the game as it stands; on an
increment that no episode showed at its step, all play uniformly to the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.graph import Layer
from posgc.information.items import Structure
from posgc.information.step import Cells, StepTable
from posgc.learning.counting import Counts, StepCounts
from posgc.learning.estimates import Estimates, estimated
from posgc.learning.suffixes import Suffixes, kept_suffixes
from posgc.model.ragged import gather, pointers
from posgc.model.rewards import RewardKind

__all__ = ["Construction", "Learned", "LearnedGraph", "LearnedStep", "construct"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Construction:
    """How counts are made into a model."""

    least: int = 10  # episodes that must have met a suffix for it to be kept, from 1
    shrink: float = 10.0  # the weight k of the next shorter suffix, in episodes, from 0
    length: int | None = None  # increments of a suffix at most; None: all of them
    strict: bool = False  # the paper's windows: what is not kept is left out, and followed by nothing


@dataclass(frozen=True, eq=False)
class LearnedGraph:
    """What `posgc.planning` plans on; members as in `posgc.information.graph.Graph`."""

    information: Structure
    layers: tuple[Layer, ...]
    root: Floats
    root_z: Ints
    root_to: Ints
    discount: float
    rewards: RewardKind

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of nodes of each step."""
        return tuple(len(layer) for layer in self.layers)


@dataclass(frozen=True, eq=False)
class LearnedStep:
    """What is known of step h at its N nodes, those kept suffixes that a history can lead to; m agents' rewards."""

    h: int
    actions: Ints  # [A], the allowed joint actions
    u: Ints  # [U], codes of u_h
    choice: Ints  # [G], the (u, a) that were tried, u * A + position of a, ascending
    triple_choice: Ints  # [F], index into `choice` of each (u, a, z) that was met; empty at the last step
    triple_z: Ints  # [F], index into `z`
    z: Ints  # [Z'], codes of the increments of step h + 1, ascending; empty at the last step
    to: Ints  # [N, Z'], the node of the next step that each leads to; -1: none, which strict windows have
    private: Floats  # [N, U], P(u | node)
    law: Floats  # [N, F], P(z | node, u, a), 0 where it is not known
    reward: Floats  # [m, N, G], expected rewards, where they are known
    tried: Ints  # [N, G], how often each choice was tried there
    known: Bools  # [N, G], whether there is an estimate; of back-off windows always
    visits: Ints  # [N], how often the suffix was met
    missed: float  # share of the episodes whose window is not kept at its full length: the paper's C^low, by mass

    def __len__(self) -> int:
        return len(self.private)

    @property
    def lost(self) -> Floats:
        """[N, G]: probability of what leads to no node, or is not known."""
        if not len(self.triple_choice):
            return np.zeros(self.tried.shape)
        kept = np.zeros(self.tried.shape)
        starts = np.flatnonzero(np.diff(self.triple_choice, prepend=-1))
        kept[:, self.triple_choice[starts]] = np.add.reduceat(self.flow, starts, axis=1)
        return np.maximum(0.0, 1.0 - kept)

    @property
    def flow(self) -> Floats:
        """[N, F]: the law without what leads to no node."""
        kept: Floats = self.law * (self.to[:, self.triple_z] >= 0)
        return kept

    def width(self, confidence: float) -> Floats:
        """[N, G]: at each node and choice, what |P(z | ..) - estimate|_1 of the unshrunk estimate stays within with
        that probability: sqrt(2 ln((2^Z - 2) / (1 - confidence)) / n) (Weissman et al. 2003), at most 2."""
        values = np.bincount(self.triple_choice, minlength=len(self.choice)) if len(self.triple_choice) else 1
        log = np.maximum(values, 1) * np.log(2) - np.log1p(-confidence)
        within: Floats = np.minimum(2.0, np.sqrt(2 * log / np.maximum(self.tried, 1)))
        return within


@dataclass(frozen=True, eq=False)
class Learned:
    """A model: its steps, and how play enters the first."""

    structure: Structure
    discount: float
    kind: RewardKind
    steps: tuple[LearnedStep, ...]
    root: Floats
    root_z: Ints
    root_to: Ints
    # [m, H + 1] each: the least and the most that the rewards met add up to from step h on (entry h - 1)
    least: Floats
    most: Floats

    @cached_property
    def graph(self) -> LearnedGraph:
        """The model to be planned on."""
        return self.with_rewards(self.kind, lambda step: self.rewards(step, self.unknown))

    @property
    def bare(self) -> LearnedGraph:
        """The model in which the unknown earns nothing, of which errors are measured (`posgc.compression.fitted`)."""
        return self.with_rewards(self.kind, lambda step: self.rewards(step, np.zeros_like(self.least)))

    @property
    def unknown(self) -> Floats:
        """[m, H + 1], what the planner thinks that the unknown earns from each step on: the least, but the mean of
        least and most in zero-sum games, where a loss of one is a gain of the other."""
        return (self.least + self.most) / 2 if self.kind == "zero_sum" else self.least

    def rewards(self, step: LearnedStep, unknown: Floats) -> Floats:
        """[m, N, U * A]: expected rewards, `unknown` [m, H + 1] being what is not known earns from each step on."""
        here, ahead = unknown[:, step.h - 1, None, None], self.discount * unknown[:, step.h, None, None]
        size = len(step.u) * len(step.actions)
        reward = np.broadcast_to(here, (len(here), len(step), size)).copy()
        reward[:, :, step.choice] = np.where(step.known, step.reward + step.lost * ahead, here)
        return reward

    def with_rewards(self, kind: RewardKind, reward: Callable[[LearnedStep], Floats]) -> LearnedGraph:
        """The graph with these rewards, [m, N, U * A] of each step."""
        layers = tuple(self.layer(step, reward(step), kind) for step in self.steps)
        return LearnedGraph(self.structure, layers, self.root, self.root_z, self.root_to, self.discount, kind)

    def layer(self, step: LearnedStep, reward: Floats, kind: RewardKind) -> Layer:
        """One step as a layer with rewards [m, N, U * A]."""
        return _layer(step, reward, kind, self.structure.n_agents)


def construct(counts: Counts, structure: Structure, discount: float, kind: RewardKind, asked: Construction) -> Learned:
    """The model that the counts make.  Raises LimitError where a table is too large.

    Where strict windows keep none of a step, the empty one stands for it: at step 1 for all, later for what is never
    reached.
    """
    suffixes = kept_suffixes(counts, asked.least, asked.length)
    first = counts.steps[0]
    start = suffixes[0].follow(len(first.z), None)[0]
    root = np.bincount(first.newest, first.visits, len(first.z)) / counts.episodes
    entered = _open(suffixes[0], asked.strict)[start]
    if not entered.any():
        entered, start = np.ones(len(start), dtype=np.bool_), np.zeros_like(start)
    used = np.unique(start[entered])
    root, root_z, root_to = root[entered], first.z[entered], np.searchsorted(used, start[entered])
    root = root / root.sum()
    steps = []
    for h, (step, kept) in enumerate(zip(counts.steps, suffixes, strict=True), start=1):
        estimates = estimated(structure, h, step, kept, asked.shrink, kind)
        z, to, following = np.zeros(0, np.int64), np.zeros((len(used), 0), np.int64), used
        if h < len(suffixes):
            after = suffixes[h]
            z = counts.steps[h].z
            full = after.follow(len(z), kept)[used]
            good = _open(after, asked.strict)[full]
            following = np.unique(full[good]) if good.any() else np.zeros(1, np.int64)
            to = np.where(good, np.searchsorted(following, full), -1)
        steps.append(_step(h, step, kept, estimates, used, z, to, asked.strict))
        used = following
    least, most = _outlooks(counts, discount, kind)
    return Learned(structure, discount, kind, tuple(steps), root, root_z, root_to, least, most)


def _open(kept: Suffixes, strict: bool) -> Bools:
    """[M]: the suffixes that are nodes; strict windows have one length."""
    return kept.length == kept.depth if strict else np.ones(len(kept), dtype=np.bool_)


def _step(
    h: int, step: StepCounts, kept: Suffixes, found: Estimates, node: Ints, z: Ints, to: Ints, strict: bool
) -> LearnedStep:
    tried = found.tried[node]
    known = tried > 0 if strict else np.ones(tried.shape, dtype=np.bool_)
    visits = step.visits
    missed = float(visits[kept.length[kept.node] < kept.depth].sum() / visits.sum())
    return LearnedStep(
        h,
        found.actions,
        found.u,
        found.choice,
        found.triple_choice,
        found.triple_z,
        z,
        to,
        found.private[node],
        found.law[node] * known[:, found.triple_choice],
        found.reward[:, node],
        tried,
        known,
        kept.visits[node],
        missed,
    )


def _outlooks(counts: Counts, discount: float, kind: RewardKind) -> tuple[Floats, Floats]:
    """The least and the most that the rewards met add up to from each step on, [m, H + 1]."""
    m = len(counts.steps[0].reward) if kind == "general" else 1
    least, most = np.zeros((2, m, len(counts.steps) + 1))
    for h, step in reversed(list(enumerate(counts.steps))):
        least[:, h] = step.reward[:m].min(axis=1) + discount * least[:, h + 1]
        most[:, h] = step.reward[:m].max(axis=1) + discount * most[:, h + 1]
    return least, most


def _layer(step: LearnedStep, reward: Floats, kind: RewardKind, n_agents: int) -> Layer:
    """The step as a layer: cells are (u, node), u by u, those of probability 0 left out."""
    n, n_actions, sign = len(step), len(step.actions), -1.0 if kind == "zero_sum" else 1.0
    u_of, node = np.nonzero(step.private.T > 0)
    cells = Cells(step.u, u_of, node)
    where = np.arange(len(cells))
    belief = sparse.csr_array((step.private[node, u_of], (node, where)), shape=(n, len(cells)))
    own = u_of[:, None] * n_actions + np.arange(n_actions)
    indptr = np.arange(len(cells) + 1) * n_actions
    shape = len(cells), len(step.u) * n_actions
    tables = [sparse.csr_array((one[node[:, None], own].ravel(), own.ravel(), indptr), shape) for one in reward]
    paid = tuple(tables) if kind == "general" else (tables[0], *([tables[0] * sign] * (n_agents - 1)))
    none, empty = np.zeros(0, np.int64), np.zeros(0, np.int32)
    if not len(step.z):
        table = StepTable(cells, step.actions, paid, None, None, None, None, None, None, None, None)
        return Layer(step.h, belief, table, np.zeros(n + 1, np.int64), empty, empty, none, none, 0.0)
    choice = step.choice[step.triple_choice]
    flow = _flow(step, u_of, node, choice // n_actions)
    table = StepTable(cells, step.actions, paid, None, step.z, None, None, None, flow, choice, step.triple_z)
    row, edge = np.nonzero(step.to >= 0)
    to = step.to[row, edge].astype(np.int32)
    return Layer(step.h, belief, table, pointers(row, n), edge.astype(np.int32), to, none, none, 0.0)


def _flow(step: LearnedStep, u_of: Ints, node: Ints, triple_u: Ints) -> sparse.csr_array:
    """[X, F]: the law of each cell, on the triples of its own private information."""
    bounds = np.searchsorted(triple_u, np.arange(len(step.u) + 1))
    at, counts = gather(bounds, u_of)
    row = np.repeat(np.arange(len(u_of)), counts)
    flow = sparse.csr_array((step.flow[node[row], at], at, pointers(row, len(u_of))), (len(u_of), len(triple_u)))
    flow.eliminate_zeros()
    return flow
