"""Regret dynamics over a whole layer, for stages whose deterministic prescriptions are too many to list.

    CCE   regret matching+ per (i, p_i): a one-level treeplex, regrets add over p_i  (Tammelin 2014)
    CE    per (i, p_i) one copy of regret matching+ for every action; agent i plays the stationary
          distribution of the copies' matrix, and copy a is paid x(a) times the payoff
          (Blum and Mansour 2007), so that the swap regret of every information set vanishes

All agents update simultaneously: the play of round t is a product, and the mixture of rounds is the
equilibrium.  Instead of the plain average, a small linear programme then picks the weights of the rounds
that make the largest violated constraint least: never worse in that measure, and only a basis of rounds has
positive weight.  The gap is certified by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.correlated.programme import Programme, mixture_programme
from posgc.equilibrium.gaps import mixed_response, sum_by_type
from posgc.equilibrium.solvers.blocks import solve_blocks
from posgc.equilibrium.stage import Deviation, Floats, Ints

__all__ = ["Rounds", "play", "weigh"]

MIXING = 1e-7  # of the uniform distribution into the copies' matrix, which makes it irreducible


@dataclass(frozen=True, eq=False)
class Rounds:
    """What was played in T rounds on c nodes."""

    played: list[Floats]  # for each agent i [c, T, P_i, A_i], its behaviour x_i
    response: list[Floats]  # for each agent i [c, T, P_i, A_i], the gradient of its payoff in x_i


def play(payoff: Sequence[Floats], types: Ints, kind: Deviation, rounds: int) -> Rounds:
    """T rounds on payoff[i] [c, U, A_1..A_n], each scaled to about [0, 1]; starts from uniform play."""
    counts = types.max(axis=1) + 1
    c, actions = len(payoff[0]), payoff[0].shape[2:]
    shapes = [(c, rounds, int(p), a) for p, a in zip(counts, actions, strict=True)]
    played, response = [np.empty(s) for s in shapes], [np.empty(s) for s in shapes]
    learn = _swap_step if kind == "ce" else _external_step
    regret = [np.zeros((c, s[2], s[3], s[3]) if kind == "ce" else (c, s[2], s[3])) for s in shapes]
    x: list[Floats] = [np.full((c, s[2], s[3]), 1.0 / s[3]) for s in shapes]
    for t in range(rounds):
        at = [table[:, row] for table, row in zip(x, types, strict=True)]
        for i, part in enumerate(payoff):
            played[i][:, t] = x[i]
            response[i][:, t] = sum_by_type(mixed_response(part, at, i), types[i], int(counts[i]))
        # nobody moves before all responses are taken: the round's play is one product, which the mixture needs
        for i in range(len(payoff)):
            x[i] = learn(regret[i], x[i], response[i][:, t])
    return Rounds(played, response)


def _external_step(regret: Floats, x: Floats, g: Floats) -> Floats:
    regret += g - (x * g).sum(axis=2, keepdims=True)
    np.maximum(regret, 0.0, out=regret)
    return _matched(regret)


def _swap_step(regret: Floats, x: Floats, g: Floats) -> Floats:
    """regret [c, P, copy, A]."""
    copies = _matched(regret)
    # copy a answers for the share x(a) of the play in which a was told (Blum and Mansour 2007)
    earned = (copies * g[:, :, None]).sum(axis=3, keepdims=True)
    regret += x[..., None] * (g[:, :, None] - earned)
    np.maximum(regret, 0.0, out=regret)
    return _stationary(_matched(regret))


def _matched(regret: Floats) -> Floats:
    total = regret.sum(axis=-1, keepdims=True)
    uniform = 1.0 / regret.shape[-1]
    matched: Floats = np.where(total > 0, regret / np.where(total > 0, total, 1.0), uniform)
    return matched


def _stationary(matrix: Floats) -> Floats:
    """x = x Q for stacked row-stochastic Q [..., A, A]."""
    size = matrix.shape[-1]
    system = (1.0 - MIXING) * matrix.swapaxes(-1, -2) + MIXING / size - np.eye(size)
    # the equations x = x Q have rank A - 1, so that the last may give way to sum x = 1
    system[..., -1, :] = 1.0
    right = np.zeros((*matrix.shape[:-1], 1))
    right[..., -1, 0] = 1.0
    x = np.maximum(np.linalg.solve(system, right)[..., 0], 0.0)
    stationary: Floats = x / x.sum(axis=-1, keepdims=True)
    return stationary


def weigh(rounds: Rounds, kind: Deviation) -> tuple[Floats, Floats, Floats]:
    """Weights [c, T] of the rounds, the largest violated constraint they leave [c] and the agents' gains [n, c],
    scaled units."""
    programme = mixture_programme(rounds.played, rounds.response, kind)
    c, n_rounds = programme.value[0].shape
    # the averaging that regret matching+ is proved and measured with (Tammelin 2014), in case the programme does
    # worse
    linear = np.arange(1.0, n_rounds + 1)
    average = np.broadcast_to(linear / linear.sum(), (c, n_rounds))
    chosen = _least_violated(programme, average)
    excess = programme.excess(chosen)
    fallback = programme.excess(average)
    worse = excess > fallback
    w = np.where(worse[:, None], average, chosen)
    return w, np.minimum(excess, fallback), programme.gains(w)


def _least_violated(programme: Programme, otherwise: Floats) -> Floats:
    """min e s.t. every obedience row (CCE: every agent's own row) <= e, over distributions on the rounds.

    `otherwise` [c, T] is what an unsolved programme gets.
    """
    c, rows, _ = programme.a.shape
    columns = programme.value[0].shape[1]
    # rows that define t(i, p) hold exactly; the slack stands in the rows that say what an agent gains
    slack = np.ones(rows)
    if programme.free:
        slack[: rows - len(programme.value)] = 0.0
    slack_column = np.broadcast_to(-slack[None, :, None], (c, rows, 1))
    a = np.concatenate([programme.a[:, :, :columns], slack_column, programme.a[:, :, columns:]], axis=2)
    objective = np.zeros((c, a.shape[2]))
    objective[:, columns] = -1.0
    equal = np.r_[np.ones(columns), np.zeros(1 + programme.free)][None]
    answer = solve_blocks(a, np.zeros(rows), objective, equal, programme.free)
    w = np.where(answer.solved[:, None], np.maximum(answer.primal[:, :columns], 0.0), otherwise)
    weights: Floats = w / w.sum(axis=1, keepdims=True)
    return weights
