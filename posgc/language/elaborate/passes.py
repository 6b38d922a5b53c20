"""Syntax tree -> `Game`: the passes of the elaborator, in their order.

Parameters, agents, horizon, variables; laws, rewards, terminal; what each line may read and the order of draws; sharing
protocols and claims; language blocks.  Each pass reports all it finds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from posgc.language import ir
from posgc.language.blocks.contract import Block
from posgc.language.blocks.elaborating import elaborate_blocks
from posgc.language.elaborate.claims import check_claims
from posgc.language.elaborate.context import Context
from posgc.language.elaborate.declarations import declare_agents, declare_discount, declare_horizon
from posgc.language.elaborate.dynamics import elaborate_dynamics
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.families import declare_families
from posgc.language.elaborate.laws import Laws
from posgc.language.elaborate.names import Definitions, Names, Parameter
from posgc.language.elaborate.parameters import declare_parameters
from posgc.language.elaborate.values import Env
from posgc.language.elaborate.variables import VariableTable
from posgc.language.sharing.requests import declared_protocols
from posgc.language.sharing.rules import ShareContext
from posgc.language.text import syntax as ast

__all__ = ["Overrides", "deep_stack", "elaborate_game"]

_FRAMES = 10_000


@dataclass(frozen=True)
class Overrides:
    """What is asked of a file beside what it says."""

    settings: Mapping[str, str] = field(default_factory=dict)  # values of parameters, as text
    horizon: int | None = None  # instead of the file's
    discount: float | None = None  # instead of the file's
    # Whether the game without end is meant, whatever the horizon: then the file may not read the time (E619).
    endless: bool = False


@contextmanager
def deep_stack() -> Iterator[None]:
    """Room for a recursion over a syntax tree."""
    # Nesting is bounded (MAX_DEPTH), at several frames a level; the caller's own depth is not ours to know.
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def elaborate_game(
    context: Context, tree: ast.GameText, used: Sequence[Block], asked: Overrides, clock: ir.Clock
) -> ir.Game:
    """The game of a tree.  Raises `InputError` with the mistakes that the reporter of the context has by then."""
    expressions = Expressions(context)
    names, reporter = context.names, context.reporter
    declare_parameters(expressions, tree.items, asked.settings)
    expressions = expressions.knowing(agents=declare_agents(expressions, tree))
    expressions = expressions.knowing(horizon=declare_horizon(expressions, tree, asked.horizon))
    factor = declare_discount(expressions, tree, asked.discount)
    declare_families(expressions)
    laws = Laws(expressions.knowing(variables_known=True))
    variables = VariableTable(names.table.values(), expressions.context.agents or ())
    dynamics = elaborate_dynamics(laws, variables, tree)
    _check_definitions(laws)
    signature = variables.signature()
    constants = _constants(laws)
    shares = tuple(item for item in tree.items if isinstance(item, ast.Share))
    sharing = ShareContext(signature, constants, reporter)
    protocols = declared_protocols(sharing, shares)
    expectations = check_claims(tree, sharing, shares)
    declared = elaborate_blocks(tree, used, laws.expressions)
    if not any(isinstance(item, ast.Reward) for item in tree.items):
        reporter.warning("W701", "the game has no reward: every value is 0", tree.span, "write `reward team = ...;`")
    reporter.check()
    assert expressions.context.horizon is not None
    return ir.Game(
        tree.name,
        tree.title,
        reporter.source,
        signature,
        expressions.context.horizon,
        factor,
        dynamics.states,
        dynamics.actions,
        dynamics.observations,
        dynamics.chances,
        dynamics.init_order,
        dynamics.step_order,
        dynamics.rewards,
        dynamics.terminal,
        protocols,
        _parameters(names, constants),
        shares,
        constants,
        expectations,
        reporter.warnings,
        clock,
        declared,
    )


def _check_definitions(laws: Laws) -> None:
    """Reads the definitions that nothing used: a mistake in them is a mistake too."""
    for entity in list(laws.names.table.values()):
        if not isinstance(entity, Definitions) or entity.used:
            continue
        for text in entity.texts:
            laws.reporter.warning(
                "W702", f"the definition `{entity.name}` is never used", text.target.span, "use it, or take it out"
            )
            if laws.is_law(text.body):
                continue
            if text.arguments:
                unknown = {a.text: laws.ops.poison(a.span) for a in text.arguments}
                laws.expressions.expr(text.body, Env(unknown, conditional=True, definition=entity.name))
        for key, (text, env) in (laws.expander.cases(entity) or {}).items():
            if not text.arguments and not laws.is_law(text.body):
                inner = Env(conditional=True, definition=entity.name)
                laws.expander.expand(text, env, ("index", *key), inner, text.span)


def _parameters(names: Names, constants: Sequence[tuple[str, ir.Value]]) -> tuple[tuple[str, float | int], ...]:
    return tuple(
        (name, value)
        for name, value in constants
        if isinstance(names.table.get(name), Parameter) and not isinstance(value, str)
    )


def _constants(laws: Laws) -> tuple[tuple[str, ir.Value], ...]:
    """The parameters, and the definitions without index that are constants: what a `share` may read."""
    found: list[tuple[str, ir.Value]] = []
    for name, entity in laws.names.table.items():
        if isinstance(entity, Parameter) and entity.value is not None and isinstance(entity.value.ir, ir.Const):
            found.append((name, entity.value.ir.value))
        elif isinstance(entity, Definitions) and not entity.texts[0].arguments:
            text = entity.texts[0]
            if not text.target.indices and not laws.is_law(text.body):
                typed = laws.expander.expand(text, Env(), ("index",), Env(conditional=True, definition=name), text.span)
                if isinstance(typed.ir, ir.Const):
                    found.append((name, typed.ir.value))
    return tuple(found)
