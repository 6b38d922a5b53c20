"""The joint kernel taken apart again: one conditional law for each variable of the next slice.

P(s', o' | s, a) = P(s' | s, a) · Π_v P(o'_v | s', a, s, o'_1 … o'_{v-1}), the chain rule in the order of the
observation variables.  Where the kernel has a factored emission, the old state is left out.  Conditionals
are quotients of sums, each off by a few rounding errors; `tidy` puts the shortest number within 1e-14
(relative) in place of numbers that differ by no more, so that 0.7225 / 0.85 is printed as 0.85 again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from posgc.model.arrays import Floats, Ints, Kernel, Model

__all__ = ["TIDY", "Law", "digits", "emission_laws", "existing_values", "start_laws", "tidy", "transition_law"]

TIDY = 1e-14
"""Relative: probabilities closer than this are printed as one."""


@dataclass(frozen=True)
class Law:
    """A conditional law as m entries; those of one context are adjacent, and their values ascend."""

    context: Ints  # [m, fields]
    value: Ints  # [m], index of the value
    probability: Floats  # [m], of the value in the context


def digits(index: Ints, sizes: Sequence[int]) -> Ints:
    """The mixed-radix digits of joint indices, first most significant, [m, len(sizes)]."""
    found = np.zeros((len(index), len(sizes)), dtype=np.int64)
    for k in range(len(sizes) - 1, -1, -1):
        index, found[:, k] = np.divmod(index, sizes[k])
    return found


def tidy(values: Floats) -> Floats:
    """The values, those within TIDY of their neighbours replaced by the shortest number that near."""
    distinct, back = np.unique(values, return_inverse=True)
    cuts = np.flatnonzero(np.diff(distinct) > TIDY * distinct[1:]) + 1
    for group in np.split(np.arange(len(distinct)), cuts):
        members = distinct[group].tolist()
        middle = members[len(members) // 2]
        rounded = float(f"{middle:.13g}")
        near = [x for x in (*members, rounded) if abs(x - middle) <= TIDY * middle]
        distinct[group] = min(near, key=lambda x: len(repr(x)))
    return np.asarray(distinct[back.reshape(-1)])


def _conditional(context: Ints, value: Ints, weight: Floats) -> Law:
    """The law of `value` in each context from joint weights, which need not be sorted or distinct."""
    keys = np.column_stack([context, value])
    keys, back = np.unique(keys, axis=0, return_inverse=True)
    mass = np.bincount(back.reshape(-1), weight, minlength=len(keys)).astype(np.float64)
    _, group = np.unique(keys[:, :-1], axis=0, return_inverse=True)
    total = np.bincount(group.reshape(-1), mass)[group.reshape(-1)]
    return Law(keys[:, :-1], keys[:, -1], tidy(mass / total))


def _rows(kernel: Kernel) -> Ints:
    return np.repeat(np.arange(len(kernel.indptr) - 1), np.diff(kernel.indptr))


def transition_law(model: Model, kernel: Kernel, state: Ints) -> Law:
    """P(s' | s, a): contexts are (action digits, s); `state[s]` is the number by which a state is called."""
    action, now = np.divmod(_rows(kernel), model.n_states)
    acts = digits(action, [len(v.values) for v in model.signature.actions])
    return _conditional(np.column_stack([acts, state[now]]), state[kernel.state], kernel.probability)


def emission_laws(model: Model, kernel: Kernel, state: Ints, variables: Sequence[int]) -> list[Law]:
    """P(o'_v | ·) for the given variables in order: contexts are (action digits, s', s, earlier digits).

    Where the emission is factored, s is 0 throughout.
    """
    sizes = [len(v.values) for v in model.signature.actions]
    if kernel.emission is not None:
        table = kernel.emission.tocoo()
        action, following = np.divmod(table.coords[0].astype(np.int64), model.n_states)
        before, joint, weight = np.zeros_like(action), table.coords[1].astype(np.int64), table.data
    else:
        action, now = np.divmod(_rows(kernel), model.n_states)
        following, before, joint, weight = kernel.state, state[now], kernel.observation, kernel.probability
    fixed = np.column_stack([digits(action, sizes), state[following], before])
    return _chain(fixed, joint, weight, model, variables)


def existing_values(model: Model, state: Ints, k: int) -> Law | None:
    """Whether a value of action variable k exists: contexts are (value, s, kernel), values 0 and 1; None where all
    do."""
    sizes = [len(v.values) for v in model.signature.actions]
    stride, own = prod(sizes[k + 1 :]), np.arange(sizes[k])
    contexts, exists = [], []
    for number, kernel in enumerate(model.kernels):
        value, s = np.divmod(np.arange(sizes[k] * model.n_states), model.n_states)
        contexts.append(np.column_stack([value, state[s], np.full(len(s), number)]))
        exists.append(kernel.made(own[value] * stride, s) // stride % sizes[k] == value)
    found = np.concatenate(exists)
    return None if found.all() else Law(np.concatenate(contexts), found.astype(np.int64), np.ones(len(found)))


def start_laws(model: Model, state: Ints, variables: Sequence[int]) -> tuple[Law, list[Law]]:
    """P(s_1), and P(o_{1,v} | s_1, earlier digits) for the given variables in order."""
    first = model.initial
    none = np.zeros((len(first.state), 0), dtype=np.int64)
    law = _conditional(none, state[first.state], first.probability)
    return law, _chain(state[first.state][:, None], first.observation, first.probability, model, variables)


def _chain(fixed: Ints, joint: Ints, weight: Floats, model: Model, variables: Sequence[int]) -> list[Law]:
    seen = digits(joint, [len(v.values) for v in model.signature.observations])[:, list(variables)]
    return [_conditional(np.column_stack([fixed, seen[:, :k]]), seen[:, k], weight) for k in range(len(variables))]
