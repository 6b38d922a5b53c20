"""Correlated equilibria of extensive games by regret minimisation in every information set, whole layers at a time.

All agents play against one another for T rounds, each by a rule of its own that knows no other's rewards.  The mixture
that draws one of the rounds and has everybody play as then is, up to what they regret on average, an equilibrium: of
the normal-form coarse kind (NFCCE) where each regrets whole plans, of the extensive-form kinds (EFCCE, EFCE) where it
regrets what it could have played from a trigger on (Farina, Celli, Marchesi & Gatti 2022; the local form of it is the
extensive-form regret minimisation of Morrill et al. 2021).

Let v(I, a) be what the choice a at set I earned against the others' plays of the round, and what is played after it.
A learner in I keeps for each *memory* m on the way to I, with weight x(m) in the play of the round, the regrets

    z(m, a) <- [z(m, a) + x(m) (v(I, a) - sum_b play(I, b) v(I, b))]+,

and for EFCE, which hears b at I, for b in place of a memory, z(b, a) <- [z(b, a) + x(I, b) (v(I, a) - v(I, b))]+.  The
memories are the triggers at which a deviator can have left: the empty sequence (nfcce), the sequence that leads to a
set on the way to I or to I itself (efcce), every choice at a set on the way to I but the one that leads there (efce).
The next play is stationary for the rates sum_m x(m) z(m, a) + x(before I) z(b, a) from b to a, with x of the next play,
which is known on the way to I.  Then what is regretted next is orthogonal to z, whatever the others do, so that z grows
with the square root of T (Blackwell 1956, Hart & Mas-Colell 2000), and so does what the deviations of
`posgc.extensive.deviations` would have gained in all (docs/hidden-histories.md).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.extensive.deviations import sequences_before
from posgc.extensive.layers import ExtensiveGame
from posgc.extensive.plans import Plans
from posgc.extensive.resuming import Arrays, joined, laws_of, steps_of
from posgc.language.concepts import DeviationKind
from posgc.model.ragged import positions

__all__ = ["Dynamics", "stationary"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TINY = 1e-12
"""Of the largest rate, added to all: with it every chain has one stationary law."""


class Dynamics:
    """All agents, and what they play in this round."""

    def __init__(self, game: ExtensiveGame, kind: DeviationKind) -> None:
        self.game = game
        self.learners = [_Learner(game, agent, kind) for agent in range(game.n_agents)]

    @property
    def plans(self) -> list[Floats]:
        """What they play in this round."""
        return [learner.x for learner in self.learners]

    def unmoved(self, weights: list[sparse.csr_array]) -> list[Floats]:
        """Plans of all agents that their deviators do not change: of one that plays sequences at triggers with weights
        [1 + S, S] (`Deviations.weights`).  Such a deviator gains nothing, whatever the others play."""
        return [learner.unmoved(weight) for learner, weight in zip(self.learners, weights, strict=True)]

    def round(self) -> None:
        """All see what the others played, and play anew."""
        terms, plans = self.game.terms, self.plans
        for agent, learner in enumerate(self.learners):
            learner.regret_play(terms.gradient(agent, plans))
        for learner in self.learners:
            learner.play_anew()

    def content(self) -> Arrays:
        """What a checkpoint holds of them."""
        found = Arrays()
        for agent, one in enumerate(self.learners):
            found |= {f"play_{agent}": joined(one.play), f"regret_{agent}": joined(one.regret)}
            found |= {f"swap_{agent}": joined(one.swap)}
        return found

    def accept(self, arrays: Arrays) -> None:
        """Go on from there.  Raises ValueError or KeyError where it does not hold this."""
        for agent, one in enumerate(self.learners):
            shapes = [[kept.shape for kept in some] for some in (one.regret, one.swap)]
            one.play = laws_of(arrays, f"play_{agent}", one.plans)
            one.x = one.plans.plan(one.play)
            one.regret = steps_of(arrays, f"regret_{agent}", shapes[0], 0.0)
            one.swap = steps_of(arrays, f"swap_{agent}", shapes[1], 0.0)


class _Learner:
    """One agent."""

    def __init__(self, game: ExtensiveGame, agent: int, kind: DeviationKind) -> None:
        self.plans, self.internal = Plans.of(game, agent), kind == "efce"
        self.before = sequences_before(game, agent)
        self.memory = self._memories(kind)
        shapes = self.plans.shapes
        self.regret = [np.zeros((n, memory.shape[1], a)) for (n, a), memory in zip(shapes, self.memory, strict=True)]
        self.swap = [np.zeros((n, a, a) if self.internal else (0, a, a)) for n, a in shapes]
        self.play = self.plans.uniform()
        self.x = self.plans.plan(self.play)

    def _memories(self, kind: DeviationKind) -> list[Ints]:
        """For each step [sets, memories]: 0 for the empty sequence, 1 + a sequence, or for none 1 + all sequences."""
        shapes, slices, found = self.plans.shapes, self.plans.slices, list[Ints]()
        if kind == "nfcce":
            return [np.zeros((n, 1), dtype=np.int64) for n, _ in shapes]
        for h, before in enumerate(self.before):
            if h == 0:
                known = np.zeros((len(before), 0), dtype=np.int64)
            else:
                choices = shapes[h - 1][1]
                came, own = (before - 1 - slices[h - 1].start), np.arange(choices)
                above = came // choices
                known = found[-1][above]
                if kind == "efce":
                    told = 1 + slices[h - 1].start + above[:, None] * choices + own
                    told[own == (came % choices)[:, None]] = 1 + self.plans.size
                    known = np.concatenate([known, told], axis=1)
            if kind == "efcce":
                known = np.concatenate([known, before[:, None]], axis=1)
            found.append(known)
        return found

    def regret_play(self, gradient: Floats) -> None:
        """Add what is regretted of the play, each sequence having earned what `gradient` says."""
        plans, ahead, reached = self.plans, None, self._reached()
        for k in reversed(range(len(plans.shapes))):
            worth = gradient[plans.slices[k]]
            if ahead is not None:
                worth = worth + ahead
            now, play = worth.reshape(plans.shapes[k]), self.play[k]
            value = (now * play).sum(axis=1)
            regret = self.regret[k]
            regret += reached[self.memory[k]][:, :, None] * (now - value[:, None])[:, None, :]
            np.maximum(regret, 0.0, out=regret)
            if self.internal:
                swap = self.swap[k]
                told = reached[self.before[k]][:, None] * play
                swap += told[:, :, None] * (now[:, None, :] - now[:, :, None])
                np.maximum(swap, 0.0, out=swap)
            ahead = plans.back[k] @ value

    def _reached(self) -> Floats:
        """The play's weights of memories."""
        return np.concatenate([[1.0], self.x, [0.0]])

    def unmoved(self, weight: sparse.csr_array) -> Floats:
        """As `Dynamics.unmoved`: the play that its weights in place of regrets lead to; nothing is learnt of it."""
        kept = self.regret, self.swap, self.play, self.x
        entries, size = weight.tocoo(), self.plans.size
        keys = entries.row.astype(np.int64) * size + entries.col
        order = np.argsort(keys)

        def of(trigger: Ints, sequence: Ints) -> Floats:
            wanted = trigger * size + sequence
            if not len(keys):
                return np.zeros(wanted.shape)
            at, absent = positions(keys[order], wanted)
            return np.where(absent, 0.0, entries.data[order][at])

        pairs = list(zip(self.plans.slices, self.plans.shapes, strict=True))
        own = [np.arange(part.start, part.stop).reshape(shape) for part, shape in pairs]
        self.regret = [of(m[:, :, None], s[:, None, :]) for m, s in zip(self.memory, own, strict=True)]
        if self.internal:
            self.swap = [of(1 + s[:, :, None], s[:, None, :]) for s in own]
        self.play = list(self.play)
        self.play_anew()
        found = self.x
        self.regret, self.swap, self.play, self.x = kept
        return found

    def play_anew(self) -> None:
        """The next play."""
        plans, reached = self.plans, self._reached()
        for k, part in enumerate(plans.slices):
            wanted = np.einsum("sm,sma->sa", reached[self.memory[k]], self.regret[k])
            before = reached[self.before[k]]
            if self.internal:
                law = stationary(wanted[:, None, :] + before[:, None, None] * self.swap[k])
            else:
                mass = wanted.sum(axis=1, keepdims=True)
                law = (wanted + (mass == 0)) / (mass + (mass == 0) * wanted.shape[1])
            self.play[k] = law
            reached[1 + part.start : 1 + part.stop] = (before[:, None] * law).ravel()
        self.x = reached[1:-1]


def stationary(rates: Floats) -> Floats:
    """The stationary laws [N, A] of chains with these rates [N, from, to]; uniform where all are 0.

    By elimination without subtractions (Grassmann, Taksar & Heyman 1985), which keeps every digit.
    """
    count, size, _ = rates.shape
    largest = rates.max(axis=(1, 2), initial=0.0)
    rates = rates + np.where(largest > 0, TINY * largest, 1.0)[:, None, None]
    out = np.ones((count, size))
    for k in range(size - 1, 0, -1):
        out[:, k] = rates[:, k, :k].sum(axis=1)
        rates[:, :k, :k] += rates[:, :k, k, None] * (rates[:, k, None, :k] / out[:, k, None, None])
    law = np.ones((count, size))
    for k in range(1, size):
        law[:, k] = (law[:, :k] * rates[:, :k, k]).sum(axis=1) / out[:, k]
    return np.asarray(law / law.sum(axis=1, keepdims=True))
