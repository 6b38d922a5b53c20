"""Text -> `Game`: the passes of the front end, in their order.

Parse; collect names; parameters, agents, horizon, variables; laws, rewards, terminal; what each line may
read and the order of draws; sharing protocols and claims.  Each pass reports all it finds; the passes
stop where what follows could only repeat the mistakes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from posgc.language import ir
from posgc.language.blocks.contract import Block
from posgc.language.blocks.elaborating import elaborate_blocks
from posgc.language.clock import clock_of
from posgc.language.diagnostics import Source
from posgc.language.diagnostics.report import Reporter
from posgc.language.elaborate.claims import check_claims
from posgc.language.elaborate.context import context_of
from posgc.language.elaborate.declarations import declare_agents, declare_discount, declare_horizon
from posgc.language.elaborate.dynamics import elaborate_dynamics
from posgc.language.elaborate.expressions import Expressions
from posgc.language.elaborate.families import declare_families
from posgc.language.elaborate.laws import Laws
from posgc.language.elaborate.names import Definitions, Names, Parameter, collect
from posgc.language.elaborate.parameters import declare_parameters
from posgc.language.elaborate.values import Env
from posgc.language.elaborate.variables import VariableTable
from posgc.language.sharing.requests import declared_protocols
from posgc.language.sharing.rules import ShareContext
from posgc.language.text import syntax as ast
from posgc.language.text.parse import read_game, whole_tree

__all__ = ["compile_game"]

_FRAMES = 10_000
_NOTHING: Mapping[str, str] = {}
_NO_BLOCKS: Mapping[str, Block] = {}


def compile_game(
    source: Source,
    settings: Mapping[str, str] = _NOTHING,
    horizon: int | None = None,
    discount: float | None = None,
    endless: bool = False,
    blocks: Mapping[str, Block] = _NO_BLOCKS,
) -> ir.Game:
    """The game that a text describes.

    `settings` are the parameters of `--set`, as text; `horizon` and `discount` override the file's.  An `endless` game
    may not read the time (E619): it stands for the game without end, whatever its horizon.  `blocks` are the language
    blocks that are installed, by name; the file uses those that it asks for.
    Reads no file and runs no code of the text.  Raises `InputError` with every mistake found.
    """
    parsed = read_game(source, blocks)
    tree = whole_tree(source, parsed)
    reporter = Reporter(source)
    reporter.take(parsed.missing)
    clock = clock_of(tree, discount is None)
    if endless:
        _refuse_clock(clock, reporter)
    reporter.check()
    with _deep_stack():
        return _compile(tree, parsed.dialect.used, reporter, settings, horizon, discount, clock)


def _refuse_clock(clock: ir.Clock, reporter: Reporter) -> None:
    for name, place in (("step", clock.step), ("horizon", clock.horizon)):
        if place is not None:
            reporter.error(
                "E619",
                f"a game without end may not change with the step, and this reads `{name}`",
                place,
                f"give a finite --horizon, or write the game without `{name}`",
            )


@contextmanager
def _deep_stack() -> Iterator[None]:
    # Nesting is bounded (MAX_DEPTH), at several frames a level; the caller's own depth is not ours to know.
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _compile(
    tree: ast.GameText,
    used: Sequence[Block],
    reporter: Reporter,
    settings: Mapping[str, str],
    horizon: int | None,
    discount: float | None,
    clock: ir.Clock,
) -> ir.Game:
    names = collect(tree, reporter)
    expressions = Expressions(context_of(names, reporter))
    declare_parameters(expressions, tree.items, settings)
    expressions = expressions.knowing(agents=declare_agents(expressions, tree))
    expressions = expressions.knowing(horizon=declare_horizon(expressions, tree, horizon))
    factor = declare_discount(expressions, tree, discount)
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
