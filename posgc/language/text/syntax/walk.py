"""Walks over syntax trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from posgc.language.text import syntax as ast

__all__ = ["is_poisoned", "nodes"]

_PARTS: dict[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in fields(kind) if f.name != "span")
    for kind in vars(ast).values()
    if isinstance(kind, type) and is_dataclass(kind)
}


def nodes(root: object) -> Iterator[object]:
    """Every node of a syntax tree, in no particular order."""
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif type(node) in _PARTS:
            yield node
            stack.extend([getattr(node, name) for name in _PARTS[type(node)]])


def is_poisoned(root: object) -> bool:
    """Whether a part of the tree could not be read."""
    return any(isinstance(node, ast.Poison | ast.Broken) for node in nodes(root))
