"""A plug-in that adds to the language `network { ring(3); link ann -> bob costs 0.5; }`: who can talk to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from posgc.plugin import Block, Declared, Expression, Scope, Span, hookimpl

__all__ = ["Link", "Network", "Ring", "posgc_blocks"]

_GRAMMAR = """
network: "network" "{" _network_line+ "}"
_network_line: network_ring | network_link
network_ring: "ring" "(" sum ")" ";"
network_link: "link" sum LINK sum ["costs" expr] ";"    // as in `link ann -> bob costs 2 / 3;`
"""


@dataclass(frozen=True)
class Ring:
    """`ring(n);`: agents 1 to n in a circle, without costs."""

    size: Expression
    span: Span


@dataclass(frozen=True)
class Link:
    """`link a -> b costs c;`."""

    source: Expression
    target: Expression
    cost: Expression | None
    span: Span


class Network:
    """The block `network`; its value maps directed links (pairs of agents, from 0) to their costs."""

    name = "network"
    summary = "who can talk to whom, and at what cost"
    grammar = _GRAMMAR

    def node(self, rule: str, parts: Sequence[Any], span: Span) -> Any:
        if rule == "network_ring":
            return Ring(parts[0], span)
        if rule == "network_link":
            return Link(parts[0], parts[2], parts[3], span)
        return tuple(parts)

    def elaborate(self, items: Sequence[Any], scope: Scope) -> Declared:
        costs: dict[tuple[int, int], float] = {}
        for line in (line for item in items for line in item):
            for source, target, cost in self._ring(line, scope) if isinstance(line, Ring) else self._link(line, scope):
                if (source, target) in costs:
                    ends = f"{scope.agents[source]} -> {scope.agents[target]}"
                    scope.error("twice", f"the link {ends} is there already", line.span, "take one of them out")
                costs[source, target] = cost
        named = {f"{scope.agents[a]} -> {scope.agents[b]}": cost for (a, b), cost in sorted(costs.items())}
        lines = tuple(f"{link}, cost {cost:g}" for link, cost in named.items())
        return Declared(costs, lines, {"links": named}, in_digest=True)

    def _ring(self, ring: Ring, scope: Scope) -> list[tuple[int, int, float]]:
        size = scope.constant(ring.size, "the size of a ring", "int")
        if size is None:
            return []
        n = int(size)
        if not 2 <= n <= len(scope.agents):
            cure = f"a ring takes 2 to {len(scope.agents)} of the agents"
            scope.error("size", f"a ring of {n} is not possible here", ring.span, cure)
            return []
        return [(k, (k + 1) % n, 0.0) for k in range(n)]

    def _link(self, link: Link, scope: Scope) -> list[tuple[int, int, float]]:
        ends = scope.agent(link.source, "an end of a link"), scope.agent(link.target, "an end of a link")
        cost = 0.0 if link.cost is None else scope.constant(link.cost, "the cost of a link", "real")
        if ends[0] is None or ends[1] is None or cost is None:
            return []
        return [(ends[0], ends[1], float(cost))]

    def space(self, before: str, here: str) -> bool | None:
        return False if "->" in (before, here) or (before, here) == ("ring", "(") else None


@hookimpl
def posgc_blocks() -> list[Block]:
    return [Network()]
