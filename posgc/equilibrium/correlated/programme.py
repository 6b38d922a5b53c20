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

from posgc.equilibrium.gaps import sum_by_type
from posgc.equilibrium.stage import Deviation, Floats, Ints

__all__ = ["Programme", "by_agent", "gains", "local_response", "mixture_programme"]


@dataclass(frozen=True, eq=False)
class Programme:
    """The conditions on mixtures of given columns, for c nodes."""

    a: Floats  # [c, R, C + free], rows <= 0 over the weights w and the free variables t
    free: int  # how many free variables t there are: one for each (i, p_i) of a CCE, none for a CE
    value: list[Floats]  # for each agent i [c, C], Q_i of every column

    kind: Deviation
    shapes: list[tuple[int, int]]  # (P_i, A_i) of every agent

    def gains(self, w: Floats) -> Floats:
        """[n, c] what every agent gains by deviating from the mixture w [c, C], in its unit."""
        return gains(_held(self.a, w), self.shapes, self.kind)

    def excess(self, w: Floats) -> Floats:
        """[c] the largest violated row, with t at its best; w [c, C]."""
        if self.free:
            coarse: Floats = self.gains(w).max(axis=0, initial=0.0)
            return coarse
        obeyed: Floats = _held(self.a, w).max(axis=1, initial=0.0)
        return obeyed


def _held(rows: Floats, w: Floats) -> Floats:
    """[c, R]: the rows at w, without their free part."""
    held: Floats = np.einsum("crk,ck->cr", rows[:, :, : w.shape[1]], w)
    return held


def by_agent(rows: Floats, shapes: Sequence[tuple[int, int]], kind: str) -> list[Floats]:
    """Numbers [c, R], one for each row, by agent: CE [c, P_i, A_i, A_i] (told, done) with zero diagonal, CCE
    [c, P_i, A_i], the agents' own rows left out; shapes (P_i, A_i)."""
    at = 0
    parts: list[Floats] = []
    for types, actions in shapes:
        told, done = np.nonzero(~np.eye(actions, dtype=bool))
        size = types * (len(told) if kind == "ce" else actions)
        part = rows[:, at : at + size].reshape(len(rows), types, -1 if size else 0)
        at += size
        if kind == "ce":
            whole = np.zeros((len(rows), types, actions, actions))
            whole[:, :, told, done] = part
        parts.append(whole if kind == "ce" else part)
    return parts


def gains(held: Floats, shapes: Sequence[tuple[int, int]], kind: str) -> Floats:
    """[n, c] the agents' gains from the rows' values [c, R] at a mixture, as `gaps.py` defines them: for a CE the
    best remapping of every action told (the zero diagonal is obeying), for a CCE the best action of every p_i."""
    parts = by_agent(held, shapes, kind)
    if kind == "ce":
        return np.stack([part.max(axis=3).sum(axis=(1, 2)) for part in parts])
    own = held[:, len(held[0]) - len(shapes) :].T
    return np.stack([part.max(axis=2).sum(axis=1) for part in parts]) + own


def mixture_programme(played: Sequence[Floats], response: Sequence[Floats], kind: Deviation) -> Programme:
    """played[i], response[i]: x_i and g_i as [c, C, P_i, A_i]; x may have c = 1 where all nodes share it."""
    value = [np.einsum("ckpa,ckpa->ck", np.broadcast_to(x, g.shape), g) for x, g in zip(played, response, strict=True)]
    shapes = [(g.shape[2], g.shape[3]) for g in response]
    if kind == "ce":
        return Programme(_obedience(played, response), 0, value, kind, shapes)
    return Programme(_coarse(response, value), sum(p for p, _ in shapes), value, kind, shapes)


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
    # the free part is the same at all nodes: it only says which t(i, p) a row reads
    free = np.concatenate([*link, np.stack(own)])
    weights = np.concatenate([*deviate, -np.stack(value, axis=1)], axis=1)
    return np.concatenate([weights, np.broadcast_to(free, (c, *free.shape))], axis=2)


def local_response(payoff: Floats, chosen: Sequence[Ints], types: Ints, i: int) -> Floats:
    """g_i [c, C, P_i, A_i] of agent i against the others' columns; payoff [c, U, A_1..A_n], chosen[j] [c, C, P_j]."""
    c, n_types = payoff.shape[:2]
    actions = payoff.shape[2:]
    # row-major places of (a_i, the others' actions) in the flat table A_1 x ... x A_n
    index = np.arange(actions[i]) * int(np.prod(actions[i + 1 :]))
    for j, table in enumerate(chosen):
        if j != i:
            index = index + table[:, :, types[j], None] * int(np.prod(actions[j + 1 :]))
    index = np.broadcast_to(index, (c, chosen[0].shape[1], n_types, actions[i]))
    flat = payoff.reshape(c, n_types, int(np.prod(actions)))
    gathered = flat[np.arange(c)[:, None, None, None], np.arange(n_types)[:, None], index]
    columns, count = gathered.shape[1], int(types[i].max()) + 1
    summed = sum_by_type(gathered.reshape(c * columns, n_types, actions[i]), types[i], count)
    return summed.reshape(c, columns, count, actions[i])
