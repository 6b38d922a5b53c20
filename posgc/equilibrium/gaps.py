"""Values and exact deviation gains of a given solution, from the definitions (Liu and Zhang 2023, Def. 8-10).

A solution at a node is a mixture sum_k w_k prod_j gamma_j^k.  With mu(a | u) its law of the joint action and

    R_i[p, a, b] = sum_{u : p_i(u) = p} sum_{a_-i} mu(a, a_-i | u) payoff_i[u, b, a_-i]

(agent i is recommended a and plays b), the gains of agent i are

    CCE   sum_p max_b sum_a R_i[p, a, b]  -  sum_{p,a} R_i[p, a, a]     (the deviator does not see the seed)
    CE    sum_{p,a} ( max_b R_i[p, a, b]  -  R_i[p, a, a] )             (agent form; sees the sampled action)
    NE    the CCE expression, defined for a product (one component) only;
    CE in strategic form ("ce_strategic")
          sum_{g,p} ( max_b S_i[g, p, b]  -  S_i[g, p, g(p)] )      (sees the whole prescription g sampled)

with S_i[g, p, b] = sum_k w_k P(gamma_i^k = g) (payoff of b at p against the others' part of component k); a
behaviour is drawn before play, independently at every p_i.  For a product the recommendation tells nothing
of the others beyond p_i, so all coincide and only the gradient g_i[p, b] = sum_a R_i[p, a, b] is formed.
Work goes by chunks of nodes; memory is bounded by `layer.CHUNK`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from posgc.equilibrium.layer import chunks, segment_starts
from posgc.equilibrium.stage import WEIGHT_TOLERANCE, Bools, Deviation, Floats, Ints, Stages, StageSolution, Table

__all__ = [
    "behaviour",
    "certify",
    "deviation_gains",
    "evaluate",
    "joint_law",
    "mixed_response",
    "played_response",
    "sum_by_type",
]

MAX_DRAWN = 1 << 20  # prescriptions that behaviours are spelt out into, for the strategic form


def evaluate(stages: Stages, solution: StageSolution) -> Floats:
    """[n, N] expected payoffs; ValueError where the solution does not fit the stages, or is not a distribution."""
    return _measure(stages, solution, "cce")[0]


def deviation_gains(stages: Stages, solution: StageSolution, kind: Deviation) -> Floats:
    """[n, N] largest gain of agent i by a deviation of `kind`, payoff units, >= 0 up to rounding.

    ValueError for kind "nash" on a mixture, which is not a product of strategies.
    """
    return _measure(stages, solution, kind)[1]


def certify(
    stages: Stages,
    tables: Sequence[Table],
    kind: Deviation,
    method: str,
    *,
    indptr: Ints | None = None,
    weight: Floats | None = None,
    optimal: Bools | None = None,
    upper: Floats | None = None,
    objective: Floats | None = None,
) -> StageSolution:
    """Attach value and gap to tables; without `indptr` every node has one component.

    Raises ValueError where the tables are not mixtures of prescriptions of the stages, and as `deviation_gains` does.
    """
    if indptr is None:
        indptr = np.arange(stages.n_nodes + 1, dtype=np.int64)
    if weight is None:
        weight = np.ones(int(indptr[-1]))
    nothing = np.zeros((stages.n_agents, stages.n_nodes))
    draft = StageSolution(indptr, weight, tuple(tables), nothing, nothing, method, optimal, upper, objective)
    value, gap = _measure(stages, draft, kind)
    return replace(draft, value=value, gap=gap)


def _measure(stages: Stages, solution: StageSolution, kind: Deviation) -> tuple[Floats, Floats]:
    _require_fit(stages, solution, kind)
    n, nodes = stages.n_agents, stages.n_nodes
    value, gain = np.empty((n, nodes)), np.empty((n, nodes))
    per_node = stages.n_types * int(np.prod(stages.actions))
    for lo, hi in chunks(nodes, per_node):
        # a product tells nothing by its recommendation: the gradient is enough, and the joint law is never formed
        law = None if solution.is_product else _law(stages, solution, lo, hi)
        for i in range(n):
            if law is None:
                value[i, lo:hi], gain[i, lo:hi] = _product_gain(stages, solution.tables, i, lo, hi)
            else:
                value[i, lo:hi], gain[i, lo:hi] = _mixture_gain(stages, law, i, lo, hi, kind)
                if kind == "ce_strategic":
                    gain[i, lo:hi] = _remapping_gain(stages, solution, i, lo, hi)
    return value, gain


def _require_fit(stages: Stages, solution: StageSolution, kind: Deviation) -> None:
    if kind not in ("nash", "cce", "ce", "ce_strategic"):
        raise ValueError(f"kind must be nash, cce, ce or ce_strategic, not {kind!r}")
    components = len(solution.weight)
    ends = (0, components)
    if len(solution.indptr) != stages.n_nodes + 1 or (solution.indptr[0], solution.indptr[-1]) != ends:
        raise ValueError("the solution's indptr does not fit the layer")
    if (np.diff(solution.indptr) < 1).any():
        raise ValueError("every node needs at least one component")
    for table, p, a in zip(solution.tables, stages.type_counts, stages.actions, strict=True):
        if table.shape not in ((components, p), (components, p, a)):
            raise ValueError(f"a prescription table of shape {table.shape} does not fit P = {p}, A = {a}")
        if table.ndim == 3:
            if not _are_laws(table, table.sum(axis=2)):
                raise ValueError("a behaviour's rows must be nonnegative and sum to 1")
        elif not np.issubdtype(table.dtype, np.integer) or ((table < 0) | (table >= a)).any():
            raise ValueError(f"a prescription's actions are integers in 0..{a - 1}")
    if not _are_laws(solution.weight, np.add.reduceat(solution.weight, solution.indptr[:-1])):
        raise ValueError("the weights of a node's components must be nonnegative and sum to 1")
    if kind == "nash" and not solution.is_product:
        raise ValueError("Nash gains are defined for products of prescriptions, not for mixtures")


def _are_laws(mass: Floats, total: Floats) -> bool:
    """Whether nothing is negative, NaN or infinite, and the totals are 1."""
    return bool((mass >= 0).all() and (abs(total - 1.0) <= WEIGHT_TOLERANCE).all())


def sum_by_type(array: Floats, types: Ints, count: int) -> Floats:
    """Sum axis 1 (over u) of [c, U, ...] within each type: [c, count, ...]."""
    if count == 1:
        total: Floats = array.sum(axis=1, keepdims=True)
        return total
    out = np.zeros((len(array), count, *array.shape[2:]))
    for u, p in enumerate(types):
        out[:, p] += array[:, u]
    return out


def played_response(flat: Floats, played: Sequence[Ints], i: int, actions: tuple[int, ...]) -> Floats:
    """Payoff [c, U, A_i] of each own action when the others play `played[j][c, U]`.

    `flat[c or 1, U, A]` holds payoffs by joint action, mixed radix, first agent most significant.
    """
    stride = [int(np.prod(actions[j + 1 :])) for j in range(len(actions))]
    index = np.arange(actions[i]) * stride[i]
    for j, chosen in enumerate(played):
        if j != i:
            index = index + (chosen.astype(np.int64) * stride[j])[..., None]
    shape = np.broadcast_shapes(index.shape, (len(flat), flat.shape[1], actions[i]))
    return np.take_along_axis(np.broadcast_to(flat, (shape[0], *flat.shape[1:])), np.broadcast_to(index, shape), axis=2)


def _responses(stages: Stages, tables: Sequence[Table], i: int, lo: int, hi: int, owner: Ints | None = None) -> Floats:
    """[c, U, A_i] payoff of agent i's actions against the product of the others' prescriptions, components
    lo..hi-1; component k belongs to node owner[k - lo], to node k without `owner`."""
    payoff, sign = stages.of_agent(i)
    part = payoff[lo:hi] if owner is None else payoff[owner]
    at = [table[lo:hi][:, row] for table, row in zip(tables, stages.types, strict=True)]
    if all(table.ndim == 2 for table in tables):
        flat = part.reshape(hi - lo, stages.n_types, -1)
        return sign * played_response(flat, at, i, stages.actions)
    return sign * mixed_response(part, [behaviour(t, a) for t, a in zip(at, stages.actions, strict=True)], i)


def mixed_response(payoff: Floats, played: Sequence[Floats], i: int) -> Floats:
    """Payoff [c, U, A_i] of each own action against `played[j][c, U, A_j]`, payoff [c, U, A_1..A_n]."""
    for j in reversed(range(i + 1, len(played))):
        payoff = np.einsum("cu...a,cua->cu...", payoff, played[j])
    for j in range(i):
        payoff = np.einsum("cua...,cua->cu...", payoff, played[j])
    return payoff


def behaviour(chosen: Table, n_actions: int) -> Floats:
    """The table with its actions as an axis of probabilities."""
    return chosen if chosen.ndim == 3 else (chosen[..., None] == np.arange(n_actions)).astype(np.float64)


def _product_gain(stages: Stages, tables: Sequence[Table], i: int, lo: int, hi: int) -> tuple[Floats, Floats]:
    response = _responses(stages, tables, i, lo, hi)
    gradient = sum_by_type(response, stages.types[i], stages.type_counts[i])
    own = tables[i][lo:hi]
    if own.ndim == 2:
        value = np.take_along_axis(gradient, own[..., None].astype(np.int64), axis=2)[..., 0]
    else:
        value = np.einsum("cpa,cpa->cp", gradient, own)
    return value.sum(axis=1), (gradient.max(axis=2) - value).sum(axis=1)


def joint_law(stages: Stages, solution: StageSolution) -> Floats:
    """mu[N, U, A_1..A_n]: what the solution plays at every node and u."""
    return _law(stages, solution, 0, stages.n_nodes)


def _law(stages: Stages, solution: StageSolution, lo: int, hi: int) -> Floats:
    """mu[c, U, A_1..A_n] of nodes lo..hi-1."""
    first, last = int(solution.indptr[lo]), int(solution.indptr[hi])
    owner = np.repeat(np.arange(hi - lo), np.diff(solution.indptr[lo : hi + 1]))
    law = np.zeros((hi - lo, stages.n_types, *stages.actions))
    deterministic = all(table.ndim == 2 for table in solution.tables)
    for start, stop in chunks(last - first, stages.n_types * (1 if deterministic else law[0, 0].size)):
        part = slice(first + start, first + stop)
        at = [t[part][:, row] for t, row in zip(solution.tables, stages.types, strict=True)]
        node, weight = owner[start:stop], solution.weight[part]
        if deterministic:
            _add_played(law, at, node, weight)
        else:
            _add_product(law, at, node, weight)
    return law


def _add_played(law: Floats, at: list[Table], node: Ints, weight: Floats) -> None:
    u = np.broadcast_to(np.arange(law.shape[1]), at[0].shape)
    cell = np.ravel_multi_index((np.broadcast_to(node[:, None], u.shape), u, *at), law.shape)
    mass = np.bincount(cell.ravel(), np.repeat(weight, law.shape[1]), law.size)
    law += mass.reshape(law.shape)


def _add_product(law: Floats, at: list[Table], node: Ints, weight: Floats) -> None:
    product = weight[:, None]
    for j, chosen in enumerate(at):
        product = product[..., None] * behaviour(chosen, law.shape[2 + j]).reshape(
            *chosen.shape[:2], *(1,) * j, law.shape[2 + j]
        )
    # components of a node are adjacent, so that one pass of sums serves all nodes
    starts = segment_starts(node)
    law[node[starts]] += np.add.reduceat(product, starts, axis=0)


def _mixture_gain(stages: Stages, law: Floats, i: int, lo: int, hi: int, kind: Deviation) -> tuple[Floats, Floats]:
    payoff, sign = stages.of_agent(i)
    shape = (hi - lo, stages.n_types, stages.actions[i], -1)
    told = np.moveaxis(law, 2 + i, 2).reshape(shape)
    done = np.moveaxis(payoff[lo:hi], 2 + i, 2).reshape(shape)
    exchange = sum_by_type(
        sign * (told @ done.swapaxes(2, 3)), stages.types[i], stages.type_counts[i]
    )  # [c, P_i, told, done]
    obeyed = np.einsum("cpaa->cpa", exchange)
    if kind == "ce":
        gain = (exchange.max(axis=3) - obeyed).sum(axis=(1, 2))
    else:
        # the deviator of a CCE hears nothing: one action for each p, against the whole mixture
        gain = exchange.sum(axis=2).max(axis=2).sum(axis=1) - obeyed.sum(axis=(1, 2))
    return obeyed.sum(axis=(1, 2)), gain


def _remapping_gain(stages: Stages, solution: StageSolution, i: int, lo: int, hi: int) -> Floats:
    """[c] agent i's gain from remapping its prescription, nodes lo..hi-1 of a mixture."""
    first, last = int(solution.indptr[lo]), int(solution.indptr[hi])
    owner = np.repeat(np.arange(lo, hi), np.diff(solution.indptr[lo : hi + 1]))
    types, count = stages.types[i], stages.type_counts[i]
    gradient = np.empty((last - first, count, stages.actions[i]))
    for start, stop in chunks(last - first, stages.n_types * int(np.prod(stages.actions))):
        part = _responses(stages, solution.tables, i, first + start, first + stop, owner[start:stop])
        gradient[start:stop] = sum_by_type(part, types, count)
    table, mass = solution.tables[i][first:last], solution.weight[first:last]
    if table.ndim == 3:
        component, told, chance = _drawn(table)
        gradient, owner, mass = gradient[component], owner[component], mass[component] * chance
    else:
        told = table.astype(np.int64)
    # components that give the agent the same prescription are one signal to it, whatever the others were told
    heard, signal = np.unique(np.column_stack([owner, told]), axis=0, return_inverse=True)
    by_signal = np.zeros((len(heard), *gradient.shape[1:]))
    np.add.at(by_signal, signal.ravel(), mass[:, None, None] * gradient)
    obeyed = np.take_along_axis(by_signal, heard[:, 1:, None], axis=2)[..., 0]
    gained = (by_signal.max(axis=2) - obeyed).sum(axis=1)
    gain: Floats = np.bincount(heard[:, 0] - lo, gained, hi - lo).astype(np.float64)
    return gain


def _drawn(table: Floats) -> tuple[Ints, Ints, Floats]:
    """The deterministic prescriptions [D, P] behaviours [K, P, A] may turn into: (component, prescription, chance)."""
    component, told, chance = np.arange(len(table)), np.zeros((len(table), 0), dtype=np.int64), np.ones(len(table))
    total = (table > 0).sum(axis=2).astype(np.float64).prod(axis=1).sum()
    if total > MAX_DRAWN:
        raise ValueError(f"behaviours that may turn into {total:.3g} prescriptions: strategic form allows {MAX_DRAWN}")
    for p in range(table.shape[1]):
        row, action = np.nonzero(table[component, p])
        chance = chance[row] * table[component[row], p, action]
        component, told = component[row], np.column_stack([told[row], action])
    return component, told, chance
