"""The largest expectation that prescriptions can bring about: a decision process on pairs of node and true belief.

Its actions are joint prescriptions.  Deterministic ones suffice for what is convex in each agent's, and expectations of
later values are linear.  Where a step has at most `MAX_PRESCRIPTIONS` joint ones they are enumerated; beyond that an
executor who sees all private information chooses (the paper's Pi^gen, as far as it reads (c_h, p_h)), which bounds
the number from above.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posgc.information.items import Information
from posgc.information.payoff import private_types
from posgc.judge.pairs import PairLayer, TrueStep
from posgc.language.diagnostics import LimitError

__all__ = ["CHUNK_NUMBERS", "MAX_PRESCRIPTIONS", "Prescriptions", "largest_expectations", "prescriptions"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MAX_PRESCRIPTIONS = 1024
"""Deterministic joint prescriptions of a step that are enumerated."""

MAX_PRODUCTS = 50_000_000
"""Pairs times steps times prescriptions that the decision processes may visit."""

CHUNK_NUMBERS = 4_000_000
"""float64 numbers held at one time."""


@dataclass(frozen=True)
class Prescriptions:
    """The joint prescriptions over which a maximum is taken."""

    # [G, U], the position of the joint action at each u under each joint prescription; where these are too many, [A, U]
    # of constant ones, from which maxima are taken u by u
    choice: Ints
    exact: bool  # false where these are too many
    u: Ints  # [U], codes of the joint private informations

    def best(self, table: Floats) -> Floats:
        """max over prescriptions of sum_u table[..., u, a]."""
        if not self.exact:
            return np.asarray(table.max(axis=-1).sum(axis=-1))
        columns = np.arange(self.choice.shape[1])
        total = np.full(table.shape[:-2], -np.inf)
        for row in self.choice:
            np.maximum(total, table[..., columns, row].sum(axis=-1), out=total)
        return total

    def farthest(self, table: Floats) -> Floats:
        """max over prescriptions of sum_z | sum_u table[..., u, a, z] |, [rows] of [rows, U, A, Z]."""
        if not self.exact:
            return self.best(np.abs(table).sum(axis=-1))
        columns, worst = np.arange(len(self.u)), np.zeros(len(table))
        for choice in self.choice:
            np.maximum(worst, np.abs(table[:, columns, choice].sum(axis=1)).sum(axis=1), out=worst)
        return worst


def prescriptions(information: Information, h: int, u: Ints) -> Prescriptions:
    """Those of step h on the joint private informations of codes u, ascending."""
    model = information.model
    sizes = [len(model.choices(i, h)) for i in range(model.n_agents)]
    codes, types = private_types(information, h, u)
    count = 1.0
    for own, size in zip(codes, sizes, strict=True):
        count *= float(size) ** len(own)
    if count > MAX_PRESCRIPTIONS:
        # all joint actions at every u: `best` then takes each u's maximum by itself
        constant = np.repeat(np.arange(int(np.prod(sizes)))[:, None], len(u), axis=1)
        return Prescriptions(constant, len(u) == 1, u)
    rows = []
    for maps in product(*(product(range(size), repeat=len(own)) for own, size in zip(codes, sizes, strict=True))):
        # joint action at each u, agents in order, the first most significant
        joint = np.zeros(len(u), dtype=np.int64)
        for agent, size in enumerate(sizes):
            joint = joint * size + np.array(maps[agent])[types[agent]]
        rows.append(joint)
    return Prescriptions(np.unique(np.stack(rows), axis=0), True, u)


def largest_expectations(
    layers: Sequence[PairLayer], chosen: Sequence[Prescriptions], found: Callable[[PairLayer, Prescriptions], Floats]
) -> Floats:
    """The largest expectation of `found` at each step h from each first pair, [H, quantities, pairs of step 1].

    `found` gives [quantities, pairs] of a step.  Raises LimitError where that is too much work.
    """
    work = sum(len(la.node) * la.h * len(g.choice) for la, g in zip(layers, chosen, strict=True))
    if work > MAX_PRODUCTS:
        raise LimitError(f"measuring the error exactly would take {work:.2g} evaluations (limit {MAX_PRODUCTS:.2g})")
    last = found(layers[-1], chosen[-1])
    ahead = last[None]  # [targets h' >= h, quantities, pairs of step h]
    for pairs, g in zip(reversed(layers[:-1]), reversed(chosen[:-1]), strict=True):
        # one backward pass serves every target step: what was found for later targets is carried along
        ahead = np.concatenate([found(pairs, g)[None], _propagate(pairs, g, ahead)])
    return ahead


def _propagate(pairs: PairLayer, g: Prescriptions, ahead: Floats) -> Floats:
    """The largest expectation of each value of the next step, [targets, quantities, pairs]."""
    step: TrueStep = pairs.step
    assert step.ahead is not None and step.ahead_choice is not None and step.ahead_az is not None
    targets, quantities = ahead.shape[:2]
    result = np.zeros((targets, quantities, len(pairs.node)))
    n_u, n_actions = len(step.cells.u), len(step.actions)
    width, position = n_u * n_actions, np.searchsorted(g.u, step.cells.u)
    here = Prescriptions(g.choice[:, position], g.exact, step.cells.u)
    block = max(1, CHUNK_NUMBERS // width)
    for begin in range(0, len(pairs.node), block):
        end = min(begin + block, len(pairs.node))
        flow = sparse.csr_array(pairs.belief[begin:end] @ step.ahead)
        row = np.repeat(np.arange(begin, end), np.diff(flow.indptr))
        to = pairs.follow(row, step.ahead_az[flow.indices])
        key = (row - begin) * width + step.ahead_choice[flow.indices]
        for t in range(targets):
            for q in range(quantities):
                weights = flow.data * ahead[t, q, to]
                worth = np.bincount(key, weights=weights, minlength=(end - begin) * width).astype(float)
                result[t, q, begin:end] = here.best(worth.reshape(-1, n_u, n_actions))
    return result
