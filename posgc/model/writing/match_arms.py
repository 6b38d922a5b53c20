"""A function on finitely many contexts as a short list of `match` arms: patterns with wildcards, first fit wins.

A context is a tuple of digits (actions, state, what is drawn before); the list must give every context its
leaf and may do what it likes elsewhere.  A field is dropped where the leaf can be told without it, first for
all contexts together, from the last field to the first, then within every branch; the sub-list that most
values of a field share becomes the arm `_`.  This is a reduced ordered decision tree (Bryant, "Graph-based
algorithms for Boolean function manipulation", IEEE Trans. Computers 35(8), 1986) with defaults; among the
orders of the fields that are tried the one with the fewest arms is kept.  Minimality is not claimed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import numpy.typing as npt

__all__ = ["Arm", "first_of_each", "match_arms"]

Ints = npt.NDArray[np.int64]
Arm = tuple[tuple[tuple[int, int], ...], int]
"""((field, value), …) and the leaf; fields that are not named are wildcards."""

_SMALL = 4000
"""Contexts up to which every order of the fields is tried."""

_FEW = 400
"""Arms up to which those that the later arms make superfluous are looked for, in quadratic time."""


def match_arms(contexts: Ints, leaf: Ints) -> tuple[Arm, ...]:
    """The arms of `contexts[m, k]` (digits from 0) with `leaf[m]`; equal contexts must have equal leaves."""
    live = _needed(contexts, leaf, tuple(range(contexts.shape[1])))
    at = first_of_each(_codes(contexts, live))
    contexts, leaf = contexts[at], leaf[at]
    orders = permutations(live) if len(leaf) <= _SMALL and len(live) <= 4 else [live, live[::-1]]
    return min((_pruned(_arms(contexts, leaf, tuple(order))) for order in orders), key=len)


def first_of_each(codes: Ints) -> Ints:
    """The position of the first of each distinct code, ascending by code."""
    return np.unique(codes, return_index=True)[1].astype(np.int64)


def _codes(contexts: Ints, fields: Sequence[int]) -> Ints:
    """One number for each context, equal where the given fields are."""
    code = np.zeros(len(contexts), dtype=np.int64)
    for f in fields:
        # Numbered afresh after each field, so that no product of sizes can overflow.
        column = contexts[:, f]
        code = np.unique(code * (int(column.max(initial=0)) + 1) + column, return_inverse=True)[1].reshape(-1)
    return code


def _needed(contexts: Ints, leaf: Ints, fields: tuple[int, ...]) -> tuple[int, ...]:
    """The fields without those that the others make superfluous, tried from the last to the first."""
    for f in reversed(fields):
        rest = tuple(g for g in fields if g != f)
        code = _codes(contexts, rest)
        if len(first_of_each(code)) == len(np.unique(np.stack([code, leaf]), axis=1).T):
            fields = rest
    return fields


def _arms(contexts: Ints, leaf: Ints, fields: tuple[int, ...]) -> tuple[Arm, ...]:
    if (leaf == leaf[0]).all():
        return (((), int(leaf[0])),)
    if len(fields) > 1:
        fields = _needed(contexts, leaf, fields)
    f, rest = fields[0], fields[1:]
    column = contexts[:, f]
    order = np.argsort(column, kind="stable")
    cuts = np.flatnonzero(np.diff(column[order])) + 1
    branches = [(int(column[part[0]]), _arms(contexts[part], leaf[part], rest)) for part in np.split(order, cuts)]
    common, count = Counter(branch for _, branch in branches).most_common(1)[0]
    default = common if count > 1 else None
    found = [
        (((f, value), *pattern), end) for value, branch in branches if branch != default for pattern, end in branch
    ]
    return (*found, *(default or ()))


def _pruned(found: tuple[Arm, ...]) -> tuple[Arm, ...]:
    """The arms without those whose contexts all fall through to one later arm with the same leaf."""
    if len(found) > _FEW:
        return found
    kept: list[Arm] = []
    for pattern, end in reversed(found):
        own = dict(pattern)
        met = next((arm for arm in kept if all(own.get(f, v) == v for f, v in arm[0])), None)
        if met is None or met[1] != end or not all(own.get(f) == v for f, v in met[0]):
            kept.insert(0, (pattern, end))
    return tuple(kept)
