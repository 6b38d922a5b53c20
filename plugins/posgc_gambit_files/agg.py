"""`.agg` and `.bagg`: action graph games, and Bayesian ones, as Gambit reads them.

A. X. Jiang, K. Leyton-Brown and N. A. R. Bhat, "Action-graph games", Games and Economic Behavior 71, 2011; A. X. Jiang
and K. Leyton-Brown, "Bayesian action-graph games", NIPS 2010.

An action is a node, and players may share nodes.  Who plays node A is paid a function of A's neighbours alone: of
how many players play an action node, or of what a function node makes of the players' actions below it.  A function
node takes in each player on its own and then joins them: it counts (`sum`), tells whether there is one (`existence`),
or takes the highest or lowest node, with weights in place of nodes for the types from 10 on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np
import numpy.typing as npt

from posgc.plugin import LimitError
from posgc_gambit_files.strategic import require_few
from posgc_gambit_files.tokens import MAX_PLAYERS, Tokens

__all__ = ["Counts", "read_counts", "read_graph", "read_nodes"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MAX_NODES = 100_000
MAX_WORK = 50_000_000  # contingencies times edges that end in action nodes
MAX_WEIGHT = 10**6
_SUM, _EXIST, _HIGH, _LOW = range(4)


@dataclass(frozen=True)
class Counts:
    """How many players, action nodes and function nodes there are."""

    players: int
    actions: int
    functions: int


@dataclass(frozen=True)
class _Function:
    """A function node."""

    kind: int
    default: int  # what it is where no player counts
    weights: tuple[int, ...]  # what each action node counts for
    form: tuple[int, ...]

    def alone(self, times: int, node: int) -> int:
        """What one player contributes, whose node is below by so many paths."""
        if self.kind == _SUM:
            return self.default + times * self.weights[node]
        if self.kind == _EXIST:
            return int(self.default + times * self.weights[node] > 0)
        return self.weights[node] if times else self.default

    def joined(self, one: Ints, two: Ints) -> Ints:
        if self.kind == _SUM:
            return one + two
        if self.kind == _EXIST:
            return (one + two > 0).astype(np.int64)
        best = np.maximum(one, two) if self.kind == _HIGH else np.minimum(one, two)
        return np.where(one == self.default, two, np.where(two == self.default, one, best))


def read_counts(tokens: Tokens) -> Counts:
    players = tokens.size("the number of players", MAX_PLAYERS)
    actions = tokens.size("the number of action nodes", MAX_NODES)
    word = tokens.next
    functions = tokens.count("the number of function nodes")
    if functions > MAX_NODES:
        tokens.fail(f"{functions} function nodes", word, f"at most {MAX_NODES}", "I105")
    return Counts(players, actions, functions)


def read_nodes(tokens: Tokens, size: int, below: int, what: str) -> tuple[int, ...]:
    """So many distinct nodes, each smaller than `below`."""
    found: list[int] = []
    for k in range(size):
        word = tokens.next
        node = tokens.count(f"node {k + 1} of {size} of {what}")
        if node >= below or node in found:
            why = "stands there already" if node in found else f"is not one of 0 to {below - 1}"
            tokens.fail(f"node {node} {why}", word, "give other nodes", "I102")
        found.append(node)
    return tuple(found)


def read_graph(tokens: Tokens, counts: Counts, sets: Sequence[tuple[int, ...]]) -> Floats:
    """Reads the graph, the function nodes and the payoffs, to the end of the text.

    Gives `payoff[i, action of player 1, …, of player n]`, actions in the order of `sets`.  Raises InputError at the
    first mistake, LimitError for more payoffs than `strategic.MAX_CONTINGENCIES` or configurations than MAX_WORK.
    """
    nodes = counts.actions + counts.functions
    neighbours = []
    for node in range(nodes):
        word = tokens.next
        size = tokens.count(f"the number of neighbours of node {node}")
        if size > nodes:
            tokens.fail(f"{size} neighbours", word, f"there are {nodes} nodes", "I105")
        neighbours.append(read_nodes(tokens, size, nodes, f"the neighbours of node {node}"))
    functions = [_function(tokens, counts) for _ in range(counts.functions)]
    below = _below(tokens, counts, neighbours, functions)
    sizes = [len(each) for each in sets]
    require_few(prod(sizes), counts.players)
    work = prod(sizes) * sum(1 + len(each) for each in neighbours[: counts.actions])
    if work > MAX_WORK:
        raise LimitError(
            f"{prod(sizes):.3g} contingencies for each edge of the graph are {work:.3g} numbers; the "
            f"limit is {MAX_WORK:.3g}: write a smaller game"
        )
    payoff = np.zeros((counts.players, *sizes))
    for node in range(counts.actions):
        _pay(tokens, node, neighbours[node], sets, counts, functions, below, payoff)
    tokens.end("the payoffs of the last action node")
    return payoff


def _whole(tokens: Tokens, what: str) -> int:
    word = tokens.next
    found = tokens.number(what)
    if found.denominator != 1 or abs(found) > MAX_WEIGHT:
        tokens.fail(f"{what} is a whole number", word, f"from {-MAX_WEIGHT} to {MAX_WEIGHT}", "I105")
    return int(found)


def _function(tokens: Tokens, counts: Counts) -> _Function:
    word = tokens.next
    kind = tokens.count("the type of a function node")
    if kind not in (0, 1, 2, 3, 10, 11, 12, 13):
        tokens.fail(f"there is no type {kind} of function node", word, "0 to 3, or 10 to 13 with weights", "I102")
    if kind < 10:
        highest = counts.actions + counts.functions
        weights = (1,) * counts.actions if kind in (_SUM, _EXIST) else tuple(range(counts.actions))
        return _Function(kind, 0 if kind in (_SUM, _EXIST) else highest, weights, (kind,))
    default = _whole(tokens, "the default of a function node")
    tokens.take("[")
    weights = tuple(_whole(tokens, f"weight {k + 1} of {counts.actions}") for k in range(counts.actions))
    tokens.take("]")
    if kind == 11 and (default < 0 or min(weights) < 0):
        tokens.fail("a weight of `existence` below 0", word, "weights and default from 0", "I105")
    return _Function(kind - 10, default, weights, (kind, default, *weights))


def _below(
    tokens: Tokens, counts: Counts, neighbours: Sequence[tuple[int, ...]], functions: Sequence[_Function]
) -> dict[int, Counter[int]]:
    """For each function node, by how many paths each action node is below it."""
    found: dict[int, Counter[int]] = {}
    state: dict[int, int] = {}
    for start in range(counts.actions, counts.actions + counts.functions):
        stack = [start]
        while stack:
            node = stack[-1]
            inner = [each for each in neighbours[node] if each >= counts.actions]
            # first visit: 1 while what is below it is on the stack, so that meeting a 1 again is a cycle
            if node not in state:
                state[node] = 1
                if any(state.get(each) == 1 for each in inner):
                    tokens.fail(f"function node {node} is below itself", None, "function nodes form no cycle", "I107")
                form = functions[node - counts.actions].form
                if any(functions[each - counts.actions].form != form for each in inner):
                    tokens.fail(
                        f"function node {node} has one of another type below it",
                        None,
                        "function nodes below one another have one type",
                        "I107",
                    )
                stack += [each for each in inner if each not in state]
                continue
            stack.pop()
            if state[node] == 1:
                state[node] = 2
                own = Counter(each for each in neighbours[node] if each < counts.actions)
                found[node] = sum((found[each] for each in inner), own)
                if max(found[node].values(), default=0) > MAX_WEIGHT:
                    raise LimitError(f"function node {node} reaches an action node by more than {MAX_WEIGHT:.3g} paths")
    return found


def _pay(
    tokens: Tokens,
    node: int,
    around: Sequence[int],
    sets: Sequence[tuple[int, ...]],
    counts: Counts,
    functions: Sequence[_Function],
    below: dict[int, Counter[int]],
    payoff: Floats,
) -> None:
    """Reads the payoffs of one action node, and writes them wherever a player plays it."""
    places = [(i, actions.index(node)) for i, actions in enumerate(sets) if node in actions]
    columns: list[list[Ints]] = [[] for _ in places]
    for each in around:
        # for each player that can play the node, its own axis is fixed at that action
        grids = _value(each, sets, counts, functions, below)
        for found, (i, k) in zip(columns, places, strict=True):
            found.append(np.broadcast_to(grids, payoff.shape[1:]).take(k, axis=i).ravel())
    cells = [payoff[0].size // payoff.shape[1 + i] for i, _ in places]
    none = [np.zeros((size, 0), dtype=np.int64) for size in cells]
    rows = [np.stack(c, axis=1) if c else empty for c, empty in zip(columns, none, strict=True)]
    met = np.concatenate(rows) if rows else np.zeros((0, len(around)), dtype=np.int64)
    if around:
        # the file lists payoffs by configuration, sorted, for those that occur
        known, index = np.unique(met, axis=0, return_inverse=True)
    else:
        known, index = met[:1], np.zeros(len(met), dtype=np.int64)
    paid = _payoffs(tokens, node, known)
    at = 0
    for (i, k), size in zip(places, cells, strict=True):
        part = paid[index.ravel()[at : at + size]]
        where = (i, *(slice(None) if j != i else k for j in range(len(sets))))
        payoff[where] = part.reshape(payoff[where].shape)
        at += size


def _value(
    node: int,
    sets: Sequence[tuple[int, ...]],
    counts: Counts,
    functions: Sequence[_Function],
    below: dict[int, Counter[int]],
) -> Ints:
    """The value of a node for every contingency, an axis for each player."""
    alone = []
    for i, actions in enumerate(sets):
        if node < counts.actions:
            own = [int(action == node) for action in actions]
        else:
            own = [functions[node - counts.actions].alone(below[node][action], action) for action in actions]
        alone.append(np.array(own, dtype=np.int64).reshape([-1 if j == i else 1 for j in range(len(sets))]))
    join = np.add if node < counts.actions else functions[node - counts.actions].joined
    found: Ints = reduce(join, alone)
    return found


def _payoffs(tokens: Tokens, node: int, known: Ints) -> Floats:
    """The payoffs of the configurations of one action node, which are sorted."""
    word = tokens.next
    kind = tokens.count(f"the form of the payoffs of node {node}")
    if kind == 0:
        return np.array([tokens.real(f"payoff {k + 1} of {len(known)} of node {node}") for k in range(len(known))])
    if kind != 1:
        tokens.fail(f"payoffs in form {kind}", word, "0 for a list, 1 for configurations with their payoffs", "I102")
    paid: dict[tuple[int, ...], float] = {}
    for _ in range(tokens.count(f"the number of configurations of node {node}")):
        first = tokens.take("[")
        key = tuple(_whole(tokens, f"value {k + 1} of {known.shape[1]}") for k in range(known.shape[1]))
        tokens.take("]")
        if key in paid:
            tokens.fail("this configuration is given a second time", first, "give it once", "I104")
        paid[key] = tokens.real("a payoff")
    missing = [key for key in map(tuple, known.tolist()) if key not in paid]
    if missing:
        tokens.fail(
            f"node {node} has no payoff for [ {' '.join(map(str, missing[0]))} ]"
            f"{f' and {len(missing) - 1} more' if missing[1:] else ''}",
            word,
            "give every configuration that can occur",
            "I104",
        )
    return np.array([paid[key] for key in map(tuple, known.tolist())])
