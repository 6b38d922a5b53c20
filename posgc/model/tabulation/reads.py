"""What the nodes of a game read: the data-flow facts that the tabulator schedules by.

A *slot* names one column of a table of rows: `(kind, index, primed)` for a variable, `STEP` for the step.
The expressions of a game are a DAG; every fact is computed once per node, by an explicit stack, so that
long chains of `if` cost no recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from posgc.language import ir
from posgc.language.dag import Node, below

__all__ = ["STEP", "Flow", "Node", "Slot"]

Slot = tuple[str, int, bool]

STEP: Slot = ("step", 0, False)
_NOTHING: frozenset[Slot] = frozenset()


class Flow:
    """Slots read by, number of references to, and height of every node under the given roots."""

    def __init__(self, roots: Iterable[Node]) -> None:
        self._reads: dict[int, frozenset[Slot]] = {}
        self._references: dict[int, int] = {}
        self._height: dict[int, int] = {}
        # Nodes are known by identity, so they must outlive the tables.
        self._alive = tuple(roots)
        for root in self._alive:
            self._references[id(root)] = self._references.get(id(root), 0) + 1
            self._visit(root)

    def _visit(self, root: Node) -> None:
        stack = [(root, False)]
        while stack:
            node, done = stack.pop()
            if id(node) in self._reads:
                continue
            under = below(node)
            if done:
                own = _own(node)
                self._reads[id(node)] = own.union(*(self._reads[id(c)] for c in under))
                self._height[id(node)] = 1 + max((self._height[id(c)] for c in under), default=0)
                for child in under:
                    self._references[id(child)] = self._references.get(id(child), 0) + 1
            else:
                stack.append((node, True))
                stack.extend((c, False) for c in under if id(c) not in self._reads)

    def reads(self, node: Node) -> frozenset[Slot]:
        """The slots on which the node's value can depend."""
        return self._reads[id(node)]

    @property
    def height(self) -> int:
        """The number of nodes on the longest way down."""
        return max(self._height.values(), default=0)

    def shared(self, node: Node) -> bool:
        """Whether more than one place refers to the node."""
        return self._references[id(node)] > 1

    def closed(self, roots: Iterable[Node]) -> Iterator[ir.Expr]:
        """The largest expressions under `roots` that read the step and nothing else."""
        seen: set[int] = set()
        stack = list(roots)
        while stack:
            node = stack.pop()
            if id(node) in seen or STEP not in self.reads(node):
                continue
            seen.add(id(node))
            if len(self.reads(node)) == 1 and isinstance(node, ir.Expr):
                yield node
            else:
                stack.extend(below(node))


def _own(node: Node) -> frozenset[Slot]:
    if isinstance(node, ir.Read):
        return frozenset({(node.kind, node.index, node.primed)})
    return frozenset({STEP}) if isinstance(node, ir.Step) else _NOTHING
