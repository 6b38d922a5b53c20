"""What is sure of an expression that was read otherwise than it was written, perhaps not as it was meant: its names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from posgc.language.elaborate.names import BUILTIN_FUNCTIONS, TRUNCATED
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import nodes

__all__ = ["names_in_doubt"]


def names_in_doubt(read: ast.Expression | None) -> Iterator[ast.Reference]:
    """The names, without their indices, but for those that may be new indices, of one letter or before a colon, and for
    functions before a `[` that may be a `(`."""
    parts = list(nodes(read))
    new = {
        part.name
        for binder in parts
        if isinstance(binder, ast.Binder | ast.Filtered)
        for part in nodes(binder.left if isinstance(binder, ast.Binder) else binder.binder)
        if isinstance(part, ast.Reference)
    }
    for part in parts:
        if isinstance(part, ast.Reference) and len(part.name) > 1 and part.name not in new:
            function = part.name in BUILTIN_FUNCTIONS or part.name in TRUNCATED
            if not (function and part.indices):
                yield replace(part, indices=(), primed=False)
