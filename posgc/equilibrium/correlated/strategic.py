"""Correlated equilibrium in strategic form: a recommendation is a whole prescription p_i -> a_i.

The deviator sees the prescription g_i recommended to it and may remap it for every p_i; with columns k of
weight w_k and g_i^k[p, b] its payoff for b at p against the others' part of column k, the gain of agent i is

    sum_g sum_p max_b sum_{k : own part is g} w_k (g_i^k[p, b] - g_i^k[p, g(p)]).

In the agent form (`gaps.py`) only the action for the p_i that occurred is seen, which tells less: every
strategic-form equilibrium is an agent-form one, not conversely (Forges 1993, "Five legitimate definitions of
correlated equilibrium in games with incomplete information"; von Stengel and Forges 2008).  Its conditions
name whole prescriptions, so that prices are not local in u and columns are not generated, only listed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from posgc.equilibrium.stage import Floats, Ints

__all__ = ["remapping_rows", "row_count"]


def row_count(counts: Sequence[int], actions: Sequence[int]) -> float:
    """Conditions of `remapping_rows` over all prescriptions; a float, since it may pass 2^63."""
    return sum(float(a) ** p * p * (a - 1) for p, a in zip(counts, actions, strict=True))


def remapping_rows(chosen: Sequence[Ints], response: Sequence[Floats]) -> Floats:
    """[c, R, C] conditions <= 0 per (i, recommended g_i, p, b != g_i(p)).

    chosen[i] [C, P_i] the columns, shared by the nodes; response[i] [c, C, P_i, A_i].
    """
    rows = []
    for table, g in zip(chosen, response, strict=True):
        c, columns, types, actions = g.shape
        told, label = np.unique(table, axis=0, return_inverse=True)
        own = np.take_along_axis(g, np.broadcast_to(table[None, :, :, None], (c, columns, types, 1)), axis=3)
        block = np.zeros((len(told), types, actions, c, columns))
        # a column counts only where its own part is the prescription recommended
        block[label.ravel(), :, :, :, np.arange(columns)] = np.moveaxis(g - own, 0, -1)
        other = told[:, :, None] != np.arange(actions)
        rows.append(np.moveaxis(block[other], 1, 0))
    return np.concatenate(rows, axis=1)
