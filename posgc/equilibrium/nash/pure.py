"""Pure equilibria of a stage: all deterministic joint prescriptions, or best-response dynamics.

Listed, the payoffs Q_i of all K = prod_i A_i^{P_i} deterministic joint prescriptions are an array with one
axis per agent, and a profile is an equilibrium iff Q_i is the maximum along axis i for every i.  Of several
the one with the largest sum of payoffs is taken, then the lowest index.  Where K is too large, agents best-
respond in turn from random profiles (Shapley and Monderer 1996: they must end if the stage is a potential
game; otherwise they may cycle).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from posgc.equilibrium.gaps import played_response, sum_by_type
from posgc.equilibrium.stage import Bools, Floats, Ints
from posgc.equilibrium.team.variables import mixed_radix

__all__ = ["TIE_ULPS", "best_response_dynamics", "pure_equilibria"]

TIE_ULPS = 64  # gains up to 64 eps times sum_u max_a |payoff| are rounding
SWEEPS = 64  # rounds of best responses from one start: a cycle is not worth more


def pure_equilibria(payoff: Sequence[Floats], types: Ints) -> tuple[list[Ints], Bools]:
    """Prescriptions [c, P_i] (0 where there is none) and which nodes have a pure equilibrium.

    payoff[i] [c, U, A_1..A_n], types [n, U] without gaps.  Memory n c K, the caller's to bound.
    """
    counts, actions = types.max(axis=1) + 1, payoff[0].shape[2:]
    digits = [mixed_radix(np.full(p, a)) for a, p in zip(actions, counts.tolist(), strict=True)]
    value = [_payoffs(part, types, digits) for part in payoff]
    stable = np.ones(value[0].shape, dtype=bool)
    for i, table in enumerate(value):
        noise = _noise(payoff[i]).reshape(-1, *(1,) * len(digits))
        stable &= table >= table.max(axis=1 + i, keepdims=True) - noise
    c = len(stable)
    welfare = np.where(stable, np.sum(value, axis=0), -np.inf).reshape(c, -1)
    noise = np.sum([_noise(part) for part in payoff], axis=0)
    # lowest index among equals, so that rounding does not choose the equilibrium
    first = (welfare >= (welfare.max(axis=1) - noise)[:, None]).argmax(axis=1)
    chosen = np.unravel_index(first, stable.shape[1:])
    found: Bools = np.asarray(stable.reshape(c, -1).any(axis=1))
    return [table[k] for table, k in zip(digits, chosen, strict=True)], found


def _payoffs(payoff: Floats, types: Ints, digits: Sequence[Ints]) -> Floats:
    """[c, K_1..K_n]: the payoff of every deterministic joint prescription."""
    shape = tuple(len(table) for table in digits)
    flat = payoff.reshape(*payoff.shape[:2], -1)
    total = np.zeros((len(payoff), *shape))
    for u in range(types.shape[1]):
        cell = np.ravel_multi_index(
            np.ix_(*(table[:, p] for table, p in zip(digits, types[:, u], strict=True))), payoff.shape[2:]
        )
        total += flat[:, u][:, cell]
    return total


def _noise(payoff: Floats) -> Floats:
    """[c] what counts as rounding, payoff units."""
    magnitude: Floats = abs(payoff).reshape(*payoff.shape[:2], -1).max(axis=2).sum(axis=1)
    return TIE_ULPS * np.finfo(np.float64).eps * magnitude


def best_response_dynamics(payoff: Sequence[Floats], types: Ints, start: Sequence[Ints]) -> tuple[list[Ints], Bools]:
    """Where agents that best-respond in turn from start[i] [c, P_i] have got to, and which nodes came to rest."""
    counts, actions = types.max(axis=1) + 1, payoff[0].shape[2:]
    flat = [part.reshape(*part.shape[:2], -1) for part in payoff]
    noise = [_noise(part) for part in payoff]
    chosen = [np.array(table, dtype=np.int64) for table in start]
    todo = np.arange(len(payoff[0]))
    for _ in range(SWEEPS):
        moved = np.zeros(len(todo), dtype=bool)
        for i in range(len(payoff)):
            played = [table[todo][:, row] for table, row in zip(chosen, types, strict=True)]
            gain = sum_by_type(played_response(flat[i][todo], played, i, actions), types[i], int(counts[i]))
            now = np.take_along_axis(gain, chosen[i][todo][..., None], axis=2)[..., 0]
            better = gain.max(axis=2) > now + noise[i][todo][:, None]
            chosen[i][todo] = np.where(better, gain.argmax(axis=2), chosen[i][todo])
            moved |= better.any(axis=1)
        todo = todo[moved]
        if not len(todo):
            break
    rest = np.ones(len(payoff[0]), dtype=bool)
    rest[todo] = False
    return chosen, rest
