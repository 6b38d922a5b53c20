"""All warnings of a right game that need its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from posgc.language import ir
from posgc.language.diagnostics import Diagnostic, Span
from posgc.language.diagnostics.report import Reporter
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.model.arrays import Model
from posgc.model.lint.actions import changes_nothing
from posgc.model.lint.rewards import never_paid
from posgc.model.lint.seen import tells_nothing, values_seen

__all__ = ["MAX_ENTRIES", "table_warnings"]

MAX_ENTRIES = 3_000_000
"""Entries of all kernels up to which the tables are searched."""

_SHOWN = 6


def table_warnings(
    game: ir.Game, model: Model, protocols: Sequence[LagTable], own_horizon: bool
) -> tuple[Diagnostic, ...]:
    """What is odd about a game and its tables, in the order of the text.

    `model` is that of the game, without channels.  `protocols` are those by which an action may tell something;
    `own_horizon` says that the horizon is the file's: under another one, only what holds at every horizon is said.
    A note (W725) says so where the tables are too large to be searched.
    """
    entries = sum(len(kernel.probability) for kernel in model.kernels)
    if entries > MAX_ENTRIES:
        what = (
            f"warnings that need the tables are not looked for: {entries:,} entries, and the limit is {MAX_ENTRIES:,}"
        )
        return (Diagnostic("W725", what, None, "look at a smaller version of the game", "note"),)
    reporter = Reporter(game.source)
    if own_horizon or (model.steady and _settled(model)):
        _observations(game, model, reporter)
        _actions(game, model, protocols, reporter)
        for span in never_paid(game):
            cure = "correct the condition, or take the reward out"
            reporter.warning("W724", "no play leads to this reward: it is never paid", span, cure)
    if (own_horizon or model.steady) and _settled(model):
        _states(game, model, reporter)
    return reporter.warnings


def _settled(model: Model) -> bool:
    """Whether the last step led to no state that was not met before, for those have no rows."""
    rows = sum(np.diff(kernel.indptr).reshape(model.n_actions, model.n_states).sum(axis=0) for kernel in model.kernels)
    return bool(np.all(rows > 0))


def _observations(game: ir.Game, model: Model, reporter: Reporter) -> None:
    constant: dict[Span, list[tuple[str, str]]] = defaultdict(list)
    idle: dict[Span, list[str]] = defaultdict(list)
    for v, (seen, variable) in enumerate(zip(game.observations, model.signature.observations, strict=True)):
        if len(variable.values) < 2 or (seen.init is None and seen.observe is None):
            continue
        name = _named(game, variable.name, seen.agent)
        values = values_seen(model, v)
        if len(values) == 1:
            constant[seen.span].append((name, variable.values[values[0]]))
        elif tells_nothing(model, v):
            idle[seen.span].append(name)
    for span, found in constant.items():
        what = ", ".join(f"`{name}` is always {value}" for name, value in found[:_SHOWN])
        reporter.warning("W720", what, span, "correct its `init` and `observe`, or take it out")
    for span, names in idle.items():
        what = f"{_listed(names)} tells nothing: it depends on nothing, and nothing on it"
        reporter.warning("W721", what, span, "let it depend on the state, or take it out")


def _actions(game: ir.Game, model: Model, protocols: Sequence[LagTable], reporter: Reporter) -> None:
    idle: dict[Span, list[str]] = defaultdict(list)
    for v, (action, variable) in enumerate(zip(game.actions, model.signature.actions, strict=True)):
        if not any(_tells(protocol, v, action.agent) for protocol in protocols) and changes_nothing(model, v):
            idle[action.span].append(_named(game, variable.name, action.agent))
    for span, names in idle.items():
        what = f"{_listed(names)} changes nothing: no state, observation or reward depends on it, and nobody learns it"
        reporter.warning("W722", what, span, "let something depend on it, or take it out")


def _tells(protocol: LagTable, v: int, owner: int) -> bool:
    """Whether another agent than the owner may learn the action."""
    drawn = (*protocol.channels, *protocol.lowered)
    if any((link.kind, link.variable) == ("action", v) for link in drawn):
        return True
    return any(lag < NEVER for i, lag in enumerate(protocol.slowest("action")[v]) if i != owner)


def _states(game: ir.Game, model: Model, reporter: Reporter) -> None:
    met: dict[Span, set[str]] = defaultdict(set)
    for k, state in enumerate(game.states):
        met[state.span] |= {model.state_labels[k][d] for d in np.unique(model.state_values[:, k]).tolist()}
    for k, state in enumerate(game.states):
        missing = [value for value in model.state_labels[k] if value not in met[state.span]]
        if missing:
            name = state.name.partition("[")[0]
            what = f"the state `{name}` is never {' or '.join(missing[:_SHOWN])}{' ...' if missing[_SHOWN:] else ''}"
            reporter.warning("W723", what, state.span, "take the value out of its type, or let a `next` lead to it")


def _named(game: ir.Game, name: str, agent: int) -> str:
    """A variable with its agent: `hear[ann]`."""
    head, _, rest = name.partition("[")
    return f"{head}[{game.signature.agents[agent]}{', ' if rest else ']'}{rest}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + (", ..." if names[_SHOWN:] else "")
