"""Branches of rewards that no play reaches.

Each branch of the `if` and `match` of a reward is replaced by a mark, and the game is explored as for errors of value:
a mark that is never met is a branch that is never taken.  Branches that are 0 are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from posgc.language import ir
from posgc.language.diagnostics import LimitError, Span
from posgc.model.tabulation.faults import Faults
from posgc.model.tabulation.tabulate import find_faults

__all__ = ["never_paid"]

_CODE = "W724"
_MAX_PROBES = 2000
"""Rewards with more branches inside of branches are not looked at."""

_Wrap = Callable[[ir.Expr], ir.Expr]


def never_paid(game: ir.Game) -> tuple[Span, ...]:
    """The places of the branches that no play reaches, in the order of the text; none where a limit ends the search."""
    roots = {id(node): node for reward in game.rewards for node in _outermost(reward)}
    probes = list(islice((probe for node in roots.values() for probe in _probes(node, _as_it_is)), _MAX_PROBES + 1))
    if not probes or len(probes) > _MAX_PROBES:
        return ()
    marks = {mark.span for _, own in probes for mark in own}
    marked = replace(game, rewards=tuple(probe for probe, _ in probes))
    faults = Faults(marked)
    try:
        whole = find_faults(marked, faults)
    except LimitError:
        return ()
    met = {d.span for d in faults.found()}
    return tuple(sorted(marks - met, key=lambda span: span.start)) if whole else ()


def _as_it_is(node: ir.Expr) -> ir.Expr:
    return node


def _outermost(node: ir.Expr) -> Iterator[ir.If]:
    """The conditionals of an expression that stand in no other."""
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, ir.If):
            yield here
        elif isinstance(here, ir.Op):
            stack.extend(here.operands)


def _probes(node: ir.If, wrap: _Wrap) -> Iterator[tuple[ir.Expr, list[ir.Fail]]]:
    """Expressions with marks where the branches were, and these marks: one for the conditional, and one for each that
    stands inside of its branches."""
    marks: list[ir.Fail] = []
    yield wrap(_marked(node, marks)), marks
    for leaf, inner in _leaves(node, wrap):
        for deeper in _outermost(leaf):
            yield from _probes(deeper, inner)


def _marked(node: ir.Expr, marks: list[ir.Fail]) -> ir.Expr:
    if isinstance(node, ir.If):
        return replace(node, then=_marked(node.then, marks), otherwise=_marked(node.otherwise, marks))
    if isinstance(node, ir.Fail) or (isinstance(node, ir.Const) and not node.value):
        return _nothing(node)
    mark = ir.Fail(_CODE, "", "", node.span)
    marks.append(mark)
    return mark


def _leaves(node: ir.Expr, wrap: _Wrap) -> Iterator[tuple[ir.Expr, _Wrap]]:
    """The branches, each with what puts an expression in its place and nothing into the others."""
    if not isinstance(node, ir.If):
        yield node, wrap
        return
    nothing = _nothing(node)
    yield from _leaves(node.then, lambda x: wrap(replace(node, then=x, otherwise=nothing)))
    yield from _leaves(node.otherwise, lambda x: wrap(replace(node, then=nothing, otherwise=x)))


def _nothing(node: ir.Expr) -> ir.Const:
    return ir.Const(0.0, node.span)
