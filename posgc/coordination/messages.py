"""Bounds for static teams of two: payoffs of pairs of types are shifted so that each pair can be bounded alone.

A static team has types s of the one agent, t of the other, an option for each, and a worth that is a sum over pairs of
payoffs `table[s, t, x, y]`.  Adding a number to (s, t, x, ·) and taking it from (s, t', x, ·), t' another type, changes
no complete choice's worth, and so changes only bounds that maximise pair by pair.  Sequential tree-reweighted message
passing (Kolmogorov 2006) finds shifts under which that bound is low: the first agent's types, which share no pair, are
all updated at once, then the other's, and the bound never rises.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["ascended", "shifted"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ROUNDS = 40
"""Sweeps there and back, at most; each costs two passes over the table."""
ENOUGH = 1e-4
"""Sweeps end when one lowers the bound by less than this share of what all have lowered it."""


def shifted(table: Floats, rounds: int = ROUNDS) -> tuple[Floats, Floats]:
    """`pairs` [S, T, X, Y], at most 0, and `own` [T, Y].

    The worth of choices x(s), y(t) is `sum_t own[t, y(t)] + sum_{s, t} pairs[s, t, x(s), y(t)]`, as it was in `table`.
    """
    pairs = table.copy()
    n, m = pairs.shape[:2]
    own = _forward(pairs)
    first = last = float(own.max(axis=1).sum())
    for _ in range(rounds if min(n, m) > 1 else 0):
        pairs += (own / n)[None, :, None, :]
        most = pairs.max(axis=3)
        pairs -= most[..., None]
        pairs += (most.sum(axis=1) / m)[:, None, :, None]
        own = _forward(pairs)
        now = float(own.max(axis=1).sum())
        if last - now <= ENOUGH * (first - now):
            break
        last = now
    return pairs, own


def ascended(table: Floats, answer: Ints) -> tuple[float, Ints, Ints]:
    """Options [S] and [T] that neither agent can improve alone, and their worth, from first options of the second."""
    n, m = np.arange(table.shape[0]), np.arange(table.shape[1])
    while True:
        own = np.asarray(table[:, m, :, answer].sum(axis=0).argmax(axis=1))
        gain = table[n, :, own, :].sum(axis=0)
        better = gain.max(axis=1) > gain[m, answer]
        answer = np.where(better, gain.argmax(axis=1), answer)
        if not better.any():
            return float(gain[m, answer].sum()), own, answer


def _forward(pairs: Floats) -> Floats:
    """Move all that can be told of the second agent's options out of the pairs, in place: [T, Y]."""
    most = pairs.max(axis=2)
    pairs -= most[:, :, None, :]
    moved: Floats = most.sum(axis=0)
    return moved
