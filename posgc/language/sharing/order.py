"""Which of two sharing protocols tells more: item by item, agent by agent, step by step.

A protocol is at least as rich as another where, at every step, each agent knows every item that it knows under the
other.  That is so where each item reaches each agent no later and `forget` keeps it no shorter: an item that is held
privately under the poorer one is held, or common, under the richer one, and what is common under the poorer one is
common under the richer one, as the largest of an item's lags is then no larger either.  Whatever a team does under the
poorer one it can then do under the richer one, rule by rule, with or without perfect recall.

Channels draw delays.  Two tables are compared where they have the very same channels and the items that travel on them
have the same lags in both, or where each link of the richer one is for certain as quick as the poorer one's can be at
all, and the richer one forgets nothing: a team may then settle beforehand on the draws that suit it best.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from posgc.language.sharing.lag_table import NEVER, Kind, LagTable
from posgc.language.signature import Signature, Variable

__all__ = ["Order", "at_least_as_rich", "changes", "order_of"]

LONGEST = 100_000
"""Steps that are looked at where exchanges make the lags of steps differ; beyond, nothing is said."""


def at_least_as_rich(richer: LagTable, poorer: LagTable, horizon: int) -> bool:
    """Whether each agent knows under `richer`, at each step up to `horizon`, all that it knows under `poorer`.

    False also where that is not provable by the rules of this module.
    """
    if (math.inf if richer.forget is None else richer.forget) < (math.inf if poorer.forget is None else poorer.forget):
        return False
    slow, quick = replace(richer, channels=()), replace(poorer, channels=())
    if set(richer.channels) == set(poorer.channels):
        drawn = {(c.kind, c.variable) for c in richer.channels}
        if any(_row(richer, *v) != _row(poorer, *v) or _met(richer, *v) != _met(poorer, *v) for v in drawn):
            return False
    elif richer.forget is not None:
        return False
    else:
        slow, quick = _certain(richer), _earliest(poorer)
    steps = _steps(slow, quick, horizon)
    return steps is not None and all(
        mine <= theirs or t + mine > horizon < t + theirs
        for t in range(1, steps + 1)
        for kind, variable in _variables(slow)
        for mine, theirs in zip(slow.lags(kind, variable, t), quick.lags(kind, variable, t), strict=True)
    )


def _variables(table: LagTable) -> Iterator[tuple[Kind, int]]:
    yield from (("action", v) for v in range(len(table.action_lags)))
    yield from (("observation", v) for v in range(len(table.observation_lags)))


def _row(table: LagTable, kind: Kind, variable: int) -> tuple[int, ...]:
    return (table.action_lags if kind == "action" else table.observation_lags)[variable]


def _met(table: LagTable, kind: Kind, variable: int) -> set[object]:
    return {x for x in table.exchanges if (x.kind, x.variable) == (kind, variable)}


def _steps(one: LagTable, other: LagTable, horizon: int) -> int | None:
    """The steps whose items have to be looked at: without exchanges the first, whose items have most time to arrive;
    else all until lags repeat.  None: too many."""
    exchanges = one.exchanges + other.exchanges
    if not exchanges:
        return 1
    steps = min(horizon, max(x.first for x in exchanges) + math.lcm(one.cycle, other.cycle))
    return steps if steps <= LONGEST else None


def _certain(table: LagTable) -> LagTable:
    """Without channels, with the lags after which they have delivered for certain."""
    return _without(table, {(c.kind, c.variable, c.agent): c.law[-1][0] for c in table.channels})


def _earliest(table: LagTable) -> LagTable:
    """Without channels, with the least lags that they can have."""
    return _without(table, {(c.kind, c.variable, c.agent): c.law[0][0] for c in table.channels})


def _without(table: LagTable, lags: Mapping[tuple[Kind, int, int], int]) -> LagTable:
    def rows(kind: Kind, known: tuple[tuple[int, ...], ...]) -> tuple[tuple[int, ...], ...]:
        return tuple(
            tuple(min(lag, lags.get((kind, v, i), NEVER)) for i, lag in enumerate(row)) for v, row in enumerate(known)
        )

    actions, observations = rows("action", table.action_lags), rows("observation", table.observation_lags)
    return replace(table, action_lags=actions, observation_lags=observations, channels=())


@dataclass(frozen=True)
class Order:
    """The order of some protocols up to a horizon; `classes` hold those that tell the same, in the order given."""

    classes: tuple[tuple[str, ...], ...]
    above: frozenset[tuple[int, int]]  # pairs (richer, poorer) of classes, all of them
    covers: tuple[tuple[int, int], ...]  # those with nothing between

    def richer(self, one: str, other: str) -> bool:
        """Whether the first is at least as rich as the second."""
        a, b = self._class(one), self._class(other)
        return a == b or (a, b) in self.above

    @property
    def ranked(self) -> tuple[str, ...]:
        """All names, no poorer one before a richer one."""
        depth = {k: sum(low == k for _, low in self.above) for k in range(len(self.classes))}
        return tuple(name for k in sorted(depth, key=lambda k: depth[k]) for name in self.classes[k])

    @property
    def chains(self) -> tuple[str, ...]:
        """The Hasse diagram as lines: `full > one_step > delayed(2) > none`, with `=` between equal ones.  Each pair
        with nothing between stands in one line; a protocol that is comparable to none stands by itself."""
        import networkx as nx  # slow to load, and every command loads this module

        left = nx.DiGraph(self.covers)
        lines: list[list[int]] = []
        while left.number_of_edges():
            line = nx.dag_longest_path(left)
            left.remove_edges_from(list(nx.utils.pairwise(line)))
            lines.append(line)
        named = {k for line in lines for k in line}
        lines += [[k] for k in range(len(self.classes)) if k not in named]
        return tuple(" > ".join(" = ".join(self.classes[k]) for k in line) for line in lines)

    def _class(self, name: str) -> int:
        return next(k for k, names in enumerate(self.classes) if name in names)


def order_of(tables: Mapping[str, LagTable], horizon: int) -> Order:
    """The order of the named protocols of one game up to a horizon."""
    import networkx as nx  # slow to load, and every command loads this module

    names = list(tables)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(
        (one, other) for one, other in permutations(names, 2) if at_least_as_rich(tables[one], tables[other], horizon)
    )
    alike = nx.condensation(graph)  # of protocols that tell the same, with their names as `members`
    classes = {k: tuple(sorted(members, key=names.index)) for k, members in alike.nodes(data="members")}
    at = {k: n for n, k in enumerate(sorted(classes, key=lambda k: names.index(classes[k][0])))}

    def pairs(of: nx.DiGraph[int]) -> list[tuple[int, int]]:
        return sorted((at[a], at[b]) for a, b in of.edges)

    above, covers = nx.transitive_closure(alike), nx.transitive_reduction(alike)
    return Order(tuple(classes[k] for k in at), frozenset(pairs(above)), tuple(pairs(covers)))


def changes(signature: Signature, richer: LagTable, poorer: LagTable) -> tuple[str, ...]:
    """What the one tells sooner than the other, in words: `hear after 1 (never)`, `act[ann] to bob after 2 (3)`, with
    what the poorer one says in brackets."""
    said: list[str] = []
    for kind, variables in (("observation", signature.observations), ("action", signature.actions)):
        for name in dict.fromkeys(v.name for v in variables):
            family = [(number, v) for number, v in enumerate(variables) if v.name == name]
            said += _of_family(signature, kind, family, richer, poorer)  # type: ignore[arg-type]
    if richer.forget != poorer.forget:
        said.append(f"memory of {_steps_of(richer.forget)} ({_steps_of(poorer.forget)})")
    if set(richer.exchanges) != set(poorer.exchanges):
        said.append("other exchanges")
    if set(richer.channels) != set(poorer.channels):
        said.append("other channels")
    return tuple(said)


def _of_family(
    signature: Signature, kind: Kind, family: Sequence[tuple[int, Variable]], richer: LagTable, poorer: LagTable
) -> list[str]:
    links = {
        (v.agent, i): (mine, theirs)
        for number, v in family
        for i, (mine, theirs) in enumerate(zip(_row(richer, kind, number), _row(poorer, kind, number), strict=True))
        if i != v.agent
    }
    name = family[0][1].name
    if len(set(links.values())) == 1:
        [(mine, theirs)] = set(links.values())
        return [f"{name} {_lag(mine)} ({_lag(theirs, True)})"] if mine != theirs else []
    agents = signature.agents
    return [
        f"{name}[{agents[owner]}] to {agents[i]} {_lag(mine)} ({_lag(theirs, True)})"
        for (owner, i), (mine, theirs) in links.items()
        if mine != theirs
    ]


def _lag(lag: int, short: bool = False) -> str:
    return "never" if lag >= NEVER else str(lag) if short else f"after {lag}"


def _steps_of(forget: int | None) -> str:
    return "all" if forget is None else str(forget)
