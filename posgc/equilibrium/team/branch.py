"""Exact team optimum of one large stage: branch and bound with a best-responding last agent.

The decisions gamma_i(p_i) of all agents but the responder l are fixed one after the other, the ones that
move most payoff first.  A partial assignment is bounded by letting the undecided choose anew in every u,

    bound = sum_{p_l} max_{a_l} sum_{u : p_l} max_{undecided a} U(u, decided, undecided a, a_l),

which is exact once all are decided.  Undecided is one more digit of the payoff table (its slice holds the
maximum over that axis), so that bound and value are the same gather.  Depth first in blocks, best bounds
first; the incumbent comes from alternating maximisation.  Optimality is up to rounding, not up to a
solver's tolerance.  `upper` is the largest bound that was not followed up: of branches that promised no more
than what is tolerated, and of those still open when `max_branches` is spent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from posgc.equilibrium.gaps import played_response, sum_by_type
from posgc.equilibrium.stage import Floats, Ints
from posgc.equilibrium.team.variables import Variables

__all__ = ["Branched", "alternate", "branch_and_bound", "random_starts"]

BLOCK = 1024  # partial assignments scored at once
PRUNE_ULPS = 64  # a branch must promise more than 64 eps * sum_u max_a |payoff| above the incumbent


@dataclass(frozen=True, eq=False)
class Branched:
    """The best team prescription that branch and bound found, with a bound."""

    actions: list[Ints]  # for each agent i [1, P_i]
    value: float  # of `actions`, payoff units
    upper: float  # >= the optimum, payoff units
    optimal: bool
    branches: int  # partial assignments expanded


def branch_and_bound(
    payoff: Floats, types: Ints, order: Variables, max_branches: int, starts: Sequence[Ints], tolerated: float = 0.0
) -> Branched:
    """Maximise over deterministic joint prescriptions; payoff [U, A_1..A_n], types [n, U] without gaps.

    The first incumbent is the best that `alternate` reaches from `starts`; branches that promise at most
    `tolerated` more, payoff units, are not followed.
    """
    search = _Search(payoff, types, order)
    actions = alternate(payoff, types, starts)
    value = search.value_of(actions)
    tolerance = PRUNE_ULPS * np.finfo(np.float64).eps * abs(payoff).reshape(len(payoff), -1).max(axis=1).sum()
    margin, passed = max(tolerance, tolerated), value
    root = search.undecided()
    stack = [(0, root, search.bound(root))]
    spent = 0
    while stack and spent < max_branches:
        depth, partial, bound = stack.pop()
        # the incumbent may have improved since these were put on the stack
        keep = bound > value + margin
        passed = max(passed, float(bound[~keep].max(initial=-np.inf)))
        partial = partial[keep]
        if not len(partial):
            continue
        children = search.expand(depth, partial)
        spent += len(children)
        bound = search.bound(children)
        if depth + 1 == len(search.rank):
            best = int(bound.argmax())
            # a better leaf is taken however little is tolerated beyond it: `margin` only says what is not looked for
            if bound[best] > value + tolerance:
                value, actions = float(bound[best]), search.complete(children[best])
            continue
        ahead = np.argsort(-bound, kind="stable")
        keep = bound[ahead] > value + margin
        passed = max(passed, float(bound[ahead[~keep]].max(initial=-np.inf)))
        ahead = ahead[keep]
        # worst blocks first onto the stack, so that the most promising is popped next
        for start in reversed(range(0, len(ahead), BLOCK)):
            part = ahead[start : start + BLOCK]
            stack.append((depth + 1, children[part], bound[part]))
    upper = max([value, passed, *(float(bound.max()) for _, _, bound in stack)])
    optimal = upper <= value + tolerance
    return Branched(actions, value, value if optimal else upper, optimal, spent)


class _Search:
    """The extended payoff table and the order in which variables are decided."""

    def __init__(self, payoff: Floats, types: Ints, order: Variables) -> None:
        self.types, self.order = types, order
        table = np.moveaxis(payoff, 1 + order.responder, -1)
        self.free = np.array(table.shape[1:-1], dtype=np.int64)  # per other agent: the digit "undecided"
        for axis in range(1, table.ndim - 1):
            table = np.concatenate([table, table.max(axis=axis, keepdims=True)], axis=axis)
        self.table = table.reshape(len(payoff), -1, table.shape[-1])
        self.rank = self._rank(payoff)
        self.bases = [int(free) + 1 for free in self.free]

    def _rank(self, payoff: Floats) -> Ints:
        """Variables, the ones touching most payoff range first."""
        flat = payoff.reshape(len(payoff), -1)
        span = flat.max(axis=1) - flat.min(axis=1)
        mass = [np.bincount(self.types[i], span) for i in self.order.others]
        # what moves most payoff is decided first: bounds fall early in the tree
        return np.argsort(-np.concatenate([*mass, np.zeros(0)]), kind="stable")

    def undecided(self) -> Ints:
        counts = [int(self.types[i].max()) + 1 for i in self.order.others]
        return np.repeat(self.free, counts)[None, :]

    def expand(self, depth: int, partial: Ints) -> Ints:
        variable = self.rank[depth]
        size = int(self.order.sizes[variable])
        children = np.repeat(partial, size, axis=0)
        children[:, variable] = np.tile(np.arange(size), len(partial))
        return children

    def _replies(self, assigned: Ints) -> Floats:
        """[F, P_l, A_l]: what each action of the responder can still bring."""
        responder = self.types[self.order.responder]
        value = self.table[np.arange(len(self.table)), self.order.cells(assigned, self.types, self.bases)]
        return sum_by_type(value, responder, int(responder.max()) + 1)

    def bound(self, assigned: Ints) -> Floats:
        total: Floats = np.concatenate(
            [
                self._replies(assigned[start : start + BLOCK]).max(axis=2).sum(axis=1)
                for start in range(0, len(assigned), BLOCK)
            ]
        )
        return total

    def value_of(self, actions: list[Ints]) -> float:
        others = [actions[i] for i in self.order.others]
        assigned = np.concatenate([np.zeros((1, 0), dtype=np.int64), *others], axis=1)
        return float(self.bound(assigned)[0])

    def complete(self, assigned: Ints) -> list[Ints]:
        """The whole prescription from the others' assignment [V]: the responder's best reply, lowest index."""
        reply = self._replies(assigned[None])[0].argmax(axis=1)[None]
        return self.order.split(assigned[None], reply, self.types)


def random_starts(types: Ints, actions: Sequence[int], restarts: int, seed: int) -> list[Ints]:
    """Per agent [restarts, P_i], deterministic prescriptions drawn uniformly."""
    rng = np.random.default_rng(seed)
    counts = types.max(axis=1) + 1
    return [rng.integers(a, size=(restarts, p)) for a, p in zip(actions, counts, strict=True)]


def alternate(payoff: Floats, types: Ints, starts: Sequence[Ints]) -> list[Ints]:
    """The best prescription, per agent [1, P_i], that coordinate ascent reaches from starts[i] [k, P_i].

    Every ascent ends person-by-person optimal.
    """
    n, actions = len(types), payoff.shape[1:]
    counts = types.max(axis=1) + 1
    chosen = list(starts)
    flat = payoff.reshape(1, len(payoff), -1)
    value = np.full(len(chosen[0]), -np.inf)
    while True:
        for i in range(n):
            played = [chosen[j][:, types[j]] for j in range(n)]
            response = sum_by_type(played_response(flat, played, i, actions), types[i], int(counts[i]))
            chosen[i] = response.argmax(axis=2)
        now = response.max(axis=2).sum(axis=1)
        # ascent never loses, so that it ends; the tolerance keeps rounding from passing for progress
        if not (now > value + 1e-12 * abs(now)).any():
            best = int(now.argmax())
            return [table[best : best + 1] for table in chosen]
        value = np.maximum(value, now)
