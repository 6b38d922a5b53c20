"""Walking the expression DAG by an explicit stack, each node once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from posgc.language import ir

__all__ = ["Node", "below", "leaves", "nodes"]

Node = ir.Expr | ir.Dist


def below(node: Node) -> tuple[Node, ...]:
    """The operands of a node, distributions included, in the order in which they are evaluated."""
    match node:
        case ir.Op():
            return node.operands
        case ir.If() | ir.Choose():
            return (node.condition, node.then, node.otherwise)
        case ir.Select():
            return (node.index, *node.cases)
        case ir.Point():
            return (node.value,)
        case ir.UniformOver():
            return (*node.values, *(node.conditions or ()))
        case ir.Bernoulli():
            return (node.probability,)
        case ir.Noisy():
            return (node.value, node.accuracy)
        case ir.Truncated():
            return node.parameters
        case ir.Mixture():
            return (*node.weights, *node.parts)
        case _:
            return ()


def nodes(roots: Iterable[Node]) -> Iterator[Node]:
    """Every node under the roots, once."""
    stack = list(roots)
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(below(node))


def leaves(root: ir.Expr) -> Iterator[ir.Expr]:
    """The expressions whose value the root can take: branches of `If` and `Select`, followed down."""
    stack = [root]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ir.If):
            stack += (node.then, node.otherwise)
        elif isinstance(node, ir.Select):
            stack += node.cases
        else:
            yield node
