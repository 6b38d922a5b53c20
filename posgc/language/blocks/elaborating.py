"""The elaboration of language blocks: what they may ask, and what they declare."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from posgc.language import ir
from posgc.language.blocks.contract import Block, Kind
from posgc.language.blocks.declared import Declared
from posgc.language.blocks.nodes import failure_of, failures_reported
from posgc.language.diagnostics import InputError, Span
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.values import BOOL, INT, REAL, Env
from posgc.language.text import syntax as ast

__all__ = ["BlockScope", "elaborate_blocks"]

_TYPES = {"int": INT, "real": REAL, "bool": BOOL}


class BlockScope:
    """The `Scope` of one block in one file."""

    def __init__(self, block: Block, expressions: Expressions) -> None:
        self._block = block
        self._expressions = expressions
        self._reporter = expressions.reporter

    @property
    def agents(self) -> tuple[str, ...]:
        return self._expressions.context.agents or ()

    def constant(self, node: ast.Expression, what: str, kind: Kind | None = None) -> ir.Value | None:
        return self._expressions.types.constant(node, Env(), _TYPES[kind] if kind else None, what)

    def agent(self, node: ast.Word | ast.Expression, what: str) -> int | None:
        if isinstance(node, ast.Word):
            self._expressions.context.cache.resolved.append(node)
            return self.agent(ast.Reference(node.text, (), False, node.span), what)
        number = self._expressions.types.constant(node, Env(), INT, what)
        if number is None:
            return None
        if not 1 <= int(number) <= len(self.agents):
            cure = f"the agents are {', '.join(self.agents[:6])}{', ...' if len(self.agents) > 6 else ''}"
            self._reporter.error("E401", f"there is no agent {number}", node.span, cure)
            return None
        return int(number) - 1

    def expression(self, node: ast.Expression, what: str, kind: Kind | None = None) -> ir.Expr | None:
        typed = self._expressions.expr(node, Env())
        fits = typed.ty.kind != "poison" and (kind is None or self._expressions.ops.expect(typed, _TYPES[kind], what))
        return typed.ir if fits else None

    def error(self, code: str, message: str, span: Span, help: str = "") -> None:
        self._reporter.error(f"{self._block.name}.{code}", message, span, help)

    def warning(self, code: str, message: str, span: Span, help: str = "") -> None:
        self._reporter.warning(f"{self._block.name}.{code}", message, span, help)


def elaborate_blocks(game: ast.GameText, used: Sequence[Block], expressions: Expressions) -> Mapping[str, Declared]:
    """What each block that the file uses declares; mistakes and failures go to the reporter."""
    declared: dict[str, Declared] = {}
    for block in used:
        items = [item for item in game.items if isinstance(item, ast.BlockItem) and item.block == block.name]
        uses = [use.span for use in game.uses if use.name == block.name]
        span = items[0].span if items else uses[0]
        try:
            with failures_reported(block, span):
                made = block.elaborate([item.node for item in items], BlockScope(block, expressions))
        except InputError as error:
            expressions.reporter.take(error.diagnostics)
            continue
        fault = _fault(made)
        if fault is None:
            declared[block.name] = made
        else:
            expressions.reporter.take([failure_of(block, fault, span)])
    return declared


def _fault(made: object) -> str | None:
    """What is wrong with what a block returned."""
    if not isinstance(made, Declared):
        return f"it declares {type(made).__name__}, and not a `Declared`"
    try:
        json.dumps(dict(made.document), allow_nan=False)
    except (TypeError, ValueError) as error:
        return f"its document does not fit into JSON: {error}"
    if any(not isinstance(line, str) for line in made.lines):
        return "its lines are not texts"
    return None
