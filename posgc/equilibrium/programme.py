"""The linear constraints that make a mixture of given products a CCE or a CE, for a batch of nodes.

Column k is a product of prescriptions x^k; with g_i^k[p, b] the payoff of b at p against x_-i^k, weights w are

    CE    iff   sum_k w_k x_i^k(a|p) (g_i^k[p, b] - g_i^k[p, a]) <= 0            for all i, p, a != b
    CCE   iff   sum_k w_k g_i^k[p, b] <= t(i, p),   sum_p t(i, p) <= sum_k w_k Q_i^k   for all i, p, b.

If the columns are all deterministic joint prescriptions this is the exact set.  Behaviours mu(a | p) under
no-signalling constraints would be fewer variables but a strictly larger set (the CHSH game), and are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.stage import Deviation, Floats

__all__ = ["Programme", "mixture_programme"]


@dataclass(frozen=True, eq=False)
class Programme:
    """Rows a [c, R, C + free] <= 0 over (w, free variables t); `value[i]`: Q_i of every column [c, C]."""

    a: Floats
    free: int
    value: list[Floats]

    def excess(self, w: Floats) -> Floats:
        """[c] the largest violated row, with t at its best; w [c, C]."""
        columns = w.shape[1]
        rows = np.einsum("crk,ck->cr", self.a[:, :, :columns], w)
        if not self.free:
            obeyed: Floats = rows.max(axis=1, initial=0.0)
            return obeyed
        # t(i, p) = max_b of its rows; the last n rows are the agents' own
        n = len(self.value)
        links, own = self.a[0, :-n, columns:] != 0, self.a[0, -n:, columns:]
        t = np.stack([rows[:, :-n][:, links[:, j]].max(axis=1) for j in range(self.free)], axis=1)
        coarse: Floats = (rows[:, -n:] + t @ own.T).max(axis=1, initial=0.0)
        return coarse


def mixture_programme(played: Sequence[Floats], response: Sequence[Floats], kind: Deviation) -> Programme:
    """played[i], response[i]: x_i and g_i as [c, C, P_i, A_i]; x may have c = 1 where all nodes share it."""
    value = [np.einsum("ckpa,ckpa->ck", np.broadcast_to(x, g.shape), g) for x, g in zip(played, response, strict=True)]
    if kind == "ce":
        return Programme(_obedience(played, response), 0, value)
    return Programme(_coarse(response, value), sum(g.shape[2] for g in response), value)


def _obedience(played: Sequence[Floats], response: Sequence[Floats]) -> Floats:
    rows = []
    for x, g in zip(played, response, strict=True):
        c, columns, _, actions = g.shape
        told, done = np.nonzero(~np.eye(actions, dtype=bool))
        gain = x[..., told] * (g[..., done] - g[..., told])  # [c, C, P_i, pairs]
        rows.append(gain.reshape(c, columns, -1).swapaxes(1, 2))
    return np.concatenate(rows, axis=1)


def _coarse(response: Sequence[Floats], value: Sequence[Floats]) -> Floats:
    c, columns = value[0].shape
    deviate, link, own = [], [], []
    total = sum(g.shape[2] for g in response)
    at = 0
    for g in response:
        types, actions = g.shape[2:]
        deviate.append(g.reshape(c, columns, -1).swapaxes(1, 2))
        link.append(-np.repeat(np.eye(total)[at : at + types], actions, axis=0))
        own.append(np.eye(total)[at : at + types].sum(axis=0))
        at += types
    free = np.concatenate([*link, np.stack(own)])
    weights = np.concatenate([*deviate, -np.stack(value, axis=1)], axis=1)
    return np.concatenate([weights, np.broadcast_to(free, (c, *free.shape))], axis=2)
