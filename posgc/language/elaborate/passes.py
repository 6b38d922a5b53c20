"""Syntax tree -> `Game`: the passes of the elaborator, in their order.

Parameters, agents, horizon, variables; laws, rewards, terminal; what each line may read and the order of draws; sharing
protocols and claims; language blocks.  Each pass reports all it finds.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeGuard

from posgc.language import ir
from posgc.language.blocks.contract import Block
from posgc.language.blocks.declared import Declared
from posgc.language.blocks.elaborating import elaborate_blocks
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.claims import check_claims
from posgc.language.elaborate.context import Context
from posgc.language.elaborate.declarations import declare_agents, declare_discount, declare_horizon
from posgc.language.elaborate.dynamics import elaborate_dynamics
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.families import agent_positions, declare_families, labelled
from posgc.language.elaborate.graphs import declare_graphs
from posgc.language.elaborate.laws import Laws
from posgc.language.elaborate.names import Definitions, Parameter
from posgc.language.elaborate.parameters import declare_indexed_parameters, declare_parameters
from posgc.language.elaborate.values import POISON, Env, Typed, constant
from posgc.language.elaborate.variables import VariableTable
from posgc.language.sharing.constants import file_names
from posgc.language.sharing.graphs import with_edges
from posgc.language.sharing.lag_table import LagTable
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
    """The game of a tree, with `Fail` nodes of the code `REPORTED` in place of what is wrong.

    Mistakes go to the reporter of the context.  Raises `InputError` where the game gets too large or nested too deeply.
    """
    expressions = Expressions(context)
    names, reporter = context.names, context.reporter
    declare_parameters(expressions, tree.items, asked.settings)
    expressions = expressions.knowing(agents=declare_agents(expressions, tree))
    declare_indexed_parameters(expressions, tree.items, asked.settings)
    declare_graphs(expressions)
    expressions = expressions.knowing(horizon=declare_horizon(expressions, tree, asked.horizon))
    factor = declare_discount(expressions, tree, asked.discount)
    declare_families(expressions)
    laws = Laws(expressions.knowing(variables_known=True))
    variables = VariableTable(names.table.values(), expressions.context.agents or ())
    dynamics = elaborate_dynamics(laws, variables, tree)
    _check_definitions(laws)
    signature = variables.signature()
    constants, wrong = _constants(laws)
    shares = tuple(item for item in tree.items if isinstance(item, ast.Share))
    protocols: tuple[LagTable, ...] = ()
    expectations: tuple[ir.Expectation, ...] = ()
    declared: Mapping[str, Declared] = {}
    if "agents" not in names.lost:
        unread = frozenset(item.name.text for item in tree.items if _is_broken(item, "share") and item.name is not None)
        nameless = any(_is_broken(item, "share") and item.name is None for item in tree.items)
        shares = with_edges(shares, names, reporter, signature.agents)
        sharing = ShareContext(signature, constants, reporter, file_names(names, wrong), unread, nameless, shares)
        protocols = declared_protocols(sharing, shares)
        expectations = check_claims(tree, sharing, shares)
        declared = elaborate_blocks(tree, used, laws.expressions)
    return ir.Game(
        tree.name,
        tree.title,
        reporter.source,
        signature,
        expressions.context.horizon or 1,
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
        _parameters(expressions),
        shares,
        constants,
        expectations,
        clock=clock,
        blocks=declared,
    )


def _is_broken(item: ast.Item, keyword: str) -> TypeGuard[ast.Broken]:
    """Whether this is an item that could not be read, and may be of this kind."""
    return isinstance(item, ast.Broken) and item.may_be(keyword)


def _check_definitions(laws: Laws) -> None:
    """Reads the definitions that nothing used: a mistake in them is a mistake too."""
    for entity in list(laws.names.table.values()):
        if not isinstance(entity, Definitions) or entity.used:
            continue
        for text in entity.texts:
            if laws.indices.unknown(text.target) and not laws.is_law(text.body):
                laws.expressions.expr(text.body, laws.indices.poisoned(text.target, Env(conditional=True)))
        doubtful = _may_be_used(laws.reporter, entity)
        for text in entity.texts:
            if not doubtful:
                what = f"the definition `{entity.name}` is never used"
                laws.reporter.warning("W702", what, text.target.span, "use it, or take it out")
            if laws.is_law(text.body):
                continue
            if text.arguments:
                unknown = {a.text: laws.ops.poison(a.span) for a in text.arguments}
                laws.expressions.expr(text.body, Env(unknown, conditional=True, definition=entity.name))
        for key, (text, env) in (laws.expander.cases(entity) or {}).items():
            if not text.arguments and not laws.is_law(text.body):
                inner = Env(conditional=True, definition=entity.name)
                laws.expander.expand(text, env, ("index", *key), inner, text.span)


def _may_be_used(reporter: Reporter, entity: Definitions) -> bool:
    """Whether the definition may be used in a part of the text that has a mistake, and was not looked at."""
    return reporter.failed and _words(reporter.source.text)[entity.name] > len(entity.texts)


@lru_cache(maxsize=1)  # asked for every definition of a file
def _words(text: str) -> Counter[str]:
    """How often each word stands in a text."""
    return Counter(re.findall(r"\w+", text))


def _parameters(expressions: Expressions) -> tuple[tuple[str, float | int], ...]:
    """The values of the parameters, those with indices as `hold[ann]`."""
    agents = expressions.context.agents or ()
    found: list[tuple[str, float | int]] = []
    for name, entity in expressions.context.names.table.items():
        if isinstance(entity, Parameter) and entity.text is not None:
            which = agent_positions(expressions, entity.text.target)
            rows = {(): entity.value} if entity.value is not None else entity.values
            for key, typed in rows.items():
                value = constant(typed)
                if value is not None and not isinstance(value, str):
                    found.append((labelled(agents, name, which, key), value))
    return tuple(found)


def _constants(laws: Laws) -> tuple[tuple[tuple[str, ir.Constant], ...], set[str]]:
    """What a `share` may read: parameters, tables, and the definitions without index that are constants.

    And the names of those that have a mistake.
    """
    found: list[tuple[str, ir.Constant]] = []
    wrong: set[str] = set()
    for name, entity in laws.names.table.items():
        if isinstance(entity, Parameter) and entity.value is not None and isinstance(entity.value.ir, ir.Const):
            found.append((name, entity.value.ir.value))
        elif isinstance(entity, Parameter) and entity.values:
            found.append((name, _rows(entity.values)))
        elif isinstance(entity, Definitions) and not entity.texts[0].arguments:
            text = entity.texts[0]
            if text.target.indices and isinstance(text.body, ast.ListOf):
                found.append((name, _rows(_cases(laws, entity))))
            elif not text.target.indices and not laws.is_law(text.body):
                typed = laws.expander.expand(text, Env(), ("index",), Env(conditional=True, definition=name), text.span)
                if isinstance(typed.ir, ir.Const):
                    found.append((name, typed.ir.value))
                elif typed.ty is POISON:
                    wrong.add(name)
    return tuple(found), wrong


def _rows(values: Mapping[tuple[ir.Value, ...], Typed]) -> ir.Rows:
    """Those of the values that are constants."""
    known = ((key, constant(typed)) for key, typed in values.items())
    return tuple((key, value) for key, value in known if value is not None)


def _cases(laws: Laws, entity: Definitions) -> dict[tuple[ir.Value, ...], Typed]:
    """The values of a table by index."""
    inner = Env(conditional=True, definition=entity.name)
    cases = laws.expander.cases(entity) or {}
    return {
        key: laws.expander.expand(text, env, ("index", *key), inner, text.span) for key, (text, env) in cases.items()
    }
