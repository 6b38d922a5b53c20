"""BaSeCAMP: exploration by barycentric spanners (Golowich, Moitra & Rohatgi 2022, Algorithm 3).

A central executor sees every observation and chooses every action, so its policies lie in Pi^gen and not in Pi: it is
needed while episodes are gathered, and not to play what is learned from them.  Its model is made of strict windows of
L steps (a_{h-L:h-1}, o_{h-L+1:h}); what was met too seldom leads to an absorbing sink that earns nothing.  For every
step h > L, with tau = h - L, it looks for policies whose laws of o_tau in the model span those of all policies, and
plays a uniform mixture of these up to step tau - 1 and uniform draws from there on.  Policies that carry the game where
no episode has been show in what is then observed, which is why this needs observations that tell states apart.

Ours: each round's model is made of the episodes of all rounds before, not of the last one's alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from posgc.information.codes import Codec
from posgc.information.items import Structure
from posgc.language.sharing.requests import protocol
from posgc.learning.construct import Construction, Learned, LearnedStep, construct
from posgc.learning.counting import Counts
from posgc.learning.planned import planned
from posgc.learning.spanner import spanner
from posgc.planning.oracles import Selection
from posgc.play.chance import Chance
from posgc.play.kinds import MixturePlayer
from posgc.play.players import Player, UniformPlayer
from posgc.play.simulator import Step
from posgc.policy.machine import Machine
from posgc.policy.mixture import Mixture

__all__ = ["Executor", "Explored", "executor_structure", "sink_probability"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def executor_structure(structure: Structure) -> Structure:
    """The same game for a central executor: everything is common at once."""
    return replace(structure, protocol=protocol(structure.signature, "full"), dropped=frozenset())


@dataclass(frozen=True)
class Explored:
    """A player up to step `until`, and uniform draws from the next step on."""

    player: Player
    uniform: Player
    until: int

    def act(self, step: Step, chance: Chance) -> Ints:
        """As `Player.act`."""
        return (self.player if step.h <= self.until else self.uniform).act(step, chance)

    def inner(self) -> dict[str, Ints]:
        """As `Player.inner`."""
        return {}


class Executor:
    """The central executor: its exploring policies for every step, round after round."""

    def __init__(self, structure: Structure, seed: int, length: int, least: int) -> None:
        self.structure = executor_structure(structure)
        self._seed, self._length = seed, length
        self._construction = Construction(least, 0.0, length, strict=True)
        # for each tau that an exploring policy leads to, the spanner of each round
        self._spanners: dict[int, list[list[Machine]]] = {}

    def model(self, counts: Counts, discount: float) -> Learned:
        """The model of strict windows that counts under `structure` make."""
        return construct(counts, self.structure, discount, "common", self._construction)

    def learn(self, model: Learned) -> None:
        """Find the spanners of a round."""
        for tau in range(2, self.structure.horizon - self._length + 1):
            self._spanners.setdefault(tau, []).append(self._spanner(model, tau))

    @property
    def spanners(self) -> list[list[list[Machine]]]:
        """The spanner of each round, of up to tau - 1 steps, for tau = 2, 3, ..; empty before the first round."""
        return list(self._spanners.values())

    def recall(self, spanners: list[list[list[Machine]]]) -> None:
        """Go on with these spanners.  Raises ValueError where they are of other steps."""
        known = range(2, self.structure.horizon - self._length + 1)
        if len(spanners) not in (0, len(known)):
            raise ValueError("its spanners are of other steps")
        self._spanners = dict(zip(known, spanners, strict=False))

    def players(self) -> list[tuple[Player, int]]:
        """Players of the next round, and for how many of the H steps each is the exploring policy."""
        uniform, structure = UniformPlayer(self.structure), self.structure
        found: list[tuple[Player, int]] = [(uniform, structure.horizon - len(self._spanners))]
        for tau, rounds in self._spanners.items():
            parts = [(one, 1 / len(rounds) / len(ones)) for ones in rounds for one in ones]
            if not parts:  # no policy of the model gets that far
                found.append((uniform, 1))
                continue
            mixture = Mixture(np.array([weight for _, weight in parts]), tuple(part for part, _ in parts))
            found.append((Explored(MixturePlayer(structure, mixture), uniform, tau - 1), 1))
        return found

    def _spanner(self, model: Learned, tau: int) -> list[Machine]:
        """Policies up to step tau - 1 whose laws of o_tau in the model span those of all."""
        cut = _until(model, tau - 1)
        nothing = cut.with_rewards("common", lambda step: np.zeros((1, len(step), len(step.u) * len(step.actions))))
        seen = _observations(self.structure, tau, model.steps[tau - 2].z)
        known, column = np.unique(seen, return_inverse=True)

        def oracle(theta: Floats) -> tuple[Floats, Machine]:
            last = cut.layer(cut.steps[-1], _worth(model.steps[tau - 2], theta[column]), "common")
            graph = replace(nothing, layers=(*nothing.layers[:-1], last))
            policy, _ = planned(graph, "team", self._seed, Selection(), lambda stage, done, total: None)
            law = _law_of_last(model, policy, tau)
            return np.bincount(column, law, len(known)).astype(np.float64), policy

        return [policy for _, policy in spanner(oracle, len(known))]


def sink_probability(model: Learned, seed: int) -> float:
    """The largest probability, over the executor's policies in its model, of meeting what is not known."""

    def reward(step: LearnedStep) -> Floats:
        met = np.ones((1, len(step), len(step.u) * len(step.actions)))
        met[0][:, step.choice] = np.where(step.known, step.lost, 1.0)
        return met

    graph = replace(model, discount=1.0).with_rewards("common", reward)
    _, claim = planned(graph, "team", seed, Selection(), lambda stage, done, total: None)
    assert claim.lower is not None
    return min(1.0, claim.lower)


def _until(model: Learned, h: int) -> Learned:
    """The model's steps 1..h; nothing follows the last."""
    nothing = np.zeros(0, np.int64)
    last = model.steps[h - 1]
    ended = replace(last, triple_choice=nothing, triple_z=nothing, z=nothing, to=last.to[:, :0], law=last.law[:, :0])
    return replace(model, steps=(*model.steps[: h - 1], ended), discount=1.0)


def _worth(step: LearnedStep, worth: Floats) -> Floats:
    """[1, N, U * A]: what the increment that follows is worth in expectation, `worth` [Z'] being that of each."""
    paid = np.zeros((1, len(step), len(step.u) * len(step.actions)))
    starts = np.flatnonzero(np.diff(step.triple_choice, prepend=-1))
    expected = np.add.reduceat(step.flow * worth[step.triple_z], starts, axis=1)
    paid[0][:, step.choice[step.triple_choice[starts]]] = expected
    return paid


def _law_of_last(model: Learned, policy: Machine, tau: int) -> Floats:
    """[Z'], the law of the increment of step tau under a deterministic policy; what is lost on the way is missing."""
    here = np.zeros(len(model.steps[0]))
    np.add.at(here, model.root_to, model.root)
    for step, played in zip(model.steps[: tau - 1], policy.steps, strict=True):
        action = np.ravel_multi_index(
            tuple(table[:, 0] for table in played.tables), _choices_of(model.structure, step.h)
        )  # one private information: everything is common
        taken = step.choice[step.triple_choice] == action[:, None]
        flow = here[:, None] * step.flow * taken
        law = np.bincount(step.triple_z, flow.sum(axis=0), len(step.z)).astype(np.float64)
        node, triple = np.nonzero(flow)
        if step.h < tau - 1:
            to = step.to[node, step.triple_z[triple]]
            here = np.bincount(to, flow[node, triple], len(model.steps[step.h])).astype(np.float64)
    return law


def _choices_of(structure: Structure, h: int) -> tuple[int, ...]:
    return tuple(len(structure.choices(i, h)) for i in range(structure.n_agents))


def _observations(structure: Structure, h: int, z: Ints) -> Ints:
    """The joint observation o_h that each increment of step h tells of, as a number."""
    codec, found = Codec.of(structure, structure.increment(h)), np.zeros(len(z), np.int64)
    for item, size in zip(codec.items, codec.sizes, strict=True):
        if item.kind == "observation":
            found = found * size + codec.digit(z, item)
    return found
