"""A game of hidden states fitted to joint trajectories by expectation maximisation (Baum & Petrie 1966; Rabiner 1989).

The number S of hidden states is given; the tables are not.  The likelihood of an episode is that of

    s_1 ~ initial,  o_1 ~ first(s_1),  r_h ~ payment(a_h, s_h),  s_{h+1} ~ transition(a_h, s_h),
    o_{h+1} ~ emission(a_h, s_{h+1}),

with joint actions, joint observations and joint rewards, whose distinct vectors are symbols: where they are few,
rewards tell states apart, as observations do.  Where they are many, only their means are fitted.  What
is played depends on hidden states through what is seen alone, so its own probability cancels.

Every step of the fit works on all episodes at once, one joint action at a time, so that it costs two matrix products a
step of the game.  Counts get a little mass beforehand (`PRIOR`), an observation only where an action has ever been
followed by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posgc.learning.symbols import Symbols

__all__ = ["Data", "Fit", "Latent", "climbed", "likelihood"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PRIOR = 1e-2
"""Pseudo-counts of a row of a table, spread evenly over what it may hold."""
SETTLED = 0.01
"""A gain of the log-likelihood of all episodes together, in nats, below which a fit has come to rest."""


@dataclass(frozen=True, eq=False)
class Latent:
    """A fitted game of S hidden states."""

    initial: Floats  # [S]
    first: Floats  # [S, O]: P(o_1 | s_1)
    transition: Floats  # [A, S, S]: P(s' | a, s)
    emission: Floats  # [kinds, S, A, O]: P(o' | a, s')
    payment: Floats  # [S, A, symbols]: P(r | a, s)
    reward: Floats  # [n, A, S], expected

    @property
    def n_states(self) -> int:
        """S."""
        return len(self.initial)


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted game, and how far the fit came."""

    latent: Latent
    log_likelihood: float  # mean of an episode, in nats
    steps: int
    settled: bool


def climbed(data: Data, latent: Latent, steps: int) -> Fit:
    """The game after so many steps of expectation maximisation from `latent`, or at rest.

    So many steps and then so many are as many at once.
    """
    better, found = data.expected(latent)
    for done in range(1, steps + 1):
        latent, before = better, found
        better, found = data.expected(latent)
        if found - before <= SETTLED / data.symbols.size:
            return Fit(latent, found, done, True)
    return Fit(latent, found, steps, False)


def likelihood(symbols: Symbols, latent: Latent) -> float:
    """Mean log-likelihood of an episode, in nats; -inf where one cannot happen."""
    return Data.of(symbols).expected(latent)[1]


@dataclass(frozen=True, eq=False)
class _Groups:
    """Episodes sorted by a symbol, so that sums by symbol are one pass."""

    order: Ints  # [E]
    start: Ints  # [symbols that occur]
    symbol: Ints  # [symbols that occur], ascending

    @staticmethod
    def of(symbols: Ints) -> _Groups:
        order = np.argsort(symbols, kind="stable")
        symbol, start = np.unique(symbols[order], return_index=True)
        return _Groups(order, start, symbol)

    def add(self, table: Floats, weight: Floats) -> None:
        """Add to `table` [S, symbols] the weights [S, E] of the episodes with each symbol."""
        table[:, self.symbol] += np.add.reduceat(weight.take(self.order, axis=1), self.start, axis=1)

    def parts(self) -> list[tuple[int, Ints]]:
        """Each symbol with its episodes."""
        return list(zip(self.symbol.tolist(), np.split(self.order, self.start[1:]), strict=True))


@dataclass(frozen=True, eq=False)
class _Counts:
    """How often the episodes are expected to have done what the tables give probabilities of."""

    initial: Floats
    first: Floats
    moves: Floats  # [A, S, S]
    seen: Floats
    paid: Floats
    visits: Floats  # [A, S]
    earned: Floats  # [n, A, S], rewards where they are no symbols

    @staticmethod
    def none(latent: Latent) -> _Counts:
        """Nothing counted yet."""
        moves = np.zeros_like(latent.transition)
        initial, first, seen = map(np.zeros_like, (latent.initial, latent.first, latent.emission))
        paid, earned = map(np.zeros_like, (latent.payment, latent.reward))
        return _Counts(initial, first, moves, seen, paid, np.zeros(moves.shape[:2]), earned)


@dataclass(frozen=True, eq=False)
class Data:
    """Episodes, sorted by every symbol that is counted.  What occurs in the episodes `met`, by default those that are
    fitted, gets the mass beforehand, so that all of these can happen."""

    symbols: Symbols
    paying: tuple[Ints, ...]  # H arrays [E], action and reward as one symbol
    showing: tuple[Ints, ...]  # H arrays [E], action of the step before and observation; at step 1 the observation
    by_action: tuple[list[tuple[int, Ints]], ...]  # of each step
    by_reward: tuple[_Groups, ...]  # by `paying`
    by_observation: tuple[_Groups, ...]  # by `showing`
    seen: Bools  # [kinds, A, O]: what has followed an action
    seen_first: Bools  # [O]
    seen_reward: Bools  # [A, symbols]

    @staticmethod
    def of(symbols: Symbols, met: Symbols | None = None) -> Data:
        met = symbols if met is None else met
        horizon, n_rewards = symbols.horizon, symbols.rewards.shape[1]
        seen = np.zeros((max(symbols.kind_of_step) + 1, symbols.n_actions, symbols.n_observations), dtype=bool)
        paid = np.zeros((symbols.n_actions, n_rewards), dtype=bool)
        first = np.bincount(met.observation[0], minlength=symbols.n_observations) > 0
        paying = [a * n_rewards + r for a, r in zip(symbols.action, symbols.reward, strict=True)]
        showing = [symbols.observation[0]]
        for h in range(horizon):
            paid[met.action[h], met.reward[h]] = True
            if h:
                seen[symbols.kind_of_step[h], met.action[h - 1], met.observation[h]] = True
                showing.append(symbols.action[h - 1] * symbols.n_observations + symbols.observation[h])
        return Data(
            symbols,
            tuple(paying),
            tuple(showing),
            tuple(_Groups.of(a).parts() for a in symbols.action),
            tuple(map(_Groups.of, paying)),
            tuple(map(_Groups.of, showing)),
            seen,
            first,
            paid,
        )

    def guess(self, n_states: int, rng: np.random.Generator) -> Latent:
        """Random tables, states rather staying where they are."""
        actions = self.symbols.n_actions

        def drawn(support: Bools) -> Floats:
            return rng.exponential(size=(n_states, *support.shape)) * support

        counts = _Counts(
            np.ones(n_states),
            drawn(self.seen_first),
            rng.exponential(size=(actions, n_states, n_states)) + n_states * np.eye(n_states),
            rng.exponential(size=(self.seen.shape[0], n_states, *self.seen.shape[1:])) * self.seen[:, None],
            drawn(self.seen_reward),
            np.ones((actions, n_states)),
            np.zeros((len(self.symbols.rewards), actions, n_states)),
        )
        return self._maximised(counts)

    def expected(self, latent: Latent) -> tuple[Latent, float]:
        """One step of expectation maximisation, and the mean log-likelihood of an episode before it."""
        forward, likely = self._forward(latent)
        mean = float(likely.mean())
        return (self._maximised(self._backward(latent, forward)), mean) if np.isfinite(mean) else (latent, -np.inf)

    def _forward(self, latent: Latent) -> tuple[list[Floats], Floats]:
        """P(s_h | everything up to the reward of step h), H arrays [S, E], and the log-likelihoods [E]."""
        symbols, forward = self.symbols, list[Floats]()
        likely = np.zeros(symbols.size)
        ahead = latent.initial[:, None] * latent.first.take(symbols.observation[0], axis=1)
        for h in range(symbols.horizon):
            now = ahead * self._payment(latent, h)
            mass = now.sum(axis=0)
            with np.errstate(divide="ignore", invalid="ignore"):
                likely += np.log(mass)
                now /= mass
            forward.append(now)
            if h + 1 < symbols.horizon:
                ahead = self._emission(latent, h + 1)
                for a, rows in self.by_action[h]:
                    ahead[:, rows] *= latent.transition[a].T @ now.take(rows, axis=1)
        return forward, likely

    def _backward(self, latent: Latent, forward: Sequence[Floats]) -> _Counts:
        """Expected counts."""
        symbols, n_states = self.symbols, latent.n_states
        found = _Counts.none(latent)
        later = np.ones_like(forward[0])  # how likely what follows the reward of step h is from s_h, up to a factor
        for h in reversed(range(symbols.horizon)):
            state = forward[h] * later
            state /= state.sum(axis=0)
            self.by_reward[h].add(found.paid.reshape(n_states, -1), state)
            for a, rows in self.by_action[h]:
                found.visits[a] += state.take(rows, axis=1).sum(axis=1)
                if symbols.paid is not None:
                    found.earned[:, a] += symbols.paid[h][:, rows] @ state[:, rows].T
            if not h:
                self.by_observation[h].add(found.first, state)
                found.initial[:] = state.sum(axis=1)
                break
            self.by_observation[h].add(found.seen[symbols.kind_of_step[h]].reshape(n_states, -1), state)
            ahead = later * self._payment(latent, h) * self._emission(latent, h)
            later = np.empty_like(ahead)
            for a, rows in self.by_action[h - 1]:
                here, there = forward[h - 1].take(rows, axis=1), ahead.take(rows, axis=1)
                back = latent.transition[a] @ there
                found.moves[a] += here @ (there / (here * back).sum(axis=0)).T
                later[:, rows] = back
            later /= later.max(axis=0)
        found.moves[:] *= latent.transition
        return found

    def _maximised(self, counts: _Counts) -> Latent:
        """Tables from counts, with a little mass beforehand."""
        payment = _normalised(counts.paid, self.seen_reward)
        n_states = len(counts.initial)
        if self.symbols.paid is None:
            reward = np.einsum("nr,sar->nas", self.symbols.rewards, payment)
        else:
            reward = counts.earned / np.maximum(counts.visits, PRIOR)
        return Latent(
            (counts.initial + PRIOR / n_states) / (counts.initial.sum() + PRIOR),
            _normalised(counts.first, self.seen_first),
            (counts.moves + PRIOR / n_states) / (counts.moves.sum(axis=2, keepdims=True) + PRIOR),
            _normalised(counts.seen, self.seen[:, None]),
            payment,
            reward,
        )

    def _payment(self, latent: Latent, h: int) -> Floats:
        """[S, E]: how likely the reward of a step is."""
        return latent.payment.reshape(latent.n_states, -1).take(self.paying[h], axis=1)

    def _emission(self, latent: Latent, h: int) -> Floats:
        """[S, E]: how likely the observation of a step after the first is."""
        table: Floats = latent.emission[self.symbols.kind_of_step[h]]
        return table.reshape(latent.n_states, -1).take(self.showing[h], axis=1)


def _normalised(counts: Floats, support: Bools) -> Floats:
    """Laws along the last axis, with a little mass beforehand on `support`, or on everything where there is none."""
    support = np.where(support.any(axis=-1, keepdims=True), support, True)
    counts = counts + PRIOR * support / support.sum(axis=-1, keepdims=True)
    law: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return law
