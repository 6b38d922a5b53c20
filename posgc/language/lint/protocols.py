"""Protocols that share nothing (W716) or are another one (W717), and delays beyond the horizon (W718)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from posgc.language import ir
from posgc.language.diagnostics import Label, Span
from posgc.language.diagnostics.report import Reporter
from posgc.language.sharing.arguments import block_parameters
from posgc.language.sharing.lag_table import NEVER, LagTable
from posgc.language.sharing.rules import ShareContext, ShareRules, Statement
from posgc.language.sharing.structures import Lags
from posgc.language.signature import Variable
from posgc.language.text import syntax as ast
from posgc.language.text.syntax.walk import nodes

__all__ = ["check_protocols"]


def check_protocols(game: ir.Game, own_horizon: bool, reporter: Reporter) -> None:
    """Warns of the protocols of a game of two agents or more; of delays only where the horizon is the file's own."""
    if len(game.signature.agents) < 2 or not (game.signature.actions or game.signature.observations):
        return
    rules = ShareContext(game.signature, game.constants, Reporter(game.source)).rules()
    met: dict[object, ast.Share] = {}
    for share, table in _tables(game):
        head = share.head
        if not _arrivals(game, table):
            if share.rules and head.name != "none":  # empty braces say what they mean
                what = f"nobody learns anything by the rules of `{head.name}`"
                reporter.warning("W716", what, head.span, "correct the rules, or leave the braces empty")
            continue
        first = met.setdefault(table.content, share) if not head.arguments else share
        if first is not share:
            same = Label(first.head.span, f"`{first.head.name}` stands here")
            what = f"the protocol `{head.name}` is the same as `{first.head.name}`"
            reporter.warning("W717", what, head.span, "take one of them out, or correct its rules", (same,))
        if own_horizon:
            _check_delays(game, share, table, rules, reporter)


def _tables(game: ir.Game) -> Iterator[tuple[ast.Share, LagTable]]:
    """The protocols that need no argument, with their tables."""
    whole = [s for s in game.shares if s.rules is None or None not in block_parameters(s).values()]
    return zip(whole, game.protocols, strict=True)


def _arrivals(game: ir.Game, table: LagTable) -> list[int]:
    """For each link by which an item reaches an agent that does not own it, the step at which the first one arrives."""
    kinds: tuple[tuple[tuple[Variable, ...], tuple[tuple[int, ...], ...]], ...] = (
        (game.signature.actions, table.action_lags),
        (game.signature.observations, table.observation_lags),
    )
    lags = [
        lag
        for variables, rows in kinds
        for variable, row in zip(variables, rows, strict=True)
        for agent, lag in enumerate(row)
        if agent != variable.agent and lag < NEVER
    ]
    drawn = [channel.law[0][0] for channel in table.channels if channel.law[0][0] < NEVER]
    return [1 + lag for lag in (*lags, *drawn)] + [1 + link.age(1) for link in table.exchanges]


def _check_delays(game: ir.Game, share: ast.Share, table: LagTable, rules: ShareRules, reporter: Reporter) -> None:
    """Warns of the rules all of whose items come after the last decision."""
    if share.rules is None:
        if share.head.arguments and _too_late(game, _arrivals(game, table)):
            _warn(game, share.head.span, reporter)
        return
    arguments = set(block_parameters(share))
    shared = tuple(rule for rule in share.rules if isinstance(rule, ast.SharedDelay))
    for rule in share.rules:
        if not isinstance(rule, ast.Rule | ast.Channel):
            continue
        if any(isinstance(node, ast.Reference) and node.name in arguments for node in nodes(rule)):
            continue  # `--share` says how late it is
        if _too_late(game, _arrivals(game, _alone(share.head.name, (*shared, rule), rules))):
            _warn(game, rule.span, reporter)


def _alone(name: str, statements: Sequence[Statement], rules: ShareRules) -> LagTable:
    """What a rule says without the others."""
    return rules.evaluate(name, [(statements, rules.env)], Lags(rules.signature))


def _too_late(game: ir.Game, arrivals: list[int]) -> bool:
    """Whether something is sent, and nothing of it is known at a decision; an action is never known sooner than at the
    step after it, so that at the horizon 1 none is late."""
    return bool(arrivals) and min(arrivals) > max(game.horizon, 2)


def _warn(game: ir.Game, span: Span, reporter: Reporter) -> None:
    what = f"nothing arrives by this rule before the last decision: the horizon is {game.horizon}"
    reporter.warning("W718", what, span, "shorten the delay, or lengthen the horizon")
